/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Which finding, if any, a fact about an answer or a connection is (pure). Every rule prefers
 * silence to a false alarm.
 */
#ifndef ATL_JUDGE_H
#define ATL_JUDGE_H

#include "finding.h"
#include "redirect.h"

/* A request and the beginning of its answer. Strings may be NULL where there is none. */
typedef struct atl_exchange {
    const atl_site *site;
    const atl_claim *claim;
    const char *method;
    const char *scheme; /* by which the client came */
    const char *host;   /* Host header */
    const char *path;   /* as the application reads it */
    const char *uri;    /* path and query as sent */
    const char *origin; /* Origin header */
    int wants_websocket;
    apr_size_t header_size; /* bytes of the request's head as sent to the application */
    int status;
    const char *content_type;
    const char *content_encoding;
    const char *location;
    int sets_cookie;
    const char *body; /* its first bytes, for 400, 403 and pages by https */
    apr_size_t body_len;
} atl_exchange;

/*
 * What a redirect says: compares Location with the address people use. From p what it needs.
 */
atl_finding_id atl_judge_redirect(apr_pool_t *p, const atl_exchange *x);

/*
 * What an answer says that is no redirect: context, WebSockets, Synchrony, 400, 403.
 */
atl_finding_id atl_judge_answer(const atl_exchange *x);

/*
 * Whether an answer was compressed although compression= told the application not to.
 */
atl_finding_id atl_judge_encoding(const atl_exchange *x);

/*
 * What the value of one Set-Cookie header says of the session cookie.
 */
atl_finding_id atl_judge_cookie(const atl_exchange *x, const char *cookie);

/*
 * Whether the head of a page that was asked for by https names its own application by http.
 */
atl_finding_id atl_judge_page(const atl_exchange *x);

/*
 * What the status of a request says that httpd itself answered, not the application.
 * sends_body: the request came with one.
 */
atl_finding_id atl_judge_own_answer(const atl_claim *claim, const char *path, int status,
                                    int sends_body);

/*
 * Whether a cluster's session is lost for want of a route: the browser had one, named no node (route
 * NULL; one that is unknown may be of a node that was removed), and the node that answered began
 * another. cookies: the Cookie header. set_cookie: the value of a Set-Cookie header.
 */
int atl_judge_wandering(const atl_claim *claim, const char *cookies, const char *route,
                        const char *set_cookie);

/* Why no answer came. */
typedef enum {
    ATL_FAILURE_NONE,
    ATL_FAILURE_CONNECT, /* no connection; status says why */
    ATL_FAILURE_DNS,
    ATL_FAILURE_ANSWER, /* connected; status says why nothing came */
    ATL_FAILURE_UPLOAD, /* connected; the request's body could not be sent */
    ATL_FAILURE_TLS_VERIFY,
    ATL_FAILURE_TLS_NAME,
    ATL_FAILURE_TLS
} atl_failure;

/*
 * The finding of a failure, ATL_FINDING_NONE for one that says nothing of the configuration.
 */
atl_finding_id atl_judge_failure(atl_failure failure, apr_status_t status);

#endif
