/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "unit.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

apr_pool_t *pool;

static int failed_rows;

int unit_group_setup(void **state)
{
    (void)state;
    return apr_initialize() != APR_SUCCESS;
}

int unit_group_teardown(void **state)
{
    (void)state;
    apr_terminate();
    return 0;
}

int unit_setup(void **state)
{
    (void)state;
    failed_rows = 0;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

/* cmocka counts a test whose teardown fails as failed. */
int unit_teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    pool = NULL;
    return failed_rows != 0;
}

/* cmocka cuts what it prints at 1,024 bytes: of long texts, the lines around the difference. */
static void print_difference(const char *got, const char *want)
{
    apr_size_t same = 0, line = 0;

    for (; got[same] && got[same] == want[same]; same++) {
        line = got[same] == '\n' ? same + 1 : line;
    }
    if (strlen(got) + strlen(want) < 800) {
        line = 0;
    }
    print_error("%s    is       %.400s\n", line ? "    ...\n" : "", got + line);
    print_error("    expected %.400s\n", want + line);
}

void expect_str(const char *row, const char *what, const char *got, const char *want)
{
    if (got && want ? strcmp(got, want) : got != want) {
        failed_rows++;
        print_error("row \"%.200s\": %s\n", row, what);
        print_difference(got ? got : "(null)", want ? want : "(null)");
    }
}

void expect_int(const char *row, const char *what, long got, long want)
{
    if (got != want) {
        failed_rows++;
        print_error("row \"%.200s\": %s is %ld, expected %ld\n", row, what, got, want);
    }
}

void expect(const char *row, const char *what, int holds)
{
    if (!holds) {
        failed_rows++;
        print_error("row \"%.200s\": not true: %s\n", row, what);
    }
}

void expect_part(const char *row, const char *what, const char *got, const char *part)
{
    if (!got || !strstr(got, part)) {
        failed_rows++;
        print_error("row \"%.200s\": %s\n    is            %s\n    should contain %s\n", row, what,
                    got ? got : "(null)", part);
    }
}

char *repeat(char c, apr_size_t n)
{
    char *text = apr_palloc(pool, n + 1);

    memset(text, c, n);
    text[n] = '\0';
    return text;
}

apr_array_header_t *words_of(const char *line)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));
    char *copy = apr_pstrdup(pool, line), *last = NULL;

    for (char *word = apr_strtok(copy, " ", &last); word; word = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(words, const char *) = strcmp(word, "\"\"") ? word : "";
    }
    return words;
}
