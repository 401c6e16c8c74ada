/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * cache=on: lets mod_cache keep the static files of a product, and nothing else.
 */
#ifndef ATL_CACHE_H
#define ATL_CACHE_H

#include "public.h"
#include "server_conf.h"

/*
 * Completes what the expansion of a virtual host needs for cache=on: where mod_cache_disk keeps
 * files. Nothing happens without such a line. Logs what is wrong and returns !OK, else OK.
 */
int atl_cache_prepare(apr_pool_t *p, server_rec *s, const atl_sections *sections,
                      const server_rec *main_server);

void atl_cache_register_hooks(apr_pool_t *p);

#endif
