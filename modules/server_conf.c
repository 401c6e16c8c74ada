/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "server_conf.h"
#include "log.h"
#include "text.h"

#include "http_log.h"

#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

void *atl_server_conf_create(apr_pool_t *p, server_rec *s)
{
    atl_server_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)s;
    conf->site.apps = conf->site.workers = conf->site.local_patterns = conf->site.trusted =
        conf->local_patterns = conf->trusted = &atl_none;
    return conf;
}

void *atl_server_conf_merge(apr_pool_t *p, void *base, void *own)
{
    (void)p;
    (void)base;
    return own;
}

atl_server_conf *atl_server_conf_of(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &atlassian_proxy_module);
}

atl_request *atl_request_make(request_rec *r)
{
    atl_request *request = ap_get_module_config(r->request_config, &atlassian_proxy_module);

    if (!request) {
        request = apr_pcalloc(r->pool, sizeof(*request));
        ap_set_module_config(r->request_config, &atlassian_proxy_module, request);
    }
    return request;
}

atl_request *atl_request_of(const request_rec *r)
{
    atl_request *request = ap_get_module_config(r->request_config, &atlassian_proxy_module);

    return request && request->proxied ? request : NULL;
}

const atl_backend *atl_request_backend(const atl_request *request)
{
    return request->node ? request->node : request->claim->backend;
}

/* ------------------------------------------------------------------ modules an app needs */

typedef struct need {
    const char *file;    /* as httpd knows a loaded module */
    const char *a2enmod; /* as Debian calls it */
} need;

static const need needs_always[] = {{"mod_proxy.c", "proxy"}, {"mod_proxy_http.c", "proxy_http"}};
static const need needs_trusted[] = {{"mod_remoteip.c", "remoteip"}};
static const need needs_tls[] = {{"mod_ssl.c", "ssl"}};
/* mod_proxy_hcheck does nothing without mod_watchdog, which many httpds have built in. */
static const need needs_cluster[] = {{"mod_proxy_balancer.c", "proxy_balancer"},
                                     {"mod_slotmem_shm.c", "slotmem_shm"},
                                     {"mod_watchdog.c", "watchdog"},
                                     {"mod_proxy_hcheck.c", "proxy_hcheck"}};
static const need needs_heartbeat[] = {{"mod_heartmonitor.c", "heartmonitor"}};
static const need needs_compression[] = {{"mod_deflate.c", "deflate"}, {"mod_filter.c", "filter"}};

static const need needs_cache[] = {{"mod_cache.c", "cache"}, {"mod_cache_disk.c", "cache_disk"}};

static void missing_of(apr_pool_t *p, const need *needs, apr_size_t n, const char **enable,
                       const char **load)
{
    for (apr_size_t i = 0; i < n; i++) {
        const char *name = needs[i].a2enmod;

        if (!ap_find_linked_module(needs[i].file)) {
            *enable = apr_pstrcat(p, *enable, " ", name, NULL);
            *load = apr_pstrcat(p, *load, *load[0] ? "; " : "", "LoadModule ", name, "_module ",
                                "modules/mod_", name, ".so", NULL);
        }
    }
}

#define MISSING(needs) missing_of(p, needs, sizeof(needs) / sizeof(needs[0]), &enable, &load)

static const char *check_modules(apr_pool_t *p, const atl_app *app)
{
    const char *enable = "", *load = "";

    MISSING(needs_always);
    if (!strcmp(APR_ARRAY_IDX(app->backends, 0, atl_backend).scheme, "https")) {
        MISSING(needs_tls);
    }
    if (app->trusted->nelts) {
        MISSING(needs_trusted);
    }
    if (app->compression == ATL_COMPRESSION_ON) {
        MISSING(needs_compression);
    }
    if (app->backends->nelts > 1 || app->synchronies->nelts > 1) {
        const char *name = apr_pstrcat(p, "lbmethod_", app->lbmethod, NULL);
        const need method = {apr_pstrcat(p, "mod_", name, ".c", NULL), name};

        MISSING(needs_cluster);
        missing_of(p, &method, 1, &enable, &load);
        if (!strcmp(app->lbmethod, "heartbeat")) {
            MISSING(needs_heartbeat);
        }
    }
    if (app->cache) {
        MISSING(needs_cache);
    }
    if (!*enable) {
        return NULL;
    }
    return apr_psprintf(p,
                        "needs httpd modules that are not loaded; on Debian or Ubuntu: "
                        "a2enmod%s; elsewhere: %s",
                        enable, load);
}

/* ------------------------------------------------------------------ AtlassianApp */

static const char *conflict(apr_pool_t *p, const atl_claim *other, const char *path,
                            const atl_app *app)
{
    const char *advice = "one path has one owner: give one of them another context path (in the "
                         "application too) or a virtual host of its own";

    if (other->kind == ATL_CLAIM_SYNCHRONY && app->synchrony == ATL_SYNCHRONY_DIRECT) {
        advice = apr_psprintf(
            p,
            "two Confluences under one host name need two Synchrony paths: write "
            "synchrony=http://%s:%u/synchrony-2 in this line, start that Confluence with "
            "-Dsynchrony.service.url=<public address>/synchrony-2/v1, or write synchrony=internal",
            APR_ARRAY_IDX(app->synchronies, 0, atl_backend).host,
            APR_ARRAY_IDX(app->synchronies, 0, atl_backend).port);
    }
    return apr_psprintf(p, "path %s is already taken by %s; %s", *path ? path : "/",
                        atl_app_name(p, other->app), advice);
}

static apr_array_header_t *split_words(cmd_parms *cmd, const char *args)
{
    apr_array_header_t *words = apr_array_make(cmd->temp_pool, 8, sizeof(const char *));

    while (*args) {
        APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(cmd->pool, &args);
    }
    return words;
}

static const char *add_app(cmd_parms *cmd, atl_server_conf *conf, const char *args)
{
    atl_app *app = NULL;
    const atl_claim *other;
    const char *path, *error;

    error = atl_app_parse(cmd->pool, split_words(cmd, args), &app);
    if (error || (error = check_modules(cmd->pool, app))) {
        return error;
    }
    /* cmd->config_file is not set while the parsed tree is walked; the directive knows. */
    app->file = cmd->directive->filename;
    app->line = (unsigned)cmd->directive->line_num;
    if (!conf->site.routes) {
        conf->site.routes = atl_routes_create(cmd->pool);
    }
    if ((other = atl_routes_add_app(conf->site.routes, app, &path))) {
        return conflict(cmd->pool, other, path, app);
    }
    APR_ARRAY_PUSH(atl_list_of(cmd->pool, &conf->site.apps, sizeof(atl_app *)), atl_app *) = app;
    return NULL;
}

static const char *set_app(cmd_parms *cmd, void *dir_conf, const char *args)
{
    const char *error = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT | NOT_IN_LIMIT);

    (void)dir_conf;
    if (error) {
        return error;
    }
    error = add_app(cmd, atl_server_conf_of(cmd->server), args);
    return error ? apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", error, NULL) : NULL;
}

const command_rec atl_directives[] = {
    AP_INIT_RAW_ARGS("AtlassianApp", set_app, NULL, RSRC_CONF,
                     "product [http[s]://host[:port][/context] ...] [key=value ...]: serve an "
                     "Atlassian application at its context path (no default; a reload suffices)"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};
