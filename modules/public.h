/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Under which address people reach a virtual host.
 */
#ifndef ATL_PUBLIC_H
#define ATL_PUBLIC_H

#include "httpd.h"
#include "util_cfgtree.h"

#include "site.h"

/* The sections of the parsed configuration, found by where a virtual host was defined. */
typedef struct atl_sections atl_sections;

/*
 * Indexes httpd's configuration tree, which must be complete. From p.
 */
atl_sections *atl_sections_index(apr_pool_t *p);

/*
 * The first directive of a server's own part of the configuration, or NULL.
 */
const ap_directive_t *atl_directives_of(const atl_sections *sections, const server_rec *s);

/*
 * The arguments of a directive as it stands in the server's own part of the configuration, the last
 * of several, as httpd's own setters have it; NULL if it does not stand there.
 */
const char *atl_directive_of(const atl_sections *sections, const server_rec *s, const char *name);

/*
 * Fills in scheme, host and port of a server: ServerName where it says so (httpd lets it carry
 * scheme and port), else SSLEngine and the address it listens on. host stays NULL without a
 * ServerName: what httpd makes up from reverse DNS is nobody's address.
 */
void atl_public_of(const atl_sections *sections, const server_rec *s, atl_public *public);

/*
 * What is contradictory about a server's ServerName: a scheme that is not the connection's, or
 * another port than it listens on without a scheme that would declare TLS or a port mapping in front.
 * Returns what to write instead (a sentence from p), or NULL.
 */
const char *atl_public_contradiction(apr_pool_t *p, const atl_sections *sections,
                                     const server_rec *s);

#endif
