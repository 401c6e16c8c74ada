/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * "apachectl -t -D DUMP_ATLASSIAN_APPS": what each line stands for in stock httpd, and the
 * application's half of the job.
 */
#ifndef ATL_DUMP_H
#define ATL_DUMP_H

#include "httpd.h"

void atl_dump_register_hooks(apr_pool_t *p);

/*
 * All servers as they stand in the files, the main one first: an array of const server_rec *, from p.
 */
apr_array_header_t *atl_servers_by_place(apr_pool_t *p, const server_rec *main_server);

#endif
