/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "vouching.h"

#include <apr_lib.h>
#include <string.h>

/* Who reads them: Tomcat's RemoteIpValve, Jetty's ForwardedRequestCustomizer (X-Proxied-Https),
 * Spring's ForwardedHeaderFilter, IIS and Zend heritage (X-Original-URL, X-Rewrite-URL), and what
 * content delivery networks and load balancers call a client's address. */
const char *const atl_vouching[] = {
    "Forwarded",           "X-Forwarded-For",     "X-Forwarded-Host",   "X-Forwarded-Proto",
    "X-Forwarded-Port",    "X-Forwarded-Ssl",     "X-Forwarded-Prefix", "X-Forwarded-Server",
    "X-Forwarded-By",      "X-Forwarded-Scheme",  "X-Forwarded-Path",   "X-Forwarded-Protocol",
    "X-Forwarded-Context", "X-Forwarded-Uri",     "X-Forwarded-Url",    "X-Forwarded-Method",
    "X-Forwarded",         "X-Real-IP",           "X-Client-IP",        "X-Remote-IP",
    "X-Remote-Addr",       "X-Cluster-Client-IP", "X-Originating-IP",   "True-Client-IP",
    "Front-End-Https",     "X-Proxied-Https",     "X-Original-URL",     "X-Original-Host",
    "X-Original-URI",      "X-Original-For",      "X-Original-Proto",   "X-Original-Forwarded-For",
    "X-Rewrite-URL",       "X-Url-Scheme",        "X-Host",             NULL};

static const char *const families[] = {"X-Forwarded-", "X-Original-", "X-Rewrite-", NULL};

/* Bytes of name that header begins with, "_" read as "-". */
static size_t common_start(const char *header, const char *name)
{
    size_t len = 0;

    while (name[len] &&
           apr_tolower(header[len] == '_' ? '-' : header[len]) == apr_tolower(name[len])) {
        len++;
    }
    return len;
}

atl_vouching_kind atl_vouching_of(const char *header)
{
    if (!*header || !strchr("XxFfTt", *header)) {
        return ATL_VOUCHING_NOT; /* nearly all headers */
    }
    for (const char *const *name = atl_vouching; *name; name++) {
        size_t len = common_start(header, *name);

        if (!header[len] && !(*name)[len]) {
            return ATL_VOUCHING_KNOWN;
        }
    }
    for (const char *const *family = families; *family; family++) {
        if (!(*family)[common_start(header, *family)]) {
            return ATL_VOUCHING_KIN;
        }
    }
    return ATL_VOUCHING_NOT;
}
