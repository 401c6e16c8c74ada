/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Lists of addresses and networks: trusted-proxy= and admin= (pure).
 */
#ifndef ATL_NETWORK_H
#define ATL_NETWORK_H

#include <apr_network_io.h>
#include <apr_tables.h>

/*
 * Reads "10.0.0.5", "10.0.0.0/8" or "2001:db8::/32". Names are refused: who may do what must not
 * depend on DNS. On success returns NULL and sets *network, from p; otherwise what is wrong and what
 * to write instead, from p.
 */
const char *atl_network_read(apr_pool_t *p, const char *text, apr_ipsubnet_t **network);

/*
 * Whether one of networks (of apr_ipsubnet_t *) has the address; an IPv4 address that came over an
 * IPv6 socket counts as itself.
 */
int atl_networks_have(const apr_array_header_t *networks, apr_sockaddr_t *address);

#endif
