/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "failover.h"
#include "cluster.h"
#include "observe.h"
#include "proxy_name.h"
#include "server_conf.h"

#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_proxy.h"
#include "util_filter.h"

#include <dlfcn.h>
#include <stdlib.h>

/* A connection that was kept breaks when its node goes; so may a new one, from the queue of a node
 * that accepts none any more. Soon one meets a closed port, which mod_proxy takes from there. A
 * node that is alive and breaks off each time is not blamed: it may be this request's own doing. */
#define TRIES 4
#define PAUSE apr_time_from_msec(50)

#define NEW_CONNECTION "proxy-initial-not-pooled"

/* mod_proxy's, looked up, not linked to: it may be loaded after this module. */
static int (*run_scheme_handler)(request_rec *r, proxy_worker *worker, proxy_server_conf *conf,
                                 char *url, const char *proxyhost, apr_port_t proxyport);

static ap_filter_rec_t *gate;

/* RFC 9110, section 9.2.2, and of those the methods without a body: what was read of one is gone. */
static int is_repeatable(request_rec *r, const atl_request *request)
{
    return (r->method_number == M_GET || r->method_number == M_OPTIONS) && !request->handshake &&
           !ap_request_has_body(r) && !request->observed.answered;
}

/* ------------------------------------------------------------------ answers */

static int is_empty(const request_rec *r, apr_bucket_brigade *bb)
{
    const char *length = apr_table_get(r->headers_out, "Content-Length");

    return (length && !strcmp(length, "0")) ||
           (!APR_BRIGADE_EMPTY(bb) && APR_BUCKET_IS_EOS(APR_BRIGADE_FIRST(bb)));
}

/* What is kept of an answer's way out until it is known to be one: a Tomcat that is being stopped
 * says a bare 503 to requests on connections it has (Http11Processor, isPaused). */
static apr_status_t hold(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;
    atl_request *request = atl_request_of(r);

    if (request && request->attempting && r->status == HTTP_SERVICE_UNAVAILABLE &&
        is_repeatable(r, request) && (request->refused || is_empty(r, bb))) {
        request->refused = 1;
        apr_brigade_cleanup(bb);
        return APR_SUCCESS;
    }
    ap_remove_output_filter(f);
    if (request) {
        r->connection->keepalives += request->keepalives;
        request->keepalives = 0;
    }
    return ap_pass_brigade(f->next, bb);
}

static void insert_filter(request_rec *r)
{
    const atl_request *request = atl_request_of(r);

    if (request && request->claim->cluster && r->proxyreq == PROXYREQ_REVERSE) {
        ap_add_output_filter_handle(gate, NULL, r, r->connection);
    }
}

/* ------------------------------------------------------------------ attempts */

/* As if nothing had been asked yet. */
static void forget_answer(request_rec *r, atl_request *request, apr_table_t *headers)
{
    request->refused = 0;
    r->eos_sent =
        0; /* else a page of this module's would be taken for sent, and stay in the filters */
    r->status = HTTP_OK;
    r->status_line = NULL;
    r->headers_out = headers;
    r->content_type = NULL;
    apr_table_unset(r->notes, "error-notes");
    apr_table_unset(r->notes, "verbose-error-to");
}

/* The answer will not come, and the request did nothing that a second one would not do. A timeout
 * is no reason: the node may still be at it. */
static int is_lost(request_rec *r, atl_request *request, int status)
{
    atl_failure failure = atl_observe_attempt(r, request);

    if (request->refused) {
        return 1;
    }
    return status != OK && failure == ATL_FAILURE_ANSWER && is_repeatable(r, request) &&
           !APR_STATUS_IS_TIMEUP(request->observed.failure_status);
}

static int ask_node(request_rec *r, atl_request *request, proxy_worker *worker,
                    proxy_server_conf *conf, char *url, const char *proxyhost, apr_port_t proxyport)
{
    const char *before = apr_table_get(r->subprocess_env, NEW_CONNECTION);
    apr_table_t *headers = r->headers_out;
    int tries = 0, status;

    do {
        if (tries) {
            apr_sleep((tries - 1) * PAUSE);
            forget_answer(r, request, headers);
            apr_table_setn(r->subprocess_env, NEW_CONNECTION, "1");
        }
        /* The second answer goes out, whatever it is: an application that is too busy must not be
         * asked more often. */
        request->attempting = ++tries == 1;
        status = run_scheme_handler(r, worker, conf, url, proxyhost, proxyport);
    } while (is_lost(r, request, status) && tries < TRIES);
    if (!before) {
        apr_table_unset(r->subprocess_env, NEW_CONNECTION);
    }
    return status;
}

/* Each of mod_proxy's attempts, with another node each time. */
static int attempt(request_rec *r, proxy_worker *worker, proxy_server_conf *conf, char *url,
                   const char *proxyhost, apr_port_t proxyport)
{
    atl_request *request = atl_request_of(r);
    int status;

    if (!request || !request->claim->cluster || request->asking) {
        return DECLINED;
    }
    request->node = atl_cluster_node(request->claim, ATL_PROXY_NAME(worker));
    /* To a client that has had answers on its connection mod_proxy says nothing when its node
     * breaks off; it closes the connection, and relies on the client to ask again
     * (mod_proxy_http.c). */
    request->keepalives = r->connection->keepalives;
    r->connection->keepalives = 0;
    request->asking = 1;
    status = ask_node(r, request, worker, conf, url, proxyhost, proxyport);
    request->asking = 0;
    r->connection->keepalives += request->keepalives;
    request->keepalives = 0;
    return status;
}

/* All modules are loaded by now, and httpd sorts its hooks once more after this. */
static int pre_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp)
{
    void (*hook)(proxy_HOOK_scheme_handler_t *, const char *const *, const char *const *, int);

    (void)p;
    (void)plog;
    (void)ptemp;
    *(void **)&hook = dlsym(RTLD_DEFAULT, "proxy_hook_scheme_handler");
    *(void **)&run_scheme_handler = dlsym(RTLD_DEFAULT, "proxy_run_scheme_handler");
    if (hook && run_scheme_handler) {
        hook(attempt, NULL, NULL, APR_HOOK_REALLY_FIRST);
    }
    return OK;
}

void atl_failover_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* Before observe.c's, which takes what comes for an answer. */
    gate = ap_register_output_filter("ATLASSIAN_FAILOVER", hold, NULL, AP_FTYPE_RESOURCE - 2);
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
}
