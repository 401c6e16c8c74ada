/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The numbers of all apps at one moment, for those who print them.
 */
#ifndef ATL_SNAPSHOT_H
#define ATL_SNAPSHOT_H

#include "check.h"
#include "counters.h"
#include "server_conf.h"

typedef struct atl_traffic_view {
    const char *name; /* the backend's origin; "" for the whole app */
    const char *role; /* "application" or "synchrony" */
    apr_uint64_t requests;
    apr_uint64_t classes[6];
    apr_uint64_t latency[ATL_HISTOGRAM_BUCKETS];
    apr_uint64_t latency_count, latency_sum; /* microseconds */
    apr_uint64_t p50, p90, p99;              /* microseconds */
    apr_uint64_t connect_failures;
    double rate;
    const char *state; /* "up", "down" or "unknown": how the last request fared */
} atl_traffic_view;

typedef struct atl_finding_view {
    atl_finding_id id;
    atl_advice advice;
    apr_uint64_t count;
    apr_time_t first, last;
    const char *example;
    unsigned silenced : 1; /* by quiet= */
} atl_finding_view;

typedef struct atl_app_view {
    server_rec *server;
    const atl_site *site;
    const atl_app *app;
    const char *address; /* the base URL people use */
    atl_traffic_view whole;
    apr_array_header_t *backends; /* of atl_traffic_view */
    apr_array_header_t *findings; /* of atl_finding_view */
    apr_uint64_t in_flight, ws_open, ws_opened, ws_refused, ws_in, ws_out;
    apr_uint64_t ws_fallbacks[ATL_WS_FALLBACKS];
    apr_array_header_t *check; /* of atl_check_result; NULL: not asked for */
} atl_app_view;

typedef struct atl_snapshot {
    apr_time_t now, since;
    const char *missing;      /* see atl_counters_missing() */
    apr_array_header_t *apps; /* of atl_app_view, as their lines stand in the configuration */
} atl_snapshot;

/* Names of atl_ws_fallback, for machines. */
extern const char *const atl_ws_fallback_names[ATL_WS_FALLBACKS];

/*
 * Takes the numbers of every app of the server. All from p.
 */
atl_snapshot *atl_snapshot_take(apr_pool_t *p);

#endif
