/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Prometheus text exposition format 0.0.4. */

#include "status.h"
#include "escape.h"

#include "http_protocol.h"

#include <apr_strings.h>

#define PREFIX "atlassian_proxy_"

static void family(request_rec *r, const char *name, const char *type, const char *help)
{
    ap_rvputs(r, "# HELP " PREFIX, name, " ", help, "\n# TYPE " PREFIX, name, " ", type, "\n",
              NULL);
}

/* product="jira",address="https://..." */
static const char *app_labels(request_rec *r, const atl_app_view *view)
{
    return apr_psprintf(r->pool, "product=\"%s\",address=\"%s\",line=\"%s:%u\"",
                        view->app->product->name, atl_escape_label(r->pool, view->address),
                        atl_escape_label(r->pool, view->app->file), view->app->line);
}

static const char *backend_labels(request_rec *r, const atl_app_view *view,
                                  const atl_traffic_view *backend)
{
    return apr_psprintf(r->pool, "%s,backend=\"%s\",role=\"%s\"", app_labels(r, view),
                        atl_escape_label(r->pool, backend->name), backend->role);
}

/* more: further labels with their comma, or "" */
static void sample(request_rec *r, const char *name, const char *labels, const char *more,
                   apr_uint64_t value)
{
    ap_rprintf(r, PREFIX "%s{%s%s} %" APR_UINT64_T_FMT "\n", name, labels, more, value);
}

/* ------------------------------------------------------------------ per backend */

typedef void print_backend(request_rec *r, const char *labels, const atl_traffic_view *backend);

static void each_backend(request_rec *r, const atl_snapshot *snapshot, print_backend *print)
{
    for (int i = 0; i < snapshot->apps->nelts; i++) {
        const atl_app_view *view = &APR_ARRAY_IDX(snapshot->apps, i, atl_app_view);

        for (int j = 0; j < view->backends->nelts; j++) {
            const atl_traffic_view *backend = &APR_ARRAY_IDX(view->backends, j, atl_traffic_view);
            print(r, backend_labels(r, view, backend), backend);
        }
    }
}

static void print_requests(request_rec *r, const char *labels, const atl_traffic_view *backend)
{
    static const char *const codes[6] = {",code=\"other\"", ",code=\"1xx\"", ",code=\"2xx\"",
                                         ",code=\"3xx\"",   ",code=\"4xx\"", ",code=\"5xx\""};

    for (int i = 0; i < 6; i++) {
        sample(r, "requests_total", labels, codes[i], backend->classes[i]);
    }
}

/* One bucket to a doubling here: four are more than a dashboard needs. */
static void print_durations(request_rec *r, const char *labels, const atl_traffic_view *backend)
{
    apr_uint64_t sum = 0;

    for (unsigned i = 0; i < ATL_HISTOGRAM_BUCKETS; i++) {
        sum += backend->latency[i];
        if (i % 4 == 0 && i + 1 < ATL_HISTOGRAM_BUCKETS) {
            ap_rprintf(r, PREFIX "answer_seconds_bucket{%s,le=\"%.6f\"} %" APR_UINT64_T_FMT "\n",
                       labels, (double)atl_histogram_limit(i) / APR_USEC_PER_SEC, sum);
        }
    }
    sample(r, "answer_seconds_bucket", labels, ",le=\"+Inf\"", sum);
    ap_rprintf(r, PREFIX "answer_seconds_sum{%s} %.6f\n", labels,
               (double)backend->latency_sum / APR_USEC_PER_SEC);
    sample(r, "answer_seconds_count", labels, "", sum);
}

static void print_failures(request_rec *r, const char *labels, const atl_traffic_view *backend)
{
    sample(r, "connect_failures_total", labels, "", backend->connect_failures);
}

static void print_up(request_rec *r, const char *labels, const atl_traffic_view *backend)
{
    if (strcmp(backend->state, "unknown")) {
        sample(r, "backend_up", labels, "", !strcmp(backend->state, "up"));
    }
}

/* ------------------------------------------------------------------ per app */

typedef void print_app(request_rec *r, const char *labels, const atl_app_view *view);

static void each_app(request_rec *r, const atl_snapshot *snapshot, print_app *print)
{
    for (int i = 0; i < snapshot->apps->nelts; i++) {
        const atl_app_view *view = &APR_ARRAY_IDX(snapshot->apps, i, atl_app_view);
        print(r, app_labels(r, view), view);
    }
}

static void print_in_flight(request_rec *r, const char *labels, const atl_app_view *view)
{
    sample(r, "requests_in_flight", labels, "", view->in_flight);
}

static void print_ws_open(request_rec *r, const char *labels, const atl_app_view *view)
{
    sample(r, "websockets_open", labels, "", view->ws_open);
}

static void print_ws_totals(request_rec *r, const char *labels, const atl_app_view *view)
{
    sample(r, "websockets_total", labels, ",result=\"opened\"", view->ws_opened);
    sample(r, "websockets_total", labels, ",result=\"refused\"", view->ws_refused);
}

static void print_ws_bytes(request_rec *r, const char *labels, const atl_app_view *view)
{
    sample(r, "websocket_bytes_total", labels, ",direction=\"in\"", view->ws_in);
    sample(r, "websocket_bytes_total", labels, ",direction=\"out\"", view->ws_out);
}

static void print_ws_fallbacks(request_rec *r, const char *labels, const atl_app_view *view)
{
    for (int i = 0; i < ATL_WS_FALLBACKS; i++) {
        sample(r, "websocket_fallbacks_total", labels,
               apr_pstrcat(r->pool, ",reason=\"", atl_ws_fallback_names[i], "\"", NULL),
               view->ws_fallbacks[i]);
    }
}

static void print_findings_if(request_rec *r, const char *name, const char *labels,
                              const atl_app_view *view, unsigned silenced)
{
    for (int i = 0; i < view->findings->nelts; i++) {
        const atl_finding_view *found = &APR_ARRAY_IDX(view->findings, i, atl_finding_view);

        if (found->silenced == silenced) {
            sample(r, name, labels,
                   apr_psprintf(r->pool, ",id=\"ATLP%u\",name=\"%s\"",
                                atl_findings[found->id].number, atl_findings[found->id].name),
                   found->count);
        }
    }
}

static void print_findings(request_rec *r, const char *labels, const atl_app_view *view)
{
    print_findings_if(r, "findings_total", labels, view, 0);
}

/* A name of their own: who alerts on findings_total is not to hear of them. */
static void print_silenced(request_rec *r, const char *labels, const atl_app_view *view)
{
    print_findings_if(r, "silenced_findings_total", labels, view, 1);
}

void atl_status_prometheus(request_rec *r, const atl_snapshot *snapshot)
{
    ap_set_content_type(r, "text/plain; version=0.0.4; charset=utf-8");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    family(r, "shared_memory", "gauge", "1 when all children of httpd count in the same memory.");
    ap_rprintf(r, PREFIX "shared_memory %d\n", !snapshot->missing);
    family(r, "requests_total", "counter", "Requests by backend and status class.");
    each_backend(r, snapshot, print_requests);
    family(r, "answer_seconds", "histogram", "Time until the application began to answer.");
    each_backend(r, snapshot, print_durations);
    family(r, "connect_failures_total", "counter", "Connections that could not be made.");
    each_backend(r, snapshot, print_failures);
    family(r, "backend_up", "gauge", "Whether the last request was answered.");
    each_backend(r, snapshot, print_up);
    family(r, "requests_in_flight", "gauge", "Requests handed to the application and not ended.");
    each_app(r, snapshot, print_in_flight);
    family(r, "websockets_open", "gauge", "WebSockets that are open.");
    each_app(r, snapshot, print_ws_open);
    family(r, "websockets_total", "counter", "WebSockets opened and refused.");
    each_app(r, snapshot, print_ws_totals);
    family(r, "websocket_bytes_total", "counter", "Bytes through WebSockets, in from browsers.");
    each_app(r, snapshot, print_ws_bytes);
    family(r, "websocket_fallbacks_total", "counter", "WebSockets that cost a worker thread.");
    each_app(r, snapshot, print_ws_fallbacks);
    family(r, "findings_total", "counter", "Signs of a wrong configuration, see docs/findings.md.");
    each_app(r, snapshot, print_findings);
    family(r, "silenced_findings_total", "counter", "The same, of those that quiet= silences.");
    each_app(r, snapshot, print_silenced);
}
