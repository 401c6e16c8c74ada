/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: AtlassianApp lines: the words after the directive's name. */
#include "fuzz.h"
#include "rules.h"

#include <apr_strings.h>
#include <string.h>

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    (void)size;
    /* httpd reads no line feed or NUL in a directive, and keeps other bytes as they are. */
    text[strcspn(text, "\r\n")] = '\0';
    must_hold(line_rule_broken(pool, text), text);
}
