/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Request headers that vouch for a client's address, the public address or the path: a proxy's to
 * say, never a client's (pure).
 */
#ifndef ATL_VOUCHING_H
#define ATL_VOUCHING_H

/* Their names; ends with NULL. None of them is an application's own. */
extern const char *const atl_vouching[];

/*
 * Whether a header is one of them, in any letter case and with "_" for "-", as some frameworks
 * read it.
 */
int atl_is_vouching(const char *header);

#endif
