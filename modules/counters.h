/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What is counted of each app, in memory all children share. Atomic additions only: no lock
 * stands in a request's way. Numbers outlive a graceful reload, whatever lines it adds, removes
 * or moves; a stop and a start forget them.
 */
#ifndef ATL_COUNTERS_H
#define ATL_COUNTERS_H

#include "httpd.h"

#include "finding.h"
#include "histogram.h"

#include <stdatomic.h>

typedef _Atomic apr_uint64_t atl_count;

/* The rate of the last minute: twelve slices of five seconds, each the number of its slice (upper
 * half) and its requests (lower half). */
#define ATL_RATE_SLICES 12
#define ATL_RATE_SECONDS 5

/* How often something happened lately. */
typedef struct atl_streak {
    atl_count since; /* apr_time_t */
    atl_count count;
} atl_streak;

/* Of an app, or of one of its backends. */
typedef struct atl_traffic {
    atl_count requests;
    atl_count classes[6]; /* by the first digit of the status; [0] is anything else */
    atl_count latency[ATL_HISTOGRAM_BUCKETS]; /* microseconds until the answer began */
    atl_count latency_sum;
    atl_count connect_failures;
    atl_count recent[ATL_RATE_SLICES];
    atl_count last_failure; /* apr_time_t */
    atl_count last_answer;  /* apr_time_t */
    atl_streak departures;  /* of a cluster's node */
} atl_traffic;

/* Why a WebSocket went through mod_proxy's own tunnel, which costs it a worker thread. */
typedef enum {
    ATL_WS_FALLBACK_MPM,      /* prefork, or an MPM without asynchronous connections */
    ATL_WS_FALLBACK_PROTOCOL, /* HTTP/2 */
    ATL_WS_FALLBACK_TLS,      /* TLS by something else than mod_ssl on the same library */
    ATL_WS_FALLBACK_OTHER,
    ATL_WS_FALLBACKS
} atl_ws_fallback;

typedef struct atl_websockets {
    atl_count opened;
    atl_count refused;
    atl_count bytes_in;  /* from browsers */
    atl_count bytes_out; /* to browsers */
    atl_count fallbacks[ATL_WS_FALLBACKS];
} atl_websockets;

#define ATL_EXAMPLE_SIZE 120

typedef struct atl_finding_count {
    atl_count count;
    atl_count first, last;          /* apr_time_t */
    _Atomic unsigned writing;       /* odd while example is being written */
    char example[ATL_EXAMPLE_SIZE]; /* a path, without query */
} atl_finding_count;

typedef struct atl_app_row {
    atl_traffic traffic;
    atl_websockets websockets;
    atl_streak wandering; /* sessions of a cluster */
    atl_finding_count findings[ATL_FINDINGS];
} atl_app_row;

/* What goes up and down. */
typedef enum { ATL_GAUGE_IN_FLIGHT, ATL_GAUGE_WEBSOCKETS, ATL_GAUGES } atl_gauge;

/*
 * The numbers of an app; never NULL. They start at nothing where the app's line is new.
 */
atl_app_row *atl_counters_app(const atl_app *app);

/*
 * The numbers of one backend of an app, which is among its backends or its Synchrony; never NULL.
 */
atl_traffic *atl_counters_backend(const atl_app *app, const atl_backend *backend);

/*
 * Moves a gauge of an app by delta. Each child has its own copy, which is forgotten when the
 * child is gone: one that crashed leaves nothing in flight behind.
 */
void atl_counters_move(const atl_app *app, atl_gauge gauge, int delta);

/*
 * The present value of a gauge, over all children.
 */
apr_uint64_t atl_counters_gauge(const atl_app *app, atl_gauge gauge);

/*
 * Counts one answered request.
 * status: as the client saw it. latency: microseconds, negative when there is none to count.
 * now: when it ended.
 */
void atl_counters_answered(atl_traffic *traffic, int status, apr_interval_time_t latency,
                           apr_time_t now);

/*
 * Requests per second over the last minute.
 */
double atl_counters_rate(const atl_traffic *traffic, apr_time_t now);

/*
 * Counts a finding.
 * path: of the request that showed it. Returns 1 when it is to be logged: for the first time, or
 * after it was gone for an hour.
 */
int atl_counters_found(const atl_app *app, atl_finding_id id, const char *path, apr_time_t now);

/*
 * Counts what is worth a word only when it happens again and again. Returns how often it did within
 * that time, this one included.
 */
apr_uint64_t atl_counters_streak(atl_streak *streak, apr_interval_time_t within, apr_time_t now);

/*
 * The example of a finding, from p; "" when there is none.
 */
const char *atl_counters_example(apr_pool_t *p, const atl_finding_count *found);

/*
 * WebSockets, as the tunnel sees them. opened and closed come in pairs; bytes may be added as
 * often as one likes, and after the request is gone. in: bytes from browsers, out: to them.
 */
void atl_counters_ws_opened(const atl_app *app);
void atl_counters_ws_closed(const atl_app *app);
void atl_counters_ws_refused(const atl_app *app);
void atl_counters_ws_bytes(const atl_app *app, apr_uint64_t in, apr_uint64_t out);
void atl_counters_ws_fell_back(const atl_app *app, atl_ws_fallback reason);

/*
 * NULL, or why every child counts for itself: there is no shared memory.
 */
const char *atl_counters_missing(void);

/*
 * When counting began.
 */
apr_time_t atl_counters_since(void);

void atl_counters_register_hooks(apr_pool_t *p);

#endif
