/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Reads a request path the way the servlet container behind will read it (pure).
 *
 * Jakarta Servlet 6.0, section 3.5.2 ("URI path canonicalization"), and what Tomcat and Jetty do:
 * ";parameters" are no part of a segment's name, empty segments do not count, "." and ".."
 * segments are resolved after that, %XX stands for a byte.
 */
#ifndef ATL_PATH_H
#define ATL_PATH_H

#include <apr_pools.h>

typedef enum {
    ATL_PATH_OK,
    ATL_PATH_BAD_ESCAPE, /* %zz, %00, or UTF-8 in overlong form */
    ATL_PATH_ABOVE_ROOT, /* more ".." than segments */
    ATL_PATH_AMBIGUOUS   /* a dot segment that is one only if %2f, %5c or \ is a slash */
} atl_path_status;

typedef struct atl_path {
    /* What access rules see and contexts are matched on: decoded, without parameters. Encoded
     * and backward slashes count as slashes, as in the most lenient container, so that no
     * rule can be walked around by one. */
    const char *resolved;
    /* What the application gets: the same segments with escapes and parameters as sent. */
    const char *raw;
    /* Bytes of resolved before the first slash that came as %2f, %5c or \; all if none did. */
    apr_size_t certain;
    /* Where the path stood before the first ".." with parameters or escapes was resolved, which
     * browsers never send; NULL if there was none. */
    const char *before_climb;
} atl_path;

/*
 * Reads uri, an absolute path without query, escapes in place. On ATL_PATH_OK fills *path;
 * its strings are uri itself where nothing had to change, else from p.
 */
atl_path_status atl_path_read(apr_pool_t *p, const char *uri, atl_path *path);

/*
 * Whether path is parent itself or whole segments below it; "" is the parent of all.
 */
int atl_path_is_below(const char *path, const char *parent);

#endif
