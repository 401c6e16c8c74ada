/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_config.h"
#include "app_config_properties.h"
#include "app_config_xml.h"
#include "log.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

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
    atl_comparer c = {.p = p,
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
        atl_app_config_tomcat(&c);
        break;
    case ATL_CONFIG_FECRU:
        atl_app_config_fecru(&c);
        break;
    case ATL_CONFIG_BITBUCKET:
        atl_app_config_bitbucket(&c);
        break;
    }
}
