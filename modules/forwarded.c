/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "forwarded.h"
#include "server_conf.h"

#include "http_core.h"
#include "http_protocol.h"
#include "mod_proxy.h"

#include <apr_strings.h>

/* Everything a client could use to tell the application another address or path than httpd
 * serves. None of it is an application's own. */
static const char *const claims_of_clients[] = {
    "Forwarded",        "X-Forwarded-For",   "X-Forwarded-Host",  "X-Forwarded-Proto",
    "X-Forwarded-Port", "X-Forwarded-Ssl",   "X-Forwarded-Prefix", "X-Forwarded-Server",
    "X-Real-IP",        "X-Original-URL",    "X-Rewrite-URL"};

static void set_port(request_rec *r)
{
    apr_table_setn(r->headers_in, "X-Forwarded-Port",
                   apr_itoa(r->pool, ap_get_server_port(r)));
}

/* Runs on mod_proxy's copy of the headers, just before they are sent (2.4.54: after hop-by-hop
 * headers are dropped, so that "Connection: X-Forwarded-For" cannot remove what is set here). */
static int proxy_fixups(request_rec *r)
{
    const atl_request *request = atl_request_of(r);
    const char *host = apr_table_get(r->headers_in, "Host");

    if (!request || !request->claim->app) {
        return DECLINED;
    }
    for (apr_size_t i = 0; i < sizeof(claims_of_clients) / sizeof(claims_of_clients[0]); i++) {
        apr_table_unset(r->headers_in, claims_of_clients[i]);
    }
    apr_table_setn(r->headers_in, "X-Forwarded-For", r->useragent_ip);
    if (host) {
        apr_table_setn(r->headers_in, "X-Forwarded-Host", host);
    }
    apr_table_setn(r->headers_in, "X-Forwarded-Proto", ap_http_scheme(r));
    set_port(r);
    if (request->claim->app->compression != ATL_COMPRESSION_PASS) {
        apr_table_unset(r->headers_in, "Accept-Encoding");
    }
    if (request->claim->app->compression == ATL_COMPRESSION_OFF) {
        apr_table_setn(r->subprocess_env, "no-gzip", "1");
        apr_table_setn(r->subprocess_env, "no-brotli", "1");
    }
    return OK;
}

void atl_forwarded_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* Optional: mod_proxy may be loaded after this module. */
    APR_OPTIONAL_HOOK(proxy, fixups, proxy_fixups, NULL, NULL, APR_HOOK_MIDDLE);
}
