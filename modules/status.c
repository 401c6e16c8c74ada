/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "status.h"
#include "log.h"

#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_status.h"

#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

#define HANDLER "atlassian-status"
#define CHECK_SECONDS 20 /* for all apps together */

/* ------------------------------------------------------------------ what is asked for */

static int has_word(const char *args, const char *word)
{
    apr_size_t len = strlen(word);

    for (; args && *args; args += strcspn(args, "&"), args += *args == '&') {
        if (!strncmp(args, word, len) && (!args[len] || strchr("&=", args[len]))) {
            return 1;
        }
    }
    return 0;
}

static int accepts(const request_rec *r, const char *type)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");

    return accept && strstr(accept, type);
}

static int wants_json(const request_rec *r)
{
    if (has_word(r->args, "json")) {
        return 1;
    }
    /* These are asked for by machines, or by the page itself. */
    return !accepts(r, "text/html") &&
           (accepts(r, "json") || has_word(r->args, "check") || has_word(r->args, "explain"));
}

/* A page elsewhere must not make its readers' browsers start checks. Browsers say where a POST comes from
 * by one of these; programs say neither. Of a GET over http they say nothing. */
static int is_from_elsewhere(const request_rec *r)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *host = apr_table_get(r->headers_in, "Host");

    if (site) {
        return strcmp(site, "same-origin") && strcmp(site, "none");
    }
    if (!origin) {
        return 0;
    }
    origin = strstr(origin, "://");
    return !origin || !host || ap_cstr_casecmp(origin + 3, host);
}

static void check(request_rec *r, const atl_snapshot *snapshot)
{
    apr_time_t until = snapshot->now + apr_time_from_sec(CHECK_SECONDS);

    for (int i = 0; i < snapshot->apps->nelts; i++) {
        atl_app_view *view = &APR_ARRAY_IDX(snapshot->apps, i, atl_app_view);
        view->check = atl_check_app(r, view->server, view->app, until);
    }
}

/* ------------------------------------------------------------------ handler */

static void write_answer(request_rec *r, int checking)
{
    const char *target = atl_explain_target(r->pool, r->args);
    const apr_array_header_t *explained = target && *target ? atl_explain(r, target) : NULL;
    atl_snapshot *snapshot;

    if (explained && wants_json(r)) {
        atl_status_explain_json(r, explained);
        return;
    }
    snapshot = atl_snapshot_take(r->pool);
    if (checking) {
        check(r, snapshot);
    }
    if (has_word(r->args, "prometheus")) {
        atl_status_prometheus(r, snapshot);
    }
    else if (wants_json(r)) {
        atl_status_json(r, snapshot);
    }
    else {
        atl_status_html(r, snapshot, explained);
    }
}

static int handler(request_rec *r)
{
    int checking, method, status;

    if (!r->handler || strcmp(r->handler, HANDLER)) {
        return DECLINED;
    }
    checking = has_word(r->args, "check");
    method = checking ? M_POST : M_GET;
    if (r->method_number != method) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, method, -1);
        if (checking) {
            ap_custom_response(r, HTTP_METHOD_NOT_ALLOWED,
                               "A check asks the applications, so it is asked for with POST: "
                               "curl -X POST ...?check\n");
        }
        return HTTP_METHOD_NOT_ALLOWED;
    }
    if (checking && is_from_elsewhere(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      ATL_LOGNO(0502) "a check was asked for by a page of another site: refused");
        return HTTP_FORBIDDEN;
    }
    if ((status = ap_discard_request_body(r)) != OK) {
        return status; /* 408, 413 or whatever it was that stopped it */
    }
    apr_table_setn(r->headers_out, "Vary", "Accept");
    write_answer(r, checking);
    return OK;
}

/* ------------------------------------------------------------------ mod_status */

static apr_uint64_t findings_of(const atl_app_view *view)
{
    apr_uint64_t sum = 0;

    for (int i = 0; i < view->findings->nelts; i++) {
        const atl_finding_view *found = &APR_ARRAY_IDX(view->findings, i, atl_finding_view);
        sum += found->silenced ? 0 : found->count;
    }
    return sum;
}

static void print_auto(request_rec *r, const atl_app_view *view, int n)
{
    ap_rprintf(r, "AtlassianApp[%d]Name: %s %s\nAtlassianApp[%d]State: %s\n", n,
               view->app->product->name, view->address, n, view->whole.state);
    ap_rprintf(r,
               "AtlassianApp[%d]Requests: %" APR_UINT64_T_FMT "\n"
               "AtlassianApp[%d]InFlight: %" APR_UINT64_T_FMT "\n"
               "AtlassianApp[%d]WebSockets: %" APR_UINT64_T_FMT "\n"
               "AtlassianApp[%d]ConnectFailures: %" APR_UINT64_T_FMT "\n"
               "AtlassianApp[%d]Findings: %" APR_UINT64_T_FMT "\n",
               n, view->whole.requests, n, view->in_flight, n, view->ws_open, n,
               view->whole.connect_failures, n, findings_of(view));
}

static void print_row(request_rec *r, const atl_app_view *view)
{
    ap_rvputs(r, "<tr><td>", ap_escape_html(r->pool, view->app->product->label), "</td><td>",
              ap_escape_html(r->pool, view->address), "</td><td>", view->whole.state, "</td>",
              NULL);
    ap_rprintf(r,
               "<td>%" APR_UINT64_T_FMT "</td><td>%.1f</td><td>%" APR_UINT64_T_FMT "</td>"
               "<td>%" APR_UINT64_T_FMT "</td><td>%" APR_UINT64_T_FMT "</td>"
               "<td>%" APR_UINT64_T_FMT "</td></tr>\n",
               view->whole.requests, view->whole.rate, view->in_flight, view->ws_open,
               view->whole.connect_failures, findings_of(view));
}

static int status_hook(request_rec *r, int flags)
{
    const atl_snapshot *snapshot = atl_snapshot_take(r->pool);
    int brief = flags & AP_STATUS_SHORT;

    if (!snapshot->apps->nelts) {
        return DECLINED;
    }
    if (!brief) {
        ap_rputs("<hr />\n<h2>Atlassian applications</h2>\n<table border=\"0\"><tr><th>Product</th>"
                 "<th>Address</th><th>State</th><th>Requests</th><th>Per second</th>"
                 "<th>In flight</th><th>WebSockets</th><th>Connect failures</th><th>Findings</th>"
                 "</tr>\n",
                 r);
    }
    for (int i = 0; i < snapshot->apps->nelts; i++) {
        const atl_app_view *view = &APR_ARRAY_IDX(snapshot->apps, i, atl_app_view);

        if (brief) {
            print_auto(r, view, i);
        }
        else {
            print_row(r, view);
        }
    }
    if (!brief) {
        ap_rputs("</table>\n", r);
    }
    return OK;
}

void atl_status_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
    /* Optional: mod_status may be loaded after this module, or not at all. */
    APR_OPTIONAL_HOOK(ap, status_hook, status_hook, NULL, NULL, APR_HOOK_MIDDLE);
}
