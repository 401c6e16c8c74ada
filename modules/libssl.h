/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * libssl, which is not linked: a server without TLS needs none, and this module loads before or
 * after mod_ssl.
 */
#ifndef ATL_LIBSSL_H
#define ATL_LIBSSL_H

/*
 * Finds one of libssl's functions (of libcrypto's too) as mod_ssl calls it: what mod_ssl has made can be
 * given to no other, and a library of another module may have brought an older one into the process. To be
 * asked when all modules are loaded. Returns NULL when mod_ssl is not, or has it linked into itself.
 */
void *atl_libssl_find(const char *name);

#endif
