/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * "apachectl -t -D DUMP_ATLASSIAN_APPS": what each line stands for in stock httpd, and the
 * application's half of the job.
 */
#ifndef ATL_DUMP_H
#define ATL_DUMP_H

#include "httpd.h"

void atl_dump_register_hooks(apr_pool_t *p);

#endif
