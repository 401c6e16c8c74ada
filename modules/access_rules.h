/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Which sections with access rules apply to a path, and where they stand: for people, not for decisions,
 * which are httpd's.
 */
#ifndef ATL_ACCESS_RULES_H
#define ATL_ACCESS_RULES_H

#include "httpd.h"
#include "http_config.h"

/*
 * Whether d is a <Location>, <LocationMatch>, <Proxy> or <ProxyMatch> section for path, as httpd sees it, or url,
 * what the application is asked for; either may be NULL. Scratch from p.
 */
int atl_section_matches(apr_pool_t *p, const ap_directive_t *d, const char *path, const char *url);

/*
 * The <Location>, <LocationMatch>, <Proxy> and <ProxyMatch> sections of a server, and those outside of any
 * virtual host, that match and say who may come in or what serves the path. path: as httpd sees it; url:
 * what the application is asked for, or NULL. Returns an array of const char *, as they stand:
 * site.conf:12: <Location "/wiki">: Require ip 10.0.0.0/8. From p.
 */
apr_array_header_t *atl_access_rules(apr_pool_t *p, const server_rec *s, const char *path,
                                     const char *url);

#endif
