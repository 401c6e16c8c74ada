/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Who asks, a person with a browser or a program: what an error must look like (pure).
 */
#ifndef ATL_AUDIENCE_H
#define ATL_AUDIENCE_H

#include "route.h"

typedef enum {
    ATL_AUDIENCE_PERSON, /* a page */
    ATL_AUDIENCE_JSON,
    ATL_AUDIENCE_TEXT, /* git, Bamboo's agents, anything that shows what it gets */
    ATL_AUDIENCE_PROBE /* Synchrony's browser code: no body at all */
} atl_audience;

/*
 * Judges a request by its path and its Accept and X-Requested-With headers, which may be NULL.
 * path: as the application reads it, at or below the claim's.
 */
atl_audience atl_audience_of(const atl_claim *claim, const char *path, const char *accept,
                             const char *requested_with);

#endif
