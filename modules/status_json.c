/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "status.h"
#include "escape.h"
#include "app_settings.h"
#include "expand.h"
#include "text.h"

#include "http_protocol.h"

#include <apr_strings.h>

#define FORMAT_VERSION 1 /* raised when a member changes its meaning or goes away */

static const char *const class_names[6] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};

/* ------------------------------------------------------------------ small values */

/* ,"name":"value" without the comma when first */
static void text(request_rec *r, const char *before, const char *name, const char *value)
{
    ap_rvputs(r, before, "\"", name, "\":\"", atl_escape_json(r->pool, value), "\"", NULL);
}

static void number(request_rec *r, const char *before, const char *name, apr_uint64_t value)
{
    ap_rprintf(r, "%s\"%s\":%" APR_UINT64_T_FMT, before, name, value);
}

static void milliseconds(request_rec *r, const char *before, const char *name, apr_uint64_t us)
{
    ap_rprintf(r, "%s\"%s\":%.3f", before, name, (double)us / 1000);
}

static void moment(request_rec *r, const char *before, const char *name, apr_time_t when)
{
    text(r, before, name, atl_time_iso(r->pool, when));
}

/* ------------------------------------------------------------------ parts */

static void print_traffic(request_rec *r, const atl_traffic_view *view)
{
    text(r, ",", "state", view->state);
    ap_rputs(",\"requests\":{", r);
    number(r, "", "total", view->requests);
    ap_rprintf(r, ",\"perSecond\":%.3f,\"byStatus\":{", view->rate);
    for (int i = 0; i < 6; i++) {
        number(r, i ? "," : "", class_names[i], view->classes[i]);
    }
    ap_rputs("}},\"latencyMs\":{", r);
    milliseconds(r, "", "p50", view->p50);
    milliseconds(r, ",", "p90", view->p90);
    milliseconds(r, ",", "p99", view->p99);
    number(r, ",", "count", view->latency_count);
    ap_rputs("}", r);
    number(r, ",", "connectFailures", view->connect_failures);
}

static void print_backends(request_rec *r, const atl_app_view *view)
{
    ap_rputs(",\"backends\":[", r);
    for (int i = 0; i < view->backends->nelts; i++) {
        const atl_traffic_view *backend = &APR_ARRAY_IDX(view->backends, i, atl_traffic_view);

        text(r, i ? ",{" : "{", "address", backend->name);
        text(r, ",", "role", backend->role);
        print_traffic(r, backend);
        ap_rputs("}", r);
    }
    ap_rputs("]", r);
}

static void print_websockets(request_rec *r, const atl_app_view *view)
{
    ap_rputs(",\"webSockets\":{", r);
    number(r, "", "open", view->ws_open);
    number(r, ",", "opened", view->ws_opened);
    number(r, ",", "refused", view->ws_refused);
    number(r, ",", "bytesIn", view->ws_in);
    number(r, ",", "bytesOut", view->ws_out);
    ap_rputs(",\"fallbacks\":{", r);
    for (int i = 0; i < ATL_WS_FALLBACKS; i++) {
        number(r, i ? "," : "", atl_ws_fallback_names[i], view->ws_fallbacks[i]);
    }
    ap_rputs("}}", r);
}

static void print_findings(request_rec *r, const atl_app_view *view)
{
    ap_rputs(",\"findings\":[", r);
    for (int i = 0; i < view->findings->nelts; i++) {
        const atl_finding_view *found = &APR_ARRAY_IDX(view->findings, i, atl_finding_view);

        ap_rprintf(r, "%s{\"id\":\"ATLP%u\"", i ? "," : "", atl_findings[found->id].number);
        text(r, ",", "name", atl_findings[found->id].name);
        text(r, ",", "symptom", found->advice.symptom);
        text(r, ",", "cause", found->advice.cause);
        text(r, ",", "cure", found->advice.cure);
        number(r, ",", "count", found->count);
        moment(r, ",", "first", found->first);
        moment(r, ",", "last", found->last);
        text(r, ",", "example", found->example);
        ap_rprintf(r, ",\"silenced\":%s}", found->silenced ? "true" : "false");
    }
    ap_rputs("]", r);
}

static void print_check(request_rec *r, const atl_app_view *view)
{
    if (!view->check) {
        return;
    }
    ap_rputs(",\"check\":[", r);
    for (int i = 0; i < view->check->nelts; i++) {
        const atl_check_result *result = &APR_ARRAY_IDX(view->check, i, atl_check_result);

        text(r, i ? ",{" : "{", "path", result->path);
        text(r, ",", "verdict", result->verdict);
        text(r, ",", "said", result->said);
        ap_rputs("}", r);
    }
    ap_rputs("]", r);
}

static void print_app(request_rec *r, const atl_app_view *view)
{
    const atl_app *app = view->app;

    text(r, "{", "product", app->product->name);
    text(r, ",", "label", app->product->label);
    text(r, ",", "context", app->context);
    text(r, ",", "address", view->address);
    ap_rputs(",\"line\":{", r);
    text(r, "", "text", apr_pstrcat(r->pool, "AtlassianApp ", app->words, NULL));
    text(r, ",", "file", app->file);
    number(r, ",", "number", app->line);
    ap_rputs("}", r);
    number(r, ",", "inFlight", view->in_flight);
    print_traffic(r, &view->whole);
    print_backends(r, view);
    print_websockets(r, view);
    print_findings(r, view);
    text(r, ",", "expansion", atl_expand_text(r->pool, view->site, app));
    text(r, ",", "application", atl_app_settings(r->pool, view->site, app));
    print_check(r, view);
    ap_rputs("}", r);
}

void atl_status_json(request_rec *r, const atl_snapshot *snapshot)
{
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    number(r, "{", "version", FORMAT_VERSION);
    moment(r, ",", "now", snapshot->now);
    if (snapshot->since) {
        moment(r, ",", "since", snapshot->since);
    }
    ap_rprintf(r, ",\"sharedMemory\":%s", snapshot->missing ? "false" : "true");
    if (snapshot->missing) {
        text(r, ",", "missing", snapshot->missing);
    }
    ap_rputs(",\"applications\":[", r);
    for (int i = 0; i < snapshot->apps->nelts; i++) {
        ap_rputs(i ? "," : "", r);
        print_app(r, &APR_ARRAY_IDX(snapshot->apps, i, atl_app_view));
    }
    ap_rputs("]}\n", r);
}
