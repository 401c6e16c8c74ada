/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Asks an application how it is, through the same path a browser's request takes, and compares
 * what it says of itself with its AtlassianApp line. Only on demand.
 */
#ifndef ATL_CHECK_H
#define ATL_CHECK_H

#include "server_conf.h"

#include "util_filter.h"

typedef struct atl_check_result {
    const char *path;    /* what was asked */
    const char *verdict; /* "right", "wrong" or "unknown" */
    const char *said;    /* a sentence: what was found, and what to do where it is wrong */
} atl_check_result;

/*
 * Asks one app.
 * r: the request that wants to know; neither its cookies nor its login go along. server: the
 * virtual host of the app. until: no question is asked after this moment. Returns an array of
 * atl_check_result, from r->pool.
 */
apr_array_header_t *atl_check_app(request_rec *r, server_rec *server, const atl_app *app,
                                  apr_time_t until);

/* A line of the error log about a request. */
typedef struct atl_heard {
    const char *module; /* who wrote it, as in "authz_core" */
    const char *text;
} atl_heard;

/*
 * A subrequest of r, looked up and not run, as a client of that virtual host at r's address would make it:
 * no login, and no cookie but this one (NULL for none). It passes what httpd has for clients' own requests
 * only, and has no environment of r's. catcher: where its answer would go, or NULL. heard: an array of
 * atl_heard that takes what is logged of it at level warn or above, or NULL. For ap_destroy_sub_req().
 */
request_rec *atl_check_request(request_rec *r, server_rec *server, const char *cookie,
                               const char *path, ap_filter_t *catcher, apr_array_header_t *heard);

void atl_check_register_hooks(apr_pool_t *p);

#endif
