/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * mod_proxy's workers for the apps of one virtual host: claims that agree on everything share
 * one worker and with it one pool of connections (pure).
 */
#ifndef ATL_WORKER_H
#define ATL_WORKER_H

#include "route.h"

struct atl_worker {
    const char *url;    /* mod_proxy's name for it: scheme://host[:port][/path], or a cluster's */
    const char *params; /* "timeout=300 ttl=15 ...", each as mod_proxy takes it */
    const atl_claim *first; /* the claim it was made for: its line is named in messages */
    void *proxy_worker;     /* shortcut.c's: mod_proxy's own record of it, or NULL */
    void *proxy_balancer;   /* likewise, of a cluster */
    void *per_dir_config;   /* shortcut.c's: what its <Proxy> section comes to, or NULL */
};

/* Seconds between two health checks of a node. */
#define ATL_HEALTH_INTERVAL "5"

/*
 * What a line says of one of mod_proxy's worker parameters: for that node (NULL for none), else for
 * all; NULL for nothing.
 */
const char *atl_worker_param_of(const atl_app *app, const atl_backend *node, const char *key);

/*
 * The worker parameters of a claim; node: of which member of its cluster, NULL for the worker of a
 * single application. From p.
 */
const char *atl_worker_params(apr_pool_t *p, const atl_claim *claim, const atl_backend *node);

/*
 * Gives every claim with a backend its worker.
 * claims: array of atl_claim *; ptemp: for scratch. Returns the workers (array of atl_worker *,
 * longer URLs first: the order their sections must stand in), all from p.
 *
 * mod_proxy finds a worker by the longest URL that is a prefix of the request's, so of all
 * that share a scheme, host and port one group gets the bare URL; claims whose settings differ
 * from that group's get a worker of their own by path.
 */
apr_array_header_t *atl_workers_assign(apr_pool_t *p, apr_pool_t *ptemp,
                                       const apr_array_header_t *claims);

#endif
