/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Planned maintenance: while the file of maintenance= exists, people get a page that says so, and programs
 * an answer they understand.
 */
#ifndef ATL_MAINTENANCE_H
#define ATL_MAINTENANCE_H

#include "httpd.h"

/*
 * Whether maintenance stops a request that goes to an application: the file is there, and neither the path
 * nor the client passes.
 */
int atl_maintenance_stops(request_rec *r);

void atl_maintenance_register_hooks(apr_pool_t *p);

#endif
