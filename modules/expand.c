/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "expand.h"
#include "cacheable.h"
#include "cluster.h"
#include "door.h"
#include "text.h"
#include "vouching.h"

#include <apr_md5.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* What mod_deflate may compress; everything else an application sends is compressed already. */
static const char *const compressible[] = {"text/html",
                                           "text/plain",
                                           "text/css",
                                           "text/xml",
                                           "text/javascript",
                                           "application/javascript",
                                           "application/json",
                                           "application/xml",
                                           "application/xhtml+xml",
                                           "application/rss+xml",
                                           "image/svg+xml",
                                           NULL};

typedef struct expander {
    apr_pool_t *p;
    const atl_site *site;
    apr_array_header_t *out; /* where nodes go */
    int applied;             /* only those that are */
} expander;

static atl_node *emit(expander *e, const atl_app *app, int applied, const char *directive,
                      const char *args)
{
    atl_node *node;

    if (e->applied && !applied) {
        return NULL;
    }
    node = apr_array_push(e->out);
    memset(node, 0, sizeof(*node));
    node->directive = directive;
    node->args = args;
    node->applied = applied != 0;
    node->app = app;
    return node;
}

static void comment(expander *e, const atl_app *app, const char *text)
{
    emit(e, app, 0, NULL, text);
}

static const char *pair(expander *e, const char *path, const char *url)
{
    return apr_pstrcat(e->p, atl_config_arg(e->p, *path ? path : "/"), " ",
                       atl_config_arg(e->p, url), NULL);
}

/* ------------------------------------------------------------------ <Proxy> sections */

/* text as a regular expression that matches nothing else */
static const char *pattern_of(apr_pool_t *p, const char *text)
{
    char *pattern = apr_palloc(p, strlen(text) * 2 + 1), *to = pattern;

    for (; *text; text++) {
        if (strchr(".[]$()+*?^|\\", *text)) {
            *to++ = '\\';
        }
        *to++ = *text;
    }
    *to = '\0';
    return pattern;
}

static const char *types_as_list(apr_pool_t *p)
{
    const char *list = "DEFLATE";

    for (const char *const *type = compressible; *type; type++) {
        list = apr_pstrcat(p, list, " ", *type, NULL);
    }
    return list;
}

static const char *types_as_pattern(apr_pool_t *p)
{
    const char *pattern = "^(";

    for (const char *const *type = compressible; *type; type++) {
        pattern = apr_pstrcat(p, pattern, pattern_of(p, *type), type[1] ? "|" : ")", NULL);
    }
    return pattern;
}

static void emit_compression(expander *e, const atl_app *app)
{
    switch (app->compression) {
    case ATL_COMPRESSION_PASS:
        break;
    case ATL_COMPRESSION_ON:
        emit(e, app, 1, "AddOutputFilterByType", types_as_list(e->p));
        /* mod_deflate looks at the client's header, the application must not see it. */
        emit(e, app, 0, "SetEnvIf",
             "Accept-Encoding \"\\bgzip\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))\" force-gzip");
        emit(e, app, 0, "RequestHeader", "unset Accept-Encoding");
        emit(e, app, 0, "Header",
             apr_pstrcat(e->p, "merge Vary Accept-Encoding \"expr=%{CONTENT_TYPE} =~ m#",
                         types_as_pattern(e->p), "#\"", NULL));
        break;
    case ATL_COMPRESSION_OFF:
        emit(e, app, 0, "RequestHeader", "unset Accept-Encoding");
        emit(e, app, 0, "SetEnv", "no-gzip 1");
        emit(e, app, 0, "SetEnv", "no-brotli 1");
        break;
    }
}

static void emit_cookies(expander *e, const atl_app *app)
{
    if (app->secure_cookies && !strcmp(e->site->public.scheme, "https")) {
        emit(e, app, 0, "Header",
             "edit Set-Cookie \"(?i)^((?:(?!;\\s*secure\\s*(?:;|$)).)*)$\" \"$1; Secure\"");
    }
}

static void emit_forwarded(expander *e, const atl_app *app)
{
    static const char *const set[] = {"set X-Forwarded-For \"expr=%{REMOTE_ADDR}\"",
                                      "set X-Forwarded-Host \"expr=%{HTTP_HOST}\"",
                                      "set X-Forwarded-Proto \"expr=%{REQUEST_SCHEME}\"",
                                      "set X-Forwarded-Port \"expr=%{SERVER_PORT}\""};

    emit(e, app, 1, "ProxyAddHeaders", "Off");
    for (apr_size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
        emit(e, app, 0, "RequestHeader", set[i]);
    }
}

static void emit_tls(expander *e, const atl_app *app)
{
    const char *ca = app->ca ? app->ca : e->site->ca_file;

    emit(e, app, 1, "SSLProxyEngine", "on");
    emit(e, app, 1, "SSLProxyProtocol", "all -SSLv3 -TLSv1 -TLSv1.1");
    emit(e, app, 1, "SSLProxyVerify", app->verify ? "require" : "none");
    emit(e, app, 1, "SSLProxyCheckPeerName", app->verify ? "on" : "off");
    emit(e, app, 1, "SSLProxyCheckPeerExpire", app->verify ? "on" : "off");
    if (app->verify) {
        emit(e, app, 1, "SSLProxyVerifyDepth", "10");
    }
    else {
        emit(e, app, 1, "SSLProxyCheckPeerCN", "off");
    }
    if (app->verify && ca) {
        emit(e, app, 1, "SSLProxyCACertificateFile", atl_config_arg(e->p, ca));
    }
}

static void emit_settings(expander *e, const atl_worker *worker)
{
    const atl_app *app = worker->first->app;
    int tls = !strcmp(worker->first->backend->scheme, "https");

    if (!worker->first->cluster && strcmp(worker->url, worker->first->backend->origin)) {
        /* httpd merges the section of the bare URL into this one. */
        if (tls) {
            emit_tls(e, app);
        }
        emit_compression(e, app);
        return;
    }
    if (tls) {
        /* With a preserved Host httpd would check the application's certificate against the public
         * name; forwarded.c sends the public Host all the same. */
        comment(e, app,
                "Stock httpd cannot send the browser's Host to an https application whose "
                "certificate");
        comment(e, app,
                "has another name: the application needs its proxyName and proxyPort then.");
        emit_tls(e, app);
    }
    emit(e, app, 1, "ProxyPreserveHost", tls ? "Off" : "On");
    emit_forwarded(e, app);
    emit_cookies(e, app);
    emit_compression(e, app);
}

static expander inside(const expander *e, atl_node *section)
{
    expander inner = {.p = e->p, .site = e->site, .applied = e->applied};

    section->children = inner.out = apr_array_make(e->p, 8, sizeof(atl_node));
    return inner;
}

/* In the URL of a <Proxy> section httpd takes the brackets of an IPv6 address for a wildcard. Its
 * worker is defined there all the same, the settings need a pattern. */
static void emit_ipv6_worker(expander *e, const atl_worker *worker)
{
    const atl_app *app = worker->first->app;
    const char *quoted = apr_pstrcat(e->p, atl_config_arg(e->p, worker->url), ">", NULL);
    const char *pattern = apr_pstrcat(e->p, "\"^", pattern_of(e->p, worker->url), "(/|$)\">", NULL);
    expander inner = inside(e, emit(e, app, 1, "<Proxy", quoted));

    emit(&inner, app, 1, "ProxySet", worker->params);
    inner = inside(e, emit(e, app, 1, "<ProxyMatch", pattern));
    emit_settings(&inner, worker);
    if (!inner.out->nelts) {
        apr_array_pop(e->out);
    }
}

/* mod_proxy_hcheck finds these by name when a member that uses one is read. */
static void emit_health(expander *e)
{
    const apr_array_header_t *workers = e->site->workers;
    const char *said = "";

    for (int i = 0; i < workers->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(workers, i, const atl_worker *)->first;
        const char *health = claim->cluster ? atl_cluster_health(e->p, claim) : NULL;

        if (health && !strstr(said, health)) {
            emit(e, claim->app, 1, "ProxyHCExpr", health);
            said = apr_pstrcat(e->p, said, health, "\n", NULL);
        }
    }
}

/* An answer that caches may keep for everybody must not carry one browser's route. */
#define COOKIE_WHEN \
    "\"expr=-n reqenv('BALANCER_ROUTE_CHANGED') && !(resp('Cache-Control') =~ /public/)\""

static void emit_cluster(expander *e, const atl_worker *worker)
{
    const atl_claim *claim = worker->first;
    const atl_cluster *cluster = claim->cluster;
    const char *args =
        apr_pstrcat(e->p, atl_config_arg(e->p, apr_pstrcat(e->p, cluster->url, "/", NULL)), " ",
                    worker->params, ">", NULL);
    expander inner = inside(e, emit(e, claim->app, 1, "<Proxy", args));
    const atl_backend *node;

    for (int i = 0; (node = atl_claim_node(claim, i)); i++) {
        emit(&inner, claim->app, 1, "BalancerMember", atl_cluster_member(e->p, claim, node));
    }
    emit_settings(&inner, worker);
    if (cluster->sets_cookie) {
        const char *cookie = atl_cluster_cookie(
            e->p, cluster, !strcmp(e->site->public.scheme, "https"), "%{BALANCER_WORKER_ROUTE}e");
        emit(&inner, claim->app, 0, "Header",
             apr_pstrcat(e->p, "add Set-Cookie ", atl_config_arg(e->p, cookie), " " COOKIE_WHEN,
                         NULL));
    }
}

static void emit_worker(expander *e, const atl_worker *worker)
{
    const atl_app *app = worker->first->app;
    int bare = !strcmp(worker->url, worker->first->backend->origin);
    /* httpd compares characters: without the slash the section of http://10.0.0.1 would be merged
     * into http://10.0.0.10 and http://10.0.0.1:8090 too. */
    const char *url = bare ? apr_pstrcat(e->p, worker->url, "/", NULL) : worker->url;
    const char *args = apr_pstrcat(e->p, atl_config_arg(e->p, url), " ", worker->params, ">", NULL);
    expander inner;

    if (worker->first->cluster) {
        emit_cluster(e, worker);
        return;
    }
    if (*worker->first->backend->host == '[') {
        emit_ipv6_worker(e, worker);
        return;
    }
    inner = inside(e, emit(e, app, 1, "<Proxy", args));
    emit_settings(&inner, worker);
}

/* ------------------------------------------------------------------ who vouches for clients */

static void emit_vouching(expander *e)
{
    const atl_site *site = e->site;
    const atl_app *app = APR_ARRAY_IDX(site->apps, 0, const atl_app *);

    if (site->trusted->nelts) {
        /* "Internal": private addresses behind them are believed too. */
        emit(e, app, 1, "RemoteIPHeader", "X-Forwarded-For");
        emit(e, app, 1, "RemoteIPInternalProxy", apr_array_pstrcat(e->p, site->trusted, ' '));
        comment(e, app,
                "Stock httpd cannot believe X-Forwarded-Proto, -Host and -Port of these "
                "addresses alone.");
    }
    comment(e, app,
            "AtlassianApp drops every other X-Forwarded-*, X-Original-* and X-Rewrite-* of a "
            "client too,");
    comment(e, app, "and those written with \"_\"; stock httpd needs each name:");
    for (const char *const *name = atl_vouching; !e->applied && *name; name++) {
        if (!site->trusted->nelts || strcmp(*name, "X-Forwarded-For")) {
            emit(e, app, 0, "RequestHeader", apr_pstrcat(e->p, "unset ", *name, " early", NULL));
        }
    }
}

/* ------------------------------------------------------------------ cache */

/* mod_cache's settings of a virtual host. Served before access rules are asked, or without the
 * query, a file could be anybody's; what an application says of one person, no other may get. */
static const char *const cache_host[][2] = {
    {"CacheQuickHandler", "off"},
    {"CacheIgnoreQueryString", "off"},
    {"CacheIgnoreCacheControl", "off"},
    {"CacheIgnoreURLSessionIdentifiers", "None"},
    {"CacheIgnoreHeaders", "Set-Cookie Set-Cookie2 X-AUSERNAME X-AREQUESTID X-ASESSIONID "
                           "X-Seraph-LoginReason X-Seraph-Trusted-App-Status"},
    {"CacheLock", "on"}};

static const char *const cache_files[][2] = {{"CacheEnable", "disk"},
                                             {"CacheMaxFileSize", "16777216"},
                                             {"CacheStorePrivate", "off"},
                                             {"CacheStoreNoStore", "off"},
                                             {"CacheStoreExpired", "off"}};

/* In place of the address in mod_cache's keys. Other lines, other keys: what was kept for them is not
 * found again, and cleaned away in time. */
static const char *cache_key(expander *e)
{
    const char *address = atl_base_url(e->p, &e->site->public, "");
    unsigned char digest[APR_MD5_DIGESTSIZE];
    apr_md5_ctx_t context;

    apr_md5_init(&context);
    apr_md5_update(&context, address, strlen(address) + 1);
    for (int i = 0; i < e->site->apps->nelts; i++) {
        const char *words = APR_ARRAY_IDX(e->site->apps, i, const atl_app *)->words;
        apr_md5_update(&context, words, strlen(words) + 1);
    }
    apr_md5_final(digest, &context);
    return apr_psprintf(e->p, "http://%02x%02x%02x%02x%02x%02x%02x%02x/", digest[0], digest[1],
                        digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
}

static void emit_pairs(expander *e, const atl_app *app, const char *const (*pairs)[2], apr_size_t n)
{
    for (apr_size_t i = 0; i < n; i++) {
        emit(e, app, 1, pairs[i][0], pairs[i][1]);
    }
}

static void emit_cache_files(expander *e, const atl_app *app)
{
    emit_pairs(e, app, cache_files, sizeof(cache_files) / sizeof(cache_files[0]));
}

apr_array_header_t *atl_expand_cache(apr_pool_t *p, const atl_app *app)
{
    expander e = {.p = p, .out = apr_array_make(p, 8, sizeof(atl_node))};

    emit_cache_files(&e, app);
    return e.out;
}

static void emit_cache_host(expander *e, const atl_app *app)
{
    emit_pairs(e, app, cache_host, sizeof(cache_host) / sizeof(cache_host[0]));
    emit(e, app, 1, "CacheLockPath",
         atl_config_arg(e->p, apr_pstrcat(e->p, e->site->cache_root, "/lock", NULL)));
    emit(e, app, 1, "CacheKeyBaseURL", cache_key(e));
    comment(e, app,
            "AtlassianApp keeps only answers that are public, fresh and without a cookie, to "
            "requests");
    comment(e, app, "for this very host without Authorization; stock httpd cannot ask for that:");
}

static void emit_cache(expander *e)
{
    int first = 1;

    for (int i = 0; i < e->site->apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(e->site->apps, i, const atl_app *);
        expander inner;

        if (!app->cache) {
            continue;
        }
        if (first) {
            emit_cache_host(e, app);
            first = 0;
        }
        if (e->applied) {
            return;
        }
        inner = inside(e, emit(e, app, 0, "<LocationMatch",
                               apr_pstrcat(e->p, "\"",
                                           atl_cacheable_pattern(e->p, app->product,
                                                                 pattern_of(e->p, app->context)),
                                           "\">", NULL)));
        emit_cache_files(&inner, app);
    }
}

/* ------------------------------------------------------------------ maintenance */

/* an expression: a path is one of patterns, or below */
static const char *below_any(apr_pool_t *p, const apr_array_header_t *patterns)
{
    return apr_pstrcat(p, "%{REQUEST_URI} =~ m#^(", apr_array_pstrcat(p, patterns, '|'), ")(/|$)#",
                       NULL);
}

/* Of what is below a claim: other lines' paths, and what passes. */
static apr_array_header_t *not_maintained(expander *e, const atl_claim *claim)
{
    const apr_array_header_t *claims = atl_routes_claims(e->site->routes);
    apr_array_header_t *patterns = apr_array_make(e->p, 8, sizeof(const char *));

    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *other = APR_ARRAY_IDX(claims, i, const atl_claim *);
        if (other->len > claim->len && !strncmp(other->path, claim->path, claim->len) &&
            (other->app != claim->app || !other->backend)) {
            APR_ARRAY_PUSH(patterns, const char *) = pattern_of(e->p, other->path);
        }
    }
    for (const char *const *open = claim->app->product->open;
         claim->kind == ATL_CLAIM_PAGES && *open; open++) {
        APR_ARRAY_PUSH(patterns, const char *) =
            pattern_of(e->p, apr_pstrcat(e->p, claim->path, *open, NULL));
    }
    return patterns;
}

static void emit_maintenance(expander *e, const atl_claim *claim)
{
    const atl_app *app = claim->app;
    const apr_array_header_t *passes = not_maintained(e, claim);
    apr_array_header_t *own = apr_array_make(e->p, 1, sizeof(const char *));
    const char *condition;
    expander inner;

    APR_ARRAY_PUSH(own, const char *) = pattern_of(e->p, claim->path);
    condition =
        apr_pstrcat(e->p, "-f '", app->maintenance, "' && ", below_any(e->p, own),
                    passes->nelts ? " && !(" : "", passes->nelts ? below_any(e->p, passes) : "",
                    passes->nelts ? ")" : "", NULL);
    for (int i = 0; i < app->admin->nelts; i++) {
        condition = apr_pstrcat(e->p, condition, " && ! -R '",
                                APR_ARRAY_IDX(app->admin, i, const char *), "'", NULL);
    }
    if (claim->kind == ATL_CLAIM_PAGES) {
        comment(e, app,
                "Stock httpd asks the disk at every request, and shows ErrorDocument 503 in place "
                "of the file's");
        comment(e, app, "words, without Retry-After.");
    }
    inner = inside(
        e, emit(e, app, 0, "<If", apr_pstrcat(e->p, atl_config_arg(e->p, condition), ">", NULL)));
    emit(&inner, app, 0, "Redirect", "503 \"/\"");
}

/* ------------------------------------------------------------------ paths */

/* First match wins in mod_proxy: longer paths come first. */
static int by_path_length(const void *a, const void *b)
{
    const atl_claim *x = *(const atl_claim *const *)a, *y = *(const atl_claim *const *)b;

    return x->len != y->len ? (x->len < y->len) - (x->len > y->len) : strcmp(x->path, y->path);
}

static apr_array_header_t *sorted_claims(const expander *e)
{
    apr_array_header_t *sorted = apr_array_copy(e->p, atl_routes_claims(e->site->routes));

    qsort(sorted->elts, (size_t)sorted->nelts, sizeof(atl_claim *), by_path_length);
    return sorted;
}

static const char *origin_of(const atl_claim *claim)
{
    return claim->cluster ? claim->cluster->url : claim->backend->origin;
}

static void emit_paths(expander *e, const apr_array_header_t *claims)
{
    const apr_array_header_t *patterns = e->site->local_patterns;

    for (int i = 0; i < patterns->nelts; i++) {
        emit(e, NULL, 0, "ProxyPassMatch",
             apr_pstrcat(e->p, atl_config_arg(e->p, APR_ARRAY_IDX(patterns, i, const char *)),
                         " ! mapping=servlet", NULL));
    }
    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);
        const char *target;

        if (!claim->backend) {
            /* Of the administrator's own ProxyPass lines too, which mod_proxy looks at only after
             * those with mapping=servlet. */
            emit(e, claim->app, 0, "ProxyPass",
                 apr_pstrcat(e->p, pair(e, claim->path, "!"), " mapping=servlet", NULL));
            if (claim->kind == ATL_CLAIM_ABSENT) {
                emit(e, claim->app, 0, "Redirect",
                     apr_pstrcat(e->p, "404 ", atl_config_arg(e->p, claim->path), NULL));
            }
            continue;
        }
        target = apr_pstrcat(e->p, origin_of(claim), claim->backend_path, *claim->path ? NULL : "/",
                             NULL);
        emit(e, claim->app, 0, "ProxyPass",
             apr_pstrcat(e->p, pair(e, claim->path, target), " mapping=servlet", NULL));
    }
}

static void emit_cookie_mapping(expander *e, const atl_claim *claim)
{
    const char *public = e->site->public.host;
    const atl_backend *node;

    for (int i = 0; public && (node = atl_claim_node(claim, i)); i++) {
        if (strcmp(public, node->host)) {
            emit(e, claim->app, 0, "ProxyPassReverseCookieDomain",
                 apr_pstrcat(e->p, atl_config_arg(e->p, node->host), " ",
                             atl_config_arg(e->p, public), NULL));
        }
    }
    if (strcmp(claim->path, claim->backend_path)) {
        emit(e, claim->app, 0, "ProxyPassReverseCookiePath",
             apr_pstrcat(e->p, atl_config_arg(e->p, claim->backend_path), " ",
                         atl_config_arg(e->p, claim->path), NULL));
    }
}

/* Redirects an application wrote with its own address, or with the right host and the wrong scheme
 * (no scheme="https" in its Connector). */
static void emit_reverse(expander *e, const apr_array_header_t *claims)
{
    const atl_public *public = &e->site->public;

    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);
        const char *slash = *claim->path ? NULL : "/";

        if (!claim->backend) {
            continue;
        }
        emit(e, claim->app, 0, "ProxyPassReverse",
             pair(e, claim->path,
                  apr_pstrcat(e->p, origin_of(claim), claim->backend_path, slash, NULL)));
        if (public->host && !strcmp(public->scheme, "https")) {
            emit(
                e, claim->app, 0, "ProxyPassReverse",
                pair(e, claim->path,
                     apr_pstrcat(e->p, "http://", public->host, claim->backend_path, slash, NULL)));
        }
        emit_cookie_mapping(e, claim);
    }
}

/* ------------------------------------------------------------------ admin= */

static void emit_doors(expander *e, const atl_app *app)
{
    const apr_array_header_t *patterns =
        atl_door_patterns(e->p, app->product, pattern_of(e->p, app->context));
    const char *networks = apr_array_pstrcat(e->p, app->admin, ' ');

    comment(e, app,
            "In stock httpd another section for the same path, or Satisfy Any, can undo these.");
    for (int i = 0; i < patterns->nelts; i++) {
        const char *pattern = APR_ARRAY_IDX(patterns, i, const char *);
        expander inner =
            inside(e, emit(e, app, 0, "<LocationMatch",
                           apr_pstrcat(e->p, atl_config_arg(e->p, pattern), ">", NULL)));

        emit(&inner, app, 0, "AuthMerging", "And");
        emit(&inner, app, 0, "Require", apr_pstrcat(e->p, "ip ", networks, NULL));
    }
}

/* What is told of the virtual host and of mod_proxy's workers. */
static void emit_host(expander *e)
{
    const apr_array_header_t *workers = e->site->workers;

    emit_vouching(e);
    emit_health(e);
    for (int i = 0; i < workers->nelts; i++) {
        emit_worker(e, APR_ARRAY_IDX(workers, i, const atl_worker *));
    }
    emit_cache(e);
}

apr_array_header_t *atl_expand_applied(apr_pool_t *p, const atl_site *site)
{
    expander e = {
        .p = p, .site = site, .out = apr_array_make(p, 4, sizeof(atl_node)), .applied = 1};

    emit_host(&e);
    return e.out;
}

apr_array_header_t *atl_expand(apr_pool_t *p, const atl_site *site)
{
    expander e = {.p = p, .site = site, .out = apr_array_make(p, 16, sizeof(atl_node))};
    apr_array_header_t *claims = sorted_claims(&e);

    emit_host(&e);
    for (int i = claims->nelts; i > 0; i--) { /* an application's own path first */
        const atl_claim *claim = APR_ARRAY_IDX(claims, i - 1, const atl_claim *);
        if (claim->backend && claim->app->maintenance) {
            emit_maintenance(&e, claim);
        }
    }
    emit_paths(&e, claims);
    emit_reverse(&e, claims);
    for (int i = 0; i < site->apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(site->apps, i, const atl_app *);

        if (app->admin->nelts) {
            emit_doors(&e, app);
        }
    }
    return e.out;
}

/* ------------------------------------------------------------------ as text */

static void add_lines(apr_array_header_t *lines, const apr_array_header_t *nodes,
                      const atl_app *only, const char *indent)
{
    apr_pool_t *p = lines->pool;

    for (int i = 0; i < nodes->nelts; i++) {
        const atl_node *node = &APR_ARRAY_IDX(nodes, i, atl_node);

        if (only && node->app != only) {
            continue;
        }
        APR_ARRAY_PUSH(lines, const char *) = apr_pstrcat(
            p, indent, node->directive ? node->directive : "#", " ", node->args, "\n", NULL);
        if (node->children) {
            add_lines(lines, node->children, NULL, apr_pstrcat(p, indent, "    ", NULL));
            APR_ARRAY_PUSH(lines, const char *) =
                apr_pstrcat(p, indent, "</", node->directive + 1, ">\n", NULL);
        }
    }
}

const char *atl_nodes_text(apr_pool_t *p, const apr_array_header_t *nodes, const atl_app *only,
                           const char *indent)
{
    apr_array_header_t *lines = apr_array_make(p, 64, sizeof(const char *));

    add_lines(lines, nodes, only, indent);
    return apr_array_pstrcat(p, lines, '\0');
}

const char *atl_expand_text(apr_pool_t *p, const atl_site *site, const atl_app *app)
{
    return atl_nodes_text(p, atl_expand(p, site), app, "");
}
