/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The connection pools of apps' workers: each child makes one with the first request for the app, where
 * mod_proxy makes all of them when a child starts. Of thousands of apps a child serves few, and a pool has
 * 16 KiB.
 */
#ifndef ATL_LATE_WORKER_H
#define ATL_LATE_WORKER_H

#include "mod_proxy.h"

/*
 * Leaves the connection pool of one of mod_proxy's workers to the first request. Before children start.
 */
void atl_late_worker_defer(proxy_worker *worker);

void atl_late_worker_register_hooks(apr_pool_t *p);

#endif
