/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/text.c: what messages and generated configuration are made of. */
#include "unit.h"

#include "text.h"

#include <apr_strings.h>
#include <string.h>

static void test_nearer(void **state)
{
    static const struct {
        const char *word, *candidate;
        int near;
    } rows[] = {
        {"jria", "jira", 1},               /* two letters swapped */
        {"JIRA", "jira", 1},
        {"jra", "jira", 1},                /* one missing */
        {"jiira", "jira", 1},              /* one too many */
        {"gira", "jira", 1},               /* one wrong */
        {"giro", "jira", 0},               /* two of four letters: another word */
        {"confluense", "confluence", 1},
        {"cnofluecne", "confluence", 1},   /* two swaps */
        {"konflunz", "confluence", 0},     /* four of ten */
        {"tmieout", "timeout", 1},
        {"ssl", "ttl", 0},                 /* short words: one mistake at most */
        {"foo", "off", 0},
        {"mix", "max", 1},
        {"x", "on", 0},
        {"", "jira", 0},
        {"jira", "", 0},
        {"on", "off", 0},
        {"onn", "on", 1},
        {"no", "on", 0},                   /* one swap, and the opposite */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atl_nearest best = ATL_NEAREST_NONE;
        const char *row = apr_psprintf(pool, "%s for %s", rows[i].candidate, rows[i].word);
        expect_int(row, "suggested", atl_nearer(&best, rows[i].word, rows[i].candidate),
                   rows[i].near);
    }
}

static void test_nearest_of_many(void **state)
{
    atl_nearest best = ATL_NEAREST_NONE;

    (void)state;
    expect_int("crucibel", "first, two letters off", atl_nearer(&best, "crucibel", "cruciball"), 1);
    expect_int("crucibel", "nearer one wins", atl_nearer(&best, "crucibel", "crucible"), 1);
    expect_int("crucibel", "equally near one comes too late",
               atl_nearer(&best, "crucibel", "crucibels"), 0);
    best = ATL_NEAREST_NONE;
    expect_int("very long", "word", atl_nearer(&best, repeat('a', 1000000), "jira"), 0);
    expect_int("very long", "candidate", atl_nearer(&best, "jira", repeat('a', 1000000)), 0);
    expect_int("as long as may be", "word",
               atl_nearer(&best, repeat('a', 40), apr_pstrcat(pool, repeat('a', 39), "b", NULL)), 1);
}

static void test_quote(void **state)
{
    static const struct {
        const char *name, *word, *quoted;
    } rows[] = {
        {"plain", "jira", "\"jira\""},
        {"empty", "", "\"\""},
        {"60 bytes", "123456789012345678901234567890123456789012345678901234567890",
         "\"123456789012345678901234567890123456789012345678901234567890\""},
        {"61 bytes", "1234567890123456789012345678901234567890123456789012345678901",
         "\"123456789012345678901234567890123456789012345678901234567890...\""},
        {"user and password", "http://admin:s3cret@10.0.0.5/", "\"...@10.0.0.5/\""},
        {"password with an @", "http://admin:s3c@ret@10.0.0.5/", "\"...@10.0.0.5/\""},
        {"@ alone", "@", "\"...@\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_str(rows[i].name, "quoted", atl_quote(pool, rows[i].word), rows[i].quoted);
    }
    expect_int("long", "length", (long)strlen(atl_quote(pool, repeat('x', 10000))), 60 + 5);
}

static void test_did_you_mean(void **state)
{
    (void)state;
    expect_str("jira", "clause", atl_did_you_mean(pool, "jira"), " (did you mean \"jira\"?)");
    expect_str("nothing", "clause", atl_did_you_mean(pool, NULL), "");
}

static void test_config_arg(void **state)
{
    static const struct {
        const char *arg, *text;
    } rows[] = {
        {"", "\"\""},
        {"/wiki", "\"/wiki\""},
        {"a b", "\"a b\""},
        {"a\"b", "\"a\\\"b\""},
        {"a\\", "\"a\\\\\""},
        {"\\\"", "\"\\\\\\\"\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_str(rows[i].arg, "as an argument", atl_config_arg(pool, rows[i].arg), rows[i].text);
    }
}

static void test_split_list(void **state)
{
    static const struct {
        const char *list, *joined; /* items joined by "|" */
        int n;
    } rows[] = {
        {"a", "a", 1},          {"a,b", "a|b", 2},   {" a , b ", "a|b", 2}, {"", "", 1},
        {",", "|", 2},          {"a,,b", "a||b", 3}, {"a,", "a|", 2},       {" ", "", 1},
        {"a b,c", "a b|c", 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *items = atl_split_list(pool, rows[i].list);
        expect_int(rows[i].list, "items", items->nelts, rows[i].n);
        expect_str(rows[i].list, "items", apr_array_pstrcat(pool, items, '|'), rows[i].joined);
    }
}

static void test_seconds(void **state)
{
    static const struct {
        const char *text;
        int seconds; /* -1: refused */
    } rows[] = {
        {"0", 0},
        {"1", 1},
        {"90", 90},
        {"090", 90},
        {"90s", 90},
        {"90S", 90},
        {"5min", 300},
        {"5MIN", 300},
        {"2h", 7200},
        {"8784h", 31622400},            /* a leap year */
        {"31622400", 31622400},
        {"31622401", -1},
        {"8785h", -1},
        {"527041min", -1},
        {"99999999999999999999", -1},
        {"2147483648", -1},
        {"", -1},
        {"s", -1},
        {"min", -1},
        {"-1", -1},
        {"+1", -1},
        {" 1", -1},
        {"1 ", -1},
        {"1 s", -1},
        {"1.5h", -1},
        {"1d", -1},
        {"1m", -1}, /* minutes or milliseconds? */
        {"100ms", -1},
        {"0x10", -1},
        {"1e3", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int seconds = -1, ok = atl_parse_seconds(rows[i].text, &seconds);
        expect_int(rows[i].text, "accepted", ok, rows[i].seconds >= 0);
        expect_int(rows[i].text, "seconds", seconds, rows[i].seconds);
    }
}

static void test_lower(void **state)
{
    char text[] = "HTTP://Wiki-01.EXAMPLE.com\xc3\x84";

    (void)state;
    atl_lower(text);
    expect_str("lower", "ASCII only", text, "http://wiki-01.example.com\xc3\x84");
}

static void test_fill(void **state)
{
    static const char *const values[] = {"host", "wiki.example.com", "port", "443", "empty", "",
                                         "nested", "{host}", NULL};
    static const struct {
        const char *text, *filled;
    } rows[] = {
        {"", ""},
        {"no names", "no names"},
        {"{host}", "wiki.example.com"},
        {"{host}:{port}/", "wiki.example.com:443/"},
        {"{empty}", ""},
        {"{unknown} {host}", "{unknown} wiki.example.com"},
        {"{hos} {hosts}", "{hos} {hosts}"},
        {"{nested}", "{host}"}, /* values are not templates */
        {"{host", "{host"},
        {"host}", "host}"},
        {"{}", "{}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_str(rows[i].text, "filled", atl_fill(pool, rows[i].text, values), rows[i].filled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_nearer),     UNIT_TEST(test_nearest_of_many), UNIT_TEST(test_quote),
        UNIT_TEST(test_did_you_mean), UNIT_TEST(test_config_arg), UNIT_TEST(test_split_list),      UNIT_TEST(test_seconds),
        UNIT_TEST(test_lower),      UNIT_TEST(test_fill),
    };

    return cmocka_run_group_tests_name("text", tests, unit_group_setup, unit_group_teardown);
}
