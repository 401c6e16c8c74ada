/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: request paths. */
#include "fuzz.h"
#include "rules.h"

#include <apr_strings.h>
#include <string.h>

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    (void)size;
    must_hold(path_rule_broken(pool, apr_pstrcat(pool, "/", text, NULL)), text);
}
