/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "answer_head.h"
#include "log.h"
#include "server_conf.h"

#include "http_log.h"
#include "mod_proxy.h"
#include "util_filter.h"

#include <apr_optional_hooks.h>
#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

/* Interim answers included. Tomcat sends no more than 8 KiB unless told to. */
#define HEAD_MAX (256 * 1024) /* as its message says */

static const char status_line[] = "HTTP/1.# ###"; /* RFC 9112, section 4; # is a digit */

typedef struct answer_head {
    request_rec *r;
    apr_off_t size;
    apr_size_t matched; /* of status_line */
} answer_head;

static ap_filter_rec_t *head_filter;

/* Goes on comparing where the last piece ended. mod_proxy forgives an empty line in front. */
static int is_http(answer_head *head, const char *data, apr_size_t len)
{
    const char *wanted = status_line + head->matched, *end = data + len;

    while (wanted == status_line && data < end && (*data == '\r' || *data == '\n')) {
        data++;
    }
    for (; *wanted && data < end; wanted++, data++) {
        if (*wanted == '#' ? *data < '0' || *data > '9' : *data != *wanted) {
            return 0;
        }
    }
    head->matched = (apr_size_t)(wanted - status_line);
    return 1;
}

static apr_status_t refuse(const answer_head *head, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, head->r, "%s, AtlassianApp %s %s", why,
                  atl_request_of(head->r)->claim->app->product->name,
                  atl_request_backend(atl_request_of(head->r))->origin);
    return APR_EGENERAL;
}

/* The line that is first, or a piece of it. */
static int begins_as_http(answer_head *head, const apr_bucket_brigade *bb)
{
    const char *data;
    apr_size_t len;

    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (!APR_BUCKET_IS_METADATA(b) &&
            apr_bucket_read(b, &data, &len, APR_BLOCK_READ) == APR_SUCCESS &&
            !is_http(head, data, len)) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t look_at(answer_head *head, const apr_bucket_brigade *bb)
{
    if (status_line[head->matched] && !begins_as_http(head, bb)) {
        return refuse(head, ATL_LOGNO(0721) "what answers does not speak HTTP/1: refused");
    }
    /* Lines have been read from the connection, so that their lengths are known. */
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        head->size += (apr_off_t)b->length;
    }
    return head->size > HEAD_MAX
               ? refuse(head,
                        ATL_LOGNO(0720) "the head of the answer has more than 256 KiB: refused")
               : APR_SUCCESS;
}

/* Heads are read by lines, bodies by bytes, but for the frame of chunks; after each line is a look at
 * whether the next one goes on with it. */
static apr_status_t watch(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                          apr_read_type_e block, apr_off_t readbytes)
{
    ap_filter_t *next = f->next;
    apr_status_t rv;

    if (mode == AP_MODE_READBYTES) {
        ap_remove_input_filter(f);
    }
    if (mode != AP_MODE_GETLINE) {
        return ap_get_brigade(next, bb, mode, block, readbytes);
    }
    rv = ap_get_brigade(next, bb, mode, block, readbytes);
    if (rv == APR_SUCCESS) {
        rv = look_at(f->ctx, bb);
        if (rv != APR_SUCCESS) {
            apr_brigade_cleanup(bb);
        }
    }
    return rv;
}

/* mod_proxy_http has sent r and is about to read the answer through rp, which is made for each. */
static int create_req(request_rec *r, request_rec *rp)
{
    answer_head *head;

    if (atl_request_of(r)) {
        head = apr_pcalloc(r->pool, sizeof(*head));
        head->r = r;
        ap_add_input_filter_handle(head_filter, head, rp, rp->connection);
    }
    return DECLINED;
}

void atl_answer_head_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* The request's filter, not the connection's: it goes with rp. */
    head_filter = ap_register_input_filter("ATLASSIAN_ANSWER_HEAD", watch, NULL, AP_FTYPE_PROTOCOL);
    APR_OPTIONAL_HOOK(proxy, create_req, create_req, NULL, NULL, APR_HOOK_MIDDLE);
}
