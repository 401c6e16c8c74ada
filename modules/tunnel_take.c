/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "tunnel_take.h"

#include <stdatomic.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "http_config.h"
#include "http_connection.h"
#include "http_core.h"
#include "http_log.h"
#include "util_filter.h"

#include "connection.h"
#include "log.h"
#include "server_conf.h"
#include "tunnel_fault.h"
#include "tunnel_poll.h"
#include "tunnel_tls.h"

APLOG_USE_MODULE(atlassian_proxy);

/* mod_ssl's optional hook; its header mod_ssl_openssl.h is not installed everywhere. */
typedef int ssl_HOOK_pre_handshake_t(conn_rec *c, struct ssl_st *ssl, int is_proxy);

#define READ_AT_ONCE 8192
#define LONGEST_PATH 160

static ap_filter_rec_t *gate_filter;

/* ------------------------------------------------------------------------- following connections
 */

/* Runs as the last cleanup of a connection, because it was registered first: nobody touches the
 * connection, its socket or its SSL object after it. */
static apr_status_t connection_gone(void *data)
{
    atl_connection *conn = data;
    atl_side *side = conn->side;
    atl_tunnel *t;

    if (side == NULL) {
        return APR_SUCCESS;
    }
    conn->side = NULL;
    t = atl_tunnel_of(side);
    if (side->ssl != NULL && !atl_tls_adopt(side->ssl, side->fd)) {
        side->eof = side->shut = side->broken = 1;
    }
    /* mod_proxy releases the backend's before httpd closes the client's, but nothing rests on it.
     */
    if (atomic_fetch_sub(&t->parts, 1) == 1) {
        atl_poll_adopt(t);
    }
    return APR_SUCCESS;
}

/* Runs for clients' and, called by mod_proxy, for backends' connections. */
static int follow_connection(conn_rec *c, void *csd)
{
    atl_connection *conn;

    (void)csd;
    if (c->master != NULL) {
        return DECLINED; /* an HTTP/2 stream has no socket */
    }
    conn = apr_pcalloc(c->pool, sizeof *conn);
    ap_set_module_config(c->conn_config, &atlassian_proxy_module, conn);
    apr_pool_cleanup_register(c->pool, conn, connection_gone, apr_pool_cleanup_null);
    return DECLINED;
}

static int remember_ssl(conn_rec *c, struct ssl_st *ssl, int is_proxy)
{
    atl_connection *conn = atl_connection_of(c);

    (void)is_proxy;
    if (conn != NULL) {
        conn->ssl = ssl;
    }
    return DECLINED;
}

/* httpd is about to flush, say close_notify and shut the socket down: all of that would end the
 * tunnel. For an aborted connection it does none of it. Not earlier: the access log would say so.
 */
static int spare_connection(conn_rec *c)
{
    atl_connection *conn = atl_connection_of(c);

    if (conn != NULL && conn->side != NULL) {
        c->aborted = 1;
    }
    return DECLINED;
}

/* ------------------------------------------------------------------------- what can be taken */

static int is_named(const ap_filter_t *f, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (!strcmp(f->frec->name, *names)) {
            return 1;
        }
    }
    return 0;
}

int atl_take_possible(conn_rec *c, atl_tunnel_fallback *fallback, const char **why)
{
    /* mod_reqtimeout (still there on backends' connections) has no say over a tunnel; mod_logio
     * counts for an access log line that is written before it; mod_remoteip has seen its header. */
    static const char *const harmless[] = {
        "core_in",        "core",          "reqtimeout", "log_input_output",
        "remoteip_input", "atl_ws_tunnel", NULL};
    static const char *const tls[] = {"ssl/tls filter", NULL};
    atl_connection *conn = atl_connection_of(c);
    const ap_filter_t *lists[2];
    int i;

    lists[0] = c->input_filters;
    lists[1] = c->output_filters;
    for (i = 0; i < 2; i++) {
        const ap_filter_t *f;

        for (f = lists[i]; f != NULL; f = f->next) {
            if (is_named(f, tls)) {
                if (conn == NULL || conn->ssl == NULL || !atl_tls_available()) {
                    *fallback = ATL_FALLBACK_TLS;
                    *why = f->frec->name;
                    return 0;
                }
            }
            else if (!is_named(f, harmless)) {
                *fallback = ATL_FALLBACK_FILTER;
                *why = f->frec->name;
                return 0;
            }
        }
    }
    return conn != NULL;
}

/* ------------------------------------------------------------------------- draining */

/* Stands in front of the socket: lets through what httpd's core has read already, then says EAGAIN.
 * So draining the filters above ends, however fast the peer sends. */
static apr_status_t gate(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                         apr_read_type_e block, apr_off_t readbytes)
{
    apr_bucket_brigade *held = f->ctx;
    apr_bucket *e, *next;

    (void)block;
    if (held == NULL) {
        f->ctx = held = apr_brigade_create(f->c->pool, f->c->bucket_alloc);
        ap_get_brigade(f->next, held, AP_MODE_EXHAUSTIVE, APR_NONBLOCK_READ, 0);
        for (e = APR_BRIGADE_FIRST(held); e != APR_BRIGADE_SENTINEL(held); e = next) {
            next = APR_BUCKET_NEXT(e);
            if (APR_BUCKET_IS_METADATA(e) || e->length == (apr_size_t)-1) {
                apr_bucket_delete(e);
            }
        }
    }
    if (APR_BRIGADE_EMPTY(held) || mode != AP_MODE_READBYTES) {
        return APR_EAGAIN;
    }
    apr_brigade_partition(held, readbytes, &e);
    while (APR_BRIGADE_FIRST(held) != e) {
        apr_bucket *first = APR_BRIGADE_FIRST(held);

        APR_BUCKET_REMOVE(first);
        APR_BRIGADE_INSERT_TAIL(bb, first);
    }
    return APR_SUCCESS;
}

static void queue_buckets(apr_bucket_brigade *bb, atl_side *from, atl_side *to)
{
    apr_bucket *e;

    for (e = APR_BRIGADE_FIRST(bb); e != APR_BRIGADE_SENTINEL(bb); e = APR_BUCKET_NEXT(e)) {
        const char *data;
        apr_size_t len;

        if (APR_BUCKET_IS_METADATA(e) ||
            apr_bucket_read(e, &data, &len, APR_NONBLOCK_READ) != APR_SUCCESS || len == 0) {
            continue;
        }
        if (!atl_tunnel_queue(to, data, len)) {
            from->eof = from->shut = from->broken = 1;
        }
        from->got += len;
    }
}

/* Move what httpd and mod_ssl hold of a connection's input to the tunnel. A TLS end or error is not
 * lost by ignoring it here: it stays in the SSL object. */
static void drain(conn_rec *c, atl_side *from, atl_side *to)
{
    apr_bucket_brigade *bb = apr_brigade_create(c->pool, c->bucket_alloc);

    ap_add_input_filter_handle(gate_filter, NULL, NULL, c);
    while (ap_get_brigade(c->input_filters, bb, AP_MODE_READBYTES, APR_NONBLOCK_READ,
                          READ_AT_ONCE) == APR_SUCCESS &&
           !APR_BRIGADE_EMPTY(bb)) {
        queue_buckets(bb, from, to);
        apr_brigade_cleanup(bb);
    }
    apr_brigade_destroy(bb);
}

/* ------------------------------------------------------------------------- taking */

static apr_status_t take_socket(conn_rec *c, atl_side *side)
{
    apr_os_sock_t fd;
    apr_status_t rv = apr_os_sock_get(&fd, ap_get_conn_socket(c));

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (ATL_FAULT(DUP)) {
        return EMFILE;
    }
    side->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return side->fd >= 0 ? APR_SUCCESS : errno;
}

static apr_status_t take_ssl(conn_rec *c, atl_side *side)
{
    struct ssl_st *ssl = atl_connection_of(c)->ssl;

    if (ssl != NULL && !atl_tls_hold(ssl)) {
        return APR_EGENERAL;
    }
    side->ssl = ssl;
    return APR_SUCCESS;
}

static const char *label_of(request_rec *r)
{
    return apr_psprintf(r->pool, "%s %.*s", r->useragent_ip, LONGEST_PATH, r->uri);
}

apr_status_t atl_take(request_rec *r, conn_rec *backend, const atl_tunnel_policy *policy)
{
    conn_rec *client = r->connection;
    atl_tunnel *t = atl_tunnel_make(policy, r->server, label_of(r));
    apr_status_t rv;

    if (t == NULL) {
        return APR_ENOMEM;
    }
    if ((rv = take_socket(client, &t->side[ATL_CLIENT])) != APR_SUCCESS ||
        (rv = take_socket(backend, &t->side[ATL_BACKEND])) != APR_SUCCESS ||
        (rv = take_ssl(client, &t->side[ATL_CLIENT])) != APR_SUCCESS ||
        (rv = take_ssl(backend, &t->side[ATL_BACKEND])) != APR_SUCCESS) {
        atl_tunnel_free(t);
        return rv;
    }
    atomic_store(&t->parts, 2);
    drain(client, &t->side[ATL_CLIENT], &t->side[ATL_BACKEND]);
    drain(backend, &t->side[ATL_BACKEND], &t->side[ATL_CLIENT]);
    atl_connection_of(client)->side = &t->side[ATL_CLIENT];
    atl_connection_of(backend)->side = &t->side[ATL_BACKEND];
    backend->aborted = 1; /* else mod_proxy says close_notify when it lets go of it */
    return APR_SUCCESS;
}

void atl_take_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* First of all, so that the cleanup it registers is the last of the connection's. */
    ap_hook_pre_connection(follow_connection, NULL, NULL, APR_HOOK_REALLY_FIRST);
    APR_OPTIONAL_HOOK(ssl, pre_handshake, remember_ssl, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_close_connection(spare_connection, NULL, NULL, APR_HOOK_REALLY_LAST);
    gate_filter = ap_register_input_filter("ATL_WS_GATE", gate, NULL, AP_FTYPE_NETWORK - 2);
}
