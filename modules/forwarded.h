/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What the application is told about the client and the public address.
 */
#ifndef ATL_FORWARDED_H
#define ATL_FORWARDED_H

#include "server_conf.h"

/*
 * The Host header of a request; ServerName for a client that sent none. From r->pool or older.
 */
const char *atl_request_host(const request_rec *r);

/*
 * An absolute URL for people: path at the address this request came in by, or at ServerName
 * where UseCanonicalName is on. host: from atl_request_host(). From r->pool.
 */
const char *atl_public_url(const request_rec *r, const char *host, const char *path);

/*
 * Sets the headers that tell the application who asks, and at which address.
 * r: whose headers_in are what is sent; request: its record, with a claim and host.
 */
void atl_forwarded_say(request_rec *r, const atl_request *request);

void atl_forwarded_register_hooks(apr_pool_t *p);

#endif
