/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Reads the backend words of an AtlassianApp line: URLs and what people write for them (pure).
 */
#ifndef ATL_BACKEND_H
#define ATL_BACKEND_H

#include "app.h"

/*
 * Reads http[s]://host[:port][/path] or host[:port][/path].
 * default_port is for the form without a scheme; URLs follow their scheme.
 * On success returns NULL, fills *backend and sets *path to the path without its trailing
 * slash ("" for the root), all from p. Otherwise returns what is wrong and what to write.
 */
const char *atl_backend_parse(apr_pool_t *p, const char *word, unsigned default_port,
                              atl_backend *backend, const char **path);

/*
 * Fills *backend for a host that is known to be good. host is not copied.
 */
void atl_backend_set(apr_pool_t *p, atl_backend *backend, const char *scheme, const char *host,
                     unsigned port);

/*
 * Whether text is an IPv4 address in its usual form: four decimal numbers, no leading zeros.
 */
int atl_is_ipv4(const char *text);

/*
 * Checks a path that is to be a context path or an exception: absolute, without empty or dot
 * segments, escapes, parameters, wildcards or anything else that two readers could read
 * differently. One trailing slash is allowed and dropped.
 * On success returns NULL and sets *clean ("" for "/"), from p.
 */
const char *atl_path_check(apr_pool_t *p, const char *path, const char **clean);

#endif
