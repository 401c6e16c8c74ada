/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What the module knows of one of httpd's connections, a client's or a backend's. tunnel_take.c
 * makes the record when the connection begins; it ends with the connection's pool.
 */
#ifndef ATL_CONNECTION_H
#define ATL_CONNECTION_H

#include "http_config.h"
#include "httpd.h"

extern module AP_MODULE_DECLARE_DATA atlassian_proxy_module;

typedef struct atl_connection {
    struct ssl_st *ssl;    /* mod_ssl's; NULL without TLS */
    struct atl_side *side; /* of a tunnel, once the connection is taken out of httpd */
    int large_body;        /* may carry large bodies of an application, see large_body.c */
} atl_connection;

/*
 * The record of a connection; NULL for an HTTP/2 stream's, which has no socket.
 */
static inline atl_connection *atl_connection_of(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &atlassian_proxy_module);
}

#endif
