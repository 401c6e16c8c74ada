/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/product.c: the product table and its look-ups. A new product is one row here. */
#include "unit.h"

#include "product.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

static const struct row {
    const char *name, *label, *aliases; /* aliases: blank-separated */
    int port;
    const char *context;
    int timeout;
    const char *status, *cookie;
    int synchrony, one_node;
    const char *mistyped; /* blank-separated words that suggest it */
} rows[] = {
    {"bamboo", "Bamboo", "", 8085, "", 300, "/rest/api/latest/status", "JSESSIONID", 0, 0,
     "bambo bamboe abmboo"},
    {"bitbucket", "Bitbucket", "stash", 7990, "", 3600, "/status", "BITBUCKETSESSIONID", 0, 0,
     "bitbuckt bit-bucket bitbukcet stahs"},
    {"confluence", "Confluence", "", 8090, "", 300, "/status", "JSESSIONID", 1, 0,
     "confluense conflunce Confluance"},
    {"crowd", "Crowd", "", 8095, "/crowd", 60, "/status", "JSESSIONID", 0, 0, "crwod crow crowdd"},
    {"crucible", "Crucible", "", 8060, "", 300, NULL, "JSESSIONID", 0, 1, "crucibel crusible"},
    {"fisheye", "Fisheye", "fecru", 8060, "", 300, NULL, "JSESSIONID", 0, 1,
     "fish-eye fisheey fercu"},
    {"jira", "Jira", "jira-software jira-core jira-servicedesk jira-service-management", 8080, "",
     300, "/status", "JSESSIONID", 0, 0, "jria gira jra jira-sofware jira-service-managment jira_core"},
};

static const char *upper(const char *word)
{
    char *text = apr_pstrdup(pool, word);

    for (char *c = text; *c; c++) {
        *c = (char)apr_toupper(*c);
    }
    return text;
}

static void check_row(const struct row *row)
{
    const atl_product *product = atl_product_find(row->name);
    apr_array_header_t *words;

    assert_non_null(product);
    expect_str(row->name, "name", product->name, row->name);
    expect_str(row->name, "label", product->label, row->label);
    expect_int(row->name, "port", product->port, row->port);
    expect_str(row->name, "context", product->context, row->context);
    expect_int(row->name, "timeout", product->timeout, row->timeout);
    expect_str(row->name, "status", product->status, row->status);
    expect_str(row->name, "session cookie", product->session_cookie, row->cookie);
    expect_int(row->name, "Synchrony", product->has_synchrony, row->synchrony);
    expect_int(row->name, "one node only", product->one_node_only, row->one_node);
    expect(row->name, "found in capitals", atl_product_find(upper(row->name)) == product);
    words = words_of(row->aliases);
    for (int i = 0; i < words->nelts; i++) {
        const char *alias = APR_ARRAY_IDX(words, i, const char *);
        expect(alias, "alias found", atl_product_find(alias) == product);
        expect(alias, "alias found in capitals", atl_product_find(upper(alias)) == product);
    }
    words = words_of(row->mistyped);
    for (int i = 0; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);
        expect(word, "mistyped, not found", !atl_product_find(word));
        expect(word, "mistyped, suggests the product", atl_product_nearest(word) == product);
    }
}

static void test_rows(void **state)
{
    const char *names = NULL;
    size_t n = 0;

    (void)state;
    while (atl_products[n].name) {
        n++;
    }
    expect_int("all", "products with a row here", (long)COUNT(rows), (long)n);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(&rows[i]);
        expect_str(rows[i].name, "sorted", atl_products[i].name, rows[i].name);
        names = names ? apr_pstrcat(pool, names, ", ", rows[i].name, NULL) : rows[i].name;
    }
    expect_str("all", "names", atl_product_names(pool), names);
}

static void test_unknown(void **state)
{
    static const char *const words[] = {"", "j", "jir a", "wiki", "http", "trello", "jira ",
                                        "jira-align-something", "xxxxx"};

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        expect(words[i], "not found", !atl_product_find(words[i]));
        expect(words[i], "not near anything", strstr(words[i], "jir") || !atl_product_nearest(words[i]));
    }
    expect("long", "not near anything", !atl_product_nearest(repeat('j', 10000)));
}

/* What the dump prints must be fillable: only names that app_settings.c knows, and a file for each. */
static void test_settings(void **state)
{
    static const char *const known[] = {"scheme", "secure", "host", "port", "context",
                                        "home-context", "context-name", "backend-port", "base-url",
                                        "synchrony"};

    (void)state;
    for (const atl_product *product = atl_products; product->name; product++) {
        const atl_setting *setting = product->settings;

        expect(product->name, "has settings", setting && setting->file);
        for (; setting->file; setting++) {
            expect(product->name, "a setting is for some versions", *setting->versions != '\0');
            for (const char *open = setting->text; (open = strchr(open, '{')); open++) {
                size_t found = 0, len = strcspn(open + 1, "}");
                while (found < COUNT(known) && (strlen(known[found]) != len ||
                                                strncmp(known[found], open + 1, len))) {
                    found++;
                }
                expect(open, "is a known name", found < COUNT(known));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_rows), UNIT_TEST(test_unknown),
                                       UNIT_TEST(test_settings)};

    return cmocka_run_group_tests_name("product", tests, unit_group_setup, unit_group_teardown);
}
