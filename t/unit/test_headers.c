/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/cookie.c and modules/vouching.c: headers on their way out and in. */
#include "unit.h"

#include "cookie.h"
#include "unit_site.h"
#include "vouching.h"

#include <apr_strings.h>
#include <string.h>

#define LINES "jira http://10.0.0.5:8080/jira\nconfluence http://wiki.internal/wiki synchrony=http://10.0.0.5:8091/edit"

static void cookies(void **state)
{
    static const struct {
        const char *path;
        int secure;
        const char *cookie, *mended;
    } rows[] = {
        {"/jira/x", 0, "a=1", "a=1"},
        {"/jira/x", 1, "a=1", "a=1; Secure"},
        {"/jira/x", 1, "a=1; secure", "a=1; secure"},
        {"/jira/x", 1, "a=1;  Secure  ; Path=/jira", "a=1;  Secure  ; Path=/jira"},
        {"/jira/x", 1, "a=secure; Path=/secure", "a=secure; Path=/secure; Secure"},
        {"/jira/x", 1, "secure=1; HttpOnly", "secure=1; HttpOnly; Secure"},
        /* the backend's own name means nothing to browsers */
        {"/jira/x", 0, "a=1; Domain=10.0.0.5; Path=/jira", "a=1; Path=/jira"},
        {"/wiki/x", 0, "a=1; domain=.Wiki.Internal", "a=1"},
        {"/jira/x", 0, "a=1; Domain= 10.0.0.5 ; Path=/jira", "a=1; Path=/jira"},
        {"/wiki/x", 0, "a=1; Domain=example.com", "a=1; Domain=example.com"},
        {"/wiki/x", 0, "a=1; Domain=", "a=1; Domain="},
        /* a path is mapped where it differs: Synchrony's own */
        {"/edit/v1", 0, "s=1; Path=/synchrony/v1", "s=1; Path=/edit/v1"},
        {"/edit/v1", 0, "s=1; Path=/synchrony", "s=1; Path=/edit"},
        {"/edit/v1", 0, "s=1; Path=/synchronyx", "s=1; Path=/synchronyx"},
        {"/edit/v1", 1, "s=1; Path=/synchrony; HttpOnly", "s=1; Path=/edit; HttpOnly; Secure"},
        {"/jira/x", 0, "a=1; Path=/synchrony", "a=1; Path=/synchrony"},
        {"/jira/x", 0, "", ""},
        {"/jira/x", 0, ";;;", ";;;"},
        {"/jira/x", 1, "a=\"x y\"; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "a=\"x y\"; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Secure"},
    };
    atl_site *site = site_of(LINES, "https", "people.example.com", 443, NULL);

    (void)state;
    assert_non_null(site);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const atl_claim *claim = atl_routes_find(site->routes, rows[i].path);
        const char *mended;

        assert_non_null(claim);
        mended = atl_cookie_mend(pool, claim, rows[i].secure, rows[i].cookie);
        expect_str(apr_psprintf(pool, "%s %s", rows[i].path, rows[i].cookie), "mended",
                   mended ? mended : rows[i].cookie, rows[i].mended);
    }
}

/* An application's cookie of many attributes: the square of them would be 2^35 bytes. */
static void long_cookies(void **state)
{
    atl_site *site = site_of(LINES, "https", "people.example.com", 443, NULL);
    const char *cookie = apr_pstrcat(pool, "a=1", repeat(';', 200000), NULL);

    (void)state;
    assert_non_null(site);
    expect_str("many attributes", "mended",
               atl_cookie_mend(pool, atl_routes_find(site->routes, "/jira/x"), 1, cookie),
               apr_pstrcat(pool, cookie, "; Secure", NULL));
}

static void vouching(void **state)
{
    static const struct {
        const char *header;
        atl_vouching_kind kind;
    } rows[] = {
        {"X-Forwarded-For", ATL_VOUCHING_ADDRESS},
        {"x_forwarded_for", ATL_VOUCHING_ADDRESS},
        {"X-Forwarded-Anything-Else", ATL_VOUCHING_ADDRESS},
        {"X-Forwarded", ATL_VOUCHING_ADDRESS},
        {"X-Original-URL", ATL_VOUCHING_ADDRESS},
        {"X-Rewrite-Url", ATL_VOUCHING_ADDRESS},
        {"FORWARDED", ATL_VOUCHING_ADDRESS},
        {"Front-End-Https", ATL_VOUCHING_ADDRESS},
        {"True-Client-IP", ATL_VOUCHING_ADDRESS},
        {"X-Forwarded-User", ATL_VOUCHING_IDENTITY},
        {"X_Forwarded_Email", ATL_VOUCHING_IDENTITY},
        {"X-Forwarded-Users", ATL_VOUCHING_ADDRESS}, /* the family's, not the name */
        {"X-ForwardedFor", ATL_VOUCHING_NOT},
        {"X-Atlassian-Token", ATL_VOUCHING_NOT},
        {"X-Requested-With", ATL_VOUCHING_NOT},
        {"Forwarded-For", ATL_VOUCHING_NOT},
        {"From", ATL_VOUCHING_NOT},
        {"Host", ATL_VOUCHING_NOT},
        {"", ATL_VOUCHING_NOT},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        expect_int(rows[i].header, "kind", atl_vouching_of(rows[i].header), rows[i].kind);
    }
    for (const char *const *name = atl_vouching; *name; name++) {
        expect_int(*name, "of the list", atl_vouching_of(*name), ATL_VOUCHING_ADDRESS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(cookies), UNIT_TEST(long_cookies), UNIT_TEST(vouching)};

    return cmocka_run_group_tests(tests, unit_group_setup, unit_group_teardown);
}
