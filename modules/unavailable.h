/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What people and programs get while an application is down or starting.
 */
#ifndef ATL_UNAVAILABLE_H
#define ATL_UNAVAILABLE_H

#include "notice.h"
#include "server_conf.h"

#include "util_filter.h"

/*
 * Answers in the place of an application that could not be asked, or gave no answer.
 * status: mod_proxy's. Returns OK when the answer was sent, else the status for httpd to answer
 * with: where the administrator has an ErrorDocument for it, or the application is not to blame.
 */
int atl_unavailable_answer(request_rec *r, atl_request *request, int status);

/*
 * Puts the same answer in the place of one that only says "starting", without a page of its own.
 * bb: the first brigade of the application's answer; emptied and filled anew if so.
 */
void atl_unavailable_replace(request_rec *r, atl_request *request, apr_bucket_brigade *bb);

/*
 * Answers in the place of an application under maintenance, with an administrator's own words. Returns
 * OK, or the status for httpd to answer with, where the administrator has an ErrorDocument for it.
 */
int atl_unavailable_announce(request_rec *r, atl_request *request, const atl_notice *notice);

#endif
