/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "member.h"
#include "app_key.h"
#include "backend.h"
#include "text.h"
#include "worker_param.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* mod_proxy's PROXY_WORKER_MAX_ROUTE_SIZE, which bounds a health check's path too. */
#define LONGEST_ROUTE 63

/* ------------------------------------------------------------------ one node */

/* A route is a cookie's value: RFC 6265, section 4.1.1, and no "." because the last word of a
 * balancer's cookie is found behind one. */
static const char *check_route(apr_pool_t *p, const char *route)
{
    for (const char *c = route; *c; c++) {
        if (!apr_isalnum(*c) && !strchr("-_", *c)) {
            return apr_psprintf(p, "route=%s: a route is made of letters, digits, - and _",
                                atl_cut(p, route));
        }
    }
    return strlen(route) > LONGEST_ROUTE ? apr_psprintf(p, "route=%s is longer than %d letters",
                                                        atl_cut(p, route), LONGEST_ROUTE)
                                         : NULL;
}

/* Only worker parameters can be one node's own. */
static const char *not_one_node_s(apr_pool_t *p, const char *text)
{
    atl_nearest best = ATL_NEAREST_NONE;
    const char *near = NULL, *known;

    for (int i = 0; (known = atl_app_key(i, NULL)); i++) {
        if (!strcmp(text, known)) {
            return apr_psprintf(p, "%s= holds for all nodes; write it as a word of the line",
                                known);
        }
    }
    for (int i = 0; (known = atl_worker_param_name(i)); i++) {
        near = atl_nearer(&best, text, known) ? known : near;
    }
    return apr_psprintf(
        p,
        "%s is not a worker parameter of mod_proxy's%s, and only those can be one node's "
        "own",
        atl_quote(p, text), atl_did_you_mean(p, near));
}

static const char *read_param(apr_pool_t *p, atl_backend *member, apr_array_header_t *params,
                              char *text)
{
    char *value = strchr(text, '=');
    const char *error;
    atl_param param;

    if (!value) {
        return apr_psprintf(p,
                            "%s after a backend is not key=value; write mod_proxy's worker "
                            "parameters of this node there: ;loadfactor=2;route=b",
                            atl_quote(p, text));
    }
    *value++ = '\0';
    atl_lower(text);
    if ((error = atl_worker_param_read(p, text, value, &param))) {
        return error;
    }
    if (!param.key) {
        return not_one_node_s(p, text);
    }
    for (int i = 0; i < params->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(params, i, atl_param).key, param.key)) {
            return apr_psprintf(p, "%s= is given twice for one node; keep one", param.key);
        }
    }
    if (!strcmp(param.key, "route")) {
        member->route = param.value;
        return check_route(p, param.value);
    }
    APR_ARRAY_PUSH(params, atl_param) = param;
    return NULL;
}

const char *atl_member_parse(apr_pool_t *p, const char *word, unsigned default_port,
                             atl_backend *member, const char **path)
{
    char *copy = apr_pstrdup(p, word), *rest = strchr(copy, ';'), *last = NULL;
    apr_array_header_t *params;
    const char *error;

    memset(member, 0, sizeof(*member));
    /* A password may hold ";" too: such a word is left to the reader of URLs, who repeats none. */
    if (!rest || strchr(copy, '@')) {
        return atl_backend_parse(p, word, default_port, member, path);
    }
    *rest++ = '\0';
    if ((error = atl_backend_parse(p, copy, default_port, member, path))) {
        return error;
    }
    params = apr_array_make(p, 2, sizeof(atl_param));
    member->params = params;
    for (char *text = apr_strtok(rest, ";", &last); text && !error;
         text = apr_strtok(NULL, ";", &last)) {
        error = read_param(p, member, params, text);
    }
    return error ? apr_pstrcat(p, atl_cut(p, copy), ": ", error, NULL) : NULL;
}

const char *atl_member_check(apr_pool_t *p, const atl_app *app, const atl_backend *next,
                             const char *context)
{
    const atl_backend *first = (const atl_backend *)app->backends->elts;

    if (!app->backends->nelts) {
        return NULL;
    }
    if (app->product->one_node_only) {
        return apr_psprintf(p,
                            "a second backend (%s): there is no %s Data Center, it runs on one "
                            "node; remove all but one",
                            atl_cut(p, next->origin), app->product->label);
    }
    if (strcmp(first->scheme, next->scheme)) {
        return apr_psprintf(p,
                            "backends %s and %s: the nodes of a cluster are all http or all "
                            "https; write one scheme",
                            atl_cut(p, first->origin), atl_cut(p, next->origin));
    }
    if (strcmp(app->context, context)) {
        return apr_psprintf(p,
                            "backends %s%s and %s%s: the nodes of a cluster have one context "
                            "path; write one path, or give another application a line of its own",
                            atl_cut(p, first->origin), atl_cut(p, app->context),
                            atl_cut(p, next->origin), atl_cut(p, context));
    }
    for (int i = 0; i < app->backends->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(app->backends, i, atl_backend).origin, next->origin)) {
            return apr_psprintf(p, "backend %s stands there twice; keep one",
                                atl_cut(p, next->origin));
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ all of them */

static int is_among(const apr_array_header_t *members, const char *origin)
{
    int found = 0;

    for (int i = 0; i < members->nelts; i++) {
        found |= !strcmp(APR_ARRAY_IDX(members, i, atl_backend).origin, origin);
    }
    return found;
}

void atl_members_add_synchronies(apr_pool_t *p, atl_app *app)
{
    for (int i = 0; i < app->backends->nelts; i++) {
        atl_backend synchrony = {0};

        atl_backend_set(p, &synchrony, "http", APR_ARRAY_IDX(app->backends, i, atl_backend).host,
                        ATL_SYNCHRONY_PORT);
        if (!is_among(app->synchronies, synchrony.origin)) {
            APR_ARRAY_PUSH(atl_list_of(p, &app->synchronies, sizeof(synchrony)), atl_backend) =
                synchrony;
        }
    }
}

/* Made of the address alone: a session stays with its node when nodes are added, removed or written
 * in another order, and several httpds agree. It does not show the address: browsers see it. */
static const char *route_of(apr_pool_t *p, const char *origin)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;

    return apr_psprintf(p, "n%08x", apr_hashfunc_default(origin, &len));
}

static const char *give_routes(apr_pool_t *p, apr_array_header_t *members)
{
    for (int i = 0; members->nelts > 1 && i < members->nelts; i++) {
        atl_backend *member = &APR_ARRAY_IDX(members, i, atl_backend);

        member->route = member->route ? member->route : route_of(p, member->origin);
        for (int j = 0; j < i; j++) {
            const atl_backend *other = &APR_ARRAY_IDX(members, j, atl_backend);

            if (!strcmp(other->origin, member->origin)) {
                return apr_psprintf(p, "%s stands there twice; keep one",
                                    atl_cut(p, member->origin));
            }
            if (!strcmp(other->route, member->route)) {
                return apr_psprintf(p,
                                    "%s and %s have the same route %s; give each its own, as "
                                    "%s;route=b",
                                    atl_cut(p, other->origin), atl_cut(p, member->origin),
                                    member->route, atl_cut(p, member->origin));
            }
        }
    }
    return NULL;
}

static const char *check_single(apr_pool_t *p, const apr_array_header_t *members)
{
    const atl_backend *only = (const atl_backend *)members->elts;

    return members->nelts == 1 && only->params
               ? apr_psprintf(
                     p,
                     "parameters after ; are one node's of several, and %s is the only one; "
                     "write them as words of the line",
                     atl_cut(p, only->origin))
               : NULL;
}

/* What would change nothing is a mistake, not a wish: mod_proxy_hcheck looks at balancers only. */
static const char *check_no_cluster(apr_pool_t *p, const apr_table_t *seen)
{
    static const char *const keys[] = {"lbmethod", "hcfails", "hcinterval", "hcmethod", "hcpasses"};

    for (apr_size_t i = 0; seen && i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (apr_table_get(seen, keys[i])) {
            return apr_psprintf(
                p, "%s= is about several backends, and there is one; remove the key", keys[i]);
        }
    }
    return NULL;
}

static const char *check_cluster(apr_pool_t *p, const atl_app *app, const apr_table_t *seen)
{
    const atl_product *product = app->product;
    apr_size_t room = LONGEST_ROUTE - strlen(product->status);

    if (seen && apr_table_get(seen, "route")) {
        return apr_psprintf(p,
                            "route=: the nodes of a cluster have a route each; write "
                            "%s%s;route=a",
                            atl_cut(p, APR_ARRAY_IDX(app->backends, 0, atl_backend).origin),
                            atl_cut(p, app->context));
    }
    return strlen(app->context) > room
               ? apr_psprintf(
                     p,
                     "context path %s is too long for mod_proxy_hcheck to ask for %s%s; in "
                     "a cluster it has %" APR_SIZE_T_FMT " characters at most",
                     atl_cut(p, app->context), atl_cut(p, app->context), product->status, room)
               : NULL;
}

const char *atl_members_finish(apr_pool_t *p, atl_app *app, const apr_table_t *seen)
{
    const char *error = check_single(p, app->backends);

    if (!error) {
        error = check_single(p, app->synchronies);
    }
    if (!error && app->backends->nelts > 1) {
        error = check_cluster(p, app, seen);
    }
    if (!error && app->backends->nelts < 2 && app->synchronies->nelts < 2) {
        error = check_no_cluster(p, seen);
    }
    if (!error && !(error = give_routes(p, app->backends)) &&
        (error = give_routes(p, app->synchronies))) {
        error = apr_pstrcat(p, "synchrony=: ", error, NULL);
    }
    return error;
}
