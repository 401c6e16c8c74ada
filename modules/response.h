/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What is done to an application's answer on its way out.
 */
#ifndef ATL_RESPONSE_H
#define ATL_RESPONSE_H

#include "httpd.h"

void atl_response_register_hooks(apr_pool_t *p);

#endif
