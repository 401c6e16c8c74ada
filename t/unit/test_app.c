/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/app.c: one AtlassianApp line. */
#include "unit.h"

#include "app.h"
#include "app_key.h"
#include "text.h"

#include <apr_strings.h>
#include <string.h>

static atl_app *parse(const char *line, const char **error)
{
    atl_app *app = NULL;

    *error = atl_app_parse(pool, words_of(line), &app);
    return app;
}

/* One row for each product: what its name alone stands for, and with a URL and a host. */
static void test_products(void **state)
{
    static const struct {
        const char *product, *alone, *context, *with_host;
        int timeout;
        const char *synchrony; /* origin, NULL for none */
    } rows[] = {
        {"bamboo", "http://127.0.0.1:8085", "", "http://10.0.0.5:8085", 300, NULL},
        {"bitbucket", "http://127.0.0.1:7990", "", "http://10.0.0.5:7990", 3600, NULL},
        {"confluence", "http://127.0.0.1:8090", "", "http://10.0.0.5:8090", 300,
         "http://127.0.0.1:8091"},
        {"crowd", "http://127.0.0.1:8095", "/crowd", "http://10.0.0.5:8095", 60, NULL},
        {"crucible", "http://127.0.0.1:8060", "", "http://10.0.0.5:8060", 300, NULL},
        {"fisheye", "http://127.0.0.1:8060", "", "http://10.0.0.5:8060", 300, NULL},
        {"jira", "http://127.0.0.1:8080", "", "http://10.0.0.5:8080", 300, NULL},
        {"Stash", "http://127.0.0.1:7990", "", "http://10.0.0.5:7990", 3600, NULL},
        {"FECRU", "http://127.0.0.1:8060", "", "http://10.0.0.5:8060", 300, NULL},
        {"jira-software", "http://127.0.0.1:8080", "", "http://10.0.0.5:8080", 300, NULL},
        {"Jira-Service-Management", "http://127.0.0.1:8080", "", "http://10.0.0.5:8080", 300, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error, *row = rows[i].product;
        const char *line = apr_pstrcat(pool, row, " 10.0.0.5/deep/path", NULL);
        atl_app *app = parse(row, &error);

        expect_str(row, "error", error, NULL);
        assert_non_null(app);
        expect_int(row, "backends", app->backends->nelts, 1);
        expect_str(row, "origin", APR_ARRAY_IDX(app->backends, 0, atl_backend).origin, rows[i].alone);
        expect_str(row, "context", app->context, rows[i].context);
        expect_int(row, "timeout", app->timeout, rows[i].timeout);
        expect_int(row, "compression", app->compression, ATL_COMPRESSION_PASS);
        expect_int(row, "ws_timeout", app->ws_timeout, 3600);
        expect_int(row, "ws_grace", app->ws_grace, 600);
        expect_int(row, "except", app->except->nelts, 0);
        expect_int(row, "worker parameters", app->worker_params->nelts, 0);
        expect_int(row, "synchrony", app->synchrony,
                   rows[i].synchrony ? ATL_SYNCHRONY_DIRECT : ATL_SYNCHRONY_OFF);
        expect_int(row, "synchronies", app->synchronies->nelts, rows[i].synchrony != NULL);
        if (rows[i].synchrony) {
            expect_str(row, "synchrony origin",
                       APR_ARRAY_IDX(app->synchronies, 0, atl_backend).origin, rows[i].synchrony);
        }
        expect_str(row, "synchrony path", app->synchrony_path, "/synchrony");
        expect_str(row, "words", app->words, row);

        app = parse(line, &error);
        expect_str(line, "error", error, NULL);
        assert_non_null(app);
        expect_str(line, "origin", APR_ARRAY_IDX(app->backends, 0, atl_backend).origin,
                   rows[i].with_host);
        expect_str(line, "context", app->context, "/deep/path");
        expect_str(line, "words", app->words, line);
    }
}

/* The whole app as one text, to compare at a glance. */
static const char *describe(const atl_app *app)
{
    static const char *const synchrony[] = {"off", "internal", "direct"};
    static const char *const compression[] = {"pass", "on", "off"};
    const char *text;

    text = apr_psprintf(pool, "%s%s timeout=%d %s %s", APR_ARRAY_IDX(app->backends, 0, atl_backend).origin,
                        app->context, app->timeout, compression[app->compression],
                        synchrony[app->synchrony]);
    if (app->synchrony == ATL_SYNCHRONY_DIRECT) {
        text = apr_pstrcat(pool, text, "(", APR_ARRAY_IDX(app->synchronies, 0, atl_backend).origin, " at ",
                           app->synchrony_path, ")", NULL);
    }
    text = apr_psprintf(pool, "%s ws=%d/%d", text, app->ws_timeout, app->ws_grace);
    for (int i = 0; i < app->except->nelts; i++) {
        text = apr_pstrcat(pool, text, " !", APR_ARRAY_IDX(app->except, i, const char *), NULL);
    }
    if (app->admin->nelts) {
        text = apr_pstrcat(pool, text, " admin=", apr_array_pstrcat(pool, app->admin, ','), NULL);
    }
    if (app->trusted->nelts) {
        text = apr_pstrcat(pool, text, " trusted=", apr_array_pstrcat(pool, app->trusted, ','), NULL);
    }
    text = apr_pstrcat(pool, text, app->verify ? "" : " unverified", app->ca ? " ca=" : "",
                       app->ca ? app->ca : "", app->secure_cookies ? "" : " cookies-as-sent", NULL);
    for (int i = 0; i < app->worker_params->nelts; i++) {
        const atl_param *param = &APR_ARRAY_IDX(app->worker_params, i, atl_param);
        text = apr_pstrcat(pool, text, " ", param->key, "=", param->value, NULL);
    }
    return text;
}

#define JIRA "http://127.0.0.1:8080"
#define WIKI "http://127.0.0.1:8090"
#define WS " ws=3600/600"

static void test_good(void **state)
{
    static const struct {
        const char *line, *app;
    } rows[] = {
        {"jira timeout=90", JIRA " timeout=90 pass off" WS},
        {"jira TimeOut=5MIN", JIRA " timeout=300 pass off" WS},
        {"jira timeout=2h http://h", "http://h timeout=7200 pass off" WS},
        {"jira compression=on", JIRA " timeout=300 on off" WS},
        {"jira compression=OFF", JIRA " timeout=300 off off" WS},
        {"jira compression=pass", JIRA " timeout=300 pass off" WS},
        {"jira except=/plain", JIRA " timeout=300 pass off" WS " !/plain"},
        {"jira except=/a,/b/,/c/d", JIRA " timeout=300 pass off" WS " !/a !/b !/c/d"},
        {"jira http://h/jira except=/jira/x", "http://h/jira timeout=300 pass off" WS " !/jira/x"},
        {"jira except=/jira/x http://h/jira", "http://h/jira timeout=300 pass off" WS " !/jira/x"},
        {"crowd except=/crowd/x", "http://127.0.0.1:8095/crowd timeout=60 pass off" WS " !/crowd/x"},
        {"confluence ws-timeout=1min ws-grace=2s",
         WIKI " timeout=300 pass direct(http://127.0.0.1:8091 at /synchrony) ws=60/2"},
        {"confluence synchrony=auto",
         WIKI " timeout=300 pass direct(http://127.0.0.1:8091 at /synchrony)" WS},
        {"confluence synchrony=internal", WIKI " timeout=300 pass internal" WS},
        {"confluence synchrony=OFF", WIKI " timeout=300 pass off" WS},
        {"confluence https://h:8443/wiki",
         "https://h:8443/wiki timeout=300 pass direct(http://h:8091 at /synchrony)" WS},
        {"confluence [::1]/wiki",
         "http://[::1]:8090/wiki timeout=300 pass direct(http://[::1]:8091 at /synchrony)" WS},
        {"confluence synchrony=http://s:9000",
         WIKI " timeout=300 pass direct(http://s:9000 at /synchrony)" WS},
        {"confluence synchrony=http://s",
         WIKI " timeout=300 pass direct(http://s at /synchrony)" WS},
        {"confluence synchrony=10.0.0.6",
         WIKI " timeout=300 pass direct(http://10.0.0.6:8091 at /synchrony)" WS},
        {"confluence synchrony=[::1]",
         WIKI " timeout=300 pass direct(http://[::1]:8091 at /synchrony)" WS},
        {"confluence synchrony=http://s:8091/synchrony/v1",
         WIKI " timeout=300 pass direct(http://s:8091 at /synchrony)" WS},
        {"confluence synchrony=http://s:8091/synchrony/v1/",
         WIKI " timeout=300 pass direct(http://s:8091 at /synchrony)" WS},
        {"confluence synchrony=http://s:8091/v1",
         WIKI " timeout=300 pass direct(http://s:8091 at /synchrony)" WS},
        {"confluence synchrony=http://s:8091/synchrony-2",
         WIKI " timeout=300 pass direct(http://s:8091 at /synchrony-2)" WS},
        {"confluence synchrony=http://s:8091/synchrony-2/v1",
         WIKI " timeout=300 pass direct(http://s:8091 at /synchrony-2)" WS},
        {"confluence synchrony=http://s:8091/sync/v10",
         WIKI " timeout=300 pass direct(http://s:8091 at /sync/v10)" WS},
        {"confluence except=/x synchrony=off", WIKI " timeout=300 pass off" WS " !/x"},
        {"confluence except=/synchrony synchrony=off",
         WIKI " timeout=300 pass off" WS " !/synchrony"},
        {"confluence h/wiki except=/wiki/synchrony-proxy/x",
         "http://h:8090/wiki timeout=300 pass direct(http://h:8091 at /synchrony)" WS
         " !/wiki/synchrony-proxy/x"},
        {"jira connectiontimeout=500ms retry=5 max=50 TTL=60 keepalive=On",
         JIRA " timeout=300 pass off" WS " connectiontimeout=500ms retry=5 max=50 ttl=60 "
              "keepalive=On"},
        {"jira acquire=3000 addressttl=60 disablereuse=On enablereuse=On flushpackets=auto "
         "flushwait=10 iobuffersize=8192",
         JIRA " timeout=300 pass off" WS " acquire=3000 addressttl=60 disablereuse=On "
              "enablereuse=On flushpackets=auto flushwait=10 iobuffersize=8192"},
        {"jira lbset=1 loadfactor=2 min=1 ping=1 receivebuffersize=0 redirect=a "
         "responsefieldsize=16384 route=a smax=5 status=+H",
         JIRA " timeout=300 pass off" WS " lbset=1 loadfactor=2 min=1 ping=1 receivebuffersize=0 "
              "redirect=a responsefieldsize=16384 route=a smax=5 status=+H"},
        {"jira admin=::1,10.0.0.0/8", JIRA " timeout=300 pass off" WS " admin=::1,10.0.0.0/8"},
        {"jira trusted-proxy=10.0.0.1,10.0.0.0/8,2001:db8::/32",
         JIRA " timeout=300 pass off" WS " trusted=10.0.0.1,10.0.0.0/8,2001:db8::/32"},
        {"jira https://h verify=off", "https://h timeout=300 pass off" WS " unverified"},
        {"jira verify=on", JIRA " timeout=300 pass off" WS},
        {"jira https://h ca=/etc/ca.pem", "https://h timeout=300 pass off" WS " ca=/etc/ca.pem"},
        {"jira secure-cookies=off", JIRA " timeout=300 pass off" WS " cookies-as-sent"},
        {"jira connectiontimeout=5S acquire=1min ping=2mi loadfactor=1.5",
         JIRA " timeout=300 pass off" WS " connectiontimeout=5S acquire=1min ping=2mi loadfactor=1.5"},
        {"jira route=a=b", JIRA " timeout=300 pass off" WS " route=a=b"},
        {"jira http://timeout:8080", "http://timeout:8080 timeout=300 pass off" WS},
        {"jira confluence", "http://confluence:8080 timeout=300 pass off" WS},
        {"jira http://h/a=b", "http://h/a=b timeout=300 pass off" WS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error;
        atl_app *app = parse(rows[i].line, &error);

        expect_str(rows[i].line, "error", error, NULL);
        expect_str(rows[i].line, "app", app ? describe(app) : NULL, rows[i].app);
    }
}

#define PRODUCTS "{products}" /* the table's own list, whose order test_product.c knows */
#define KEYS " keys are admin, app-config, ca, cache, compression, except, lbmethod, maintenance, "  \
             "quiet, secure-cookies, synchrony, timeout, trusted-proxy, verify, ws-grace, ws-timeout and " \
             "mod_proxy's worker parameters"
#define DURATION                                                                                   \
    " is not a duration; write seconds, or a number with s, min or h, up to a year: 90, 5min, 2h"
#define NO_CREDENTIALS                                                                             \
    "a backend URL cannot carry a user name or password (the part before '@'); applications have " \
    "their own log-in, remove it"
#define PATH_LETTERS ": a path here is made of letters, digits and -._~!$&'()+,=:@ only"
#define COMMA " has a comma with nothing beside it; write all in one word, without blanks: a,b"
#define STUCK ": product and backend are words of their own; write"
#define WORDS ": each backend is a word of its own; write a blank in place of the comma"
#define NETWORK " is not an address or network; write 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32"
#define CHOICES "it is one of: auto, internal, off, a URL as http://host:8091"

static void test_bad(void **state)
{
    static const struct {
        const char *line, *error;
    } rows[] = {
        /* the product */
        {"", "a product is missing; write one of " PRODUCTS},
        {"\"\"", "unknown product \"\"; the products are " PRODUCTS},
        {"jria", "unknown product \"jria\" (did you mean \"jira\"?); the products are " PRODUCTS},
        {"Jira-Servicdesk", "unknown product \"Jira-Servicdesk\" (did you mean \"jira\"?); the products "
                            "are " PRODUCTS},
        {"trello http://h", "unknown product \"trello\"; the products are " PRODUCTS},
        {"http://10.0.0.5:8090/wiki",
         "the product is missing before \"http://10.0.0.5:8090/wiki\"; write one of " PRODUCTS},
        {"http://admin:s3cret@10.0.0.5:8090/wiki confluence",
         "the product is missing before \"...@10.0.0.5:8090/wiki\"; write one of " PRODUCTS},
        {"10.0.0.5/wiki", "the product is missing before \"10.0.0.5/wiki\"; write one of " PRODUCTS},
        {"jira=http://h", "\"jira=http://h\"" STUCK " jira http://host:port"},
        {"Stash:http://h", "\"Stash:http://h\"" STUCK " bitbucket http://host:port"},
        {"jira:http://admin:s3cret@h", "\"...@h\"" STUCK " jira http://host:port"},
        {"timeout=5 jira", "the product is missing before \"timeout=5\"; write one of " PRODUCTS},
        /* keys */
        {"jira timout=90", "unknown key \"timout\" (did you mean \"timeout\"?);" KEYS},
        {"jira compresion=on", "unknown key \"compresion\" (did you mean \"compression\"?);" KEYS},
        {"jira connectontimeout=5", "unknown key \"connectontimeout\" (did you mean "
                                    "\"connectiontimeout\"?);" KEYS},
        {"jira xyz=1", "unknown key \"xyz\";" KEYS},
        {"jira url=http://admin:s3cret@h", "unknown key \"url\";" KEYS},
        {"jira timeout=1 timeout=2", "timeout= is given twice in this line (\"1\" and \"2\"); keep one"},
        {"jira timeout=1 TIMEOUT=1", "timeout= is given twice in this line (\"1\" and \"1\"); keep one"},
        {"jira retry=1 Retry=1", "retry= is given twice in this line (\"1\" and \"1\"); keep one"},
        {"jira route=a\nb route=c", "route= is given twice in this line (\"a\nb\" and \"c\"); keep "
                                    "one"},
        {"confluence synchrony=http://s:1 synchrony=http://u:s3cret@s:2",
         "synchrony= is given twice in this line (\"http://s:1\" and \"...@s:2\"); keep one"},
        {"jira h1 route=a h2 route=b", "route= is given twice in this line (\"a\" and \"b\"); keep one, or "
                                       "write each behind its node: http://host:port;route=value"},
        {"jira h1 timeout=1 h2 timeout=2", "timeout= is given twice in this line (\"1\" and \"2\"); keep one"},
        {"jira timeout=\"300\"", "timeout=: quotes go around the whole word: \"timeout=value\""},
        {"jira route='a'", "route=: quotes go around the whole word: \"route=value\""},
        {"jira timeout=", "timeout= has no value: how long the application may be silent within one "
                          "answer"},
        {"jira quiet=", "quiet= has no value: findings that are not to be reported for this line, comma-separated"},
        {"jira quiet=ATLP1001,ATLP1107", "quiet=: \"ATLP1107\" is not the id of a finding; the nearest is ATLP1007 (context), see docs/findings.md"},
        {"jira quiet=,ATLP1001", "quiet=: \",ATLP1001\"" COMMA},
        {"jira maintenance=off", "maintenance=: \"off\" is not a file; name one that exists during maintenance "
                                 "only, or remove the key"},
        {"jira maintenance=ON", "maintenance=: \"ON\" is not a file; name one that exists during maintenance "
                                "only, or remove the key"},
        {"jira except=", "except= has no value: paths this httpd serves itself, comma-separated"},
        {"jira retry=", "retry=: \"\" is not a whole number"},
        {"jira timeout 90", "timeout is a key; write timeout=value (a host of that name is written "
                            "http://timeout:port)"},
        {"jira Retry", "retry is a key; write retry=value (a host of that name is written "
                       "http://retry:port)"},
        {"jira upgrade=websocket", "upgrade=: the module itself decides where WebSockets pass; remove "
                                   "it"},
        {"jira secret=s3cret", "secret=: it belongs to AJP, which Atlassian's products do not speak; "
                               "remove it"},
        {"jira nocanon=1", "nocanon=: paths reach the application as sent already; remove it"},
        {"jira nocanon", "nocanon: paths reach the application as sent already; remove it"},
        {"jira mapping=servlet", "mapping=: paths are read as the servlet container reads them "
                                 "already; remove it"},
        {"jira stickysession=X", "stickysession=: a cluster's cookie is the module's own; remove it"},
        {"jira retry=abc", "retry=: \"abc\" is not a whole number"},
        {"jira max=-1", "max=: \"-1\" is not a whole number"},
        {"jira max=9999999999", "max=: \"9999999999\" is not a whole number"},
        {"jira keepalive=yes", "keepalive=: \"yes\" is not on or off"},
        {"jira connectiontimeout=5h", "connectiontimeout=: \"5h\" is not a number of seconds, or one "
                                      "with ms, s or min"},
        {"jira loadfactor=x", "loadfactor=: \"x\" is not a number"},
        {"jira loadfactor=1.2.3", "loadfactor=: \"1.2.3\" is not a number"},
        {"jira route=", "route=: \"\" is not a word"},
        /* who vouches, and for whom */
        {"jira trusted-proxy=lb.example.com",
         "trusted-proxy=: \"lb.example.com\" is a name; only addresses and networks can be trusted: "
         "10.0.0.5, 10.0.0.0/8, 2001:db8::/32"},
        {"jira trusted-proxy=10.0.0.0/33", "trusted-proxy=: \"10.0.0.0/33\"" NETWORK},
        {"jira trusted-proxy=10.0.0", "trusted-proxy=: \"10.0.0\"" NETWORK},
        {"jira trusted-proxy=10.0.0.1,", "trusted-proxy=: \"10.0.0.1,\"" COMMA},
        {"jira trusted-proxy=10.0.0.1;10.0.0.2", "trusted-proxy=: \"10.0.0.1;10.0.0.2\"" NETWORK},
        {"jira trusted-proxy=10.0.0.*", "trusted-proxy=: \"10.0.0.*\"" NETWORK},
        {"jira trusted-proxy=0.0.0.0/0", "trusted-proxy=: \"0.0.0.0/0\" is every address; name the ones that "
                                         "are meant, or remove the key"},
        {"jira admin=::/0", "admin=: \"::/0\" is every address; name the ones that are meant, or remove the "
                            "key"},
        {"jira admin=10.0.0.0/8,office", "admin=: \"office\" is a name; only addresses and networks can "
                                         "be trusted: 10.0.0.5, 10.0.0.0/8, 2001:db8::/32"},
        {"jira admin=10.0.0.0/8,,::1", "admin=: \"10.0.0.0/8,,::1\"" COMMA},
        {"jira admin=::1/129", "admin=: \"::1/129\"" NETWORK},
        {"jira admin=", "admin= has no value: addresses that may reach administration and set-up pages, "
                        "comma-separated"},
        {"jira trusted-proxy=", "trusted-proxy= has no value: addresses of load balancers in front, "
                                "comma-separated"},
        {"jira verify=no", "verify=: \"no\" is not known; it is one of: off, on"},
        {"jira secure-cookies=x", "secure-cookies=: \"x\" is not known; it is one of: off, on"},
        {"jira verify=off", "verify= is about an https backend, and this one is "
                            "http://127.0.0.1:8080; write https:// or remove the key"},
        {"jira http://h ca=/x", "ca= is about an https backend, and this one is http://h; write "
                                "https:// or remove the key"},
        {"jira https://h ca=/x verify=off", "ca= and verify=off contradict each other; keep one"},
        /* durations */
        {"jira timeout=0", "timeout=: \"0\"" DURATION},
        {"jira timeout=-1", "timeout=: \"-1\"" DURATION},
        {"jira timeout=5m", "timeout=: \"5m\"" DURATION},
        {"jira timeout=soon", "timeout=: \"soon\"" DURATION},
        {"jira timeout=9999999999", "timeout=: \"9999999999\"" DURATION},
        {"confluence ws-timeout=1d", "ws-timeout=: \"1d\"" DURATION},
        {"confluence ws-grace=x", "ws-grace=: \"x\"" DURATION},
        /* choices */
        {"jira compression=yes", "compression=: \"yes\" is not known; it is one of: pass, on, off"},
        {"jira compression=offf", "compression=: \"offf\" is not known (did you mean \"off\"?); it is one "
                                  "of: pass, on, off"},
        {"jira synchrony=off", "synchrony=: Jira has no Synchrony; remove the key"},
        {"confluence synchrony=interal", "synchrony=: \"interal\" is not known (did you mean "
                                         "\"internal\"?); " CHOICES},
        {"confluence synchrony=host", "synchrony=: \"host\" is not known; " CHOICES},
        {"confluence synchrony=https://s", "synchrony=: Synchrony speaks http only; write "
                                           "http://host:8091"},
        {"confluence synchrony=ws://s", "synchrony=: scheme \"ws\" is not known; a backend is http:// "
                                        "or https:// (WebSockets need no line of their own)"},
        {"confluence synchrony=http://u:s3cret@s", "synchrony=: " NO_CREDENTIALS},
        {"confluence synchrony=http://s1,", "synchrony=: \"http://s1,\"" COMMA},
        {"confluence synchrony=s:0", "synchrony=: port \"0\" is not a number from 1 to 65535"},
        {"confluence synchrony=/synchrony", "synchrony=: a host name is missing; write "
                                            "http://host:port/context"},
        {"confluence h/wiki synchrony=s:1/wiki",
         "synchrony=: path /wiki is Confluence's own context; give Synchrony another one, as "
         "/synchrony"},
        {"confluence h/wiki synchrony=s:1/wiki/synchrony-proxy",
         "synchrony=: path /wiki/synchrony-proxy is Confluence's own way to Synchrony; give Synchrony "
         "another one, as /synchrony"},
        {"confluence h/synchrony",
         "context path /synchrony is where browsers look for Synchrony; give Confluence another one "
         "(in its server.xml too), or write synchrony=internal"},
        /* except= */
        {"jira except=/", "except=/ is all of Jira; name a path below it, or remove the line"},
        {"jira h/jira except=/jira/", "except=/jira is all of Jira; name a path below it, or remove "
                                      "the line"},
        {"jira h/jira except=/", "except=/ is not below /jira, so there is nothing to except"},
        {"jira h/jira except=/jirafoo", "except=/jirafoo is not below /jira, so there is nothing to "
                                        "except"},
        {"jira h/jira except=/jira/a,/b", "except=/b is not below /jira, so there is nothing to "
                                          "except"},
        {"jira except=plain", "except=: path \"plain\" must begin with /"},
        {"jira except=/a,,/b", "except=: \"/a,,/b\"" COMMA},
        {"jira except=/a, /b", "except=: \"/a,\"" COMMA},
        {"jira except=/a/../b", "except=: path \"/a/../b\" has a \".\" or \"..\" segment; write the "
                                "path it stands for"},
        {"jira except=/a//b", "except=: path \"/a//b\" has an empty segment (//)"},
        {"jira except=/a%20b", "except=: path \"/a%20b\"" PATH_LETTERS},
        {"jira except=/a;b", "except=: path \"/a;b\"" PATH_LETTERS},
        {"jira except=/a*", "except=: path \"/a*\"" PATH_LETTERS},
        {"jira except=/" "\xc3\xa4", "except=: path \"/\xc3\xa4\"" PATH_LETTERS},
        {"jira except=http://u:s3cret@h/", "except=: path \"...@h/\" must begin with /"},
        {"confluence except=/synchrony",
         "except=/synchrony is Synchrony's own path; write synchrony=internal or synchrony=off to "
         "free it"},
        {"confluence h/wiki except=/wiki/synchrony-proxy",
         "except=/wiki/synchrony-proxy is Synchrony's own path; write synchrony=off to free it"},
        /* backends */
        {"jira /jira", "\"/jira\" is not a backend; a path alone lacks the host: write "
                       "http://127.0.0.1:8080/jira"},
        {"jira /me@x", "\"...@x\" is not a backend; a path alone lacks the host: write "
                       "http://127.0.0.1:8080/context"},
        {"crowd //h/crowd", "\"//h/crowd\" is not a backend; write http:// before the host"},
        {"jira //admin:s3cret@h", "\"...@h\" is not a backend; write http:// before the host"},
        {"jira /a\nb", "\"/a\nb\" is not a backend; a path alone lacks the host: write "
                       "http://127.0.0.1:8080/context"},
        {"jira h \"\"", "a host name is missing; write http://host:port/context"},
        {"jira http://admin:s3cret@h/jira", NO_CREDENTIALS},
        {"jira =90", "host \"=90\" has a character that no host name may have: '='"},
        {"jira http://h/jira?x=y", "backend \"http://h/jira?x=y\" has a query; a backend is a host, a "
                                   "port and a context path, remove the part from '?' on"},
        {"jira http//h/jira", "\"http//h/jira\": a URL begins with http://"},
        {"jira h # the tracker", "\"#\": httpd knows no comment behind a directive; write it on a line of its "
                                 "own"},
        {"jira off", "\"off\": a line has no switch, it counts while it is there (a host of that name is "
                     "written http://off:port)"},
        {"jira http://h1/x,http://h2/x", "\"http://h1/x,http://h2/x\"" WORDS},
        {"jira h1, h2", "\"h1,\"" WORDS},
        {"jira h:8080:1", "\"h:8080:1\" has more than one ':'; write host:port"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error;
        atl_app *app = parse(rows[i].line, &error);

        const char *const values[] = {"products", atl_product_names(pool), NULL};

        expect_str(rows[i].line, "error", error,
                   rows[i].error ? atl_fill(pool, rows[i].error, values) : NULL);
        expect(rows[i].line, "no app", !app);
        expect(rows[i].line, "no password is repeated", !error || !strstr(error, "s3cret"));
    }
}

/* 10,000 characters anywhere: an error, and a short one. */
static void test_long(void **state)
{
    static const char *const before[] = {"", "jira ", "jira http://", "jira timeout=",
                                         "jira compression=", "jira except=",
                                         "confluence synchrony=", "jira /",
                                         "jira h timeout=1 timeout=", "jira h:", "jira ["};

    (void)state;
    for (size_t i = 0; i < COUNT(before); i++) {
        const char *error;

        parse(apr_pstrcat(pool, before[i], repeat('9', 10000), NULL), &error);
        expect(before[i], "refused", error != NULL);
        expect(before[i], "a short message", error && strlen(error) < 400);
    }
}

static void test_name(void **state)
{
    const char *error;
    atl_app *app = parse("confluence h/wiki", &error), *root = parse("jira", &error);

    (void)state;
    app->file = "wiki.conf";
    app->line = 12;
    expect_str("wiki", "name", atl_app_name(pool, app), "confluence at /wiki (wiki.conf:12)");
    expect_str("root", "name", atl_app_name(pool, root), "jira at / (?:0)");
}

static void test_keys(void **state)
{
    static const char *const keys[] = {"admin", "app-config", "ca", "cache", "compression", "except",
                                       "lbmethod", "maintenance", "quiet", "secure-cookies",
                                       "synchrony", "timeout", "trusted-proxy", "verify",
                                       "ws-grace", "ws-timeout", NULL};

    (void)state;
    for (int i = 0; i < (int)COUNT(keys); i++) {
        const char *help = NULL;
        expect_str(keys[i] ? keys[i] : "end", "key", atl_app_key(i, &help), keys[i]);
        expect(keys[i] ? keys[i] : "end", "help", (help != NULL) == (keys[i] != NULL));
    }
    expect("negative", "no key", !atl_app_key(-1, NULL));
    expect_str("without help", "key", atl_app_key(0, NULL), "admin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_products), UNIT_TEST(test_good),
                                       UNIT_TEST(test_bad),      UNIT_TEST(test_long),
                                       UNIT_TEST(test_name),     UNIT_TEST(test_keys)};

    return cmocka_run_group_tests_name("app", tests, unit_group_setup, unit_group_teardown);
}
