/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/**
 * One tunnel: two sockets, what waits to be written to each, and how it ends. Runs in one poller
 * thread only; never blocks.
 */
#ifndef ATL_TUNNEL_IO_H
#define ATL_TUNNEL_IO_H

#include <apr_ring.h>

#include "httpd.h"
#include "tunnel_policy.h"
#include "websocket.h"

typedef struct atl_tunnel atl_tunnel;
struct ssl_st;

/** The two ends of a tunnel: indexes of atl_tunnel.side. */
enum { ATL_CLIENT, ATL_BACKEND };

/** Who ended a tunnel. */
typedef enum { ATL_BY_NOBODY, ATL_BY_CLIENT, ATL_BY_BACKEND, ATL_BY_SERVER } atl_closer;

/** Where a tunnel is in its life. */
typedef enum {
    ATL_OPEN,    /**< bytes pass both ways */
    ATL_LEAVING, /**< a Close frame will go to the client at the next frame boundary */
    ATL_SAID,    /**< the Close frame is on its way: only the client's answer still passes */
    ATL_GONE     /**< sockets closed; memory is freed at the end of the round */
} atl_phase;

/** One socket. */
typedef struct atl_side {
    int fd;                          /**< own descriptor: a duplicate of httpd's */
    int which;                       /**< ATL_CLIENT or ATL_BACKEND */
    apr_uint32_t mask;               /**< epoll events asked for; 0 = not in the set */
    unsigned int eof : 1;            /**< nothing more is read from it */
    unsigned int shut : 1;           /**< nothing more is written to it */
    unsigned int broken : 1;         /**< an error has been seen: no TLS farewell */
    unsigned int read_wants_out : 1; /**< TLS: reading goes on when it can be written */
    unsigned int write_wants_in : 1; /**< TLS: writing goes on when it can be read */
    struct ssl_st *ssl;              /**< TLS, or NULL */
    unsigned char *pend;             /**< bytes that wait to be written to it, or NULL */
    apr_size_t pend_at;              /**< how many of them have been written */
    apr_size_t pend_len;             /**< how many there are */
    apr_uint64_t got;                /**< bytes read from it */
} atl_side;

/** A tunnel. From malloc: an httpd pool would cost more than all of it. */
struct atl_tunnel {
    APR_RING_ENTRY(atl_tunnel) slot;  /**< in a slot of the timer wheel, or among the dead */
    APR_RING_ENTRY(atl_tunnel) ready; /**< among those with work no event will announce */
    atl_tunnel *next;                 /**< on the way to a poller */
    atl_side side[2];
    atl_ws_track down; /**< frames from the backend to the client */
    atl_phase phase;
    int is_ready;          /**< is in the ready ring */
    int epoll;             /**< the poller's epoll descriptor */
    _Atomic int parts;     /**< connections httpd has not let go of yet */
    apr_uint32_t born;     /**< seconds of the monotonic clock, as all times here */
    apr_uint32_t moved;    /**< when bytes last moved */
    apr_uint32_t due;      /**< when the timer must look */
    apr_uint32_t leave_at; /**< ATL_OPEN: when to leave, 0 = not asked to; later: when to cut */
    apr_uint32_t idle;     /**< seconds without movement that end it */
    apr_uint32_t grace;    /**< seconds it may outlive its child's notice */
    atl_closer closer;
    const char *reason; /**< static text */
    int error;          /**< errno that belongs to the reason, or 0 */
    const atl_app *app; /**< in whose numbers it counts */
    server_rec *server; /**< whose log gets the last line */
    char label[];       /**< client and path, for that line */
};

/** What a poller lends its tunnels while they work. */
typedef struct {
    unsigned char *buf; /**< shared buffer */
    apr_size_t size;    /**< its size: what one side may be ahead of the other */
    apr_uint32_t now;   /**< seconds of the monotonic clock */
} atl_work;

/**
 * Make a tunnel without sockets.
 * @param policy its rules
 * @param s whose log gets the last line
 * @param label client and path
 * @return the tunnel, to be freed by atl_tunnel_free(); NULL when memory ran out
 */
atl_tunnel *atl_tunnel_make(const atl_tunnel_policy *policy, server_rec *s, const char *label);

/** Free a tunnel, and close what it has open. */
void atl_tunnel_free(atl_tunnel *t);

/**
 * Put bytes behind those that wait for a side. Only before the tunnel is started, or from its
 * poller.
 * @return 1; 0 when memory ran out
 */
int atl_tunnel_queue(atl_side *side, const void *data, apr_size_t len);

/**
 * Begin: enter the epoll set and move what came with the handshake.
 * @param t the tunnel; side[ATL_CLIENT].pend may hold what the backend sent early, and the reverse
 * @param w the poller's means
 */
void atl_tunnel_start(atl_tunnel *t, atl_work *w);

/**
 * Work on what epoll reported for a side.
 * @param side the side, as registered
 * @param events epoll's
 * @param w the poller's means
 * @return its tunnel; look at its phase, is_ready and due
 */
atl_tunnel *atl_tunnel_event(atl_side *side, apr_uint32_t events, atl_work *w);

/** Go on where a turn was cut short. */
void atl_tunnel_resume(atl_tunnel *t, atl_work *w);

/** The timer has come to due: end the tunnel, or set a later due. */
void atl_tunnel_timer(atl_tunnel *t, atl_work *w);

/** Close now, with a Close frame if that can be written at once. */
void atl_tunnel_abandon(atl_tunnel *t, atl_work *w, const char *reason);

/** Recompute due from the tunnel's state. */
void atl_tunnel_schedule(atl_tunnel *t);

/** The tunnel of a side. */
atl_tunnel *atl_tunnel_of(atl_side *side);

#endif
