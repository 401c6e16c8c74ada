/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/notice.c: the file of maintenance=, and what passes. */
#include "unit.h"

#include "notice.h"
#include "text.h"
#include "product.h"
#include "rules.h"
#include "unit_site.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *file, *until, *text, *wrong; /* until: in UTC */
} rows[] = {
    {"", NULL, "", NULL},
    {"Back soon.\n", NULL, "Back soon.\n", NULL},
    {"until: 2026-11-24 06:00\n", "2026-11-24T05:00:00Z", "", NULL},
    {"until: 2026-07-24 06:00", "2026-07-24T04:00:00Z", "", NULL}, /* daylight saving */
    {"Until:2026-11-24T06:00:30Z\r\n\r\nA new Jira.\r\nReally.", "2026-11-24T06:00:30Z",
     "A new Jira.\nReally.", NULL},
    {"until: 2026-11-24T06:00+01:00\nx", "2026-11-24T05:00:00Z", "x", NULL},
    {"until: 2026-11-24 00:30 -0930", "2026-11-24T10:00:00Z", "", NULL},
    {"until: 2026-11-24 06:00 UTC  \n", "2026-11-24T06:00:00Z", "", NULL},
    {"\xef\xbb\xbfuntil: 2026-11-24T06:00Z\nx", "2026-11-24T06:00:00Z", "x", NULL},
    {"x\nuntil: 2026-11-24 06:00", NULL, "x\nuntil: 2026-11-24 06:00", NULL},
    {"a <b> \xff\xc3\xa4", NULL, "a <b> \xef\xbf\xbd\xc3\xa4", NULL},
    {"until: tomorrow\nx", NULL, "x", "tomorrow"},
    {"until:\nx", NULL, "x", ""},
    {"until: 2026-11-24", NULL, "", "2026-11-24"},
    {"until: 2026-11-24 6:00", NULL, "", "2026-11-24 6:00"},
    {"until: 2026-02-30 06:00", NULL, "", "2026-02-30 06:00"},
    {"until: 2026-02-30 06:00Z", NULL, "", "2026-02-30 06:00Z"},
    {"until: 2026-13-01 06:00", NULL, "", "2026-13-01 06:00"},
    {"until: 2026-11-24 24:00", NULL, "", "2026-11-24 24:00"},
    {"until: 2026-11-24 06:00 CET", NULL, "", "2026-11-24 06:00 CET"},
    {"until: 2026-11-24 06:00 +1:00", NULL, "", "2026-11-24 06:00 +1:00"},
    {"until: 2026-11-24 06:00 o'clock", NULL, "", "2026-11-24 06:00 o'clock"},
};

static void files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atl_notice notice;

        atl_notice_read(pool, rows[i].file, &notice);
        expect_str(rows[i].file, "until", notice.until ? atl_time_iso(pool, notice.until) : NULL,
                   rows[i].until);
        expect_str(rows[i].file, "text", notice.text, rows[i].text);
        expect_str(rows[i].file, "wrong", notice.wrong, rows[i].wrong);
        expect_str(rows[i].file, "broken rule", notice_rule_broken(pool, rows[i].file), NULL);
    }
}

static void retry(void **state)
{
    const apr_time_t now = apr_time_from_sec(1000000);
    atl_notice notice = {"", 0, NULL};

    (void)state;
    expect_int("not said", "retry", atl_notice_retry(&notice, now, 60), 60);
    notice.until = now + apr_time_from_sec(90);
    expect_int("in 90 s", "retry", atl_notice_retry(&notice, now, 60), 91);
    notice.until = now - apr_time_from_sec(90);
    expect_int("over", "retry", atl_notice_retry(&notice, now, 60), 60);
    notice.until = now + 123456;
    expect_int("a moment", "retry", atl_notice_retry(&notice, now, 60), 1);
    expect_str("shown", "time", atl_notice_time(pool, apr_time_from_sec(1795502400)),
               "2026-11-24 07:40 +0100");
}

static int passes(const atl_site *site, const char *path)
{
    const atl_claim *claim = atl_routes_find(site->routes, path);

    return claim && claim->backend ? atl_notice_passes(claim, path) : -1;
}

/* What a check asks passes with every product, and nothing people look at does. */
static void who_passes(void **state)
{
    atl_site *site = site_of("jira 127.0.0.1/jira\nbamboo 127.0.0.1/ci\nconfluence 127.0.0.1/wiki", "https",
                             NULL, 443, NULL);

    (void)state;
    for (const atl_product *product = atl_products; product->name; product++) {
        atl_site *own = site_of(apr_pstrcat(pool, product->name, " 127.0.0.1/x", NULL), "https", NULL, 443, NULL);

        for (const atl_probe *probe = product->probes; probe->path; probe++) {
            if (probe->kind != ATL_PROBE_OK) {
                expect_int(product->name, probe->path,
                           passes(own, apr_pstrcat(pool, "/x", probe->path, NULL)), 1);
            }
        }
        expect_int(product->name, "front page", passes(own, "/x"), 0);
        expect_int(product->name, "login", passes(own, "/x/login.action"), 0);
    }
    expect_int("jira", "rest", passes(site, "/jira/rest/api/2/issue/A-1"), 0);
    expect_int("jira", "links", passes(site, "/jira/plugins/servlet/oauth/access-token"), 1);
    expect_int("jira", "whole segments", passes(site, "/jira/statuspage"), 0);
    expect_int("bamboo", "agents", passes(site, "/ci/agentServer/message"), 1);
    expect_int("synchrony", "editors", passes(site, "/synchrony/v1/bayeux-sync1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(files), UNIT_TEST(retry), UNIT_TEST(who_passes)};

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); /* as written, whatever zones are installed */
    tzset();
    return cmocka_run_group_tests_name("notice", tests, unit_group_setup, unit_group_teardown);
}
