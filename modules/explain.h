/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What would become of a request: asked of the very code that requests pass, up to where the application
 * would be asked.
 */
#ifndef ATL_EXPLAIN_H
#define ATL_EXPLAIN_H

#include "httpd.h"

/* One thing there is to say: a text, or a list of them. */
typedef struct atl_explained {
    const char *name;         /* for machines */
    const char *label;        /* for people */
    const char *text;         /* NULL where there is a list; not escaped */
    apr_array_header_t *list; /* of const char * */
} atl_explained;

/*
 * The target of "?explain=TARGET" in a query, decoded if it came from a form; NULL without one. A path
 * that is written into the query by hand stays as it is: escapes in it are the path's own. From p.
 */
const char *atl_explain_target(apr_pool_t *p, const char *args);

/*
 * Explains a GET of target, a path or a whole URL, by a client at the address that r came from, without
 * cookies and login. r: who wants to know. Returns an array of atl_explained, from r->pool. Nothing is
 * sent to an application.
 */
apr_array_header_t *atl_explain(request_rec *r, const char *target);

#endif
