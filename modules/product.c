/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "product.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_strings.h>

/* clang-format off */
/* Tomcat: httpd cannot tell it the public address, server.xml must (vendor:
 * "Proxying Atlassian server applications with Apache HTTP Server", part A, steps 2 and 3). */
#define TOMCAT_CONNECTOR                                                                           \
    "<Connector port=\"{backend-port}\" ... proxyName=\"{host}\" proxyPort=\"{port}\"\n"           \
    "           scheme=\"{scheme}\" secure=\"{secure}\"/>   (keep its other attributes)"

#define TOMCAT_CONTEXT "<Context path=\"{context}\" ...>   (keep its other attributes)"

/* One attribute more for the same line: Tomcat's defaults are 8192 bytes of headers, no compression
 * and no characters beyond RFC 3986 (Tomcat documentation, "The HTTP Connector"). */
#define TOMCAT_HEADER_SIZE                                                                         \
    "<Connector port=\"{backend-port}\" ... maxHttpHeaderSize=\"32768\"/>   (keep its other "       \
    "attributes)"
#define TOMCAT_URL_CHARS                                                                           \
    "<Connector port=\"{backend-port}\" ... relaxedPathChars=\"[]|\"\n"                            \
    "           relaxedQueryChars=\"[]|{}^&#x5c;&#x60;&quot;&lt;&gt;\"/>   (keep its other "        \
    "attributes)"
#define TOMCAT_UPLOAD "<Connector port=\"{backend-port}\" maxSwallowSize=\"-1\"/>"
#define TOMCAT_COMPRESSION                                                                         \
    "<Connector port=\"{backend-port}\" ... compression=\"off\"/>   (keep its other attributes)"

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

#define TOMCAT_CURES(server_xml, context_file, context_text, where)                                \
    {.address = {"all", server_xml, TOMCAT_CONNECTOR},                                             \
     .context = {"all", context_file, context_text},                                               \
     .header_size = {"all", server_xml, TOMCAT_HEADER_SIZE},                                       \
     .url_chars = {"all", server_xml, TOMCAT_URL_CHARS},                                           \
     .compression = {"all", server_xml, TOMCAT_COMPRESSION},                                       \
     .upload = {"all", server_xml, TOMCAT_UPLOAD},                                                 \
     .base_url = BASE_URL(where)}

static const atl_cures bamboo_cures =
    TOMCAT_CURES("<install>/conf/server.xml", "<install>/conf/server.xml", TOMCAT_CONTEXT,
                 "Administration > General configuration > Base URL");

/* server.* keys are Spring Boot's; Bitbucket's own documentation lists them. */
static const atl_cures bitbucket_cures = {
    .address = {"all", "<home>/shared/bitbucket.properties",
                "server.proxy-name={host}\nserver.proxy-port={port}\n"
                "server.scheme={scheme}\nserver.secure={secure}"},
    .context = {"all", "<home>/shared/bitbucket.properties", "server.context-path={home-context}"},
    .header_size = {"all", "<home>/shared/bitbucket.properties",
                    "server.max-http-header-size=32KB"},
    .compression = {"all", "<home>/shared/bitbucket.properties", "server.compression.enabled=false"},
    .base_url = BASE_URL("Administration > Server settings > Base URL")};

static const atl_cures confluence_cures =
    TOMCAT_CURES("<install>/conf/server.xml", "<install>/conf/server.xml", TOMCAT_CONTEXT,
                 "General configuration > Site configuration > Server Base URL");

static const atl_cures crowd_cures =
    TOMCAT_CURES("<install>/apache-tomcat/conf/server.xml",
                 "<install>/apache-tomcat/conf/Catalina/localhost/{context-name}.xml",
                 TOMCAT_CONTEXT, "Administration > General options > Base URL");

static const atl_cures fecru_cures = {
    .address = {"all", "<FISHEYE_INST>/config.xml",
                "<http bind=\":{backend-port}\" proxy-host=\"{host}\" proxy-port=\"{port}\"\n"
                "      proxy-scheme=\"{scheme}\"/>"},
    .context = {"all", "<FISHEYE_INST>/config.xml", "<web-server context=\"{context}\" ...>"},
    .base_url = {"all", "<FISHEYE_INST>/config.xml", "<web-server site-url=\"{base-url}\" ...>"}};

static const atl_cures jira_cures =
    TOMCAT_CURES("<install>/conf/server.xml", "<install>/conf/server.xml", TOMCAT_CONTEXT,
                 "Administration > System > General configuration > Base URL");

/* Files: vendor's "Proxying Atlassian server applications with Apache HTTP Server", part A, step 2;
 * directories: its installers' defaults on Linux. The first file that is there counts. */
#define END_OF_FILES {NULL, NULL, ATL_CONFIG_TOMCAT, NULL}
#define SERVER_XML(name)                                                                           \
    {{"/opt/atlassian/" name, "conf/server.xml", ATL_CONFIG_TOMCAT, NULL}, END_OF_FILES}

static const atl_config_file bamboo_files[] = SERVER_XML("bamboo");
static const atl_config_file bitbucket_files[] = {
    {"/var/atlassian/application-data/bitbucket", "shared/bitbucket.properties",
     ATL_CONFIG_BITBUCKET, NULL},
    {"/var/atlassian/application-data/bitbucket", "shared/server.xml", ATL_CONFIG_TOMCAT,
     NULL},
    END_OF_FILES};
static const atl_config_file confluence_files[] = SERVER_XML("confluence");
static const atl_config_file crowd_files[] = {
    {"/opt/atlassian/crowd", "apache-tomcat/conf/server.xml", ATL_CONFIG_TOMCAT,
     "apache-tomcat/conf/Catalina/localhost"},
    END_OF_FILES};
static const atl_config_file crucible_files[] = {
    {"/opt/atlassian/crucible", "config.xml", ATL_CONFIG_FECRU, NULL}, END_OF_FILES};
static const atl_config_file fisheye_files[] = {
    {"/opt/atlassian/fisheye", "config.xml", ATL_CONFIG_FECRU, NULL}, END_OF_FILES};
static const atl_config_file jira_files[] = SERVER_XML("jira");

/* Application links and REST exist in every product. */
static const char *const common_api[] = {"/rest/", "/rpc/", "/plugins/servlet/applinks",
                                         "/plugins/servlet/oauth", "/plugins/servlet/streams", NULL};
static const char *const bamboo_api[] = {"/rest/", "/agentServer/", "/plugins/servlet/applinks",
                                         "/plugins/servlet/oauth", NULL};
static const char *const crowd_api[] = {"/rest/", "/services/", NULL};
static const char *const fecru_api[] = {"/rest/", "/rest-service/", "/rest-service-fe/",
                                        "/plugins/servlet/applinks", NULL};
/* git and git-lfs over HTTP (gitprotocol-http: "smart" requests). */
static const char *const git_marks[] = {"/info/refs", "/git-upload-pack", "/git-receive-pack", NULL};
static const char *const agent_marks[] = {"/agentServer/", NULL};

/* Other applications and agents go on during maintenance, monitoring sees the application itself: its
 * status page and what a check asks (below), application links, Bamboo's agents, and who
 * logs in through Crowd. */
#define LINKS                                                                                      \
    "/rest/applinks", "/plugins/servlet/applinks", "/plugins/servlet/oauth", "/plugins/servlet/streams"
static const char *const common_open[] = {"/status", LINKS, NULL};
static const char *const bamboo_open[] = {"/rest/api/latest/status", "/agentServer", LINKS, NULL};
static const char *const crowd_open[] = {"/status", "/rest/usermanagement", "/services", NULL};
static const char *const fecru_open[] = {"/rest-service", "/rest-service-fe", LINKS, NULL};
static const char *const jira_open[] = {"/status", "/rest/api/2/serverInfo", LINKS, NULL};

#define MANIFEST {"/rest/applinks/1.0/manifest", ATL_PROBE_BASE_URL}
#define END_OF_PROBES {NULL, ATL_PROBE_STATE}

static const atl_probe bamboo_probes[] = {
    {"/rest/api/latest/status", ATL_PROBE_STATE}, MANIFEST, END_OF_PROBES};
static const atl_probe common_probes[] = {{"/status", ATL_PROBE_STATE}, MANIFEST, END_OF_PROBES};
static const atl_probe confluence_probes[] = {
    {"/status", ATL_PROBE_STATE}, MANIFEST, {"/heartbeat", ATL_PROBE_OK}, END_OF_PROBES};
static const atl_probe crowd_probes[] = {{"/status", ATL_PROBE_STATE}, END_OF_PROBES};
static const atl_probe fecru_probes[] = {MANIFEST, END_OF_PROBES};
static const atl_probe jira_probes[] = {
    {"/status", ATL_PROBE_STATE}, MANIFEST,
    {"/rest/api/2/serverInfo", ATL_PROBE_BASE_URL}, END_OF_PROBES};

/* Atlassian's web-resource plugin, which all products have: /s/<hash>/.../_/download/... (vendor: "Use a
 * CDN with Atlassian Data Center applications"). Below /download are people's attachments too. */
static const char *const web_resources[] = {"/download/batch", "/download/contextbatch", "/download/superbatch",
                                            "/download/resources", "/images", NULL};
#define WEB_RESOURCES .files = web_resources

static const char *const bitbucket_aliases[] = {"stash", NULL};
static const char *const fisheye_aliases[] = {"fecru", NULL};
static const char *const jira_aliases[] = {"jira-software", "jira-core", "jira-servicedesk",
                                           "jira-service-management", NULL};

/* ------------------------------------------------------------------ what admin= restricts
 *
 * Who may reach the administration should be limited by address, says the vendor of every product
 * ("Preventing security attacks", "Best practices for Bamboo security"), and for Confluence which
 * paths that is: [list] "Using Apache to limit access to the Confluence administration interface". */

/* Atlassian's plugins that all products share: the plugin manager (its page, and the REST resource
 * that installs: developer documentation, "Universal Plugin Manager"), user directories, application
 * links, and who may act for others by OAuth. The servlets are on [list]; consumer-info, which other
 * products ask for, is not. */
#define SHARED_DOORS                                                                               \
    "/plugins/servlet/upm", "/rest/plugins", "/plugins/servlet/embedded-crowd",                    \
        "/plugins/servlet/applinks/listapplicationlinks", "/plugins/servlet/oauth/consumers",      \
        "/plugins/servlet/oauth/service-providers", "/plugins/servlet/oauth/view-consumer-info",   \
        "/plugins/servlet/oauth/update-consumer-info"

static const char *const bamboo_doors[] = {
    "/admin", /* "Configure secure administrator sessions", IP address allowlisting */
    "/setup", /* the set-up wizard: /setup/setupLicense.action and on */
    "/rest/admin", /* "Bamboo REST APIs": administration */
    SHARED_DOORS, NULL};

static const char *const bitbucket_doors[] = {
    "/admin",        /* "Administer Bitbucket": /admin/server-settings and all the others */
    "/setup",        /* the set-up wizard */
    "/rest/api/?/admin", /* "Bitbucket REST API": users, groups, licence, mail server */
    "/rest/api/?/migration", /* the same, "Exporting": all repositories' data, out and in */
    SHARED_DOORS, NULL};

/* Struts runs an action at any path below its namespace that ends in its name, hence the "*". */
static const char *const confluence_doors[] = {
    "/admin",     /* [list] */
    "/setup",     /* CVE-2023-22515, mitigation: no access to /setup/ */
    "/bootstrap", /* where the set-up wizard begins: /bootstrap/selectsetupstep.action */
    /* CVE-2023-22518, mitigation: setup-restore, setup-restore-local, setup-restore-progress. The
     * namespace has inherited all the wizard's actions. */
    "/json/*setup",
    /* [list]: templates, and what empties, fills or opens a space. */
    "/pages/templates/*listpagetemplates", "/pages/templates/*createpagetemplate",
    "/pages/*listpermissionpages", "/spaces/*spacepermissions", "/spaces/*removespace",
    "/spaces/*importmbox", "/spaces/*viewmailaccounts", "/spaces/*addmailaccount",
    "/spaces/*importpages", "/spaces/flyingpdf/*flyingpdfconf", "/spaces/*exportspacehtml",
    "/spaces/*exportspacexml",
    "/rest/api/admin",          /* "Confluence REST API", admin/user and admin/group */
    "/rest/api/backup-restore", /* the same, api/backup-restore: the whole site, out and in */
    SHARED_DOORS, NULL};

static const char *const crowd_doors[] = {
    "/console", /* "Using the Crowd Administration Console"; the set-up wizard is /console/setup */
    "/admin",   /* CVE-2019-11580: /admin/uploadplugin.action */
    "/rest/admin",
    SHARED_DOORS, NULL};

static const char *const fecru_doors[] = {
    "/admin",                    /* "Fisheye administration": all pages of it */
    "/setup",                    /* the set-up wizard */
    "/rest-service-fecru/admin", /* "Fisheye/Crucible REST API": repositories, users, groups */
    SHARED_DOORS, NULL};

/* Webwork runs an action at any path that ends in its name and .jspa: an action of /secure/admin is not
 * bound to it. Those that set up, fill or copy the whole of Jira, or had a hole of their own, are
 * named one by one. */
static const char *const jira_doors[] = {
    "/secure/admin", /* API documentation, com.atlassian.jira.security.JiraPathService */
    "*/setup*.jspa", /* the set-up wizard: /secure/SetupMode!default.jspa and on */
    "*/xmlrestore*.jspa", "*/xmlbackup*.jspa", /* "Restoring data", "Backing up data" */
    "*/projectimport*.jspa", /* "Restoring a project from backup" */
    "*/sendbulkmail*.jspa",  /* CVE-2019-11581, mitigation: no access to SendBulkMail */
    SHARED_DOORS, NULL};

/* Ports: vendor's overview "Proxying Atlassian server applications"; contexts and status pages:
 * the vendor's Helm charts and knowledge base (status endpoints per product). Timeouts cover the
 * product's longest single answer: Bitbucket streams clones and pushes of an hour. */
const atl_product atl_products[] = {
    {.name = "bamboo", .label = "Bamboo", .port = 8085, .context = "", .timeout = 300,
     .status = "/rest/api/latest/status", .starting = 503, .session_cookie = "JSESSIONID",
     .settings = bamboo_settings, .config_files = bamboo_files, .cures = &bamboo_cures,
     .doors = bamboo_doors, .api = bamboo_api, .open = bamboo_open, .git = agent_marks,
     .probes = bamboo_probes, WEB_RESOURCES, .ready = "RUNNING PAUSED", .one_active_node = 1,
     .secure_cookies = 1},
    {.name = "bitbucket", .label = "Bitbucket", .aliases = bitbucket_aliases, .port = 7990,
     .context = "", .timeout = 3600, .status = "/status",
     .starting = 503, .session_cookie = "BITBUCKETSESSIONID",
     .settings = bitbucket_settings, .config_files = bitbucket_files, .cures = &bitbucket_cures,
     .doors = bitbucket_doors, .api = common_api, .open = common_open, .git = git_marks,
     .probes = common_probes, WEB_RESOURCES, .ready = "RUNNING FIRST_RUN MAINTENANCE",
     .secure_cookies = 1},
    {.name = "confluence", .label = "Confluence", .port = 8090, .context = "", .timeout = 300,
     .status = "/status", .starting = 503, .session_cookie = "JSESSIONID", .has_synchrony = 1,
     .settings = confluence_settings, .config_files = confluence_files, .cures = &confluence_cures,
     .doors = confluence_doors, .api = common_api, .open = common_open,
     .probes = confluence_probes, WEB_RESOURCES, .ready = "RUNNING FIRST_RUN", .secure_cookies = 1},
    {.name = "crowd", .label = "Crowd", .port = 8095, .context = "/crowd", .timeout = 60,
     .status = "/status", .starting = 503, .session_cookie = "JSESSIONID",
     .settings = crowd_settings, .config_files = crowd_files, .cures = &crowd_cures,
     .doors = crowd_doors, .api = crowd_api, .open = crowd_open,
     .probes = crowd_probes, WEB_RESOURCES, .ready = "RUNNING FIRST_RUN", .secure_cookies = 1},
    {.name = "crucible", .label = "Crucible", .port = 8060, .context = "", .timeout = 300,
     .starting = 503, .session_cookie = "JSESSIONID", .one_node_only = 1,
     .settings = fecru_settings, .config_files = crucible_files, .cures = &fecru_cures,
     .doors = fecru_doors, .api = fecru_api, .open = fecru_open, .probes = fecru_probes,
     WEB_RESOURCES},
    {.name = "fisheye", .label = "Fisheye", .aliases = fisheye_aliases, .port = 8060,
     .context = "", .timeout = 300, .starting = 503, .session_cookie = "JSESSIONID", .one_node_only = 1,
     .settings = fecru_settings, .config_files = fisheye_files, .cures = &fecru_cures,
     .doors = fecru_doors, .api = fecru_api, .open = fecru_open, .probes = fecru_probes,
     WEB_RESOURCES},
    {.name = "jira", .label = "Jira", .aliases = jira_aliases, .port = 8080, .context = "",
     .timeout = 300, .status = "/status", .starting = 503, .session_cookie = "JSESSIONID",
     .settings = jira_settings, .config_files = jira_files, .cures = &jira_cures,
     .doors = jira_doors, .api = common_api, .open = jira_open,
     .probes = jira_probes, WEB_RESOURCES, .ready = "RUNNING FIRST_RUN", .secure_cookies = 1},
    {.name = NULL}};
/* clang-format on */

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
