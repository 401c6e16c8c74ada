/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "audience.h"

#include <apr_cstr.h>
#include <string.h>

static int begins_with_any(const char *path, const char *const *prefixes)
{
    for (; prefixes && *prefixes; prefixes++) {
        if (!strncmp(path, *prefixes, strlen(*prefixes))) {
            return 1;
        }
    }
    return 0;
}

static int has_any(const char *path, const char *const *marks)
{
    for (; marks && *marks; marks++) {
        if (strstr(path, *marks)) {
            return 1;
        }
    }
    return 0;
}

/* Media types are compared as browsers write them, in lower case. */
static int accepts(const char *accept, const char *type)
{
    return accept && strstr(accept, type);
}

atl_audience atl_audience_of(const atl_claim *claim, const char *path, const char *accept,
                             const char *requested_with)
{
    const atl_product *product = claim->app->product;
    const char *below = path + claim->len;

    if (claim->kind != ATL_CLAIM_PAGES) {
        return ATL_AUDIENCE_PROBE;
    }
    if (has_any(below, product->git)) {
        return ATL_AUDIENCE_TEXT;
    }
    if (begins_with_any(below, product->api) ||
        (requested_with && !apr_cstr_casecmp(requested_with, "XMLHttpRequest"))) {
        return ATL_AUDIENCE_JSON;
    }
    if (accepts(accept, "text/html") || accepts(accept, "application/xhtml+xml")) {
        return ATL_AUDIENCE_PERSON;
    }
    return accepts(accept, "json") ? ATL_AUDIENCE_JSON : ATL_AUDIENCE_TEXT;
}
