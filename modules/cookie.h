/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Set-Cookie values that would not work at the public address (pure).
 */
#ifndef ATL_COOKIE_H
#define ATL_COOKIE_H

#include "route.h"

/*
 * Mends one Set-Cookie value (RFC 6265, section 4.1): adds the Secure attribute if secure is set
 * and it lacks one; drops a Domain that is the backend's own host, which browsers refuse; and
 * turns a Path below the claim's backend path into the public one where the two differ.
 * Returns cookie itself when nothing had to change, else a new value from p.
 */
const char *atl_cookie_mend(apr_pool_t *p, const atl_claim *claim, int secure, const char *cookie);

#endif
