/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What this module's own pages have in common.
 */
#ifndef ATL_HTML_H
#define ATL_HTML_H

#include "httpd.h"

/*
 * A random word for one page's Content-Security-Policy: styles and scripts that do not carry it
 * are not obeyed. From p.
 */
const char *atl_html_nonce(apr_pool_t *p);

/*
 * Sets the headers of a page: nothing is loaded, sent or framed but what policy allows
 * ("style-src 'nonce-...'"); nothing is kept.
 */
void atl_html_headers(request_rec *r, const char *policy);

#endif
