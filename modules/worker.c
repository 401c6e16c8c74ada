/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "worker.h"
#include "cluster.h"
#include "text.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* A connection Tomcat is about to close must not be used again: its connectors keep idle
 * connections for 20 s. A single application that was down for a moment must not be shut out for
 * mod_proxy's usual minute: retry=0. A node that failed others stand in for, until a health check
 * (or the end of this time, should there be none) brings it back: with retry=0 mod_proxy would try
 * the dead one again, for as long as its sessions ask for it. */
#define IDLE_SECONDS "15"

static const struct {
    const char *key, *single, *member;
} defaults[] = {{"connectiontimeout", "10", "5"},
                {"ttl", IDLE_SECONDS, IDLE_SECONDS},
                {"retry", "0", "300"},
                {"hcinterval", NULL, ATL_HEALTH_INTERVAL},
                {"hcfails", NULL, "2"}};

#define DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

static const char *find_param(const apr_array_header_t *params, const char *key)
{
    for (int i = 0; params && i < params->nelts; i++) {
        const atl_param *param = &APR_ARRAY_IDX(params, i, atl_param);
        if (!strcmp(param->key, key)) {
            return param->value;
        }
    }
    return NULL;
}

const char *atl_worker_param_of(const atl_app *app, const atl_backend *node, const char *key)
{
    const char *own = node ? find_param(node->params, key) : NULL;

    return own ? own : find_param(app->worker_params, key);
}

static const char *add_param(apr_pool_t *p, const char *params, const char *key, const char *value)
{
    const char *param = apr_pstrcat(p, key, "=", value, NULL);

    if (strpbrk(param, " \t\"\\")) {
        param = atl_config_arg(p, param);
    }
    return *params ? apr_pstrcat(p, params, " ", param, NULL) : param;
}

static int has_default(const char *key)
{
    apr_size_t i = 0;

    while (i < DEFAULTS && strcmp(key, defaults[i].key)) {
        i++;
    }
    return i < DEFAULTS;
}

/* Those of a list that have no default here and are not in the other list, which comes before. */
static const char *add_others(apr_pool_t *p, const char *params, const apr_array_header_t *list,
                              const apr_array_header_t *before)
{
    for (int i = 0; list && i < list->nelts; i++) {
        const atl_param *param = &APR_ARRAY_IDX(list, i, atl_param);

        if (!has_default(param->key) && !find_param(before, param->key)) {
            params = add_param(p, params, param->key, param->value);
        }
    }
    return params;
}

const char *atl_worker_params(apr_pool_t *p, const atl_claim *claim, const atl_backend *node)
{
    const atl_app *app = claim->app;
    int websockets = atl_claim_takes_websockets(claim);
    const char *params;

    params = add_param(p, "", "timeout", apr_itoa(p, websockets ? app->ws_timeout : app->timeout));
    for (apr_size_t i = 0; i < DEFAULTS; i++) {
        const char *value = atl_worker_param_of(app, node, defaults[i].key);

        value = value ? value : node ? defaults[i].member : defaults[i].single;
        params = value ? add_param(p, params, defaults[i].key, value) : params;
    }
    params = add_others(p, params, node ? node->params : NULL, NULL);
    params = add_others(p, params, app->worker_params, node ? node->params : NULL);
    return websockets ? add_param(p, params, "upgrade", "websocket") : params;
}

/* What two claims must share to share a worker: its parameters, and what the section of that
 * worker will say (see expand.c). */
static const char *settings_of(apr_pool_t *p, const atl_claim *claim)
{
    const atl_app *app = claim->app;

    return apr_psprintf(p, "%d %d %d %s %s", (int)app->compression, app->secure_cookies,
                        app->verify, app->ca ? app->ca : "", atl_worker_params(p, claim, NULL));
}

/* The settings that get the bare URL of each origin when nobody has its root context: the first
 * claim's. */
static apr_hash_t *bare_settings(apr_pool_t *p, const apr_array_header_t *claims)
{
    apr_hash_t *bare = apr_hash_make(p);

    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);
        const char *origin = claim->backend && !claim->cluster ? claim->backend->origin : NULL;

        if (origin && !apr_hash_get(bare, origin, APR_HASH_KEY_STRING)) {
            apr_hash_set(bare, origin, APR_HASH_KEY_STRING, settings_of(p, claim));
        }
    }
    return bare;
}

/* A worker under construction. */
typedef struct draft {
    atl_worker worker;
    const char *settings;
} draft;

/* The worker mod_proxy would find for a claim: it compares characters, not segments, so that the
 * worker of /jira takes /jira2 too. */
static draft *found_by_mod_proxy(apr_pool_t *p, apr_hash_t *by_url, const atl_claim *claim)
{
    apr_size_t least = strlen(claim->backend->origin);
    const char *url = apr_pstrcat(p, claim->backend->origin, claim->backend_path, NULL);

    for (apr_size_t len = strlen(url); len >= least; len--) {
        draft *found = apr_hash_get(by_url, url, (apr_ssize_t)len);
        if (found) {
            return found;
        }
    }
    return NULL;
}

static draft *draft_for(apr_pool_t *p, const atl_claim *claim, const char *settings, int is_bare)
{
    draft *made = apr_pcalloc(p, sizeof(*made));

    made->worker.url = is_bare ? claim->backend->origin
                               : apr_pstrcat(p, claim->backend->origin, claim->backend_path, NULL);
    made->worker.params = atl_worker_params(p, claim, NULL);
    made->worker.first = claim;
    made->settings = settings;
    return made;
}

static int is_url_of(const draft *made, const atl_claim *claim)
{
    return strlen(made->worker.url) == strlen(claim->backend->origin) + strlen(claim->backend_path);
}

/* Shorter paths first: what a longer one would inherit is known when it is its turn. */
static int by_path_length(const void *a, const void *b)
{
    const atl_claim *x = *(const atl_claim *const *)a, *y = *(const atl_claim *const *)b;
    apr_size_t xlen = strlen(x->backend_path), ylen = strlen(y->backend_path);

    return xlen != ylen ? (xlen > ylen) - (xlen < ylen) : strcmp(x->path, y->path);
}

/* httpd looks for a section's worker by prefix: after the one of the bare URL, the section of a path
 * would change that one in place of making its own (mod_proxy.c, proxysection). */
static int by_url_length(const void *a, const void *b)
{
    const atl_worker *x = *(const atl_worker *const *)a, *y = *(const atl_worker *const *)b;
    apr_size_t xlen = strlen(x->url), ylen = strlen(y->url);

    return xlen != ylen ? (xlen < ylen) - (xlen > ylen) : strcmp(x->url, y->url);
}

/* A balancer has its members for itself: nothing is shared with other claims. */
static atl_worker *balancer_for(apr_pool_t *p, const atl_claim *claim)
{
    atl_worker *made = apr_pcalloc(p, sizeof(*made));

    made->url = claim->cluster->url;
    made->params = atl_cluster_params(p, claim);
    made->first = claim;
    return made;
}

apr_array_header_t *atl_workers_assign(apr_pool_t *p, const apr_array_header_t *claims)
{
    apr_array_header_t *workers = apr_array_make(p, 4, sizeof(atl_worker *));
    apr_array_header_t *sorted = apr_array_copy(p, claims);
    apr_hash_t *by_url = apr_hash_make(p), *bare = bare_settings(p, claims);

    qsort(sorted->elts, (size_t)sorted->nelts, sizeof(atl_claim *), by_path_length);
    for (int i = 0; i < sorted->nelts; i++) {
        atl_claim *claim = APR_ARRAY_IDX(sorted, i, atl_claim *);
        const char *settings;
        draft *used;

        if (!claim->backend) {
            continue;
        }
        if (claim->cluster) {
            claim->worker = balancer_for(p, claim);
            APR_ARRAY_PUSH(workers, const atl_worker *) = claim->worker;
            continue;
        }
        settings = settings_of(p, claim);
        used = found_by_mod_proxy(p, by_url, claim);
        /* Two lines with one Synchrony: what cannot be told apart is shared. */
        if (!used || (strcmp(used->settings, settings) && !is_url_of(used, claim))) {
            used = draft_for(p, claim, settings,
                             !used && !strcmp(settings, apr_hash_get(bare, claim->backend->origin,
                                                                     APR_HASH_KEY_STRING)));
            apr_hash_set(by_url, used->worker.url, APR_HASH_KEY_STRING, used);
            APR_ARRAY_PUSH(workers, atl_worker *) = &used->worker;
        }
        claim->worker = &used->worker;
    }
    qsort(workers->elts, (size_t)workers->nelts, sizeof(atl_worker *), by_url_length);
    return workers;
}
