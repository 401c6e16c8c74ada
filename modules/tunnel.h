/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/**
 * WebSockets that cost no worker thread.
 *
 * mod_proxy_http does the whole exchange with the backend: pool, balancer, TLS, the request's
 * headers, and any answer that is not a 101, which is thereby passed on as every other answer is.
 * This module looks on: it judges the request before, verifies the backend's 101, and at the moment
 * mod_proxy begins to tunnel takes both connections away. Where it may not, or cannot, or where a
 * future httpd calls things in another order, nothing is taken and mod_proxy's tunnel goes on.
 */
#ifndef ATL_TUNNEL_H
#define ATL_TUNNEL_H

#include "httpd.h"

/** Register all hooks of the tunnel. */
void atl_tunnel_register_hooks(apr_pool_t *p);

#endif
