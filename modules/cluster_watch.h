/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What is noticed of a cluster that one application cannot have: nodes that are gone, or come and go,
 * sessions that lost their node.
 */
#ifndef ATL_CLUSTER_WATCH_H
#define ATL_CLUSTER_WATCH_H

#include "server_conf.h"

/*
 * A node was asked in vain, for the reason in request->observed.failure; before that is counted.
 */
void atl_cluster_watch_failure(request_rec *r, const atl_request *request, apr_time_t now);

/*
 * A node's answer begins.
 */
void atl_cluster_watch_answer(request_rec *r, const atl_request *request, apr_time_t now);

/*
 * No node answered. Returns 1 when that is because none can be reached, 0 for other reasons.
 */
int atl_cluster_watch_end(request_rec *r, const atl_request *request);

#endif
