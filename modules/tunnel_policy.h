/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/** What the rest of the module decides about a WebSocket: may it be tunnelled, for how long. */
#ifndef ATL_TUNNEL_POLICY_H
#define ATL_TUNNEL_POLICY_H

#include "httpd.h"

#include "app.h"

/** Why a WebSocket stays with mod_proxy's own tunnel, which holds a worker thread. */
typedef enum {
    ATL_FALLBACK_MPM,        /**< processes without threads: prefork */
    ATL_FALLBACK_HTTP2,      /**< RFC 8441: one stream of a connection, no socket of its own */
    ATL_FALLBACK_SUBREQUEST, /**< not a request of its own */
    ATL_FALLBACK_TLS,        /**< TLS that is not mod_ssl's on a libssl this module can call */
    ATL_FALLBACK_FILTER,     /**< a connection filter that must see the bytes */
    ATL_FALLBACK_POLLER,     /**< the poller threads could not be started, or a hard stop is on */
    ATL_FALLBACK_HANDOVER,   /**< descriptors could not be duplicated */
    ATL_FALLBACKS            /**< how many reasons there are */
} atl_tunnel_fallback;

/** One app's rules. Lives as long as the request; what it points to as long as the child. */
typedef struct {
    apr_interval_time_t idle_timeout; /**< end a tunnel in which nothing moved so long */
    apr_interval_time_t grace;        /**< how long a tunnel may outlive its child's notice */
    const atl_app *app;               /**< whose it is; NULL in tests of the tunnel alone */
} atl_tunnel_policy;

/**
 * The rules for a request.
 * @param r a request that will be proxied
 * @return its rules; NULL when it may not become a WebSocket
 */
const atl_tunnel_policy *atl_tunnel_policy_of(request_rec *r);

/**
 * Whether any app of this server has WebSockets, so that start-up warnings make sense.
 * @param s the main server
 * @return 1 or 0
 */
int atl_tunnel_policy_any(server_rec *s);

/**
 * What happened, for the app's numbers (counters.h).
 * @param app a policy's app
 * @param reason why mod_proxy carries it
 * @param up, down bytes from the client and from the backend
 */
void atl_tunnel_count_fallback(const atl_app *app, atl_tunnel_fallback reason);
void atl_tunnel_count_refused(const atl_app *app);
void atl_tunnel_count_opened(const atl_app *app);
void atl_tunnel_count_closed(const atl_app *app, apr_uint64_t up, apr_uint64_t down);

#endif
