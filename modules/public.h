/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Under which address people reach a virtual host.
 */
#ifndef ATL_PUBLIC_H
#define ATL_PUBLIC_H

#include "httpd.h"

#include "site.h"

/* The sections of the parsed configuration, found by where a virtual host was defined. */
typedef struct atl_sections atl_sections;

/*
 * Indexes httpd's configuration tree, which must be complete. From p.
 */
atl_sections *atl_sections_index(apr_pool_t *p);

/*
 * Fills in scheme, host and port of a server: ServerName where it says so (httpd lets it carry
 * scheme and port), else SSLEngine and the address it listens on. host stays NULL without a
 * ServerName: what httpd makes up from reverse DNS is nobody's address.
 */
void atl_public_of(const atl_sections *sections, const server_rec *s, atl_public *public);

#endif
