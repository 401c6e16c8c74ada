/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "vouching.h"

#include <apr_lib.h>
#include <string.h>

const char *const atl_vouching[] = {
    "Forwarded",           "X-Forwarded-For",    "X-Forwarded-Host",   "X-Forwarded-Proto",
    "X-Forwarded-Port",    "X-Forwarded-Ssl",    "X-Forwarded-Prefix", "X-Forwarded-Server",
    "X-Forwarded-By",      "X-Forwarded-Scheme", "X-Real-IP",          "X-Client-IP",
    "X-Cluster-Client-IP", "True-Client-IP",     "Front-End-Https",    "X-Original-URL",
    "X-Original-Host",     "X-Original-URI",     "X-Original-For",     "X-Original-Proto",
    "X-Rewrite-URL",       "X-Url-Scheme",       "X-Host",             NULL};

static int same_header(const char *sent, const char *name)
{
    for (; *sent && *name; sent++, name++) {
        if (apr_tolower(*sent == '_' ? '-' : *sent) != apr_tolower(*name)) {
            return 0;
        }
    }
    return *sent == *name;
}

int atl_is_vouching(const char *header)
{
    if (!*header || !strchr("XxFfTt", *header)) {
        return 0; /* nearly all headers */
    }
    for (const char *const *name = atl_vouching; *name; name++) {
        if (same_header(header, *name)) {
            return 1;
        }
    }
    return 0;
}
