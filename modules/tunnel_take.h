/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/**
 * Taking two connections out of httpd: duplicates of their sockets, the SSL objects, and every byte
 * httpd has read and not passed on. httpd then closes what it believes to be its connections, and
 * when it is done with the second one a poller gets the tunnel.
 */
#ifndef ATL_TUNNEL_TAKE_H
#define ATL_TUNNEL_TAKE_H

#include "httpd.h"
#include "tunnel_io.h"
#include "tunnel_policy.h"

/** Register the hooks that follow connections. */
void atl_take_register_hooks(apr_pool_t *p);

/**
 * Whether the bytes of a connection can be carried without httpd: plain or mod_ssl, and no filter
 * that must see them.
 * @param c a connection, client's or backend's
 * @param why receives what stands against it, when something does
 * @return 1, or 0 with *fallback and *why set
 */
int atl_take_possible(conn_rec *c, atl_tunnel_fallback *fallback, const char **why);

/**
 * Take both connections. Must be called with a poller reservation, which it uses up.
 * @param r the request
 * @param backend the backend's connection
 * @param policy the tunnel's rules
 * @return APR_SUCCESS; otherwise nothing has been read or changed
 */
apr_status_t atl_take(request_rec *r, conn_rec *backend, const atl_tunnel_policy *policy);

#endif
