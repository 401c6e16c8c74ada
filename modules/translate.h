/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Name translation: which app owns a request, and what URL the application is asked for.
 */
#ifndef ATL_TRANSLATE_H
#define ATL_TRANSLATE_H

#include "httpd.h"

void atl_translate_register_hooks(apr_pool_t *p);

#endif
