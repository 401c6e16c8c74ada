/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/cacheable.c: what may be kept, and above all what not. */
#include "unit.h"

#include "cacheable.h"
#include "unit_site.h"

#include <apr_strings.h>

#define NOW apr_time_from_sec(1000)
#define LATER apr_time_from_sec(1001)

static int is_path(const char *lines, const char *uri)
{
    atl_site *site = site_of(lines, "https", "people.example.com", 443, NULL);
    const atl_claim *claim;
    atl_path path;

    assert_non_null(site);
    assert_int_equal(atl_path_read(pool, uri, &path), ATL_PATH_OK);
    claim = atl_routes_find(site->routes, path.resolved);
    assert_non_null(claim);
    return atl_cacheable_path(claim, &path);
}

static void paths(void **state)
{
    static const struct {
        const char *uri;
        int cacheable;
    } rows[] = {{"/jira/s/d41d8/8/1/_/download/batch/x.js", 1},
                {"/jira/s/1/_/download/contextbatch/css/_super/batch.css", 1},
                {"/jira/s/1/_/download/superbatch/js/batch.js", 1},
                {"/jira/s/1/_/download/resources/a:b/x.png", 1},
                {"/jira/s/_/images/x.css", 1},
                {"/jira/s//_/images/x.css", 0},
                {"/jira/s/images/x.css", 0},
                {"/jira/s/_x/images/x.css", 0},
                {"/jira/S/1/_/images/x.css", 0},
                {"/jira/x/s/1/_/images/x.css", 0},
                {"/jira/s/1/_/images/x.css;a=b", 0},
                {"/jira/s/1/_/images/%78.css", 0},
                {"/jira/s/../s/1/_/images/x.css", 0},
                {"/jira/secure/_/images/x", 0},
                {"/jira/s/1/_/x.css", 0},
                {"/jira/s/1/_/imagesx/x.css", 0},
                {"/jira/s/1/_/Images/x.css", 0},
                {"/jira/s/1/_/browse/X-1", 0},
                {"/jira/s/1/_/rest/api/2/myself", 0},
                {"/jira/s/1/_/download/attachments/1/x.png", 0},
                {"/jira/s/1/_/download/resources/_/secure/x", 0},
                {"/jira/s/1/_/_/images/x.css", 0},
                {"/jira/s/1/_/secure/x/_/images/x.css", 0},
                {"/jira/s/images/1/_/secure/x", 0},
                {"/jira/s/1/_/images/download/attachments/1/x.png", 0},
                {"/jira/s/1/_/download/resources/download/temp/x.png", 0}};

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        expect_int(rows[i].uri, "cacheable",
                   is_path("jira http://10.0.0.5/jira cache=on", rows[i].uri), rows[i].cacheable);
    }
    expect_int("at the root", "cacheable", is_path("jira http://10.0.0.5/", "/s/1/_/images/x.css"), 1);
    expect_int("Synchrony", "cacheable", is_path("confluence", "/synchrony/s/1/_/images/x.css"), 0);
    expect_str("jira", "pattern", atl_cacheable_pattern(pool, atl_product_find("jira"), "/j\\.a"),
               "^/j\\.a(?!.*/_(?=/).*/_/)/s/(?:.*/)?_(?:/download/batch|/download/contextbatch|"
               "/download/superbatch|/download/resources|/images)(?!.*/download/)(?:/|$)");
}

static const char *row_of(const atl_cacheable_head *head)
{
    return apr_psprintf(pool, "%d \"%s\" \"%s\" \"%s\"%s%s", head->status,
                        head->cache_control ? head->cache_control : "", head->vary ? head->vary : "",
                        head->content_encoding ? head->content_encoding : "",
                        head->expires > NOW ? " expires later" : "",
                        head->sets_cookie ? " with a cookie" : "");
}

static void answers(void **state)
{
    static const struct {
        atl_cacheable_head head;
        int kept;
    } rows[] = {
        {{.status = 200, .cache_control = "public, max-age=60"}, 1},
        {{.status = 200, .cache_control = "max-age=\"060\" ,,PUBLIC"}, 1},
        {{.status = 200, .cache_control = "public", .expires = LATER}, 1},
        {{.status = 200, .cache_control = "public, s-maxage=1, max-age=0"}, 1},
        {{.status = 200, .cache_control = "public,max-age=1", .vary = "Accept-Encoding",
          .content_encoding = "gzip"}, 1},
        {{.status = 200}, 0},
        {{.status = 200, .cache_control = "public"}, 0},
        {{.status = 200, .cache_control = "public", .expires = NOW}, 0},
        {{.status = 200, .cache_control = "public, max-age", .expires = LATER}, 0},
        {{.status = 200, .cache_control = "public, max-age=-1", .expires = LATER}, 0},
        {{.status = 200, .cache_control = "public, max-age=00", .expires = LATER}, 0},
        {{.status = 200, .cache_control = "public, max-age=9, s-maxage=0"}, 0},
        {{.status = 200, .cache_control = "publicly, max-age=9"}, 0},
        {{.status = 200, .cache_control = "max-age=9, x=\"a, public\""}, 0},
        {{.status = 200, .cache_control = "public, max-age=9, Private=\"x\""}, 0},
        {{.status = 200, .cache_control = "public, max-age=9, No-Store"}, 0},
        {{.status = 200, .cache_control = "public, max-age=9, no-cache"}, 0},
        {{.status = 200, .cache_control = "public, max-age=9", .sets_cookie = 1}, 0},
        {{.status = 200, .cache_control = "public, max-age=9", .vary = "Origin, COOKIE"}, 0},
        {{.status = 200, .cache_control = "public, max-age=9", .vary = "*"}, 0},
        {{.status = 200, .cache_control = "public, max-age=9", .content_encoding = "gzip"}, 0},
        {{.status = 206, .cache_control = "public, max-age=9"}, 0},
        {{.status = 404, .cache_control = "public, max-age=9"}, 0},
        {{.status = 304}, 1},
        {{.status = 304, .cache_control = "public"}, 1},
        {{.status = 304, .cache_control = "private"}, 0},
        {{.status = 304, .sets_cookie = 1}, 0}};

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        expect_int(row_of(&rows[i].head), "kept", atl_cacheable_answer(&rows[i].head, NOW),
                   rows[i].kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(paths), UNIT_TEST(answers)};

    return cmocka_run_group_tests(tests, unit_group_setup, unit_group_teardown);
}
