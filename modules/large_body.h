/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Large bodies, down- and uploads, cost a read and a write for every piece they pass httpd in. Stock
 * httpd reads 8,000 bytes at a time from every socket, whatever its directives say, and writes what it
 * has read. Here the pieces grow up to 64 KiB while a connection has that much to give.
 */
#ifndef ATL_LARGE_BODY_H
#define ATL_LARGE_BODY_H

#include "httpd.h"

/*
 * Lets mod_proxy_http take an answer in large pieces in this virtual host, unless its administrator
 * has said how large (ProxyIOBufferSize). The server must have a record of mod_proxy of its own.
 */
void atl_large_body_apply(server_rec *s);

/*
 * Whether a request has a body of more than so many bytes, or one of unknown length.
 */
int atl_has_body_beyond(const request_rec *r, apr_off_t bytes);

void atl_large_body_register_hooks(apr_pool_t *p);

#endif
