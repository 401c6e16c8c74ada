/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/expand.c: the stock directives a line stands for. */
#include "unit.h"

#include "expand.h"
#include "unit_site.h"
#include "vouching.h"

#include <apr_strings.h>
#include <string.h>

/* The expansion as text: "+" before what is applied, " " before what is shown only. */
static const char *text_of(const apr_array_header_t *nodes, const char *indent)
{
    const char *text = "";

    for (int i = 0; i < nodes->nelts; i++) {
        const atl_node *node = &APR_ARRAY_IDX(nodes, i, atl_node);

        text = apr_pstrcat(pool, text, node->applied ? "+" : " ", indent,
                           node->directive ? node->directive : "#", " ", node->args, "\n", NULL);
        if (node->children) {
            text = apr_pstrcat(pool, text, text_of(node->children, "  "), NULL);
        }
    }
    return text;
}

/* What text_of() says of applied nodes. */
static const char *applied_of(const apr_array_header_t *nodes, const char *indent)
{
    const char *text = "";

    for (int i = 0; i < nodes->nelts; i++) {
        const atl_node *node = &APR_ARRAY_IDX(nodes, i, atl_node);

        if (node->applied) {
            text = apr_pstrcat(pool, text, "+", indent, node->directive, " ", node->args, "\n",
                               node->children ? applied_of(node->children, "  ") : "", NULL);
        }
    }
    return text;
}

#define FORWARDED                                                                                  \
    "+  ProxyAddHeaders Off\n"                                                                     \
    "   RequestHeader set X-Forwarded-For \"expr=%{REMOTE_ADDR}\"\n"                               \
    "   RequestHeader set X-Forwarded-Host \"expr=%{HTTP_HOST}\"\n"                                \
    "   RequestHeader set X-Forwarded-Proto \"expr=%{REQUEST_SCHEME}\"\n"                          \
    "   RequestHeader set X-Forwarded-Port \"expr=%{SERVER_PORT}\"\n"
/* What a client may not send, by vouching.c's own list: all of it, or but for one header. */
static const char *dropped_but(const char *kept)
{
    const char *text =
        " # AtlassianApp drops every other X-Forwarded-*, X-Original-* and X-Rewrite-* of a client "
        "too,\n # and those written with \"_\"; stock httpd needs each name:\n";

    for (const char *const *name = atl_vouching; *name; name++) {
        if (strcmp(*name, kept)) {
            text = apr_pstrcat(pool, text, " RequestHeader unset ", *name, " early\n", NULL);
        }
    }
    return text;
}

#define SECURE                                                                                     \
    "   Header edit Set-Cookie \"(?i)^((?:(?!;\\s*secure\\s*(?:;|$)).)*)$\" \"$1; Secure\"\n"
#define PARAMS "connectiontimeout=10 ttl=15 retry=0"
#define SECTION(url, timeout) "+<Proxy \"" url "/\" timeout=" timeout " " PARAMS ">\n"
#define SOCKETS(url) "+<Proxy \"" url "\" timeout=3600 " PARAMS " upgrade=websocket>\n"
#define PLAIN(url, timeout) SECTION(url, timeout) "+  ProxyPreserveHost On\n" FORWARDED
#define PLAIN_SOCKETS(url) SOCKETS(url "/") "+  ProxyPreserveHost On\n" FORWARDED
#define PASS(path, url) " ProxyPass \"" path "\" \"" url "\" mapping=servlet\n"
#define REVERSE(path, url) " ProxyPassReverse \"" path "\" \"" url "\"\n"
#define LOCAL(path) " ProxyPass \"" path "\" \"!\" mapping=servlet\n"
#define ABSENT(path) LOCAL(path) " Redirect 404 \"" path "\"\n"
#define PUBLIC "http://apps.example.com"
#define COOKIES(host) " ProxyPassReverseCookieDomain \"" host "\" \"apps.example.com\"\n"
#define SECURE_PLAIN(url, timeout) PLAIN(url, timeout) SECURE
#define ROOT(url, timeout)                                                                         \
    SECURE_PLAIN(url, timeout) PASS("/", url "/") REVERSE("/", url "/") REVERSE("/", PUBLIC "/")   \
    COOKIES("127.0.0.1")
#define TLS_COMMENT                                                                                \
    "   # Stock httpd cannot send the browser's Host to an https application whose certificate\n"  \
    "   # has another name: the application needs its proxyName and proxyPort then.\n"
#define TLS                                                                                        \
    TLS_COMMENT                                                                                    \
    "+  SSLProxyEngine on\n"                                                                       \
    "+  SSLProxyProtocol all -SSLv3 -TLSv1 -TLSv1.1\n"                                             \
    "+  SSLProxyVerify require\n"                                                                  \
    "+  SSLProxyCheckPeerName on\n"                                                                \
    "+  SSLProxyCheckPeerExpire on\n"                                                              \
    "+  SSLProxyVerifyDepth 10\n"
#define COMPRESSION_ON                                                                             \
    "+  AddOutputFilterByType DEFLATE text/html text/plain text/css text/xml text/javascript "     \
    "application/javascript application/json application/xml application/xhtml+xml "               \
    "application/rss+xml image/svg+xml\n"                                                          \
    "   SetEnvIf Accept-Encoding \"\\bgzip\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))\" force-gzip\n"     \
    "   RequestHeader unset Accept-Encoding\n"                                                     \
    "   Header merge Vary Accept-Encoding \"expr=%{CONTENT_TYPE} =~ m#^(text/html|text/plain|"       \
    "text/css|text/xml|text/javascript|application/javascript|application/json|application/xml|"   \
    "application/xhtml\\+xml|application/rss\\+xml|image/svg\\+xml)#\"\n"
#define COMPRESSION_OFF                                                                            \
    "   RequestHeader unset Accept-Encoding\n"                                                     \
    "   SetEnv no-gzip 1\n"                                                                        \
    "   SetEnv no-brotli 1\n"

static const struct {
    const char *name, *lines, *scheme, *host;
    unsigned port;
    const char *ca_file, *text;
} rows[] = {
    /* one row for each product */
    {"bamboo", "bamboo", "https", "apps.example.com", 443, NULL, ROOT("http://127.0.0.1:8085", "300")},
    {"bitbucket", "bitbucket", "https", "apps.example.com", 443, NULL,
     ROOT("http://127.0.0.1:7990", "3600")},
    {"confluence", "confluence", "https", "apps.example.com", 443, NULL,
     SOCKETS("http://127.0.0.1:8090/synchrony-proxy")
     SECURE_PLAIN("http://127.0.0.1:8090", "300")
     PLAIN_SOCKETS("http://127.0.0.1:8091") SECURE
     PASS("/synchrony-proxy", "http://127.0.0.1:8090/synchrony-proxy")
     PASS("/synchrony", "http://127.0.0.1:8091/synchrony")
     PASS("/", "http://127.0.0.1:8090/")
     REVERSE("/synchrony-proxy", "http://127.0.0.1:8090/synchrony-proxy")
     REVERSE("/synchrony-proxy", PUBLIC "/synchrony-proxy") COOKIES("127.0.0.1")
     REVERSE("/synchrony", "http://127.0.0.1:8091/synchrony")
     REVERSE("/synchrony", PUBLIC "/synchrony") COOKIES("127.0.0.1")
     REVERSE("/", "http://127.0.0.1:8090/")
     REVERSE("/", PUBLIC "/") COOKIES("127.0.0.1")},
    {"crowd", "crowd", "https", "apps.example.com", 443, NULL,
     SECURE_PLAIN("http://127.0.0.1:8095", "60")
     PASS("/crowd", "http://127.0.0.1:8095/crowd")
     REVERSE("/crowd", "http://127.0.0.1:8095/crowd")
     REVERSE("/crowd", PUBLIC "/crowd") COOKIES("127.0.0.1")},
    {"crucible", "crucible", "https", "apps.example.com", 443, NULL,
     ROOT("http://127.0.0.1:8060", "300")},
    {"fisheye", "fisheye", "https", "apps.example.com", 443, NULL,
     ROOT("http://127.0.0.1:8060", "300")},
    {"jira", "jira", "https", "apps.example.com", 443, NULL, ROOT("http://127.0.0.1:8080", "300")},
    /* public addresses */
    {"http site: no reverse for http://", "jira h/jira", "http", "apps.example.com", 80, NULL,
     PLAIN("http://h:8080", "300") PASS("/jira", "http://h:8080/jira")
     REVERSE("/jira", "http://h:8080/jira") COOKIES("h")},
    {"backend at the public name", "jira apps.example.com/jira", "http", "apps.example.com", 80, NULL,
     PLAIN("http://apps.example.com:8080", "300") PASS("/jira", "http://apps.example.com:8080/jira")
     REVERSE("/jira", "http://apps.example.com:8080/jira")},
    {"cookies as sent", "jira h/jira secure-cookies=off", "https", NULL, 443, NULL,
     PLAIN("http://h:8080", "300") PASS("/jira", "http://h:8080/jira")
     REVERSE("/jira", "http://h:8080/jira")},
    {"no ServerName", "jira h/jira", "https", NULL, 443, NULL,
     SECURE_PLAIN("http://h:8080", "300") PASS("/jira", "http://h:8080/jira")
     REVERSE("/jira", "http://h:8080/jira")},
    /* the longest path comes first, whatever the order of lines */
    {"nested contexts", "jira h1\nbamboo h2/a\ncrowd h3/a/b except=/a/b/c", "http", NULL, 80, NULL,
     PLAIN("http://h1:8080", "300")
     PLAIN("http://h2:8085", "300")
     PLAIN("http://h3:8095", "60")
     LOCAL("/a/b/c")
     PASS("/a/b", "http://h3:8095/a/b")
     PASS("/a", "http://h2:8085/a")
     PASS("/", "http://h1:8080/")
     REVERSE("/a/b", "http://h3:8095/a/b")
     REVERSE("/a", "http://h2:8085/a")
     REVERSE("/", "http://h1:8080/")},
    {"nested contexts, other order", "crowd h3/a/b except=/a/b/c\nbamboo h2/a\njira h1", "http",
     NULL, 80, NULL,
     PLAIN("http://h1:8080", "300")
     PLAIN("http://h2:8085", "300")
     PLAIN("http://h3:8095", "60")
     LOCAL("/a/b/c")
     PASS("/a/b", "http://h3:8095/a/b")
     PASS("/a", "http://h2:8085/a")
     PASS("/", "http://h1:8080/")
     REVERSE("/a/b", "http://h3:8095/a/b")
     REVERSE("/a", "http://h2:8085/a")
     REVERSE("/", "http://h1:8080/")},
    /* Synchrony */
    {"Confluence with a context", "confluence h/wiki", "http", NULL, 80, NULL,
     SOCKETS("http://h:8090/wiki/synchrony-proxy")
     PLAIN("http://h:8090", "300")
     PLAIN_SOCKETS("http://h:8091")
     PASS("/wiki/synchrony-proxy", "http://h:8090/wiki/synchrony-proxy")
     ABSENT("/synchrony-proxy")
     PASS("/synchrony", "http://h:8091/synchrony")
     PASS("/wiki", "http://h:8090/wiki")
     REVERSE("/wiki/synchrony-proxy", "http://h:8090/wiki/synchrony-proxy")
     REVERSE("/synchrony", "http://h:8091/synchrony")
     REVERSE("/wiki", "http://h:8090/wiki")},
    {"synchrony=internal", "confluence h/wiki synchrony=internal", "http", NULL, 80, NULL,
     SOCKETS("http://h:8090/wiki/synchrony-proxy")
     PLAIN("http://h:8090", "300")
     PASS("/wiki/synchrony-proxy", "http://h:8090/wiki/synchrony-proxy")
     ABSENT("/synchrony-proxy")
     ABSENT("/synchrony")
     PASS("/wiki", "http://h:8090/wiki")
     REVERSE("/wiki/synchrony-proxy", "http://h:8090/wiki/synchrony-proxy")
     REVERSE("/wiki", "http://h:8090/wiki")},
    {"maintenance", "jira h/jira maintenance=/m/j except=/jira/own\nbamboo h/jira/ci", "http", NULL, 80, NULL,
     PLAIN("http://h:8080", "300") PLAIN("http://h:8085", "300")
     " # Stock httpd asks the disk at every request, and shows ErrorDocument 503 in place of the file's\n"
     " # words, without Retry-After.\n"
     " <If \"-f '/m/j' && %{REQUEST_URI} =~ m#^(/jira)(/|$)# && !(%{REQUEST_URI} =~ m#^(/jira/own|"
     "/jira/ci|/jira/status|/jira/rest/api/2/serverInfo|/jira/rest/applinks|/jira/plugins/servlet/applinks|"
     "/jira/plugins/servlet/oauth|/jira/plugins/servlet/streams)(/|$)#)\">\n"
     "   Redirect 503 \"/\"\n"
     LOCAL("/jira/own") PASS("/jira/ci", "http://h:8085/jira/ci") PASS("/jira", "http://h:8080/jira")
     REVERSE("/jira/ci", "http://h:8085/jira/ci") REVERSE("/jira", "http://h:8080/jira")},
    {"synchrony=off", "confluence h/wiki synchrony=off", "http", NULL, 80, NULL,
     PLAIN("http://h:8090", "300") PASS("/wiki", "http://h:8090/wiki")
     REVERSE("/wiki", "http://h:8090/wiki")},
    {"Synchrony at another path", "confluence h/wiki synchrony=http://s:9/synchrony-2", "http", NULL,
     80, NULL,
     SOCKETS("http://h:8090/wiki/synchrony-proxy")
     PLAIN("http://h:8090", "300")
     PLAIN_SOCKETS("http://s:9")
     PASS("/wiki/synchrony-proxy", "http://h:8090/wiki/synchrony-proxy")
     ABSENT("/synchrony-proxy")
     PASS("/synchrony-2", "http://s:9/synchrony")
     PASS("/wiki", "http://h:8090/wiki")
     REVERSE("/wiki/synchrony-proxy", "http://h:8090/wiki/synchrony-proxy")
     REVERSE("/synchrony-2", "http://s:9/synchrony")
     " ProxyPassReverseCookiePath \"/synchrony\" \"/synchrony-2\"\n"
     REVERSE("/wiki", "http://h:8090/wiki")},
    /* https to the application */
    {"https", "jira https://h/jira", "http", NULL, 80, "/etc/ca.crt",
     SECTION("https://h", "300") TLS
     "+  SSLProxyCACertificateFile \"/etc/ca.crt\"\n"
     "+  ProxyPreserveHost Off\n" FORWARDED
     PASS("/jira", "https://h/jira") REVERSE("/jira", "https://h/jira")},
    {"https, own authorities", "jira https://h/jira ca=/etc/own.pem", "http", NULL, 80, "/etc/ca.crt",
     SECTION("https://h", "300") TLS
     "+  SSLProxyCACertificateFile \"/etc/own.pem\"\n"
     "+  ProxyPreserveHost Off\n" FORWARDED
     PASS("/jira", "https://h/jira") REVERSE("/jira", "https://h/jira")},
    {"https, not verified", "jira https://h/jira verify=off", "http", NULL, 80, "/etc/ca.crt",
     SECTION("https://h", "300") TLS_COMMENT
     "+  SSLProxyEngine on\n"
     "+  SSLProxyProtocol all -SSLv3 -TLSv1 -TLSv1.1\n"
     "+  SSLProxyVerify none\n"
     "+  SSLProxyCheckPeerName off\n"
     "+  SSLProxyCheckPeerExpire off\n"
     "+  SSLProxyCheckPeerCN off\n"
     "+  ProxyPreserveHost Off\n" FORWARDED
     PASS("/jira", "https://h/jira") REVERSE("/jira", "https://h/jira")},
    {"https, no certificate bundle", "jira https://h:8443/jira", "http", NULL, 80, NULL,
     SECTION("https://h:8443", "300") TLS
     "+  ProxyPreserveHost Off\n" FORWARDED
     PASS("/jira", "https://h:8443/jira") REVERSE("/jira", "https://h:8443/jira")},
    /* compression */
    {"compression=on", "jira h/jira compression=on", "http", NULL, 80, NULL,
     PLAIN("http://h:8080", "300") COMPRESSION_ON
     PASS("/jira", "http://h:8080/jira") REVERSE("/jira", "http://h:8080/jira")},
    {"compression=off", "jira h/jira compression=off", "http", NULL, 80, NULL,
     PLAIN("http://h:8080", "300") COMPRESSION_OFF
     PASS("/jira", "http://h:8080/jira") REVERSE("/jira", "http://h:8080/jira")},
    {"compression for one of two", "jira h/jira\nbamboo h:8080/ci compression=on", "http", NULL, 80,
     NULL,
     "+<Proxy \"http://h:8080/ci\" timeout=300 " PARAMS ">\n" COMPRESSION_ON
     PLAIN("http://h:8080", "300")
     PASS("/jira", "http://h:8080/jira")
     PASS("/ci", "http://h:8080/ci")
     REVERSE("/jira", "http://h:8080/jira")
     REVERSE("/ci", "http://h:8080/ci")},
    /* worker parameters */
    {"worker parameters", "jira h/jira timeout=9 retry=3 max=50", "http", NULL, 80, NULL,
     "+<Proxy \"http://h:8080/\" timeout=9 connectiontimeout=10 ttl=15 retry=3 max=50>\n"
     "+  ProxyPreserveHost On\n" FORWARDED
     PASS("/jira", "http://h:8080/jira") REVERSE("/jira", "http://h:8080/jira")},
    {"IPv6", "jira [::1]:80/jira", "http", NULL, 80, NULL,
     "+<Proxy \"http://[::1]\">\n"
     "+  ProxySet timeout=300 " PARAMS "\n"
     "+<ProxyMatch \"^http://\\[::1\\](/|$)\">\n"
     "+  ProxyPreserveHost On\n" FORWARDED
     PASS("/jira", "http://[::1]/jira")
     REVERSE("/jira", "http://[::1]/jira")},
};

static void test_expansion(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atl_site *site = site_of(rows[i].lines, rows[i].scheme, rows[i].host, rows[i].port, NULL);

        if (site) {
            site->ca_file = rows[i].ca_file;
        }
        expect_str(rows[i].name, "expansion", site ? text_of(atl_expand(pool, site), "") : NULL,
                   apr_pstrcat(pool, dropped_but(""), rows[i].text, NULL));
        if (site) {
            expect_str(rows[i].name, "applied", text_of(atl_expand_applied(pool, site), ""),
                       applied_of(atl_expand(pool, site), ""));
        }
    }
}

/* Behind load balancers the client's address is theirs to say. */
static void test_trusted(void **state)
{
    const atl_site *site = site_of("jira h1/jira trusted-proxy=10.0.0.1,10.1.0.0/16\n"
                                   "bamboo h2/ci trusted-proxy=2001:db8::1", "http", NULL, 80, NULL);

    (void)state;
    assert_non_null(site);
    expect_part("trusted", "expansion", text_of(atl_expand(pool, site), ""),
                apr_pstrcat(pool,
                            "+RemoteIPHeader X-Forwarded-For\n"
                            "+RemoteIPInternalProxy 10.0.0.1 10.1.0.0/16 2001:db8::1\n"
                            " # Stock httpd cannot believe X-Forwarded-Proto, -Host and -Port of "
                            "these addresses alone.\n",
                            dropped_but("X-Forwarded-For"), PLAIN("http://h1:8080", "300"), NULL));
}

static void test_doors(void **state)
{
    const atl_site *site = site_of("crowd h1/crowd admin=10.0.0.0/8,::1\njira h2/jira", "http", NULL, 80, NULL);
    const char *text;

    (void)state;
    assert_non_null(site);
    text = text_of(atl_expand(pool, site), "");
    expect_part("admin", "expansion", text,
                " <LocationMatch \"^/crowd(?i:(?:/s/.*/_)?/console(?![a-z0-9]))\">\n"
                "   AuthMerging And\n"
                "   Require ip 10.0.0.0/8 ::1\n");
    expect("admin", "jira has none", !strstr(text, "secure/admin"));
}

/* What httpd serves itself, by lines of its own (no app) and for an app. */
static void test_local(void **state)
{
    atl_site *site = site_of("jira h", "http", NULL, 80, NULL);

    (void)state;
    assert_non_null(site);
    atl_routes_add_local(site->routes, "/own", NULL);
    APR_ARRAY_PUSH(site->local_patterns, const char *) = "^/x";
    atl_routes_add_local(site->routes, "/.well-known/acme-challenge",
                         APR_ARRAY_IDX(site->apps, 0, atl_app *));
    expect_str("local", "expansion", text_of(atl_expand(pool, site), ""),
               apr_pstrcat(pool, dropped_but(""), PLAIN("http://h:8080", "300")
               " ProxyPassMatch \"^/x\" ! mapping=servlet\n"
               LOCAL("/.well-known/acme-challenge") LOCAL("/own")
               PASS("/", "http://h:8080/") REVERSE("/", "http://h:8080/"), NULL));
}

/* Every node is somebody's line: errors of generated directives are blamed on it. */
static void test_origin(void **state)
{
    const atl_site *site = site_of("jira h1/jira\nconfluence https://h2/wiki compression=on", "https",
                                   "x", 443, NULL);
    const apr_array_header_t *nodes;

    (void)state;
    assert_non_null(site);
    nodes = atl_expand(pool, site);
    for (int i = 0; i < nodes->nelts; i++) {
        const atl_node *node = &APR_ARRAY_IDX(nodes, i, atl_node);
        const char *host = !node->directive || !node->app || strstr(node->args, "unset") || strstr(node->args, "h1") || strstr(node->args, "/jira") ? "1" : "2";

        expect_str(node->args, "line", apr_itoa(pool, (int)node->app->line), host);
        for (int c = 0; node->children && c < node->children->nelts; c++) {
            expect(node->args, "its children are the same line's",
                   APR_ARRAY_IDX(node->children, c, atl_node).app == node->app);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_expansion), UNIT_TEST(test_trusted), UNIT_TEST(test_doors),
                                       UNIT_TEST(test_local), UNIT_TEST(test_origin)};

    return cmocka_run_group_tests_name("expand", tests, unit_group_setup, unit_group_teardown);
}
