/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/path.c: what a request path is to the servlet container behind. */
#include "unit.h"

#include "path.h"
#include "rules.h"

#include <apr_strings.h>
#include <string.h>

#define ALL (-1)

typedef struct {
    const char *uri, *resolved, *raw; /* raw: NULL when it is uri itself */
    int certain;
    const char *before_climb;
} path_row;

/* Nothing to change: resolved and raw are what was sent. */
static const char *const plain[] = {
    "/", "/wiki", "/wiki/", "/wiki/pages/viewpage.action", "/a.b/c..d/e...", "/...", "/..a", "/.a",
    "/a.", "/a..", "/a/b./c../d", "/a b", "/a|b[c]{d}", "/~me/+x,y=z&w:@!$'()*", "/a\tb", "/a\x01",
    "/a\x7f", "/jira/browse/KEY-1", "/WIKI", "/-", "/a?b#c", /* as characters of a name */
};

static const path_row good[] = {
    /* parameters */
    {"/wiki;x=1", "/wiki", NULL, ALL, NULL},
    {"/wiki;jsessionid=0123456789ABCDEF", "/wiki", NULL, ALL, NULL},
    {"/wiki;jsessionid=01.node1/page", "/wiki/page", NULL, ALL, NULL},
    {"/wiki;x/page;y", "/wiki/page", NULL, ALL, NULL},
    {"/wiki;", "/wiki", NULL, ALL, NULL},
    {"/wiki;;;", "/wiki", NULL, ALL, NULL},
    {"/wiki;x;y=z;x", "/wiki", NULL, ALL, NULL},
    {"/wiki/;jsessionid=1", "/wiki/", NULL, ALL, NULL},
    {"/;jsessionid=1", "/", NULL, ALL, NULL},
    {"/;", "/", NULL, ALL, NULL},
    {"/;x/wiki", "/wiki", "/wiki", ALL, NULL},
    {"/;x/;y/wiki", "/wiki", "/wiki", ALL, NULL},
    {"/wiki/;x/admin", "/wiki/admin", "/wiki/admin", ALL, NULL},
    {"/wiki/;/admin", "/wiki/admin", "/wiki/admin", ALL, NULL},
    {"/wiki;a=%2f..%2fb/c", "/wiki/c", NULL, ALL, NULL},
    {"/wiki;a=\\..\\b/c", "/wiki/c", NULL, ALL, NULL},
    {"/wiki;a=../b", "/wiki/b", NULL, ALL, NULL},
    {"/wiki;a=.././b", "/wiki/b", "/wiki;a=../b", ALL, NULL},
    {"/wiki;a=x/../b", "/b", "/b", ALL, NULL},
    {"/wiki%3bx=1", "/wiki;x=1", NULL, ALL, NULL}, /* a name, not a parameter */
    {"/wiki%3B/../a", "/a", "/a", ALL, NULL},
    {"/wiki/..%3b/admin", "/wiki/..;/admin", NULL, ALL, NULL},
    /* empty segments */
    {"//", "/", "/", ALL, NULL},
    {"///", "/", "/", ALL, NULL},
    {"//wiki", "/wiki", "/wiki", ALL, NULL},
    {"/wiki//", "/wiki/", "/wiki/", ALL, NULL},
    {"/wiki//admin", "/wiki/admin", "/wiki/admin", ALL, NULL},
    {"/wiki////admin///x", "/wiki/admin/x", "/wiki/admin/x", ALL, NULL},
    {"//evil.example/wiki", "/evil.example/wiki", "/evil.example/wiki", ALL, NULL},
    {"//;x//wiki", "/wiki", "/wiki", ALL, NULL},
    /* one dot */
    {"/.", "/", "/", ALL, NULL},
    {"/./", "/", "/", ALL, NULL},
    {"/./wiki", "/wiki", "/wiki", ALL, NULL},
    {"/wiki/.", "/wiki/", "/wiki/", ALL, NULL},
    {"/wiki/./admin", "/wiki/admin", "/wiki/admin", ALL, NULL},
    {"/wiki/%2e/admin", "/wiki/admin", "/wiki/admin", ALL, NULL},
    {"/wiki/%2E", "/wiki/", "/wiki/", ALL, NULL},
    {"/wiki/.;x/admin", "/wiki/admin", "/wiki/admin", ALL, NULL},
    {"/wiki/%2e;x=/admin", "/wiki/admin", "/wiki/admin", ALL, NULL},
    {"/wiki/.;x", "/wiki/", "/wiki/", ALL, NULL},
    {"/.//./wiki", "/wiki", "/wiki", ALL, NULL},
    /* two dots */
    {"/wiki/..", "/", "/", ALL, NULL},
    {"/wiki/../", "/", "/", ALL, NULL},
    {"/wiki/../jira", "/jira", "/jira", ALL, NULL},
    {"/wiki/a/../../jira", "/jira", "/jira", ALL, NULL},
    {"/wiki/a/..", "/wiki/", "/wiki/", ALL, NULL},
    {"/wiki//../jira", "/jira", "/jira", ALL, NULL},
    {"/wiki/./../jira", "/jira", "/jira", ALL, NULL},
    {"/wiki/;x/../jira", "/jira", "/jira", ALL, NULL},
    {"/wiki;x/../jira", "/jira", "/jira", ALL, NULL},
    {"/a/b;x/../c", "/a/c", "/a/c", ALL, NULL},
    {"/a/b/../..//c", "/c", "/c", ALL, NULL},
    {"/a/../b/../c/..", "/", "/", ALL, NULL},
    /* two dots that no browser sends */
    {"/wiki/..;/jira", "/jira", "/jira", ALL, "/wiki/"},
    {"/wiki/..;", "/", "/", ALL, "/wiki/"},
    {"/wiki/..;x=1/jira", "/jira", "/jira", ALL, "/wiki/"},
    {"/wiki/a/..;/..;/jira", "/jira", "/jira", ALL, "/wiki/a/"},
    {"/wiki/a/..;/b", "/wiki/b", "/wiki/b", ALL, "/wiki/a/"},
    {"/wiki/%2e%2e/jira", "/jira", "/jira", ALL, "/wiki/"},
    {"/wiki/%2E%2e/jira", "/jira", "/jira", ALL, "/wiki/"},
    {"/wiki/.%2e/jira", "/jira", "/jira", ALL, "/wiki/"},
    {"/wiki/%2e./jira", "/jira", "/jira", ALL, "/wiki/"},
    {"/wiki/%2e%2e;x/jira", "/jira", "/jira", ALL, "/wiki/"},
    {"/a/b/../..;/c", "/c", "/c", ALL, "/a/"}, /* the first browsers do not send */
    {"/jira/x;y/..;z/secure/admin", "/jira/secure/admin", "/jira/secure/admin", ALL, "/jira/x/"},
    /* dots that are a name */
    {"/wiki/.../x", "/wiki/.../x", NULL, ALL, NULL},
    {"/wiki/%2e%2e%2e/x", "/wiki/.../x", NULL, ALL, NULL},
    {"/wiki/..a/x", "/wiki/..a/x", NULL, ALL, NULL},
    {"/wiki/a..;/x", "/wiki/a../x", NULL, ALL, NULL},
    {"/wiki/..%20/x", "/wiki/.. /x", NULL, ALL, NULL},
    {"/wiki/%20../x", "/wiki/ ../x", NULL, ALL, NULL},
    {"/wiki/..%09/x", "/wiki/..\t/x", NULL, ALL, NULL},
    {"/wiki/admin%20", "/wiki/admin ", NULL, ALL, NULL},
    {"/wiki/admin./x", "/wiki/admin./x", NULL, ALL, NULL},
    {"/wiki/admin%2e", "/wiki/admin.", NULL, ALL, NULL},
    {"/wiki/..:/x", "/wiki/..:/x", NULL, ALL, NULL},
    {"/wiki/..%23/x", "/wiki/..#/x", NULL, ALL, NULL},
    {"/wiki/..%3f/x", "/wiki/..?/x", NULL, ALL, NULL},
    /* escapes */
    {"/%77iki", "/wiki", NULL, ALL, NULL},
    {"/%57IKI", "/WIKI", NULL, ALL, NULL},
    {"/wiki/%61dmin", "/wiki/admin", NULL, ALL, NULL},
    {"/wiki/%41%42%43", "/wiki/ABC", NULL, ALL, NULL},
    {"/wiki/a%20b", "/wiki/a b", NULL, ALL, NULL},
    {"/wiki/a+b", "/wiki/a+b", NULL, ALL, NULL},
    {"/wiki/%5b%7c%5d", "/wiki/[|]", NULL, ALL, NULL},
    {"/wiki/100%25", "/wiki/100%", NULL, ALL, NULL},
    {"/wiki/%3f%23", "/wiki/?#", NULL, ALL, NULL},
    {"/wiki/%0d%0aSet-Cookie:x", "/wiki/\r\nSet-Cookie:x", NULL, ALL, NULL},
    {"/wiki/%01%7f", "/wiki/\x01\x7f", NULL, ALL, NULL},
    {"/wiki/%c3%a4", "/wiki/\xc3\xa4", NULL, ALL, NULL},
    {"/wiki/\xc3\xa4", "/wiki/\xc3\xa4", NULL, ALL, NULL},
    {"/wiki/%e4%bd%a0/%f0%9f%98%80", "/wiki/\xe4\xbd\xa0/\xf0\x9f\x98\x80", NULL, ALL, NULL},
    {"/wiki/%fc", "/wiki/\xfc", NULL, ALL, NULL}, /* Latin-1, left to the application */
    {"/wiki/%ff%fe", "/wiki/\xff\xfe", NULL, ALL, NULL},
    {"/wiki/%ef%bc%8e%ef%bc%8e/x", "/wiki/\xef\xbc\x8e\xef\xbc\x8e/x", NULL, ALL, NULL},
    {"/wiki%ef%bc%8fx", "/wiki\xef\xbc\x8fx", NULL, ALL, NULL}, /* fullwidth: letters */
    {"/wiki/%e2%80%8b..", "/wiki/\xe2\x80\x8b..", NULL, ALL, NULL},
    /* escaped escapes are names */
    {"/wiki/%252e%252e/jira", "/wiki/%2e%2e/jira", NULL, ALL, NULL},
    {"/wiki/%252f", "/wiki/%2f", NULL, ALL, NULL},
    {"/wiki%252fadmin", "/wiki%2fadmin", NULL, ALL, NULL},
    {"/wiki/%25zz", "/wiki/%zz", NULL, ALL, NULL},
    {"/wiki/%2500", "/wiki/%00", NULL, ALL, NULL},
    {"/wiki/%25252e%25252e", "/wiki/%252e%252e", NULL, ALL, NULL},
    {"/wiki/%253b", "/wiki/%3b", NULL, ALL, NULL},
    {"/wiki/%255c", "/wiki/%5c", NULL, ALL, NULL},
    /* encoded and backward slashes: slashes to access rules, a name to the application */
    {"/wiki%2fadmin", "/wiki/admin", NULL, 5, NULL},
    {"/wiki%2Fadmin", "/wiki/admin", NULL, 5, NULL},
    {"/wiki%5cadmin", "/wiki/admin", NULL, 5, NULL},
    {"/wiki%5Cadmin", "/wiki/admin", NULL, 5, NULL},
    {"/wiki\\admin", "/wiki/admin", NULL, 5, NULL},
    {"/wiki/a%2fb", "/wiki/a/b", NULL, 7, NULL},
    {"/wiki/a%2fb/c%2fd", "/wiki/a/b/c/d", NULL, 7, NULL},
    {"/wiki/a/b%2fc", "/wiki/a/b/c", NULL, 9, NULL},
    {"/wiki/a%2f%2fb", "/wiki/a/b", NULL, 7, NULL},
    {"/wiki/a%2f", "/wiki/a/", NULL, 7, NULL},
    {"/wiki/a%2f/b", "/wiki/a/b", NULL, 7, NULL},
    {"/wiki/%2f", "/wiki/", NULL, 6, NULL},
    {"/wiki/%2fb", "/wiki/b", NULL, 6, NULL},
    {"/%2f", "/", NULL, 1, NULL},
    {"/%2fwiki", "/wiki", NULL, 1, NULL},
    {"/%2f%2fwiki", "/wiki", NULL, 1, NULL},
    {"/%5cwiki", "/wiki", NULL, 1, NULL},
    {"/\\wiki", "/wiki", NULL, 1, NULL},
    {"/\\\\evil.example\\share", "/evil.example/share", NULL, 1, NULL},
    {"/wiki;x%2fy/a", "/wiki/a", NULL, ALL, NULL},
    {"/wiki%2f;x", "/wiki/", NULL, 5, NULL},
    {"/a%2fb/../c", "/c", "/c", ALL, NULL}, /* what is sent on has no encoded slash */
    {"/a/b%2fc/../d", "/a/d", "/a/d", ALL, NULL},
    {"/a/b%2fc/d/../e", "/a/b/c/e", "/a/b%2fc/e", 4, NULL},
    {"/a%2fb/c%2fd/..", "/a/b/", "/a%2fb/", 2, NULL},
    {"/a/%2f/../b", "/a/b", "/a/b", ALL, NULL},
    {"/%2f/x/../y", "/y", "/%2f/y", 1, NULL},
    {"/%2f/../y", "/y", "/y", ALL, NULL},
    {"/a%2fb/..;/c", "/c", "/c", ALL, "/a/b/"},
    {"/wiki/%2f/%2f/x", "/wiki/x", NULL, 6, NULL},
    {"/wiki/...%2f...", "/wiki/.../...", NULL, 9, NULL},
    {"/wiki/a%2f%3b..", "/wiki/a/;..", NULL, 7, NULL},
};

static const struct {
    const char *uri;
    atl_path_status status;
} bad[] = {
    /* above the root */
    {"/..", ATL_PATH_ABOVE_ROOT},
    {"/../", ATL_PATH_ABOVE_ROOT},
    {"/../etc/passwd", ATL_PATH_ABOVE_ROOT},
    {"/..;/x", ATL_PATH_ABOVE_ROOT},
    {"/%2e%2e/x", ATL_PATH_ABOVE_ROOT},
    {"/wiki/../..", ATL_PATH_ABOVE_ROOT},
    {"/wiki/../../wiki", ATL_PATH_ABOVE_ROOT},
    {"/wiki/..;/..;x", ATL_PATH_ABOVE_ROOT},
    {"/wiki/../..;", ATL_PATH_ABOVE_ROOT},
    {"//..", ATL_PATH_ABOVE_ROOT},
    {"/./../x", ATL_PATH_ABOVE_ROOT},
    {"/;x/../wiki", ATL_PATH_ABOVE_ROOT},
    {"/wiki/../..//wiki", ATL_PATH_ABOVE_ROOT},
    /* escapes */
    {"/%", ATL_PATH_BAD_ESCAPE},
    {"/%2", ATL_PATH_BAD_ESCAPE},
    {"/a%/b", ATL_PATH_BAD_ESCAPE},
    {"/a%2/b", ATL_PATH_BAD_ESCAPE},
    {"/a%2;x", ATL_PATH_BAD_ESCAPE},
    {"/%zz", ATL_PATH_BAD_ESCAPE},
    {"/%2g", ATL_PATH_BAD_ESCAPE},
    {"/%g2", ATL_PATH_BAD_ESCAPE},
    {"/%+1", ATL_PATH_BAD_ESCAPE},
    {"/% 1", ATL_PATH_BAD_ESCAPE},
    {"/%0x", ATL_PATH_BAD_ESCAPE},
    {"/%%32e", ATL_PATH_BAD_ESCAPE},
    {"/%u002e%u002e/x", ATL_PATH_BAD_ESCAPE},
    {"/%00", ATL_PATH_BAD_ESCAPE},
    {"/wiki%00/x", ATL_PATH_BAD_ESCAPE},
    {"/wiki/..%00/x", ATL_PATH_BAD_ESCAPE},
    {"/wiki/x.jsp%00.png", ATL_PATH_BAD_ESCAPE},
    {"/wiki;x=%00", ATL_PATH_BAD_ESCAPE}, /* in parameters too: they are sent on */
    {"/wiki;x=%zz/y", ATL_PATH_BAD_ESCAPE},
    {"/wiki;x=%", ATL_PATH_BAD_ESCAPE},
    {"/wiki;x=%4/y", ATL_PATH_BAD_ESCAPE},
    {"/;%00/x", ATL_PATH_BAD_ESCAPE},
    {"/a/..;%00/x", ATL_PATH_BAD_ESCAPE},
    /* overlong UTF-8: 2 to 6 bytes for '.', '/', '\' and NUL */
    {"/wiki/%c0%ae%c0%ae/x", ATL_PATH_BAD_ESCAPE},
    {"/wiki%c0%afx", ATL_PATH_BAD_ESCAPE},
    {"/wiki%C0%AFx", ATL_PATH_BAD_ESCAPE},
    {"/wiki%c1%9cx", ATL_PATH_BAD_ESCAPE},
    {"/wiki%c0%80", ATL_PATH_BAD_ESCAPE},
    {"/wiki\xc0\xafx", ATL_PATH_BAD_ESCAPE},
    {"/wiki%c0\xafx", ATL_PATH_BAD_ESCAPE},
    {"/wiki%c0", ATL_PATH_BAD_ESCAPE},
    {"/wiki%c0%2f", ATL_PATH_BAD_ESCAPE},
    {"/wiki%e0%80%afx", ATL_PATH_BAD_ESCAPE},
    {"/wiki/%e0%80%ae%e0%80%ae/x", ATL_PATH_BAD_ESCAPE},
    {"/wiki%e0%9f%bf", ATL_PATH_BAD_ESCAPE},
    {"/wiki%f0%80%80%afx", ATL_PATH_BAD_ESCAPE},
    {"/wiki%f0%8f%bf%bf", ATL_PATH_BAD_ESCAPE},
    {"/wiki%f8%80%80%80%afx", ATL_PATH_BAD_ESCAPE},
    {"/wiki%fc%80%80%80%80%afx", ATL_PATH_BAD_ESCAPE},
    {"/wiki;x=%c0%af/y", ATL_PATH_BAD_ESCAPE},
    /* a dot segment to some readers only */
    {"/wiki/..%2fjira", ATL_PATH_AMBIGUOUS},
    {"/wiki/..%5cjira", ATL_PATH_AMBIGUOUS},
    {"/wiki/..\\jira", ATL_PATH_AMBIGUOUS},
    {"/wiki%2f..%2fjira", ATL_PATH_AMBIGUOUS},
    {"/wiki%2f../jira", ATL_PATH_AMBIGUOUS},
    {"/wiki\\..\\jira", ATL_PATH_AMBIGUOUS},
    {"/wiki\\../jira", ATL_PATH_AMBIGUOUS},
    {"/wiki/%2e%2e%2fjira", ATL_PATH_AMBIGUOUS},
    {"/wiki/%2e%2e%5cjira", ATL_PATH_AMBIGUOUS},
    {"/wiki/.%2fjira", ATL_PATH_AMBIGUOUS},
    {"/wiki/a%2f.", ATL_PATH_AMBIGUOUS},
    {"/wiki/a%2f..", ATL_PATH_AMBIGUOUS},
    {"/wiki/a%2f..;x/b", ATL_PATH_AMBIGUOUS},
    {"/wiki/%2f..", ATL_PATH_AMBIGUOUS},
    {"/wiki/a%2f./b", ATL_PATH_AMBIGUOUS},
    {"/..%2f", ATL_PATH_AMBIGUOUS},
    {"/..\\", ATL_PATH_AMBIGUOUS},
    {"/.\\", ATL_PATH_AMBIGUOUS},
    {"/wiki/a%2f..%2f..%2fb", ATL_PATH_AMBIGUOUS},
};

static void check_good(const char *uri, const char *resolved, const char *raw, int certain,
                       const char *before_climb)
{
    atl_path path;

    expect_int(uri, "status", atl_path_read(pool, uri, &path), ATL_PATH_OK);
    expect_str(uri, "resolved", path.resolved, resolved);
    expect_str(uri, "raw", path.raw, raw);
    expect(uri, "certain is as expected",
           path.certain == (certain == ALL ? APR_SIZE_MAX : (apr_size_t)certain));
    expect_str(uri, "before_climb", path.before_climb, before_climb);
    expect_str(uri, "broken rule", path_rule_broken(pool, uri), NULL);
}

static void test_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(plain); i++) {
        check_good(plain[i], plain[i], plain[i], ALL, NULL);
    }
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        const path_row *row = &good[i];
        check_good(row->uri, row->resolved, row->raw ? row->raw : row->uri, row->certain,
                   row->before_climb);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        atl_path path;
        expect_int(bad[i].uri, "status", atl_path_read(pool, bad[i].uri, &path), bad[i].status);
    }
}

/* Contexts and rules are matched on resolved: every way to write a path resolves to the same. */
static void test_same(void **state)
{
    static const char *const ways[] = {
        "/wiki/admin/x", "//wiki/admin/x", "/wiki//admin/x", "/wiki/./admin/x", "/wiki/;/admin/x",
        "/wiki;a/admin;b/x", "/%77%69%6b%69/%61dmin/x", "/x/../wiki/admin/x", "/wiki/y/../admin/x",
        "/wiki/y/..;z/admin/x", "/wiki/%2e/admin/x", "/wiki/y/%2e%2e/admin/x", "/./wiki/admin/./x",
        "/;/wiki/admin/x", "/wiki/admin%2fx", "/wiki/admin\\x", "/wiki%5cadmin/x",
        "/wiki/admin/%2fx", "/wiki/admin/y;z=../../x", "/wiki/.;a=b/admin/x",
        "/..a/../wiki/admin/x", "/wiki/admin/a/b/c/../../../x",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        atl_path path;
        expect_int(ways[i], "status", atl_path_read(pool, ways[i], &path), ATL_PATH_OK);
        expect_str(ways[i], "resolved", path.resolved, "/wiki/admin/x");
        expect_str(ways[i], "broken rule", path_rule_broken(pool, ways[i]), NULL);
    }
}

static char *times(const char *part, int n)
{
    apr_size_t len = strlen(part);
    char *text = apr_palloc(pool, len * (apr_size_t)n + 1);

    for (int i = 0; i < n; i++) {
        memcpy(text + len * (apr_size_t)i, part, len);
    }
    text[len * (apr_size_t)n] = '\0';
    return text;
}

static void check_long(const char *name, const char *uri, atl_path_status status,
                       const char *resolved)
{
    atl_path path;

    expect_int(name, "status", atl_path_read(pool, uri, &path), status);
    if (status == ATL_PATH_OK) {
        expect(name, "resolved is right", !strcmp(path.resolved, resolved));
        expect_str(name, "broken rule", path_rule_broken(pool, uri), NULL);
    }
}

static void test_long(void **state)
{
    const int n = 100000;
    const char *down = times("/a", n), *up = times("/..", n), *up_params = times("/..;", n);

    (void)state;
    check_long("one long name", apr_pstrcat(pool, "/", repeat('a', n), NULL), ATL_PATH_OK,
               apr_pstrcat(pool, "/", repeat('a', n), NULL));
    check_long("many slashes", times("/", n), ATL_PATH_OK, "/");
    check_long("many segments", apr_pstrcat(pool, down, ";x", NULL), ATL_PATH_OK, down);
    check_long("down and up", apr_pstrcat(pool, down, up, NULL), ATL_PATH_OK, "/");
    check_long("down and up with parameters", apr_pstrcat(pool, down, up_params, NULL), ATL_PATH_OK,
               "/");
    check_long("down and one too far up", apr_pstrcat(pool, down, up, "/..", NULL),
               ATL_PATH_ABOVE_ROOT, NULL);
    check_long("many dots", times("/.", n), ATL_PATH_OK, "/");
    check_long("many encoded slashes", apr_pstrcat(pool, "/", times("%2f", n), NULL), ATL_PATH_OK,
               "/");
    check_long("many escapes", apr_pstrcat(pool, "/", times("%61", n), NULL), ATL_PATH_OK,
               apr_pstrcat(pool, "/", repeat('a', n), NULL));
    check_long("many parameters", apr_pstrcat(pool, "/a", times(";x=1", n), NULL), ATL_PATH_OK, "/a");
    check_long("many bad escapes", apr_pstrcat(pool, "/", times("%", n), NULL),
               ATL_PATH_BAD_ESCAPE, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_plain), UNIT_TEST(test_good),
                                       UNIT_TEST(test_bad),   UNIT_TEST(test_same),
                                       UNIT_TEST(test_long)};

    return cmocka_run_group_tests_name("path", tests, unit_group_setup, unit_group_teardown);
}
