/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Set-Cookie values (RFC 6265, section 4.1): what they say, and those that would not work at the public
 * address (pure).
 */
#ifndef ATL_COOKIE_H
#define ATL_COOKIE_H

#include "route.h"

/*
 * The value of an attribute, in any letter case; "" for one that has none, NULL where it is not there. Not
 * terminated: *len has its length in bytes.
 */
const char *atl_cookie_attribute(const char *cookie, const char *name, apr_size_t *len);

/*
 * Mends one Set-Cookie value: adds the Secure attribute if secure is set
 * and it lacks one; drops a Domain that is the backend's own host, which browsers refuse; and
 * turns a Path below the claim's backend path into the public one where the two differ.
 * Returns the new value, from p, or NULL when nothing had to change.
 */
char *atl_cookie_mend(apr_pool_t *p, const atl_claim *claim, int secure, const char *cookie);

#endif
