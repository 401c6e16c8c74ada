/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * TLS to an https backend that does not come about: says why and what to do, and makes it a 502.
 */
#ifndef ATL_BACKEND_TLS_H
#define ATL_BACKEND_TLS_H

#include "httpd.h"

/*
 * Whether OpenSSL finds a certificate in file (an absolute path), as mod_ssl asks it for authorities.
 */
int atl_backend_tls_can_read(const char *file);

void atl_backend_tls_register_hooks(apr_pool_t *p);

#endif
