/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/route.c: which application owns a path. */
#include "unit.h"

#include "unit_site.h"

#include <apr_strings.h>
#include <string.h>

static atl_site *site_with(const char *lines, const char **why)
{
    return site_of(lines, "https", "example.com", 443, why);
}

/* ------------------------------------------------------------------ what lines claim */

#define C1 "confluence h1/wiki"
#define C2 "confluence h2/docs"

static void test_claims(void **state)
{
    static const struct {
        const char *lines, *claims; /* NULL: a conflict */
        const char *why;
    } rows[] = {
        {"jira", "/ pages=http://127.0.0.1:8080 (1)", NULL},
        {"crowd h", "/ pages=http://h:8095 (1)", NULL},
        {"crowd", "/crowd pages=http://127.0.0.1:8095/crowd (1)", NULL},
        {"jira h/jira except=/jira/a,/jira/a,/jira/b",
         "/jira pages=http://h:8080/jira (1)\n/jira/a local (1)\n/jira/b local (1)", NULL},
        {C1,
         "/synchrony synchrony=http://h1:8091/synchrony (1)\n"
         "/synchrony-proxy absent (1)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
        {"confluence h1",
         "/ pages=http://h1:8090 (1)\n"
         "/synchrony synchrony=http://h1:8091/synchrony (1)\n"
         "/synchrony-proxy synchrony-proxy=http://h1:8090/synchrony-proxy (1)", NULL},
        {C1 " synchrony=internal",
         "/synchrony absent (1)\n"
         "/synchrony-proxy absent (1)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
        {C1 " synchrony=off", "/wiki pages=http://h1:8090/wiki (1)", NULL},
        {C1 " synchrony=http://s:9/editing",
         "/editing synchrony=http://s:9/synchrony (1)\n"
         "/synchrony-proxy absent (1)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
        /* two Confluences */
        {C1 "\n" C2, NULL, "/synchrony of line 2 is line 1's"},
        {C1 "\n" C2 " synchrony=internal",
         "/docs pages=http://h2:8090/docs (2)\n"
         "/docs/synchrony-proxy synchrony-proxy=http://h2:8090/docs/synchrony-proxy (2)\n"
         "/synchrony synchrony=http://h1:8091/synchrony (1)\n"
         "/synchrony-proxy absent (2)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
        {C2 " synchrony=internal\n" C1, /* the 404 gives way */
         "/docs pages=http://h2:8090/docs (1)\n"
         "/docs/synchrony-proxy synchrony-proxy=http://h2:8090/docs/synchrony-proxy (1)\n"
         "/synchrony synchrony=http://h1:8091/synchrony (2)\n"
         "/synchrony-proxy absent (2)\n"
         "/wiki pages=http://h1:8090/wiki (2)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (2)", NULL},
        {C1 "\n" C2 " synchrony=http://h2:8091/synchrony-2",
         "/docs pages=http://h2:8090/docs (2)\n"
         "/docs/synchrony-proxy synchrony-proxy=http://h2:8090/docs/synchrony-proxy (2)\n"
         "/synchrony synchrony=http://h1:8091/synchrony (1)\n"
         "/synchrony-2 synchrony=http://h2:8091/synchrony (2)\n"
         "/synchrony-proxy absent (2)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
        {C1 "\nconfluence h2 synchrony=internal", /* the root one's own synchrony-proxy */
         "/ pages=http://h2:8090 (2)\n"
         "/synchrony synchrony=http://h1:8091/synchrony (1)\n"
         "/synchrony-proxy synchrony-proxy=http://h2:8090/synchrony-proxy (2)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
        {"confluence h2 synchrony=internal\n" C1,
         "/ pages=http://h2:8090 (1)\n"
         "/synchrony synchrony=http://h1:8091/synchrony (2)\n"
         "/synchrony-proxy synchrony-proxy=http://h2:8090/synchrony-proxy (1)\n"
         "/wiki pages=http://h1:8090/wiki (2)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (2)", NULL},
        {C1 " synchrony=internal\njira h2/synchrony",
         "/synchrony pages=http://h2:8080/synchrony (2)\n"
         "/synchrony-proxy absent (1)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
        {"jira h2/synchrony-proxy\n" C1 " synchrony=internal",
         "/synchrony absent (2)\n"
         "/synchrony-proxy pages=http://h2:8080/synchrony-proxy (1)\n"
         "/wiki pages=http://h1:8090/wiki (2)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (2)", NULL},
        /* conflicts, in either order */
        {"jira\nbamboo", NULL, "/ of line 2 is line 1's"},
        {"jira h1/x\nbamboo h2/x/", NULL, "/x of line 2 is line 1's"},
        {"jira h1/x\njira h1/x", NULL, "/x of line 2 is line 1's"},
        {"jira h2/synchrony\n" C1, NULL, "/synchrony of line 2 is line 1's"},
        {C1 "\njira h2/synchrony", NULL, "/synchrony of line 2 is line 1's"},
        {"jira h2/wiki/synchrony-proxy\n" C1, NULL, "/wiki/synchrony-proxy of line 2 is line 1's"},
        {C1 "\njira h2/wiki/synchrony-proxy", NULL, "/wiki/synchrony-proxy of line 2 is line 1's"},
        {"jira except=/x\nbamboo h2/x", NULL, "/x of line 2 is line 1's"},
        {"bamboo h2/x\njira except=/x", NULL, "/x of line 2 is line 1's"},
        {C1 "\njira except=/synchrony", NULL, "/synchrony of line 2 is line 1's"},
        /* not conflicts */
        {"jira h1/X\nbamboo h2/x", "/X pages=http://h1:8080/X (1)\n/x pages=http://h2:8085/x (2)",
         NULL},
        {"jira except=/x\nbamboo h2/x/y",
         "/ pages=http://127.0.0.1:8080 (1)\n/x local (1)\n/x/y pages=http://h2:8085/x/y (2)", NULL},
        {"jira except=/x/y\nbamboo h/x except=/x/y",
         "/ pages=http://127.0.0.1:8080 (1)\n/x pages=http://h:8085/x (2)\n/x/y local (1)", NULL},
        {C1 " synchrony=internal\njira except=/synchrony",
         "/ pages=http://127.0.0.1:8080 (2)\n"
         "/synchrony local (2)\n"
         "/synchrony-proxy absent (1)\n"
         "/wiki pages=http://h1:8090/wiki (1)\n"
         "/wiki/synchrony-proxy synchrony-proxy=http://h1:8090/wiki/synchrony-proxy (1)", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why;
        const atl_site *site = site_with(rows[i].lines, &why);

        expect_str(rows[i].lines, "conflict", why, rows[i].why);
        expect_str(rows[i].lines, "claims", site ? claims_of(site) : NULL, rows[i].claims);
    }
}

/* ------------------------------------------------------------------ who gets a path */

static void test_find(void **state)
{
    static const char lines[] = "confluence h1/wiki except=/wiki/local\n"
                                "jira h2/jira\n"
                                "bamboo h3/jira/ci/deep\n"
                                "bitbucket h4/jir";
    static const struct {
        const char *path, *claim;
    } rows[] = {
        {"/", NULL},
        {"/x", NULL},
        {"/wiki", "/wiki"},
        {"/wiki/", "/wiki"},
        {"/wiki/x/y/z", "/wiki"},
        {"/wikifoo", NULL},
        {"/wikifoo/wiki", NULL},
        {"/wik", NULL},
        {"/WIKI", NULL},
        {"/x/wiki", NULL},
        {"/wiki ", NULL},
        {"/wiki.", NULL},
        {"/wiki/local", "/wiki/local"},
        {"/wiki/local/x", "/wiki/local"},
        {"/wiki/locals", "/wiki"},
        {"/wiki/synchrony-proxy", "/wiki/synchrony-proxy"},
        {"/wiki/synchrony-proxy/v1", "/wiki/synchrony-proxy"},
        {"/wiki/synchrony-proxyx", "/wiki"},
        {"/wiki/synchrony", "/wiki"},
        {"/synchrony", "/synchrony"},
        {"/synchrony/v1/bayeux-sync1", "/synchrony"},
        {"/synchrony-proxy", "/synchrony-proxy"},
        {"/synchrony-proxy/v1", "/synchrony-proxy"},
        {"/synchronyx", NULL},
        {"/jira", "/jira"},
        {"/jir", "/jir"},
        {"/jira/ci", "/jira"},
        {"/jira/ci/deep", "/jira/ci/deep"},
        {"/jira/ci/deep/", "/jira/ci/deep"},
        {"/jira/ci/deeper", "/jira"},
        {"/jira/ci/x/deep", "/jira"},
        {"/jirax", NULL},
        {"", NULL},
        {"*", NULL},
    };
    const atl_site *site = site_with(lines, NULL);
    const atl_site *root = site_with("jira\n" C1, NULL);

    (void)state;
    assert_non_null(site);
    assert_non_null(root);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const atl_claim *claim = atl_routes_find(site->routes, rows[i].path);
        expect_str(rows[i].path, "claim", claim ? claim->path : NULL, rows[i].claim);
    }
    expect_str("/x", "root's claim", atl_routes_find(root->routes, "/x")->path, "");
    expect_str("/", "root's claim", atl_routes_find(root->routes, "/")->path, "");
    expect_str("/wikix", "root's claim", atl_routes_find(root->routes, "/wikix")->path, "");
    expect_str("/wiki/x", "claim", atl_routes_find(root->routes, "/wiki/x")->path, "/wiki");
    expect("nothing", "no claim", !atl_routes_find(atl_routes_create(pool), "/x"));
    expect("long", "no claim",
           !atl_routes_find(site->routes, apr_pstrcat(pool, "/", repeat('x', 100000), NULL)));
    expect_str("many segments", "claim",
               atl_routes_find(root->routes, repeat('/', 100000))->path, "");
}

/* ------------------------------------------------------------------ local claims */

static void test_local(void **state)
{
    const atl_site *site = site_with("confluence h1/wiki\njira h2", NULL);
    const atl_claim *loser;
    int before;

    (void)state;
    assert_non_null(site);
    before = atl_routes_claims(site->routes)->nelts;
    loser = atl_routes_add_local(site->routes, "/static", NULL);
    expect("/static", "nobody lost", !loser);
    expect_int("/static/x", "kind", atl_routes_find(site->routes, "/static/x")->kind, ATL_CLAIM_LOCAL);
    expect("/static/x", "no app", !atl_routes_find(site->routes, "/static/x")->app);
    loser = atl_routes_add_local(site->routes, "/static", NULL);
    expect("/static again", "nobody lost", !loser);
    loser = atl_routes_add_local(site->routes, "/synchrony-proxy", NULL);
    expect("/synchrony-proxy", "a 404 is no loser", !loser);
    loser = atl_routes_add_local(site->routes, "/wiki", NULL);
    expect_str("/wiki", "the loser is named", loser ? loser->path : NULL, "/wiki");
    expect_int("/wiki", "its line", loser ? (long)loser->app->line : 0, 1);
    expect_int("/wiki/x", "kind", atl_routes_find(site->routes, "/wiki/x")->kind, ATL_CLAIM_LOCAL);
    expect_str("/wiki/synchrony-proxy", "longer claims stay",
               atl_routes_find(site->routes, "/wiki/synchrony-proxy")->path, "/wiki/synchrony-proxy");
    loser = atl_routes_add_local(site->routes, "", NULL);
    expect_str("/", "the root can lose", loser ? loser->app->product->name : NULL, "jira");
    expect_int("/x", "kind", atl_routes_find(site->routes, "/x")->kind, ATL_CLAIM_LOCAL);
    expect_int("claims", "one more", atl_routes_claims(site->routes)->nelts, before + 1);
}

/* ------------------------------------------------------------------ many */

static void test_many(void **state)
{
    const int n = 5000;
    char *lines = apr_palloc(pool, (apr_size_t)n * 64), *to = lines;
    const atl_site *site;

    (void)state;
    for (int i = 0; i < n; i++) {
        to += apr_snprintf(to, 64, "%s h%d/app/%d%s\n", i % 2 ? "jira" : "confluence", i, i,
                      i % 2 ? "" : " synchrony=internal");
    }
    site = site_with(lines, NULL);
    assert_non_null(site);
    expect_int("all", "apps", site->apps->nelts, n);
    for (int i = 0; i < n; i++) {
        const char *path = apr_psprintf(pool, "/app/%d/x", i);
        const atl_claim *claim = atl_routes_find(site->routes, path);

        expect(path, "found", claim && claim->app->line == (unsigned)i + 1);
        path = apr_psprintf(pool, "/app/%dx", i);
        expect(path, "not found", !atl_routes_find(site->routes, path));
    }
    /* jira: one; confluence: two; all Confluences share two 404s */
    expect_int("all", "claims", atl_routes_claims(site->routes)->nelts, n / 2 * 3 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_claims), UNIT_TEST(test_find),
                                       UNIT_TEST(test_local), UNIT_TEST(test_many)};

    return cmocka_run_group_tests_name("route", tests, unit_group_setup, unit_group_teardown);
}
