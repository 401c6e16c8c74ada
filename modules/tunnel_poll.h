/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/**
 * The poller threads of a child: they carry all of its tunnels, keep the timers, and decide when a
 * dying child may go.
 */
#ifndef ATL_TUNNEL_POLL_H
#define ATL_TUNNEL_POLL_H

#include "tunnel_io.h"

/**
 * Start the pollers of this child. Registers what stops them on p.
 * @param p pchild
 * @param s the main server
 * @return APR_SUCCESS; otherwise there are none, and atl_poll_running() is 0
 */
apr_status_t atl_poll_start(apr_pool_t *p, server_rec *s);

/** Whether tunnels can be handed over now: pollers run, and the child is not being stopped hard. */
int atl_poll_running(void);

/**
 * Reserve room for a tunnel under this child's cap (two descriptors each, see atl_poll_cap()).
 * @return 1, to be undone by atl_poll_unreserve() or taken over by atl_poll_adopt(); 0 at the cap
 */
int atl_poll_reserve(void);

/** Give a reservation back. */
void atl_poll_unreserve(void);

/** How many tunnels this child may hold. */
apr_uint32_t atl_poll_cap(void);

/**
 * How many descriptors a child will be allowed, from the limits of the calling process.
 * @return the number; 0 if the system does not say
 */
apr_uint64_t atl_poll_descriptors(void);

/**
 * Derive the cap from a descriptor limit: what requests need stays free.
 * @param descriptors RLIMIT_NOFILE
 * @param threads worker threads in a child
 * @return tunnels
 */
apr_uint32_t atl_poll_cap_for(apr_uint64_t descriptors, int threads);

/**
 * Hand a tunnel over; its sockets must be nobody else's from now on. Uses up a reservation.
 * @param t the tunnel, which belongs to a poller from now on
 */
void atl_poll_adopt(atl_tunnel *t);

/**
 * The child has been told to end.
 * @param graceful 1: tunnels live on for their grace; 0: close them now
 */
void atl_poll_stop(int graceful);

#endif
