/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What the unit tests share: a pool per test, and checks that name the row of the table they
 * failed in and let the other rows run.
 */
#ifndef ATL_UNIT_H
#define ATL_UNIT_H

#include <apr_pools.h>
#include <apr_tables.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The pool of the running test; cleared after it. */
extern apr_pool_t *pool;

/* A test that starts with an empty pool and fails if any of its rows did. */
#define UNIT_TEST(function) cmocka_unit_test_setup_teardown(function, unit_setup, unit_teardown)

int unit_setup(void **state);
int unit_teardown(void **state);
int unit_group_setup(void **state);
int unit_group_teardown(void **state);

/* Compare got with want (either may be NULL), print row and what on a difference. */
void expect_str(const char *row, const char *what, const char *got, const char *want);
void expect_int(const char *row, const char *what, long got, long want);
/* Prints row and what unless holds. */
void expect(const char *row, const char *what, int holds);
/* got must contain part. */
void expect_part(const char *row, const char *what, const char *got, const char *part);

/* n times c, from the test's pool. */
char *repeat(char c, apr_size_t n);

/* A line's words, split at blanks; "" stands for an empty word. From the test's pool. */
apr_array_header_t *words_of(const char *line);

#endif
