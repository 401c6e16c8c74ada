/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What the apps of a virtual host stand for in stock httpd directives, as data (pure). The
 * nodes marked "applied" are fed to httpd's own directive handlers (apply.c); all of them are
 * what the dump shows (dump.c). What is shown only is what this module does itself.
 */
#ifndef ATL_EXPAND_H
#define ATL_EXPAND_H

#include "site.h"

typedef struct atl_node {
    const char *directive;        /* "ProxyPass", "<Proxy"; NULL for a comment line */
    const char *args;             /* as in a configuration file, or the comment's text */
    apr_array_header_t *children; /* of atl_node, for a section; else NULL */
    unsigned applied : 1;         /* else shown only */
    const atl_app *app; /* the line it comes from; NULL for what follows from other lines */
} atl_node;

/*
 * The expansion of a virtual host: array of atl_node, in the order it must stand. From p.
 */
apr_array_header_t *atl_expand(apr_pool_t *p, const atl_site *site);

/*
 * Those nodes of it that are applied, all others left out. From p.
 */
apr_array_header_t *atl_expand_applied(apr_pool_t *p, const atl_site *site);

/*
 * What mod_cache is told of the files it may keep for an app with cache=on: array of atl_node, the
 * same for every app. From p.
 */
apr_array_header_t *atl_expand_cache(apr_pool_t *p, const atl_app *app);

/*
 * Nodes as configuration text, each line behind indent. only: leaves out what other lines stand
 * for, NULL for all. From p.
 */
const char *atl_nodes_text(apr_pool_t *p, const apr_array_header_t *nodes, const atl_app *only,
                           const char *indent);

/*
 * The part of the expansion that one app stands for, as text. From p.
 */
const char *atl_expand_text(apr_pool_t *p, const atl_site *site, const atl_app *app);

#endif
