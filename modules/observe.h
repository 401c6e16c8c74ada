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

/*
 * The same of one node of its cluster, which is named in the log and as the example.
 */
void atl_observe_report_node(const request_rec *r, const atl_request *request, atl_finding_id id);

/*
 * Looks at the first brigade of an application's answer, before anybody has changed its headers.
 * An empty answer of an application that is starting is replaced by a page.
 */
void atl_observe_answer(request_rec *r, atl_request *request, apr_bucket_brigade *bb);

/*
 * One attempt to ask a node of a cluster has ended; others may follow. Remembers in the request, and
 * counts for the node, whether and why it failed. Returns that.
 */
atl_failure atl_observe_attempt(request_rec *r, atl_request *request);

void atl_observe_register_hooks(apr_pool_t *p);

#endif
