/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/app_config*.c: the application's own configuration compared with its line, and what cures it. */
#include "unit.h"

#include "app_config.h"
#include "unit_site.h"

#include <apr_strings.h>
#include <string.h>

#define NAMED "proxyName=\"wiki.example.com\" proxyPort=\"443\" scheme=\"https\" secure=\"true\""
#define SERVER(inside) "<Server>\n<Service>\n" inside "\n</Service>\n</Server>\n"
#define HOST(inside) "<Engine><Host>" inside "</Host></Engine>"
#define CONTEXT(path) HOST("<Context path=\"" path "\" docBase=\"x\"/>")
#define GOOD "<Connector port=\"8090\" " NAMED "/>"

static const struct {
    const char *name, *line, *host;
    atl_config_format format;
    const char *text, *notes; /* parts in their order, separated by "|"; "" for none at all */
    const char *applied;      /* with the edits made; NULL: none */
    const char *left;         /* the notes then */
} rows[] = {
    {"as it should be", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER(GOOD CONTEXT("")), "", NULL, ""},
    {"nothing set", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\"/>"),
     "ATLP1201: f:3: people come to https://wiki.example.com, and this <Connector> says otherwise: "
     "proxyName is missing (write proxyName=\"wiki.example.com\"), proxyPort is missing (write "
     "proxyPort=\"443\"), scheme is missing (write scheme=\"https\"), secure is missing (write "
     "secure=\"true\")",
     SERVER("<Connector port=\"8090\" " NAMED "/>"), ""},
    {"wrong in its own way", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port='8090' proxyName='old' proxyPort = '8443'\n\tscheme='http' secure='true'\n/>"),
     "proxyName is \"old\" (write proxyName=\"wiki.example.com\"), proxyPort is \"8443\"",
     SERVER("<Connector port='8090' proxyName='wiki.example.com' proxyPort = '443'\n\tscheme='https' "
            "secure='true'\n/>"), ""},
    {"each on a line of its own", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     "<Server><Service>\r\n  <Connector port=\"8090\"\r\n    scheme=\"https\"\r\n    secure=\"true\" >"
     "\r\n  </Connector></Service></Server>",
     "proxyName is missing",
     "<Server><Service>\r\n  <Connector port=\"8090\"\r\n    scheme=\"https\"\r\n    secure=\"true\"\r\n"
     "    proxyName=\"wiki.example.com\"\r\n    proxyPort=\"443\" >\r\n  </Connector></Service></Server>",
     ""},
    {"no ServerName", "confluence", NULL, ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\" proxyName=\"any\"/>"), "ATLP1201: f:3: |scheme is missing",
     SERVER("<Connector port=\"8090\" proxyName=\"any\" scheme=\"https\" secure=\"true\"/>"), ""},
    {"case of a host name", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\" proxyName=\"Wiki.Example.com\" proxyPort=\"443\" "
            "scheme=\"https\" secure=\"true\"/>"), "", NULL, ""},
    {"from catalina.properties", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"${port}\" proxyName=\"${name}\" proxyPort=\"443\" scheme=\"https\" "
            "secure=\"${s}\"/>" HOST("<Context path=\"${confluence.context.path}\"/>")), "", NULL, ""},
    /* the port */
    {"another port", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8091\" " NAMED "/><Connector port=\"8009\" protocol=\"AJP/1.3\"/>"),
     "ATLP1203: f:3: no <Connector> listens on port 8090|on \"8091\" (line 3)",
     SERVER("<Connector port=\"8090\" " NAMED "/><Connector port=\"8009\" protocol=\"AJP/1.3\"/>"), ""},
    {"the port of the line", "confluence http://127.0.0.1:8091", "wiki.example.com",
     ATL_CONFIG_TOMCAT, SERVER("<Connector port=\"8091\" " NAMED "/>"), "", NULL, ""},
    {"several others", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"1\"/><Connector port=\"2\"/>"),
     "ATLP1203: |on \"1\" (line 3), on \"2\" (line 3)", NULL, "ATLP1203"},
    {"only AJP", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\" protocol=\"AJP/1.3\"/>"), "ATLP1203: f:1: |there is none", NULL,
     "ATLP1203"},
    {"one of two is ours", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8080\"/>" GOOD), "", NULL, ""},
    /* comments */
    {"in a comment", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<!--\n<Connector port=\"8090\"/>\n-->"),
     "ATLP1204: f:4: |ATLP1201: f:4: |scheme is missing",
     SERVER("\n<Connector port=\"8090\" " NAMED "/>\n"), ""},
    {"in a comment with words", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<!-- https: <Connector port=\"8090\" " NAMED "/> -->"), "ATLP1204: f:3: ", NULL,
     "ATLP1204"},
    {"no XML in a comment", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<!-- <Connector port=\"8090\" a\\=\"\"/> -->"), "ATLP1204: f:3: ", NULL, "ATLP1204"},
    {"the wrong one of the vendor's blocks", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\"/>\n<!-- <Connector port=\"8090\" " NAMED "/> -->"),
     "ATLP1201: f:3: |; the <Connector> on line 4 is better, but stands in a comment",
     SERVER("<Connector port=\"8090\" " NAMED "/>\n<!-- <Connector port=\"8090\" " NAMED "/> -->"), ""},
    {"a second one", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\"/>\n" GOOD),
     "ATLP1205: f:3: a second <Connector> on port 8090, which the one on line 4 has; remove one",
     SERVER("<!-- <Connector port=\"8090\"/> -->\n" GOOD), ""},
    {"a second one with a comment", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER(GOOD "<Connector port=\"8090\"><!-- x --></Connector>"), "ATLP1205", NULL, "ATLP1205"},
    /* compression */
    {"both compress", "confluence compression=on", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\" " NAMED " compression=\"force\"/>"),
     "ATLP1206: f:3: compression=\"force\", and the line says compression=on",
     SERVER("<Connector port=\"8090\" " NAMED " compression=\"off\"/>"), ""},
    {"one compresses", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER("<Connector port=\"8090\" " NAMED " compression=\"on\"/>"), "", NULL, ""},
    /* the context */
    {"another context", "confluence 127.0.0.1/wiki", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER(GOOD CONTEXT("/confluence")),
     "ATLP1202: f:3: the line has the application at /wiki, and this <Context> has "
     "path=\"/confluence\"; write path=\"/wiki\"", SERVER(GOOD CONTEXT("/wiki")), ""},
    {"Synchrony's context is none", "confluence 127.0.0.1/wiki", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER(GOOD HOST("<Context path=\"\"/><Context path=\"/synchrony-proxy\"/>")), "ATLP1202: ",
     SERVER(GOOD HOST("<Context path=\"/wiki\"/><Context path=\"/synchrony-proxy\"/>")), ""},
    {"several contexts", "jira 127.0.0.1:8090/jira", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER(GOOD HOST("<Context path=\"/a\"/><Context path=\"/b\"/>")), "ATLP1202: |as have the others",
     NULL, "ATLP1202"},
    {"a slash for the root", "confluence", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER(GOOD CONTEXT("/")), "", NULL, ""},
    {"contexts elsewhere", "confluence 127.0.0.1/wiki", "wiki.example.com", ATL_CONFIG_TOMCAT,
     SERVER(GOOD), "", NULL, ""},
    /* Fisheye and Crucible */
    {"Fisheye", "fisheye 127.0.0.1/fisheye", "wiki.example.com", ATL_CONFIG_FECRU,
     "<config>\n<web-server context=\"/fe\" site-url=\"http://old/fe\">\n"
     "<http bind=\":8060\" proxy-host=\"h\"/></web-server></config>",
     "ATLP1201: f:3: |proxy-host is \"h\"|proxy-port is missing|proxy-scheme is missing|ATLP1201: f:2: |"
     "site-url is \"http://old/fe\" (write site-url=\"https://wiki.example.com/fisheye\")|ATLP1202: f:2: ",
     "<config>\n<web-server context=\"/fisheye\" site-url=\"https://wiki.example.com/fisheye\">\n"
     "<http bind=\":8060\" proxy-host=\"wiki.example.com\" proxy-port=\"443\" proxy-scheme=\"https\"/>"
     "</web-server></config>", ""},
    {"Crucible on another port", "crucible", NULL, ATL_CONFIG_FECRU,
     "<config><web-server><http bind=\"127.0.0.1:8061\" proxy-scheme=\"https\"/></web-server></config>",
     "ATLP1203: f:1: no <http> listens on port 8060",
     "<config><web-server><http bind=\"127.0.0.1:8060\" proxy-scheme=\"https\"/></web-server></config>",
     ""},
    /* Bitbucket */
    {"Bitbucket", "bitbucket 127.0.0.1/git", "wiki.example.com", ATL_CONFIG_BITBUCKET,
     "#server.scheme=https\nserver.proxy-name: old\njdbc.password=secret",
     "ATLP1201: f:2: people come to https://wiki.example.com/git|server.proxy-name is \"old\"|"
     "server.scheme is missing (write server.scheme=https); line 1 has it in a comment|ATLP1202: f:1: |"
     "server.context-path is missing (write server.context-path=/git)",
     "#server.scheme=https\nserver.proxy-name: wiki.example.com\njdbc.password=secret\n"
     "server.proxy-port=443\nserver.scheme=https\nserver.secure=true\nserver.context-path=/git\n", ""},
    {"Bitbucket, nothing yet", "bitbucket", "wiki.example.com", ATL_CONFIG_BITBUCKET, "",
     "ATLP1201: f:1: ",
     "server.proxy-name=wiki.example.com\nserver.proxy-port=443\nserver.scheme=https\n"
     "server.secure=true\n", ""},
    {"Bitbucket's second connector", "bitbucket 127.0.0.1:7991", NULL, ATL_CONFIG_BITBUCKET,
     "server.additional-connector.1.port=7991\r\nserver.scheme=https\r\n",
     "ATLP1201: |server.additional-connector.1.scheme is missing",
     "server.additional-connector.1.port=7991\r\nserver.scheme=https\r\n"
     "server.additional-connector.1.scheme=https\r\nserver.additional-connector.1.secure=true\r\n", ""},
    {"Bitbucket on another port", "bitbucket compression=on", NULL, ATL_CONFIG_BITBUCKET,
     "server.port=80\nserver.scheme=https\nserver.secure\nserver.compression.enabled = true\n",
     "ATLP1203: f:1: server.port is \"80\", and the line sends requests to port 7990|ATLP1201: f:3: |"
     "server.secure is \"\"|ATLP1206: f:4: ",
     "server.port=7990\nserver.scheme=https\nserver.secure=true\nserver.compression.enabled = false\n",
     ""},
    /* unreadable */
    {"no XML", "jira", NULL, ATL_CONFIG_TOMCAT, "<Server>", "ATLP1212: f was not compared with the line: "
     "it is not XML", NULL, "ATLP1212"},
};

static const char *compare(const atl_site *site, atl_config_format format, const char *text,
                           apr_array_header_t *contexts, apr_array_header_t **edits)
{
    atl_config_text config = {"f", format, text, strlen(text), contexts};
    apr_array_header_t *notes = apr_array_make(pool, 4, sizeof(const char *));

    *edits = apr_array_make(pool, 4, sizeof(atl_edit));
    atl_app_config_compare(pool, site, APR_ARRAY_IDX(site->apps, 0, const atl_app *), &config, notes,
                           *edits);
    return apr_array_pstrcat(pool, notes, '\n');
}

/* All parts, one behind the other. */
static void expect_parts(const char *row, const char *what, const char *got, const char *parts)
{
    char *copy = apr_pstrdup(pool, parts), *last = NULL;
    const char *rest = got;

    if (!*parts) {
        expect_str(row, what, got, "");
    }
    for (char *part = apr_strtok(copy, "|", &last); part; part = apr_strtok(NULL, "|", &last)) {
        const char *found = rest ? strstr(rest, part) : NULL;
        expect_part(row, what, rest, part);
        rest = found;
    }
}

static void compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why, *name = rows[i].name, *text = rows[i].text, *applied;
        atl_site *site = site_of(rows[i].line, "https", rows[i].host, 443, &why);
        apr_array_header_t *edits;

        expect_str(name, "line", why, NULL);
        expect_parts(name, "notes", compare(site, rows[i].format, text, NULL, &edits), rows[i].notes);
        applied = atl_edit_apply(pool, text, strlen(text), edits);
        expect_str(name, "applied", applied, rows[i].applied ? rows[i].applied : text);
        expect_parts(name, "left", compare(site, rows[i].format, applied, NULL, &edits), rows[i].left);
    }
}

static void context_files(void **state)
{
    static const struct {
        const char *name, *line, *files, *notes;
    } crowds[] = {
        {"the installer's", "crowd", "crowd.xml", ""},
        {"another", "crowd 127.0.0.1/sso", "crowd.xml openidserver.xml",
         "ATLP1202: f:1: the line has the application at /sso, and its context file is "
         "Catalina/localhost/crowd.xml; rename that to sso.xml"},
        {"renamed", "crowd 127.0.0.1/a/sso", "a#sso.xml", ""},
        {"the root", "crowd 127.0.0.1/", "crowd.xml", "rename that to ROOT.xml"},
        {"none", "crowd 127.0.0.1/sso", "openidserver.xml", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(crowds); i++) {
        atl_site *site = site_of(crowds[i].line, "https", NULL, 443, NULL);
        apr_array_header_t *edits;

        expect_parts(crowds[i].name, "notes",
                     compare(site, ATL_CONFIG_TOMCAT,
                             "<Server><Service><Connector port=\"8095\" scheme=\"https\" "
                             "secure=\"true\"/></Service></Server>",
                             words_of(crowds[i].files), &edits), crowds[i].notes);
        expect_int(crowds[i].name, "edits", edits->nelts, 0);
    }
}

static void files(void **state)
{
    (void)state;
    for (const atl_product *product = atl_products; product->name; product++) {
        int n = 0;

        for (const atl_config_file *row = product->config_files; row->path; row++, n++) {
            expect(product->name, "an absolute directory", *row->dir == '/');
            expect_int(product->name, row->path, atl_app_config_format(product, row->path), row->format);
        }
        expect(product->name, "has files", n);
        expect_int(product->name, "any name", atl_app_config_format(product, "x"),
                   product->config_files->format);
    }
    expect_int("alone", "local", atl_app_config_is_local(
        APR_ARRAY_IDX(site_of("jira", "https", NULL, 443, NULL)->apps, 0, const atl_app *)), 1);
    expect_int("elsewhere", "local", atl_app_config_is_local(
        APR_ARRAY_IDX(site_of("jira h/jira", "https", NULL, 443, NULL)->apps, 0, const atl_app *)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(compared), UNIT_TEST(context_files), UNIT_TEST(files)};

    return cmocka_run_group_tests_name("app_config", tests, unit_group_setup, unit_group_teardown);
}
