/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "observe.h"
#include "cluster_watch.h"
#include "cookie.h"
#include "counters.h"
#include "large_body.h"
#include "libssl.h"
#include "log.h"
#include "unavailable.h"

#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_proxy.h"

#include <apr_lib.h>
#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <stdlib.h>

APLOG_USE_MODULE(atlassian_proxy);

#define PEEK 4096 /* of a body that may say why it is an error, or whose head has addresses */

/* Bytes of a form: a body of no more may have met a connection that was just closed for being idle. */
#define FORM 65535

/* ------------------------------------------------------------------ reports */

void atl_observe_report(const request_rec *r, const atl_app *app, atl_finding_id id)
{
    server_rec *s = r->server;

    if (id == ATL_FINDING_NONE || !atl_counters_found(app, id, r->uri, apr_time_now()) ||
        atl_finding_is_quiet(app, id)) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "ATLP%u: AtlassianApp %s",
                 atl_findings[id].number,
                 atl_finding_line(r->pool, &atl_server_conf_of(s)->site, app, id));
}

void atl_observe_report_node(const request_rec *r, const atl_request *request, atl_finding_id id)
{
    server_rec *s = r->server;
    const atl_app *app = request->claim->app;
    const char *node = request->node->origin;

    if (atl_counters_found(app, id, node, apr_time_now()) && !atl_finding_is_quiet(app, id)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "ATLP%u: AtlassianApp %s (example: %s)",
                     atl_findings[id].number,
                     atl_finding_line(r->pool, &atl_server_conf_of(s)->site, app, id), node);
    }
}

/* ------------------------------------------------------------------ what mod_proxy logs */

/* mod_proxy tells nobody why a connection failed, but for the error log. Its lines about workers
 * name no request, so the thread remembers whose it is working on. Only addresses that outlive
 * requests are kept here: after a request that ended early they are stale, not dangling. */
static _Thread_local struct {
    const atl_app *app; /* NULL: not one of ours */
    atl_failure failure;
    apr_status_t status;
    int distrusted; /* mod_ssl refused a certificate */
    void *ssl;      /* SSL * of a new connection to the application, a reference of our own */
} working;

static struct {
    int (*up_ref)(void *ssl);
    void (*free)(void *ssl);
    int (*is_init_finished)(const void *ssl);
} libssl;

static void watch(const atl_app *app)
{
    if (working.ssl) {
        libssl.free(working.ssl);
        working.ssl = NULL;
    }
    working.app = app;
    working.failure = ATL_FAILURE_NONE;
    working.status = 0;
    working.distrusted = 0;
}

/* mod_ssl's optional hook, as in its mod_ssl_openssl.h, which not every system installs. */
typedef int ssl_HOOK_pre_handshake_t(conn_rec *c, void *ssl, int is_proxy);

static int pre_handshake(conn_rec *c, void *ssl, int is_proxy)
{
    (void)c;
    if (is_proxy && working.app && !working.ssl && libssl.up_ref && libssl.up_ref(ssl)) {
        working.ssl = ssl;
    }
    return DECLINED;
}

/* A certificate that does not have the name asked for is told at level info only, which is not
 * logged; but then the handshake itself went well. */
static atl_failure tls_failure(void)
{
    if (working.distrusted) {
        return ATL_FAILURE_TLS_VERIFY;
    }
    return working.ssl && libssl.is_init_finished(working.ssl) ? ATL_FAILURE_TLS_NAME
                                                               : ATL_FAILURE_TLS;
}

static void failed(atl_failure failure, apr_status_t status)
{
    working.failure = failure;
    working.status = status;
}

/* httpd numbers its messages (modules/proxy/proxy_util.c, mod_proxy_http.c, ssl_engine_kernel.c);
 * the numbers never change. */
static void on_error_log(const ap_errorlog_info *info, const char *text)
{
    if (!working.app || strncmp(text, "AH", 2)) {
        return;
    }
    switch (atoi(text + 2)) {
    case 952: /* no socket */
    case 957: /* no connection */
        failed(ATL_FAILURE_CONNECT, info->status);
        break;
    case 1084: /* no more of the request taken */
        if (info->r && atl_has_body_beyond(info->r, FORM)) {
            failed(ATL_FAILURE_UPLOAD, info->status);
        }
        else if (working.app->backends->nelts > 1) {
            failed(ATL_FAILURE_ANSWER, info->status);
        }
        break;
    case 1102: /* no status line */
        failed(ATL_FAILURE_ANSWER, info->status);
        break;
    case 2039: /* certificate not trusted, and the same at level info */
    case 2276:
        working.distrusted = 1;
        break;
    case 898: /* mod_proxy's error to the client */
        if (strstr(text, "DNS lookup failure")) {
            failed(ATL_FAILURE_DNS, info->status);
        }
        else if (strstr(text, "SSL Handshake")) {
            failed(tls_failure(), info->status);
        }
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------ the beginning */

static int is_counted(const request_rec *r)
{
    for (; r; r = r->prev) {
        const atl_request *request = atl_request_of(r);
        if (request && request->observed.handed) {
            return 1;
        }
    }
    return 0;
}

/* Before all handlers, for every request of the server: the cheapest place that knows that the
 * application will be asked. */
static int before_handler(request_rec *r)
{
    atl_request *request = atl_request_of(r);

    watch(request ? request->claim->app : NULL);
    if (request && !r->main && !is_counted(r)) {
        request->observed.handed = apr_time_now();
        request->observed.latency = -1;
        atl_counters_move(request->claim->app, ATL_GAUGE_IN_FLIGHT, 1);
    }
    return DECLINED;
}

/* ------------------------------------------------------------------ an answer */

static apr_size_t size_of_head(const request_rec *r)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);
    /* What is added on the way: X-Forwarded-For, -Host, -Proto and -Port, Connection. */
    const char *host = apr_table_get(r->headers_in, "Host");
    apr_size_t size = strlen(r->the_request) + 120 + (host ? strlen(host) : 0);

    for (int i = 0; i < headers->nelts; i++) {
        const apr_table_entry_t *header = &APR_ARRAY_IDX(headers, i, apr_table_entry_t);
        size += strlen(header->key) + strlen(header->val) + sizeof(": \r\n") - 1;
    }
    return size;
}

static int wants_websocket(const request_rec *r)
{
    const char *upgrade = apr_table_get(r->headers_in, "Upgrade");

    return upgrade && !ap_cstr_casecmp(upgrade, "websocket");
}

/* The first piece of a body that has come already; nothing is waited for. */
static void peek(apr_bucket_brigade *bb, atl_exchange *x)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (!APR_BUCKET_IS_METADATA(b) &&
            apr_bucket_read(b, &x->body, &x->body_len, APR_NONBLOCK_READ) == APR_SUCCESS &&
            x->body_len) {
            x->body_len = x->body_len > PEEK ? PEEK : x->body_len;
            return;
        }
    }
    x->body_len = 0;
}

static void fill_exchange(const request_rec *r, const atl_request *request, atl_exchange *x)
{
    x->site = &atl_server_conf_of(r->server)->site;
    x->claim = request->claim;
    x->method = r->method;
    x->scheme = ap_http_scheme(r);
    x->host = request->host;
    x->path = r->uri;
    x->uri = r->unparsed_uri;
    x->origin = apr_table_get(r->headers_in, "Origin");
    x->wants_websocket = wants_websocket(r);
    x->status = r->status;
    x->content_type = r->content_type;
    x->content_encoding = apr_table_get(r->headers_out, "Content-Encoding");
    x->location = apr_table_get(r->headers_out, "Location");
    x->sets_cookie = apr_table_get(r->headers_out, "Set-Cookie") != NULL;
}

static void judge_cookies(const request_rec *r, const atl_exchange *x)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_out);
    const apr_table_entry_t *header;

    for (int next = 0; (header = atl_cookie_next(headers, &next));) {
        atl_observe_report(r, x->claim->app, atl_judge_cookie(x, header->val));
    }
}

/* One whose addresses a browser may refuse to follow. */
static int is_page(const request_rec *r)
{
    return r->status == HTTP_OK && r->content_type &&
           !ap_cstr_casecmpn(r->content_type, "text/html", 9) &&
           !strcmp(ap_http_scheme(r), "https");
}

static void judge(request_rec *r, atl_request *request, apr_bucket_brigade *bb)
{
    const atl_app *app = request->claim->app;
    atl_exchange x = {0};

    fill_exchange(r, request, &x);
    if (r->status == HTTP_BAD_REQUEST) {
        x.header_size = size_of_head(r);
    }
    if (r->status == HTTP_BAD_REQUEST || r->status == HTTP_FORBIDDEN || is_page(r)) {
        peek(bb, &x);
    }
    if (x.location) {
        atl_observe_report(r, app, atl_judge_redirect(r->pool, &x));
    }
    atl_observe_report(r, app, atl_judge_answer(&x));
    if (x.body && r->status == HTTP_OK) {
        atl_observe_report(r, app, atl_judge_page(&x));
    }
    if (x.sets_cookie) {
        judge_cookies(r, &x);
    }
    if (x.content_encoding) {
        atl_observe_report(r, app, atl_judge_encoding(&x));
    }
}

/* Most answers are 200 or 304 to a page or a file, without a cookie: there is nothing to see. */
static int is_plain(const request_rec *r, const atl_claim *claim)
{
    return claim->kind == ATL_CLAIM_PAGES && r->status < 300 &&
           !apr_table_get(r->headers_out, "Set-Cookie") &&
           (claim->app->compression == ATL_COMPRESSION_PASS ||
            !apr_table_get(r->headers_out, "Content-Encoding")) &&
           !is_page(r);
}

static void note_answer(const atl_request *request, apr_time_t now)
{
    const atl_app *app = request->claim->app;

    atomic_store_explicit(&atl_counters_app(app)->traffic.last_answer, (apr_uint64_t)now,
                          memory_order_relaxed);
    atomic_store_explicit(&atl_counters_backend(app, atl_request_backend(request))->last_answer,
                          (apr_uint64_t)now, memory_order_relaxed);
}

void atl_observe_answer(request_rec *r, atl_request *request, apr_bucket_brigade *bb)
{
    apr_time_t now;

    /* What comes after the end is not the application's: an error page, a subrequest's last bucket. */
    if (request->observed.own_page || request->observed.ended) {
        return;
    }
    now = apr_time_now();
    request->observed.answered = 1;
    if (request->observed.handed) {
        request->observed.latency = now - request->observed.handed;
    }
    note_answer(request, now);
    if (request->claim->cluster) {
        atl_cluster_watch_answer(r, request, now);
    }
    if (!is_plain(r, request->claim)) {
        judge(r, request, bb);
    }
    atl_unavailable_replace(r, request, bb);
}

/* ------------------------------------------------------------------ no answer */

static void count_failure(const atl_request *request, apr_time_t now)
{
    const atl_app *app = request->claim->app;
    atl_traffic *rows[] = {&atl_counters_app(app)->traffic,
                           atl_counters_backend(app, atl_request_backend(request))};

    for (int i = 0; i < 2; i++) {
        if (request->observed.failure != ATL_FAILURE_ANSWER &&
            request->observed.failure != ATL_FAILURE_UPLOAD) {
            atomic_fetch_add_explicit(&rows[i]->connect_failures, 1, memory_order_relaxed);
        }
        atomic_store_explicit(&rows[i]->last_failure, (apr_uint64_t)now, memory_order_relaxed);
    }
}

static void take_failure(atl_request *request)
{
    request->observed.failure = working.failure;
    request->observed.failure_status = working.status;
    if (working.failure != ATL_FAILURE_NONE) {
        count_failure(request, apr_time_now());
    }
}

/* Synchrony's own port may be closed on purpose, Confluence's browsers then use the way through
 * Confluence: a failure there is counted and nothing to complain of. */
static void report_failure(request_rec *r, const atl_request *request)
{
    if (request->claim->kind != ATL_CLAIM_SYNCHRONY) {
        atl_observe_report(
            r, request->claim->app,
            atl_judge_failure(request->observed.failure, request->observed.failure_status));
    }
}

atl_failure atl_observe_attempt(request_rec *r, atl_request *request)
{
    if (working.failure != ATL_FAILURE_NONE) {
        request->observed.failure = working.failure;
        atl_cluster_watch_failure(r, request, apr_time_now());
    }
    take_failure(request);
    watch(request->claim->app);
    return request->observed.failure;
}

/* Of a cluster nobody was asked when mod_proxy_balancer found no node fit for it. */
static void note_no_node(atl_request *request)
{
    if (!request->node) {
        request->observed.failure = ATL_FAILURE_CONNECT;
        request->observed.failure_status = APR_ECONNREFUSED;
    }
}

/* mod_proxy's handler is done with a request; nothing was sent where it ends with an error. */
static int after_proxy(int *status, request_rec *r)
{
    atl_request *request = atl_request_of(r);

    if (!request || working.app != request->claim->app) {
        return DECLINED;
    }
    request->observed.ended = 1;
    if (!request->claim->cluster) {
        take_failure(request);
        report_failure(r, request);
    }
    else if (ap_is_HTTP_SERVER_ERROR(*status)) {
        note_no_node(request);
        if (!atl_cluster_watch_end(r, request)) {
            report_failure(r, request);
        }
    }
    watch(NULL);
    if (ap_is_HTTP_SERVER_ERROR(*status) && !request->observed.answered && !r->main) {
        *status = atl_unavailable_answer(r, request, *status);
    }
    return OK;
}

/* ------------------------------------------------------------------ the end */

static int sends_body(const request_rec *r)
{
    return apr_table_get(r->headers_in, "Content-Length") ||
           apr_table_get(r->headers_in, "Transfer-Encoding");
}

static void judge_own_answer(const request_rec *r, const atl_request *request, int status)
{
    if (!request->observed.answered && status >= HTTP_BAD_REQUEST) {
        atl_observe_report(r, request->claim->app,
                           atl_judge_own_answer(request->claim, r->uri, status, sends_body(r)));
    }
}

/* mod_security looks at Content-Length before paths are translated. */
static void judge_refused_early(const request_rec *r)
{
    const atl_routes *routes = atl_server_conf_of(r->server)->site.routes; /* NULL: no lines */
    const atl_claim *claim;
    atl_path path;

    if (r->status != HTTP_REQUEST_ENTITY_TOO_LARGE || !routes || !r->uri ||
        atl_path_read(r->pool, r->uri, &path) != ATL_PATH_OK) {
        return;
    }
    claim = atl_routes_find(routes, path.resolved);
    if (claim && claim->app) {
        atl_observe_report(r, claim->app,
                           atl_judge_own_answer(claim, path.resolved, r->status, sends_body(r)));
    }
}

static void count_websocket(const request_rec *r, const atl_request *request, int status)
{
    if (request->claim->kind == ATL_CLAIM_PAGES || request->observed.tunnelled ||
        !wants_websocket(r)) {
        return;
    }
    if (status == HTTP_SWITCHING_PROTOCOLS) {
        atomic_fetch_add_explicit(&atl_counters_app(request->claim->app)->websockets.opened, 1,
                                  memory_order_relaxed);
    }
    else {
        atl_counters_ws_refused(request->claim->app);
    }
}

/* r is the request as it came; internal redirects hang on it. */
static int log_transaction(request_rec *r)
{
    const request_rec *q = r, *last, *ours = NULL;
    const atl_request *request, *handed = NULL; /* at most one of a chain, see is_counted() */
    const atl_claim *claim;
    apr_interval_time_t latency;
    apr_time_t now;

    do {
        request = atl_request_of(q);
        ours = !ours && request ? q : ours;
        handed = request && request->observed.handed ? request : handed;
        last = q;
    } while ((q = q->next));
    if (!ours) {
        judge_refused_early(r);
        return DECLINED;
    }
    request = atl_request_of(ours);
    claim = request->claim;
    now = apr_time_now();
    latency = request->observed.handed && last->status != HTTP_SWITCHING_PROTOCOLS
                  ? request->observed.latency
                  : -1;
    atl_counters_answered(&atl_counters_app(claim->app)->traffic, last->status, latency, now);
    if (request->observed.handed || !request->cacheable) {
        atl_counters_answered(atl_counters_backend(claim->app, atl_request_backend(request)),
                              last->status, latency, now);
    }
    if (handed) {
        atl_counters_move(handed->claim->app, ATL_GAUGE_IN_FLIGHT, -1);
    }
    judge_own_answer(ours, request, last->status);
    count_websocket(ours, request, last->status);
    return OK;
}

/* ------------------------------------------------------------------ hooks */

static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)p;
    (void)plog;
    (void)ptemp;
    (void)s;
    *(void **)&libssl.free = atl_libssl_find("SSL_free");
    *(void **)&libssl.is_init_finished = atl_libssl_find("SSL_is_init_finished");
    if (libssl.free && libssl.is_init_finished) {
        *(void **)&libssl.up_ref = atl_libssl_find("SSL_up_ref");
    }
    return OK;
}

void atl_observe_register_hooks(apr_pool_t *p)
{
    static const char *const mod_cache[] = {"mod_cache.c", NULL};

    (void)p;
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_error_log(on_error_log, NULL, NULL, APR_HOOK_MIDDLE);
    /* Not before mod_cache: what it answers is not the application's. */
    ap_hook_handler(before_handler, mod_cache, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(log_transaction, NULL, NULL, APR_HOOK_MIDDLE);
    /* Optional: mod_proxy and mod_ssl may be loaded after this module, or not at all. */
    APR_OPTIONAL_HOOK(proxy, request_status, after_proxy, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ssl, pre_handshake, pre_handshake, NULL, NULL, APR_HOOK_MIDDLE);
}
