/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "check.h"
#include "cluster.h"
#include "observe.h"
#include "verdict.h"

#include "http_config.h"
#include "http_connection.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_proxy.h"

#include <apr_strings.h>

#define CAPTURED 16384 /* bytes of an answer; what is looked for stands at its beginning */
#define ANSWER_SECONDS 5
#define NOTE "atlassian-check"

/* ------------------------------------------------------------------ catching the answer */

typedef struct capture {
    char text[CAPTURED + 1];
    apr_size_t len;
} capture;

static ap_filter_rec_t *capture_filter;

/* Takes what fits, drops the rest; nothing goes on to the client. */
static apr_status_t on_answer(ap_filter_t *f, apr_bucket_brigade *bb)
{
    capture *caught = f->ctx;

    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t len;
        apr_status_t rv;

        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        if ((rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ)) != APR_SUCCESS) {
            return rv;
        }
        len = len < CAPTURED - caught->len ? len : CAPTURED - caught->len;
        memcpy(caught->text + caught->len, data, len);
        caught->len += len;
    }
    caught->text[caught->len] = '\0';
    apr_brigade_cleanup(bb);
    return APR_SUCCESS;
}

/* mod_proxy is about to wait for an answer: a check does not wait as long as a user does. The
 * connection is not used again (proxy-nokeepalive), so nobody else gets this timeout. */
static int before_answer(request_rec *r, request_rec *answer)
{
    apr_socket_t *socket;

    if (apr_table_get(r->notes, NOTE) && (socket = ap_get_conn_socket(answer->connection))) {
        apr_socket_timeout_set(socket, apr_time_from_sec(ANSWER_SECONDS));
    }
    return OK;
}

/* ------------------------------------------------------------------ asking */

/* A check of one app. */
typedef struct inquiry {
    request_rec *r; /* who wants to know */
    server_rec *server;
    const atl_app *app;
    apr_time_t until;
    apr_array_header_t *results;
    const atl_backend *node; /* of a cluster, the one to ask; else NULL */
    int base_url_off;        /* told already */
    const char *version;     /* of the first node that said one */
    int versions_differ;     /* told already */
} inquiry;

static apr_table_t *headers_for(const request_rec *r, const server_rec *s, const char *cookie)
{
    const atl_public *public = &atl_server_conf_of(s)->site.public;
    unsigned standard = strcmp(public->scheme, "https") ? 80 : 443;
    const char *host = public->host ? public->host : apr_table_get(r->headers_in, "Host");
    apr_table_t *headers = apr_table_make(r->pool, 4);

    if (public->host && public->port != standard) {
        host = apr_psprintf(r->pool, "%s:%u", host, public->port);
    }
    apr_table_setn(headers, "Host", host ? host : "localhost");
    apr_table_setn(headers, "Accept", "application/json, application/xml, text/plain");
    apr_table_setn(headers, "User-Agent", "mod_atlassian_proxy (check)");
    if (cookie) {
        apr_table_setn(headers, "Cookie", cookie);
    }
    return headers;
}

/* What leads a request to the node to ask; NULL when there is no choice. */
static const char *route_cookie(const inquiry *in)
{
    apr_pool_t *p = in->r->pool;

    return in->node
               ? apr_pstrcat(p, atl_cluster_cookie_name(p, in->app), "=.", in->node->route, NULL)
               : NULL;
}

/* The one lookup at a time that a thread makes. */
static _Thread_local struct {
    const request_rec *r; /* who wants to know */
    apr_array_header_t *heard;
} looking_up;

static void on_error_log(const ap_errorlog_info *info, const char *text)
{
    if (looking_up.heard && (info->level & APLOG_LEVELMASK) <= APLOG_WARNING) {
        atl_heard *heard = apr_array_push(looking_up.heard);
        const char *module = ap_find_module_short_name(info->module_index);

        heard->module = module ? module : "core";
        heard->text = apr_pstrdup(looking_up.heard->pool, text);
    }
}

/* httpd spares subrequests some of what clients' requests go through: SetEnvIf in sections, logins that it
 * thinks were asked for already. This one has no main request until it is looked up. */
static int as_a_client(request_rec *r)
{
    if (!looking_up.r || r->main != looking_up.r) {
        return DECLINED;
    }
    atl_request_make(r)->forwarded = atl_request_make(r->main)->forwarded;
    r->main = NULL;
    r->the_request = apr_pstrcat(r->pool, r->method, " ", r->unparsed_uri, " HTTP/1.1", NULL);
    /* The first time mod_setenvif has what stands outside of sections, and for clients that was when the
     * request was read. */
    ap_run_header_parser(r);
    return DECLINED;
}

/* A subrequest takes server, host, headers and environment from its parent, which is made to look like a
 * client of that virtual host for as long as it is set up. */
request_rec *atl_check_request(request_rec *r, server_rec *server, const char *cookie,
                               const char *path, ap_filter_t *catcher, apr_array_header_t *heard)
{
    request_rec saved = *r, *sub;

    r->server = server;
    r->headers_in = headers_for(&saved, server, cookie);
    r->subprocess_env = apr_table_make(r->pool, 4);
    r->hostname = atl_server_conf_of(server)->site.public.host;
    r->hostname = r->hostname ? r->hostname : saved.hostname;
    r->user = NULL;
    r->ap_auth_type = NULL;
    looking_up.r = r;
    looking_up.heard = heard;
    sub = ap_sub_req_method_uri("GET", path, r, catcher);
    looking_up.r = NULL;
    looking_up.heard = NULL;
    sub->main = r;
    r->server = saved.server;
    r->headers_in = saved.headers_in;
    r->subprocess_env = saved.subprocess_env;
    r->hostname = saved.hostname;
    r->user = saved.user;
    r->ap_auth_type = saved.ap_auth_type;
    return sub;
}

/* Returns the status, 0 when there was no answer; *local when it is httpd's own. */
static int ask(const inquiry *in, const char *path, capture *caught, request_rec **asked,
               int *local)
{
    request_rec *r = in->r;
    ap_filter_t *catcher = ap_add_output_filter_handle(capture_filter, caught, r, r->connection);
    request_rec *sub = *asked =
        atl_check_request(r, in->server, route_cookie(in), path, catcher, NULL);
    int status = sub->status;

    *local = 1;
    if (status == HTTP_OK && atl_request_of(sub)) {
        int rv;

        apr_table_setn(sub->notes, NOTE, "1");
        apr_table_setn(sub->subprocess_env, "proxy-nokeepalive", "1");
        rv = ap_run_sub_req(sub);
        *local = !atl_request_of(sub)->observed.answered;
        status = rv == OK || rv == DONE ? sub->status : rv;
    }
    ap_remove_output_filter(catcher);
    return status;
}

static const char *path_of(apr_pool_t *p, const atl_app *app, const atl_probe *probe)
{
    if (probe->kind != ATL_PROBE_OK) {
        return apr_pstrcat(p, app->context, probe->path, NULL);
    }
    switch (app->synchrony) {
    case ATL_SYNCHRONY_DIRECT:
        return apr_pstrcat(p, app->synchrony_path, probe->path, NULL);
    case ATL_SYNCHRONY_INTERNAL:
        return apr_pstrcat(p, app->context, ATL_SYNCHRONY_PROXY_PATH "/healthcheck", NULL);
    case ATL_SYNCHRONY_OFF:
        break;
    }
    return NULL;
}

/* ------------------------------------------------------------------ judging */

static void judge_local(const inquiry *in, int status, atl_check_result *result)
{
    result->verdict = "wrong";
    result->said = status == HTTP_OK
                       ? "httpd serves this path itself: no application was asked"
                       : apr_psprintf(in->r->pool, "httpd itself answers %d: %s", status,
                                      status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN
                                          ? "other applications are refused here too"
                                          : "the application could not be asked");
}

static void judge_version(inquiry *in, const request_rec *asked, const char *version,
                          atl_check_result *result)
{
    in->version = in->version ? in->version : version;
    if (!strcmp(in->version, version)) {
        return;
    }
    result->verdict = "wrong";
    result->said = apr_psprintf(in->r->pool,
                                "this node runs version %s, another one %s; only while a "
                                "cluster is upgraded do its nodes differ",
                                version, in->version);
    if (!in->versions_differ) {
        in->versions_differ = 1;
        atl_observe_report(asked, in->app, ATL_FINDING_NODES_DIFFER);
    }
}

static void judge_answer(inquiry *in, const request_rec *asked, const atl_probe *probe, int status,
                         const char *body, atl_check_result *result)
{
    atl_verdict verdict;

    atl_verdict_of(in->r->pool, &atl_server_conf_of(in->server)->site, in->app, probe, status, body,
                   &verdict);
    result->verdict = verdict.right > 0 ? "right" : verdict.right ? "unknown" : "wrong";
    result->said = verdict.said;
    if (verdict.base_url_off && !in->base_url_off) {
        in->base_url_off = 1;
        atl_observe_report(asked, in->app, ATL_FINDING_BASE_URL);
    }
    if (in->node && verdict.version) {
        judge_version(in, asked, verdict.version, result);
    }
}

static void run_probe(inquiry *in, const atl_probe *probe, const char *path,
                      atl_check_result *result)
{
    capture *caught = apr_pcalloc(in->r->pool, sizeof(*caught));
    request_rec *asked;
    int local, status = ask(in, path, caught, &asked, &local);

    if (local) {
        judge_local(in, status, result);
    }
    else if (in->node && atl_request_backend(atl_request_of(asked)) != in->node) {
        result->verdict = "unknown";
        result->said = "not asked: this node is out of the balancer, and another one answered";
    }
    else {
        judge_answer(in, asked, probe, status, caught->text, result);
    }
    ap_destroy_sub_req(asked);
}

/* All probes of an application, or those that are Synchrony's. */
static void run_probes(inquiry *in, int synchrony)
{
    apr_pool_t *p = in->r->pool;

    for (const atl_probe *probe = in->app->product->probes; probe->path; probe++) {
        const char *path = path_of(p, in->app, probe);
        atl_check_result *result;

        if (!path || (probe->kind == ATL_PROBE_OK) != synchrony) {
            continue;
        }
        result = apr_array_push(in->results);
        result->path = in->node ? apr_pstrcat(p, path, " at ", in->node->origin, NULL) : path;
        if (apr_time_now() > in->until) {
            result->verdict = "unknown";
            result->said = "not asked: the check took too long already";
            continue;
        }
        run_probe(in, probe, path, result);
    }
}

apr_array_header_t *atl_check_app(request_rec *r, server_rec *server, const atl_app *app,
                                  apr_time_t until)
{
    inquiry in = {.r = r,
                  .server = server,
                  .app = app,
                  .until = until,
                  .results = apr_array_make(r->pool, 4, sizeof(atl_check_result))};
    int nodes = app->backends->nelts;

    for (int i = 0; i < nodes; i++) {
        in.node = nodes > 1 ? &APR_ARRAY_IDX(app->backends, i, const atl_backend) : NULL;
        run_probes(&in, 0);
    }
    in.node = NULL;
    run_probes(&in, 1);
    return in.results;
}

void atl_check_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* Behind everything that could change an answer for a client. */
    capture_filter =
        ap_register_output_filter("ATLASSIAN_CHECK", on_answer, NULL, AP_FTYPE_CONTENT_SET + 1);
    /* Before any module that has an opinion of the request. */
    ap_hook_pre_translate_name(as_a_client, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_error_log(on_error_log, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(proxy, create_req, before_answer, NULL, NULL, APR_HOOK_MIDDLE);
}
