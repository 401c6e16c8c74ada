/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "tunnel.h"

#include <stdatomic.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include "ap_mpm.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "mod_proxy.h"
#include "mpm_common.h"
#include "util_filter.h"

#include "log.h"
#include "server_conf.h"
#include "tunnel_fault.h"
#include "tunnel_poll.h"
#include "tunnel_policy.h"
#include "tunnel_take.h"
#include "tunnel_tls.h"
#include "websocket.h"

APLOG_USE_MODULE(atlassian_proxy);

/* Tomcat's whole response head is 8 KiB at most by default. */
#define LONGEST_HEAD (32 * 1024)
/* Open editors that one child should have room for. */
#define FEW_TUNNELS 1000
/* Seconds between two lines that say the cap is reached. */
#define CAP_SAID_AGAIN 60

/* One handshake on its way. */
typedef struct {
    request_rec *r;
    const atl_tunnel_policy *policy;
    const char *key;
    conn_rec *backend;
    ap_filter_t *client_filter;
    int reserved; /* a tunnel's room is kept for it */
    enum {
        ANSWER,   /* waiting for the backend's answer */
        SWITCHED, /* a genuine 101 is on its way to the client */
        DRAINING, /* own filters let through */
        TAKEN,    /* mod_proxy is told that its connections are gone */
        LEFT      /* mod_proxy's own business */
    } stage;
    char *head;
    apr_size_t head_len, head_size;
} handshake;

static ap_filter_rec_t *head_filter, *tunnel_filter;

/* One flag a reason, for all children of this start. */
static _Atomic int *said;

/* ------------------------------------------------------------------------- falling back */

static const struct {
    int level;
    const char *text;
} fallbacks[ATL_FALLBACKS] = {
    [ATL_FALLBACK_MPM] = {APLOG_WARNING, "this MPM has no threads; use event (a2enmod mpm_event)"},
    [ATL_FALLBACK_HTTP2] = {APLOG_INFO, "it came over HTTP/2"},
    [ATL_FALLBACK_SUBREQUEST] = {APLOG_INFO, "it is a subrequest"},
    [ATL_FALLBACK_TLS] = {APLOG_WARNING, "its TLS is not mod_ssl's on a shared libssl"},
    [ATL_FALLBACK_FILTER] = {APLOG_WARNING, "a connection filter must see its bytes"},
    [ATL_FALLBACK_POLLER] = {APLOG_INFO, "this child has no poller threads, or is being stopped"},
    [ATL_FALLBACK_HANDOVER] = {APLOG_WARNING, "its sockets could not be taken over"},
};

/* observe.c counts the WebSockets that are not counted here. */
static void count_for_itself(const request_rec *r)
{
    atl_request *request = atl_request_of(r);

    if (request != NULL) {
        request->observed.tunnelled = 1;
    }
}

static void fall_back(handshake *h, atl_tunnel_fallback reason, const char *detail, apr_status_t rv)
{
    h->stage = LEFT;
    atl_tunnel_count_fallback(h->policy->app, reason);
    if (!atomic_exchange(&said[reason], 1)) {
        ap_log_rerror(APLOG_MARK, fallbacks[reason].level, rv, h->r,
                      ATL_LOGNO(0303) "a WebSocket is left to mod_proxy, where it occupies a "
                                      "worker thread: %s%s%s (said once per start)",
                      fallbacks[reason].text, detail ? ": " : "", detail ? detail : "");
    }
}

static int is_threaded(void)
{
    int threaded = 0;

    return ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded) == APR_SUCCESS && threaded;
}

/* What can be known before the backend has answered; the rest is found in take(). */
static int is_eligible(handshake *h)
{
    if (h->r->connection->master != NULL) {
        fall_back(h, ATL_FALLBACK_HTTP2, NULL, 0);
    }
    else if (h->r->main != NULL) {
        fall_back(h, ATL_FALLBACK_SUBREQUEST, NULL, 0);
    }
    else if (!is_threaded()) {
        fall_back(h, ATL_FALLBACK_MPM, ap_show_mpm(), 0);
    }
    else if (!atl_poll_running()) {
        fall_back(h, ATL_FALLBACK_POLLER, NULL, 0);
    }
    return h->stage != LEFT;
}

/* ------------------------------------------------------------------------- the request */

static apr_status_t handshake_over(void *data)
{
    handshake *h = data;

    if (h->reserved) {
        atl_poll_unreserve();
        h->reserved = 0;
    }
    if (h->client_filter != NULL) {
        ap_remove_input_filter(h->client_filter);
        h->client_filter = NULL;
    }
    return APR_SUCCESS;
}

static void refuse_at_cap(request_rec *r, const atl_tunnel_policy *policy)
{
    static _Atomic apr_int64_t last;
    apr_int64_t now = apr_time_sec(r->request_time), before = atomic_load(&last);

    atl_tunnel_count_refused(policy->app);
    count_for_itself(r);
    if (now - before >= CAP_SAID_AGAIN && atomic_compare_exchange_strong(&last, &before, now)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      ATL_LOGNO(0304) "WebSocket refused with 503: this child holds %u, all its "
                                      "descriptor limit allows. Raise the hard limit of open "
                                      "files (systemd: LimitNOFILE=; ulimit -Hn)",
                      (unsigned)atl_poll_cap());
    }
}

static atl_ws_kind judge(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    int is_http2 = r->connection->master != NULL;
    atl_ws_request req;

    req.is_get = r->method_number == M_GET && !r->header_only;
    /* mod_http2 presents an RFC 8441 CONNECT as a GET with these headers, and what the client will
     * send in the WebSocket as a body. */
    req.is_http11 = r->proto_num == HTTP_VERSION(1, 1) || is_http2;
    req.has_body = !is_http2 && ((length != NULL && strcmp(length, "0") != 0) ||
                                 apr_table_get(r->headers_in, "Transfer-Encoding") != NULL);
    req.upgrade = apr_table_get(r->headers_in, "Upgrade");
    req.connection = apr_table_get(r->headers_in, "Connection");
    req.version = apr_table_get(r->headers_in, "Sec-WebSocket-Version");
    req.key = apr_table_get(r->headers_in, "Sec-WebSocket-Key");
    return atl_ws_judge(&req);
}

static handshake *begin(request_rec *r, const atl_tunnel_policy *policy)
{
    handshake *h = apr_pcalloc(r->pool, sizeof *h);

    h->r = r;
    h->policy = policy;
    h->key = apr_table_get(r->headers_in, "Sec-WebSocket-Key");
    atl_request_make(r)->handshake = h;
    apr_pool_cleanup_register(r->pool, h, handshake_over, apr_pool_cleanup_null);
    return h;
}

static handshake *handshake_of(request_rec *r)
{
    const atl_request *request = ap_get_module_config(r->request_config, &atlassian_proxy_module);

    return request ? request->handshake : NULL;
}

static int is_proxied(request_rec *r)
{
    return r->proxyreq == PROXYREQ_REVERSE ||
           (r->handler != NULL && !strncmp(r->handler, "proxy:", 6));
}

/* In front of mod_proxy's handler: after authorization, with everybody's say on the headers. */
static int check_request(request_rec *r)
{
    const atl_tunnel_policy *policy;
    handshake *h;

    if (apr_table_get(r->headers_in, "Upgrade") == NULL || !is_proxied(r) ||
        (policy = atl_tunnel_policy_of(r)) == NULL) {
        return DECLINED;
    }
    switch (judge(r)) {
    case ATL_WS_PLAIN:
        /* mod_proxy would look at the Upgrade header alone, and forward any it is told to. */
        apr_table_unset(r->headers_in, "Upgrade");
        return DECLINED;
    case ATL_WS_BAD_VERSION:
        apr_table_setn(r->err_headers_out, "Sec-WebSocket-Version", ATL_WS_VERSION);
        return HTTP_UPGRADE_REQUIRED;
    case ATL_WS_BAD_KEY:
    case ATL_WS_BODY:
        return HTTP_BAD_REQUEST;
    case ATL_WS_HANDSHAKE:
        break;
    }
    /* Of several protocols offered this is the one meant: mod_proxy compares the whole value. */
    apr_table_setn(r->headers_in, "Upgrade", "websocket");
    h = begin(r, policy);
    if (is_eligible(h)) {
        if (!atl_poll_reserve()) {
            refuse_at_cap(r, policy);
            return HTTP_SERVICE_UNAVAILABLE;
        }
        h->reserved = 1;
    }
    return DECLINED;
}

/* ------------------------------------------------------------------------- the answer */

static int remember(handshake *h, const char *data, apr_size_t len)
{
    /* mod_proxy forgives an empty line in front of the first. */
    for (; h->head_len == 0 && len > 0 && (*data == '\r' || *data == '\n'); len--) {
        data++;
    }
    if (len == 0) {
        return 1;
    }
    if (len > LONGEST_HEAD - h->head_len) {
        return 0;
    }
    if (h->head_len + len > h->head_size) {
        apr_size_t size = h->head_size ? 2 * h->head_size : 1024;
        char *bigger;

        while (size < h->head_len + len) {
            size *= 2;
        }
        bigger = apr_palloc(h->r->pool, size);
        if (h->head_len > 0) {
            memcpy(bigger, h->head, h->head_len);
        }
        h->head = bigger;
        h->head_size = size;
    }
    memcpy(h->head + h->head_len, data, len);
    h->head_len += len;
    return 1;
}

static int head_is_complete(const handshake *h)
{
    const char *end = h->head + h->head_len;

    return (h->head_len >= 2 && end[-1] == '\n' && end[-2] == '\n') ||
           (h->head_len >= 4 && !memcmp(end - 4, "\r\n\r\n", 4)) ||
           (h->head_len >= 3 && !memcmp(end - 3, "\n\r\n", 3));
}

/* The head is complete. APR_SUCCESS unless mod_proxy must not believe it. */
static apr_status_t judge_head(handshake *h, ap_filter_t *f)
{
    int status = atl_ws_head_status(h->head, h->head_len);
    const char *wrong;

    if (status >= 100 && status < 200 && status != HTTP_SWITCHING_PROTOCOLS) {
        h->head_len = 0; /* an interim answer: the next one counts */
        return APR_SUCCESS;
    }
    if (status != HTTP_SWITCHING_PROTOCOLS) {
        ap_remove_input_filter(f);
        return APR_SUCCESS;
    }
    wrong = atl_ws_verify_101(h->head, h->head_len, h->key);
    if (wrong == NULL && ATL_FAULT(ACCEPT)) {
        wrong = "injected fault";
    }
    if (wrong != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, h->r,
                      ATL_LOGNO(0305) "the backend's 101 for %s is not the answer to this "
                                      "handshake: %s. Is there a cache or another proxy between? "
                                      "Answered 502",
                      h->r->uri, wrong);
        return APR_EGENERAL;
    }
    if (h->stage == ANSWER) {
        h->stage = SWITCHED;
        /* mod_proxy may read either side first. It closes the backend's connection, whatever comes. */
        h->client_filter = ap_add_input_filter_handle(tunnel_filter, h, NULL, h->r->connection);
        ap_add_input_filter_handle(tunnel_filter, h, NULL, h->backend);
    }
    return APR_SUCCESS;
}

/* The backend's answer, line by line as mod_proxy_http reads it. */
static apr_status_t watch_head(ap_filter_t *f, apr_bucket_brigade *bb)
{
    handshake *h = f->ctx;
    apr_bucket *e;
    apr_status_t rv;

    for (e = APR_BRIGADE_FIRST(bb); e != APR_BRIGADE_SENTINEL(bb); e = APR_BUCKET_NEXT(e)) {
        const char *data;
        apr_size_t len;

        if (APR_BUCKET_IS_METADATA(e)) {
            continue;
        }
        rv = apr_bucket_read(e, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (!remember(h, data, len)) {
            return APR_ENOSPC;
        }
    }
    return head_is_complete(h) ? judge_head(h, f) : APR_SUCCESS;
}

/* mod_proxy begins to tunnel: its first read, of either side, comes here. */
static void take(handshake *h)
{
    atl_tunnel_fallback reason = ATL_FALLBACK_HANDOVER;
    const char *why = NULL;
    apr_status_t rv;

    if (!atl_poll_running()) {
        fall_back(h, ATL_FALLBACK_POLLER, NULL, 0);
        return;
    }
    if (!atl_take_possible(h->r->connection, &reason, &why) ||
        !atl_take_possible(h->backend, &reason, &why)) {
        fall_back(h, reason, why, 0);
        return;
    }
    h->stage = DRAINING;
    rv = atl_take(h->r, h->backend, h->policy);
    if (rv != APR_SUCCESS) {
        fall_back(h, ATL_FALLBACK_HANDOVER, NULL, rv);
        return;
    }
    h->stage = TAKEN;
    count_for_itself(h->r);
    h->reserved = 0;
#ifdef ATL_FAULT_INJECTION
    if (ATL_FAULT(DELAY)) {
        apr_sleep(3000);
    }
#endif
}

static apr_status_t tunnel_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                                 apr_read_type_e block, apr_off_t readbytes)
{
    handshake *h = f->ctx;

    if (h->stage == SWITCHED && mode == AP_MODE_READBYTES && block == APR_NONBLOCK_READ) {
        take(h);
    }
    /* For mod_proxy TAKEN is a connection that broke: it ends its tunnel, closes its descriptors,
     * and sends nothing. An end of file would make it shut the socket down. */
    return h->stage == TAKEN ? APR_ECONNABORTED
                             : ap_get_brigade(f->next, bb, mode, block, readbytes);
}

static apr_status_t head_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                               apr_read_type_e block, apr_off_t readbytes)
{
    apr_status_t rv = ap_get_brigade(f->next, bb, mode, block, readbytes);

    if (rv == APR_SUCCESS && mode == AP_MODE_GETLINE) {
        rv = watch_head(f, bb);
        if (rv != APR_SUCCESS) {
            apr_brigade_cleanup(bb);
        }
    }
    return rv;
}

/* mod_proxy_http has sent the request and is about to read the answer through rp. */
static int watch_answer(request_rec *r, request_rec *rp)
{
    handshake *h = handshake_of(r);

    if (h != NULL) {
        h->backend = rp->connection;
        h->head_len = 0;
        ap_add_input_filter_handle(head_filter, h, rp, rp->connection);
    }
    return DECLINED;
}

/* httpd before 2.4.54 takes the status from how its tunnel ended. */
static int log_status(request_rec *r)
{
    handshake *h = handshake_of(r);

    if (h != NULL && h->stage == TAKEN) {
        r->status = HTTP_SWITCHING_PROTOCOLS;
    }
    return DECLINED;
}

/* ------------------------------------------------------------------------- start and end */

static void warn_of_descriptors(server_rec *s, int threads)
{
    apr_uint64_t descriptors = atl_poll_descriptors();
    apr_uint32_t cap = atl_poll_cap_for(descriptors, threads);

    if (cap < FEW_TUNNELS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     ATL_LOGNO(0308) "each child may have %" APR_UINT64_T_FMT " files open, room "
                                     "for %u WebSockets; more are refused with 503. Raise the hard "
                                     "limit of open files (systemd: LimitNOFILE=; ulimit -Hn)",
                     descriptors, (unsigned)cap);
    }
}

/* Things an administrator can change before they bite. */
static void warn_of_limits(server_rec *s)
{
    int spare = 0, threads = 0, children = 0;

    if (!is_threaded()) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     ATL_LOGNO(0306) "WebSockets are left to mod_proxy and occupy a process each: "
                                     "the %s MPM has no threads. Use event (a2enmod mpm_event)",
                     ap_show_mpm());
        atomic_store(&said[ATL_FALLBACK_MPM], 1);
        return;
    }
    ap_mpm_query(AP_MPMQ_MAX_SPARE_THREADS, &spare);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
    warn_of_descriptors(s, threads);
    if (spare > 0 && spare < threads * children) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     ATL_LOGNO(0307) "MaxSpareThreads %d is below MaxRequestWorkers %d: children "
                                     "whose threads are idle are ended, and with them, after their "
                                     "grace, the WebSockets they hold. Set MaxSpareThreads %d",
                     spare, threads * children, threads * children);
    }
}

static int prepare(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_shm_t *shm;

    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    /* Without shared memory each child says it for itself. */
    said = apr_shm_create(&shm, ATL_FALLBACKS * sizeof *said, NULL, pconf) == APR_SUCCESS
               ? apr_shm_baseaddr_get(shm)
               : apr_palloc(pconf, ATL_FALLBACKS * sizeof *said);
    memset((void *)said, 0, ATL_FALLBACKS * sizeof *said);
    atl_tls_init();
    if (atl_tunnel_policy_any(s)) {
        warn_of_limits(s);
    }
    return OK;
}

static void start_child(apr_pool_t *pchild, server_rec *s)
{
    apr_status_t rv;

    if (!is_threaded() || !atl_tunnel_policy_any(s)) {
        return;
    }
    rv = atl_poll_start(pchild, s);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     ATL_LOGNO(0309) "the threads that carry WebSockets could not be started in "
                                     "this child: WebSockets occupy worker threads");
    }
}

static void stop_child(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    atl_poll_stop(graceful);
}

void atl_tunnel_register_hooks(apr_pool_t *p)
{
    static const char *const before_proxy[] = {"mod_proxy.c", NULL};

    atl_take_register_hooks(p);
    ap_hook_post_config(prepare, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(start_child, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(stop_child, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(check_request, NULL, before_proxy, APR_HOOK_FIRST);
    /* An optional hook: mod_proxy may be loaded later, or not at all. */
    APR_OPTIONAL_HOOK(proxy, create_req, watch_answer, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_log_transaction(log_status, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* The request's, which goes with rp: the connection may serve others. */
    head_filter = ap_register_input_filter("ATL_WS_HEAD", head_input, NULL, AP_FTYPE_PROTOCOL);
    /* Nearest to mod_proxy, above TLS. */
    tunnel_filter =
        ap_register_input_filter("ATL_WS_TUNNEL", tunnel_input, NULL, AP_FTYPE_CONNECTION);
}
