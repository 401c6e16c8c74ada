/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Health checks of clusters end. mod_proxy_hcheck waits for an answer as long as a user would, which
 * for a node that hangs is minutes; meanwhile it gets new sessions.
 */
#ifndef ATL_HEALTH_H
#define ATL_HEALTH_H

#include "httpd.h"

void atl_health_register_hooks(apr_pool_t *p);

#endif
