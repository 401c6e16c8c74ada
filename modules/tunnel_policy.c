/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Interim: until the routing table answers, the environment variable "atl-websocket" (SetEnvIf)
 * marks a request as a WebSocket endpoint. Its value gives seconds: "idle:3600,grace:600".
 */
#include "tunnel_policy.h"

#include <stdlib.h>

#include <apr_shm.h>
#include <apr_strings.h>

static atl_tunnel_counters *counters;

static apr_interval_time_t seconds(const char *text, const char *name, int fallback)
{
    const char *at = strstr(text, name);

    return apr_time_from_sec(at ? atoi(at + strlen(name)) : fallback);
}

const atl_tunnel_policy *atl_tunnel_policy_of(request_rec *r)
{
    const char *mark = apr_table_get(r->subprocess_env, "atl-websocket");
    atl_tunnel_policy *policy;

    if (mark == NULL) {
        return NULL;
    }
    policy = apr_palloc(r->pool, sizeof *policy);
    policy->idle_timeout = seconds(mark, "idle:", 3600);
    policy->grace = seconds(mark, "grace:", 600);
    policy->counters = counters;
    return policy;
}

int atl_tunnel_policy_any(server_rec *s)
{
    (void)s;
    return 1;
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
