/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/worker.c: which claims share one of mod_proxy's workers, and its parameters. */
#include "unit.h"

#include "unit_site.h"

#include <apr_strings.h>
#include <string.h>

/* As mod_proxy finds a worker: the longest URL that is a prefix of the request's, on the same
 * origin (httpd's proxy_util.c, ap_proxy_get_worker_ex). */
static const atl_worker *worker_of(const atl_site *site, const atl_claim *claim)
{
    const char *url = apr_pstrcat(pool, claim->backend->origin, claim->backend_path, "/~", NULL);
    const atl_worker *found = NULL;

    for (int i = 0; i < site->workers->nelts; i++) {
        const atl_worker *worker = APR_ARRAY_IDX(site->workers, i, const atl_worker *);
        apr_size_t len = strlen(worker->url);

        if (len >= strlen(claim->backend->origin) && !strncmp(url, worker->url, len) &&
            (!found || len > strlen(found->url))) {
            found = worker;
        }
    }
    return found;
}

#define BASE "timeout=300 connectiontimeout=10 ttl=15 retry=0"
#define WS "timeout=3600 connectiontimeout=10 ttl=15 retry=0 upgrade=websocket"

static void test_workers(void **state)
{
    static const struct {
        const char *lines, *workers; /* workers: from the last to the first */
    } rows[] = {
        {"bamboo", "http://127.0.0.1:8085 " BASE},
        {"bitbucket", "http://127.0.0.1:7990 timeout=3600 connectiontimeout=10 ttl=15 retry=0"},
        {"confluence", "http://127.0.0.1:8091 " WS "\nhttp://127.0.0.1:8090 " BASE
                       "\nhttp://127.0.0.1:8090/synchrony-proxy " WS},
        {"crowd", "http://127.0.0.1:8095 timeout=60 connectiontimeout=10 ttl=15 retry=0"},
        {"crucible", "http://127.0.0.1:8060 " BASE},
        {"fisheye", "http://127.0.0.1:8060 " BASE},
        {"jira", "http://127.0.0.1:8080 " BASE},
        /* WebSockets only where Synchrony is */
        {"confluence h/wiki", "http://h:8091 " WS "\nhttp://h:8090 " BASE
                              "\nhttp://h:8090/wiki/synchrony-proxy " WS},
        {"confluence h/wiki synchrony=internal",
         "http://h:8090 " BASE "\nhttp://h:8090/wiki/synchrony-proxy " WS},
        {"confluence h/wiki synchrony=off", "http://h:8090 " BASE},
        {"confluence h/wiki synchrony=http://s:9/sync ws-timeout=2min",
         "http://s:9 timeout=120 connectiontimeout=10 ttl=15 retry=0 upgrade=websocket\n"
         "http://h:8090 " BASE "\n"
         "http://h:8090/wiki/synchrony-proxy timeout=120 connectiontimeout=10 ttl=15 retry=0 "
         "upgrade=websocket"},
        /* parameters: the line's own in place of the defaults, the rest as they came */
        {"jira h timeout=7", "http://h:8080 timeout=7 connectiontimeout=10 ttl=15 retry=0"},
        {"jira h retry=5", "http://h:8080 timeout=300 connectiontimeout=10 ttl=15 retry=5"},
        {"jira h ttl=60 connectiontimeout=500ms",
         "http://h:8080 timeout=300 connectiontimeout=500ms ttl=60 retry=0"},
        {"jira h max=50 smax=5 TTL=9 keepalive=On",
         "http://h:8080 timeout=300 connectiontimeout=10 ttl=9 retry=0 max=50 smax=5 keepalive=On"},
        {"jira h route=a\"b\\c",
         "http://h:8080 " BASE " \"route=a\\\"b\\\\c\""},
        {"jira h route=a\tb", "http://h:8080 " BASE " \"route=a\tb\""},
        {"confluence h/wiki synchrony=internal max=50",
         "http://h:8090 " BASE " max=50\nhttp://h:8090/wiki/synchrony-proxy timeout=3600 "
         "connectiontimeout=10 ttl=15 retry=0 max=50 upgrade=websocket"},
        /* sharing */
        {"jira h/jira\nbamboo h:8080/bamboo", "http://h:8080 " BASE},
        {"jira h/jira\nbamboo h/bamboo", "http://h:8085 " BASE "\nhttp://h:8080 " BASE},
        {"jira h/jira\nbamboo https://h:8080/bamboo", "http://h:8080 " BASE "\nhttps://h:8080 " BASE},
        {"jira h/jira timeout=9\nbamboo h:8080/bamboo",
         "http://h:8080 timeout=9 connectiontimeout=10 ttl=15 retry=0\nhttp://h:8080/bamboo " BASE},
        {"jira h/jira timeout=9\nbamboo h:8080/bamboo timeout=9s",
         "http://h:8080 timeout=9 connectiontimeout=10 ttl=15 retry=0"},
        {"jira h/jira compression=on\nbamboo h:8080/bamboo",
         "http://h:8080 " BASE "\nhttp://h:8080/bamboo " BASE},
        /* the root context has the bare URL, wherever its line stands */
        {"bamboo h:8080/bamboo timeout=9\njira h",
         "http://h:8080 " BASE "\n"
         "http://h:8080/bamboo timeout=9 connectiontimeout=10 ttl=15 retry=0"},
        {"jira h\nbamboo h:8080/bamboo timeout=9",
         "http://h:8080 " BASE "\n"
         "http://h:8080/bamboo timeout=9 connectiontimeout=10 ttl=15 retry=0"},
        /* mod_proxy looks at characters, not segments: /jira's worker would take /jira2 */
        {"bamboo h:1/a\njira h:1/jira timeout=9\ncrucible h:1/jira2",
         "http://h:1 " BASE "\n"
         "http://h:1/jira timeout=9 connectiontimeout=10 ttl=15 retry=0\nhttp://h:1/jira2 " BASE},
        {"bamboo h:1/a\njira h:1/jira timeout=9\ncrucible h:1/jira/x",
         "http://h:1 " BASE "\n"
         "http://h:1/jira timeout=9 connectiontimeout=10 ttl=15 retry=0\nhttp://h:1/jira/x " BASE},
        {"crucible h:1/jira/x\njira h:1/jira timeout=9\nbamboo h:1/a",
         "http://h:1 " BASE "\n"
         "http://h:1/jira timeout=9 connectiontimeout=10 ttl=15 retry=0\nhttp://h:1/jira/x " BASE},
        {"bamboo h:1/a\njira h:1/b timeout=9\ncrucible h:1/b/x timeout=9",
         "http://h:1 " BASE "\nhttp://h:1/b timeout=9 connectiontimeout=10 ttl=15 retry=0"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const atl_site *site = site_of(rows[i].lines, "https", "example.com", 443, NULL);
        const apr_array_header_t *claims;
        const char *text = NULL;

        assert_non_null(site);
        for (int w = 0; w < site->workers->nelts; w++) {
            const atl_worker *worker = APR_ARRAY_IDX(site->workers, w, const atl_worker *);
            text = apr_pstrcat(pool, worker->url, " ", worker->params, text ? "\n" : NULL, text,
                               NULL);
            expect(worker->url, "a longer URL is not after it",
                   w == 0 || strlen(APR_ARRAY_IDX(site->workers, w - 1, const atl_worker *)->url) >=
                                 strlen(worker->url));
        }
        expect_str(rows[i].lines, "workers", text, rows[i].workers);
        claims = atl_routes_claims(site->routes);
        for (int c = 0; c < claims->nelts; c++) {
            const atl_claim *claim = APR_ARRAY_IDX(claims, c, const atl_claim *);
            expect(rows[i].lines, "mod_proxy finds the claim's own worker",
                   claim->worker == (claim->backend ? worker_of(site, claim) : NULL));
            expect(rows[i].lines, "with WebSockets for Synchrony only",
                   !claim->worker || (strstr(claim->worker->params, "upgrade=") != NULL) ==
                                         (claim->kind != ATL_CLAIM_PAGES));
        }
    }
}

/* Three lines with one Synchrony and three opinions: mod_proxy can tell two apart at most. Never two
 * workers of one URL, which httpd would merge. */
static void test_one_synchrony(void **state)
{
    const atl_site *site = site_of("confluence h1/a synchrony=s:1/x\n"
                                   "confluence h2/b synchrony=s:1/y ws-timeout=9\n"
                                   "confluence h3/c synchrony=s:1/z ws-timeout=8",
                                   "http", "x", 80, NULL);

    (void)state;
    assert_non_null(site);
    for (int i = 1; i < site->workers->nelts; i++) {
        const char *url = APR_ARRAY_IDX(site->workers, i, const atl_worker *)->url;
        expect(url, "is there once",
               strcmp(url, APR_ARRAY_IDX(site->workers, i - 1, const atl_worker *)->url));
    }
}

static void test_first(void **state)
{
    const atl_site *site = site_of("jira h/jira\nbamboo h:8080/bamboo", "http", "x", 80, NULL);
    const atl_worker *worker;

    (void)state;
    assert_non_null(site);
    worker = APR_ARRAY_IDX(site->workers, 0, const atl_worker *);
    expect_int("shared", "line in messages", (long)worker->first->app->line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_workers), UNIT_TEST(test_one_synchrony),
                                       UNIT_TEST(test_first)};

    return cmocka_run_group_tests_name("worker", tests, unit_group_setup, unit_group_teardown);
}
