/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: a list, the name of a header, and a cookie an application sets. */
#include "fuzz.h"
#include "cookie.h"
#include "vouching.h"
#include "websocket.h"

#include <apr_strings.h>
#include <string.h>

static const char *cookie_rule_broken(apr_pool_t *p, const char *cookie)
{
    static const atl_backend backend = {.scheme = "http", .host = "10.0.0.5", .port = 8091,
                                        .origin = "http://10.0.0.5:8091"};
    static const atl_claim claim = {.kind = ATL_CLAIM_SYNCHRONY, .path = "/synchrony-2", .len = 12,
                                    .backend = &backend, .backend_path = "/synchrony"};
    const char *mended = atl_cookie_mend(p, &claim, 1, cookie);
    size_t value = strcspn(cookie, ";");

    mended = mended ? mended : cookie;
    if (strncmp(mended, cookie, value) || (mended[value] && mended[value] != ';')) {
        return "name and value stay";
    }
    if (strlen(mended) > strlen(cookie) + strlen("; Secure") + strlen("-2") * strlen(cookie)) {
        return "little is added";
    }
    return atl_cookie_mend(p, &claim, 1, mended) ? "what is mended needs no mending" : NULL;
}

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    const char *list = next_line(&text), *name = next_line(&text);
    const char *longer = apr_pstrcat(pool, "a, ", list, NULL);

    (void)size;
    must_hold(atl_ws_has_token(list, "upgrade") && !atl_ws_has_token(longer, "upgrade")
                  ? "a longer list has the same tokens" : NULL, list);
    must_hold(!strncmp(name, "X-Forwarded-", 12) && atl_vouching_of(name) != ATL_VOUCHING_ADDRESS
                  ? "every X-Forwarded- vouches" : NULL, name);
    must_hold(cookie_rule_broken(pool, text), text);
}
