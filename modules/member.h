/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Several backends in one AtlassianApp line: the nodes of a cluster, and what they must agree on
 * (pure).
 */
#ifndef ATL_MEMBER_H
#define ATL_MEMBER_H

#include "app.h"

/*
 * Reads a backend with worker parameters of its own: http://host:8080/jira;route=a;loadfactor=2.
 * As atl_backend_parse(), and sets member->params and, for route=, member->route.
 */
const char *atl_member_parse(apr_pool_t *p, const char *word, unsigned default_port,
                             atl_backend *member, const char **path);

/*
 * Whether a backend of that context path may join those app has so far. Returns NULL, or what is
 * wrong and what to write instead, from p.
 */
const char *atl_member_check(apr_pool_t *p, const atl_app *app, const atl_backend *next,
                             const char *context);

/*
 * Gives app the Synchronies of its nodes: one on each host.
 */
void atl_members_add_synchronies(apr_pool_t *p, atl_app *app);

/*
 * Once all words of a line are read: checks what belongs to clusters only and gives nodes without
 * route= a route. seen: the keys of the line, NULL for none. Returns NULL, or what is wrong, from p.
 */
const char *atl_members_finish(apr_pool_t *p, atl_app *app, const apr_table_t *seen);

#endif
