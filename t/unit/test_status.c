/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* What the status page and the answers for programs are made of: histogram, escape, audience, verdict. */
#include "unit.h"

#include "audience.h"
#include "escape.h"
#include "histogram.h"
#include "unit_site.h"
#include "verdict.h"

#include <apr_strings.h>
#include <string.h>

static void buckets(void **state)
{
    (void)state;
    expect_int("0", "bucket", atl_histogram_bucket(0), 0);
    expect_int("127", "bucket", atl_histogram_bucket(127), 0);
    expect_int("128", "bucket", atl_histogram_bucket(128), 1);
    expect_int("2^32", "bucket", atl_histogram_bucket((apr_uint64_t)1 << 32), ATL_HISTOGRAM_BUCKETS - 1);
    expect_int("largest", "bucket", atl_histogram_bucket(~(apr_uint64_t)0), ATL_HISTOGRAM_BUCKETS - 1);
    for (unsigned i = 0; i + 1 < ATL_HISTOGRAM_BUCKETS; i++) {
        const char *row = apr_psprintf(pool, "bucket %u", i);
        apr_uint64_t limit = atl_histogram_limit(i);

        expect_int(row, "its limit lies beyond it", atl_histogram_bucket(limit), i + 1);
        expect_int(row, "what is smaller lies in it", atl_histogram_bucket(limit - 1), i);
    }
}

static void percentiles(void **state)
{
    apr_uint64_t counts[ATL_HISTOGRAM_BUCKETS] = {0}, p50;

    (void)state;
    expect_int("nothing", "p50", (long)atl_histogram_percentile(counts, 0.5), 0);
    for (apr_uint64_t us = 1; us <= 100000; us++) {
        counts[atl_histogram_bucket(us)]++;
    }
    p50 = atl_histogram_percentile(counts, 0.5);
    expect("1..100000", "p50 is near 50000", p50 > 47500 && p50 < 52500);
    expect("1..100000", "p99 is near 99000",
           atl_histogram_percentile(counts, 0.99) > 94000 && atl_histogram_percentile(counts, 0.99) < 115000);
    expect("1..100000", "in order", atl_histogram_percentile(counts, 0.9) > p50);
}

static void escapes(void **state)
{
    static const struct {
        const char *text, *json, *label;
    } rows[] = {
        {"", "", ""},
        {NULL, "", ""},
        {"a\"b\\c", "a\\\"b\\\\c", "a\\\"b\\\\c"},
        {"a\nb\tc", "a\\nb\\u0009c", "a\\nb c"},
        {"</script>", "\\u003c/script>", "</script>"},
        {"\x7f", "\\u007f", " "},
        {"\xc2\x9b", "\xef\xbf\xbd", "\xef\xbf\xbd"}, /* CSI */
        {"\xc2\xa0", "\xc2\xa0", "\xc2\xa0"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xff", "\xef\xbf\xbd", "\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd", "\xef\xbf\xbd"},                 /* cut off */
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *row = apr_psprintf(pool, "%d", (int)i);
        expect_str(row, "JSON", atl_escape_json(pool, rows[i].text), rows[i].json);
        expect_str(row, "label", atl_escape_label(pool, rows[i].text), rows[i].label);
    }
}

static void html(void **state)
{
    (void)state;
    expect_str("marks", "HTML", atl_escape_html(pool, "<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;'");
    expect_str("controls", "HTML", atl_escape_html(pool, "a\x1b[2J\nb\x7f"), "a\xef\xbf\xbd[2J\nb\xef\xbf\xbd");
    expect_str("nothing", "HTML", atl_escape_html(pool, NULL), "");
}

static void audiences(void **state)
{
    static const struct {
        const char *path, *accept, *with;
        atl_audience who;
    } rows[] = {
        {"/wiki/x", "text/html,*/*", NULL, ATL_AUDIENCE_PERSON},
        {"/wiki/x", "application/xhtml+xml", NULL, ATL_AUDIENCE_PERSON},
        {"/wiki/x", "application/json", NULL, ATL_AUDIENCE_JSON},
        {"/wiki/x", "text/html", "XMLHttpRequest", ATL_AUDIENCE_JSON},
        {"/wiki/rest/api", "text/html", NULL, ATL_AUDIENCE_JSON},
        {"/wiki/resting", "text/html", NULL, ATL_AUDIENCE_PERSON},
        {"/wiki/x", NULL, NULL, ATL_AUDIENCE_TEXT},
        {"/wiki/x.png", "image/*", NULL, ATL_AUDIENCE_TEXT},
        {"/wiki/synchrony-proxy/x", "text/html", NULL, ATL_AUDIENCE_PROBE},
        {"/synchrony/x", "application/json", NULL, ATL_AUDIENCE_PROBE},
        {"/bitbucket/scm/p/r.git/info/refs", "text/html", NULL, ATL_AUDIENCE_TEXT},
        {"/bitbucket/scm/p/r.git/info/lfs/objects", "application/vnd.git-lfs+json", NULL, ATL_AUDIENCE_JSON},
        {"/bamboo/agentServer/x", NULL, NULL, ATL_AUDIENCE_TEXT},
    };
    atl_site *site = site_of("confluence http://h/wiki\nbitbucket http://h/bitbucket\nbamboo http://h/bamboo",
                             "https", "h", 443, NULL);

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const atl_claim *claim = atl_routes_find(site->routes, rows[i].path);
        expect_int(rows[i].path, "audience", atl_audience_of(claim, rows[i].path, rows[i].accept, rows[i].with),
                   rows[i].who);
    }
}

/* The state table of the products; base URLs; Synchrony. */
static void verdicts(void **state)
{
    static const struct {
        const char *line;
        atl_probe probe;
        int status;
        const char *body;
        int right;
    } rows[] = {
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 200, "{\"state\":\"RUNNING\"}", 1},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 200, "{\"state\":\"FIRST_RUN\"}", 1},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 200, "{\"state\":\"STARTING\"}", 0},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 200, "{\"state\":\"STOPPING\"}", 0},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 503, "{\"state\":\"MAINTENANCE\"}", 0},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 200, "{\"state\":\"RUN\"}", 0},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 200, "{\"state\":\"\"}", 0},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 200, "<html>", -1},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 302, "", -1},
        {"jira http://h/jira", {"/status", ATL_PROBE_STATE}, 500, "", 0},
        {"bitbucket http://h/b", {"/status", ATL_PROBE_STATE}, 200, "{ \"state\" : \"MAINTENANCE\" }", 1},
        {"bitbucket http://h/b", {"/status", ATL_PROBE_STATE}, 503, "{\"state\":\"STARTING\"}", 0},
        {"bamboo http://h/b", {"/x", ATL_PROBE_STATE}, 200, "{\"name\":\"Bamboo\",\"state\":\"PAUSED\"}", 1},
        {"crowd http://h/c", {"/status", ATL_PROBE_STATE}, 204, "", -1},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 200, "{\"baseUrl\":\"https://people.example.com/jira\"}", 1},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 200, "{\"baseUrl\":\"https:\\/\\/people.example.com\\/jira\"}", 1},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 200, "<manifest><url>https://People.example.com/jira/</url>", 1},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 200, "<url>https://people.example.com/JIRA</url>", 0},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 200, "<url>http://people.example.com/jira</url>", 0},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 200, "<url>https://people.example.com</url>", 0},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 200, "<url>https://people.example.com/jira", -1},
        {"jira http://h/jira", {"/x", ATL_PROBE_BASE_URL}, 404, "", -1},
        {"confluence http://h/w", {"/heartbeat", ATL_PROBE_OK}, 200, "OK", 1},
        {"confluence http://h/w", {"/heartbeat", ATL_PROBE_OK}, 404, "<html>Page Not Found", 0},
        {"confluence http://h/w", {"/heartbeat", ATL_PROBE_OK}, 502, "", 0},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        atl_site *site = site_of(rows[i].line, "https", "people.example.com", 443, NULL);
        const char *row = apr_psprintf(pool, "%d: %d %s", (int)i, rows[i].status, rows[i].body);
        atl_verdict verdict;

        atl_verdict_of(pool, site, APR_ARRAY_IDX(site->apps, 0, const atl_app *), &rows[i].probe,
                       rows[i].status, rows[i].body, &verdict);
        expect_int(row, "right", verdict.right, rows[i].right);
        expect(row, "says something", verdict.said && *verdict.said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(buckets), UNIT_TEST(percentiles), UNIT_TEST(escapes), UNIT_TEST(html),
                                       UNIT_TEST(audiences), UNIT_TEST(verdicts)};

    return cmocka_run_group_tests(tests, unit_group_setup, unit_group_teardown);
}
