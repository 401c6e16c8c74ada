/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What the fuzz targets share (fuzz.c): libFuzzer's entry points, with a pool per input.
 */
#ifndef ATL_FUZZ_H
#define ATL_FUZZ_H

#include <apr_pools.h>

/* The target's own part. text: the input up to its first NUL, writable. */
void fuzz_one(apr_pool_t *pool, char *text);

/* Stops with the rule and the input it was broken by; nothing for NULL. */
void must_hold(const char *broken_rule, const char *input);

#endif
