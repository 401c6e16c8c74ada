/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What can be wrong between httpd and an application: symptom, cause, and the cure with the
 * values of the line that has it (pure). Numbers ATLP1nnn have an entry each in docs/findings.md.
 */
#ifndef ATL_FINDING_H
#define ATL_FINDING_H

#include "site.h"

typedef enum {
    ATL_FINDING_REDIRECT_SCHEME,
    ATL_FINDING_REDIRECT_PORT,
    ATL_FINDING_REDIRECT_BACKEND,
    ATL_FINDING_REDIRECT_HOST,
    ATL_FINDING_REDIRECT_LOOP,
    ATL_FINDING_REDIRECT_SLASHES,
    ATL_FINDING_CONTEXT,
    ATL_FINDING_REDIRECT_CONTEXT,
    ATL_FINDING_INSECURE_COOKIE,
    ATL_FINDING_COOKIE_PATH,
    ATL_FINDING_COOKIE_SHARED,
    ATL_FINDING_REFUSED,
    ATL_FINDING_FORBIDDEN,
    ATL_FINDING_DNS,
    ATL_FINDING_CONNECT_TIMEOUT,
    ATL_FINDING_UNREACHABLE,
    ATL_FINDING_ANSWER_TIMEOUT,
    ATL_FINDING_TLS_VERIFY,
    ATL_FINDING_TLS_NAME,
    ATL_FINDING_TLS_HANDSHAKE,
    ATL_FINDING_TLS_EXPECTED,
    ATL_FINDING_WEBSOCKET,
    ATL_FINDING_SYNCHRONY,
    ATL_FINDING_HEADER_SIZE,
    ATL_FINDING_URL_CHARS,
    ATL_FINDING_COMPRESSION,
    ATL_FINDING_XSRF,
    ATL_FINDING_APPLINKS,
    ATL_FINDING_BASE_URL,
    ATL_FINDING_MIXED_CONTENT,
    ATL_FINDING_UPLOAD_SIZE,
    ATL_FINDING_UPLOAD_SLOW,
    ATL_FINDING_UPLOAD_CUT,
    ATL_FINDING_NODE_GONE,
    ATL_FINDING_NODE_FLAPS,
    ATL_FINDING_CLUSTER_GONE,
    ATL_FINDING_SESSION_WANDERS,
    ATL_FINDING_NODES_DIFFER,
    ATL_FINDINGS,
    ATL_FINDING_NONE = ATL_FINDINGS
} atl_finding_id;

typedef struct atl_finding {
    unsigned number;  /* of its message: ATLPnnnn */
    const char *name; /* for machines: "redirect-scheme" */
    /* Templates; {label}, {backend}, {context}, {base-url}, ... as in atl_finding_explain(). In
     * cure {setting} stands for a setting of the product. */
    const char *symptom, *cause, *cure;
    apr_size_t setting; /* offset of that setting in atl_cures; 0 is address */
} atl_finding;

/* What one finding says of one line. */
typedef struct atl_advice {
    const char *symptom, *cause; /* a sentence each, without its full stop */
    const char *cure;            /* lines, ready to paste where they say */
} atl_advice;

extern const atl_finding atl_findings[ATL_FINDINGS];

/*
 * Finds a finding by its id: "ATLP1007", in any letter case, or "1007". Returns NULL and sets *id;
 * otherwise returns what is wrong, with the nearest one, from p.
 */
const char *atl_finding_find(apr_pool_t *p, const char *word, atl_finding_id *id);

/*
 * Whether quiet= of an app's line silences a finding: it is counted, and nobody is told.
 */
int atl_finding_is_quiet(const atl_app *app, atl_finding_id id);

/*
 * Fills a finding's templates with the values of an app. All from p.
 */
void atl_finding_explain(apr_pool_t *p, const atl_site *site, const atl_app *app, atl_finding_id id,
                         atl_advice *advice);

/*
 * The same as one line of text for a log. From p.
 */
const char *atl_finding_line(apr_pool_t *p, const atl_site *site, const atl_app *app,
                             atl_finding_id id);

#endif
