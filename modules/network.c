/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "network.h"
#include "backend.h"
#include "text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

const char *atl_network_read(apr_pool_t *p, const char *text, apr_ipsubnet_t **network)
{
    char *address = apr_pstrdup(p, text), *bits = strchr(address, '/');

    if (bits) {
        *bits++ = '\0';
    }
    if (!strchr(address, ':') && apr_isalpha(*address)) {
        return apr_psprintf(p,
                            "%s is a name; only addresses and networks can be trusted: "
                            "10.0.0.5, 10.0.0.0/8, 2001:db8::/32",
                            atl_quote(p, text));
    }
    if (bits && *bits && !bits[strspn(bits, "0")]) {
        return apr_psprintf(p,
                            "%s is every address; name the ones that are meant, or remove the key",
                            atl_quote(p, text));
    }
    if (!*address || apr_ipsubnet_create(network, address, bits, p) != APR_SUCCESS ||
        (!strchr(address, ':') && !atl_is_ipv4(address))) {
        return apr_psprintf(p,
                            "%s is not an address or network; write 10.0.0.5, 10.0.0.0/8 or "
                            "2001:db8::/32",
                            atl_quote(p, text));
    }
    return NULL;
}

int atl_networks_have(const apr_array_header_t *networks, apr_sockaddr_t *address)
{
    for (int i = 0; i < networks->nelts; i++) {
        if (apr_ipsubnet_test(APR_ARRAY_IDX(networks, i, apr_ipsubnet_t *), address)) {
            return 1;
        }
    }
    return 0;
}
