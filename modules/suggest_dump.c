/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "suggest_dump.h"
#include "dump.h"
#include "public.h"
#include "suggest_mistake.h"

#include "http_config.h"
#include "http_core.h"
#include "util_cfgtree.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#define DUMP_DEFINE "DUMP_ATLASSIAN_SUGGEST"

/* ------------------------------------------------------------------ httpd's tree as a list */

/* The ">" of a section is the last of its arguments. */
static const char *args_of(apr_pool_t *p, const ap_directive_t *d)
{
    apr_size_t len = d->args ? strlen(d->args) : 0;

    if (len && *d->directive == '<' && d->args[len - 1] == '>') {
        return apr_pstrmemdup(p, d->args, len - 1);
    }
    return d->args ? d->args : "";
}

/* Parents are handed down: of what came from <IfModule> and its like the tree's own may be stale.
 */
static void flatten(apr_pool_t *p, const ap_directive_t *d, const atl_old_line *section,
                    apr_array_header_t *lines)
{
    for (; d; d = d->next) {
        atl_old_line *line;

        if (!ap_cstr_casecmp(d->directive, "<VirtualHost")) {
            continue;
        }
        line = apr_pcalloc(p, sizeof(*line));
        line->name = d->directive;
        line->args = args_of(p, d);
        line->file = d->filename;
        line->line = (unsigned)d->line_num;
        line->section = section;
        APR_ARRAY_PUSH(lines, const atl_old_line *) = line;
        flatten(p, d->first_child, line, lines);
    }
}

static apr_array_header_t *lines_of(apr_pool_t *p, const ap_directive_t *d)
{
    apr_array_header_t *lines = apr_array_make(p, 64, sizeof(const atl_old_line *));

    flatten(p, d, NULL, lines);
    return lines;
}

/* ------------------------------------------------------------------ as text */

static void print_place(apr_file_t *out, const atl_old_line *line)
{
    apr_file_printf(out, "#   %s:%u: %s %s", line->file, line->line, line->name, line->args);
    if (*line->name == '<') {
        apr_file_printf(out, ">, with all that is in it, to </%s>", line->name + 1);
    }
    apr_file_puts("\n", out);
}

static void print_app(apr_pool_t *p, apr_file_t *out, const atl_old_app *app)
{
    char *questions, *last = NULL;

    if (app->already) {
        apr_file_printf(out, "    # there is one for %s already, %s:%u: AtlassianApp %s\n",
                        app->product->label, app->already->file, app->already->line,
                        app->already->args);
        return;
    }
    if (!app->question) {
        apr_file_printf(out, "    AtlassianApp %s\n", app->words);
        return;
    }
    apr_file_printf(out, "    # AtlassianApp %s\n", app->words);
    questions = apr_pstrdup(p, app->question);
    for (char *q = apr_strtok(questions, "\n", &last); q; q = apr_strtok(NULL, "\n", &last)) {
        apr_file_printf(out, "    #     unsure (%s:%u): %s\n", app->main->line->file,
                        app->main->line->line, q);
    }
}

static void print_removals(apr_file_t *out, const atl_suggestion *found)
{
    if (found->removals->nelts) {
        apr_file_puts("# Delete:\n", out);
    }
    for (int i = 0; i < found->removals->nelts; i++) {
        print_place(out, APR_ARRAY_IDX(found->removals, i, const atl_old_line *));
    }
}

static void print_remarks(apr_file_t *out, const char *title, const apr_array_header_t *remarks)
{
    if (remarks->nelts) {
        apr_file_puts(title, out);
    }
    for (int i = 0; i < remarks->nelts; i++) {
        const atl_old_remark *remark = &APR_ARRAY_IDX(remarks, i, atl_old_remark);
        print_place(out, remark->line);
        apr_file_printf(out, "#       %s\n", remark->text);
    }
}

static void print_mistakes(apr_file_t *out, const atl_suggestion *found)
{
    if (found->mistakes->nelts) {
        apr_file_puts("# What was wrong:\n", out);
    }
    for (int i = 0; i < found->mistakes->nelts; i++) {
        const atl_old_mistake *mistake = &APR_ARRAY_IDX(found->mistakes, i, atl_old_mistake);
        const atl_old_mistake_row *row = &atl_old_mistake_rows[mistake->id];

        apr_file_printf(out, "#   ATLP%u %s, %s:%u: %s.\n#       Cure: %s.\n", row->number,
                        row->name, mistake->line->file, mistake->line->line, mistake->said,
                        mistake->cure);
    }
}

static void print_host(apr_pool_t *p, apr_file_t *out, const server_rec *s, const char *name,
                       const atl_suggestion *found)
{
    if (s->is_virtual) {
        apr_file_printf(out, "# <VirtualHost %s:%u> in %s:%u", s->addrs ? s->addrs->virthost : "?",
                        s->addrs ? (unsigned)s->addrs->host_port : 0u, s->defn_name,
                        s->defn_line_number);
    }
    else {
        apr_file_puts("# The main server", out);
    }
    apr_file_printf(out, "%s%s. Write:\n\n", name ? ", " : "", name ? name : "");
    if (found->server_name) {
        apr_file_printf(out, "    ServerName %s\n", found->server_name);
    }
    for (int i = 0; i < found->apps->nelts; i++) {
        print_app(p, out, APR_ARRAY_IDX(found->apps, i, const atl_old_app *));
    }
    apr_file_puts("\n", out);
    print_removals(out, found);
    print_remarks(out, "# Not carried over:\n", found->lost);
    print_mistakes(out, found);
    apr_file_puts("\n", out);
}

/* ------------------------------------------------------------------ all servers */

static int suggest(apr_pool_t *p, apr_file_t *out, const atl_sections *sections,
                   const server_rec *s, apr_array_header_t *of_main, apr_array_header_t *unread)
{
    atl_public public;
    atl_old_host host = {.public = &public,
                         .lines = of_main,
                         .inherited = apr_array_make(p, 0, sizeof(const atl_old_line *))};
    const atl_suggestion *found;

    atl_public_of(sections, s, &public);
    if (s->is_virtual) {
        host.lines = lines_of(p, atl_directives_of(sections, s));
        host.inherited = of_main;
    }
    found = atl_suggest(p, &host);
    if (!found->apps->nelts) {
        apr_array_cat(unread, found->lost);
        return 0;
    }
    print_host(p, out, s, public.host, found);
    return 1;
}

static void dump(apr_pool_t *p, server_rec *main_server)
{
    const apr_array_header_t *servers;
    apr_array_header_t *of_main, *unread = apr_array_make(p, 4, sizeof(atl_old_remark));
    atl_sections *sections;
    apr_file_t *out;
    int found = 0;

    if (!ap_exists_config_define(DUMP_DEFINE) || apr_file_open_stdout(&out, p) != APR_SUCCESS) {
        return;
    }
    servers = atl_servers_by_place(p, main_server);
    sections = atl_sections_index(p);
    of_main = lines_of(p, ap_conftree);
    for (int i = 0; i < servers->nelts; i++) {
        found += suggest(p, out, sections, APR_ARRAY_IDX(servers, i, const server_rec *), of_main,
                         unread);
    }
    if (!found) {
        apr_file_puts(
            "# no hand-written proxying of an Atlassian application in this configuration\n", out);
        print_remarks(out, "# Not read, so that nothing is known of where these lead:\n", unread);
    }
}

void atl_suggest_dump_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_test_config(dump, NULL, NULL, APR_HOOK_MIDDLE);
}
