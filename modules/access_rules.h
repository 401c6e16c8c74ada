/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Which rules of httpd's own configuration apply to a request, and which of them turned it away: for people,
 * not for decisions, which are httpd's.
 */
#ifndef ATL_ACCESS_RULES_H
#define ATL_ACCESS_RULES_H

#include "httpd.h"

/*
 * What is listed of the sections that atl_sections_matching() found: those that say who may come in or what
 * serves the path. Returns an array of const char *, as they stand:
 * site.conf:12: <Location "/wiki">: Require ip 10.0.0.0/8. From p.
 */
apr_array_header_t *atl_access_rules(apr_pool_t *p, const apr_array_header_t *sections);

/*
 * The Require lines that do not admit r: those of the last section that has any (of all sections where
 * AuthMerging is used). Lines that need no login are asked again. Returns "Require ip 10.0.0.0/8
 * (site.conf:13), Require ..."; "" where no section has one. From p.
 */
const char *atl_access_require(apr_pool_t *p, request_rec *r, const apr_array_header_t *sections);

/*
 * The Order, Allow and Deny lines of the sections, in the same form.
 */
const char *atl_access_order(apr_pool_t *p, const apr_array_header_t *sections);

/*
 * The Redirect... and RewriteRule lines that could have answered r with its status: outside of sections those
 * whose pattern matches the path, in sections all. In the same form.
 */
const char *atl_access_redirects(apr_pool_t *p, const request_rec *r,
                                 const apr_array_header_t *sections);

#endif
