/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What mod_proxy looks for anew with every request, by walking all workers and <Proxy> sections of
 * a virtual host, found once for each claim: a request costs the same with one app and with
 * thousands. And what it works out anew, the URL to ask for, which is known.
 */
#ifndef ATL_SHORTCUT_H
#define ATL_SHORTCUT_H

#include "httpd.h"

void atl_shortcut_register_hooks(apr_pool_t *p);

#endif
