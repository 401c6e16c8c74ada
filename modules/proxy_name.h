/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The whole name of one of mod_proxy's workers, its URL: older httpds (2.4.51) keep it in the field that
 * newer ones may cut.
 */
#ifndef ATL_PROXY_NAME_H
#define ATL_PROXY_NAME_H

#include "mod_proxy.h"

#if AP_MODULE_MAGIC_AT_LEAST(20120211, 124)
#define ATL_PROXY_NAME(worker) ((worker)->s->name_ex)
#else
#define ATL_PROXY_NAME(worker) ((worker)->s->name)
#endif

#endif
