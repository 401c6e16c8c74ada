/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "explain.h"
#include "access_rules.h"
#include "check.h"
#include "forwarded.h"
#include "maintenance.h"
#include "section_match.h"
#include "server_conf.h"
#include "tunnel_policy.h"
#include "vouching.h"

#include "http_core.h"
#include "http_main.h"
#include "http_protocol.h"
#include "http_request.h"

#include <apr_escape.h>
#include <apr_strings.h>

/* ------------------------------------------------------------------ what is asked */

#define KEY "explain="

const char *atl_explain_target(apr_pool_t *p, const char *args)
{
    char *target;

    while (args && strncmp(args, KEY, sizeof(KEY) - 1)) {
        args = strchr(args, '&');
        args = args ? args + 1 : NULL;
    }
    if (!args) {
        return NULL;
    }
    args += sizeof(KEY) - 1;
    target = apr_pstrmemdup(p, args, strcspn(args, "&"));
    /* A form escapes every slash, nobody does by hand. */
    if (!strchr(target, '/')) {
        for (char *c = target; *c; c++) {
            *c = *c == '+' ? ' ' : *c;
        }
        apr_unescape_url(target, target, APR_ESCAPE_STRING, NULL, NULL, 0, NULL);
    }
    return target;
}

/* ServerName or one of ServerAlias, which may have wildcards. */
static int is_name_of(const server_rec *s, const char *host)
{
    const char *public = atl_server_conf_of(s)->site.public.host;
    const apr_array_header_t *lists[] = {s->names, s->wild_names};

    if (public && !ap_cstr_casecmp(public, host)) {
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        for (int j = 0; lists[i] && j < lists[i]->nelts; j++) {
            const char *name = APR_ARRAY_IDX(lists[i], j, const char *);
            if (name && !ap_strcasecmp_match(host, name)) {
                return 1;
            }
        }
    }
    return 0;
}

/* The virtual host of a URL; without a host this request's own, or else the first that has lines. */
static server_rec *server_for(request_rec *r, const char *host)
{
    server_rec *found = NULL;

    if (!host && atl_server_conf_of(r->server)->site.apps->nelts) {
        return r->server;
    }
    /* httpd chains virtual hosts newest first. */
    for (server_rec *s = ap_server_conf; s; s = s->next) {
        if (atl_server_conf_of(s)->site.apps->nelts && (!host || is_name_of(s, host))) {
            found = !found || s->is_virtual ? s : found;
        }
    }
    return found;
}

/* ------------------------------------------------------------------ what there is to say */

static void say(apr_array_header_t *said, const char *name, const char *label, const char *text)
{
    atl_explained row = {name, label, apr_pstrdup(said->pool, text), NULL};

    APR_ARRAY_PUSH(said, atl_explained) = row;
}

static void say_list(apr_array_header_t *said, const char *name, const char *label,
                     apr_array_header_t *list)
{
    atl_explained row = {name, label, NULL, list};

    APR_ARRAY_PUSH(said, atl_explained) = row;
}

static const char *kind_of(const atl_claim *claim)
{
    switch (claim->kind) {
    case ATL_CLAIM_PAGES:
        return "the application itself";
    case ATL_CLAIM_SYNCHRONY:
        return "Synchrony on its own port";
    case ATL_CLAIM_SYNCHRONY_PROXY:
        return "Synchrony through Confluence";
    case ATL_CLAIM_ABSENT:
        return "a bare 404: Synchrony is looked for here, and is elsewhere";
    case ATL_CLAIM_LOCAL:
        break;
    }
    return "left to httpd: except=, a ProxyPass of your own, or certificates' renewal";
}

static const char *claim_text(apr_pool_t *p, const atl_claim *claim)
{
    if (!claim) {
        return "no AtlassianApp line";
    }
    return apr_pstrcat(p, claim->app ? atl_app_name(p, claim->app) : "a ProxyPass of your own",
                       ": ", *claim->path ? claim->path : "/", ", ", kind_of(claim), NULL);
}

/* Nothing where no reader could make sense of it. */
static void say_path(apr_array_header_t *said, request_rec *sub, const char *path)
{
    const atl_request *request = ap_get_module_config(sub->request_config, &atlassian_proxy_module);
    const atl_routes *routes = atl_server_conf_of(sub->server)->site.routes;
    atl_path read = {0};

    if (request && request->path.resolved) {
        read = request->path;
    }
    else if (atl_path_read(said->pool, path, &read) != ATL_PATH_OK) {
        return;
    }
    say(said, "read", "The application reads", read.resolved);
    say(said, "claim", "Claimed by",
        claim_text(said->pool, atl_routes_find(routes, read.resolved)));
}

/* ------------------------------------------------------------------ refused, or not */

/* What a module said, as it stands in the log; "" for nothing. */
static const char *heard_of(apr_pool_t *p, const apr_array_header_t *heard)
{
    for (int i = heard->nelts; i--;) {
        const atl_heard *line = &APR_ARRAY_IDX(heard, i, const atl_heard);

        if (strcmp(line->module, "atlassian_proxy")) {
            return apr_pstrcat(p, line->module, ": ", line->text, NULL);
        }
    }
    return "";
}

/* Rules by what they are and where they stand, or else what is known; .htaccess files are not in httpd's tree. */
static const char *rules_text(apr_pool_t *p, const request_rec *sub, const char *rules,
                              const char *otherwise)
{
    const char *text = *rules ? rules : otherwise;

    for (const struct htaccess_result *file = sub->htaccess; file; file = file->next) {
        if (file->htaccess) {
            text = apr_pstrcat(p, text, "; or rules in the .htaccess file of ", file->dir, NULL);
        }
    }
    return text;
}

static const char *refusal_of(request_rec *sub, apr_pool_t *p, const apr_array_header_t *sections,
                              const apr_array_header_t *heard)
{
    const atl_request *request = ap_get_module_config(sub->request_config, &atlassian_proxy_module);
    const char *said = heard_of(p, heard), *redirects = atl_access_redirects(p, sub, sections);

    if (request && request->refusal) {
        return request->refusal;
    }
    if (sub->status == HTTP_UNAUTHORIZED) {
        return apr_pstrcat(
            p, "a login is asked for: ",
            rules_text(p, sub, atl_access_require(p, sub, sections), "by no Require of a section"),
            NULL);
    }
    if (!strncmp(said, "authz_core: ", 12)) {
        return rules_text(p, sub, atl_access_require(p, sub, sections), said);
    }
    if (!strncmp(said, "access_compat: ", 15)) {
        return rules_text(p, sub, atl_access_order(p, sections), said);
    }
    if (*said) {
        return said;
    }
    return *redirects
               ? apr_pstrcat(p, redirects,
                             ", by pattern and status: its conditions and rules before it "
                             "decide too",
                             NULL)
               : rules_text(p, sub, "",
                            "httpd or another module of it, which says no more, or its log does");
}

static void say_nodes(apr_array_header_t *said, const atl_claim *claim)
{
    const apr_array_header_t *backends = claim->app->backends;
    apr_array_header_t *nodes = apr_array_make(said->pool, 2, sizeof(const char *));

    if (!claim->cluster) {
        say(said, "node", "Node", claim->backend->origin);
        return;
    }
    for (int i = 0; claim->kind != ATL_CLAIM_SYNCHRONY && i < backends->nelts; i++) {
        APR_ARRAY_PUSH(nodes, const char *) = APR_ARRAY_IDX(backends, i, atl_backend).origin;
    }
    say(said, "node", "Node", "the one of the session's cookie; without one the balancer chooses");
    if (nodes->nelts) {
        say_list(said, "nodes", "Nodes", nodes);
    }
}

static void say_headers(apr_array_header_t *said, request_rec *sub, const atl_request *request)
{
    static const char *const shown[] = {
        "Host", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
        NULL};
    apr_array_header_t *sent = apr_array_make(said->pool, 5, sizeof(const char *));
    apr_array_header_t *dropped = apr_array_make(said->pool, 32, sizeof(const char *));

    atl_forwarded_say(sub, request);
    for (const char *const *name = shown; *name; name++) {
        const char *value = apr_table_get(sub->headers_in, *name);
        if (value) {
            APR_ARRAY_PUSH(sent, const char *) = apr_pstrcat(said->pool, *name, ": ", value, NULL);
        }
    }
    say_list(said, "headers", "Headers it is sent", sent);
    for (const char *const *name = atl_vouching; *name; name++) {
        APR_ARRAY_PUSH(dropped, const char *) = *name;
    }
    APR_ARRAY_PUSH(dropped, const char *) = "any other X-Forwarded-*, X-Original-*, X-Rewrite-*";
    if (request->claim->app->compression != ATL_COMPRESSION_PASS) {
        APR_ARRAY_PUSH(dropped, const char *) = "Accept-Encoding";
    }
    say_list(said, "dropped", "Dropped when a client sends them", dropped);
}

static void say_proxied(apr_array_header_t *said, request_rec *sub, const atl_request *request)
{
    const atl_claim *claim = request->claim;

    say(said, "answer", "Answer",
        atl_maintenance_stops(sub) ? "503: planned maintenance, see maintenance= of the line"
                                   : "the application's");
    say(said, "url", "It is asked for", sub->filename + strlen("proxy:"));
    say_nodes(said, claim);
    say(said, "webSocket", "WebSocket",
        atl_tunnel_policy_of(sub) ? "passes"
                                  : "no: the product has none here, the Upgrade header is dropped");
    say_headers(said, sub, request);
}

static void say_answer(apr_array_header_t *said, request_rec *sub,
                       const apr_array_header_t *sections, const apr_array_header_t *heard)
{
    const atl_request *request = atl_request_of(sub);
    const char *location = apr_table_get(sub->headers_out, "Location");

    if (sub->status != HTTP_OK) {
        int is_redirect = ap_is_HTTP_REDIRECT(sub->status) && location;

        say(said, "answer", "Answer",
            apr_psprintf(said->pool, is_redirect ? "redirected with %d to %s" : "refused with %d",
                         sub->status, location));
        say(said, is_redirect ? "redirectedBy" : "refusedBy",
            is_redirect ? "Redirected by" : "Refused by",
            refusal_of(sub, said->pool, sections, heard));
    }
    else if (request) {
        say_proxied(said, sub, request);
    }
    else {
        say(said, "answer", "Answer",
            apr_pstrcat(said->pool, "httpd's own", sub->handler ? ", by handler " : "",
                        sub->handler ? sub->handler : "", NULL));
    }
}

static void say_outcome(apr_array_header_t *said, request_rec *sub, const apr_array_header_t *heard)
{
    const char *url =
        sub->filename && !strncmp(sub->filename, "proxy:", 6) ? sub->filename + 6 : NULL;
    const apr_array_header_t *sections = atl_sections_matching(said->pool, sub, url);

    say_answer(said, sub, sections, heard);
    say_list(said, "sections", "Access rules that apply", atl_access_rules(said->pool, sections));
}

/* ------------------------------------------------------------------ all of it */

/* As if by the address people type: this request may have come by another. */
static void look_up(request_rec *r, apr_array_header_t *said, server_rec *s, const char *path)
{
    atl_request *own = atl_request_make(r);
    const atl_forwarded *saved = own->forwarded;
    atl_forwarded public = {.scheme = atl_server_conf_of(s)->site.public.scheme};
    apr_array_header_t *heard = apr_array_make(r->pool, 2, sizeof(atl_heard));
    request_rec *sub;

    own->forwarded = &public;
    sub = atl_check_request(r, s, NULL, path, NULL, heard);
    say_path(said, sub, apr_pstrmemdup(r->pool, path, strcspn(path, "?")));
    say_outcome(said, sub, heard);
    own->forwarded = saved;
    ap_destroy_sub_req(sub);
}

apr_array_header_t *atl_explain(request_rec *r, const char *target)
{
    apr_array_header_t *said = apr_array_make(r->pool, 12, sizeof(atl_explained));
    const char *host = strstr(target, "://"), *path = target;
    server_rec *s;

    if (host && *target != '/') {
        path = host + 3 + strcspn(host + 3, "/?#");
        host = apr_pstrmemdup(r->pool, host + 3, strcspn(host + 3, ":/?#"));
    }
    else {
        host = NULL;
    }
    say(said, "asked", "Asked", target);
    if (*path != '/') {
        say(said, "answer", "Answer",
            "nothing can be said: a path begins with /, as in /wiki/page or "
            "https://wiki.example.com/wiki/page");
        return said;
    }
    if (!(s = server_for(r, host))) {
        say(said, "answer", "Answer", "no virtual host of that name has an AtlassianApp line");
        return said;
    }
    say(said, "site", "Virtual host",
        apr_psprintf(r->pool, "%s (%s:%u)",
                     atl_base_url(r->pool, &atl_server_conf_of(s)->site.public, ""),
                     s->defn_name ? s->defn_name : "the main server", s->defn_line_number));
    look_up(r, said, s, apr_pstrmemdup(r->pool, path, strcspn(path, "#")));
    return said;
}
