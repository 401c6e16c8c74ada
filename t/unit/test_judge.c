/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/judge.c: what is a finding, and above all what is none. */
#include "unit.h"

#include "judge.h"
#include "unit_site.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <string.h>

#define LINES "jira http://10.0.0.5:8080/jira\nconfluence http://10.0.0.5:8090/wiki\ncrowd http://10.0.0.5/crowd\nbitbucket http://10.0.0.5:7990/bitbucket\nfisheye http://10.0.0.5:8060/fisheye"
#define HOST "people.example.com"
#define NONE ATL_FINDING_NONE

static const char *name_of(atl_finding_id id)
{
    return id == NONE ? "none" : atl_findings[id].name;
}

/* A GET by https for a path of the site, answered 200. */
static atl_exchange exchange_of(const char *lines, const char *path)
{
    atl_site *site = site_of(lines, "https", HOST, 443, NULL);
    atl_exchange x = {.site = site, .method = "GET", .scheme = "https", .host = HOST, .path = path,
                      .uri = path, .status = 200, .content_type = "text/html;charset=UTF-8"};

    assert_non_null(site);
    x.claim = atl_routes_find(site->routes, path);
    assert_non_null(x.claim);
    return x;
}

static void redirects(void **state)
{
    static const struct {
        const char *path, *location;
        atl_finding_id id;
    } rows[] = {
        {"/jira/login", "/jira/secure/Dashboard.jspa", NONE},
        {"/jira/login", "https://people.example.com/jira/x", NONE},
        {"/jira/login", "https://login.example.com/saml?RelayState=https://people.example.com//x", NONE},
        {"/jira/login", "http://people.example.com/jira/x", ATL_FINDING_REDIRECT_SCHEME},
        {"/jira/login", "https://people.example.com:8080/jira/x", ATL_FINDING_REDIRECT_PORT},
        {"/jira/login", "http://10.0.0.5:8080/jira/x", ATL_FINDING_REDIRECT_BACKEND},
        /* other hosts: wrong only where nothing but the address can be meant */
        {"/jira", "https://old.example.com/jira/", ATL_FINDING_REDIRECT_HOST},
        {"/jira/", "https://old.example.com/jira/secure/Dashboard.jspa", ATL_FINDING_REDIRECT_HOST},
        {"/jira/plugins/servlet/oauth", "https://other.example.com/jira/plugins/servlet/oauth", NONE},
        {"/jira/", "https://login.example.com/adfs/ls", NONE},
        {"/jira/", "https://login.example.com/jirafoo", NONE},
        /* the same address again */
        {"/jira/login", "https://people.example.com/jira/login", ATL_FINDING_REDIRECT_LOOP},
        {"/jira/login", "https://people.example.com/jira/login?again=1", NONE},
        {"/jira/login", "/jira/login", NONE},
        /* double slashes */
        {"/jira/login", "https://people.example.com/jira//login", ATL_FINDING_REDIRECT_SLASHES},
        {"/jira/login", "https://people.example.com/jira/a//b", NONE},
        {"/jira/login", "//people.example.com/jira", NONE},
        /* out of the context */
        {"/jira/", "/login.jsp", ATL_FINDING_REDIRECT_CONTEXT},
        {"/jira/", "https://people.example.com/login.jsp", ATL_FINDING_REDIRECT_CONTEXT},
        {"/jira/", "/crowd/console", NONE}, /* single sign-on: another app of the site */
        {"/jira/x", "/login.jsp", NONE},
        {"/jira/", "/jirafoo", ATL_FINDING_REDIRECT_CONTEXT},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *row = apr_pstrcat(pool, rows[i].path, " -> ", rows[i].location, NULL);
        atl_exchange x = exchange_of(LINES, rows[i].path);

        x.status = 302;
        x.location = rows[i].location;
        expect_str(row, "finding", name_of(atl_judge_redirect(pool, &x)), name_of(rows[i].id));
    }
}

static void redirects_that_may_repeat(void **state)
{
    atl_exchange x = exchange_of(LINES, "/jira/login");

    (void)state;
    x.status = 302;
    x.location = "https://people.example.com/jira/login";
    x.sets_cookie = 1;
    expect_str("with a cookie", "finding", name_of(atl_judge_redirect(pool, &x)), "none");
    x.sets_cookie = 0;
    x.method = "POST";
    expect_str("after a form", "finding", name_of(atl_judge_redirect(pool, &x)), "none");
    x.method = "GET";
    x.host = NULL;
    expect_str("no host", "finding", name_of(atl_judge_redirect(pool, &x)), "none");
    x.host = "alias.example.com";
    x.path = x.uri = "/jira";
    x.location = "https://people.example.com/jira/";
    expect_str("to the ServerName", "finding", name_of(atl_judge_redirect(pool, &x)), "none");
}

static void answers(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *type;
        int websocket;
        apr_size_t header_size;
        const char *uri, *body, *origin;
        atl_finding_id id;
    } rows[] = {
        {"/jira/", 200, "text/html", 0, 0, NULL, NULL, NULL, NONE},
        {"/jira/", 404, "text/html", 0, 0, NULL, NULL, NULL, ATL_FINDING_CONTEXT},
        {"/jira", 404, "text/html", 0, 0, NULL, NULL, NULL, ATL_FINDING_CONTEXT},
        {"/jira/browse/X-1", 404, "text/html", 0, 0, NULL, NULL, NULL, NONE},
        {"/synchrony", 404, "text/plain", 0, 0, NULL, NULL, NULL, NONE},
        {"/synchrony/heartbeat", 404, "text/html;charset=utf-8", 0, 0, NULL, NULL, NULL, ATL_FINDING_SYNCHRONY},
        {"/synchrony/heartbeat", 200, "text/plain", 0, 0, NULL, NULL, NULL, NONE},
        {"/synchrony/heartbeat", 404, NULL, 0, 0, NULL, NULL, NULL, NONE},
        {"/wiki/synchrony-proxy/v1", 404, "text/html", 0, 0, NULL, NULL, NULL, NONE},
        {"/wiki/synchrony-proxy/v1", 404, "text/html", 1, 0, NULL, NULL, NULL, ATL_FINDING_WEBSOCKET},
        {"/synchrony/v1", 200, "application/json", 1, 0, NULL, NULL, NULL, ATL_FINDING_WEBSOCKET},
        {"/synchrony/v1", 101, NULL, 1, 0, NULL, NULL, NULL, NONE},
        {"/synchrony/v1", 401, "application/json", 1, 0, NULL, NULL, NULL, NONE},
        {"/synchrony/v1", 503, "text/plain", 1, 0, NULL, NULL, NULL, NONE},
        {"/jira/ws", 404, "text/html", 1, 0, NULL, NULL, NULL, NONE},
        {"/jira/x", 400, "text/html", 0, 9000, NULL, NULL, NULL, ATL_FINDING_HEADER_SIZE},
        {"/jira/x", 400, "text/html", 0, 8192, NULL, NULL, NULL, NONE},
        {"/jira/x", 431, "text/html", 0, 0, NULL, NULL, NULL, ATL_FINDING_HEADER_SIZE},
        {"/jira/x", 400, "text/html", 0, 500, "/jira/x?a[0]=1", NULL, NULL, ATL_FINDING_URL_CHARS},
        {"/jira/x", 400, "text/html", 0, 500, "/jira/x[1]", NULL, NULL, ATL_FINDING_URL_CHARS},
        {"/jira/x", 400, "text/html", 0, 500, "/jira/x?q={a}", NULL, NULL, ATL_FINDING_URL_CHARS},
        {"/jira/x", 400, "text/html", 0, 500, "/jira/{a}", NULL, NULL, NONE},
        {"/jira/x", 400, "text/html", 0, 500, "/jira/<script>?a[]=1", NULL, NULL, NONE},
        {"/jira/x", 400, "text/html", 0, 500, "/jira/x?a=1", NULL, NULL, NONE},
        {"/jira/x", 400, "text/plain", 0, 9000, NULL, "Bad Request\r\nThis combination of host and port requires TLS.\r\n", NULL, ATL_FINDING_TLS_EXPECTED},
        {"/jira/x", 403, "text/plain", 0, 0, NULL, "XSRF check failed", "https://people.example.com", ATL_FINDING_XSRF},
        {"/jira/x", 403, "text/plain", 0, 0, NULL, "XSRF check failed", "https://evil.example", NONE},
        {"/jira/x", 403, "text/plain", 0, 0, NULL, "XSRF check failed", "http://people.example.com", NONE},
        {"/jira/x", 403, "text/plain", 0, 0, NULL, "XSRF check failed", NULL, NONE},
        {"/jira/x", 403, "text/plain", 0, 0, NULL, "no permission", "https://people.example.com", NONE},
        {"/jira/x", 500, "text/html", 0, 9000, NULL, NULL, NULL, NONE},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *row = apr_psprintf(pool, "%d: %s %d", (int)i, rows[i].path, rows[i].status);
        atl_exchange x = exchange_of(LINES, rows[i].path);

        x.status = rows[i].status;
        x.content_type = rows[i].type;
        x.wants_websocket = rows[i].websocket;
        x.header_size = rows[i].header_size;
        x.uri = rows[i].uri ? rows[i].uri : x.uri;
        x.origin = rows[i].origin;
        x.body = rows[i].body;
        x.body_len = x.body ? strlen(x.body) : 0;
        expect_str(row, "finding", name_of(atl_judge_answer(&x)), name_of(rows[i].id));
    }
}

static void cookies(void **state)
{
    static const struct {
        const char *path, *scheme, *cookie;
        atl_finding_id id;
    } rows[] = {
        {"/jira/", "https", "JSESSIONID=1; Path=/jira; Secure; HttpOnly", NONE},
        {"/jira/", "https", "JSESSIONID=1; Path=/jira/; Secure", NONE},
        {"/jira/", "https", "JSESSIONID=1; Path= /jira ; Secure ; HttpOnly", NONE},
        {"/jira/", "https", "JSESSIONID=1; Path= /other; Secure", ATL_FINDING_COOKIE_PATH},
        {"/jira/", "https", "JSESSIONID=1; Path=/jira", ATL_FINDING_INSECURE_COOKIE},
        {"/jira/", "https", "JSESSIONID=secure; Path=/jira; HttpOnly", ATL_FINDING_INSECURE_COOKIE},
        {"/jira/", "http", "JSESSIONID=1; Path=/jira", NONE},
        {"/jira/", "https", "other=1; Path=/x", NONE},
        {"/jira/", "https", "JSESSIONIDX=1; Path=/x", NONE},
        {"/jira/", "https", "JSESSIONID=1; Path=/other; Secure", ATL_FINDING_COOKIE_PATH},
        {"/jira/", "https", "JSESSIONID=1; path=/jira/x; secure", ATL_FINDING_COOKIE_PATH},
        {"/jira/", "https", "JSESSIONID=1; Path=/jir; Secure", ATL_FINDING_COOKIE_PATH},
        {"/jira/", "https", "JSESSIONID=1; Path=/; Secure", ATL_FINDING_COOKIE_SHARED},
        {"/jira/", "https", "JSESSIONID=1; Secure", NONE},
        {"/bitbucket/", "https", "BITBUCKETSESSIONID=1; Path=/; Secure", NONE}, /* a name of its own */
        {"/fisheye/", "https", "JSESSIONID=1; Path=/fisheye", NONE}, /* Jetty: not told so */
        {"/wiki/synchrony-proxy/x", "https", "JSESSIONID=1; Path=/x", NONE},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        atl_exchange x = exchange_of(LINES, rows[i].path);

        x.scheme = rows[i].scheme;
        expect_str(rows[i].cookie, "finding", name_of(atl_judge_cookie(&x, rows[i].cookie)),
                   name_of(rows[i].id));
    }
}

static void cookies_of_one_app(void **state)
{
    atl_exchange x = exchange_of("jira http://10.0.0.5:8080/jira", "/jira/x");

    (void)state;
    expect_str("nobody else has that name", "finding",
               name_of(atl_judge_cookie(&x, "JSESSIONID=1; Path=/; Secure")), "none");
}

static void encodings(void **state)
{
    static const struct {
        const char *line, *encoding;
        atl_finding_id id;
    } rows[] = {
        {"jira http://h:1/jira", "gzip", NONE},
        {"jira http://h:1/jira compression=on", "gzip", ATL_FINDING_COMPRESSION},
        {"jira http://h:1/jira compression=off", "br", ATL_FINDING_COMPRESSION},
        {"jira http://h:1/jira compression=on", "identity", NONE},
        {"jira http://h:1/jira compression=on", NULL, NONE},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        atl_exchange x = exchange_of(rows[i].line, "/jira/x");

        x.content_encoding = rows[i].encoding;
        expect_str(rows[i].line, "finding", name_of(atl_judge_encoding(&x)), name_of(rows[i].id));
    }
}

static void pages(void **state)
{
#define HEAD(attribute) "<html><head><meta " attribute "></head><body>"
    static const struct {
        const char *path, *scheme, *type, *body;
        atl_finding_id id;
    } rows[] = {
        {"/jira/x", "https", "text/html;charset=UTF-8", HEAD("content=\"http://people.example.com/jira\""), ATL_FINDING_MIXED_CONTENT},
        {"/jira/x", "https", "text/html", HEAD("content='http://People.Example.com/jira/x'"), ATL_FINDING_MIXED_CONTENT},
        {"/jira/x", "https", "text/html", HEAD("content=\"https://people.example.com/jira\""), NONE},
        {"/jira/x", "https", "text/html", HEAD("content=\"http://people.example.com/jirafoo\""), NONE},
        {"/jira/x", "https", "text/html", HEAD("content=\"http://people.example.com/wiki/\""), NONE},
        {"/jira/x", "https", "text/html", HEAD("content=\"http://other.example.com/jira\""), NONE},
        {"/jira/x", "https", "text/html", HEAD("content=\"/jira\""), NONE},
        {"/jira/x", "https", "text/html", "<html><body><a href=\"http://people.example.com/jira/x\">people's own</a>", NONE},
        {"/jira/x", "https", "text/html", "<meta content=\"http://people.example.com/jira", NONE}, /* cut off */
        {"/jira/x", "https", "text/html", "", NONE},
        {"/jira/x", "https", "text/plain", HEAD("content=\"http://people.example.com/jira\""), NONE},
        {"/jira/x", "http", "text/html", HEAD("content=\"http://people.example.com/jira\""), NONE},
        {"/synchrony/x", "https", "text/html", HEAD("content=\"http://people.example.com/synchrony\""), NONE},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        atl_exchange x = exchange_of(LINES, rows[i].path);

        x.scheme = rows[i].scheme;
        x.content_type = rows[i].type;
        x.body = rows[i].body;
        x.body_len = strlen(rows[i].body);
        expect_str(rows[i].body, "finding", name_of(atl_judge_page(&x)), name_of(rows[i].id));
    }
}

static void own_answers(void **state)
{
    static const struct {
        const char *path;
        int status, sends_body;
        atl_finding_id id;
    } rows[] = {
        {"/jira/rest/applinks/1.0/manifest", 401, 0, ATL_FINDING_APPLINKS},
        {"/jira/rest/api/2/issue", 401, 0, NONE},
        {"/jira/rest/api/2/issue", 413, 1, ATL_FINDING_UPLOAD_SIZE},
        {"/jira/rest/api/2/issue", 413, 0, NONE},
        {"/jira/rest/api/2/issue", 408, 1, ATL_FINDING_UPLOAD_SLOW},
        {"/jira/rest/api/2/issue", 408, 0, NONE}, /* a browser's idle connection */
        {"/jira/rest/api/2/issue", 400, 1, NONE},
        {"/synchrony/v1/x", 413, 1, NONE},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        atl_exchange x = exchange_of(LINES, rows[i].path);

        expect_str(apr_psprintf(pool, "%s %d", rows[i].path, rows[i].status), "finding",
                   name_of(atl_judge_own_answer(x.claim, rows[i].path, rows[i].status, rows[i].sends_body)),
                   name_of(rows[i].id));
    }
}

static void failures(void **state)
{
    static const struct {
        atl_failure failure;
        apr_status_t status;
        atl_finding_id id;
    } rows[] = {
        {ATL_FAILURE_NONE, ECONNREFUSED, NONE},
        {ATL_FAILURE_CONNECT, ECONNREFUSED, ATL_FINDING_REFUSED},
        {ATL_FAILURE_CONNECT, EACCES, ATL_FINDING_FORBIDDEN},
        {ATL_FAILURE_CONNECT, EPERM, ATL_FINDING_FORBIDDEN},
        {ATL_FAILURE_CONNECT, APR_TIMEUP, ATL_FINDING_CONNECT_TIMEOUT},
        {ATL_FAILURE_CONNECT, ETIMEDOUT, ATL_FINDING_CONNECT_TIMEOUT},
        {ATL_FAILURE_CONNECT, EHOSTUNREACH, ATL_FINDING_UNREACHABLE},
        {ATL_FAILURE_CONNECT, ENETUNREACH, ATL_FINDING_UNREACHABLE},
        {ATL_FAILURE_CONNECT, EMFILE, NONE}, /* httpd's own trouble */
        {ATL_FAILURE_DNS, 0, ATL_FINDING_DNS},
        {ATL_FAILURE_ANSWER, APR_TIMEUP, ATL_FINDING_ANSWER_TIMEOUT},
        {ATL_FAILURE_ANSWER, APR_EOF, NONE}, /* it is being stopped */
        {ATL_FAILURE_UPLOAD, EPIPE, ATL_FINDING_UPLOAD_CUT},
        {ATL_FAILURE_TLS_VERIFY, 0, ATL_FINDING_TLS_VERIFY},
        {ATL_FAILURE_TLS_NAME, 0, ATL_FINDING_TLS_NAME},
        {ATL_FAILURE_TLS, 0, ATL_FINDING_TLS_HANDSHAKE},
    };

    (void)state;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        expect_str(apr_psprintf(pool, "%d/%d", rows[i].failure, rows[i].status), "finding",
                   name_of(atl_judge_failure(rows[i].failure, rows[i].status)),
                   name_of(rows[i].id));
    }
}

static void wandering(void **state)
{
    static const struct {
        const char *lines, *path, *cookies, *route, *set_cookie;
        int wanders;
    } rows[] = {
        {"jira h1/jira h2/jira", "/jira/a", "JSESSIONID=1", NULL, "JSESSIONID=2; Path=/jira", 1},
        {"jira h1/jira h2/jira", "/jira/a", "a=b; JSESSIONID=1", NULL, "JSESSIONID=2", 1},
        {"bitbucket h1 h2", "/a", "BITBUCKETSESSIONID=1", NULL, "BITBUCKETSESSIONID=2", 1},
        /* a new browser, or one with another application's session */
        {"jira h1/jira h2/jira", "/jira/a", NULL, NULL, "JSESSIONID=2", 0},
        {"jira h1/jira h2/jira", "/jira/a", "XJSESSIONID=1; JSESSIONIDX=2", NULL, "JSESSIONID=2", 0},
        /* its node is gone, or was removed */
        {"jira h1/jira;route=a h2/jira", "/jira/a", "JSESSIONID=1", "a", "JSESSIONID=2", 0},
        {"jira h1/jira h2/jira", "/jira/a", "JSESSIONID=1", "old", "JSESSIONID=2", 0},
        /* the session goes on */
        {"jira h1/jira h2/jira", "/jira/a", "JSESSIONID=1", NULL, "atlassian.xsrf.token=2", 0},
        /* nowhere to wander */
        {"jira h1/jira", "/jira/a", "JSESSIONID=1", NULL, "JSESSIONID=2", 0},
        {"confluence h1 h2", "/synchrony/a", "JSESSIONID=1", NULL, "JSESSIONID=2", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atl_exchange x = exchange_of(rows[i].lines, rows[i].path);
        const char *row = apr_psprintf(pool, "%d: %s", (int)i, rows[i].lines);

        expect_int(row, "wanders", atl_judge_wandering(x.claim, rows[i].cookies, rows[i].route,
                                                       rows[i].set_cookie), rows[i].wanders);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(wandering), 
        UNIT_TEST(redirects), UNIT_TEST(redirects_that_may_repeat), UNIT_TEST(answers),
        UNIT_TEST(cookies), UNIT_TEST(cookies_of_one_app), UNIT_TEST(encodings),
        UNIT_TEST(pages), UNIT_TEST(own_answers),
        UNIT_TEST(failures)};

    return cmocka_run_group_tests(tests, unit_group_setup, unit_group_teardown);
}
