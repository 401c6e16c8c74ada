/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Looks at the head of an application's answer before mod_proxy does: it must be HTTP/1, and end.
 * mod_proxy (2.4.71) limits each line of it but not their number, and takes an answer without a
 * status line for HTTP/0.9, so that whatever listens there would be a page with status 200.
 */
#ifndef ATL_ANSWER_HEAD_H
#define ATL_ANSWER_HEAD_H

#include "httpd.h"

void atl_answer_head_register_hooks(apr_pool_t *p);

#endif
