/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: paths that may be an administrator's. */
#include "fuzz.h"
#include "door.h"
#include "text.h"

#include <apr_strings.h>
#include <string.h>

static const char *door_rule_broken(apr_pool_t *p, const atl_product *product, const char *path)
{
    int door = atl_door_is(product, path);
    char *lower = apr_pstrdup(p, path);

    atl_lower(lower);
    if (atl_door_is(product, lower) != door) {
        return "letter case does not count";
    }
    if (door && !atl_door_is(product, apr_pstrcat(p, path, "/x", NULL))) {
        return "what is below a door is one";
    }
    if (door && !atl_door_is(product, apr_pstrcat(p, "/s/1/_", path, NULL))) {
        return "a door that is forwarded to is one";
    }
    return NULL;
}

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    (void)size;
    for (const atl_product *product = atl_products; product->name; product++) {
        must_hold(door_rule_broken(pool, product, apr_pstrcat(pool, "/", text, NULL)), text);
    }
}
