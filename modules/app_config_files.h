/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Finds and reads the applications' own configuration when httpd starts or tests its own: warnings,
 * and diffs with -D DUMP_ATLASSIAN_DIFF. Never on the request path, never a reason not to start.
 */
#ifndef ATL_APP_CONFIG_FILES_H
#define ATL_APP_CONFIG_FILES_H

#include <apr_pools.h>

void atl_app_config_files_register_hooks(apr_pool_t *p);

#endif
