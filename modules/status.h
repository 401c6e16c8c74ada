/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The status page: SetHandler atlassian-status. docs/status.md describes its formats.
 */
#ifndef ATL_STATUS_H
#define ATL_STATUS_H

#include "explain.h"
#include "snapshot.h"

/*
 * Write a snapshot as the answer to r, headers and all. The page has a button for a check, and shows what
 * was explained (of atl_explained), if that is not NULL.
 */
void atl_status_html(request_rec *r, const atl_snapshot *snapshot,
                     const apr_array_header_t *explained);
void atl_status_json(request_rec *r, const atl_snapshot *snapshot);
void atl_status_prometheus(request_rec *r, const atl_snapshot *snapshot);

/*
 * What was explained: a part of the page with its form, and as the answer to r in JSON.
 */
void atl_status_explain_html(request_rec *r, const apr_array_header_t *explained);
void atl_status_explain_json(request_rec *r, const apr_array_header_t *explained);

void atl_status_register_hooks(apr_pool_t *p);

#endif
