/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/backend.c: backend words and the paths of a line. */
#include "unit.h"

#include "backend.h"

#include <apr_strings.h>
#include <string.h>

/* Every word is read with the default port 8090. */
static void test_good(void **state)
{
    static const struct {
        const char *word, *scheme, *host;
        int port;
        const char *origin, *path;
    } rows[] = {
        {"http://10.0.0.5:8090/wiki", "http", "10.0.0.5", 8090, "http://10.0.0.5:8090", "/wiki"},
        {"http://10.0.0.5", "http", "10.0.0.5", 80, "http://10.0.0.5", ""},
        {"http://10.0.0.5/", "http", "10.0.0.5", 80, "http://10.0.0.5", ""},
        {"http://10.0.0.5:80/wiki/", "http", "10.0.0.5", 80, "http://10.0.0.5", "/wiki"},
        {"http://10.0.0.5:443", "http", "10.0.0.5", 443, "http://10.0.0.5:443", ""},
        {"https://wiki.local", "https", "wiki.local", 443, "https://wiki.local", ""},
        {"https://wiki.local:443/a/b", "https", "wiki.local", 443, "https://wiki.local", "/a/b"},
        {"https://wiki.local:8443", "https", "wiki.local", 8443, "https://wiki.local:8443", ""},
        {"https://wiki.local:80", "https", "wiki.local", 80, "https://wiki.local:80", ""},
        {"HTTP://WIKI.Local:8090/Wiki", "http", "wiki.local", 8090, "http://wiki.local:8090", "/Wiki"},
        {"10.0.0.5", "http", "10.0.0.5", 8090, "http://10.0.0.5:8090", ""},
        {"10.0.0.5/wiki", "http", "10.0.0.5", 8090, "http://10.0.0.5:8090", "/wiki"},
        {"10.0.0.5:80/wiki", "http", "10.0.0.5", 80, "http://10.0.0.5", "/wiki"},
        {"localhost", "http", "localhost", 8090, "http://localhost:8090", ""},
        {"wiki-01_a.intern:1", "http", "wiki-01_a.intern", 1, "http://wiki-01_a.intern:1", ""},
        {"wiki:65535", "http", "wiki", 65535, "http://wiki:65535", ""},
        {"wiki:08090", "http", "wiki", 8090, "http://wiki:8090", ""},
        {"wiki.example.com.", "http", "wiki.example.com.", 8090, "http://wiki.example.com.:8090", ""},
        {"xn--bcher-kva.example", "http", "xn--bcher-kva.example", 8090,
         "http://xn--bcher-kva.example:8090", ""},
        {"3com.example", "http", "3com.example", 8090, "http://3com.example:8090", ""},
        {"1.2.3.4a", "http", "1.2.3.4a", 8090, "http://1.2.3.4a:8090", ""},
        {"0.0.0.0", "http", "0.0.0.0", 8090, "http://0.0.0.0:8090", ""},
        {"255.255.255.255", "http", "255.255.255.255", 8090, "http://255.255.255.255:8090", ""},
        {"[::1]", "http", "[::1]", 8090, "http://[::1]:8090", ""},
        {"[::1]:7990/git", "http", "[::1]", 7990, "http://[::1]:7990", "/git"},
        {"http://[2001:DB8::5]/wiki", "http", "[2001:db8::5]", 80, "http://[2001:db8::5]", "/wiki"},
        {"http://h/~me/a.b-c_d!$&'()+,=:@x", "http", "h", 80, "http://h", "/~me/a.b-c_d!$&'()+,=:@x"},
        {"http://h/...", "http", "h", 80, "http://h", "/..."},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atl_backend backend = {0};
        const char *path = NULL;
        const char *error = atl_backend_parse(pool, rows[i].word, 8090, &backend, &path);

        expect_str(rows[i].word, "error", error, NULL);
        expect_str(rows[i].word, "scheme", backend.scheme, rows[i].scheme);
        expect_str(rows[i].word, "host", backend.host, rows[i].host);
        expect_int(rows[i].word, "port", backend.port, rows[i].port);
        expect_str(rows[i].word, "origin", backend.origin, rows[i].origin);
        expect_str(rows[i].word, "path", path, rows[i].path);
    }
}

#define NO_CREDENTIALS                                                                             \
    "a backend URL cannot carry a user name or password (the part before '@'); applications have " \
    "their own log-in, remove it"
#define PATH_LETTERS ": a path here is made of letters, digits and -._~!$&'()+,=:@ only"
#define DOT_SEGMENT " has a \".\" or \"..\" segment; write the path it stands for"
#define NOT_V4 " is not an IPv4 address (four numbers from 0 to 255)"
#define NOT_IDN                                                                                    \
    " has letters outside ASCII; write its DNS form, which begins with xn-- (\"idn2 name\" "       \
    "prints it)"
#define PORT_RULE " is not a number from 1 to 65535"

static void test_bad(void **state)
{
    static const struct {
        const char *word, *error;
    } rows[] = {
        /* port */
        {"http://h:0", "port \"0\"" PORT_RULE},
        {"http://h:65536", "port \"65536\"" PORT_RULE},
        {"http://h:99999999999999999999", "port \"99999999999999999999\"" PORT_RULE},
        {"http://h:-1", "port \"-1\"" PORT_RULE},
        {"http://h:+80", "port \"+80\"" PORT_RULE},
        {"http://h:80a/x", "port \"80a\"" PORT_RULE},
        {"http://h:/x", "port \"\"" PORT_RULE},
        {"http://[::1]:", "port \"\"" PORT_RULE},
        {"h:http", "port \"http\"" PORT_RULE},
        /* scheme */
        {"ftp://h", "scheme \"ftp\" is not known; a backend is http:// or https://"},
        {"htpp://h", "scheme \"htpp\" is not known; a backend is http:// or https://"},
        {"ajp://h:8009", "scheme \"ajp\" is not known; a backend is http:// or https:// (Atlassian "
                         "removed AJP from its products)"},
        {"WSS://h", "scheme \"WSS\" is not known; a backend is http:// or https:// (WebSockets need "
                    "no line of their own)"},
        {"://h", "scheme \"\" is not known; a backend is http:// or https://"},
        {"http:/h/wiki", "\"http:/h/wiki\": a URL begins with http://"},
        {"http:h:8090", "\"http:h:8090\": a URL begins with http://"},
        {"https:", "\"https:\": a URL begins with https://"},
        {"http:\\\\h", "\"http:\\\\h\": a URL begins with http://"},
        {"http:///wiki", "a host name is missing; write http://host:port/context"},
        {"http://", "a host name is missing; write http://host:port/context"},
        {"http://:8090", "a host name is missing; write http://host:port/context"},
        {"", "a host name is missing; write http://host:port/context"},
        /* credentials are never repeated, wherever they stand */
        {"http://admin:s3cret@h/wiki", NO_CREDENTIALS},
        {"admin:s3cret@h:8090", NO_CREDENTIALS},
        {"admin@h", NO_CREDENTIALS},
        {"http://@h", NO_CREDENTIALS},
        {"http://admin:s3c/ret@h/", NO_CREDENTIALS},
        {"http://admin:s3c?ret@h/", NO_CREDENTIALS},
        {"http://admin:s3c#ret@h/", NO_CREDENTIALS},
        {"admin:s3cret@http://h/", NO_CREDENTIALS},
        /* what a backend does not have */
        {"http://h/wiki?x=1", "backend \"http://h/wiki?x=1\" has a query; a backend is a host, a port "
                              "and a context path, remove the part from '?' on"},
        {"http://h?", "backend \"http://h?\" has a query; a backend is a host, a port and a context "
                      "path, remove the part from '?' on"},
        {"http://h/wiki#top", "backend \"http://h/wiki#top\" has a fragment, remove the part from '#' "
                              "on"},
        /* host */
        {"http://b\xc3\xbc" "cher.example", "host \"b\xc3\xbc" "cher.example\"" NOT_IDN},
        {"http://h h/", "host \"h h\" has a character that no host name may have: ' '"},
        {"http://h\n/", "host \"h\n\" has a character that no host name may have: '\n'"},
        {"http://h%2e", "host \"h%2e\" has a character that no host name may have: '%'"},
        {"http://h;x", "host \"h;x\" has a character that no host name may have: ';'"},
        {"http://h\\x", "host \"h\\x\" has a character that no host name may have: '\\'"},
        {"http://*/", "host \"*\" has a character that no host name may have: '*'"},
        {"http://${host}/", "host \"${host}\" has a character that no host name may have: '$'"},
        {"unix:/run/tomcat.sock", "port \"\"" PORT_RULE},
        {"=x", "host \"=x\" has a character that no host name may have: '='"},
        {".h", "\".h\" is not a host name"},
        {"-h", "\"-h\" is not a host name"},
        {"a..b", "\"a..b\" is not a host name"},
        {".", "\".\" is not a host name"},
        /* IPv4 as resolvers might guess it */
        {"10.0.0.256", "\"10.0.0.256\"" NOT_V4},
        {"10.0.0", "\"10.0.0\"" NOT_V4},
        {"10.1", "\"10.1\"" NOT_V4},
        {"167772165", "\"167772165\"" NOT_V4},
        {"010.0.0.5", "\"010.0.0.5\"" NOT_V4},
        {"10.0.0.5.", "\"10.0.0.5.\"" NOT_V4},
        {"10.0.0.5.6", "\"10.0.0.5.6\"" NOT_V4},
        {"1.2.3.0x4", "\"1.2.3.0x4\"" NOT_V4},
        {"0x7f000001", "\"0x7f000001\"" NOT_V4},
        {"0x7F.1", "\"0x7f.1\"" NOT_V4},
        {"wiki.5", "\"wiki.5\"" NOT_V4},
        /* IPv6 */
        {"::1", "\"::1\": write an IPv6 address in brackets, a port behind them: [::1] or [address]:port"},
        {"http://2001:db8::5/wiki", "\"2001:db8::5\": write an IPv6 address in brackets, a "
                                    "port behind them: [2001:db8::5] or [address]:port"},
        {"h:8090:8091", "\"h:8090:8091\" has more than one ':'; write host:port"},
        {"[::1", "\"[::1\": an IPv6 address is written [address] or [address]:port"},
        {"[::1]8090", "\"[::1]8090\": an IPv6 address is written [address] or [address]:port"},
        {"[::g]", "\"::g\" is not an IPv6 address"},
        {"[]", "\"\" is not an IPv6 address"},
        {"[:]", "\":\" is not an IPv6 address"},
        {"[1:2]", "\"1:2\" is not an IPv6 address"},
        {"[1.2:3]", "\"1.2:3\" is not an IPv6 address"},
        {"[::1::2]", "\"::1::2\" is not an IPv6 address"},
        {"[10.0.0.5]", "\"10.0.0.5\" is not an IPv6 address"},
        {"[fe80::1%eth0]", "\"fe80::1%eth0\" is not an IPv6 address"},
        {"[::ffff:10.0.0.5]", "\"::ffff:10.0.0.5\" is not an IPv6 address; write the IPv4 address it "
                              "stands for"},
        {"[::1/64]", "\"[::1\": an IPv6 address is written [address] or [address]:port"},
        /* path */
        {"http://h//", "path \"//\" has an empty segment (//)"},
        {"http://h//wiki", "path \"//wiki\" has an empty segment (//)"},
        {"http://h/wiki//", "path \"/wiki//\" has an empty segment (//)"},
        {"http://h/a//b", "path \"/a//b\" has an empty segment (//)"},
        {"http://h/./wiki", "path \"/./wiki\"" DOT_SEGMENT},
        {"http://h/..", "path \"/..\"" DOT_SEGMENT},
        {"http://h/wiki/../jira", "path \"/wiki/../jira\"" DOT_SEGMENT},
        {"http://h/wiki/..", "path \"/wiki/..\"" DOT_SEGMENT},
        {"http://h/%77iki", "path \"/%77iki\"" PATH_LETTERS},
        {"http://h/wiki;x=1", "path \"/wiki;x=1\"" PATH_LETTERS},
        {"http://h/wiki\\x", "path \"/wiki\\x\"" PATH_LETTERS},
        {"http://h/wiki/*", "path \"/wiki/*\"" PATH_LETTERS},
        {"http://h/w\xc3\xafki", "path \"/w\xc3\xafki\"" PATH_LETTERS},
        {"http://h/${x}", "path \"/${x}\"" PATH_LETTERS},
        {"http://h/a b", "path \"/a b\"" PATH_LETTERS},
        {"http://h/a\"b", "path \"/a\"b\"" PATH_LETTERS},
        {"http://h/<a>", "path \"/<a>\"" PATH_LETTERS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atl_backend backend = {0};
        const char *path = NULL;
        const char *error = atl_backend_parse(pool, rows[i].word, 8090, &backend, &path);

        expect_str(rows[i].word, "error", error, rows[i].error);
        expect(rows[i].word, "no password is repeated",
               !error || (!strstr(error, "s3c") && !strstr(error, "ret@")));
    }
}

static void expect_bad(const char *row, const char *word, const char *part)
{
    atl_backend backend = {0};
    const char *path = NULL;
    const char *error = atl_backend_parse(pool, word, 8090, &backend, &path);

    expect_part(row, "error", error, part);
    expect(row, "is short", !error || strlen(error) < 400);
}

static void test_long(void **state)
{
    atl_backend backend = {0};
    const char *path = NULL, *label = repeat('a', 63);
    char *longest = apr_pstrcat(pool, label, ".", label, ".", label, ".", repeat('a', 61), NULL);

    (void)state;
    expect_str("host of 253", "error", atl_backend_parse(pool, longest, 80, &backend, &path), NULL);
    expect_bad("host of 254", apr_pstrcat(pool, longest, "a", NULL), "is not a host name");
    expect_bad("label of 64", repeat('a', 64), "is not a host name");
    expect_bad("host of 10,000", repeat('a', 10000), "is not a host name");
    expect_bad("IPv6 of 10,000", apr_pstrcat(pool, "[", repeat(':', 10000), "]", NULL),
               "is not an IPv6 address");
    expect_bad("digits", repeat('9', 10000), "is not a host name");
    expect_bad("port of 10,000", apr_pstrcat(pool, "h:", repeat('1', 10000), NULL), "port \"111");
    expect_bad("scheme of 10,000", apr_pstrcat(pool, repeat('s', 10000), "://h", NULL),
               "scheme \"sss");
    expect_bad("10,000 slashes", apr_pstrcat(pool, "h", repeat('/', 10000), NULL), "path \"///");
    /* Long, but nothing is wrong with it. */
    expect_str("path of 10,000", "error",
               atl_backend_parse(pool, apr_pstrcat(pool, "h/", repeat('p', 9999), NULL), 80,
                                 &backend, &path), NULL);
    expect_int("path of 10,000", "length", (long)strlen(path), 10000);
}

static void test_path_check(void **state)
{
    static const struct {
        const char *path, *clean, *error;
    } rows[] = {
        {"/", "", NULL},
        {"/wiki", "/wiki", NULL},
        {"/wiki/", "/wiki", NULL},
        {"/a/b/", "/a/b", NULL},
        {"/.well-known", "/.well-known", NULL},
        {"", NULL, "path \"\" must begin with /"},
        {"wiki", NULL, "path \"wiki\" must begin with /"},
        {"//", NULL, "path \"//\" has an empty segment (//)"},
        {"/a//", NULL, "path \"/a//\" has an empty segment (//)"},
        {"/.", NULL, "path \"/.\"" DOT_SEGMENT},
        {"/../", NULL, "path \"/../\"" DOT_SEGMENT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *clean = NULL, *error = atl_path_check(pool, rows[i].path, &clean);
        expect_str(rows[i].path, "error", error, rows[i].error);
        expect_str(rows[i].path, "clean", error ? NULL : clean, rows[i].clean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_good), UNIT_TEST(test_bad),
                                       UNIT_TEST(test_long), UNIT_TEST(test_path_check)};

    return cmocka_run_group_tests_name("backend", tests, unit_group_setup, unit_group_teardown);
}
