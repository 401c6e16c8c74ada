/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Text in other formats (pure). Bytes that are not UTF-8, and U+0080 to U+009F, become U+FFFD in all
 * of them.
 */
#ifndef ATL_ESCAPE_H
#define ATL_ESCAPE_H

#include <apr_pools.h>

/*
 * The inside of a JSON string (RFC 8259, section 7), without its quotes. NULL is "". From p.
 */
const char *atl_escape_json(apr_pool_t *p, const char *text);

/*
 * The inside of an element or of a quoted attribute (HTML). Control characters but line feeds
 * become U+FFFD: what a terminal would obey may have been asked for as a path. NULL is "". From p.
 */
const char *atl_escape_html(apr_pool_t *p, const char *text);

/*
 * The inside of a label value (Prometheus text format 0.0.4), without its quotes. From p.
 */
const char *atl_escape_label(apr_pool_t *p, const char *text);

/*
 * The text itself, for formats that escape it later. Carriage returns are left out. From p.
 */
const char *atl_escape_none(apr_pool_t *p, const char *text);

#endif
