/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * mod_proxy's worker parameters as a line may give them: which there are and what their values
 * look like (pure).
 */
#ifndef ATL_WORKER_PARAM_H
#define ATL_WORKER_PARAM_H

#include "app.h"

/*
 * Reads one key=value as a worker parameter; key in lower case, value not copied.
 * Returns NULL with *param filled, or with param->key NULL when there is no such parameter (neither
 * allowed nor refused). Otherwise returns what is wrong with it, from p.
 */
const char *atl_worker_param_read(apr_pool_t *p, const char *key, const char *value,
                                  atl_param *param);

/*
 * The parameters' names: index from 0; returns NULL after the last.
 */
const char *atl_worker_param_name(int index);

/*
 * Why a parameter of mod_proxy's is not taken, and what to do; NULL when key (in any letter case) is
 * not one of those.
 */
const char *atl_worker_param_refusal(const char *key);

#endif
