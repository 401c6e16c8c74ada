/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "suggest_remove.h"
#include "backend.h"
#include "suggest_mistake.h"
#include "vouching.h"
#include "path.h"

#include <apr_cstr.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

typedef struct remover {
    apr_pool_t *p;
    const atl_old_host *host;
    const apr_array_header_t *mappings, *apps;
    apr_hash_t *gone;  /* lines, by their addresses */
    int serves_others; /* the virtual host proxies what no line is suggested for */
    int restricts;     /* it has access rules */
} remover;

static int is_gone(const remover *r, const atl_old_line *line)
{
    const void *key = line;

    return apr_hash_get(r->gone, &key, sizeof(key)) != NULL;
}

static void remove_line(remover *r, const atl_old_line *line)
{
    const void **key = apr_palloc(r->p, sizeof(*key));

    *key = line;
    apr_hash_set(r->gone, key, sizeof(*key), line);
}

/* ------------------------------------------------------------------ what proxies */

int atl_old_compresses(const atl_old_line *line)
{
    return (atl_old_is(line, "AddOutputFilterByType") || atl_old_is(line, "SetOutputFilter")) &&
           (strstr(line->args, "DEFLATE") || strstr(line->args, "BROTLI_COMPRESS"));
}

int atl_old_unsets(apr_pool_t *p, const atl_old_line *line, const char *header)
{
    return atl_old_is(line, "RequestHeader") &&
           !apr_cstr_casecmp(atl_old_word(p, line, 0), "unset") &&
           !apr_cstr_casecmp(atl_old_word(p, line, 1), header);
}

static int has_mapping(const apr_array_header_t *list, const atl_mapping *m)
{
    for (int i = 0; i < list->nelts; i++) {
        if (APR_ARRAY_IDX(list, i, const atl_mapping *) == m) {
            return 1;
        }
    }
    return 0;
}

static const atl_old_app *sure_app_of(const remover *r, const atl_mapping *m)
{
    for (int i = 0; i < r->apps->nelts; i++) {
        const atl_old_app *app = APR_ARRAY_IDX(r->apps, i, const atl_old_app *);

        if (!app->question && (has_mapping(app->mappings, m) || has_mapping(app->synchrony, m))) {
            return app;
        }
    }
    return NULL;
}

const atl_old_app *atl_old_exception_of(apr_pool_t *p, const apr_array_header_t *apps,
                                        const atl_mapping *m, const char **clean)
{
    const atl_old_app *owner = NULL;

    if (!m->is_exception || m->is_pattern || m->unclear || atl_path_check(p, m->path, clean)) {
        return NULL;
    }
    for (int i = 0; i < apps->nelts; i++) {
        const atl_old_app *app = APR_ARRAY_IDX(apps, i, const atl_old_app *);

        if (atl_path_is_below(*clean, app->main->path) && strcmp(*clean, app->main->path) &&
            (!owner || strlen(app->main->path) > strlen(owner->main->path))) {
            owner = app;
        }
    }
    /* Synchrony's own paths are no exceptions the line could make. */
    if (owner && owner->product->has_synchrony &&
        (!strcmp(*clean, ATL_SYNCHRONY_PATH) ||
         !strcmp(*clean + strlen(owner->main->path), ATL_SYNCHRONY_PROXY_PATH))) {
        return NULL;
    }
    return owner;
}

static void remove_mappings(remover *r)
{
    for (int i = 0; i < r->mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(r->mappings, i, const atl_mapping *);
        const char *clean;
        const atl_old_app *app =
            m->is_exception ? atl_old_exception_of(r->p, r->apps, m, &clean) : sure_app_of(r, m);

        /* An add-on's WebSockets are not the line's. */
        if (!app || app->question || (m->is_websocket && !app->product->has_synchrony)) {
            r->serves_others |= !m->is_exception;
            continue;
        }
        remove_line(r, m->line);
        for (int j = 0; j < m->conditions->nelts; j++) {
            remove_line(r, APR_ARRAY_IDX(m->conditions, j, const atl_old_line *));
        }
    }
}

/* ------------------------------------------------------------------ what belongs to one address */

static int leads_to(const atl_mapping *m, const char *scheme, const char *host, unsigned port)
{
    if (m->balancer) {
        return !strcmp(scheme, "balancer") && !strcmp(host, m->balancer->name);
    }
    return m->host && !apr_cstr_casecmp(host, m->host) && (!port || port == m->port);
}

/* Whether a URL is the address of an app that is taken over, or the public one. */
static int is_ours(const remover *r, const char *url)
{
    const char *scheme, *host, *path;
    unsigned port;

    if (!atl_old_url(r->p, url, &scheme, &host, &port, &path)) {
        return 0;
    }
    if (!r->serves_others && r->host->public->host &&
        !apr_cstr_casecmp(host, r->host->public->host)) {
        return 1;
    }
    for (int i = 0; i < r->mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(r->mappings, i, const atl_mapping *);
        if (sure_app_of(r, m) && leads_to(m, scheme, host, port)) {
            return 1;
        }
    }
    return 0;
}

/* A ProxyPassReverse of a ProxyPass that stays: of the same path, or in the same section. url: what it maps back. */
static int is_of_another(const remover *r, const atl_old_line *line, int in_location,
                         const char *url)
{
    const char *path = atl_old_word(r->p, line, 0), *scheme, *host, *rest;
    apr_size_t len = strlen(path);
    unsigned port;

    if (!atl_old_url(r->p, url, &scheme, &host, &port, &rest)) {
        return 0;
    }
    len -= len && path[len - 1] == '/';
    for (int i = 0; i < r->mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(r->mappings, i, const atl_mapping *);

        if (m->unclear || m->is_exception || is_gone(r, m->line) ||
            !leads_to(m, scheme, host, port)) {
            continue;
        }
        if (in_location ? m->line->section == line->section
                        : strlen(m->path) == len && !strncmp(m->path, path, len)) {
            return 1;
        }
    }
    return 0;
}

/* ProxyPassReverse and balancers: the section, or lines that name their balancer. */
static void remove_of_addresses(remover *r)
{
    for (int i = 0; i < r->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(r->host->lines, i, const atl_old_line *);
        int in_location = atl_old_location(line) != NULL;
        const char *url = atl_old_word(r->p, line, in_location ? 0 : 1);

        if (atl_old_is(line, "ProxyPassReverse") && is_ours(r, url) &&
            !is_of_another(r, line, in_location, url)) {
            remove_line(r, line);
        }
        if ((atl_old_is(line, "<Proxy") || atl_old_is(line, "BalancerMember") ||
             atl_old_is(line, "ProxySet")) &&
            !apr_cstr_casecmpn(atl_old_word(r->p, line, 0), "balancer://", 11) &&
            is_ours(r, atl_old_word(r->p, line, 0))) {
            remove_line(r, line);
        }
    }
}

/* ------------------------------------------------------------------ what holds for the whole
 * virtual host */

/* The line has its own, or needs none. value: what its first word must be; NULL: anything. */
static const struct {
    const char *name, *value;
} useless[] = {
    {"AllowEncodedSlashes", NULL},
    {"ProxyAddHeaders", NULL},
    {"ProxyErrorOverride", NULL},
    {"ProxyPassReverseCookieDomain", NULL},
    {"ProxyPassReverseCookiePath", NULL},
    {"ProxyPreserveHost", NULL},
    {"ProxyRequests", NULL},
    {"ProxyTimeout", NULL},
    {"ProxyVia", "Off"},
    {"RemoteIPHeader", NULL},
    {"RemoteIPInternalProxy", NULL},
    {"RemoteIPInternalProxyList", NULL},
    {"RemoteIPTrustedProxy", NULL},
    {"RemoteIPTrustedProxyList", NULL},
    {"SetEnv", "force-proxy-request-1.0"},
    {"SetEnv", "proxy-initial-not-pooled"},
    {"SetEnv", "proxy-nokeepalive"},
    {"SetEnv", "proxy-sendchunked"},
    {"SetEnv", "proxy-sendcl"},
    {"SSLProxyCACertificateFile", NULL},
    {"SSLProxyCheckPeerCN", NULL},
    {"SSLProxyCheckPeerExpire", NULL},
    {"SSLProxyCheckPeerName", NULL},
    {"SSLProxyEngine", NULL},
    {"SSLProxyVerify", NULL},
};

static int is_useless(const remover *r, const atl_old_line *line)
{
    for (apr_size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        if (atl_old_is(line, useless[i].name) &&
            (!useless[i].value ||
             !apr_cstr_casecmp(atl_old_word(r->p, line, 0), useless[i].value))) {
            return 1;
        }
    }
    return 0;
}

static int uses_authentication(const remover *r)
{
    for (int i = 0; i < r->host->lines->nelts; i++) {
        if (atl_old_is(APR_ARRAY_IDX(r->host->lines, i, const atl_old_line *), "AuthType")) {
            return 1;
        }
    }
    return 0;
}

/* RequestHeader action name ... */
static int is_useless_request_header(const remover *r, const atl_old_line *line)
{
    const char *action = atl_old_word(r->p, line, 0), *header = atl_old_word(r->p, line, 1);

    if (!atl_old_is(line, "RequestHeader")) {
        return 0;
    }
    for (const char *const *name = atl_vouching; *name; name++) {
        if (!apr_cstr_casecmp(header, *name)) {
            return 1;
        }
    }
    if (apr_cstr_casecmp(action, "unset")) {
        return !apr_cstr_casecmp(header, "Upgrade") || !apr_cstr_casecmp(header, "Connection");
    }
    /* A login of httpd's own may have to be hidden from the application. */
    return !apr_cstr_casecmp(header, "Accept-Encoding") ||
           (!apr_cstr_casecmp(header, "Authorization") && !uses_authentication(r));
}

/* Header [always] edit Location ^http: https:, Set-Cookie ... Secure and no more, and a balancer's cookie */
static int is_useless_header(const remover *r, const atl_old_line *line)
{
    const char *first = atl_old_word(r->p, line, 0);
    int n = !apr_cstr_casecmp(first, "always") || !apr_cstr_casecmp(first, "onsuccess");
    const char *action = atl_old_word(r->p, line, n), *header = atl_old_word(r->p, line, n + 1);

    if (!atl_old_is(line, "Header")) {
        return 0;
    }
    if (strstr(line->args, "BALANCER_WORKER_ROUTE")) {
        return 1;
    }
    if (apr_cstr_casecmpn(action, "edit", 4)) {
        return 0;
    }
    return !apr_cstr_casecmp(header, "Location") ||
           (!apr_cstr_casecmp(header, "Set-Cookie") && !strcmp(r->host->public->scheme, "https") &&
            strstr(line->args, "ecure") && !strcasestr(line->args, "HttpOnly") &&
            !strcasestr(line->args, "SameSite"));
}

static void remove_of_host(remover *r)
{
    for (int i = 0; i < r->host->lines->nelts && !r->serves_others; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(r->host->lines, i, const atl_old_line *);

        if (is_useless(r, line) || is_useless_request_header(r, line) ||
            is_useless_header(r, line) || atl_old_compresses(line)) {
            remove_line(r, line);
        }
    }
}

/* Where a line that goes told the application of https, ServerName has to. */
static void remove_server_name(remover *r)
{
    const atl_old_line *name = NULL;
    int hides_https = 0;

    for (int i = 0; i < r->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(r->host->lines, i, const atl_old_line *);

        name = !line->section && atl_old_is(line, "ServerName") ? line : name;
        hides_https |= is_gone(r, line) && atl_old_hides_https(r->p, r->host, line);
    }
    if (name && hides_https) {
        remove_line(r, name);
    }
}

/* ------------------------------------------------------------------ sections that are left empty
 */

static int is_open_to_all(const remover *r, const atl_old_line *line)
{
    return (atl_old_is(line, "Require") && !apr_cstr_casecmpn(line->args, "all granted", 11)) ||
           atl_old_is(line, "Order") || (atl_old_is(line, "Allow") && strstr(line->args, "all")) ||
           (atl_old_is(line, "Satisfy") && !apr_cstr_casecmp(atl_old_word(r->p, line, 0), "any"));
}

static int is_about_files(const atl_old_line *line)
{
    for (line = line->section; line; line = line->section) {
        if (!apr_cstr_casecmpn(line->name, "<Directory", 10) ||
            !apr_cstr_casecmpn(line->name, "<Files", 6)) {
            return 1;
        }
    }
    return 0;
}

static int has_restrictions(const remover *r, const apr_array_header_t *lines)
{
    for (int i = 0; i < lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(lines, i, const atl_old_line *);

        if ((atl_old_is(line, "Require") || atl_old_is(line, "Deny")) && !is_open_to_all(r, line) &&
            !is_about_files(line)) {
            return 1;
        }
    }
    return 0;
}

/* Rules are left, or were never there: what switches them on is as useless as they. */
static int is_idle_engine(const remover *r, const atl_old_line *engine)
{
    int had_rules = 0;

    if (!atl_old_is(engine, "RewriteEngine") && !atl_old_is(engine, "RewriteOptions")) {
        return 0;
    }
    for (int i = 0; i < r->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(r->host->lines, i, const atl_old_line *);

        if (line->section == engine->section && atl_old_is(line, "RewriteRule")) {
            if (!is_gone(r, line)) {
                return 0;
            }
            had_rules = 1;
        }
    }
    return had_rules;
}

static int is_for_all_addresses(const remover *r, const atl_old_line *section)
{
    return atl_old_is(section, "<Proxy") && !strcmp(atl_old_word(r->p, section, 0), "*");
}

/* A section goes when nothing is left in it but what grants everybody, where nothing else
 * restricts. */
static int is_left_empty(const remover *r, const atl_old_line *section)
{
    int lost_some = is_for_all_addresses(r, section) && !r->serves_others;

    for (int i = 0; i < r->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(r->host->lines, i, const atl_old_line *);

        if (line->section != section) {
            continue;
        }
        if (!is_gone(r, line) && (r->restricts || !is_open_to_all(r, line))) {
            return 0;
        }
        lost_some |= is_gone(r, line);
    }
    return lost_some;
}

static void remove_leftovers(remover *r)
{
    for (int i = r->host->lines->nelts - 1; i >= 0; i--) { /* inner sections first */
        const atl_old_line *line = APR_ARRAY_IDX(r->host->lines, i, const atl_old_line *);

        if (is_idle_engine(r, line) || (*line->name == '<' && is_left_empty(r, line))) {
            remove_line(r, line);
        }
    }
}

/* ------------------------------------------------------------------ all */

static int is_inside_gone(const remover *r, const atl_old_line *line)
{
    for (line = line->section; line; line = line->section) {
        if (is_gone(r, line)) {
            return 1;
        }
    }
    return 0;
}

apr_array_header_t *atl_removals(apr_pool_t *p, const atl_old_host *host,
                                 const apr_array_header_t *mappings, const apr_array_header_t *apps)
{
    apr_array_header_t *removals = apr_array_make(p, 16, sizeof(const atl_old_line *));
    remover r = {
        .p = p, .host = host, .mappings = mappings, .apps = apps, .gone = apr_hash_make(p)};
    int sure = 0;

    for (int i = 0; i < apps->nelts; i++) {
        sure |= !APR_ARRAY_IDX(apps, i, const atl_old_app *)->question;
    }
    if (!sure) {
        return removals;
    }
    r.restricts = has_restrictions(&r, host->lines) || has_restrictions(&r, host->inherited);
    remove_mappings(&r);
    remove_of_addresses(&r);
    remove_of_host(&r);
    remove_server_name(&r);
    remove_leftovers(&r);
    for (int i = 0; i < host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(host->lines, i, const atl_old_line *);
        if (is_gone(&r, line) && !is_inside_gone(&r, line)) {
            APR_ARRAY_PUSH(removals, const atl_old_line *) = line;
        }
    }
    return removals;
}
