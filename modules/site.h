/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The apps of one virtual host and what follows from them (pure; filled by server_conf.c and apply.c).
 */
#ifndef ATL_SITE_H
#define ATL_SITE_H

#include "route.h"
#include "worker.h"

/* The address people type. */
typedef struct atl_public {
    const char *scheme; /* "http" or "https" */
    const char *host;   /* NULL when the virtual host has no ServerName */
    unsigned port;
} atl_public;

typedef struct atl_site {
    apr_array_header_t *apps; /* of atl_app *, as their lines came */
    atl_routes *routes;
    apr_array_header_t *workers; /* of atl_worker * */
    atl_public public;
    apr_array_header_t *local_patterns; /* of const char *: ProxyPassMatch of mod_proxy's own */
    apr_array_header_t *trusted;        /* of const char *: what trusted-proxy= of its lines says */
    const char *cache_root;             /* where mod_cache_disk keeps files, for cache=on */
    const char *ca_file; /* the system's certificate bundle, NULL if none was found */
} atl_site;

/*
 * The address people type for an app, as https://wiki.example.com/wiki; with
 * "<host>" for a virtual host without ServerName. From p.
 */
const char *atl_base_url(apr_pool_t *p, const atl_public *public, const char *context);

#endif
