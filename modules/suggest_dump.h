/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * "apachectl -t -D DUMP_ATLASSIAN_SUGGEST": the AtlassianApp lines that could replace hand-written
 * proxying, and what was wrong with it. Changes nothing.
 */
#ifndef ATL_SUGGEST_DUMP_H
#define ATL_SUGGEST_DUMP_H

#include "httpd.h"

void atl_suggest_dump_register_hooks(apr_pool_t *p);

#endif
