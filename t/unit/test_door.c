/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/door.c: which paths are for administrators. t/60-admin.t has them asked for. */
#include "unit.h"

#include "door.h"

#include <apr_strings.h>
#include <string.h>

static const struct row {
    const char *product, *path;
    int door;
} rows[] = {
    /* whole words, and what containers and Struts put behind them */
    {"confluence", "/admin", 1},
    {"confluence", "/admin/", 1},
    {"confluence", "/admin/viewgeneralconfig.action", 1},
    {"confluence", "/ADMIN/x", 1},
    {"confluence", "/admin.action", 1},
    {"confluence", "/admin!default.action", 1},
    {"confluence", "/admin\xc3\xa9", 1},
    {"confluence", "/administrators.action", 0},
    {"confluence", "/xadmin", 0},
    {"confluence", "/x/admin", 0},
    {"confluence", "/admi", 0},
    {"confluence", "/", 0},
    {"confluence", "", 0},
    {"confluence", "/setup/setupadministrator.action", 1},
    {"confluence", "/setup/finishsetup.action", 1},
    {"confluence", "/bootstrap/selectsetupstep.action", 1},
    {"confluence", "/json/setup-restore.action", 1},
    {"confluence", "/json/setup-restore-local.action", 1},
    {"confluence", "/json/setup-restore-progress.action", 1},
    {"confluence", "/json/setup-restore!doDefault.action", 1},
    {"confluence", "/json/x/y/setup-restore.action", 1},
    {"confluence", "/json/Setup-Restore.action", 1},
    {"confluence", "/json/startheartbeatactivity.action", 0},
    {"confluence", "/spaces/removespace.action", 1},
    {"confluence", "/spaces/x/removespace.action", 1},
    {"confluence", "/spaces/removespaces.action", 0},
    {"confluence", "/spaces/viewspace.action", 0},
    {"confluence", "/pages/templates/listpagetemplates.action", 1},
    {"confluence", "/pages/viewpage.action", 0},
    {"confluence", "/display/ADMIN/Home", 0},
    {"confluence", "/plugins/servlet/upm/manage/all", 1},
    {"confluence", "/plugins/servlet/upmx", 0},
    {"confluence", "/plugins/servlet/oauth/consumers/add-manually", 1},
    {"confluence", "/plugins/servlet/oauth/consumer-info", 0},
    {"confluence", "/plugins/servlet/oauth/access-token", 0},
    {"confluence", "/rest/plugins/1.0/", 1},
    {"confluence", "/rest/api/content", 0},
    /* one segment, not several */
    {"bitbucket", "/rest/api/1.0/admin/users", 1},
    {"bitbucket", "/rest/api/latest/admin", 1},
    {"bitbucket", "/rest/api//admin", 1},
    {"bitbucket", "/rest/api/1.0/projects/X/repos/y/browse/admin/z", 0},
    {"bitbucket", "/rest/api/1.0", 0},
    {"bitbucket", "/rest/api", 0},
    {"bitbucket", "/projects/ADMIN/repos/setup", 0},
    {"bitbucket", "/scm/admin/setup.git/info/refs", 0},
    /* Webwork: any path that ends so */
    {"jira", "/secure/admin/ViewApplicationProperties.jspa", 1},
    {"jira", "/secure/SetupMode!default.jspa", 1},
    {"jira", "/SetupDatabase.jspa", 1},
    {"jira", "/secure/x/XmlRestore!finish.jspa", 1},
    {"jira", "/secure/XmlBackup.jspa", 1},
    {"jira", "/secure/admin", 1},
    {"jira", "/secure/Dashboard.jspa", 0},
    {"jira", "/secure/administrators", 0},
    {"jira", "/browse/SETUP-1", 0},
    {"jira", "/admin", 0},
    {"crowd", "/console/", 1},
    {"crowd", "/console/setup/setuplicense.action", 1},
    {"crowd", "/admin/uploadplugin.action", 1},
    {"crowd", "/rest/usermanagement/1/session", 0},
    {"fisheye", "/admin/login-default.do", 1},
    {"crucible", "/rest-service-fecru/admin/users", 1},
    {"crucible", "/cru/CR-1", 0},
    {"bamboo", "/admin/administer.action", 1},
    {"bamboo", "/agentServer/bootstrap", 0},
    /* forwarded from the static resources' prefix, and decoded once more on the way */
    {"jira", "/secure/project/SendBulkMail!default.jspa", 1},
    {"jira", "/browse/SENDBULKMAIL-1", 0},
    {"bitbucket", "/rest/api/1.0/migration/exports", 1},
    {"confluence", "/rest/api/admin/user", 1},
    {"confluence", "/rest/api/backup-restore/restore/site/upload", 1},
    {"confluence", "/rest/api/backups", 0},
    {"jira", "/s/x/_/secure/admin/x", 1},
    {"jira", "/S/x/y/z/_/secure/admin/x", 1},
    {"jira", "/s/_/_/secure/admin/x", 1},
    {"jira", "/s/a/_/b/_/secure/admin", 1},
    {"jira", "/s/_/secure/admin", 1},
    {"jira", "/s/x/_/%73ecure/admin", 1},
    {"jira", "/s/x/_/y/..;/secure/admin", 1},
    {"jira", "/s/x/_/download/batch/admin.css", 0},
    {"jira", "/s/x%y/_/download/z", 0},
    {"jira", "/s/x/secure/admin", 0},
    {"jira", "/sx/_/secure/admin", 0},
    {"jira", "/s/", 0},
    {"jira", "/s", 0},
};

static void test_doors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = apr_pstrcat(pool, rows[i].product, " ", rows[i].path, NULL);

        expect_int(name, "a door", atl_door_is(atl_product_find(rows[i].product), rows[i].path),
                   rows[i].door);
    }
}

/* Each product has doors, and none of them so wide that people would stand before it. */
static void test_tables(void **state)
{
    static const char *const open[] = {"/", "", "/login.action", "/login.jsp", "/rest/applinks/1.0/manifest",
                                       "/plugins/servlet/applinks/whoami", "/plugins/servlet/oauth/authorize",
                                       "/status", "/download/x", "/s/1/_/download/x", "/favicon.ico"};

    (void)state;
    for (const atl_product *product = atl_products; product->name; product++) {
        expect(product->name, "has doors", product->doors && product->doors[0]);
        for (const char *const *door = product->doors; *door; door++) {
            expect(*door, "begins with / or *", **door == '/' || **door == '*');
        }
        for (size_t i = 0; i < COUNT(open); i++) {
            expect(product->name, open[i], !atl_door_is(product, open[i]));
        }
    }
}

/* Paths made to be looked at again and again: linear work is done in a moment, the square of it would
 * be 2^35 steps. */
static void test_long(void **state)
{
    static const char *const pieces[] = {"/_", "/_/spaces", "/_/json", "/_/setup", "/setup", "/_/rest/api"};

    (void)state;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        apr_array_header_t *parts = apr_array_make(pool, 20000, sizeof(const char *));
        const char *path;

        for (int n = 0; n < 20000; n++) {
            APR_ARRAY_PUSH(parts, const char *) = pieces[i];
        }
        path = apr_pstrcat(pool, "/s", apr_array_pstrcat(pool, parts, '\0'), "/", NULL);
        for (const atl_product *product = atl_products; product->name; product++) {
            (void)atl_door_is(product, path);
        }
        path = apr_pstrcat(pool, path, "_/secure/admin", NULL);
        expect(pieces[i], "is what it ends in", atl_door_is(atl_product_find("jira"), path));
    }
}

static void test_patterns(void **state)
{
    const apr_array_header_t *patterns = atl_door_patterns(pool, atl_product_find("jira"), "/j\\.a");
    const char *text = apr_array_pstrcat(pool, patterns, '\n');

    (void)state;
    expect_part("jira", "plain", text, "^/j\\.a(?i:(?:/s/.*/_)?/secure/admin(?![a-z0-9]))\n");
    expect_part("jira", "star", text, "^/j\\.a(?i:(?:/s/.*/_)?.*/setup.*\\.jspa(?![a-z0-9]))\n");
    expect_part("jira", "decoded twice", text, "\n^/j\\.a(?i:/s/.*/_/.*%(?:25|3b))");
    text = apr_array_pstrcat(pool, atl_door_patterns(pool, atl_product_find("stash"), ""), '\n');
    expect_part("bitbucket", "segment", text, "\n^(?i:(?:/s/.*/_)?/rest/api/[^/]*/admin(?![a-z0-9]))\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_doors), UNIT_TEST(test_tables), UNIT_TEST(test_long),
                                       UNIT_TEST(test_patterns)};

    return cmocka_run_group_tests_name("door", tests, unit_group_setup, unit_group_teardown);
}
