/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Reads what an application says of itself and compares it with what it should say (pure).
 */
#ifndef ATL_VERDICT_H
#define ATL_VERDICT_H

#include "site.h"

typedef struct atl_verdict {
    int right;           /* 1 right, 0 wrong, -1 nothing can be said */
    int base_url_off;    /* it is the base URL that is wrong */
    const char *said;    /* a sentence */
    const char *version; /* of the application, where the answer has it; else NULL */
} atl_verdict;

/*
 * Judges the answer to one probe.
 * status: HTTP status, 0 when none came. body: terminated, its beginning is enough. From p.
 */
void atl_verdict_of(apr_pool_t *p, const atl_site *site, const atl_app *app, const atl_probe *probe,
                    int status, const char *body, atl_verdict *verdict);

#endif
