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

/* A worker under construction. */
typedef struct draft {
    atl_worker worker;
    const char *settings;
} draft;

/* A claim of one backend, or of a cluster, which needs no settings. */
typedef struct wanted {
    atl_claim *claim;
    const char *settings;
} wanted;

typedef struct assignment {
    apr_pool_t *p, *ptemp;
    apr_pool_t *scratch;  /* cleared for every claim, by each step */
    apr_hash_t *settings; /* by their text: equal ones are one */
    apr_hash_t *bare;     /* origin -> the settings that get its bare URL when nobody has its root
                           * context: the first claim's */
    apr_hash_t *by_url;   /* -> draft */
} assignment;

/* What two claims must share to share a worker: what the section of that worker will say (see
 * expand.c), and in a line of its own its parameters. From p. */
static const char *settings_of(const assignment *a, const atl_claim *claim)
{
    const atl_app *app = claim->app;
    const char *text, *found;

    apr_pool_clear(a->scratch);
    text = apr_psprintf(a->scratch, "%d %d %d %s\n%s", (int)app->compression, app->secure_cookies,
                        app->verify, app->ca ? app->ca : "",
                        atl_worker_params(a->scratch, claim, NULL));
    found = apr_hash_get(a->settings, text, APR_HASH_KEY_STRING);
    if (!found) {
        found = apr_pstrdup(a->p, text);
        apr_hash_set(a->settings, found, APR_HASH_KEY_STRING, found);
    }
    return found;
}

/* The worker mod_proxy would find for a claim: it compares characters, not segments, so that the
 * worker of /jira takes /jira2 too. */
static draft *found_by_mod_proxy(const assignment *a, const atl_claim *claim)
{
    apr_size_t least = strlen(claim->backend->origin);
    const char *url = apr_pstrcat(a->scratch, claim->backend->origin, claim->backend_path, NULL);

    for (apr_size_t len = strlen(url); len >= least; len--) {
        draft *found = apr_hash_get(a->by_url, url, (apr_ssize_t)len);
        if (found) {
            return found;
        }
    }
    return NULL;
}

static draft *draft_for(const assignment *a, const atl_claim *claim, const char *settings,
                        int is_bare)
{
    draft *made = apr_pcalloc(a->p, sizeof(*made));

    made->worker.url = is_bare
                           ? claim->backend->origin
                           : apr_pstrcat(a->p, claim->backend->origin, claim->backend_path, NULL);
    made->worker.params = strchr(settings, '\n') + 1;
    made->worker.first = claim;
    made->settings = settings;
    apr_hash_set(a->by_url, made->worker.url, APR_HASH_KEY_STRING, made);
    return made;
}

static int is_url_of(const draft *made, const atl_claim *claim)
{
    return strlen(made->worker.url) == strlen(claim->backend->origin) + strlen(claim->backend_path);
}

/* Shorter paths first: what a longer one would inherit is known when it is its turn. */
static int by_path_length(const void *a, const void *b)
{
    const atl_claim *x = ((const wanted *)a)->claim, *y = ((const wanted *)b)->claim;
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

/* Sets the worker of a claim of one backend. Returns it if it is a new one, else NULL. */
static atl_worker *assign(const assignment *a, const wanted *next)
{
    atl_claim *claim = next->claim;
    draft *used = found_by_mod_proxy(a, claim), *made = NULL;

    /* Two lines with one Synchrony: what cannot be told apart is shared. */
    if (!used || (used->settings != next->settings && !is_url_of(used, claim))) {
        made = draft_for(a, claim, next->settings,
                         !used && next->settings == apr_hash_get(a->bare, claim->backend->origin,
                                                                 APR_HASH_KEY_STRING));
        used = made;
    }
    claim->worker = &used->worker;
    return made ? &made->worker : NULL;
}

/* The claims that want a worker, with the bare URLs given away. */
static apr_array_header_t *wanted_by(const assignment *a, const apr_array_header_t *claims)
{
    apr_array_header_t *all = apr_array_make(a->ptemp, claims->nelts, sizeof(wanted));

    for (int i = 0; i < claims->nelts; i++) {
        atl_claim *claim = APR_ARRAY_IDX(claims, i, atl_claim *);
        wanted *next;

        if (!claim->backend) {
            continue;
        }
        next = apr_array_push(all);
        next->claim = claim;
        next->settings = claim->cluster ? NULL : settings_of(a, claim);
        if (next->settings && !apr_hash_get(a->bare, claim->backend->origin, APR_HASH_KEY_STRING)) {
            apr_hash_set(a->bare, claim->backend->origin, APR_HASH_KEY_STRING, next->settings);
        }
    }
    return all;
}

apr_array_header_t *atl_workers_assign(apr_pool_t *p, apr_pool_t *ptemp,
                                       const apr_array_header_t *claims)
{
    apr_array_header_t *workers = apr_array_make(p, 1, sizeof(atl_worker *)), *all;
    assignment a = {.p = p, .ptemp = ptemp};

    apr_pool_create(&a.scratch, ptemp);
    a.settings = apr_hash_make(ptemp);
    a.bare = apr_hash_make(ptemp);
    a.by_url = apr_hash_make(ptemp);
    all = wanted_by(&a, claims);
    qsort(all->elts, (size_t)all->nelts, sizeof(wanted), by_path_length);
    for (int i = 0; i < all->nelts; i++) {
        const wanted *next = &APR_ARRAY_IDX(all, i, wanted);
        atl_claim *claim = next->claim;
        atl_worker *made = claim->cluster ? balancer_for(p, claim) : assign(&a, next);

        apr_pool_clear(a.scratch);
        if (claim->cluster) {
            claim->worker = made;
        }
        if (made) {
            APR_ARRAY_PUSH(workers, atl_worker *) = made;
        }
    }
    apr_pool_destroy(a.scratch);
    qsort(workers->elts, (size_t)workers->nelts, sizeof(atl_worker *), by_url_length);
    return workers;
}
