/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "suggest.h"
#include "suggest_mistake.h"
#include "suggest_product.h"
#include "suggest_remove.h"
#include "suggest_words.h"
#include "text.h"
#include "path.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ settings and remarks */

static const atl_old_line *last_of(const apr_array_header_t *lines, const char *name)
{
    const atl_old_line *found = NULL;

    for (int i = 0; i < lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(lines, i, const atl_old_line *);
        found = !line->section && atl_old_is(line, name) ? line : found;
    }
    return found;
}

const atl_old_line *atl_old_setting(const atl_old_host *host, const char *name)
{
    const atl_old_line *own = last_of(host->lines, name);

    return own ? own : last_of(host->inherited, name);
}

void atl_suggest_lose(atl_suggestion *suggestion, const atl_old_line *line, const char *text)
{
    atl_old_remark *remark = apr_array_push(suggestion->lost);

    remark->line = line;
    remark->text = text;
}

/* ------------------------------------------------------------------ mappings of one application */

/* Synchrony cannot move its own path; its port seldom changes. */
static int is_synchrony(const atl_mapping *m)
{
    return !m->unclear && !m->is_exception &&
           (m->port == ATL_SYNCHRONY_PORT || !strcmp(m->target, ATL_SYNCHRONY_PATH));
}

static int is_page_mapping(const atl_mapping *m)
{
    return !m->unclear && !m->is_exception && !is_synchrony(m);
}

static int same_address(const atl_mapping *a, const atl_mapping *b)
{
    return a->balancer == b->balancer && a->port == b->port &&
           (a->balancer || !apr_cstr_casecmp(a->host, b->host));
}

/* A shorter path stands for a longer one if both lead to the same place. */
static int covers(const atl_mapping *a, const atl_mapping *b)
{
    return same_address(a, b) && atl_path_is_below(b->path, a->path) &&
           atl_path_is_below(b->target, a->target) &&
           !strcmp(b->path + strlen(a->path), b->target + strlen(a->target));
}

static atl_old_app *app_of(const atl_suggester *s, const atl_mapping *m)
{
    for (int i = 0; i < s->out->apps->nelts; i++) {
        atl_old_app *app = APR_ARRAY_IDX(s->out->apps, i, atl_old_app *);

        if (covers(app->main, m)) {
            return app;
        }
    }
    return NULL;
}

/* Shortest paths first, requests before WebSockets. */
static int by_length(const void *a, const void *b)
{
    const atl_mapping *x = *(const atl_mapping *const *)a, *y = *(const atl_mapping *const *)b;
    apr_size_t xlen = strlen(x->path), ylen = strlen(y->path);

    return xlen != ylen ? (xlen > ylen) - (xlen < ylen)
           : x->is_websocket != y->is_websocket
               ? (int)x->is_websocket - (int)y->is_websocket
               : (x->line->line > y->line->line) - (x->line->line < y->line->line);
}

static apr_array_header_t *page_mappings(const atl_suggester *s)
{
    apr_array_header_t *pages = apr_array_make(s->p, 8, sizeof(atl_mapping *));

    for (int i = 0; i < s->mappings->nelts; i++) {
        atl_mapping *m = APR_ARRAY_IDX(s->mappings, i, atl_mapping *);
        if (is_page_mapping(m)) {
            APR_ARRAY_PUSH(pages, atl_mapping *) = m;
        }
    }
    qsort(pages->elts, (size_t)pages->nelts, sizeof(atl_mapping *), by_length);
    return pages;
}

static apr_array_header_t *names_of(const atl_suggester *s, const atl_mapping *m)
{
    apr_array_header_t *names = apr_array_make(s->p, 4, sizeof(const char *));

    if (s->host->public->host) {
        APR_ARRAY_PUSH(names, const char *) = s->host->public->host;
    }
    if (!m->balancer) {
        APR_ARRAY_PUSH(names, const char *) = m->host;
        return names;
    }
    APR_ARRAY_PUSH(names, const char *) = m->balancer->name;
    for (int i = 0; i < m->balancer->members->nelts; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(m->balancer->members, i, atl_old_member).host;
    }
    return names;
}

static int has_synchrony(const atl_suggester *s)
{
    for (int i = 0; i < s->mappings->nelts; i++) {
        if (is_synchrony(APR_ARRAY_IDX(s->mappings, i, const atl_mapping *))) {
            return 1;
        }
    }
    return 0;
}

static atl_old_app *new_app(atl_suggester *s, const atl_mapping *m, int alone)
{
    atl_hints hints = {.port = m->port,
                       .context = apr_pstrcat(s->p, m->path, " ", m->target, NULL),
                       .names = names_of(s, m),
                       .text = s->text,
                       /* of the only application there is */
                       .has_synchrony = alone && has_synchrony(s)};
    atl_old_app *app = apr_pcalloc(s->p, sizeof(*app));

    app->product = atl_suggest_product(s->p, &hints, &app->question);
    app->main = m;
    app->mappings = apr_array_make(s->p, 4, sizeof(const atl_mapping *));
    app->synchrony = apr_array_make(s->p, 2, sizeof(const atl_mapping *));
    return app;
}

static int count_places(const apr_array_header_t *pages)
{
    int places = 0;

    for (int i = 0; i < pages->nelts; i++) {
        int is_new = 1;
        for (int j = 0; j < i; j++) {
            is_new &= !covers(APR_ARRAY_IDX(pages, j, const atl_mapping *),
                              APR_ARRAY_IDX(pages, i, const atl_mapping *));
        }
        places += is_new;
    }
    return places;
}

static void find_apps(atl_suggester *s)
{
    const apr_array_header_t *pages = page_mappings(s);
    int alone = count_places(pages) == 1;

    for (int i = 0; i < pages->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(pages, i, const atl_mapping *);
        atl_old_app *app = app_of(s, m);

        if (!app && m->is_websocket) {
            continue; /* where no pages are is no application */
        }
        if (!app) {
            app = new_app(s, m, alone);
            if (!app->product) {
                continue;
            }
            APR_ARRAY_PUSH(s->out->apps, atl_old_app *) = app;
        }
        APR_ARRAY_PUSH(app->mappings, const atl_mapping *) = m;
    }
}

/* ------------------------------------------------------------------ Synchrony */

static const char *host_of(const atl_mapping *m)
{
    return m->balancer ? APR_ARRAY_IDX(m->balancer->members, 0, atl_old_member).host : m->host;
}

static atl_old_app *owner_of_synchrony(const atl_suggester *s, const atl_mapping *m)
{
    atl_old_app *only = NULL, *near = NULL;
    int count = 0;

    for (int i = 0; i < s->out->apps->nelts; i++) {
        atl_old_app *app = APR_ARRAY_IDX(s->out->apps, i, atl_old_app *);

        if (app->product->has_synchrony) {
            only = app;
            count++;
            near = atl_old_is_on_host(app->main, host_of(m)) && !near ? app : near;
        }
    }
    return count == 1 ? only : near;
}

static void find_synchrony(atl_suggester *s)
{
    for (int i = 0; i < s->mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(s->mappings, i, const atl_mapping *);
        atl_old_app *app;

        if (!is_synchrony(m)) {
            continue;
        }
        app = owner_of_synchrony(s, m);
        if (app) {
            APR_ARRAY_PUSH(app->synchrony, const atl_mapping *) = m;
        }
        else {
            atl_suggest_lose(
                s->out, m->line,
                "this looks like Synchrony, but it is not clear to which Confluence it belongs; "
                "name it there with synchrony=");
        }
    }
}

/* ------------------------------------------------------------------ one line */

static void ask(atl_suggester *s, atl_old_app *app, const char *question)
{
    app->question =
        app->question ? apr_pstrcat(s->p, app->question, "\n", question, NULL) : question;
}

static const char *parse(atl_suggester *s, const char *args, atl_app **app)
{
    apr_array_header_t *words = apr_array_make(s->p, 8, sizeof(const char *));
    const char *word;

    while ((word = atl_next_word(s->p, &args))) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return atl_app_parse(s->p, words, app);
}

/* Half of the way may be done. */
static const atl_old_line *line_already(atl_suggester *s, const atl_old_app *app)
{
    for (int i = 0; i < s->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(s->host->lines, i, const atl_old_line *);
        atl_app *there;

        if (atl_old_is(line, "AtlassianApp") && !parse(s, line->args, &there) &&
            !strcmp(there->context, app->main->target)) {
            return line;
        }
    }
    return NULL;
}

/* An application has one context path. Another path at its address is some second servlet there, or a
 * second way in. */
static void ask_of_second(atl_suggester *s, atl_old_app *app, const char *context,
                          const atl_old_line *line)
{
    context = *context ? context : "/";
    ask(s, app,
        apr_psprintf(s->p,
                     "%s is at %s there already, by line %u of %s, and has no second path. What is "
                     "written here "
                     "may stay as it is; if it is only another way in, a Redirect to %s does it",
                     app->product->label, context, line->line, line->file, context));
}

/* The same of an AtlassianApp line that has the address. */
static int ask_of_line(atl_suggester *s, atl_old_app *app)
{
    for (int i = 0; i < s->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(s->host->lines, i, const atl_old_line *);
        const atl_backend *backend;
        atl_app *there;

        if (!atl_old_is(line, "AtlassianApp") || parse(s, line->args, &there) ||
            there->product != app->product || !strcmp(there->context, app->main->target)) {
            continue;
        }
        backend = &APR_ARRAY_IDX(there->backends, 0, const atl_backend);
        if (backend->port == app->main->port && atl_old_is_on_host(app->main, backend->host)) {
            ask_of_second(s, app, there->context, line);
            return 1;
        }
    }
    return 0;
}

static int ask_of_context(atl_suggester *s, atl_old_app *app)
{
    int is_earlier = 1;

    for (int i = 0; i < s->out->apps->nelts; i++) {
        const atl_old_app *other = APR_ARRAY_IDX(s->out->apps, i, const atl_old_app *);

        if (other == app) {
            is_earlier = 0;
        }
        else if (other->product == app->product && same_address(other->main, app->main) &&
                 !strcmp(other->main->path, other->main->target) &&
                 (is_earlier || strcmp(app->main->path, app->main->target))) {
            ask_of_second(s, app, other->main->target, other->main->line);
            return 1;
        }
    }
    return ask_of_line(s, app);
}

/* One path has one line, and the first that was found has it. */
static void ask_of_rival(atl_suggester *s, atl_old_app *app)
{
    for (int i = 0; i < s->out->apps->nelts; i++) {
        const atl_old_app *other = APR_ARRAY_IDX(s->out->apps, i, const atl_old_app *);

        if (other == app) {
            return;
        }
        if (!strcmp(other->main->target, app->main->target) ||
            !strcmp(other->main->path, app->main->path)) {
            ask(s, app,
                apr_psprintf(s->p,
                             "line %u of %s leads to the same path at another address: which of "
                             "the two is right?",
                             other->main->line->line, other->main->line->file));
            return;
        }
    }
}

/* Words for the line; a suggestion that httpd would refuse is a question. */
static void write_line(atl_suggester *s, atl_old_app *app)
{
    const char *error;
    atl_app *read;

    app->words = atl_suggest_words(s, app);
    app->already = line_already(s, app);
    if (ask_of_context(s, app)) {
        return;
    }
    if (strcmp(app->main->path, app->main->target)) {
        ask(s, app,
            apr_psprintf(s->p,
                         "people see %s, the application has %s: the line needs one path for both. "
                         "As it stands it is right if people may use the application's; else "
                         "change its context "
                         "path first and write the new one here",
                         *app->main->path ? app->main->path : "/",
                         *app->main->target ? app->main->target : "/"));
    }
    ask_of_rival(s, app);
    if (!strcmp(app->main->scheme, "ajp")) {
        ask(s, app,
            "AJP is not spoken any more by today's releases: give the application an HTTP "
            "connector, and "
            "write its http:// address here");
        return;
    }
    if ((error = parse(s, app->words, &read))) {
        ask(s, app, apr_pstrcat(s->p, "httpd would not take the line: ", error, NULL));
    }
}

/* ------------------------------------------------------------------ what no line stands for */

static void remark_unclear(atl_suggester *s)
{
    for (int i = 0; i < s->mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(s->mappings, i, const atl_mapping *);

        if (m->unclear && !m->is_exception) {
            atl_suggest_lose(s->out, m->line,
                             apr_pstrcat(s->p, "it is left as it is: ", m->unclear, NULL));
        }
        if (s->out->apps->nelts && is_page_mapping(m) && !app_of(s, m)) {
            atl_suggest_lose(
                s->out, m->line,
                apr_pstrcat(s->p,
                            m->is_websocket ? "only WebSockets go there and no pages, so it "
                                            : "it looks like none of Atlassian's and ",
                            "is left as it is, and so is what holds for the whole virtual host "
                            "(ProxyPreserveHost, RequestHeader, ...)",
                            NULL));
        }
        if (m->is_websocket && !is_synchrony(m) && !m->unclear && app_of(s, m) &&
            !app_of(s, m)->product->has_synchrony) {
            atl_suggest_lose(
                s->out, m->line,
                apr_pstrcat(
                    s->p, "it is left as it is: ", app_of(s, m)->product->label,
                    " has no WebSockets of its own; without an add-on that has some, delete it",
                    NULL));
        }
    }
}

/* Who vouches for clients belongs to the virtual host: one line says it. */
static void write_trusted(atl_suggester *s)
{
    atl_old_app *first = NULL;

    for (int i = 0; i < s->out->apps->nelts; i++) {
        atl_old_app *app = APR_ARRAY_IDX(s->out->apps, i, atl_old_app *);
        first = !first || (first->question && !app->question) ? app : first;
    }
    if (first) {
        first->words = atl_suggest_trusted(s, first->words);
    }
}

/* A ServerName that goes comes back with its scheme. */
static void write_server_name(atl_suggester *s)
{
    for (int i = 0; i < s->out->removals->nelts; i++) {
        if (atl_old_is(APR_ARRAY_IDX(s->out->removals, i, const atl_old_line *), "ServerName")) {
            s->out->server_name = apr_pstrcat(s->p, "https://", s->host->public->host, NULL);
        }
    }
}

/* mod_proxy comes before mod_alias; AtlassianApp lets what was written for a path win. */
static void remark_aliases(atl_suggester *s)
{
    for (int i = 0; i < s->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(s->host->lines, i, const atl_old_line *);
        const char *path = atl_old_word(s->p, line, 0);
        int is_hidden = 0;

        if (line->section || (!atl_old_is(line, "Alias") && !atl_old_is(line, "ScriptAlias"))) {
            continue;
        }
        for (int j = 0; j < s->mappings->nelts; j++) {
            const atl_mapping *m = APR_ARRAY_IDX(s->mappings, j, const atl_mapping *);

            if (!m->unclear && m->path && atl_path_is_below(path, m->path)) {
                is_hidden = !m->is_exception && app_of(s, m) != NULL;
                break;
            }
        }
        if (is_hidden) {
            atl_suggest_lose(
                s->out, line,
                "ProxyPass hid it until now, and the application answered there; from now on it "
                "wins: delete it "
                "unless httpd is to serve that path");
        }
    }
}

static const char *all_text(apr_pool_t *p, const apr_array_header_t *lines)
{
    apr_array_header_t *texts = apr_array_make(p, lines->nelts, sizeof(const char *));

    for (int i = 0; i < lines->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *) = APR_ARRAY_IDX(lines, i, const atl_old_line *)->args;
    }
    return apr_array_pstrcat(p, texts, '\n');
}

atl_suggestion *atl_suggest(apr_pool_t *p, const atl_old_host *host)
{
    const apr_array_header_t *balancers = atl_old_balancers(p, host->lines, host->inherited);
    atl_suggester s = {.p = p,
                       .host = host,
                       .mappings = atl_old_mappings(p, host->lines, balancers),
                       .text = all_text(p, host->lines),
                       .out = apr_pcalloc(p, sizeof(atl_suggestion))};

    s.out->apps = apr_array_make(p, 2, sizeof(atl_old_app *));
    s.out->lost = apr_array_make(p, 4, sizeof(atl_old_remark));
    find_apps(&s);
    find_synchrony(&s);
    for (int i = 0; i < s.out->apps->nelts; i++) {
        write_line(&s, APR_ARRAY_IDX(s.out->apps, i, atl_old_app *));
    }
    write_trusted(&s);
    remark_unclear(&s);
    remark_aliases(&s);
    s.out->removals = atl_removals(p, host, s.mappings, s.out->apps);
    write_server_name(&s);
    s.out->mistakes = atl_old_mistakes(p, host, s.mappings, s.out->apps);
    return s.out;
}
