/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: a file of an application: server.xml, config.xml or .properties; or the
 * one of maintenance=. */
#include "fuzz.h"
#include "rules.h"

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    (void)size;
    must_hold(xml_rule_broken(pool, text), text);
    must_hold(config_rule_broken(pool, text), text);
    must_hold(notice_rule_broken(pool, text), text);
}
