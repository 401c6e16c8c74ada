/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_config.h"
#include "expand.h"
#include "log.h"
#include "properties.h"
#include "text.h"
#include "xml_text.h"

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ what must agree */

/* A setting of the container; ends with a row without name. */
typedef struct key {
    const char *name;
    const char *wanted;   /* template of the product table's kind */
    const char *fallback; /* what holds where it is not set; NULL: it must be */
    unsigned if_set : 1;  /* need not be set, but must not be wrong */
} key;

/* Where a container keeps them in XML. */
typedef struct dialect {
    const char *connector, *connector_parent, *port;
    const key *keys;
    const char *compression; /* NULL: has none */
    const char *context, *context_parent, *path;
    const char *no_path; /* what a context without path has; NULL: something else */
    const key *context_keys;
} dialect;

#define END_OF_KEYS         \
    {                       \
        NULL, NULL, NULL, 0 \
    }

/* Tomcat documentation, "The HTTP Connector" and "The Context Container". */
static const key tomcat_keys[] = {{"proxyName", "{host}", NULL, 0},
                                  {"proxyPort", "{port}", NULL, 0},
                                  {"scheme", "{scheme}", "http", 0},
                                  {"secure", "{secure}", "false", 0},
                                  END_OF_KEYS};
static const key no_keys[] = {END_OF_KEYS};
static const dialect tomcat = {"Connector", "Service", "port", tomcat_keys, "compression",
                               "Context",   "Host",    "path", NULL,        no_keys};

/* Fisheye documentation, "Configuring the Fisheye web server". */
static const key fecru_keys[] = {{"proxy-host", "{host}", NULL, 0},
                                 {"proxy-port", "{port}", NULL, 0},
                                 {"proxy-scheme", "{scheme}", "http", 0},
                                 END_OF_KEYS};
static const key fecru_context_keys[] = {{"site-url", "{base-url}", NULL, 1}, END_OF_KEYS};
static const dialect fecru = {"http",   "web-server", "bind", fecru_keys,        NULL, "web-server",
                              "config", "context",    "",     fecru_context_keys};

/* Bitbucket documentation, "Configuration properties"; behind the prefix of a connector. */
static const key bitbucket_keys[] = {{"proxy-name", "{host}", NULL, 0},
                                     {"proxy-port", "{port}", NULL, 0},
                                     {"scheme", "{scheme}", "http", 0},
                                     {"secure", "{secure}", "false", 0},
                                     END_OF_KEYS};

/* ------------------------------------------------------------------ a comparison */

typedef struct comparer {
    apr_pool_t *p;
    const atl_site *site;
    const atl_app *app;
    const atl_config_text *config;
    const char *port; /* where the application is asked */
    apr_array_header_t *notes, *edits;
    const dialect *dialect;
    const atl_xml *xml;
    const apr_array_header_t *properties;
    unsigned ended : 1; /* the last line ends, or an edit ends it */
} comparer;

/* text: what is wrong and what to write. */
static void note(comparer *c, const char *number, unsigned line, const char *text)
{
    APR_ARRAY_PUSH(c->notes, const char *) =
        apr_psprintf(c->p, "%s%s:%u: %s", number, c->config->file, line, text);
}

static void change(comparer *c, apr_size_t at, apr_size_t len, const char *with)
{
    atl_edit edit = {at, len, with, c->app};

    atl_edit_add(c->edits, &edit);
}

/* NULL where the virtual host has no name, so that the line does not say it. */
static const char *wanted_of(const comparer *c, const char *text)
{
    static const char *const of_the_name[] = {"{host}", "{port}", "{base-url}", NULL};

    for (const char *const *word = of_the_name; !c->site->public.host && *word; word++) {
        if (!strcmp(text, *word)) {
            return NULL;
        }
    }
    return atl_expand_fill(c->p, c->site, c->app, text);
}

/* Of catalina.properties or the command line: nobody here knows. */
static int is_unknown(const char *value)
{
    return value && strstr(value, "${");
}

static apr_size_t without_slash(const char *text)
{
    apr_size_t len = strlen(text);

    return len && text[len - 1] == '/' ? len - 1 : len;
}

/* Host names have no case; a slash at the end of a path or URL is nothing. */
static int agrees(const char *value, const char *wanted)
{
    apr_size_t len = without_slash(wanted);

    return without_slash(value) == len && !apr_cstr_casecmpn(value, wanted, len);
}

/* Whether a value must change; value is NULL where it is not set. */
static int is_wrong(const key *k, const char *value, const char *wanted)
{
    if (!wanted || is_unknown(value)) {
        return 0;
    }
    value = value ? value : k->if_set ? wanted : k->fallback;
    return !value || !agrees(value, wanted);
}

static const char *complaint(comparer *c, const char *name, const char *value, const char *wanted)
{
    return value ? apr_psprintf(c->p, "%s is %s (write %s)", name, atl_quote(c->p, value), wanted)
                 : apr_psprintf(c->p, "%s is missing (write %s)", name, wanted);
}

static const char * and (apr_pool_t * p, const char *list, const char *item)
{
    return list ? apr_pstrcat(p, list, ", ", item, NULL) : item;
}

static const char *address_of(const comparer *c)
{
    return atl_base_url(c->p, &c->site->public, c->app->context);
}

/* ------------------------------------------------------------------ XML: values and places */

static const char *value_of(const atl_xml_element *element, const char *name)
{
    const atl_xml_attribute *attribute = atl_xml_attribute_of(element, name);

    return attribute ? attribute->value : NULL;
}

/* What stands before the last attribute, if it has a line of its own; else a blank. */
static const char *gap_of(const comparer *c, const atl_xml_element *element)
{
    const atl_xml_attribute *last;
    const char *from, *end;

    if (!element->attributes->nelts) {
        return " ";
    }
    last = &APR_ARRAY_IDX(element->attributes, element->attributes->nelts - 1, atl_xml_attribute);
    from = end = c->xml->text + last->start;
    while (strchr(" \t\r\n", from[-1])) {
        from--;
    }
    return memchr(from, '\n', (apr_size_t)(end - from))
               ? apr_pstrmemdup(c->p, from, (apr_size_t)(end - from))
               : " ";
}

static void put_attribute(comparer *c, const atl_xml_element *element, const char *name,
                          const char *value)
{
    const atl_xml_attribute *attribute = atl_xml_attribute_of(element, name);
    const char *written = apr_pescape_entity(c->p, value, 0);

    if (attribute) {
        change(c, attribute->at, attribute->len, written);
    }
    else {
        change(c, element->tail, 0,
               apr_pstrcat(c->p, gap_of(c, element), name, "=\"", written, "\"", NULL));
    }
}

/* What of an element is wrong, in words, NULL for nothing; edits are added. */
static const char *compare_keys(comparer *c, const atl_xml_element *element, const key *keys)
{
    const char *wrong = NULL;

    for (const key *k = keys; k->name; k++) {
        const char *value = value_of(element, k->name), *wanted = wanted_of(c, k->wanted);

        if (is_wrong(k, value, wanted)) {
            const char *attribute = apr_pstrcat(c->p, k->name, "=\"", wanted, "\"", NULL);
            wrong = and(c->p, wrong, complaint(c, k->name, value, attribute));
            put_attribute(c, element, k->name, wanted);
        }
    }
    return wrong;
}

static int is_below(const atl_xml *xml, const atl_xml_element *element, const char *name,
                    const char *parent)
{
    return element->parent >= 0 && !strcmp(element->name, name) &&
           !strcmp(APR_ARRAY_IDX(xml->elements, element->parent, atl_xml_element).name, parent);
}

/* ------------------------------------------------------------------ XML: the connector */

/* The digits of a port: "8090", ":8060" or "127.0.0.1:8060". */
static const char *port_in(const char *value)
{
    const char *colon = value ? strrchr(value, ':') : NULL;

    return colon ? colon + 1 : value;
}

static int is_http(const atl_xml_element *element)
{
    const char *protocol = value_of(element, "protocol");

    return !protocol || (!strstr(protocol, "AJP") && !strstr(protocol, "ajp"));
}

static int has_port(const comparer *c, const atl_xml_element *element)
{
    const char *port = port_in(value_of(element, c->dialect->port));

    return port && !strcmp(port, c->port);
}

/* How many settings are as they should be: of two connectors on one port the better one is kept. */
static int merits(const comparer *c, const atl_xml_element *element)
{
    int n = 0;

    for (const key *k = c->dialect->keys; k->name; k++) {
        n += !is_wrong(k, value_of(element, k->name), wanted_of(c, k->wanted));
    }
    return n;
}

static apr_array_header_t *connectors_of(const comparer *c)
{
    apr_array_header_t *found = apr_array_make(c->p, 2, sizeof(const atl_xml_element *));

    for (int i = 0; i < c->xml->elements->nelts; i++) {
        const atl_xml_element *element = &APR_ARRAY_IDX(c->xml->elements, i, atl_xml_element);
        if (is_below(c->xml, element, c->dialect->connector, c->dialect->connector_parent) &&
            is_http(element)) {
            APR_ARRAY_PUSH(found, const atl_xml_element *) = element;
        }
    }
    return found;
}

/* A second one that wants the same port keeps Tomcat from starting. */
static void refuse_second(comparer *c, const atl_xml_element *second, const atl_xml_element *first)
{
    const char *from = c->xml->text + second->start, *end = c->xml->text + second->end;
    const char *dashes = strstr(from, "--");

    note(c, ATL_LOGNO(1205), second->line,
         apr_psprintf(c->p, "a second <%s> on port %s, which the one on line %u has; remove one",
                      second->name, c->port, first->line));
    if (!dashes || dashes >= end) { /* a comment cannot hold another */
        change(c, second->start, 0, "<!-- ");
        change(c, second->end, 0, " -->");
    }
}

/* The connector of the port; *unsure when it is the only one and its port is not known here. */
static const atl_xml_element *own_connector(comparer *c, const apr_array_header_t *connectors)
{
    const atl_xml_element *best = NULL, *only;

    for (int i = 0; i < connectors->nelts; i++) {
        const atl_xml_element *element = APR_ARRAY_IDX(connectors, i, const atl_xml_element *);
        if (has_port(c, element) && (!best || merits(c, element) > merits(c, best))) {
            best = element;
        }
    }
    for (int i = 0; best && i < connectors->nelts; i++) {
        const atl_xml_element *element = APR_ARRAY_IDX(connectors, i, const atl_xml_element *);
        if (element != best && has_port(c, element)) {
            refuse_second(c, element, best);
        }
    }
    if (!best && connectors->nelts == 1) {
        only = APR_ARRAY_IDX(connectors, 0, const atl_xml_element *);
        best = is_unknown(value_of(only, c->dialect->port)) ? only : NULL;
    }
    return best;
}

static const atl_xml_element *commented_connector(const comparer *c)
{
    const atl_xml_element *found = NULL;

    for (int i = 0; i < c->xml->commented->nelts; i++) {
        const atl_xml_element *element = &APR_ARRAY_IDX(c->xml->commented, i, atl_xml_element);
        if (!strcmp(element->name, c->dialect->connector) && is_http(element) &&
            has_port(c, element) && (!found || merits(c, element) > merits(c, found))) {
            found = element;
        }
    }
    return found;
}

static int all_blank(const char *from, const char *end)
{
    while (from < end && strchr(" \t\r\n", *from)) {
        from++;
    }
    return from == end;
}

/* Takes the comment signs away, where nothing else stands in the comment and what does is XML. */
static int uncomment(comparer *c, const atl_xml_element *element)
{
    const atl_xml_comment *comment =
        &APR_ARRAY_IDX(c->xml->comments, element->comment, atl_xml_comment);
    const char *text = c->xml->text;
    atl_xml *alone;

    if (!all_blank(text + comment->start + 4, text + element->start) ||
        !all_blank(text + element->end, text + comment->end - 3) ||
        atl_xml_read(c->p, text + element->start, element->end - element->start, &alone)) {
        return 0;
    }
    change(c, comment->start, 4, "");
    change(c, comment->end - 3, 3, "");
    return 1;
}

static const char *ports_of(const comparer *c, const apr_array_header_t *connectors)
{
    const char *list = NULL;

    for (int i = 0; i < connectors->nelts; i++) {
        const atl_xml_element *element = APR_ARRAY_IDX(connectors, i, const atl_xml_element *);
        const char *port = port_in(value_of(element, c->dialect->port));
        list = and(c->p, list,
                   apr_psprintf(c->p, "on %s (line %u)", atl_quote(c->p, port ? port : ""),
                                element->line));
    }
    return list ? list : "there is none";
}

/* The only one there is gets the port. */
static const atl_xml_element *move(comparer *c, const apr_array_header_t *connectors)
{
    const atl_xml_element *element = NULL;
    const atl_xml_attribute *attribute = NULL;
    const char *port;
    apr_size_t len;

    if (connectors->nelts == 1) {
        element = APR_ARRAY_IDX(connectors, 0, const atl_xml_element *);
        attribute = atl_xml_attribute_of(element, c->dialect->port);
    }
    if (!attribute) {
        return NULL;
    }
    port = port_in(attribute->value);
    len = strlen(port);
    if (len > attribute->len || port[strspn(port, "0123456789")]) {
        return NULL; /* written with references */
    }
    change(c, attribute->at + attribute->len - len, len, c->port);
    return element;
}

/* Nobody listens where the line sends requests. Returns the connector that will, if that is sure. */
static const atl_xml_element *missing_connector(comparer *c, const apr_array_header_t *connectors)
{
    const atl_xml_element *hidden = commented_connector(c);

    if (hidden) {
        note(c, ATL_LOGNO(1204), hidden->line,
             apr_psprintf(c->p,
                          "the <%s> of port %s stands in a comment, so that the application "
                          "does not listen there; take the comment signs away",
                          hidden->name, c->port));
        return uncomment(c, hidden) ? hidden : NULL;
    }
    note(
        c, ATL_LOGNO(1203),
        connectors->nelts
            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): no NULL is put into this array */
            ? APR_ARRAY_IDX(connectors, 0, const atl_xml_element *)->line
            : 1,
        apr_psprintf(c->p,
                     "no <%s> listens on port %s, where the line sends requests (%s); write "
                     "the application's port in the line, or change it here",
                     c->dialect->connector, c->port, ports_of(c, connectors)));
    return move(c, connectors);
}

static void compare_compression(comparer *c, const atl_xml_element *element)
{
    const char *value = c->dialect->compression ? value_of(element, c->dialect->compression) : NULL;

    if (c->app->compression == ATL_COMPRESSION_PASS || !value || is_unknown(value) ||
        !apr_cstr_casecmp(value, "off")) {
        return;
    }
    note(c, ATL_LOGNO(1206), element->line,
         apr_psprintf(c->p,
                      "%s=%s, and the line says compression=%s; compression on both sides "
                      "breaks application links: write %s=\"off\"",
                      c->dialect->compression, atl_quote(c->p, value),
                      c->app->compression == ATL_COMPRESSION_ON ? "on" : "off",
                      c->dialect->compression));
    put_attribute(c, element, c->dialect->compression, "off");
}

static void compare_connector(comparer *c)
{
    const apr_array_header_t *connectors = connectors_of(c);
    const atl_xml_element *element = own_connector(c, connectors), *hidden = commented_connector(c);
    const char *wrong;

    if (!element) {
        element = missing_connector(c, connectors);
    }
    if (!element) {
        return;
    }
    wrong = compare_keys(c, element, c->dialect->keys);
    if (wrong) {
        const char *hint = hidden && hidden != element && merits(c, hidden) > merits(c, element)
                               ? apr_psprintf(c->p,
                                              "; the <%s> on line %u is better, but stands in "
                                              "a comment",
                                              hidden->name, hidden->line)
                               : "";
        note(c, ATL_LOGNO(1201), element->line,
             apr_psprintf(c->p, "people come to %s, and this <%s> says otherwise: %s%s",
                          address_of(c), element->name, wrong, hint));
    }
    compare_compression(c, element);
}

/* ------------------------------------------------------------------ XML: the context */

#define LENGTH(text) (sizeof(text) - 1)

static int is_synchrony(const char *path)
{
    apr_size_t len = path ? strlen(path) : 0;

    return len >= LENGTH(ATL_SYNCHRONY_PROXY_PATH) &&
           !strcmp(path + len - LENGTH(ATL_SYNCHRONY_PROXY_PATH), ATL_SYNCHRONY_PROXY_PATH);
}

static void wrong_context(comparer *c, const atl_xml_element *element, int is_only)
{
    const char *path = value_of(element, c->dialect->path);

    note(c, ATL_LOGNO(1202), element->line,
         apr_psprintf(
             c->p, "the line has the application at %s, and this <%s> has %s=%s%s; write %s=\"%s\"",
             *c->app->context ? c->app->context : "/", element->name, c->dialect->path,
             atl_quote(c->p, path ? path : ""), is_only ? "" : ", as have the others other ones",
             c->dialect->path, c->app->context));
    if (is_only) {
        put_attribute(c, element, c->dialect->path, c->app->context);
    }
}

static int has_context_file(const comparer *c, const char *name)
{
    const apr_array_header_t *contexts = c->config->contexts;

    for (int i = 0; contexts && i < contexts->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(contexts, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

/* A file's name is the context path; its installer's own name tells the product's. */
static void compare_context_file(comparer *c, const atl_xml_element *first, int n)
{
    const char *wanted =
        apr_pstrcat(c->p, atl_expand_fill(c->p, c->site, c->app, "{context-name}"), ".xml", NULL);
    const char *usual = c->app->product->context;

    usual = apr_pstrcat(c->p, *usual ? usual + 1 : "ROOT", ".xml", NULL);
    if (has_context_file(c, wanted)) {
        return;
    }
    if (first) {
        wrong_context(c, first, n == 1);
    }
    else if (has_context_file(c, usual)) {
        note(c, ATL_LOGNO(1202), 1,
             apr_psprintf(c->p,
                          "the line has the application at %s, and its context file is "
                          "Catalina/localhost/%s; rename that to %s",
                          *c->app->context ? c->app->context : "/", usual, wanted));
    }
}

static void compare_context(comparer *c)
{
    const atl_xml_element *first = NULL;
    const char *wrong = NULL;
    int n = 0;

    for (int i = 0; i < c->xml->elements->nelts; i++) {
        const atl_xml_element *element = &APR_ARRAY_IDX(c->xml->elements, i, atl_xml_element);
        const char *path = value_of(element, c->dialect->path);

        if (!is_below(c->xml, element, c->dialect->context, c->dialect->context_parent) ||
            is_synchrony(path)) {
            continue;
        }
        path = path ? path : c->dialect->no_path;
        if (!path || is_unknown(path)) {
            return;
        }
        if ((wrong = compare_keys(c, element, c->dialect->context_keys))) {
            note(c, ATL_LOGNO(1201), element->line,
                 apr_psprintf(c->p, "people come to %s, and this <%s> says otherwise: %s",
                              address_of(c), element->name, wrong));
        }
        if (agrees(path, c->app->context)) {
            return;
        }
        first = first ? first : element;
        n++;
    }
    compare_context_file(c, first, n);
}

/* ------------------------------------------------------------------ properties */

static const char *property_value(const comparer *c, const char *name)
{
    const atl_property *property = atl_properties_find(c->properties, name, 0);

    return property ? property->value : NULL;
}

static void put_property(comparer *c, const char *name, const char *value)
{
    const atl_property *property = atl_properties_find(c->properties, name, 0);
    const char *text = c->config->text;
    const char *end = strstr(text, "\r\n") ? "\r\n" : "\n";

    if (property) {
        /* A key without a sign behind it has an empty value. */
        int bare = !property->len && !strchr("=: \t", text[property->at - 1]);
        change(c, property->at, property->len, apr_pstrcat(c->p, bare ? "=" : "", value, NULL));
        return;
    }
    change(c, c->config->len, 0,
           apr_pstrcat(c->p, c->ended ? "" : end, name, "=", value, end, NULL));
    c->ended = 1;
}

/* The line of a property; that of its comment, or the first, where it is not set. */
static unsigned property_line(const comparer *c, const char *name)
{
    const atl_property *property = atl_properties_find(c->properties, name, 0);

    property = property ? property : atl_properties_find(c->properties, name, 1);
    return property ? property->line : 1;
}

/* The prefix of the keys of the connector on the port; NULL if there is none. */
static const char *connector_prefix(const comparer *c)
{
    static const char more[] = "server.additional-connector.";
    const char *port = property_value(c, "server.port");

    if (is_unknown(port) || !strcmp(port ? port : "7990", c->port)) {
        return "server.";
    }
    for (int i = 0; i < c->properties->nelts; i++) {
        const atl_property *property = &APR_ARRAY_IDX(c->properties, i, atl_property);
        const char *dot = strrchr(property->key, '.');

        if (!property->commented && dot && !strncmp(property->key, more, LENGTH(more)) &&
            !strcmp(dot, ".port") && !strcmp(property->value, c->port)) {
            return apr_pstrmemdup(c->p, property->key, (apr_size_t)(dot + 1 - property->key));
        }
    }
    return NULL;
}

static const char *missing_port(comparer *c)
{
    const char *port = property_value(c, "server.port");

    note(c, ATL_LOGNO(1203), property_line(c, "server.port"),
         apr_psprintf(c->p,
                      "server.port is %s, and the line sends requests to port %s; write the "
                      "application's port in the line, or change it here",
                      port ? atl_quote(c->p, port) : "not set, hence 7990", c->port));
    put_property(c, "server.port", c->port);
    return "server.";
}

static void compare_bitbucket_address(comparer *c, const char *prefix)
{
    const char *wrong = NULL;
    unsigned line = 0;

    for (const key *k = bitbucket_keys; k->name; k++) {
        const char *name = apr_pstrcat(c->p, prefix, k->name, NULL);
        const char *value = property_value(c, name), *wanted = wanted_of(c, k->wanted);

        if (is_wrong(k, value, wanted)) {
            const atl_property *hidden = atl_properties_find(c->properties, name, 1);
            wrong = and(c->p, wrong,
                        complaint(c, name, value, apr_pstrcat(c->p, name, "=", wanted, NULL)));
            if (!value && hidden) {
                wrong = apr_psprintf(c->p, "%s; line %u has it in a comment", wrong, hidden->line);
            }
            line = line ? line : property_line(c, name);
            put_property(c, name, wanted);
        }
    }
    if (wrong) {
        note(c, ATL_LOGNO(1201), line,
             apr_psprintf(c->p, "people come to %s, and this file says otherwise: %s",
                          address_of(c), wrong));
    }
}

static void compare_bitbucket_rest(comparer *c)
{
    const char *path = property_value(c, "server.context-path");
    const char *wanted = *c->app->context ? c->app->context : "/";
    const char *compression = property_value(c, "server.compression.enabled");

    if (!is_unknown(path) && !agrees(path ? path : "/", wanted)) {
        note(c, ATL_LOGNO(1202), property_line(c, "server.context-path"),
             apr_psprintf(c->p, "the line has the application at %s: %s", wanted,
                          complaint(c, "server.context-path", path,
                                    apr_pstrcat(c->p, "server.context-path=", wanted, NULL))));
        put_property(c, "server.context-path", wanted);
    }
    if (c->app->compression != ATL_COMPRESSION_PASS && compression &&
        !apr_cstr_casecmp(compression, "true")) {
        note(c, ATL_LOGNO(1206), property_line(c, "server.compression.enabled"),
             apr_psprintf(c->p,
                          "server.compression.enabled=true, and the line says compression=%s; "
                          "compression on both sides breaks application links: write "
                          "server.compression.enabled=false",
                          c->app->compression == ATL_COMPRESSION_ON ? "on" : "off"));
        put_property(c, "server.compression.enabled", "false");
    }
}

static void compare_properties(comparer *c)
{
    const atl_config_text *config = c->config;
    const char *prefix;

    c->properties = atl_properties_read(c->p, config->text, config->len);
    c->ended = !config->len || strchr("\r\n", config->text[config->len - 1]) != NULL;
    prefix = connector_prefix(c);
    compare_bitbucket_address(c, prefix ? prefix : missing_port(c));
    compare_bitbucket_rest(c);
}

/* ------------------------------------------------------------------ a file */

static void compare_xml(comparer *c, const dialect *d)
{
    atl_xml *xml = NULL;
    const char *error = atl_xml_read(c->p, c->config->text, c->config->len, &xml);

    if (error) {
        APR_ARRAY_PUSH(c->notes, const char *) = apr_psprintf(
            c->p, ATL_LOGNO(1212) "%s was not compared with the line: %s", c->config->file, error);
        return;
    }
    c->dialect = d;
    c->xml = xml;
    compare_connector(c);
    compare_context(c);
}

static int is_loopback(const atl_backend *backend)
{
    return !strcmp(backend->host, "localhost") || !strcmp(backend->host, "[::1]") ||
           !strncmp(backend->host, "127.", 4);
}

/* The node whose files are read: the one on this machine. */
static const atl_backend *own_node(const atl_app *app)
{
    for (int i = 0; i < app->backends->nelts; i++) {
        const atl_backend *backend = &APR_ARRAY_IDX(app->backends, i, atl_backend);
        if (is_loopback(backend)) {
            return backend;
        }
    }
    return &APR_ARRAY_IDX(app->backends, 0, atl_backend);
}

int atl_app_config_is_local(const atl_app *app)
{
    return is_loopback(own_node(app));
}

atl_config_format atl_app_config_format(const atl_product *product, const char *file)
{
    apr_size_t len = strlen(file);

    for (const atl_config_file *row = product->config_files; row->path; row++) {
        const char *name = strrchr(row->path, '.');
        apr_size_t n = strlen(name);

        if (len > n && !apr_cstr_casecmp(file + len - n, name)) {
            return row->format;
        }
    }
    return product->config_files->format;
}

void atl_app_config_compare(apr_pool_t *p, const atl_site *site, const atl_app *app,
                            const atl_config_text *config, apr_array_header_t *notes,
                            apr_array_header_t *edits)
{
    comparer c = {.p = p,
                  .site = site,
                  .app = app,
                  .config = config,
                  .notes = notes,
                  .edits = edits,
                  .port = apr_psprintf(p, "%u", own_node(app)->port)};

    if (memchr(config->text, '\0', config->len)) {
        APR_ARRAY_PUSH(notes, const char *) = apr_psprintf(
            p, ATL_LOGNO(1212) "%s was not compared with the line: it is not text", config->file);
        return;
    }
    switch (config->format) {
    case ATL_CONFIG_TOMCAT:
        compare_xml(&c, &tomcat);
        break;
    case ATL_CONFIG_FECRU:
        compare_xml(&c, &fecru);
        break;
    case ATL_CONFIG_BITBUCKET:
        compare_properties(&c);
        break;
    }
}
