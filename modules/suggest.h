/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * From hand-written proxying to AtlassianApp lines: what replaces it, what to delete, what is lost
 * and what was wrong with it (pure). Whoever reads httpd's configuration fills in atl_old_host, see
 * suggest_dump.c.
 */
#ifndef ATL_SUGGEST_H
#define ATL_SUGGEST_H

#include "site.h"
#include "suggest_read.h"

/* One virtual host, or the main server. */
typedef struct atl_old_host {
    const atl_public *public;
    apr_array_header_t
        *lines; /* of const atl_old_line *: its own, sections before what is in them */
    apr_array_header_t *inherited; /* the same of the main server; empty for itself */
} atl_old_host;

/* An application behind it. */
typedef struct atl_old_app {
    const atl_product *product;
    const char *question;          /* why the line is not sure; NULL: it is */
    const atl_mapping *main;       /* the one that has its shortest path */
    apr_array_header_t *mappings;  /* of const atl_mapping *: all that lead to it */
    apr_array_header_t *synchrony; /* of const atl_mapping *: to its Synchrony */
    const char *words;             /* of the AtlassianApp line */
    const atl_old_line *already;   /* an AtlassianApp line that has its path; NULL: none */
} atl_old_app;

typedef struct atl_old_remark {
    const atl_old_line *line;
    const char *text;
} atl_old_remark;

typedef struct atl_suggestion {
    apr_array_header_t *apps; /* of atl_old_app * */
    const char *server_name;  /* arguments of a ServerName that says https, in place of what there
                                 is; or NULL */
    apr_array_header_t *removals; /* of const atl_old_line *; a section with all that is in it */
    apr_array_header_t *lost; /* of atl_old_remark: what is not carried over, and why; without apps,
                                     what could not be read */
    apr_array_header_t *mistakes; /* of atl_old_mistake, see suggest_mistake.h */
} atl_suggestion;

/*
 * Reads a virtual host. Lines of applications with a question are never among the removals. All
 * from p.
 */
atl_suggestion *atl_suggest(apr_pool_t *p, const atl_old_host *host);

/*
 * What is the same for all requests of a virtual host: the last line of that name outside of
 * sections, its own before an inherited one; NULL if there is none.
 */
const atl_old_line *atl_old_setting(const atl_old_host *host, const char *name);

/*
 * Notes that a line is not carried over. text: why, or what to do; it is kept.
 */
void atl_suggest_lose(atl_suggestion *suggestion, const atl_old_line *line, const char *text);

#endif
