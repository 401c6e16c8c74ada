/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Which application owns a path of a virtual host: claims, their conflicts, and the lookup that
 * costs the same for one application and for thousands (pure).
 */
#ifndef ATL_ROUTE_H
#define ATL_ROUTE_H

#include "app.h"

typedef enum {
    ATL_CLAIM_PAGES,           /* the application itself */
    ATL_CLAIM_SYNCHRONY,       /* Synchrony on its own port; WebSockets */
    ATL_CLAIM_SYNCHRONY_PROXY, /* Synchrony through Confluence; WebSockets */
    ATL_CLAIM_ABSENT,          /* where Confluence's browser code looks first: a bare 404 */
    ATL_CLAIM_LOCAL            /* served by httpd: except=, the administrator's own ProxyPass */
} atl_claim_kind;

typedef struct atl_worker atl_worker;
typedef struct atl_cluster atl_cluster;

typedef struct atl_claim {
    atl_claim_kind kind;
    const char *path;                /* whole segments; "" is everything */
    apr_size_t len;                  /* of path */
    const atl_app *app;              /* NULL for what no line asked for */
    const atl_backend *backend;      /* NULL for ATL_CLAIM_ABSENT and ATL_CLAIM_LOCAL */
    const apr_array_header_t *nodes; /* of atl_backend, the first being backend; NULL: it alone */
    const atl_cluster *cluster;      /* of several nodes, see cluster.h; NULL for one */
    const char *backend_path;        /* stands for path on the backend */
    const atl_worker *worker;        /* mod_proxy's worker for it, see worker.h */
    /* An alias of mod_proxy's own would take the request; it must be told not to. */
    unsigned shadowed : 1;
} atl_claim;

typedef struct atl_routes atl_routes;

/*
 * An empty set of claims for one virtual host, from p.
 */
atl_routes *atl_routes_create(apr_pool_t *p);

/*
 * Adds every claim of one app: its context, Synchrony's paths, except=.
 * Returns NULL, or the claim of another app that stands in the way; *mine is then the path this
 * app wanted, and the app's claims are partly added (the caller gives up).
 */
const atl_claim *atl_routes_add_app(atl_routes *routes, const atl_app *app, const char **mine);

/*
 * Adds a path that httpd serves itself, in place of whatever claimed that very path before.
 * app: the line it belongs to, NULL when it stands in the configuration as a line of its own.
 * Returns the app's claim that lost, or NULL.
 */
const atl_claim *atl_routes_add_local(atl_routes *routes, const char *path, const atl_app *app);

/*
 * The claim with the longest path that is path itself or a whole-segment prefix of it; NULL when
 * nothing was claimed. path is absolute, decoded and free of dot segments (see path.h).
 */
const atl_claim *atl_routes_find(const atl_routes *routes, const char *path);

/*
 * The nodes of a claim with a backend: index from 0; returns NULL after the last.
 */
const atl_backend *atl_claim_node(const atl_claim *claim, int index);

/*
 * Whether a claim's paths take WebSockets: Synchrony's, on its own port and through Confluence.
 */
int atl_claim_takes_websockets(const atl_claim *claim);

/*
 * All claims, in the order they were added: array of atl_claim *.
 */
const apr_array_header_t *atl_routes_claims(const atl_routes *routes);

#endif
