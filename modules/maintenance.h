/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Planned maintenance: while the file of maintenance= exists, people get a page that says so, and programs
 * an answer they understand.
 */
#ifndef ATL_MAINTENANCE_H
#define ATL_MAINTENANCE_H

#include <apr_pools.h>

void atl_maintenance_register_hooks(apr_pool_t *p);

#endif
