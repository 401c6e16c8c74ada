/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * A Java .properties file and where its values stand (pure). The form is java.util.Properties.load's.
 */
#ifndef ATL_PROPERTIES_H
#define ATL_PROPERTIES_H

#include <apr_tables.h>

typedef struct atl_property {
    const char *key, *value; /* escapes resolved */
    unsigned line;           /* counted from 1 */
    apr_size_t at, len;      /* the value as written, in bytes of the text */
    unsigned commented : 1;  /* a comment that would be one without its sign */
} atl_property;

/*
 * Reads a file's text, of len bytes. Returns all there are, as they stand: array of atl_property,
 * from p. Nothing is an error: to Java neither.
 */
apr_array_header_t *atl_properties_read(apr_pool_t *p, const char *text, apr_size_t len);

/*
 * The property that counts, which is the last of its name; NULL if there is none. commented: among
 * comments instead.
 */
const atl_property *atl_properties_find(const apr_array_header_t *properties, const char *key,
                                        int commented);

#endif
