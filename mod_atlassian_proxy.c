/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * mod_atlassian_proxy: one line in a virtual host puts an Atlassian application behind httpd.
 *
 * This file is the module record: configuration create/merge, directive table, hook list.
 * Everything else lives in modules/, one file per concern.
 */
#include "httpd.h"
#include "http_config.h"

static void atl_register_hooks(apr_pool_t *p)
{
    (void)p;
}

AP_DECLARE_MODULE(atlassian_proxy) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, atl_register_hooks,
    AP_MODULE_FLAG_ALWAYS_MERGE};
