/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "html.h"

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_strings.h>

const char *atl_html_nonce(apr_pool_t *p)
{
    unsigned char bytes[16];

    /* The system's, or where it has none at hand, httpd's own: never what the stack held. */
    if (apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS) {
        ap_random_insecure_bytes(bytes, sizeof(bytes));
    }
    return apr_pescape_hex(p, bytes, sizeof(bytes), 0);
}

void atl_html_headers(request_rec *r, const char *policy)
{
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   apr_pstrcat(r->pool,
                               "default-src 'none'; base-uri 'none'; "
                               "frame-ancestors 'none'; ",
                               policy, NULL));
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
}
