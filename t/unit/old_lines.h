/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Directives of a virtual host written as text, as httpd's tree would give them.
 */
#ifndef ATL_OLD_LINES_H
#define ATL_OLD_LINES_H

#include "suggest_read.h"

/* A directive a line, of a.conf; sections nest, and one that is not closed reaches to the end. From p. */
apr_array_header_t *old_lines_of(apr_pool_t *p, const char *text);

#endif
