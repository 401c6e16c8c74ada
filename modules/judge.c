/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "judge.h"
#include "cookie.h"

#include <apr_cstr.h>
#include <apr_errno.h>
#include <apr_strings.h>
#include <string.h>

/* Tomcat's default for a request's whole head (maxHttpHeaderSize). */
#define TOMCAT_HEADER_SIZE 8192

static int is_below(const char *path, const char *parent)
{
    apr_size_t len = strlen(parent);

    return !strncmp(path, parent, len) && (!path[len] || strchr("/?#", path[len]));
}

static int is_home(const atl_exchange *x)
{
    const char *rest = x->path + x->claim->len;

    return !strcmp(rest, "/") || !*rest;
}

/* ------------------------------------------------------------------ redirects */

typedef struct place {
    const char *authority; /* NULL for a relative one */
    apr_size_t authority_len;
    int tls;
    const char *path;
} place;

static void read_place(const char *location, place *to)
{
    memset(to, 0, sizeof(*to));
    to->path = location;
    if (!apr_cstr_casecmpn(location, "https://", 8)) {
        to->tls = 1;
        to->authority = location + 8;
    }
    else if (!apr_cstr_casecmpn(location, "http://", 7)) {
        to->authority = location + 7;
    }
    if (to->authority) {
        to->authority_len = strcspn(to->authority, "/?#");
        to->path = to->authority + to->authority_len;
    }
}

static int is_same_host(const atl_exchange *x, const place *to)
{
    return !to->authority || (x->host && strlen(x->host) == to->authority_len &&
                              !apr_cstr_casecmpn(x->host, to->authority, to->authority_len));
}

/* The redirect at its own context path, to a page below that path, shows nothing but an
 * application's idea of its address; a login elsewhere has another path. The virtual host's own name
 * is right whichever of its names was asked. */
static int is_wrong_host(const atl_exchange *x, const place *to)
{
    const char *name = x->site->public.host;

    if (!*x->claim->path || !is_home(x) || is_same_host(x, to) ||
        !is_below(to->path, x->claim->path)) {
        return 0;
    }
    return !name || apr_cstr_casecmpn(name, to->authority, strlen(name)) ||
           (to->authority[strlen(name)] && !strchr(":/", to->authority[strlen(name)]));
}

/* http or https is the scheme's own port with no other one named: the very address again. */
static int is_loop(const atl_exchange *x, const place *to)
{
    return !strcmp(x->method, "GET") && !x->sets_cookie && x->host && to->authority &&
           to->tls == !strcmp(x->scheme, "https") && is_same_host(x, to) && x->uri &&
           !strcmp(x->uri, to->path);
}

static int leaves_context(const atl_exchange *x, const place *to)
{
    const char *end = to->path + strcspn(to->path, "?#");
    char path[256];

    if (!*x->claim->path || !is_home(x) || *to->path != '/' || !is_same_host(x, to) ||
        is_below(to->path, x->claim->path) || (apr_size_t)(end - to->path) >= sizeof(path)) {
        return 0;
    }
    memcpy(path, to->path, (apr_size_t)(end - to->path));
    path[end - to->path] = '\0';
    return !atl_routes_find(x->site->routes, path);
}

static int has_double_slash(const atl_exchange *x, const place *to)
{
    const char *rest = to->path;

    if (!is_same_host(x, to) || strncmp(rest, x->claim->path, x->claim->len)) {
        return 0;
    }
    rest += x->claim->len;
    /* A relative "//x" is another host. */
    return rest[0] == '/' && rest[1] == '/' && (to->authority || x->claim->len);
}

atl_finding_id atl_judge_redirect(apr_pool_t *p, const atl_exchange *x)
{
    const char *path;
    place to;

    if (!x->location || !x->claim->backend) {
        return ATL_FINDING_NONE;
    }
    switch (atl_redirect_judge(p, x->claim, x->scheme, x->host, x->location, &path)) {
    case ATL_REDIRECT_WRONG_SCHEME:
        return ATL_FINDING_REDIRECT_SCHEME;
    case ATL_REDIRECT_WRONG_PORT:
        return ATL_FINDING_REDIRECT_PORT;
    case ATL_REDIRECT_BACKEND:
        return ATL_FINDING_REDIRECT_BACKEND;
    case ATL_REDIRECT_RIGHT:
        break;
    }
    read_place(x->location, &to);
    if (is_wrong_host(x, &to)) {
        return ATL_FINDING_REDIRECT_HOST;
    }
    if (is_loop(x, &to)) {
        return ATL_FINDING_REDIRECT_LOOP;
    }
    if (has_double_slash(x, &to)) {
        return ATL_FINDING_REDIRECT_SLASHES;
    }
    return leaves_context(x, &to) ? ATL_FINDING_REDIRECT_CONTEXT : ATL_FINDING_NONE;
}

/* ------------------------------------------------------------------ other answers */

static int is_html(const char *content_type)
{
    return content_type && !apr_cstr_casecmpn(content_type, "text/html", 9);
}

/* Where a text is in the body; the body's length when it is not. */
static apr_size_t place_in_body(const atl_exchange *x, const char *text)
{
    apr_size_t len = strlen(text);
    const char *end = x->body + x->body_len, *at = x->body;

    while (at < end && (at = memchr(at, *text, (apr_size_t)(end - at)))) {
        if ((apr_size_t)(end - at) >= len && !memcmp(at, text, len)) {
            return (apr_size_t)(at - x->body);
        }
        at++;
    }
    return x->body_len;
}

static int body_has(const atl_exchange *x, const char *text)
{
    return place_in_body(x, text) < x->body_len;
}

/* Characters that the products' own connectors accept although RFC 3986 does not: these and no
 * others, or it was somebody's attempt at a script in an address. */
static int has_relaxed_chars(const char *uri)
{
    const char *query = uri ? uri + strcspn(uri, "?") : "";

    return uri && strcspn(uri, "{}^`\"<>\\ ") >= (apr_size_t)(query - uri) &&
           (strcspn(uri, "[]|") < (apr_size_t)(query - uri) || strpbrk(query, "[]|{}^`\"<>\\"));
}

static atl_finding_id judge_bad_request(const atl_exchange *x)
{
    if (body_has(x, "requires TLS")) { /* Tomcat's and Jetty's words for http on an https port */
        return ATL_FINDING_TLS_EXPECTED;
    }
    if (x->header_size > TOMCAT_HEADER_SIZE) {
        return ATL_FINDING_HEADER_SIZE;
    }
    return has_relaxed_chars(x->uri) ? ATL_FINDING_URL_CHARS : ATL_FINDING_NONE;
}

static int is_own_origin(const atl_exchange *x)
{
    place from;

    if (!x->origin || !x->host) {
        return 0;
    }
    read_place(x->origin, &from);
    return from.authority && !*from.path && from.tls == !strcmp(x->scheme, "https") &&
           is_same_host(x, &from);
}

/* Without a login, while starting, and while down, a refusal says nothing of the configuration. */
static int is_refused_upgrade(const atl_exchange *x)
{
    return x->wants_websocket && atl_claim_takes_websockets(x->claim) && x->status != 101 &&
           x->status != 401 && x->status != 403 && x->status < 500;
}

atl_finding_id atl_judge_answer(const atl_exchange *x)
{
    /* Synchrony has no pages: its answers are JSON or the word OK. */
    if (x->claim->kind == ATL_CLAIM_SYNCHRONY && is_html(x->content_type)) {
        return ATL_FINDING_SYNCHRONY;
    }
    if (is_refused_upgrade(x)) {
        return ATL_FINDING_WEBSOCKET;
    }
    if (x->status == 400) {
        return judge_bad_request(x);
    }
    if (x->status == 431) {
        return ATL_FINDING_HEADER_SIZE;
    }
    if (x->status == 403 && body_has(x, "XSRF") && is_own_origin(x)) {
        return ATL_FINDING_XSRF;
    }
    /* Every product has a page, or a redirect, at its context path. */
    if (x->status == 404 && x->claim->kind == ATL_CLAIM_PAGES && is_home(x)) {
        return ATL_FINDING_CONTEXT;
    }
    return ATL_FINDING_NONE;
}

/* compression=on and =off leave Accept-Encoding out: an application that compresses all the same was
 * told to do so by its own configuration. With compression=pass httpd leaves alone what comes
 * compressed, so both may be switched on. */
atl_finding_id atl_judge_encoding(const atl_exchange *x)
{
    const char *encoding = x->content_encoding;

    return encoding && apr_cstr_casecmp(encoding, "identity") &&
                   x->claim->app->compression != ATL_COMPRESSION_PASS
               ? ATL_FINDING_COMPRESSION
               : ATL_FINDING_NONE;
}

/* ------------------------------------------------------------------ pages */

/* Whether an address in a page is this application's own, by http. */
static int is_own_by_http(const atl_exchange *x, const char *url, apr_size_t len)
{
    apr_size_t host = strcspn(x->host, ":"), path = sizeof("http://") - 1 + host;

    return len > path + x->claim->len && !memcmp(url, "http://", 7) &&
           !apr_cstr_casecmpn(url + 7, x->host, host) &&
           !memcmp(url + path, x->claim->path, x->claim->len) &&
           strchr("/\"'", url[path + x->claim->len]);
}

/* The head only: what is in the body may be people's own. Every address in it stands in quotes. */
atl_finding_id atl_judge_page(const atl_exchange *x)
{
    const char *end, *at = x->body;

    if (x->claim->kind != ATL_CLAIM_PAGES || !x->host || strcmp(x->scheme, "https") ||
        !is_html(x->content_type)) {
        return ATL_FINDING_NONE;
    }
    end = x->body + place_in_body(x, "<body");
    while (at < end && (at = memchr(at, '=', (apr_size_t)(end - at)))) {
        at++;
        if (end - at > 1 && (*at == '"' || *at == '\'') &&
            is_own_by_http(x, at + 1, (apr_size_t)(end - at - 1))) {
            return ATL_FINDING_MIXED_CONTENT;
        }
    }
    return ATL_FINDING_NONE;
}

/* ------------------------------------------------------------------ httpd's own answers */

atl_finding_id atl_judge_own_answer(const atl_claim *claim, const char *path, int status,
                                    int sends_body)
{
    if (claim->kind != ATL_CLAIM_PAGES) {
        return ATL_FINDING_NONE;
    }
    /* A client that asks for application links without a login is told by httpd to log in. */
    if (status == 401 && !strncmp(path + claim->len, "/rest/applinks/", 15)) {
        return ATL_FINDING_APPLINKS;
    }
    if (status == 413 && sends_body) {
        return ATL_FINDING_UPLOAD_SIZE;
    }
    return status == 408 && sends_body ? ATL_FINDING_UPLOAD_SLOW : ATL_FINDING_NONE;
}

/* ------------------------------------------------------------------ cookies */

static int is_session_cookie(const char *cookie, const atl_product *product)
{
    apr_size_t len = strlen(product->session_cookie);

    return !strncmp(cookie, product->session_cookie, len) && cookie[len] == '=';
}

static int shares_cookie_name(const atl_exchange *x)
{
    const atl_app *app = x->claim->app;

    for (int i = 0; i < x->site->apps->nelts; i++) {
        const atl_app *other = APR_ARRAY_IDX(x->site->apps, i, const atl_app *);

        if (other != app && !strcmp(other->product->session_cookie, app->product->session_cookie)) {
            return 1;
        }
    }
    return 0;
}

static int is_sent_back(const char *path, apr_size_t len, const char *context)
{
    if (len && path[len - 1] == '/') {
        len--;
    }
    return !strncmp(context, path, len) && (!context[len] || context[len] == '/');
}

atl_finding_id atl_judge_cookie(const atl_exchange *x, const char *cookie)
{
    const atl_app *app = x->claim->app;
    const char *path;
    apr_size_t len = 0, unused;

    if (x->claim->kind != ATL_CLAIM_PAGES || !is_session_cookie(cookie, app->product)) {
        return ATL_FINDING_NONE;
    }
    path = atl_cookie_attribute(cookie, "Path", &len);
    if (path && len && !is_sent_back(path, len, app->context)) {
        return ATL_FINDING_COOKIE_PATH;
    }
    if (*app->context && path && len == 1 && shares_cookie_name(x)) {
        return ATL_FINDING_COOKIE_SHARED;
    }
    if (app->product->secure_cookies && !strcmp(x->scheme, "https") &&
        !atl_cookie_attribute(cookie, "Secure", &unused)) {
        return ATL_FINDING_INSECURE_COOKIE;
    }
    return ATL_FINDING_NONE;
}

/* name=... as a cookie of its own in a Cookie header */
static int has_cookie(const char *cookies, const char *name)
{
    apr_size_t len = strlen(name);

    for (const char *at = cookies; (at = strstr(at, name)); at += len) {
        if ((at == cookies || strchr("; ,", at[-1])) && at[len] == '=') {
            return 1;
        }
    }
    return 0;
}

int atl_judge_wandering(const atl_claim *claim, const char *cookies, const char *route,
                        const char *set_cookie)
{
    const atl_product *product = claim->app->product;

    return claim->cluster && claim->kind == ATL_CLAIM_PAGES && cookies &&
           has_cookie(cookies, product->session_cookie) && !route &&
           is_session_cookie(set_cookie, product);
}

/* ------------------------------------------------------------------ failures */

static atl_finding_id judge_connect(apr_status_t status)
{
    if (APR_STATUS_IS_ECONNREFUSED(status)) {
        return ATL_FINDING_REFUSED;
    }
    if (APR_STATUS_IS_EACCES(status) || APR_TO_OS_ERROR(status) == EPERM) {
        return ATL_FINDING_FORBIDDEN;
    }
    if (APR_STATUS_IS_TIMEUP(status) || APR_STATUS_IS_ETIMEDOUT(status)) {
        return ATL_FINDING_CONNECT_TIMEOUT;
    }
    if (APR_STATUS_IS_EHOSTUNREACH(status) || APR_STATUS_IS_ENETUNREACH(status)) {
        return ATL_FINDING_UNREACHABLE;
    }
    return ATL_FINDING_NONE;
}

atl_finding_id atl_judge_failure(atl_failure failure, apr_status_t status)
{
    switch (failure) {
    case ATL_FAILURE_CONNECT:
        return judge_connect(status);
    case ATL_FAILURE_DNS:
        return ATL_FINDING_DNS;
    case ATL_FAILURE_ANSWER:
        return APR_STATUS_IS_TIMEUP(status) ? ATL_FINDING_ANSWER_TIMEOUT : ATL_FINDING_NONE;
    case ATL_FAILURE_UPLOAD:
        return ATL_FINDING_UPLOAD_CUT;
    case ATL_FAILURE_TLS_VERIFY:
        return ATL_FINDING_TLS_VERIFY;
    case ATL_FAILURE_TLS_NAME:
        return ATL_FINDING_TLS_NAME;
    case ATL_FAILURE_TLS:
        return ATL_FINDING_TLS_HANDSHAKE;
    case ATL_FAILURE_NONE:
        break;
    }
    return ATL_FINDING_NONE;
}
