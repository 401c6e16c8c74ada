/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * From the routed app. One set of counters for all apps, until counters.c has one for each.
 *
 * For tests of the tunnel alone, the environment variable "atl-websocket" (SetEnvIf) marks a
 * request that no app owns as a WebSocket endpoint; its value gives seconds: "idle:3600,grace:600".
 * It has an effect only where the server was started with -D ATL_TUNNEL_TESTS.
 */
#include "tunnel_policy.h"

#include <stdlib.h>

#include <apr_shm.h>

#include "http_core.h"

#include "server_conf.h"

#define DEFAULT_GRACE 600

static atl_tunnel_counters *counters;

static int is_endpoint(const atl_claim *claim)
{
    return claim != NULL &&
           (claim->kind == ATL_CLAIM_SYNCHRONY || claim->kind == ATL_CLAIM_SYNCHRONY_PROXY);
}

static apr_interval_time_t seconds(const char *text, const char *name, int fallback)
{
    const char *at = strstr(text, name);

    return apr_time_from_sec(at ? atoi(at + strlen(name)) : fallback);
}

static const atl_tunnel_policy *make(request_rec *r, apr_interval_time_t idle,
                                     apr_interval_time_t grace)
{
    atl_tunnel_policy *policy = apr_palloc(r->pool, sizeof *policy);

    policy->idle_timeout = idle;
    policy->grace = grace;
    policy->counters = counters;
    return policy;
}

const atl_tunnel_policy *atl_tunnel_policy_of(request_rec *r)
{
    const atl_request *request = atl_request_of(r);
    const char *mark;

    if (request != NULL) {
        return is_endpoint(request->claim)
                   ? make(r, apr_time_from_sec(request->claim->app->ws_timeout),
                          apr_time_from_sec(request->claim->app->ws_grace))
                   : NULL;
    }
    mark = apr_table_get(r->subprocess_env, "atl-websocket");
    if (mark == NULL || !ap_exists_config_define("ATL_TUNNEL_TESTS")) {
        return NULL;
    }
    return make(r, seconds(mark, "idle:", 3600), seconds(mark, "grace:", DEFAULT_GRACE));
}

int atl_tunnel_policy_any(server_rec *s)
{
    for (; s != NULL; s = s->next) {
        const atl_server_conf *conf = atl_server_conf_of(s);
        const apr_array_header_t *claims;
        int i;

        if (conf->site.routes == NULL) {
            continue;
        }
        claims = atl_routes_claims(conf->site.routes);
        for (i = 0; i < claims->nelts; i++) {
            if (is_endpoint(APR_ARRAY_IDX(claims, i, const atl_claim *))) {
                return 1;
            }
        }
    }
    return ap_exists_config_define("ATL_TUNNEL_TESTS");
}

apr_status_t atl_tunnel_policy_init(apr_pool_t *p)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, sizeof *counters, NULL, p);

    if (rv == APR_SUCCESS) {
        counters = apr_shm_baseaddr_get(shm);
        memset(counters, 0, sizeof *counters);
    }
    return rv;
}
