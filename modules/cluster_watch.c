/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "cluster_watch.h"
#include "counters.h"
#include "observe.h"

/* A restart is no news, three in a quarter of an hour are. */
#define DEPARTURES 3
#define DEPARTURES_WITHIN apr_time_from_sec(900)

/* Once is an old cookie, or the first request after a single node became a cluster. */
#define WANDERERS 3
#define WANDERERS_WITHIN apr_time_from_sec(3600)

/* Synchrony may be absent on purpose: browsers then edit through Confluence. */
static int is_reported(const atl_request *request)
{
    return request->claim->kind != ATL_CLAIM_SYNCHRONY;
}

static int is_unreachable(const atl_request *request)
{
    return request->observed.failure == ATL_FAILURE_CONNECT ||
           request->observed.failure == ATL_FAILURE_DNS;
}

static int was_up(const atl_traffic *traffic)
{
    return atomic_load_explicit(&traffic->last_answer, memory_order_relaxed) >
           atomic_load_explicit(&traffic->last_failure, memory_order_relaxed);
}

void atl_cluster_watch_failure(request_rec *r, const atl_request *request, apr_time_t now)
{
    atl_traffic *traffic = atl_counters_backend(request->claim->app, request->node);

    if (!is_reported(request) || !is_unreachable(request)) {
        return;
    }
    atl_observe_report_node(r, request, ATL_FINDING_NODE_GONE);
    if (was_up(traffic) &&
        atl_counters_streak(&traffic->departures, DEPARTURES_WITHIN, now) >= DEPARTURES) {
        atl_observe_report_node(r, request, ATL_FINDING_NODE_FLAPS);
    }
}

void atl_cluster_watch_answer(request_rec *r, const atl_request *request, apr_time_t now)
{
    const char *set = apr_table_get(r->headers_out, "Set-Cookie");
    const char *cookies = set ? apr_table_get(r->headers_in, "Cookie") : NULL;

    /* The session's cookie is the first a container sets. */
    if (cookies &&
        atl_judge_wandering(request->claim, cookies,
                            apr_table_get(r->subprocess_env, "BALANCER_SESSION_ROUTE"), set) &&
        atl_counters_streak(&atl_counters_app(request->claim->app)->wandering, WANDERERS_WITHIN,
                            now) >= WANDERERS) {
        atl_observe_report(r, request->claim->app, ATL_FINDING_SESSION_WANDERS);
    }
}

int atl_cluster_watch_end(request_rec *r, const atl_request *request)
{
    if (!is_unreachable(request)) {
        return 0;
    }
    if (is_reported(request)) {
        atl_observe_report(r, request->claim->app, ATL_FINDING_CLUSTER_GONE);
    }
    return 1;
}
