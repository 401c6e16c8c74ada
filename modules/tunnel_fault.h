/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/**
 * Faults for tests: compiled in by configure --enable-fault-injection only. The environment
 * variable ATL_FAULTS names what goes wrong, and how often: "EAGAIN=3,DUP=2" fails every third read
 * or write with EAGAIN and every second duplication of a descriptor.
 */
#ifndef ATL_TUNNEL_FAULT_H
#define ATL_TUNNEL_FAULT_H

/** What can go wrong. */
typedef enum {
    ATL_FAULT_EAGAIN,      /**< a socket that was ready is not */
    ATL_FAULT_SHORT_WRITE, /**< one byte is taken */
    ATL_FAULT_DUP,         /**< no descriptor left */
    ATL_FAULT_ACCEPT,      /**< the backend's Sec-WebSocket-Accept is wrong */
    ATL_FAULT_DELAY,       /**< the hand-over dawdles 3 ms in the worker thread */
    ATL_FAULTS
} atl_fault;

#ifdef ATL_FAULT_INJECTION
/** Whether this one goes wrong now. */
int atl_fault_hit(atl_fault what);
#define ATL_FAULT(what) atl_fault_hit(ATL_FAULT_##what)
#else
#define ATL_FAULT(what) 0
#endif

#endif
