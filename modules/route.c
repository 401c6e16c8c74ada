/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "route.h"
#include "cluster.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

struct atl_routes {
    apr_pool_t *p;
    apr_hash_t *by_path;
    const atl_claim *root;      /* that of "", which all paths ask for; NULL if there is none */
    apr_array_header_t *claims; /* of atl_claim * */
    int depth;                  /* most segments of any claim: no need to look deeper */
    apr_uint64_t lengths;       /* of all claims' paths, a bit each */
};

/* Longer ones share the last bit. */
static apr_uint64_t length_bit(apr_size_t len)
{
    return APR_UINT64_C(1) << (len < 63 ? len : 63);
}

atl_routes *atl_routes_create(apr_pool_t *p)
{
    atl_routes *routes = apr_pcalloc(p, sizeof(*routes));

    routes->p = p;
    routes->by_path = apr_hash_make(p);
    routes->claims = apr_array_make(p, 4, sizeof(atl_claim *));
    return routes;
}

static int segments(const char *path)
{
    int n = 0;

    for (; *path; path++) {
        n += *path == '/';
    }
    return n;
}

static atl_claim *add(atl_routes *routes, atl_claim_kind kind, const char *path, const atl_app *app)
{
    atl_claim *claim = apr_pcalloc(routes->p, sizeof(*claim));
    int depth = segments(path);

    claim->kind = kind;
    claim->path = path;
    claim->len = strlen(path);
    claim->app = app;
    claim->backend_path = path;
    apr_hash_set(routes->by_path, path, (apr_ssize_t)claim->len, claim);
    APR_ARRAY_PUSH(routes->claims, atl_claim *) = claim;
    routes->lengths |= length_bit(claim->len);
    if (!*path) {
        routes->root = claim;
    }
    if (depth > routes->depth) {
        routes->depth = depth;
    }
    return claim;
}

static void forget(atl_routes *routes, const atl_claim *claim)
{
    for (int i = 0; i < routes->claims->nelts; i++) {
        if (APR_ARRAY_IDX(routes->claims, i, atl_claim *) == claim) {
            memmove(&APR_ARRAY_IDX(routes->claims, i, atl_claim *),
                    &APR_ARRAY_IDX(routes->claims, i + 1, atl_claim *),
                    (apr_size_t)(--routes->claims->nelts - i) * sizeof(atl_claim *));
            return;
        }
    }
}

/* Adds a claim of an app's line unless somebody else holds the path. A 404 gives way to anything:
 * it is only there because the path would otherwise belong to nobody. */
static const atl_claim *claim_path(atl_routes *routes, atl_claim_kind kind, const char *path,
                                   const atl_app *app, atl_claim **added)
{
    const atl_claim *other = apr_hash_get(routes->by_path, path, APR_HASH_KEY_STRING);

    if (other && other->kind == ATL_CLAIM_ABSENT) {
        forget(routes, other);
        other = NULL;
    }
    if (other &&
        (kind == ATL_CLAIM_ABSENT || (kind == ATL_CLAIM_LOCAL && other->kind == ATL_CLAIM_LOCAL))) {
        return NULL;
    }
    if (other) {
        return other;
    }
    *added = add(routes, kind, path, app);
    return NULL;
}

static const atl_claim *claim_backend(atl_routes *routes, atl_claim_kind kind, const char *path,
                                      const atl_app *app, const apr_array_header_t *nodes,
                                      const char *backend_path)
{
    atl_claim *claim = NULL;
    const atl_claim *other = claim_path(routes, kind, path, app, &claim);

    if (claim) {
        claim->nodes = nodes;
        claim->backend = &APR_ARRAY_IDX(nodes, 0, atl_backend);
        claim->backend_path = backend_path;
        claim->cluster = atl_cluster_of(routes->p, claim);
    }
    return other;
}

/* The browser tries /synchrony, then /synchrony-proxy, then <context>/synchrony-proxy, and goes
 * on only when it got a fast error (vendor: "Possible Confluence and Synchrony
 * configurations"). */
static const atl_claim *claim_synchrony(atl_routes *routes, const atl_app *app, const char **mine)
{
    const char *proxied = apr_pstrcat(routes->p, app->context, ATL_SYNCHRONY_PROXY_PATH, NULL);
    const atl_claim *other;
    atl_claim *unused;

    *mine = proxied;
    other = claim_backend(routes, ATL_CLAIM_SYNCHRONY_PROXY, proxied, app, app->backends, proxied);
    if (other) {
        return other;
    }
    if (*app->context) {
        claim_path(routes, ATL_CLAIM_ABSENT, ATL_SYNCHRONY_PROXY_PATH, app, &unused);
    }
    if (app->synchrony == ATL_SYNCHRONY_INTERNAL) {
        claim_path(routes, ATL_CLAIM_ABSENT, ATL_SYNCHRONY_PATH, app, &unused);
        return NULL;
    }
    *mine = app->synchrony_path;
    return claim_backend(routes, ATL_CLAIM_SYNCHRONY, app->synchrony_path, app, app->synchronies,
                         ATL_SYNCHRONY_PATH);
}

const atl_claim *atl_routes_add_app(atl_routes *routes, const atl_app *app, const char **mine)
{
    const atl_claim *other;
    atl_claim *unused;

    *mine = app->context;
    other = claim_backend(routes, ATL_CLAIM_PAGES, app->context, app, app->backends, app->context);
    if (!other && app->synchrony != ATL_SYNCHRONY_OFF) {
        other = claim_synchrony(routes, app, mine);
    }
    for (int i = 0; !other && i < app->except->nelts; i++) {
        *mine = APR_ARRAY_IDX(app->except, i, const char *);
        other = claim_path(routes, ATL_CLAIM_LOCAL, *mine, app, &unused);
    }
    return other;
}

const atl_claim *atl_routes_add_local(atl_routes *routes, const char *path, const atl_app *app)
{
    const atl_claim *other = apr_hash_get(routes->by_path, path, APR_HASH_KEY_STRING);

    if (other) {
        forget(routes, other);
    }
    add(routes, ATL_CLAIM_LOCAL, path, app);
    return other && other->backend ? other : NULL;
}

const atl_claim *atl_routes_find(const atl_routes *routes, const char *path)
{
    const atl_claim *found = routes->root, *claim;
    const char *end = path;

    for (int depth = 0; depth < routes->depth && *end == '/' && end[1]; depth++) {
        end++;
        end += strcspn(end, "/");
        if (!(routes->lengths & length_bit((apr_size_t)(end - path)))) {
            continue;
        }
        claim = apr_hash_get(routes->by_path, path, (apr_ssize_t)(end - path));
        found = claim ? claim : found;
    }
    return found;
}

const apr_array_header_t *atl_routes_claims(const atl_routes *routes)
{
    return routes->claims;
}

const atl_backend *atl_claim_node(const atl_claim *claim, int index)
{
    if (!index) {
        return claim->backend;
    }
    return claim->nodes && index < claim->nodes->nelts
               ? &APR_ARRAY_IDX(claim->nodes, index, atl_backend)
               : NULL;
}

int atl_claim_takes_websockets(const atl_claim *claim)
{
    return claim->kind == ATL_CLAIM_SYNCHRONY || claim->kind == ATL_CLAIM_SYNCHRONY_PROXY;
}
