/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Completes each virtual host's apps once all configuration is read, and feeds the stock
 * directives they stand for to httpd's own handlers.
 */
#ifndef ATL_APPLY_H
#define ATL_APPLY_H

#include "httpd.h"

void atl_apply_register_hooks(apr_pool_t *p);

#endif
