/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: a virtual host that somebody wrote by hand. */
#include "fuzz.h"
#include "rules.h"

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    (void)size;
    must_hold(suggest_rule_broken(pool, text), text);
}
