/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Request headers that vouch for a client's address, the public address or the path: a proxy's to
 * say, never a client's (pure).
 */
#ifndef ATL_VOUCHING_H
#define ATL_VOUCHING_H

typedef enum {
    ATL_VOUCHING_NOT,
    ATL_VOUCHING_IDENTITY, /* who has logged in at a trusted proxy: its to say, never a client's */
    ATL_VOUCHING_ADDRESS   /* this module says it, or nobody needs to */
} atl_vouching_kind;

/* Names of ATL_VOUCHING_ADDRESS; ends with NULL. None of them is an application's own. */
extern const char *const atl_vouching[];

/*
 * Which kind a header is of, in any letter case and with "_" for "-", as some frameworks read it.
 * All other X-Forwarded-*, X-Original-* and X-Rewrite-* count as ATL_VOUCHING_ADDRESS.
 */
atl_vouching_kind atl_vouching_of(const char *header);

#endif
