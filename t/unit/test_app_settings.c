/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/app_settings.c: the application's half; modules/site.c: the address people type. */
#include "unit.h"

#include "app_settings.h"
#include "unit_site.h"

#define CONNECTOR(backend_port, host, port, scheme, secure)                                        \
    "<Connector port=\"" backend_port "\" ... proxyName=\"" host "\" proxyPort=\"" port "\"\n"     \
    "           scheme=\"" scheme "\" secure=\"" secure "\"/>   (keep its other attributes)\n"
#define TLS_CONNECTOR(backend_port) CONNECTOR(backend_port, "apps.example.com", "443", "https", "true")
#define CONTEXT(path) "<Context path=\"" path "\" ...>   (keep its other attributes)\n"
#define BASE "https://apps.example.com"
#define JIRA_BASE "Administration > System > General configuration > Base URL:\n"

static const struct {
    const char *line, *scheme, *host;
    unsigned port;
    const char *text;
} halves[] = {
    /* one row for each product */
    {"bamboo h/ci", "https", "apps.example.com", 443,
     "<install>/conf/server.xml:\n" TLS_CONNECTOR("8085") CONTEXT("/ci")
     "Administration > General configuration > Base URL:\n" BASE "/ci\n"
     "<home>/bamboo.cfg.xml   (with remote agents):\n"
     "bamboo.jms.broker.client.uri must name the Bamboo host itself: agents' JMS connection\n"
     "(port 54663) is not HTTP and does not pass through httpd\n"},
    {"bitbucket h/git", "https", "apps.example.com", 443,
     "<home>/shared/bitbucket.properties   (5.0 and later):\n"
     "server.port=7990\nserver.proxy-name=apps.example.com\nserver.proxy-port=443\n"
     "server.scheme=https\nserver.secure=true\nserver.context-path=/git\n"
     "<home>/shared/server.xml   (4.0 to 4.14):\n" TLS_CONNECTOR("7990") CONTEXT("/git")
     "Administration > Server settings > Base URL:\n" BASE "/git\n"},
    {"confluence h/wiki", "https", "apps.example.com", 443,
     "<install>/conf/server.xml:\n" TLS_CONNECTOR("8090") CONTEXT("/wiki")
     "<install>/bin/setenv.sh   (6.0 and later):\n"
     "nothing, when Confluence starts its own Synchrony;\n"
     "for a standalone one: -Dsynchrony.service.url=" BASE "/synchrony/v1\n"
     "General configuration > Site configuration > Server Base URL:\n" BASE "/wiki\n"},
    {"crowd", "https", "apps.example.com", 443,
     "<install>/apache-tomcat/conf/server.xml:\n" TLS_CONNECTOR("8095")
     "<install>/apache-tomcat/conf/Catalina/localhost/:\n"
     "the context path is the file's name: crowd.xml with <Context path=\"/crowd\" ...>\n"
     "Administration > Trusted proxy servers:\nthe address httpd connects from\n"
     "Administration > General options > Base URL:\n" BASE "/crowd\n"},
    {"crucible h/fe", "https", "apps.example.com", 443,
     "<FISHEYE_INST>/config.xml:\n<web-server context=\"/fe\" site-url=\"" BASE "/fe\">\n"
     "    <http bind=\":8060\" proxy-host=\"apps.example.com\" proxy-port=\"443\"\n"
     "          proxy-scheme=\"https\"/>\n</web-server>\n"},
    {"fisheye h/fe", "https", "apps.example.com", 443,
     "<FISHEYE_INST>/config.xml:\n<web-server context=\"/fe\" site-url=\"" BASE "/fe\">\n"
     "    <http bind=\":8060\" proxy-host=\"apps.example.com\" proxy-port=\"443\"\n"
     "          proxy-scheme=\"https\"/>\n</web-server>\n"},
    {"jira h/jira", "https", "apps.example.com", 443,
     "<install>/conf/server.xml:\n" TLS_CONNECTOR("8080") CONTEXT("/jira")
     JIRA_BASE BASE "/jira\n"},
    /* addresses */
    {"jira h:80", "http", "apps.example.com", 80,
     "<install>/conf/server.xml:\n" CONNECTOR("80", "apps.example.com", "80", "http", "false")
     CONTEXT("") JIRA_BASE "http://apps.example.com\n"},
    {"jira h", "https", "apps.example.com", 8443,
     "<install>/conf/server.xml:\n" CONNECTOR("8080", "apps.example.com", "8443", "https", "true")
     CONTEXT("") JIRA_BASE BASE ":8443\n"},
    {"jira h/j", "http", NULL, 80,
     "<install>/conf/server.xml:\n" CONNECTOR("8080", "<host>", "80", "http", "false")
     CONTEXT("/j") JIRA_BASE "http://<host>/j\n"},
    {"bitbucket", "http", "git.example.com", 8080,
     "<home>/shared/bitbucket.properties   (5.0 and later):\n"
     "server.port=7990\nserver.proxy-name=git.example.com\nserver.proxy-port=8080\n"
     "server.scheme=http\nserver.secure=false\nserver.context-path=/\n"
     "<home>/shared/server.xml   (4.0 to 4.14):\n"
     CONNECTOR("7990", "git.example.com", "8080", "http", "false") CONTEXT("")
     "Administration > Server settings > Base URL:\nhttp://git.example.com:8080\n"},
    {"crowd h/", "http", "id.example.com", 80,
     "<install>/apache-tomcat/conf/server.xml:\n"
     CONNECTOR("8095", "id.example.com", "80", "http", "false")
     "<install>/apache-tomcat/conf/Catalina/localhost/:\n"
     "the context path is the file's name: ROOT.xml with <Context path=\"\" ...>\n"
     "Administration > Trusted proxy servers:\nthe address httpd connects from\n"
     "Administration > General options > Base URL:\nhttp://id.example.com\n"},
    {"crowd h/a/b", "http", "id.example.com", 80,
     "<install>/apache-tomcat/conf/server.xml:\n"
     CONNECTOR("8095", "id.example.com", "80", "http", "false")
     "<install>/apache-tomcat/conf/Catalina/localhost/:\n"
     "the context path is the file's name: a#b.xml with <Context path=\"/a/b\" ...>\n"
     "Administration > Trusted proxy servers:\nthe address httpd connects from\n"
     "Administration > General options > Base URL:\nhttp://id.example.com/a/b\n"},
    /* Synchrony */
    {"confluence h synchrony=internal", "https", "apps.example.com", 443,
     "<install>/conf/server.xml:\n" TLS_CONNECTOR("8090") CONTEXT("")
     "<install>/bin/setenv.sh   (6.0 and later):\n"
     "-Dsynchrony.proxy.enabled=true   (all editing through Confluence's own port)\n"
     "General configuration > Site configuration > Server Base URL:\n" BASE "\n"},
    {"confluence h synchrony=off", "https", "apps.example.com", 443,
     "<install>/conf/server.xml:\n" TLS_CONNECTOR("8090") CONTEXT("")
     "<install>/bin/setenv.sh   (6.0 and later):\n"
     "collaborative editing is not served (synchrony=off): switch it off in Confluence\n"
     "General configuration > Site configuration > Server Base URL:\n" BASE "\n"},
    {"confluence h synchrony=http://s:8091/synchrony-2", "https", "apps.example.com", 443,
     "<install>/conf/server.xml:\n" TLS_CONNECTOR("8090") CONTEXT("")
     "<install>/bin/setenv.sh   (6.0 and later):\n"
     "-Dsynchrony.service.url=" BASE "/synchrony-2/v1\n"
     "General configuration > Site configuration > Server Base URL:\n" BASE "\n"},
};

static void test_application(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(halves); i++) {
        const char *line = halves[i].line;
        const atl_site *site = site_of(line, halves[i].scheme, halves[i].host, halves[i].port, NULL);

        assert_non_null(site);
        expect_str(line, "application's half",
                   atl_app_settings(pool, site, APR_ARRAY_IDX(site->apps, 0, atl_app *)),
                   halves[i].text);
    }
}

static void test_base_url(void **state)
{
    static const struct {
        atl_public public;
        const char *context, *url;
    } urls[] = {
        {{"https", "h", 443}, "/wiki", "https://h/wiki"},
        {{"https", "h", 443}, "", "https://h"},
        {{"https", "h", 80}, "", "https://h:80"},
        {{"http", "h", 80}, "/a/b", "http://h/a/b"},
        {{"http", "h", 443}, "", "http://h:443"},
        {{"http", "h", 8080}, "/wiki", "http://h:8080/wiki"},
        {{"http", "[::1]", 8080}, "", "http://[::1]:8080"},
        {{"https", NULL, 8443}, "/wiki", "https://<host>:8443/wiki"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        expect_str(urls[i].url, "URL", atl_base_url(pool, &urls[i].public, urls[i].context),
                   urls[i].url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_application), UNIT_TEST(test_base_url)};

    return cmocka_run_group_tests_name("app_settings", tests, unit_group_setup, unit_group_teardown);
}
