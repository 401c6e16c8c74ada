/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "tunnel_policy.h"

#include <stdlib.h>

#include "counters.h"
#include "server_conf.h"

static const atl_tunnel_policy *make(request_rec *r, const atl_app *app, int idle, int grace)
{
    atl_tunnel_policy *policy = apr_palloc(r->pool, sizeof *policy);

    policy->idle_timeout = apr_time_from_sec(idle);
    policy->grace = apr_time_from_sec(grace);
    policy->app = app;
    return policy;
}

#ifdef ATL_FAULT_INJECTION
/* For tests of the tunnel alone, the environment variable "atl-websocket" (SetEnvIf) marks a request
 * that no app owns as a WebSocket endpoint; its value gives seconds: "idle:3600,grace:600". */
static int seconds(const char *text, const char *name, int fallback)
{
    const char *at = strstr(text, name);

    return at ? atoi(at + strlen(name)) : fallback;
}

static const atl_tunnel_policy *test_policy(request_rec *r)
{
    const char *mark = apr_table_get(r->subprocess_env, "atl-websocket");

    return mark ? make(r, NULL, seconds(mark, "idle:", 3600), seconds(mark, "grace:", 600)) : NULL;
}
#define IN_TESTS 1
#else
#define test_policy(r) NULL
#define IN_TESTS 0
#endif

const atl_tunnel_policy *atl_tunnel_policy_of(request_rec *r)
{
    const atl_request *request = atl_request_of(r);

    if (request == NULL) {
        return test_policy(r);
    }
    if (!atl_claim_takes_websockets(request->claim)) {
        return NULL;
    }
    return make(r, request->claim->app, request->claim->app->ws_timeout,
                request->claim->app->ws_grace);
}

static int has_endpoint(const atl_routes *routes)
{
    const apr_array_header_t *claims = atl_routes_claims(routes);

    for (int i = 0; i < claims->nelts; i++) {
        if (atl_claim_takes_websockets(APR_ARRAY_IDX(claims, i, const atl_claim *))) {
            return 1;
        }
    }
    return 0;
}

int atl_tunnel_policy_any(server_rec *s)
{
    for (; s != NULL; s = s->next) {
        const atl_routes *routes = atl_server_conf_of(s)->site.routes;

        if (routes != NULL && has_endpoint(routes)) {
            return 1;
        }
    }
    return IN_TESTS;
}

/* ------------------------------------------------------------------------- numbers */

void atl_tunnel_count_fallback(const atl_app *app, atl_tunnel_fallback reason)
{
    static const atl_ws_fallback shown[ATL_FALLBACKS] = {
        [ATL_FALLBACK_MPM] = ATL_WS_FALLBACK_MPM,
        [ATL_FALLBACK_HTTP2] = ATL_WS_FALLBACK_PROTOCOL,
        [ATL_FALLBACK_SUBREQUEST] = ATL_WS_FALLBACK_OTHER,
        [ATL_FALLBACK_TLS] = ATL_WS_FALLBACK_TLS,
        [ATL_FALLBACK_FILTER] = ATL_WS_FALLBACK_OTHER,
        [ATL_FALLBACK_POLLER] = ATL_WS_FALLBACK_OTHER,
        [ATL_FALLBACK_HANDOVER] = ATL_WS_FALLBACK_OTHER};

    if (app != NULL) {
        atl_counters_ws_fell_back(app, shown[reason]);
    }
}

void atl_tunnel_count_refused(const atl_app *app)
{
    if (app != NULL) {
        atl_counters_ws_refused(app);
    }
}

void atl_tunnel_count_opened(const atl_app *app)
{
    if (app != NULL) {
        atl_counters_ws_opened(app);
    }
}

void atl_tunnel_count_closed(const atl_app *app, apr_uint64_t up, apr_uint64_t down)
{
    if (app != NULL) {
        atl_counters_ws_bytes(app, up, down);
        atl_counters_ws_closed(app);
    }
}
