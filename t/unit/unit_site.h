/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * A virtual host made of AtlassianApp lines, as the httpd files make it.
 */
#ifndef ATL_UNIT_SITE_H
#define ATL_UNIT_SITE_H

#include "site.h"

/*
 * Reads lines (AtlassianApp's words, separated by line feeds), each as line n of apps.conf, and
 * adds them to a new site reached as scheme://host:port. Returns NULL when one is in error or in
 * the way of another; *why then says so, if why is not NULL. From the test's pool.
 */
atl_site *site_of(const char *lines, const char *scheme, const char *host, unsigned port,
                  const char **why);

/* The claims as text, sorted: "path kind=backend+backend_path (line)", a line each. */
const char *claims_of(const atl_site *site);

#endif
