/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "cluster.h"
#include "text.h"
#include "worker.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* mod_proxy keeps 96 characters of a balancer's name, with a prefix and each dot as three
 * (mod_proxy.h, PROXY_BALANCER_MAX_NAME_SIZE), and 64 of its cookie's. */
#define LONGEST_NAME 40

#define HEALTH_PREFIX "atl-"

/* ------------------------------------------------------------------ names */

/* product.context, with "." for each slash: distinct for distinct contexts. */
static const char *name_of(apr_pool_t *p, const atl_app *app)
{
    char *name = apr_palloc(p, strlen(app->product->name) + strlen(app->context) * 3 + 1), *to;
    apr_ssize_t len = APR_HASH_KEY_STRING;

    to = apr_cpystrn(name, app->product->name, strlen(app->product->name) + 1);
    for (const char *c = app->context; *c; c++) {
        if (*c == '/') {
            *to++ = '.';
        }
        else if (apr_islower(*c) || apr_isdigit(*c) || *c == '-') {
            *to++ = *c;
        }
        else {
            to += apr_snprintf(to, 4, "_%02x", (unsigned char)*c);
        }
    }
    *to = '\0';
    return strlen(name) <= LONGEST_NAME
               ? name
               : apr_psprintf(p, "%s.%08x", app->product->name, apr_hashfunc_default(name, &len));
}

#define COOKIE_PREFIX "ATLROUTE."

const char *atl_cluster_cookie_name(apr_pool_t *p, const atl_app *app)
{
    return apr_pstrcat(p, COOKIE_PREFIX, name_of(p, app), NULL);
}

const atl_cluster *atl_cluster_of(apr_pool_t *p, const atl_claim *claim)
{
    const char *name, *context = claim->app->context;
    atl_cluster *cluster;

    if (claim->nodes->nelts < 2) {
        return NULL;
    }
    name = name_of(p, claim->app);
    cluster = apr_pcalloc(p, sizeof(*cluster));
    cluster->sets_cookie = claim->kind != ATL_CLAIM_SYNCHRONY_PROXY;
    if (claim->kind == ATL_CLAIM_SYNCHRONY) {
        name = apr_pstrcat(p, "synchrony.", name, NULL);
        context = claim->path;
    }
    /* One browser's pages and WebSockets go to one node: they share a cookie. Only pages set it: a
     * node may be out of the one balancer and not of the other. */
    cluster->cookie = apr_pstrcat(p, COOKIE_PREFIX, name, NULL);
    cluster->cookie_path = *context ? context : "/";
    cluster->url =
        apr_pstrcat(p, "balancer://", claim->kind == ATL_CLAIM_SYNCHRONY_PROXY ? "websockets." : "",
                    name, NULL);
    return cluster;
}

const atl_backend *atl_cluster_node(const atl_claim *claim, const char *url)
{
    const atl_backend *node;

    for (int i = 0; url && (node = atl_claim_node(claim, i)); i++) {
        if (!strcmp(node->origin, url)) {
            return node;
        }
    }
    return claim->backend;
}

/* ------------------------------------------------------------------ directives */

const char *atl_cluster_params(apr_pool_t *p, const atl_claim *claim)
{
    return apr_pstrcat(p, "lbmethod=", claim->app->lbmethod,
                       " stickysession=", claim->cluster->cookie, NULL);
}

static const char *health_name(apr_pool_t *p, const atl_claim *claim)
{
    return apr_pstrcat(p, HEALTH_PREFIX,
                       claim->kind == ATL_CLAIM_SYNCHRONY ? "synchrony" : claim->app->product->name,
                       NULL);
}

/* A product that answers 200 while it starts (Jira) says so in the body; one that says nothing of
 * its state there (some Crowds) is taken at its status. */
const char *atl_cluster_health(apr_pool_t *p, const atl_claim *claim)
{
    const char *name = health_name(p, claim);
    char *ready;

    if (claim->kind == ATL_CLAIM_SYNCHRONY) {
        return apr_pstrcat(p, name, " {%{REQUEST_STATUS} -eq 200 && hc('body') =~ /^OK/}", NULL);
    }
    ready = apr_pstrdup(p, claim->app->product->ready);
    for (char *c = ready; *c; c++) {
        *c = *c == ' ' ? '|' : *c;
    }
    return apr_pstrcat(p, name,
                       " {%{REQUEST_STATUS} =~ /^20[04]$/ && (hc('body') =~ /\"state\" *: *\"(",
                       ready, ")\"/ || !(hc('body') =~ /\"state\"/))}", NULL);
}

static const char *health_params(apr_pool_t *p, const atl_claim *claim, const atl_backend *node)
{
    const char *method = atl_worker_param_of(claim->app, node, "hcmethod");
    const char *path = claim->kind == ATL_CLAIM_SYNCHRONY
                           ? ATL_SYNCHRONY_PATH "/heartbeat"
                           : apr_pstrcat(p, claim->app->context, claim->app->product->status, NULL);

    if (method) {
        return ""; /* the administrator's own, as TCP or none */
    }
    return apr_pstrcat(p, " hcmethod=GET hcuri=", path, " hcexpr=", health_name(p, claim), NULL);
}

const char *atl_cluster_member(apr_pool_t *p, const atl_claim *claim, const atl_backend *node)
{
    int stands_by = claim->app->product->one_active_node && node != claim->backend &&
                    !atl_worker_param_of(claim->app, node, "status");

    return apr_pstrcat(p, atl_config_arg(p, node->origin), " route=", node->route,
                       stands_by ? " status=+H " : " ", atl_worker_params(p, claim, node),
                       health_params(p, claim, node), NULL);
}

const char *atl_cluster_cookie(apr_pool_t *p, const atl_cluster *cluster, int secure,
                               const char *route)
{
    /* It must come along wherever the session's cookie does, or a login that returns from another
     * site (SAML posts its answer) meets a node that does not know it. The session's has no
     * SameSite; None says the same for longer, and browsers take it over https only. */
    return apr_pstrcat(p, cluster->cookie, "=.", route, "; Path=", cluster->cookie_path,
                       "; HttpOnly", secure ? "; Secure; SameSite=None" : "", NULL);
}
