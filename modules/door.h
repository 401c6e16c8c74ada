/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Doors: the paths of a product behind which it is administered, set up or restored (pure). Which
 * they are says the product's row in product.c, in this form:
 *
 *     /admin        /admin itself, what is below it, /admin.action, /admin!x.jspa; not /adminx
 *     /api/?/admin  any one segment for "?"
 *     *.setup*      anything, slashes too, for "*"; after one at the end nothing more counts
 *
 * Letter case does not count: on some file systems, and in rewrite rules of the applications, it
 * does not either.
 */
#ifndef ATL_DOOR_H
#define ATL_DOOR_H

#include "product.h"

#include <apr_tables.h>

/*
 * Whether a path is one of the product's doors. path: below the context, as path.h resolves it.
 *
 * The applications forward /s/ANYTHING/_/PATH to /PATH, for static resources that browsers may keep
 * (Atlassian Plugins, WebResourceManagerImpl: "^/s/(.*)/_/(.*)"), and decode it once more on the way:
 * what a path behind /_/ forwards to is looked at, and one that would change by that is a door.
 */
int atl_door_is(const atl_product *product, const char *path);

/*
 * The same as regular expressions, for <LocationMatch>. context: already a pattern, or "".
 * Returns an array of const char *, all from p.
 */
apr_array_header_t *atl_door_patterns(apr_pool_t *p, const atl_product *product,
                                      const char *context);

#endif
