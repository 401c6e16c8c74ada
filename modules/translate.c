/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "translate.h"
#include "cluster.h"
#include "forwarded.h"
#include "log.h"
#include "server_conf.h"

#include "ap_expr.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_proxy.h"

#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

/* ------------------------------------------------------------------ whose path is it? */

static const char *reason(atl_path_status status)
{
    switch (status) {
    case ATL_PATH_BAD_ESCAPE:
        return "an escape that no path may have";
    case ATL_PATH_ABOVE_ROOT:
        return "more \"..\" than it has segments";
    case ATL_PATH_AMBIGUOUS:
        return "a dot segment made of an encoded slash";
    case ATL_PATH_OK:
        break;
    }
    return "a \"..\" or an encoded slash that leads out of the application's context path";
}

static int refuse(request_rec *r, const atl_claim *claim, atl_path_status status)
{
    if (!claim || !claim->app) {
        return DECLINED; /* not ours to judge */
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  ATL_LOGNO(0201) "path refused with 400 for %s: it has %s",
                  claim->app->product->name, reason(status));
    atl_request_make(r)->refusal = apr_pstrcat(r->pool, "ATLP0201: the path has ", reason(status),
                                               ", for ", atl_app_name(r->pool, claim->app), NULL);
    return HTTP_BAD_REQUEST;
}

static int is_local_pattern(const atl_server_conf *conf, const char *path)
{
    for (int i = 0; i < conf->local_patterns->nelts; i++) {
        if (!ap_regexec(APR_ARRAY_IDX(conf->local_patterns, i, ap_regex_t *), path, 0, NULL, 0)) {
            return 1;
        }
    }
    return 0;
}

/* Reads the path of a request and finds its claim. uri: with escapes. Returns OK with *found set,
 * DECLINED when no app owns it, or an HTTP error. */
static int find_claim(request_rec *r, const char *uri, atl_request *found)
{
    const atl_server_conf *conf = atl_server_conf_of(r->server);
    const atl_routes *routes = conf->site.routes;
    atl_path *path = &found->path;
    atl_path_status status = atl_path_read(r->pool, uri, path);
    const atl_claim *claim;

    if (status != ATL_PATH_OK) {
        return refuse(r, atl_routes_find(routes, uri), status);
    }
    claim = atl_routes_find(routes, path->resolved);
    /* Every reader must agree on whose path it is: one that leaves another claim by a ".." no
     * browser would send, or enters this one by an encoded slash, is refused. */
    if ((path->before_climb && atl_routes_find(routes, path->before_climb) != claim) ||
        (claim && path->certain <= claim->len)) {
        return refuse(r, claim ? claim : atl_routes_find(routes, path->before_climb), status);
    }
    if (!claim || claim->kind == ATL_CLAIM_LOCAL || is_local_pattern(conf, path->resolved) ||
        apr_table_get(r->subprocess_env, "no-proxy")) {
        return DECLINED;
    }
    found->claim = claim;
    return OK;
}

static int has_apps(const request_rec *r)
{
    return atl_server_conf_of(r->server)->site.apps->nelts > 0;
}

static int is_absent(const request_rec *r)
{
    const atl_request *request = ap_get_module_config(r->request_config, &atlassian_proxy_module);

    return request && request->claim && request->claim->kind == ATL_CLAIM_ABSENT;
}

/* ------------------------------------------------------------------ hooks */

/* From here on the whole server sees the path as the application will read it: <Location>,
 * Require, RewriteRule and the log. DONE keeps httpd from decoding it once more. */
static int pre_translate_name(request_rec *r)
{
    atl_request *request;
    int status;

    if (!has_apps(r) || r->proxyreq || !r->uri || r->uri[0] != '/') {
        return DECLINED;
    }
    request = atl_request_make(r);
    if ((status = find_claim(r, r->uri, request)) != OK) {
        return status;
    }
    r->uri = r->parsed_uri.path = (char *)request->path.resolved;
    if (request->claim->shadowed) {
        apr_table_setn(r->subprocess_env, "no-proxy", "1");
    }
    return DONE;
}

/* A path that is decoded by now, with escapes for all that path.c would read as something else. */
static const char *escaped(request_rec *r)
{
    const char *from = ap_escape_uri(r->pool, r->uri);
    char *uri = apr_palloc(r->pool, strlen(from) * 3 + 1), *to = uri;

    for (; *from; from++) {
        if (*from == ';') {
            memcpy(to, "%3B", 3);
            to += 3;
        }
        else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return uri;
}

/* SetHandler in a <Location>; httpd keeps it as an expression. */
static int has_own_handler(request_rec *r)
{
    const core_dir_config *d = ap_get_core_module_config(r->per_dir_config);
    const char *handler = d->handler, *error = NULL;

    if (d->expr_handler) {
        handler = ap_expr_str_exec(r, d->expr_handler, &error);
    }
    return handler && (error || ap_cstr_casecmp(handler, "none"));
}

/* The rest of a path as sent, after as many segments as the claim's own path has. */
static const char *below_claim(const char *raw, const atl_claim *claim)
{
    for (const char *c = claim->path; *c; c++) {
        if (*c == '/') {
            raw++;
            raw += strcspn(raw, "/");
        }
    }
    return raw;
}

/* What mod_proxy is to ask for. */
static char *proxied_name(request_rec *r, const atl_request *request)
{
    const atl_claim *claim = request->claim;
    const char *raw = request->path.raw;
    const char *origin = claim->cluster ? claim->cluster->url : claim->backend->origin;

    return claim->backend_path == claim->path
               ? apr_pstrcat(r->pool, "proxy:", origin, raw, NULL)
               : apr_pstrcat(r->pool, "proxy:", origin, claim->backend_path,
                             below_claim(raw, claim), NULL);
}

static void proxy_to_claim(request_rec *r, atl_request *request, char *name)
{
    request->proxied = 1;
    request->host = atl_request_host(r);
    if (!r->hostname) {
        /* An HTTP/1.0 client named none; mod_proxy would complain of each. */
        apr_table_setn(r->headers_in, "Host", request->host);
    }
    request->filename = r->filename = name;
    r->handler = "proxy-server";
    r->proxyreq = PROXYREQ_REVERSE;
    /* mod_proxy_http: the path has its escapes, add the query and touch nothing. */
    apr_table_setn(r->notes, "proxy-noencode", "1");
}

static int translate_name(request_rec *r)
{
    atl_request *request;

    if (!has_apps(r) || r->proxyreq || !r->uri || r->uri[0] != '/') {
        return DECLINED;
    }
    request = atl_request_make(r);
    if (request->claim && request->claim->shadowed) {
        apr_table_unset(r->subprocess_env, "no-proxy");
    }
    if (!request->claim || r->uri != request->path.resolved) {
        /* A RewriteRule [PT] may have changed the path since pre_translate_name. If none did, this must
         * not find a claim where that found none: "/wiki%3b/x" is no "/wiki;/x". */
        int status;

        request->claim = NULL;
        status = find_claim(r, escaped(r), request);
        if (status != OK) {
            return status;
        }
        r->uri = r->parsed_uri.path = (char *)request->path.resolved;
    }
    if (has_own_handler(r)) {
        request->claim = NULL;
        return DECLINED;
    }
    if (is_absent(r)) {
        r->filename = r->uri; /* a file name is expected by then; map_to_storage never looks */
        return OK;
    }
    proxy_to_claim(r, request, proxied_name(r, request));
    return OK;
}

/* DirectoryIndex /jira/: mod_dir had the path looked up in a subrequest, and goes on with what that
 * found but for this module's record of it (ap_internal_fast_redirect, server/request.c). */
static int after_fast_redirect(request_rec *r)
{
    atl_request *request;
    const char *name;
    apr_size_t len;

    if (!has_apps(r) || r->proxyreq != PROXYREQ_REVERSE || atl_request_of(r)) {
        return DECLINED;
    }
    request = atl_request_make(r);
    if (find_claim(r, escaped(r), request) != OK || !request->claim->backend) {
        request->claim = NULL;
        return DECLINED;
    }
    name = proxied_name(r, request);
    len = strlen(name);
    /* By now it may end in the query. Another one is an administrator's own ProxyPass or RewriteRule. */
    if (!strncmp(r->filename, name, len) && (!r->filename[len] || r->filename[len] == '?')) {
        proxy_to_claim(r, request, r->filename);
    }
    else {
        request->claim = NULL;
    }
    return DECLINED;
}

/* Nothing of these is on a disk; without this httpd would look. */
static int map_to_storage(request_rec *r)
{
    return is_absent(r) ? OK : DECLINED;
}

/* A browser looking for Synchrony goes on to its next address after a fast error: no error
 * document, no page. */
static int absent_handler(request_rec *r)
{
    if (!is_absent(r)) {
        return DECLINED;
    }
    r->status = HTTP_NOT_FOUND;
    ap_set_content_type(r, "text/plain");
    ap_set_content_length(r, 0);
    return ap_discard_request_body(r);
}

void atl_translate_register_hooks(apr_pool_t *p)
{
    /* Alias, UserDir and RewriteRule are explicit claims of the administrator's: they decide
     * before us. So does mod_proxy, which comes first of all; see "shadowed". */
    static const char *const explicit[] = {"mod_alias.c", "mod_userdir.c", "mod_rewrite.c",
                                           "mod_proxy.c", NULL};
    static const char *const catch_all[] = {"mod_vhost_alias.c", NULL};
    static const char *const mod_proxy[] = {"mod_proxy.c", NULL};
    static const char *const mod_dir[] = {"mod_dir.c", NULL};

    (void)p;
    ap_hook_pre_translate_name(pre_translate_name, NULL, mod_proxy, APR_HOOK_FIRST);
    ap_hook_translate_name(translate_name, explicit, catch_all, APR_HOOK_MIDDLE);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_fixups(after_fast_redirect, mod_dir, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_handler(absent_handler, NULL, NULL, APR_HOOK_FIRST);
}
