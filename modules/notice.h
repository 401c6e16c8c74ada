/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What an administrator writes into the file of maintenance=, and which requests it does not stop (pure).
 */
#ifndef ATL_NOTICE_H
#define ATL_NOTICE_H

#include "route.h"

#include <apr_time.h>

/* More of a file is not read. */
#define ATL_NOTICE_BYTES 8192

typedef struct atl_notice {
    const char *text;  /* people's own words, UTF-8, lines ended by LF; "" if there are none */
    apr_time_t until;  /* when it will be over; 0 where the file does not say */
    const char *wrong; /* what stands behind "until:" and is no time, or NULL */
} atl_notice;

/*
 * Reads a file's text: an optional first line "until: TIME", the rest is for people. TIME is
 * 2026-11-24 06:00[:00] in the server's time zone, or ISO 8601 with a zone: 2026-11-24T06:00Z,
 * 2026-11-24T06:00+01:00. Nothing is an error: what is no time is left out. From p.
 */
void atl_notice_read(apr_pool_t *p, const char *text, atl_notice *notice);

/*
 * A time for people: "2026-11-24 06:00 +0100" in the server's zone. From p.
 */
const char *atl_notice_time(apr_pool_t *p, apr_time_t when);

/*
 * Seconds until a notice's end, as of now: what Retry-After should say. otherwise: where it does not
 * say or the time has passed.
 */
int atl_notice_retry(const atl_notice *notice, apr_time_t now, int otherwise);

/*
 * Whether a request passes during maintenance: status checks, application links, agents. path: as the
 * application reads it, at or below the claim's.
 */
int atl_notice_passes(const atl_claim *claim, const char *path);

#endif
