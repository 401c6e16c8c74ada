/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * trusted-proxy=: the load balancers in front of a virtual host, and what mod_remoteip is told of them. All of it is
 * for start and configtest, when virtual hosts have been merged.
 */
#ifndef ATL_TRUSTED_H
#define ATL_TRUSTED_H

#include "public.h"

#include "httpd.h"

/*
 * Sets a server's load balancers, those that its lines name. p: of the configuration. Returns OK, or another status
 * after an error is logged: two lines that differ (ATLP0104).
 */
int atl_trusted_collect(apr_pool_t *p, server_rec *s);

/*
 * Gives a server with load balancers a record of mod_remoteip's (mod_remoteip.c, remoteip_config_t) such that directives
 * fed to it reach no other server. p: of the configuration, of which the record is. mod_remoteip is loaded.
 */
void atl_trusted_own_record(apr_pool_t *p, server_rec *s, const server_rec *main_server,
                            const atl_sections *sections);

/*
 * Notes which header an administrator's own RemoteIPHeader names for a server with lines, and warns that it has no
 * effect there (ATLP0103). p: of the configuration.
 */
void atl_trusted_replace(apr_pool_t *p, server_rec *s, const server_rec *main_server,
                         const atl_sections *sections);

#endif
