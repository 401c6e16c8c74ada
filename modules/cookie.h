/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Set-Cookie values (RFC 6265, section 4.1): what they say, and those that would not work at the public
 * address (pure).
 */
#ifndef ATL_COOKIE_H
#define ATL_COOKIE_H

#include "route.h"

#include <apr_tables.h>

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

/*
 * The Set-Cookie headers of a table's entries, one after the other; NULL after the last. *next: 0 before the
 * first, counts on.
 */
apr_table_entry_t *atl_cookie_next(const apr_array_header_t *headers, int *next);

#endif
