/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/finding.c: every finding has words for every product, and no place left unfilled. */
#include "unit.h"

#include "finding.h"
#include "unit_site.h"

#include <apr_strings.h>
#include <string.h>

#define LINES "jira http://10.0.0.5:8080/jira\nconfluence http://10.0.0.5:8090/wiki\ncrowd\nbitbucket\nbamboo http://h/bamboo\nfisheye http://h/fisheye\ncrucible http://h/cru"

/* A {name} of the template's; relaxedQueryChars has an empty pair of braces of its own. */
static int has_placeholder(const char *text)
{
    const char *open = text, *close;

    while ((open = strchr(open, '{')) && (close = strchr(open, '}'))) {
        if (close > open + 1 && strspn(open + 1, "abcdefghijklmnopqrstuvwxyz-") == (size_t)(close - open - 1)) {
            return 1;
        }
        open++;
    }
    return 0;
}

static void complete(void **state)
{
    atl_site *site = site_of(LINES, "https", "people.example.com", 443, NULL);

    (void)state;
    assert_non_null(site);
    for (int i = 0; i < site->apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(site->apps, i, const atl_app *);

        for (unsigned id = 0; id < ATL_FINDINGS; id++) {
            const char *row = apr_psprintf(pool, "%s ATLP%u", app->product->name, atl_findings[id].number);
            const char *line = atl_finding_line(pool, site, app, (atl_finding_id)id);
            atl_advice advice;

            atl_finding_explain(pool, site, app, (atl_finding_id)id, &advice);
            expect(row, "has a number of its own", atl_findings[id].number == 1001 + id);
            expect(row, "has words", *advice.symptom && *advice.cause && *advice.cure);
            expect(row, "is filled", !has_placeholder(line));
            expect(row, "is one line", !strchr(line, '\n'));
            expect_part(row, "names the line", line, "apps.conf:");
        }
    }
}

/* Ids are taken with their prefix or without, in any case; others are answered with the nearest. */
static void ids(void **state)
{
    static const struct {
        const char *word, *error; /* NULL: is ATLP1007 */
    } rows[] = {
        {"ATLP1007", NULL},
        {"1007", NULL},
        {"atlp1007", NULL},
        {"Atlp1007", NULL},
        {"ATLP1070", "\"ATLP1070\" is not the id of a finding; the nearest is ATLP1007 (context), see "},
        {"ATLP107", "the nearest is ATLP1007 (context), see "},
        {"cookiepath", "the nearest is ATLP1010 (cookie-path), see "},
        {"context", "the nearest is ATLP1007 (context), see "},
        {"ATLP0101", "\"ATLP0101\" is not the id of a finding; the nearest is ATLP1001 "},
        {"everything", "\"everything\" is not the id of a finding; ids are ATLP1001 to ATLP"},
        {"", "\"\" is not the id of a finding; ids are "},
        {"ATLP", "\"ATLP\" is not the id of a finding; ids are "},
        {"ATLP1201", "\"ATLP1201\" is not a finding: it is about the application's own configuration, and "
                     "app-config=off keeps that unread"},
        {"ATLP1007x", "the nearest is ATLP1007 (context)"},
        {"01007", "the nearest is ATLP1007 (context)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atl_finding_id id = ATL_FINDING_NONE;
        const char *error = atl_finding_find(pool, rows[i].word, &id);

        if (rows[i].error) {
            expect_part(rows[i].word, "error", error ? error : "(none)", rows[i].error);
        }
        else {
            expect_str(rows[i].word, "error", error, NULL);
        }
        expect_int(rows[i].word, "id", id, rows[i].error ? ATL_FINDING_NONE : ATL_FINDING_CONTEXT);
    }
}

/* Each id of the table is found, and silences itself alone. */
static void quiet(void **state)
{
    (void)state;
    for (unsigned id = 0; id < ATL_FINDINGS; id++) {
        const char *words = apr_psprintf(pool, "jira quiet=ATLP%u", atl_findings[id].number);
        const atl_site *site = site_of(words, "https", "people.example.com", 443, NULL);

        assert_non_null(site);
        for (unsigned other = 0; other < ATL_FINDINGS; other++) {
            expect_int(words, atl_findings[other].name,
                       atl_finding_is_quiet(APR_ARRAY_IDX(site->apps, 0, const atl_app *),
                                            (atl_finding_id)other), other == id);
        }
    }
}

static void cures(void **state)
{
    static const struct {
        int app;
        atl_finding_id id;
        const char *part;
    } rows[] = {
        {0, ATL_FINDING_REDIRECT_SCHEME, "<install>/conf/server.xml:\n<Connector port=\"8080\" ... proxyName=\"people.example.com\" proxyPort=\"443\"\n           scheme=\"https\" secure=\"true\"/>"},
        {2, ATL_FINDING_REDIRECT_SCHEME, "<install>/apache-tomcat/conf/server.xml:\n"},
        {3, ATL_FINDING_REDIRECT_SCHEME, "<home>/shared/bitbucket.properties:\nserver.proxy-name=people.example.com\n"},
        {5, ATL_FINDING_REDIRECT_SCHEME, "<FISHEYE_INST>/config.xml:\n<http bind=\":80\""},
        {0, ATL_FINDING_CONTEXT, "<Context path=\"/jira\""},
        {2, ATL_FINDING_CONTEXT, "/Catalina/localhost/crowd.xml:\n"},
        {3, ATL_FINDING_CONTEXT, "server.context-path=/\n"},
        {0, ATL_FINDING_HEADER_SIZE, "maxHttpHeaderSize=\"32768\""},
        {3, ATL_FINDING_HEADER_SIZE, "server.max-http-header-size=32KB"},
        {5, ATL_FINDING_HEADER_SIZE, "see the documentation of Fisheye"},
        {0, ATL_FINDING_URL_CHARS, "relaxedQueryChars=\"[]|{}^"},
        {0, ATL_FINDING_ANSWER_TIMEOUT, "AtlassianApp jira http://10.0.0.5:8080/jira timeout=900"},
        {0, ATL_FINDING_BASE_URL, "https://people.example.com/jira"},
        {1, ATL_FINDING_SYNCHRONY, "synchrony=http://10.0.0.5:8091"},
    };
    atl_site *site = site_of(LINES, "https", "people.example.com", 443, NULL);

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        atl_advice advice;

        atl_finding_explain(pool, site, APR_ARRAY_IDX(site->apps, rows[i].app, const atl_app *),
                            rows[i].id, &advice);
        expect_part(atl_findings[rows[i].id].name, "cure", advice.cure, rows[i].part);
    }
}

/* Pasted as it stands, a cure must be taken: no key may stand in it twice. */
static void keys_once(void **state)
{
    static const struct {
        const char *line;
        atl_finding_id id;
        const char *cure;
    } rows[] = {
        {"jira http://10.0.0.5/jira timeout=5 retry=1", ATL_FINDING_ANSWER_TIMEOUT,
         "\nAtlassianApp jira http://10.0.0.5/jira retry=1 timeout=15"},
        {"jira http://10.0.0.5/jira TIMEOUT=5", ATL_FINDING_ANSWER_TIMEOUT, "\nAtlassianApp jira http://10.0.0.5/jira timeout=15"},
        {"confluence http://h/wiki synchrony=http://x:1 timeout=9", ATL_FINDING_WEBSOCKET,
         "\nAtlassianApp confluence http://h/wiki timeout=9 synchrony=http://h:8091"},
        {"jira https://h/jira ca=/a", ATL_FINDING_TLS_VERIFY, "\nAtlassianApp jira https://h/jira ca=<file>"},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        atl_site *site = site_of(rows[i].line, "https", "people.example.com", 443, NULL);
        atl_advice advice;

        atl_finding_explain(pool, site, APR_ARRAY_IDX(site->apps, 0, const atl_app *), rows[i].id, &advice);
        expect_part(rows[i].line, "cure", advice.cure, rows[i].cure);
        expect(rows[i].line, "ends with it", !strcmp(advice.cure + strlen(advice.cure) - strlen(rows[i].cure), rows[i].cure));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(complete), UNIT_TEST(ids), UNIT_TEST(quiet),
                                       UNIT_TEST(cures), UNIT_TEST(keys_once)};

    return cmocka_run_group_tests(tests, unit_group_setup, unit_group_teardown);
}
