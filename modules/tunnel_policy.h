/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/** What the rest of the module decides about a WebSocket: may it be tunnelled, for how long. */
#ifndef ATL_TUNNEL_POLICY_H
#define ATL_TUNNEL_POLICY_H

#include <stdatomic.h>

#include "httpd.h"

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

/** Counters of one app. May lie in memory shared by all children; all zero to begin with. */
typedef struct {
    _Atomic apr_uint32_t open;       /**< tunnels held now */
    _Atomic apr_uint64_t opened;     /**< tunnels begun */
    _Atomic apr_uint64_t refused;    /**< handshakes answered 503 at the cap */
    _Atomic apr_uint64_t bytes_up;   /**< bytes from clients, of tunnels that have ended */
    _Atomic apr_uint64_t bytes_down; /**< bytes from backends, of tunnels that have ended */
    _Atomic apr_uint64_t fallback[ATL_FALLBACKS]; /**< handshakes left to mod_proxy, by reason */
} atl_tunnel_counters;

/** One app's rules. Lives as long as the child. */
typedef struct {
    apr_interval_time_t idle_timeout; /**< end a tunnel in which nothing moved so long */
    apr_interval_time_t grace;        /**< how long a tunnel may outlive its child's notice */
    atl_tunnel_counters *counters;    /**< never NULL */
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
 * Prepare what the rules need. Called from post_config.
 * @param p pconf
 * @return APR_SUCCESS, or why shared memory could not be had
 */
apr_status_t atl_tunnel_policy_init(apr_pool_t *p);

#endif
