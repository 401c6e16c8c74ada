/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * A node of a cluster that leaves while it is asked. mod_proxy goes on to another node when it cannot
 * connect; here a request that changes nothing is asked again when its node went away after that.
 */
#ifndef ATL_FAILOVER_H
#define ATL_FAILOVER_H

#include "httpd.h"

void atl_failover_register_hooks(apr_pool_t *p);

#endif
