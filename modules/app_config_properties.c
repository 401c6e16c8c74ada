/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_config_properties.h"
#include "log.h"
#include "properties.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

/* Bitbucket documentation, "Configuration properties"; behind the prefix of a connector. */
static const atl_config_key bitbucket_keys[] = {{"proxy-name", "{host}", NULL, 0},
                                                {"proxy-port", "{port}", NULL, 0},
                                                {"scheme", "{scheme}", "http", 0},
                                                {"secure", "{secure}", "false", 0},
                                                {NULL, NULL, NULL, 0}};

static const char *property_value(const atl_comparer *c, const char *name)
{
    const atl_property *property = atl_properties_find(c->properties, name, 0);

    return property ? property->value : NULL;
}

static void put_property(atl_comparer *c, const char *name, const char *value)
{
    const atl_property *property = atl_properties_find(c->properties, name, 0);
    const char *text = c->config->text;
    const char *end = strstr(text, "\r\n") ? "\r\n" : "\n";

    if (property) {
        /* A key without a sign behind it has an empty value. */
        int bare = !property->len && !strchr("=: \t", text[property->at - 1]);
        atl_comparer_change(c, property->at, property->len,
                            apr_pstrcat(c->p, bare ? "=" : "", value, NULL));
        return;
    }
    atl_comparer_change(c, c->config->len, 0,
                        apr_pstrcat(c->p, c->ended ? "" : end, name, "=", value, end, NULL));
    c->ended = 1;
}

/* The line of a property; that of its comment, or the first, where it is not set. */
static unsigned property_line(const atl_comparer *c, const char *name)
{
    const atl_property *property = atl_properties_find(c->properties, name, 0);

    property = property ? property : atl_properties_find(c->properties, name, 1);
    return property ? property->line : 1;
}

/* The prefix of the keys of the connector on the port; NULL if there is none. */
static const char *connector_prefix(const atl_comparer *c)
{
    static const char more[] = "server.additional-connector.";
    const char *port = property_value(c, "server.port");

    if (atl_config_is_unknown(port) || !strcmp(port ? port : "7990", c->port)) {
        return "server.";
    }
    for (int i = 0; i < c->properties->nelts; i++) {
        const atl_property *property = &APR_ARRAY_IDX(c->properties, i, atl_property);
        const char *dot = strrchr(property->key, '.');

        if (!property->commented && dot && !strncmp(property->key, more, sizeof(more) - 1) &&
            !strcmp(dot, ".port") && !strcmp(property->value, c->port)) {
            return apr_pstrmemdup(c->p, property->key, (apr_size_t)(dot + 1 - property->key));
        }
    }
    return NULL;
}

static const char *missing_port(atl_comparer *c)
{
    const char *port = property_value(c, "server.port");

    atl_comparer_note(
        c, ATL_LOGNO(1203), property_line(c, "server.port"),
        apr_psprintf(c->p,
                     "server.port is %s, and the line sends requests to port %s; write the "
                     "application's port in the line, or change it here",
                     port ? atl_quote(c->p, port) : "not set, hence 7990", c->port));
    put_property(c, "server.port", c->port);
    return "server.";
}

static void compare_bitbucket_address(atl_comparer *c, const char *prefix)
{
    const char *wrong = NULL;
    unsigned line = 0;

    for (const atl_config_key *k = bitbucket_keys; k->name; k++) {
        const char *name = apr_pstrcat(c->p, prefix, k->name, NULL);
        const char *value = property_value(c, name);
        const char *wanted = atl_comparer_correction(c, k, value);

        if (wanted) {
            const atl_property *hidden = atl_properties_find(c->properties, name, 1);
            wrong = atl_comparer_and(
                c, wrong,
                atl_comparer_complaint(c, name, value, apr_pstrcat(c->p, name, "=", wanted, NULL)));
            if (!value && hidden) {
                wrong = apr_psprintf(c->p, "%s; line %u has it in a comment", wrong, hidden->line);
            }
            line = line ? line : property_line(c, name);
            put_property(c, name, wanted);
        }
    }
    if (wrong) {
        atl_comparer_note(c, ATL_LOGNO(1201), line,
                          apr_psprintf(c->p, "people come to %s, and this file says otherwise: %s",
                                       atl_comparer_address(c), wrong));
    }
}

static void compare_bitbucket_rest(atl_comparer *c)
{
    const char *path = property_value(c, "server.context-path");
    const char *wanted = *c->app->context ? c->app->context : "/";
    const char *compression = property_value(c, "server.compression.enabled");

    if (!atl_config_is_unknown(path) && !atl_config_agrees(path ? path : "/", wanted)) {
        atl_comparer_note(
            c, ATL_LOGNO(1202), property_line(c, "server.context-path"),
            apr_psprintf(
                c->p, "the line has the application at %s: %s", wanted,
                atl_comparer_complaint(c, "server.context-path", path,
                                       apr_pstrcat(c->p, "server.context-path=", wanted, NULL))));
        put_property(c, "server.context-path", wanted);
    }
    if (c->app->compression != ATL_COMPRESSION_PASS && compression &&
        !apr_cstr_casecmp(compression, "true")) {
        atl_comparer_note(
            c, ATL_LOGNO(1206), property_line(c, "server.compression.enabled"),
            apr_psprintf(c->p,
                         "server.compression.enabled=true, and the line says compression=%s; "
                         "compression on both sides breaks application links: write "
                         "server.compression.enabled=false",
                         c->app->compression == ATL_COMPRESSION_ON ? "on" : "off"));
        put_property(c, "server.compression.enabled", "false");
    }
}

void atl_app_config_bitbucket(atl_comparer *c)
{
    const atl_config_text *config = c->config;
    const char *prefix;

    c->properties = atl_properties_read(c->p, config->text, config->len);
    c->ended = !config->len || strchr("\r\n", config->text[config->len - 1]) != NULL;
    prefix = connector_prefix(c);
    compare_bitbucket_address(c, prefix ? prefix : missing_port(c));
    compare_bitbucket_rest(c);
}
