/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Which product is behind an address that somebody proxies by hand (pure).
 */
#ifndef ATL_SUGGEST_PRODUCT_H
#define ATL_SUGGEST_PRODUCT_H

#include "product.h"

#include <apr_tables.h>

/* What there is to go by. */
typedef struct atl_hints {
    unsigned port;
    const char *context;        /* the paths: the public one, the application's */
    apr_array_header_t *names;  /* of const char *: hosts, ServerName, balancer */
    const char *text;           /* of lines that may name cookies */
    unsigned has_synchrony : 1; /* Synchrony is proxied beside it */
} atl_hints;

/*
 * Names the product. *doubt is NULL where the hints leave none, else the question to ask (from p);
 * the product is then the likeliest. Returns NULL where nothing looks like one of Atlassian's.
 */
const atl_product *atl_suggest_product(apr_pool_t *p, const atl_hints *hints, const char **doubt);

#endif
