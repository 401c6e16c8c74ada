/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Which sections of the configuration httpd merged for a request: for people, not for decisions, which are
 * httpd's.
 */
#ifndef ATL_SECTION_MATCH_H
#define ATL_SECTION_MATCH_H

#include "httpd.h"
#include "util_cfgtree.h"

/*
 * The first directive outside of any section that holds for a server: level 0 of the main server, level 1 of
 * the virtual host, NULL in the main server itself. p: for scratch.
 */
const ap_directive_t *atl_server_directives(apr_pool_t *p, const server_rec *s, int level);

/*
 * The sections that match, those in others included, in the order httpd merges them: the last has the last
 * word. r: looked up by now; url: what the application is asked for, or NULL. Returns an array of const
 * ap_directive_t *, from p. .htaccess files are no part of the configuration's tree.
 */
apr_array_header_t *atl_sections_matching(apr_pool_t *p, request_rec *r, const char *url);

/*
 * Is d a <Location> or <LocationMatch> for a path? p: for scratch.
 */
int atl_section_is_location_of(apr_pool_t *p, const ap_directive_t *d, const char *path);

/*
 * Does a path stand at or below another, segment by segment, as <Location> and Redirect have it? prefix may
 * have wildcards.
 */
int atl_section_has_path(const char *prefix, const char *path);

/*
 * Does a regular expression match? One that does not compile matches nothing. p: for scratch.
 */
int atl_section_has_pattern(apr_pool_t *p, const char *pattern, const char *text);

/* The next word of a section's arguments, without the sign that ends them. From p. */
const char *atl_section_word(apr_pool_t *p, const char **args);

#endif
