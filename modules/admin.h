/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * admin=: who may reach the paths behind which an application is administered, set up or restored.
 */
#ifndef ATL_ADMIN_H
#define ATL_ADMIN_H

#include <apr_pools.h>

void atl_admin_register_hooks(apr_pool_t *p);

#endif
