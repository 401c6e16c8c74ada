/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "snapshot.h"

#include "http_config.h"
#include "http_core.h"
#include "http_main.h"

#include <apr_strings.h>
#include <stdlib.h>

const char *const atl_ws_fallback_names[ATL_WS_FALLBACKS] = {
    [ATL_WS_FALLBACK_MPM] = "mpm",
    [ATL_WS_FALLBACK_PROTOCOL] = "protocol",
    [ATL_WS_FALLBACK_TLS] = "tls",
    [ATL_WS_FALLBACK_OTHER] = "other",
};

static apr_uint64_t get(const atl_count *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static const char *state_of(const atl_traffic *traffic)
{
    apr_uint64_t failure = get(&traffic->last_failure), answer = get(&traffic->last_answer);

    return !failure && !answer ? "unknown" : failure > answer ? "down" : "up";
}

static void view_traffic(const atl_traffic *traffic, const char *name, const char *role,
                         apr_time_t now, atl_traffic_view *view)
{
    memset(view, 0, sizeof(*view));
    view->name = name;
    view->role = role;
    for (int i = 0; i < 6; i++) {
        view->classes[i] = get(&traffic->classes[i]);
        view->requests += view->classes[i];
    }
    for (int i = 0; i < ATL_HISTOGRAM_BUCKETS; i++) {
        view->latency[i] = get(&traffic->latency[i]);
        view->latency_count += view->latency[i];
    }
    view->latency_sum = get(&traffic->latency_sum);
    view->p50 = atl_histogram_percentile(view->latency, 0.50);
    view->p90 = atl_histogram_percentile(view->latency, 0.90);
    view->p99 = atl_histogram_percentile(view->latency, 0.99);
    view->connect_failures = get(&traffic->connect_failures);
    view->rate = atl_counters_rate(traffic, now);
    view->state = state_of(traffic);
}

static void view_findings(apr_pool_t *p, const atl_app_row *row, atl_app_view *view)
{
    view->findings = apr_array_make(p, 2, sizeof(atl_finding_view));
    for (unsigned id = 0; id < ATL_FINDINGS; id++) {
        const atl_finding_count *found = &row->findings[id];
        atl_finding_view *one;

        if (!get(&found->count)) {
            continue;
        }
        one = apr_array_push(view->findings);
        one->id = (atl_finding_id)id;
        one->count = get(&found->count);
        one->first = (apr_time_t)get(&found->first);
        one->last = (apr_time_t)get(&found->last);
        one->example = atl_counters_example(p, found);
        one->silenced = atl_finding_is_quiet(view->app, one->id) != 0;
        atl_finding_explain(p, view->site, view->app, one->id, &one->advice);
    }
}

static void view_websockets(const atl_app_row *row, atl_app_view *view)
{
    view->ws_open = atl_counters_gauge(view->app, ATL_GAUGE_WEBSOCKETS);
    view->ws_opened = get(&row->websockets.opened);
    view->ws_refused = get(&row->websockets.refused);
    view->ws_in = get(&row->websockets.bytes_in);
    view->ws_out = get(&row->websockets.bytes_out);
    for (int i = 0; i < ATL_WS_FALLBACKS; i++) {
        view->ws_fallbacks[i] = get(&row->websockets.fallbacks[i]);
    }
}

static void view_backends(atl_app_view *view, const apr_array_header_t *backends, const char *role,
                          apr_time_t now)
{
    for (int i = 0; i < backends->nelts; i++) {
        const atl_backend *backend = &APR_ARRAY_IDX(backends, i, const atl_backend);
        view_traffic(atl_counters_backend(view->app, backend), backend->origin, role, now,
                     apr_array_push(view->backends));
    }
}

/* An application answers when one of its nodes does. Synchrony's own port says nothing of it: that may be
 * closed on purpose. */
static const char *state_of_nodes(const apr_array_header_t *nodes)
{
    const char *state = "unknown";

    for (int i = 0; i < nodes->nelts && strcmp(state, "up"); i++) {
        const atl_traffic_view *node = &APR_ARRAY_IDX(nodes, i, const atl_traffic_view);

        state = strcmp(node->state, "unknown") ? node->state : state;
    }
    return state;
}

static void view_app(apr_pool_t *p, server_rec *s, const atl_app *app, apr_time_t now,
                     atl_app_view *view)
{
    const atl_app_row *row = atl_counters_app(app);

    memset(view, 0, sizeof(*view));
    view->server = s;
    view->site = &atl_server_conf_of(s)->site;
    view->app = app;
    view->address = atl_base_url(p, &view->site->public, app->context);
    view_traffic(&row->traffic, "", "application", now, &view->whole);
    view->backends = apr_array_make(p, 2, sizeof(atl_traffic_view));
    view_backends(view, app->backends, "application", now);
    view->whole.state = state_of_nodes(view->backends);
    view_backends(view, app->synchronies, "synchrony", now);
    view->in_flight = atl_counters_gauge(app, ATL_GAUGE_IN_FLIGHT);
    view_websockets(row, view);
    view_findings(p, row, view);
}

static int by_place(const void *a, const void *b)
{
    const atl_app *x = ((const atl_app_view *)a)->app, *y = ((const atl_app_view *)b)->app;
    int order = strcmp(x->file, y->file);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

atl_snapshot *atl_snapshot_take(apr_pool_t *p)
{
    atl_snapshot *snapshot = apr_pcalloc(p, sizeof(*snapshot));

    snapshot->now = apr_time_now();
    snapshot->since = atl_counters_since();
    snapshot->missing = atl_counters_missing();
    snapshot->apps = apr_array_make(p, 8, sizeof(atl_app_view));
    for (server_rec *s = ap_server_conf; s; s = s->next) {
        const apr_array_header_t *apps = atl_server_conf_of(s)->site.apps;

        for (int i = 0; i < apps->nelts; i++) {
            view_app(p, s, APR_ARRAY_IDX(apps, i, const atl_app *), snapshot->now,
                     apr_array_push(snapshot->apps));
        }
    }
    qsort(snapshot->apps->elts, (size_t)snapshot->apps->nelts, sizeof(atl_app_view), by_place);
    return snapshot;
}
