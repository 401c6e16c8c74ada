/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "dump.h"
#include "app_settings.h"
#include "expand.h"
#include "server_conf.h"

#include "http_core.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdlib.h>

#define DUMP_DEFINE "DUMP_ATLASSIAN_APPS"

static void print_commented(apr_pool_t *p, apr_file_t *out, const char *text)
{
    char *copy = apr_pstrdup(p, text), *last = NULL;

    for (char *line = apr_strtok(copy, "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        size_t len = strlen(line);
        int is_file = len && line[len - 1] == ':';
        apr_file_printf(out, "    # %s%s\n", is_file ? "  " : "      ", line);
    }
}

static void print_header(apr_pool_t *p, apr_file_t *out, const server_rec *s, const atl_site *site)
{
    const char *address = atl_base_url(p, &site->public, "");

    if (s->is_virtual) {
        apr_file_printf(out, "# <VirtualHost %s> in %s:%u, which people reach as %s\n",
                        s->addrs ? s->addrs->virthost : "?", s->defn_name, s->defn_line_number,
                        address);
    }
    else {
        apr_file_printf(out, "# The main server, which people reach as %s\n", address);
    }
    if (!site->public.host) {
        apr_file_printf(
            out, "# (it has no ServerName: <host> stands for the name people type; write "
                 "ServerName <host>, or\n# ServerName https://<host> if TLS ends in front of "
                 "httpd, to have it here)\n");
    }
}

static void print_site(apr_pool_t *p, apr_file_t *out, const server_rec *s, const atl_site *site)
{
    print_header(p, out, s, site);
    for (int i = 0; i < site->apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(site->apps, i, const atl_app *);
        apr_file_printf(out, "#     AtlassianApp %s   (%s:%u)\n", app->words, app->file, app->line);
    }
    apr_file_puts("# stands for this stock configuration, at the end of the virtual host:\n\n",
                  out);
    apr_file_puts(atl_nodes_text(p, atl_expand(p, site), NULL, "    "), out);
    for (int i = 0; i < site->apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(site->apps, i, const atl_app *);
        apr_file_printf(out, "\n    # In %s itself, at %s:\n", app->product->label,
                        atl_base_url(p, &site->public, app->context));
        print_commented(p, out, atl_app_settings(p, site, app));
    }
    apr_file_puts("\n", out);
}

/* httpd chains virtual hosts newest first; readers expect them as they stand in the files. */
static int by_place(const void *a, const void *b)
{
    const server_rec *x = *(server_rec *const *)a, *y = *(server_rec *const *)b;

    if (x->is_virtual != y->is_virtual) {
        return x->is_virtual - y->is_virtual;
    }
    if (!x->is_virtual || !strcmp(x->defn_name, y->defn_name)) {
        return (x->defn_line_number > y->defn_line_number) -
               (x->defn_line_number < y->defn_line_number);
    }
    return strcmp(x->defn_name, y->defn_name);
}

apr_array_header_t *atl_servers_by_place(apr_pool_t *p, const server_rec *main_server)
{
    apr_array_header_t *servers = apr_array_make(p, 8, sizeof(const server_rec *));

    for (const server_rec *s = main_server; s; s = s->next) {
        APR_ARRAY_PUSH(servers, const server_rec *) = s;
    }
    qsort(servers->elts, (size_t)servers->nelts, sizeof(const server_rec *), by_place);
    return servers;
}

static void dump(apr_pool_t *p, server_rec *main_server)
{
    const apr_array_header_t *servers;
    apr_file_t *out;
    int found = 0;

    if (!ap_exists_config_define(DUMP_DEFINE) || apr_file_open_stdout(&out, p) != APR_SUCCESS) {
        return;
    }
    servers = atl_servers_by_place(p, main_server);
    for (int i = 0; i < servers->nelts; i++) {
        const server_rec *s = APR_ARRAY_IDX(servers, i, const server_rec *);
        const atl_site *site = &atl_server_conf_of(s)->site;

        if (site->apps->nelts) {
            print_site(p, out, s, site);
            found = 1;
        }
    }
    if (!found) {
        apr_file_puts("# no AtlassianApp line in this configuration\n", out);
    }
}

void atl_dump_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_test_config(dump, NULL, NULL, APR_HOOK_MIDDLE);
}
