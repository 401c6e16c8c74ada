/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: what applications say of themselves, in JSON, XML or a word. */
#include "fuzz.h"
#include "escape.h"
#include "verdict.h"

#include <string.h>

static const char *verdict_rule_broken(const atl_verdict *verdict)
{
    if (verdict->right < -1 || verdict->right > 1) {
        return "right, wrong or neither";
    }
    return !verdict->said || !*verdict->said  ? "something is said"
           : strlen(verdict->said) > 2000     ? "but not too much"
                                              : NULL;
}

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    static const atl_site site = {.public = {"https", "example.com", 443}};

    (void)size;
    for (const atl_product *product = atl_products; product->name; product++) {
        const atl_app app = {.product = product, .context = "/a"};

        for (const atl_probe *probe = product->probes; probe->path; probe++) {
            atl_verdict verdict = {0};

            atl_verdict_of(pool, &site, &app, probe, 200, text, &verdict);
            must_hold(verdict_rule_broken(&verdict), text);
            atl_verdict_of(pool, &site, &app, probe, 503, text, &verdict);
            must_hold(verdict_rule_broken(&verdict), text);
        }
    }
}
