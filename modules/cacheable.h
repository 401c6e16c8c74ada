/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What cache=on may keep: which requests and which answers (pure). In doubt it is the
 * application's: what one person was told must never reach another.
 */
#ifndef ATL_CACHEABLE_H
#define ATL_CACHEABLE_H

#include "path.h"
#include "route.h"

#include <apr_time.h>

/* Who serves a download is found by this, wherever in the path it stands (Atlassian Plugins, DownloadStrategy):
 * what has it once more may be somebody's attachment. */
#define ATL_DOWNLOAD "/download/"

/*
 * Whether a path is one of the product's files whose address changes with their content: nothing else that
 * is forwarded like them, since applications say of a person's page there that everybody may keep it.
 * path: as read. One that came with escapes, parameters or dot segments is none: two spellings
 * must not share what was answered to one of them.
 */
int atl_cacheable_path(const atl_claim *claim, const atl_path *path);

/*
 * The same as a regular expression, for <LocationMatch>. context: already a pattern, or "". From p.
 */
const char *atl_cacheable_pattern(apr_pool_t *p, const atl_product *product, const char *context);

/* The head of an answer; strings are NULL where a header is absent, several of one name are joined
 * with commas. */
typedef struct atl_cacheable_head {
    int status;
    const char *cache_control;
    const char *vary;
    const char *content_encoding;
    apr_time_t expires; /* 0: no such header; in the past: an unreadable one too */
    int sets_cookie;
} atl_cacheable_head;

/*
 * Whether an answer may be kept: 200, said to be public, not expired at now, without a cookie, and
 * the same for everybody. A 304 may renew what was kept unless it says otherwise.
 */
int atl_cacheable_answer(const atl_cacheable_head *head, apr_time_t now);

#endif
