/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What the fuzz targets share (fuzz.c): libFuzzer's entry points, with a pool per input.
 */
#ifndef ATL_FUZZ_H
#define ATL_FUZZ_H

#include <apr_pools.h>
#include <stddef.h>

/* The target's own part. text: the input, writable, with a NUL behind it; size: its bytes. */
void fuzz_one(apr_pool_t *pool, char *text, size_t size);

/* Takes a line off an input: ends it with a NUL and moves *text behind it. */
char *next_line(char **text);

/* Stops with the rule and the input it was broken by; nothing for NULL. */
void must_hold(const char *broken_rule, const char *input);

#endif
