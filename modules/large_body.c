/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "large_body.h"
#include "connection.h"
#include "server_conf.h"

#include "http_core.h"
#include "http_request.h"
#include "mod_proxy.h"
#include "util_filter.h"

#include <apr_buckets.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* Sizes leave room for the allocator's own headers in blocks of 8, 16, ... 64 KiB. */
#define OVERHEAD 192
#define SMALLEST (8192 - OVERHEAD)
#define LARGEST (65536 - OVERHEAD)

#define FIRST_LOOK 16384 /* mod_proxy_http's MAX_MEM_SPOOL */

static ap_filter_rec_t *upload_filter;
static int in_use; /* some virtual host has a line */

/* ------------------------------------------------------------------ reading a socket */

/* A socket, and what the next read of it asks for. */
typedef struct {
    apr_socket_t *socket;
    const atl_connection *connection;
    apr_size_t size;
} source;

static apr_bucket *bucket_of(source *from, apr_bucket_alloc_t *list);

/* A piece that fills its buffer lets the next one be twice as large, a small one starts anew: a slow
 * connection is read as in stock httpd. */
static void adapt(source *from, apr_size_t got)
{
    if (!from->connection->large_body || got < SMALLEST) {
        from->size = SMALLEST;
    }
    else if (got == from->size && from->size < LARGEST) {
        from->size = (from->size + OVERHEAD) * 2 - OVERHEAD;
    }
}

static apr_status_t receive(source *from, char *buffer, apr_size_t *len, apr_read_type_e block)
{
    apr_interval_time_t timeout = 0;
    apr_status_t rv;

    if (block == APR_NONBLOCK_READ) {
        apr_socket_timeout_get(from->socket, &timeout);
        apr_socket_timeout_set(from->socket, 0);
    }
    rv = apr_socket_recv(from->socket, buffer, len);
    if (block == APR_NONBLOCK_READ) {
        apr_socket_timeout_set(from->socket, timeout);
    }
    return rv;
}

/* As APR's socket bucket is read: it becomes what was read, with the socket behind it, or nothing at
 * the end. */
static apr_status_t read_socket(apr_bucket *b, const char **data, apr_size_t *len,
                                apr_read_type_e block)
{
    source *from = b->data;
    apr_size_t size = from->size;
    /* A connection's allocator keeps what it is given back, for as long as the connection is idle. */
    char *buffer = size > SMALLEST ? malloc(size) : NULL;
    void (*release)(void *) = buffer ? free : apr_bucket_free;
    apr_status_t rv;

    if (!buffer) {
        size = SMALLEST;
        buffer = apr_bucket_alloc(size, b->list);
    }
    *data = NULL;
    *len = size;
    rv = receive(from, buffer, len, block);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        release(buffer);
        return rv;
    }
    if (*len == 0) {
        release(buffer);
        *data = apr_bucket_immortal_make(b, "", 0)->data;
        return APR_SUCCESS;
    }
    adapt(from, *len);
    b = apr_bucket_heap_make(b, buffer, *len, release);
    ((apr_bucket_heap *)b->data)->alloc_len = size;
    *data = buffer;
    APR_BUCKET_INSERT_AFTER(b, bucket_of(from, b->list));
    return APR_SUCCESS;
}

static const apr_bucket_type_t socket_type = {"ATLASSIAN SOCKET",
                                              5,
                                              APR_BUCKET_DATA,
                                              apr_bucket_destroy_noop,
                                              read_socket,
                                              apr_bucket_setaside_notimpl,
                                              apr_bucket_split_notimpl,
                                              apr_bucket_copy_notimpl};

static apr_bucket *bucket_of(source *from, apr_bucket_alloc_t *list)
{
    apr_bucket *b = apr_bucket_alloc(sizeof(*b), list);

    APR_BUCKET_INIT(b);
    b->free = apr_bucket_free;
    b->list = list;
    b->type = &socket_type;
    b->length = (apr_size_t)-1;
    b->start = -1;
    b->data = from;
    return b;
}

/* Of a client's connection nobody knows yet which virtual host it will ask. */
static apr_status_t insert_bucket(conn_rec *c, apr_bucket_brigade *bb, apr_socket_t *socket)
{
    atl_connection *connection = atl_connection_of(c);
    source *from;

    if (!in_use || !connection) {
        return AP_DECLINED; /* of the hooks that return an apr_status_t */
    }
    /* Of a backend's it is the virtual host of the first request. */
    connection->large_body |= atl_server_conf_of(c->base_server)->site.apps->nelts > 0;
    from = apr_palloc(c->pool, sizeof(*from));
    from->socket = socket;
    from->connection = connection;
    from->size = SMALLEST;
    APR_BRIGADE_INSERT_TAIL(bb, bucket_of(from, c->bucket_alloc));
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ passing on */

/* mod_proxy_http asks for 8 KiB at a time, and passes on whatever it gets. This filter is the first
 * one, so nobody else gets more than was asked for. Not at the beginning: what it looks at before it has
 * a connection is meant to be no more than 16 KiB. */
static apr_status_t read_upload(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                                apr_read_type_e block, apr_off_t readbytes)
{
    apr_off_t *begun = f->ctx, got = 0;
    apr_status_t rv;

    if (*begun >= FIRST_LOOK) {
        return ap_get_brigade(f->next, bb, mode, block,
                              mode == AP_MODE_READBYTES ? LARGEST : readbytes);
    }
    rv = ap_get_brigade(f->next, bb, mode, block, readbytes);
    if (rv == APR_SUCCESS && apr_brigade_length(bb, 0, &got) == APR_SUCCESS) {
        *begun += got;
    }
    return rv;
}

int atl_has_body_beyond(const request_rec *r, apr_off_t bytes)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    return length ? apr_atoi64(length) > bytes
                  : apr_table_get(r->headers_in, "Transfer-Encoding") != NULL;
}

/* With a filter that is no protocol's, mod_proxy_http puts a body into a file, because its length may
 * have changed. This one changes none, so it is said to be the protocol's. */
static void add_filter(request_rec *r)
{
    if (r->input_filters != r->proto_input_filters || r->input_filters->frec == upload_filter) {
        return;
    }
    ap_add_input_filter_handle(upload_filter, apr_pcalloc(r->pool, sizeof(apr_off_t)), r,
                               r->connection);
    r->proto_input_filters = r->input_filters;
}

/* A RewriteRule in a <Location>, or a SetHandler in an <If>, may have sent it elsewhere since:
 * mod_proxy_ajp, _fcgi, _scgi and _uwsgi have no room for more than they ask for. */
static int is_for_http(const request_rec *r)
{
    const atl_request *request = atl_request_of(r);

    return request && r->proxyreq == PROXYREQ_REVERSE && r->handler &&
           !strcmp(r->handler, "proxy-server") && r->filename &&
           !strncmp(r->filename, request->filename, strlen(request->filename));
}

static void insert_filter(request_rec *r)
{
    atl_connection *connection;

    if (r->main || !is_for_http(r) || !atl_has_body_beyond(r, FIRST_LOOK)) {
        return;
    }
    connection = atl_connection_of(r->connection);
    if (connection) {
        connection->large_body = 1;
    }
    add_filter(r);
}

void atl_large_body_apply(server_rec *s)
{
    proxy_server_conf *proxy =
        ap_get_module_config(s->module_config, ap_find_linked_module("mod_proxy.c"));

    /* Not as the directive would: the size of mod_proxy_ajp's packets is that too, once it is set. */
    if (!proxy->io_buffer_size_set) {
        proxy->io_buffer_size = LARGEST;
    }
}

/* ------------------------------------------------------------------ hooks */

static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    (void)p;
    (void)plog;
    (void)ptemp;
    in_use = 0;
    for (server_rec *s = main_server; s && !in_use; s = s->next) {
        in_use = atl_server_conf_of(s)->site.apps->nelts > 0;
    }
    return OK;
}

void atl_large_body_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* The Windows MPM's own comes first: it may have read something with the connection. */
    ap_hook_insert_network_bucket(insert_bucket, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
    upload_filter =
        ap_register_input_filter("ATLASSIAN_UPLOAD", read_upload, NULL, AP_FTYPE_RESOURCE - 1);
}
