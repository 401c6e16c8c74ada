/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "worker.h"
#include "text.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* A connection Tomcat is about to close must not be used again: its connectors keep idle
 * connections for 20 s. A single application that was down for a moment must not be shut out for
 * mod_proxy's usual minute: retry=0. */
#define IDLE_SECONDS "15"
#define CONNECT_SECONDS "10"

static const char *param_of(const atl_app *app, const char *key, const char *fallback)
{
    for (int i = 0; i < app->worker_params->nelts; i++) {
        const atl_param *param = &APR_ARRAY_IDX(app->worker_params, i, atl_param);
        if (!strcmp(param->key, key)) {
            return param->value;
        }
    }
    return fallback;
}

static const char *add_param(apr_pool_t *p, const char *params, const char *key, const char *value)
{
    const char *param = apr_pstrcat(p, key, "=", value, NULL);

    if (strpbrk(param, " \t\"\\")) {
        param = atl_config_arg(p, param);
    }
    return *params ? apr_pstrcat(p, params, " ", param, NULL) : param;
}

static int takes_websockets(const atl_claim *claim)
{
    return claim->kind == ATL_CLAIM_SYNCHRONY || claim->kind == ATL_CLAIM_SYNCHRONY_PROXY;
}

static const char *params_of(apr_pool_t *p, const atl_claim *claim)
{
    static const char *const defaults[][2] = {
        {"connectiontimeout", CONNECT_SECONDS}, {"ttl", IDLE_SECONDS}, {"retry", "0"}};
    const atl_app *app = claim->app;
    int websockets = takes_websockets(claim);
    const char *params;

    params = add_param(p, "", "timeout", apr_itoa(p, websockets ? app->ws_timeout : app->timeout));
    for (apr_size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        params = add_param(p, params, defaults[i][0],
                           param_of(app, defaults[i][0], defaults[i][1]));
    }
    for (int i = 0; i < app->worker_params->nelts; i++) {
        const atl_param *param = &APR_ARRAY_IDX(app->worker_params, i, atl_param);
        apr_size_t known = 0;

        while (known < sizeof(defaults) / sizeof(defaults[0]) &&
               strcmp(param->key, defaults[known][0])) {
            known++;
        }
        if (known == sizeof(defaults) / sizeof(defaults[0])) {
            params = add_param(p, params, param->key, param->value);
        }
    }
    return websockets ? add_param(p, params, "upgrade", "websocket") : params;
}

/* What two claims must share to share a worker: its parameters, and what the section of that
 * worker will say (see expand.c). */
static const char *settings_of(apr_pool_t *p, const atl_claim *claim)
{
    const atl_app *app = claim->app;

    return apr_psprintf(p, "%d %d %d %s %s", (int)app->compression, app->secure_cookies, app->verify,
                        app->ca ? app->ca : "", params_of(p, claim));
}

/* The settings that get the bare URL of each origin: those of its root context, else the first
 * claim's. */
static apr_hash_t *bare_settings(apr_pool_t *p, const apr_array_header_t *claims)
{
    apr_hash_t *bare = apr_hash_make(p);

    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);
        const char *origin = claim->backend ? claim->backend->origin : NULL;

        if (origin && (!*claim->backend_path || !apr_hash_get(bare, origin, APR_HASH_KEY_STRING))) {
            apr_hash_set(bare, origin, APR_HASH_KEY_STRING, settings_of(p, claim));
        }
    }
    return bare;
}

static const char *url_of(apr_pool_t *p, const atl_claim *claim, apr_hash_t *bare)
{
    const char *origin = claim->backend->origin;

    return strcmp(settings_of(p, claim), apr_hash_get(bare, origin, APR_HASH_KEY_STRING))
               ? apr_pstrcat(p, origin, claim->backend_path, NULL)
               : origin;
}

static int by_url_length(const void *a, const void *b)
{
    const atl_worker *x = *(const atl_worker *const *)a, *y = *(const atl_worker *const *)b;
    apr_size_t xlen = strlen(x->url), ylen = strlen(y->url);

    return xlen != ylen ? (xlen > ylen) - (xlen < ylen) : strcmp(x->url, y->url);
}

apr_array_header_t *atl_workers_assign(apr_pool_t *p, const apr_array_header_t *claims)
{
    apr_array_header_t *workers = apr_array_make(p, 4, sizeof(atl_worker *));
    apr_hash_t *by_url = apr_hash_make(p), *bare = bare_settings(p, claims);

    for (int i = 0; i < claims->nelts; i++) {
        atl_claim *claim = APR_ARRAY_IDX(claims, i, atl_claim *);
        const char *url;
        atl_worker *worker;

        if (!claim->backend) {
            continue;
        }
        url = url_of(p, claim, bare);
        worker = apr_hash_get(by_url, url, APR_HASH_KEY_STRING);
        if (!worker) {
            worker = apr_pcalloc(p, sizeof(*worker));
            worker->url = url;
            worker->params = params_of(p, claim);
            worker->first = claim;
            apr_hash_set(by_url, url, APR_HASH_KEY_STRING, worker);
            APR_ARRAY_PUSH(workers, atl_worker *) = worker;
        }
        claim->worker = worker;
    }
    qsort(workers->elts, (size_t)workers->nelts, sizeof(atl_worker *), by_url_length);
    return workers;
}
