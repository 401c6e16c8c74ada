/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Watches requests and answers as they pass: counts them, and reports what is wrong between httpd
 * and an application. Nothing is asked of anybody.
 */
#ifndef ATL_OBSERVE_H
#define ATL_OBSERVE_H

#include "server_conf.h"

/*
 * Counts a finding of a request's app, and logs it when it is new.
 */
void atl_observe_report(const request_rec *r, const atl_app *app, atl_finding_id id);

void atl_observe_register_hooks(apr_pool_t *p);

#endif
