/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What is wrong with hand-written proxying (pure). Numbers ATLP1101 and up have an entry each in
 * docs/suggest.md; unlike findings they are about a configuration, not about what passes.
 */
#ifndef ATL_SUGGEST_MISTAKE_H
#define ATL_SUGGEST_MISTAKE_H

#include "suggest.h"

typedef enum {
    ATL_OLD_FORWARDED_FOR,
    ATL_OLD_UPGRADE_PATTERN,
    ATL_OLD_SLASH,
    ATL_OLD_LOOSE,
    ATL_OLD_AUTHORIZATION,
    ATL_OLD_WEBSOCKET_ALONE,
    ATL_OLD_CONTEXT,
    ATL_OLD_ORDER,
    ATL_OLD_WEBSOCKET_TIMEOUT,
    ATL_OLD_COMPRESSION,
    ATL_OLD_FORWARD_PROXY,
    ATL_OLD_HOST,
    ATL_OLD_SCHEME,
    ATL_OLD_REVERSE,
    ATL_OLD_SPOOLED,
    ATL_OLD_CERTIFICATE,
    ATL_OLD_DECODED_SLASHES,
    ATL_OLD_STICKINESS,
    ATL_OLD_TIMEOUT,
    ATL_OLD_ERROR_OVERRIDE,
    ATL_OLD_MISTAKES
} atl_old_mistake_id;

typedef struct atl_old_mistake_row {
    unsigned number;
    const char *name;
    const char *said,
        *cure; /* sentences without their full stop; {path} and its like are filled in */
} atl_old_mistake_row;

extern const atl_old_mistake_row atl_old_mistake_rows[ATL_OLD_MISTAKES];

typedef struct atl_old_mistake {
    atl_old_mistake_id id;
    const atl_old_line *line;
    const char *said, *cure;
} atl_old_mistake;

/*
 * Finds what is wrong with the lines of a virtual host whose applications are known. Returns an
 * array of atl_old_mistake, by their numbers, from p.
 */
apr_array_header_t *atl_old_mistakes(apr_pool_t *p, const atl_old_host *host,
                                     const apr_array_header_t *mappings,
                                     const apr_array_header_t *apps);

/*
 * Whether a timeout (as ProxyPass has it) cuts off answers that the product is known to take.
 */
int atl_old_timeout_is_short(const char *timeout, const atl_product *product);

/*
 * Whether a RequestHeader line makes the client's own X-Forwarded-For (or its like) the truth.
 */
int atl_old_believes_client(apr_pool_t *p, const atl_old_line *line);

/*
 * Whether a line tells the application of https that httpd itself does not know of.
 */
int atl_old_hides_https(apr_pool_t *p, const atl_old_host *host, const atl_old_line *line);

#endif
