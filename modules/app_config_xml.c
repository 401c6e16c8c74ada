/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_config_xml.h"
#include "app_settings.h"
#include "log.h"
#include "text.h"
#include "xml_text.h"

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

/* ------------------------------------------------------------------ what must agree */

/* Where a container keeps its settings. */
typedef struct atl_dialect {
    const char *connector, *connector_parent, *port;
    const atl_config_key *keys;
    const char *compression; /* NULL: has none */
    const char *context, *context_parent, *path;
    const char *no_path; /* what a context without path has; NULL: something else */
    const atl_config_key *context_keys;
} dialect;

/* Tomcat documentation, "The HTTP Connector" and "The Context Container". */
static const atl_config_key tomcat_keys[] = {{"proxyName", "{host}", NULL, 0},
                                             {"proxyPort", "{port}", NULL, 0},
                                             {"scheme", "{scheme}", "http", 0},
                                             {"secure", "{secure}", "false", 0},
                                             {NULL, NULL, NULL, 0}};
static const atl_config_key no_keys[] = {{NULL, NULL, NULL, 0}};
static const dialect tomcat = {"Connector", "Service", "port", tomcat_keys, "compression",
                               "Context",   "Host",    "path", NULL,        no_keys};

/* Fisheye documentation, "Configuring the Fisheye web server". */
static const atl_config_key fecru_keys[] = {{"proxy-host", "{host}", NULL, 0},
                                            {"proxy-port", "{port}", NULL, 0},
                                            {"proxy-scheme", "{scheme}", "http", 0},
                                            {NULL, NULL, NULL, 0}};
static const atl_config_key fecru_context_keys[] = {{"site-url", "{base-url}", NULL, 1},
                                                    {NULL, NULL, NULL, 0}};
static const dialect fecru = {"http",   "web-server", "bind", fecru_keys,        NULL, "web-server",
                              "config", "context",    "",     fecru_context_keys};

/* ------------------------------------------------------------------ values and places */

static const char *value_of(const atl_xml_element *element, const char *name)
{
    const atl_xml_attribute *attribute = atl_xml_attribute_of(element, name);

    return attribute ? attribute->value : NULL;
}

/* What stands before the last attribute, if it has a line of its own; else a blank. */
static const char *gap_of(const atl_comparer *c, const atl_xml_element *element)
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

static void put_attribute(atl_comparer *c, const atl_xml_element *element, const char *name,
                          const char *value)
{
    const atl_xml_attribute *attribute = atl_xml_attribute_of(element, name);
    const char *written = apr_pescape_entity(c->p, value, 0);

    if (attribute) {
        atl_comparer_change(c, attribute->at, attribute->len, written);
    }
    else {
        atl_comparer_change(
            c, element->tail, 0,
            apr_pstrcat(c->p, gap_of(c, element), name, "=\"", written, "\"", NULL));
    }
}

/* What of an element is wrong, in words, NULL for nothing; edits are added. */
static const char *compare_keys(atl_comparer *c, const atl_xml_element *element,
                                const atl_config_key *keys)
{
    const char *wrong = NULL;

    for (const atl_config_key *k = keys; k->name; k++) {
        const char *value = value_of(element, k->name);
        const char *wanted = atl_comparer_correction(c, k, value);

        if (wanted) {
            const char *attribute = apr_pstrcat(c->p, k->name, "=\"", wanted, "\"", NULL);
            wrong =
                atl_comparer_and(c, wrong, atl_comparer_complaint(c, k->name, value, attribute));
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

/* ------------------------------------------------------------------ the connector */

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

static int has_port(const atl_comparer *c, const atl_xml_element *element)
{
    const char *port = port_in(value_of(element, c->dialect->port));

    return port && !strcmp(port, c->port);
}

/* How many settings are as they should be: of two connectors on one port the better one is kept. */
static int merits(const atl_comparer *c, const atl_xml_element *element)
{
    int n = 0;

    for (const atl_config_key *k = c->dialect->keys; k->name; k++) {
        n += !atl_comparer_correction(c, k, value_of(element, k->name));
    }
    return n;
}

static apr_array_header_t *connectors_of(const atl_comparer *c)
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
static void refuse_second(atl_comparer *c, const atl_xml_element *second,
                          const atl_xml_element *first)
{
    const char *from = c->xml->text + second->start, *end = c->xml->text + second->end;
    const char *dashes = strstr(from, "--");

    atl_comparer_note(
        c, ATL_LOGNO(1205), second->line,
        apr_psprintf(c->p, "a second <%s> on port %s, which the one on line %u has; remove one",
                     second->name, c->port, first->line));
    if (!dashes || dashes >= end) { /* a comment cannot hold another */
        atl_comparer_change(c, second->start, 0, "<!-- ");
        atl_comparer_change(c, second->end, 0, " -->");
    }
}

/* The connector of the port; *unsure when it is the only one and its port is not known here. */
static const atl_xml_element *own_connector(atl_comparer *c, const apr_array_header_t *connectors)
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
        best = atl_config_is_unknown(value_of(only, c->dialect->port)) ? only : NULL;
    }
    return best;
}

static const atl_xml_element *commented_connector(const atl_comparer *c)
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
static int uncomment(atl_comparer *c, const atl_xml_element *element)
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
    atl_comparer_change(c, comment->start, 4, "");
    atl_comparer_change(c, comment->end - 3, 3, "");
    return 1;
}

static const char *ports_of(const atl_comparer *c, const apr_array_header_t *connectors)
{
    const char *list = NULL;

    for (int i = 0; i < connectors->nelts; i++) {
        const atl_xml_element *element = APR_ARRAY_IDX(connectors, i, const atl_xml_element *);
        const char *port = port_in(value_of(element, c->dialect->port));
        list = atl_comparer_and(c, list,
                                apr_psprintf(c->p, "on %s (line %u)",
                                             atl_quote(c->p, port ? port : ""), element->line));
    }
    return list ? list : "there is none";
}

/* The only one there is gets the port. */
static const atl_xml_element *move(atl_comparer *c, const apr_array_header_t *connectors)
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
    atl_comparer_change(c, attribute->at + attribute->len - len, len, c->port);
    return element;
}

/* Nobody listens where the line sends requests. Returns the connector that will, if that is sure. */
static const atl_xml_element *missing_connector(atl_comparer *c,
                                                const apr_array_header_t *connectors)
{
    const atl_xml_element *hidden = commented_connector(c);

    if (hidden) {
        atl_comparer_note(
            c, ATL_LOGNO(1204), hidden->line,
            apr_psprintf(c->p,
                         "the <%s> of port %s stands in a comment, so that the application "
                         "does not listen there; take the comment signs away",
                         hidden->name, c->port));
        return uncomment(c, hidden) ? hidden : NULL;
    }
    atl_comparer_note(
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

static void compare_compression(atl_comparer *c, const atl_xml_element *element)
{
    const char *value = c->dialect->compression ? value_of(element, c->dialect->compression) : NULL;

    if (c->app->compression == ATL_COMPRESSION_PASS || !value || atl_config_is_unknown(value) ||
        !apr_cstr_casecmp(value, "off")) {
        return;
    }
    atl_comparer_note(
        c, ATL_LOGNO(1206), element->line,
        apr_psprintf(c->p,
                     "%s=%s, and the line says compression=%s; compression on both sides "
                     "breaks application links: write %s=\"off\"",
                     c->dialect->compression, atl_quote(c->p, value),
                     c->app->compression == ATL_COMPRESSION_ON ? "on" : "off",
                     c->dialect->compression));
    put_attribute(c, element, c->dialect->compression, "off");
}

static void compare_connector(atl_comparer *c)
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
        atl_comparer_note(c, ATL_LOGNO(1201), element->line,
                          apr_psprintf(c->p,
                                       "people come to %s, and this <%s> says otherwise: %s%s",
                                       atl_comparer_address(c), element->name, wrong, hint));
    }
    compare_compression(c, element);
}

/* ------------------------------------------------------------------ the context */

#define LENGTH(text) (sizeof(text) - 1)

static int is_synchrony(const char *path)
{
    apr_size_t len = path ? strlen(path) : 0;

    return len >= LENGTH(ATL_SYNCHRONY_PROXY_PATH) &&
           !strcmp(path + len - LENGTH(ATL_SYNCHRONY_PROXY_PATH), ATL_SYNCHRONY_PROXY_PATH);
}

static void wrong_context(atl_comparer *c, const atl_xml_element *element, int is_only)
{
    const char *path = value_of(element, c->dialect->path);

    atl_comparer_note(
        c, ATL_LOGNO(1202), element->line,
        apr_psprintf(
            c->p, "the line has the application at %s, and this <%s> has %s=%s%s; write %s=\"%s\"",
            *c->app->context ? c->app->context : "/", element->name, c->dialect->path,
            atl_quote(c->p, path ? path : ""), is_only ? "" : ", as have the others other ones",
            c->dialect->path, c->app->context));
    if (is_only) {
        put_attribute(c, element, c->dialect->path, c->app->context);
    }
}

static int has_context_file(const atl_comparer *c, const char *name)
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
static void compare_context_file(atl_comparer *c, const atl_xml_element *first, int n)
{
    const char *wanted =
        apr_pstrcat(c->p, atl_app_fill(c->p, c->site, c->app, "{context-name}"), ".xml", NULL);
    const char *usual = c->app->product->context;

    usual = apr_pstrcat(c->p, *usual ? usual + 1 : "ROOT", ".xml", NULL);
    if (has_context_file(c, wanted)) {
        return;
    }
    if (first) {
        wrong_context(c, first, n == 1);
    }
    else if (has_context_file(c, usual)) {
        atl_comparer_note(
            c, ATL_LOGNO(1202), 1,
            apr_psprintf(c->p,
                         "the line has the application at %s, and its context file is "
                         "Catalina/localhost/%s; rename that to %s",
                         *c->app->context ? c->app->context : "/", usual, wanted));
    }
}

static void compare_context(atl_comparer *c)
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
        if (!path || atl_config_is_unknown(path)) {
            return;
        }
        if ((wrong = compare_keys(c, element, c->dialect->context_keys))) {
            atl_comparer_note(c, ATL_LOGNO(1201), element->line,
                              apr_psprintf(c->p,
                                           "people come to %s, and this <%s> says otherwise: %s",
                                           atl_comparer_address(c), element->name, wrong));
        }
        if (atl_config_agrees(path, c->app->context)) {
            return;
        }
        first = first ? first : element;
        n++;
    }
    compare_context_file(c, first, n);
}

/* ------------------------------------------------------------------ a file */

static void compare_xml(atl_comparer *c, const dialect *d)
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

void atl_app_config_tomcat(atl_comparer *c)
{
    compare_xml(c, &tomcat);
}

void atl_app_config_fecru(atl_comparer *c)
{
    compare_xml(c, &fecru);
}
