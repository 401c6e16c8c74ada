/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: a Host header, a line feed, and a Location header. */
#include "fuzz.h"
#include "rules.h"

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    const char *host = next_line(&text);

    (void)size;
    must_hold(redirect_rule_broken(pool, host, text), text);
}
