/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Which lines of a hand-written virtual host an AtlassianApp line makes useless (pure).
 */
#ifndef ATL_SUGGEST_REMOVE_H
#define ATL_SUGGEST_REMOVE_H

#include "suggest.h"

/*
 * The lines to delete once the lines of those apps that have no question are written. Lines that
 * hold for the whole virtual host stay while it proxies anything else. Returns an array of const
 * atl_old_line *, a section standing for all that is in it, from p.
 */
apr_array_header_t *atl_removals(apr_pool_t *p, const atl_old_host *host,
                                 const apr_array_header_t *mappings,
                                 const apr_array_header_t *apps);

/*
 * The app whose except= can say what a "ProxyPass path !" says, with the path for it in *clean;
 * NULL if there is none, and the line stays.
 */
const atl_old_app *atl_old_exception_of(apr_pool_t *p, const apr_array_header_t *apps,
                                        const atl_mapping *m, const char **clean);

/*
 * Whether a line has httpd compress answers.
 */
int atl_old_compresses(const atl_old_line *line);

/*
 * Whether a line is RequestHeader unset header.
 */
int atl_old_unsets(apr_pool_t *p, const atl_old_line *line, const char *header);

#endif
