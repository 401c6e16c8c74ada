/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/edit.c: changes to a text and their diff, which patch(1) must make the same of. */
#include "unit.h"

#include "edit.h"

#include <string.h>

#define TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"

static const struct {
    const char *name, *text;
    atl_edit edits[4]; /* ends with one without text */
    const char *applied, *diff;
} rows[] = {
    {"none", "a\n", {{0, 0, NULL, NULL}}, "a\n", ""},
    {"a word in a line", "a b c\n", {{2, 1, "x", NULL}}, "a x c\n",
     "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a b c\n+a x c\n"},
    {"two words of one line", "a b c\n", {{4, 1, "y", NULL}, {2, 1, "x", NULL}}, "a x y\n",
     "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a b c\n+a x y\n"},
    {"lines behind a line", "a\nb\n", {{1, 0, "\n1", "me"}, {1, 0, "\n2", "me"}}, "a\n1\n2\nb\n",
     "--- f\n+++ f\n@@ -1,2 +1,4 @@\n a\n+1\n+2\n b\n"},
    {"carriage returns stay", "a\r\nb\r\n", {{3, 1, "c", NULL}}, "a\r\nc\r\n",
     "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n"},
    {"no end of the last line", "a\nb", {{2, 1, "c", NULL}}, "a\nc",
     "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n"
     "+c\n\\ No newline at end of file\n"},
    {"one more line at the end", "a\n", {{2, 0, "b\n", NULL}}, "a\nb\n",
     "--- f\n+++ f\n@@ -1,1 +1,2 @@\n a\n+b\n"},
    {"behind a last line that does not end", "a", {{1, 0, "\nb\n", NULL}}, "a\nb\n",
     "--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n"},
    {"all of it", "", {{0, 0, "a\n", NULL}}, "a\n", "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n"},
    {"a line goes away", "a\nb\nc\n", {{2, 2, "", NULL}}, "a\nc\n",
     "--- f\n+++ f\n@@ -1,3 +1,2 @@\n a\n-b\n c\n"},
    {"near changes share a hunk", TEN, {{0, 1, "x", NULL}, {14, 1, "y", NULL}},
     "x\n2\n3\n4\n5\n6\n7\ny\n9\n10\n",
     "--- f\n+++ f\n@@ -1,10 +1,10 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n 9\n 10\n"},
    {"far ones do not", TEN, {{0, 1, "x\nx", NULL}, {16, 1, "y", NULL}},
     "x\nx\n2\n3\n4\n5\n6\n7\n8\ny\n10\n",
     "--- f\n+++ f\n@@ -1,4 +1,5 @@\n-1\n+x\n+x\n 2\n 3\n 4\n"
     "@@ -6,5 +7,5 @@\n 6\n 7\n 8\n-9\n+y\n 10\n"},
};

static void edits_and_diffs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *edits = apr_array_make(pool, 4, sizeof(atl_edit));
        apr_size_t len = strlen(rows[i].text);

        for (const atl_edit *edit = rows[i].edits; edit->with; edit++) {
            expect(rows[i].name, "taken", atl_edit_add(edits, edit));
        }
        expect_str(rows[i].name, "text", atl_edit_apply(pool, rows[i].text, len, edits),
                   rows[i].applied);
        expect_str(rows[i].name, "diff", atl_edit_diff(pool, "f", rows[i].text, len, edits),
                   rows[i].diff);
    }
}

static void who_contradicts(void **state)
{
    static const struct {
        const char *name;
        atl_edit edit;
        int taken, n;
    } others[] = {
        {"the same again", {2, 3, "x", "b"}, 1, 1},
        {"another word for it", {2, 3, "y", "b"}, 0, 1},
        {"a part of it", {4, 4, "y", "a"}, 0, 1},
        {"an insert within", {3, 0, "y", "a"}, 0, 1},
        {"before it", {1, 1, "y", "b"}, 1, 2},
        {"behind it", {5, 0, "y", "b"}, 1, 2},
    };
    const atl_edit mine = {1, 0, "1", "a"}, mine_too = {1, 0, "2", "a"}, yours = {1, 0, "3", "b"};
    apr_array_header_t *edits;

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        const atl_edit first = {2, 3, "x", "a"};

        edits = apr_array_make(pool, 4, sizeof(atl_edit));
        atl_edit_add(edits, &first);
        expect_int(others[i].name, "taken", atl_edit_add(edits, &others[i].edit), others[i].taken);
        expect_int(others[i].name, "edits", edits->nelts, others[i].n);
    }
    edits = apr_array_make(pool, 4, sizeof(atl_edit));
    expect_int("inserts", "one", atl_edit_add(edits, &mine), 1);
    expect_int("inserts", "a second of mine", atl_edit_add(edits, &mine_too), 1);
    expect_int("inserts", "yours at the same place", atl_edit_add(edits, &yours), 0);
    expect_str("inserts", "text", atl_edit_apply(pool, "ab", 2, edits), "a12b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(edits_and_diffs), UNIT_TEST(who_contradicts)};

    return cmocka_run_group_tests_name("edit", tests, unit_group_setup, unit_group_teardown);
}
