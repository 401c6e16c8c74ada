/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/member.c, modules/cluster.c: several backends in one line. */
#include "unit.h"

#include "cluster.h"
#include "unit_site.h"

#include <apr_strings.h>
#include <string.h>

static void test_errors(void **state)
{
    static const struct {
        const char *line, *error;
    } rows[] = {
        {"jira http://a/jira http://b/jira http://a/jira", "backend http://a stands there twice; keep one"},
        {"jira http://a/jira http://b/", "backends http://a/jira and http://b: the nodes of a cluster have "
                                         "one context path; write one path, or give another application "
                                         "a line of its own"},
        {"jira http://a/jira https://b/jira", "backends http://a and https://b: the nodes of a cluster are "
                                              "all http or all https; write one scheme"},
        {"crucible h1 h2", "a second backend (http://h2:8060): there is no Crucible Data Center, it runs "
                           "on one node; remove all but one"},
        {"fecru h1 h2", "a second backend (http://h2:8060): there is no Fisheye Data Center, it runs "
                        "on one node; remove all but one"},
        {"jira h1;route=x h2;route=x", "http://h1:8080 and http://h2:8080 have the same route x; give each "
                                       "its own, as http://h2:8080;route=b"},
        {"jira h1 h2 route=x", "route=: the nodes of a cluster have a route each; write "
                               "http://h1:8080;route=a"},
        {"jira h1;route=a.b h2", "h1: route=a.b: a route is made of letters, digits, - and _"},
        {"jira h1;max h2", "h1: \"max\" after a backend is not key=value; write mod_proxy's worker "
                           "parameters of this node there: ;loadfactor=2;route=b"},
        {"jira h1;max=x h2", "h1: max=: \"x\" is not a whole number"},
        {"jira h1;max=1;max=2 h2", "h1: max= is given twice for one node; keep one"},
        {"jira h1;timeout=9 h2", "h1: timeout= holds for all nodes; write it as a word of the line"},
        {"jira h1;stat=+H h2", "h1: \"stat\" is not a worker parameter of mod_proxy's (did you mean "
                               "\"status\"?), and only those can be one node's own"},
        {"jira h1;upgrade=ANY h2", "h1: upgrade=: the module itself decides where WebSockets pass; remove "
                                   "it"},
        {"jira h1;max=2", "parameters after ; are one node's of several, and http://h1:8080 is the only "
                          "one; write them as words of the line"},
        {"jira h1 lbmethod=bybusyness", "lbmethod= is about several backends, and there is one; remove the "
                                        "key"},
        {"jira h1 hcinterval=3", "hcinterval= is about several backends, and there is one; remove the key"},
        {"jira h1 h2 lbmethod=bybussyness", "lbmethod=: \"bybussyness\" is not known (did you mean "
                                            "\"bybusyness\"?); it is one of: byrequests, bytraffic, "
                                            "bybusyness, heartbeat"},
        {"jira http://u:s;cret@h1 h2", "a backend URL cannot carry a user name or password (the part "
                                       "before '@'); applications have their own log-in, remove it"},
        {"bamboo h1/a123456789012345678901234567890123456789012 h2/a123456789012345678901234567890123456789012",
         "context path /a123456789012345678901234567890123456789012 is too long for mod_proxy_hcheck to ask "
         "for /a123456789012345678901234567890123456789012/rest/api/latest/status; in a cluster it has 40 "
         "characters at most"},
        {"confluence h1 h2 synchrony=http://s1,http://s2/other",
         "synchrony=: \"http://s2/other\": the nodes of one Synchrony have one public path; write /synchrony "
         "for all of them"},
        {"confluence h1 synchrony=http://s1,http://s1", "synchrony=: http://s1 stands there twice; keep one"},
        {"confluence h1 synchrony=http://s1;route=a",
         "parameters after ; are one node's of several, and http://s1 is the only one; write them as words "
         "of the line"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why = NULL;

        site_of(rows[i].line, "http", "h", 80, &why);
        expect_str(rows[i].line, "error", why, rows[i].error);
    }
}

/* Every claim of a cluster: where it goes and with which cookie. */
static const char *clusters_of(const atl_site *site)
{
    const apr_array_header_t *claims = atl_routes_claims(site->routes);
    const char *text = "";

    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);
        const atl_cluster *cluster = claim->cluster;

        if (cluster) {
            text = apr_psprintf(pool, "%s%s%s %s %s %s(%d)", text, *text ? "\n" : "",
                                *claim->path ? claim->path : "/", cluster->url, cluster->cookie,
                                cluster->sets_cookie ? cluster->cookie_path : "-", claim->nodes->nelts);
        }
    }
    return text;
}

static void test_names(void **state)
{
    static const struct {
        const char *lines, *clusters;
    } rows[] = {
        {"jira h1", ""},
        {"jira h1 h2", "/ balancer://jira ATLROUTE.jira /(2)"},
        {"jira h1/jira h2/jira h3/jira", "/jira balancer://jira.jira ATLROUTE.jira.jira /jira(3)"},
        {"jira h1/a/b h2/a/b\njira h1/a.b h2/a.b", "/a/b balancer://jira.a.b ATLROUTE.jira.a.b /a/b(2)\n"
                                                  "/a.b balancer://jira.a_2eb ATLROUTE.jira.a_2eb /a.b(2)"},
        {"jira h1/A-b h2/A-b", "/A-b balancer://jira._41-b ATLROUTE.jira._41-b /A-b(2)"},
        {"jira h1/0123456789012345678901234567890123456 h2/0123456789012345678901234567890123456",
         "/0123456789012345678901234567890123456 balancer://jira.6e890720 ATLROUTE.jira.6e890720 "
         "/0123456789012345678901234567890123456(2)"},
        {"confluence h1/wiki h2/wiki",
         "/wiki balancer://confluence.wiki ATLROUTE.confluence.wiki /wiki(2)\n"
         "/wiki/synchrony-proxy balancer://websockets.confluence.wiki ATLROUTE.confluence.wiki -(2)\n"
         "/synchrony balancer://synchrony.confluence.wiki ATLROUTE.synchrony.confluence.wiki /synchrony(2)"},
        {"confluence h1/wiki synchrony=http://s1:8091,http://s2:8091",
         "/synchrony balancer://synchrony.confluence.wiki ATLROUTE.synchrony.confluence.wiki /synchrony(2)"},
        /* one host, one Synchrony */
        {"confluence h1:1/wiki h1:2/wiki synchrony=auto",
         "/wiki balancer://confluence.wiki ATLROUTE.confluence.wiki /wiki(2)\n"
         "/wiki/synchrony-proxy balancer://websockets.confluence.wiki ATLROUTE.confluence.wiki -(2)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why;
        atl_site *site = site_of(rows[i].lines, "http", "h", 80, &why);

        expect_str(rows[i].lines, "error", why, NULL);
        expect_str(rows[i].lines, "clusters", clusters_of(site), rows[i].clusters);
    }
}

#define MEMBER "timeout=300 connectiontimeout=5 ttl=15 retry=300 hcinterval=5 hcfails=2"

static void test_members(void **state)
{
    static const struct {
        const char *line, *members;
    } rows[] = {
        {"jira h1/jira h2/jira;route=b;loadfactor=2;status=+D;max=3 max=9 min=1",
         "\"http://h1:8080\" route=nf97f957b " MEMBER " max=9 min=1 hcmethod=GET hcuri=/jira/status "
         "hcexpr=atl-jira\n"
         "\"http://h2:8080\" route=b " MEMBER " loadfactor=2 status=+D max=3 min=1 hcmethod=GET "
         "hcuri=/jira/status hcexpr=atl-jira"},
        {"bamboo h1;route=a h2;route=b h3;route=c;status=-H",
         "\"http://h1:8085\" route=a " MEMBER " hcmethod=GET hcuri=/rest/api/latest/status "
         "hcexpr=atl-bamboo\n"
         "\"http://h2:8085\" route=b status=+H " MEMBER " hcmethod=GET hcuri=/rest/api/latest/status "
         "hcexpr=atl-bamboo\n"
         "\"http://h3:8085\" route=c " MEMBER " status=-H hcmethod=GET hcuri=/rest/api/latest/status "
         "hcexpr=atl-bamboo"},
        {"crowd h1/;route=a;retry=7 h2/;route=b hcmethod=TCP hcinterval=1 hcfails=1 timeout=9",
         "\"http://h1:8095\" route=a timeout=9 connectiontimeout=5 ttl=15 retry=7 hcinterval=1 hcfails=1 "
         "hcmethod=TCP\n"
         "\"http://h2:8095\" route=b timeout=9 connectiontimeout=5 ttl=15 retry=300 hcinterval=1 hcfails=1 "
         "hcmethod=TCP"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why, *text = "";
        atl_site *site = site_of(rows[i].line, "http", "h", 80, &why);
        const atl_claim *claim;

        expect_str(rows[i].line, "error", why, NULL);
        claim = APR_ARRAY_IDX(atl_routes_claims(site->routes), 0, const atl_claim *);
        for (int n = 0; n < claim->nodes->nelts; n++) {
            text = apr_pstrcat(pool, text, *text ? "\n" : "",
                               atl_cluster_member(pool, claim, &APR_ARRAY_IDX(claim->nodes, n, atl_backend)),
                               NULL);
        }
        expect_str(rows[i].line, "members", text, rows[i].members);
    }
}

/* Routes do not depend on how many nodes there are, or on their order. */
static void test_stable_routes(void **state)
{
    const char *few, *more;
    atl_app *app = NULL;

    (void)state;
    assert_null(atl_app_parse(pool, words_of("jira h1 h2"), &app));
    few = APR_ARRAY_IDX(app->backends, 1, atl_backend).route;
    assert_null(atl_app_parse(pool, words_of("jira h0 h2 h1"), &app));
    more = APR_ARRAY_IDX(app->backends, 1, atl_backend).route;
    expect_str("h2", "route", more, few);
}

static void test_words(void **state)
{
    const char *why;
    atl_site *site = site_of("confluence h1 h2 lbmethod=bybusyness synchrony=http://s1,http://s2", "http", "h", 80, &why);
    const apr_array_header_t *claims = atl_routes_claims(site->routes);
    const atl_claim *pages = APR_ARRAY_IDX(claims, 0, const atl_claim *);
    const atl_claim *synchrony = APR_ARRAY_IDX(claims, claims->nelts - 1, const atl_claim *);

    (void)state;
    expect_str("balancer", "parameters", atl_cluster_params(pool, pages),
               "lbmethod=bybusyness stickysession=ATLROUTE.confluence");
    expect_str("health", "pages", atl_cluster_health(pool, pages),
               "atl-confluence {%{REQUEST_STATUS} =~ /^20[04]$/ && (hc('body') =~ /\"state\" *: "
               "*\"(RUNNING|FIRST_RUN)\"/ || !(hc('body') =~ /\"state\"/))}");
    expect_str("health", "synchrony", atl_cluster_health(pool, synchrony),
               "atl-synchrony {%{REQUEST_STATUS} -eq 200 && hc('body') =~ /^OK/}");
    expect_str("cookie", "https", atl_cluster_cookie(pool, pages->cluster, 1, "a"),
               "ATLROUTE.confluence=.a; Path=/; HttpOnly; Secure; SameSite=None");
    expect_str("cookie", "http", atl_cluster_cookie(pool, pages->cluster, 0, "a"),
               "ATLROUTE.confluence=.a; Path=/; HttpOnly");
    expect_str("node", "the second", atl_cluster_node(pages, "http://h2:8090")->host, "h2");
    expect_str("node", "unknown", atl_cluster_node(pages, "http://h9:8090")->host, "h1");
    expect_str("node", "none", atl_cluster_node(pages, NULL)->host, "h1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_errors), UNIT_TEST(test_names),
                                       UNIT_TEST(test_members), UNIT_TEST(test_stable_routes),
                                       UNIT_TEST(test_words)};

    return cmocka_run_group_tests_name("cluster", tests, unit_group_setup, unit_group_teardown);
}
