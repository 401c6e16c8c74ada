/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Addresses in an application's answer that its own configuration got wrong (pure).
 */
#ifndef ATL_REDIRECT_H
#define ATL_REDIRECT_H

#include "route.h"

/* What a Location says of the application's idea of its address. */
typedef enum {
    ATL_REDIRECT_RIGHT,        /* relative, public, or somewhere else altogether */
    ATL_REDIRECT_WRONG_SCHEME, /* http:// of a site that is https, on a port it may stand for */
    ATL_REDIRECT_WRONG_PORT,   /* the public host with the application's own port */
    ATL_REDIRECT_BACKEND       /* the application's own host name and port */
} atl_redirect_kind;

/*
 * Judges the value of a Location or Content-Location header.
 * claim: whose answer it is. scheme: of the request as the public sees it. host: the
 * request's Host header (with its port, if any), may be NULL. On anything but
 * ATL_REDIRECT_RIGHT sets *path to the part of location that is right (path, query, fragment;
 * below the claim's public path), from p.
 */
atl_redirect_kind atl_redirect_judge(apr_pool_t *p, const atl_claim *claim, const char *scheme,
                                     const char *host, const char *location, const char **path);

#endif
