/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "redirect.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* No host listens on it. */
#define NO_PORT 0

typedef struct address {
    int tls;
    const char *host;
    apr_size_t len; /* of host */
    unsigned port;
    const char *path; /* what follows */
} address;

/* host[:port], the port by default_port when it is not written */
static void read_authority(const char *authority, apr_size_t len, unsigned default_port,
                           address *to)
{
    const char *end = authority + len, *colon = end;

    while (colon > authority && apr_isdigit(colon[-1])) {
        colon--;
    }
    to->host = authority;
    if (colon > authority && colon[-1] == ':') {
        to->len = (apr_size_t)(colon - 1 - authority);
        to->port = colon == end ? default_port : end - colon > 5 ? NO_PORT : (unsigned)atoi(colon);
    }
    else {
        to->len = len;
        to->port = default_port;
    }
}

static int read_location(const char *location, address *to)
{
    if (!apr_cstr_casecmpn(location, "http://", 7)) {
        to->tls = 0;
        location += 7;
    }
    else if (!apr_cstr_casecmpn(location, "https://", 8)) {
        to->tls = 1;
        location += 8;
    }
    else {
        return 0;
    }
    to->path = location + strcspn(location, "/?#");
    read_authority(location, (apr_size_t)(to->path - location), to->tls ? 443 : 80, to);
    return to->len > 0 && to->port != NO_PORT;
}

static int same_host(const address *a, const char *host, apr_size_t len)
{
    return a->len == len && !apr_cstr_casecmpn(a->host, host, len);
}

static int is_backend(const address *to, const atl_claim *claim)
{
    const atl_backend *node;
    int is_one = 0;

    for (int i = 0; (node = atl_claim_node(claim, i)); i++) {
        is_one |= same_host(to, node->host, strlen(node->host)) && to->port == node->port &&
                  to->tls == !strcmp(node->scheme, "https");
    }
    return is_one;
}

static atl_redirect_kind judge(const atl_claim *claim, int tls, const char *host, const address *to)
{
    const atl_backend *backend = claim->backend;
    address public;

    if (is_backend(to, claim)) {
        return ATL_REDIRECT_BACKEND;
    }
    if (!host) {
        return ATL_REDIRECT_RIGHT;
    }
    read_authority(host, strlen(host), tls ? 443 : 80, &public);
    if (!same_host(to, public.host, public.len)) {
        return ATL_REDIRECT_RIGHT;
    }
    /* https:// from an http site is how people are sent to the secure one; another port is
     * another service. */
    if (tls && !to->tls) {
        return to->port == 80 || to->port == public.port || to->port == backend->port
                   ? ATL_REDIRECT_WRONG_SCHEME
                   : ATL_REDIRECT_RIGHT;
    }
    return to->port != public.port && to->port == backend->port ? ATL_REDIRECT_WRONG_PORT
                                                                : ATL_REDIRECT_RIGHT;
}

atl_redirect_kind atl_redirect_judge(apr_pool_t *p, const atl_claim *claim, const char *scheme,
                                     const char *host, const char *location, const char **path)
{
    address to;
    atl_redirect_kind kind;
    apr_size_t len = strlen(claim->backend_path);

    if (!read_location(location, &to)) {
        return ATL_REDIRECT_RIGHT;
    }
    kind = judge(claim, !strcmp(scheme, "https"), host, &to);
    if (kind == ATL_REDIRECT_RIGHT) {
        return kind;
    }
    if (strncmp(to.path, claim->backend_path, len) ||
        (to.path[len] && !strchr("/?#", to.path[len]))) {
        return ATL_REDIRECT_RIGHT; /* another context on that host: not this application's */
    }
    *path = apr_pstrcat(p, claim->path, *claim->path || to.path[len] == '/' ? "" : "/",
                        to.path + len, NULL);
    return kind;
}
