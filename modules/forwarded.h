/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What the application is told about the client and the public address.
 */
#ifndef ATL_FORWARDED_H
#define ATL_FORWARDED_H

#include "httpd.h"

void atl_forwarded_register_hooks(apr_pool_t *p);

#endif
