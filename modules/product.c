/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "product.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_strings.h>

/* Tomcat: httpd cannot tell it the public address, server.xml must (vendor:
 * "Proxying Atlassian server applications with Apache HTTP Server", part A, steps 2 and 3). */
#define TOMCAT_CONNECTOR                                                                           \
    "<Connector port=\"{backend-port}\" ... proxyName=\"{host}\" proxyPort=\"{port}\"\n"           \
    "           scheme=\"{scheme}\" secure=\"{secure}\"/>   (keep its other attributes)"

#define TOMCAT_CONTEXT "<Context path=\"{context}\" ...>   (keep its other attributes)"

#define BASE_URL(where) {"all", where, "{base-url}"}

#define END_OF_SETTINGS {NULL, NULL, NULL}

static const atl_setting bamboo_settings[] = {
    {"all", "<install>/conf/server.xml", TOMCAT_CONNECTOR "\n" TOMCAT_CONTEXT},
    BASE_URL("Administration > General configuration > Base URL"),
    {"with remote agents", "<home>/bamboo.cfg.xml",
     "bamboo.jms.broker.client.uri must name the Bamboo host itself: agents' JMS connection\n"
     "(port 54663) is not HTTP and does not pass through httpd"},
    END_OF_SETTINGS};

static const atl_setting bitbucket_settings[] = {
    {"5.0 and later", "<home>/shared/bitbucket.properties",
     "server.port={backend-port}\nserver.proxy-name={host}\nserver.proxy-port={port}\n"
     "server.scheme={scheme}\nserver.secure={secure}\nserver.context-path={home-context}"},
    {"4.0 to 4.14", "<home>/shared/server.xml", TOMCAT_CONNECTOR "\n" TOMCAT_CONTEXT},
    BASE_URL("Administration > Server settings > Base URL"),
    END_OF_SETTINGS};

static const atl_setting confluence_settings[] = {
    {"all", "<install>/conf/server.xml", TOMCAT_CONNECTOR "\n" TOMCAT_CONTEXT},
    {"6.0 and later", "<install>/bin/setenv.sh", "{synchrony}"},
    BASE_URL("General configuration > Site configuration > Server Base URL"),
    END_OF_SETTINGS};

static const atl_setting crowd_settings[] = {
    {"all", "<install>/apache-tomcat/conf/server.xml", TOMCAT_CONNECTOR},
    {"all", "<install>/apache-tomcat/conf/Catalina/localhost/",
     "the context path is the file's name: {context-name}.xml with "
     "<Context path=\"{context}\" ...>"},
    {"all", "Administration > Trusted proxy servers", "the address httpd connects from"},
    BASE_URL("Administration > General options > Base URL"),
    END_OF_SETTINGS};

/* Fisheye and Crucible are one Jetty process with one configuration. */
static const atl_setting fecru_settings[] = {
    {"all", "<FISHEYE_INST>/config.xml",
     "<web-server context=\"{context}\" site-url=\"{base-url}\">\n"
     "    <http bind=\":{backend-port}\" proxy-host=\"{host}\" proxy-port=\"{port}\"\n"
     "          proxy-scheme=\"{scheme}\"/>\n"
     "</web-server>"},
    END_OF_SETTINGS};

static const atl_setting jira_settings[] = {
    {"all", "<install>/conf/server.xml", TOMCAT_CONNECTOR "\n" TOMCAT_CONTEXT},
    BASE_URL("Administration > System > General configuration > Base URL"),
    END_OF_SETTINGS};

static const char *const bitbucket_aliases[] = {"stash", NULL};
static const char *const fisheye_aliases[] = {"fecru", NULL};
static const char *const jira_aliases[] = {"jira-software", "jira-core", "jira-servicedesk",
                                           "jira-service-management", NULL};

/* Ports: vendor's overview "Proxying Atlassian server applications"; contexts and status pages:
 * the vendor's Helm charts and knowledge base (status endpoints per product). Timeouts cover the
 * product's longest single answer: Bitbucket streams clones and pushes of an hour. */
const atl_product atl_products[] = {
    {.name = "bamboo", .label = "Bamboo", .port = 8085, .context = "", .timeout = 300,
     .status = "/rest/api/latest/status", .session_cookie = "JSESSIONID",
     .settings = bamboo_settings},
    {.name = "bitbucket", .label = "Bitbucket", .aliases = bitbucket_aliases, .port = 7990,
     .context = "", .timeout = 3600, .status = "/status",
     .session_cookie = "BITBUCKETSESSIONID", .settings = bitbucket_settings},
    {.name = "confluence", .label = "Confluence", .port = 8090, .context = "", .timeout = 300,
     .status = "/status", .session_cookie = "JSESSIONID", .has_synchrony = 1,
     .settings = confluence_settings},
    {.name = "crowd", .label = "Crowd", .port = 8095, .context = "/crowd", .timeout = 60,
     .status = "/status", .session_cookie = "JSESSIONID", .settings = crowd_settings},
    {.name = "crucible", .label = "Crucible", .port = 8060, .context = "", .timeout = 300,
     .session_cookie = "JSESSIONID", .one_node_only = 1, .settings = fecru_settings},
    {.name = "fisheye", .label = "Fisheye", .aliases = fisheye_aliases, .port = 8060,
     .context = "", .timeout = 300, .session_cookie = "JSESSIONID", .one_node_only = 1,
     .settings = fecru_settings},
    {.name = "jira", .label = "Jira", .aliases = jira_aliases, .port = 8080, .context = "",
     .timeout = 300, .status = "/status", .session_cookie = "JSESSIONID",
     .settings = jira_settings},
    {.name = NULL}};

const atl_product *atl_product_find(const char *word)
{
    for (const atl_product *product = atl_products; product->name; product++) {
        if (!apr_cstr_casecmp(word, product->name)) {
            return product;
        }
        for (const char *const *alias = product->aliases; alias && *alias; alias++) {
            if (!apr_cstr_casecmp(word, *alias)) {
                return product;
            }
        }
    }
    return NULL;
}

const char *atl_product_names(apr_pool_t *p)
{
    const char *list = NULL;

    for (const atl_product *product = atl_products; product->name; product++) {
        list = list ? apr_pstrcat(p, list, ", ", product->name, NULL) : product->name;
    }
    return list;
}

const atl_product *atl_product_nearest(const char *word)
{
    const atl_product *nearest = NULL;
    atl_nearest best = ATL_NEAREST_NONE;

    for (const atl_product *product = atl_products; product->name; product++) {
        if (atl_nearer(&best, word, product->name)) {
            nearest = product;
        }
        for (const char *const *alias = product->aliases; alias && *alias; alias++) {
            if (atl_nearer(&best, word, *alias)) {
                nearest = product;
            }
        }
    }
    return nearest;
}
