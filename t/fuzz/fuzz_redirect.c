/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: a Host header, a line feed, and a Location header. */
#include "fuzz.h"
#include "rules.h"

#include <apr_strings.h>
#include <string.h>

void fuzz_one(apr_pool_t *pool, char *text)
{
    char *end = text + strcspn(text, "\n");
    const char *location = *end ? end + 1 : end;

    *end = '\0';
    must_hold(redirect_rule_broken(pool, text, location), location);
}
