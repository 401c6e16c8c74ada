/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * A cluster as mod_proxy_balancer and mod_proxy_hcheck are told of it: its name, its sticky cookie,
 * its members and what their health is judged by (pure).
 */
#ifndef ATL_CLUSTER_H
#define ATL_CLUSTER_H

#include "route.h"

struct atl_cluster {
    const char *url;    /* balancer://confluence.wiki; unlike any other in the virtual host */
    const char *cookie; /* name of the sticky cookie; no two clusters of a host share one */
    const char *cookie_path;
    unsigned sets_cookie : 1; /* else it follows the cookie of the cluster that does */
};

/*
 * The cluster that answers a claim of several nodes, NULL for one with a single node. From p.
 */
const atl_cluster *atl_cluster_of(apr_pool_t *p, const atl_claim *claim);

/*
 * The name of the sticky cookie of an app's pages. From p.
 */
const char *atl_cluster_cookie_name(apr_pool_t *p, const atl_app *app);

/*
 * The balancer's own parameters, as mod_proxy takes them. From p.
 */
const char *atl_cluster_params(apr_pool_t *p, const atl_claim *claim);

/*
 * Arguments of the BalancerMember line of one node. From p.
 */
const char *atl_cluster_member(apr_pool_t *p, const atl_claim *claim, const atl_backend *node);

/*
 * Arguments of the ProxyHCExpr line that says what a healthy answer is; the same for all claims of
 * a product with one kind. From p.
 */
const char *atl_cluster_health(apr_pool_t *p, const atl_claim *claim);

/*
 * The value of a Set-Cookie header that keeps a browser with the node of that route. secure: people
 * come by https. From p.
 */
const char *atl_cluster_cookie(apr_pool_t *p, const atl_cluster *cluster, int secure,
                               const char *route);

/*
 * Which of a claim's nodes mod_proxy means by a worker's URL; the first when none.
 */
const atl_backend *atl_cluster_node(const atl_claim *claim, const char *url);

#endif
