/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "vouching.h"

#include <apr_lib.h>
#include <string.h>

/* Who reads them: Tomcat's RemoteIpValve, Jetty's ForwardedRequestCustomizer (X-Proxied-Https),
 * Spring's ForwardedHeaderFilter, IIS and Zend heritage (X-Original-URL, X-Rewrite-URL), and what
 * content delivery networks and load balancers call a client's address. */
const char *const atl_vouching[] = {"Forwarded",
                                    "X-Forwarded-For",
                                    "X-Forwarded-Host",
                                    "X-Forwarded-Proto",
                                    "X-Forwarded-Port",
                                    "X-Forwarded-Ssl",
                                    "X-Forwarded-Prefix",
                                    "X-Forwarded-Server",
                                    "X-Forwarded-By",
                                    "X-Forwarded-Scheme",
                                    "X-Forwarded-Path",
                                    "X-Forwarded-Protocol",
                                    "X-Forwarded-Context",
                                    "X-Forwarded-Uri",
                                    "X-Forwarded-Url",
                                    "X-Forwarded-Method",
                                    "X-Forwarded",
                                    "X-Real-IP",
                                    "X-Client-IP",
                                    "X-Remote-IP",
                                    "X-Remote-Addr",
                                    "X-Cluster-Client-IP",
                                    "X-Originating-IP",
                                    "True-Client-IP",
                                    "Front-End-Https",
                                    "X-Proxied-Https",
                                    "X-Original-URL",
                                    "X-Original-Host",
                                    "X-Original-URI",
                                    "X-Original-For",
                                    "X-Original-Proto",
                                    "X-Original-Forwarded-For",
                                    "X-Rewrite-URL",
                                    "X-Url-Scheme",
                                    "X-Host",
                                    NULL};

static const char *const families[] = {"X-Forwarded-", "X-Original-", "X-Rewrite-", NULL};

/* As authenticating proxies send them (oauth2-proxy, Traefik, Envoy). */
static const char *const identities[] = {"X-Forwarded-User",
                                         "X-Forwarded-Email",
                                         "X-Forwarded-Groups",
                                         "X-Forwarded-Preferred-Username",
                                         "X-Forwarded-Access-Token",
                                         "X-Forwarded-Client-Cert",
                                         "X-Forwarded-Tls-Client-Cert",
                                         NULL};

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

static int is_among(const char *header, const char *const *names)
{
    for (; *names; names++) {
        size_t len = common_start(header, *names);

        if (!header[len] && !(*names)[len]) {
            return 1;
        }
    }
    return 0;
}

atl_vouching_kind atl_vouching_of(const char *header)
{
    switch (*header | 0x20) {
    case 'x':
    case 'f':
    case 't':
        break;
    default:
        return ATL_VOUCHING_NOT; /* nearly all headers */
    }
    if (is_among(header, identities)) {
        return ATL_VOUCHING_IDENTITY;
    }
    for (const char *const *family = families; *family; family++) {
        if (!(*family)[common_start(header, *family)]) {
            return ATL_VOUCHING_ADDRESS;
        }
    }
    return is_among(header, atl_vouching) ? ATL_VOUCHING_ADDRESS : ATL_VOUCHING_NOT;
}
