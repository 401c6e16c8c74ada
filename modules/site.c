/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "site.h"

#include <apr_strings.h>
#include <string.h>

const char *atl_base_url(apr_pool_t *p, const atl_public *public, const char *context)
{
    unsigned standard = strcmp(public->scheme, "https") ? 80 : 443;
    const char *host = public->host ? public->host : "<host>";

    return public->port == standard
               ? apr_pstrcat(p, public->scheme, "://", host, context, NULL)
               : apr_psprintf(p, "%s://%s:%u%s", public->scheme, host, public->port, context);
}
