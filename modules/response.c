/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "response.h"
#include "cluster.h"
#include "cookie.h"
#include "forwarded.h"
#include "observe.h"
#include "redirect.h"
#include "server_conf.h"

#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"
#include "util_filter.h"

#include <apr_strings.h>

static ap_filter_rec_t *response_filter;

/* ProxyPassReverse knows addresses that are written in the configuration. This knows the one of
 * the request, so that a ServerAlias, and a virtual host without a ServerName, are right too. */
static void mend_address(request_rec *r, const atl_request *request, const char *header)
{
    const char *location = apr_table_get(r->headers_out, header), *path;

    if (location && atl_redirect_judge(r->pool, request->claim, ap_http_scheme(r), request->host,
                                       location, &path) != ATL_REDIRECT_RIGHT) {
        apr_table_setn(r->headers_out, header, atl_public_url(r, request->host, path));
    }
}

static void mend_cookies(request_rec *r, const atl_claim *claim)
{
    const apr_array_header_t *all = apr_table_elts(r->headers_out);
    apr_table_entry_t *header;
    int secure;

    if (!apr_table_get(r->headers_out, "Set-Cookie")) {
        return;
    }
    secure = claim->app->secure_cookies && !strcmp(ap_http_scheme(r), "https");
    for (int next = 0; (header = atl_cookie_next(all, &next));) {
        char *mended = atl_cookie_mend(r->pool, claim, secure, header->val);

        if (mended) {
            header->val = mended;
        }
    }
}

/* mod_proxy_balancer has chosen another node than the cookie names, or the first one. An answer that
 * caches may keep for everybody carries nobody's route. */
static void set_route(request_rec *r, const atl_claim *claim)
{
    const char *route, *caching;

    if (!apr_table_get(r->subprocess_env, "BALANCER_ROUTE_CHANGED")) {
        return;
    }
    route = apr_table_get(r->subprocess_env, "BALANCER_WORKER_ROUTE");
    caching = apr_table_get(r->headers_out, "Cache-Control");
    if (route && !(caching && strstr(caching, "public"))) {
        apr_table_addn(r->headers_out, "Set-Cookie",
                       atl_cluster_cookie(r->pool, claim->cluster,
                                          !strcmp(ap_http_scheme(r), "https"), route));
    }
}

/* The first brigade of an answer: its headers are complete, and as the application sent them. */
static apr_status_t on_first_brigade(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;
    atl_request *request = atl_request_of(r);

    ap_remove_output_filter(f);
    if (request) {
        atl_observe_answer(r, request, bb);
        if (r->status != HTTP_OK) {
            mend_address(r, request, "Location"); /* RFC 9110, section 10.2.2: of 201 and 3xx */
        }
        mend_address(r, request, "Content-Location");
        mend_cookies(r, request->claim);
        if (request->claim->cluster && request->claim->cluster->sets_cookie) {
            set_route(r, request->claim);
        }
    }
    return ap_pass_brigade(f->next, bb);
}

static void insert_filter(request_rec *r)
{
    if (atl_request_of(r) && r->proxyreq == PROXYREQ_REVERSE) {
        ap_add_output_filter_handle(response_filter, NULL, r, r->connection);
    }
}

void atl_response_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* In front of all others: AddOutputFilterByType compresses as a resource filter, and what the
     * administrator's Header lines see and change (AP_FTYPE_CONTENT_SET) is the mended answer. */
    response_filter = ap_register_output_filter("ATLASSIAN_RESPONSE", on_first_brigade, NULL,
                                                AP_FTYPE_RESOURCE - 1);
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
}
