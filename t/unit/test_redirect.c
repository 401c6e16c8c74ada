/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/redirect.c: addresses an application got wrong. */
#include "unit.h"

#include "app.h"
#include "redirect.h"
#include "rules.h"

#include <string.h>

static const atl_backend wiki_backend = {.scheme = "http", .host = "10.0.0.5", .port = 8090, .origin = "http://10.0.0.5:8090"};
static const atl_backend port80_backend = {.scheme = "http", .host = "10.0.0.5", .port = 80, .origin = "http://10.0.0.5"};
static const atl_backend tls_backend = {.scheme = "https", .host = "app.intern", .port = 8443, .origin = "https://app.intern:8443"};
static const atl_backend tls443_backend = {.scheme = "https", .host = "app.intern", .port = 443, .origin = "https://app.intern"};
static const atl_backend v6_backend = {.scheme = "http", .host = "[::1]", .port = 8090, .origin = "http://[::1]:8090"};
static const atl_backend sync_backend = {.scheme = "http", .host = "10.0.0.5", .port = 8091, .origin = "http://10.0.0.5:8091"};
static const atl_backend same_host_backend = {.scheme = "http", .host = "wiki.example.com", .port = 8090,
                                              .origin = "http://wiki.example.com:8090"};

#define CLAIM(name, claim_kind, claim_path, claim_backend, path_there)                             \
    static const atl_claim name = {.kind = claim_kind, .path = claim_path,                         \
                                   .len = sizeof(claim_path) - 1, .backend = &(claim_backend),     \
                                   .backend_path = path_there}

CLAIM(wiki, ATL_CLAIM_PAGES, "/wiki", wiki_backend, "/wiki");
CLAIM(root, ATL_CLAIM_PAGES, "", wiki_backend, "");
CLAIM(port80, ATL_CLAIM_PAGES, "/wiki", port80_backend, "/wiki");
CLAIM(tls, ATL_CLAIM_PAGES, "/wiki", tls_backend, "/wiki");
CLAIM(tls443, ATL_CLAIM_PAGES, "/wiki", tls443_backend, "/wiki");
CLAIM(v6, ATL_CLAIM_PAGES, "/wiki", v6_backend, "/wiki");
CLAIM(synchrony2, ATL_CLAIM_SYNCHRONY, "/synchrony-2", sync_backend, "/synchrony");
CLAIM(same_host, ATL_CLAIM_PAGES, "/wiki", same_host_backend, "/wiki");

#define RIGHT ATL_REDIRECT_RIGHT
#define SCHEME ATL_REDIRECT_WRONG_SCHEME
#define PORT ATL_REDIRECT_WRONG_PORT
#define BACKEND ATL_REDIRECT_BACKEND
#define HOST "wiki.example.com"

static const struct {
    const atl_claim *claim;
    const char *scheme, *host, *location;
    atl_redirect_kind kind;
    const char *path; /* NULL when right */
} rows[] = {
    /* right as it is */
    {&wiki, "https", HOST, "/wiki/login", RIGHT, NULL},
    {&wiki, "https", HOST, "login", RIGHT, NULL},
    {&wiki, "https", HOST, "", RIGHT, NULL},
    {&wiki, "https", HOST, "?os_destination=x", RIGHT, NULL},
    {&wiki, "https", HOST, "https://wiki.example.com/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "https://wiki.example.com:443/wiki/", RIGHT, NULL},
    {&wiki, "http", HOST, "http://wiki.example.com/wiki/", RIGHT, NULL},
    {&wiki, "http", HOST, "https://wiki.example.com/wiki/", RIGHT, NULL}, /* to the secure site */
    {&wiki, "https", "wiki.example.com:8443", "https://wiki.example.com:8443/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "https://login.example.com/sso", RIGHT, NULL},
    {&wiki, "https", HOST, "http://login.example.com/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://xwiki.example.com/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://wiki.example.com.evil.example/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "//10.0.0.5:8090/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "ftp://10.0.0.5:8090/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "mailto:a@b", RIGHT, NULL},
    {&wiki, "https", HOST, "http://", RIGHT, NULL},
    {&wiki, "https", HOST, "http:///wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://:8090/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "http:/10.0.0.5:8090/wiki/", RIGHT, NULL},
    {&wiki, "https", NULL, "http://wiki.example.com/wiki/", RIGHT, NULL},
    {&wiki, "https", "", "http://wiki.example.com/wiki/", RIGHT, NULL},
    /* no scheme in the Connector */
    {&wiki, "https", HOST, "http://wiki.example.com/wiki/login?a=b#c", SCHEME, "/wiki/login?a=b#c"},
    {&wiki, "https", HOST, "HTTP://WIKI.example.COM/wiki", SCHEME, "/wiki"},
    {&wiki, "https", HOST, "http://wiki.example.com:443/wiki/", SCHEME, "/wiki/"},
    {&wiki, "https", HOST, "http://wiki.example.com:80/wiki/", SCHEME, "/wiki/"},
    {&wiki, "https", HOST, "http://wiki.example.com:/wiki/", SCHEME, "/wiki/"},
    {&wiki, "https", HOST, "http://wiki.example.com:8090/wiki/", SCHEME, "/wiki/"},
    {&wiki, "https", "wiki.example.com:8443", "http://wiki.example.com:8443/wiki/", SCHEME, "/wiki/"},
    {&wiki, "https", "wiki.example.com:8443", "http://wiki.example.com/wiki/", SCHEME, "/wiki/"},
    {&wiki, "https", "WIKI.example.com", "http://wiki.example.com/wiki?x", SCHEME, "/wiki?x"},
    /* another service of that host */
    {&wiki, "https", HOST, "http://wiki.example.com:8060/wiki/", RIGHT, NULL},
    {&root, "https", HOST, "http://wiki.example.com:8085/", RIGHT, NULL},
    {&wiki, "https", HOST, "https://wiki.example.com:8085/wiki/", RIGHT, NULL},
    {&wiki, "http", HOST, "http://wiki.example.com:8085/wiki/", RIGHT, NULL},
    /* no proxyPort */
    {&wiki, "https", HOST, "https://wiki.example.com:8090/wiki/", PORT, "/wiki/"},
    {&wiki, "http", HOST, "http://wiki.example.com:8090/wiki/", PORT, "/wiki/"},
    {&wiki, "http", "wiki.example.com:8080", "http://wiki.example.com:8090/wiki", PORT, "/wiki"},
    {&wiki, "http", "wiki.example.com:8090", "http://wiki.example.com:8090/wiki", RIGHT, NULL},
    /* no proxyName */
    {&wiki, "https", HOST, "http://10.0.0.5:8090/wiki/x?y#z", BACKEND, "/wiki/x?y#z"},
    {&wiki, "https", HOST, "http://10.0.0.5:08090/wiki/", BACKEND, "/wiki/"},
    {&wiki, "http", NULL, "http://10.0.0.5:8090/wiki/", BACKEND, "/wiki/"},
    {&wiki, "https", HOST, "http://10.0.0.5:8090/wiki", BACKEND, "/wiki"},
    {&wiki, "https", HOST, "http://10.0.0.5:8090/wiki#top", BACKEND, "/wiki#top"},
    {&wiki, "https", HOST, "http://10.0.0.5/wiki/", RIGHT, NULL}, /* another port is not it */
    {&wiki, "https", HOST, "https://10.0.0.5:8090/wiki/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://10.0.0.50:8090/wiki/", RIGHT, NULL},
    {&port80, "https", HOST, "http://10.0.0.5/wiki/", BACKEND, "/wiki/"},
    {&port80, "https", HOST, "http://10.0.0.5:80/wiki/", BACKEND, "/wiki/"},
    {&port80, "https", HOST, "http://10.0.0.5:/wiki/", BACKEND, "/wiki/"},
    {&tls, "https", HOST, "https://app.intern:8443/wiki/", BACKEND, "/wiki/"},
    {&tls, "https", HOST, "https://APP.intern:8443/wiki/", BACKEND, "/wiki/"},
    {&tls, "https", HOST, "https://app.intern/wiki/", RIGHT, NULL},
    {&tls443, "https", HOST, "https://app.intern/wiki/", BACKEND, "/wiki/"},
    {&v6, "https", HOST, "http://[::1]:8090/wiki/", BACKEND, "/wiki/"},
    {&v6, "https", HOST, "http://[::1]/wiki/", RIGHT, NULL},
    {&v6, "https", "[2001:db8::1]:443", "http://[2001:db8::1]/wiki/", SCHEME, "/wiki/"},
    {&same_host, "https", HOST, "http://wiki.example.com:8090/wiki/", BACKEND, "/wiki/"},
    /* another context is another application */
    {&wiki, "https", HOST, "http://10.0.0.5:8090/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://10.0.0.5:8090", RIGHT, NULL},
    {&wiki, "https", HOST, "http://10.0.0.5:8090/wikifoo/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://10.0.0.5:8090/jira/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://wiki.example.com/jira/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://10.0.0.5:8090/WIKI/", RIGHT, NULL},
    {&wiki, "https", HOST, "http://10.0.0.5:8090?/wiki/", RIGHT, NULL},
    {&synchrony2, "https", HOST, "http://10.0.0.5:8091/synchrony/v1", BACKEND, "/synchrony-2/v1"},
    {&synchrony2, "https", HOST, "http://10.0.0.5:8091/synchrony", BACKEND, "/synchrony-2"},
    {&synchrony2, "https", HOST, "http://10.0.0.5:8091/synchrony-2/v1", RIGHT, NULL},
    /* the root context */
    {&root, "https", HOST, "http://10.0.0.5:8090", BACKEND, "/"},
    {&root, "https", HOST, "http://10.0.0.5:8090/", BACKEND, "/"},
    {&root, "https", HOST, "http://10.0.0.5:8090?x=y", BACKEND, "/?x=y"},
    {&root, "https", HOST, "http://10.0.0.5:8090#x", BACKEND, "/#x"},
    {&root, "https", HOST, "http://10.0.0.5:8090//evil.example/", BACKEND, "//evil.example/"},
    {&root, "https", HOST, "http://wiki.example.com/x", SCHEME, "/x"},
    /* hostile */
    {&root, "https", HOST, "http://10.0.0.5:8090@evil.example/", RIGHT, NULL},
    {&root, "https", HOST, "http://user@10.0.0.5:8090/", RIGHT, NULL},
    {&root, "https", HOST, "http://evil.example\\@10.0.0.5:8090/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5:8090\\@evil.example/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5:8090\\.evil.example/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5:8090.evil.example/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5:8090:8090/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5%3a8090/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5:4294975386/", RIGHT, NULL}, /* 2^32 + 8090 */
    {&root, "https", HOST, "http://10.0.0.5:18446744073709559706/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5:99999999999999999999999/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5:-8090/", RIGHT, NULL},
    {&root, "https", HOST, "http://10.0.0.5 :8090/", RIGHT, NULL},
    {&root, "https", HOST, " http://10.0.0.5:8090/", RIGHT, NULL},
    {&root, "https", HOST, "\thttp://10.0.0.5:8090/", RIGHT, NULL},
    {&root, "https", "evil.example", "http://wiki.example.com/", RIGHT, NULL},
    {&root, "https", "evil.example:99999999999", "http://evil.example:99999999999/", RIGHT, NULL},
    {&root, "https", ":443", "http:///x", RIGHT, NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *path = NULL, *location = rows[i].location;
        atl_redirect_kind kind = atl_redirect_judge(pool, rows[i].claim, rows[i].scheme,
                                                    rows[i].host, location, &path);

        expect_int(location, "kind", kind, rows[i].kind);
        expect_str(location, "path", path, rows[i].path);
        if (rows[i].host) {
            expect_str(location, "broken rule",
                       redirect_rule_broken(pool, rows[i].host, location), NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_rows)};

    return cmocka_run_group_tests_name("redirect", tests, unit_group_setup, unit_group_teardown);
}
