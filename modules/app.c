/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app.h"
#include "app_key.h"
#include "backend.h"
#include "member.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* An idle editor sends a heartbeat well within the hour. */
#define DEFAULT_WS_TIMEOUT 3600
#define DEFAULT_WS_GRACE 600

/* ------------------------------------------------------------------ lists */

apr_array_header_t atl_none;

apr_array_header_t *atl_list_of(apr_pool_t *p, apr_array_header_t **list, int size)
{
    if (*list == &atl_none) {
        *list = apr_array_make(p, 1, size);
    }
    return *list;
}

/* ------------------------------------------------------------------ backends */

/* A line to paste is worth repeating as long as it can be read. */
#define LONGEST_EXAMPLE 60

static const char *path_alone(apr_pool_t *p, const char *word, unsigned port)
{
    const char *path;

    if (word[1] == '/') {
        return apr_psprintf(p, "%s is not a backend; write http:// before the host",
                            atl_quote(p, word));
    }
    if (strchr(word, '@') || strlen(word) > LONGEST_EXAMPLE || atl_path_check(p, word, &path)) {
        path = "/context";
    }
    return apr_psprintf(p,
                        "%s is not a backend; a path alone lacks the host: write "
                        "http://127.0.0.1:%u%s",
                        atl_quote(p, word), port, path);
}

/* Words that are no backend, whatever host has such a name. */
static const char *not_a_backend(apr_pool_t *p, const char *word)
{
    const char *comma = strchr(word, ',');

    if (*word == '#') {
        return apr_psprintf(
            p,
            "%s: httpd knows no comment behind a directive; write it on a line of its "
            "own",
            atl_quote(p, word));
    }
    if (!apr_cstr_casecmp(word, "on") || !apr_cstr_casecmp(word, "off")) {
        return apr_psprintf(
            p,
            "%s: a line has no switch, it counts while it is there (a host of that name "
            "is written http://%s:port)",
            atl_quote(p, word), word);
    }
    if (comma && (!comma[1] || !apr_cstr_casecmpn(comma + 1, "http", 4))) {
        return apr_psprintf(
            p, "%s: each backend is a word of its own; write a blank in place of the comma",
            atl_quote(p, word));
    }
    return NULL;
}

static const char *add_backend(atl_app_reader *in, const char *word)
{
    atl_app *app = in->app;
    atl_backend backend;
    const char *context = NULL, *error;

    if (*word == '/') {
        return path_alone(in->p, word, app->product->port);
    }
    if ((error = not_a_backend(in->p, word)) || (error = atl_app_key_bare(in->p, word))) {
        return error;
    }
    error = atl_member_parse(in->p, word, app->product->port, &backend, &context);
    if (error || (error = atl_member_check(in->p, app, &backend, context))) {
        return error;
    }
    app->context = context;
    APR_ARRAY_PUSH(app->backends, atl_backend) = backend;
    return NULL;
}

/* key=value, or anything else, which is a backend then */
static apr_size_t key_length(const char *word)
{
    apr_size_t len = 0;

    while (apr_isalnum(word[len]) || word[len] == '-' || word[len] == '_') {
        len++;
    }
    return len && word[len] == '=' ? len : 0;
}

/* ------------------------------------------------------------------ the line */

static atl_app *app_create(apr_pool_t *p, const atl_product *product)
{
    atl_app *app = apr_pcalloc(p, sizeof(*app));

    app->product = product;
    app->backends = apr_array_make(p, 1, sizeof(atl_backend));
    app->except = app->worker_params = app->synchronies = &atl_none;
    app->trusted = app->trusted_networks = app->admin = app->admin_networks = &atl_none;
    app->lbmethod = ATL_LBMETHOD;
    app->timeout = product->timeout;
    app->verify = 1;
    app->secure_cookies = 1;
    app->synchrony = product->has_synchrony ? ATL_SYNCHRONY_DIRECT : ATL_SYNCHRONY_OFF;
    app->synchrony_path = ATL_SYNCHRONY_PATH;
    app->ws_timeout = DEFAULT_WS_TIMEOUT;
    app->ws_grace = DEFAULT_WS_GRACE;
    return app;
}

/* jira=http://host, jira:http://host, "jira http://host" */
static const atl_product *product_stuck_to(apr_pool_t *p, const char *word)
{
    apr_size_t len = strcspn(word, "=: ");

    return word[len] ? atl_product_find(apr_pstrmemdup(p, word, len)) : NULL;
}

static const char *no_product(apr_pool_t *p, const char *word)
{
    const atl_product *near = atl_product_nearest(word), *stuck = product_stuck_to(p, word);

    if (stuck) {
        return apr_psprintf(
            p, "%s: product and backend are words of their own; write %s http://host:port",
            atl_quote(p, word), stuck->name);
    }
    if (strpbrk(word, ":/.=@")) {
        return apr_psprintf(p, "the product is missing before %s; write one of %s",
                            atl_quote(p, word), atl_product_names(p));
    }
    return apr_psprintf(p, "unknown product %s%s; the products are %s", atl_quote(p, word),
                        atl_did_you_mean(p, near ? near->name : NULL), atl_product_names(p));
}

/* Synchrony's paths at its own port and below Confluence, as far as this line claims them. */
static int is_synchrony_proxy(const atl_app *app, const char *path)
{
    apr_size_t len = strlen(app->context);

    return app->synchrony != ATL_SYNCHRONY_OFF && !strncmp(path, app->context, len) &&
           !strcmp(path + len, ATL_SYNCHRONY_PROXY_PATH);
}

static int is_synchrony(const atl_app *app, const char *path)
{
    return app->synchrony == ATL_SYNCHRONY_DIRECT && !strcmp(path, app->synchrony_path);
}

/* One line must not want one path twice. */
static const char *check_synchrony(const atl_app_reader *in)
{
    const atl_app *app = in->app;

    if (is_synchrony_proxy(app, app->synchrony_path) && is_synchrony(app, app->synchrony_path)) {
        return apr_psprintf(in->p,
                            "synchrony=: path %s is Confluence's own way to Synchrony; give "
                            "Synchrony another one, as " ATL_SYNCHRONY_PATH,
                            atl_cut(in->p, app->synchrony_path));
    }
    if (!is_synchrony(app, app->context)) {
        return NULL;
    }
    return strcmp(app->context, ATL_SYNCHRONY_PATH)
               ? apr_psprintf(in->p,
                              "synchrony=: path %s is Confluence's own context; give Synchrony "
                              "another one, as " ATL_SYNCHRONY_PATH,
                              atl_cut(in->p, app->context))
               : "context path " ATL_SYNCHRONY_PATH " is where browsers look for Synchrony; give "
                 "Confluence another one (in its server.xml too), or write synchrony=internal";
}

static const char *check_exception(const atl_app_reader *in, const char *path)
{
    const atl_app *app = in->app;
    const char *shown = *path ? atl_cut(in->p, path) : "/";
    apr_size_t len = strlen(app->context);

    if (!strcmp(path, app->context)) {
        return apr_psprintf(in->p,
                            "except=%s is all of %s; name a path below it, or remove the "
                            "line",
                            shown, app->product->label);
    }
    if (strncmp(path, app->context, len) || path[len] != '/') {
        return apr_psprintf(in->p, "except=%s is not below %s, so there is nothing to except",
                            shown, atl_cut(in->p, app->context));
    }
    if (is_synchrony(app, path) || is_synchrony_proxy(app, path)) {
        return apr_psprintf(in->p,
                            "except=%s is Synchrony's own path; write %ssynchrony=off to free "
                            "it",
                            shown, is_synchrony(app, path) ? "synchrony=internal or " : "");
    }
    return NULL;
}

/* A key that could change nothing is a mistake, not a wish. */
static const char *check_tls(const atl_app_reader *in)
{
    const char *key = in->app->ca ? "ca" : !in->app->verify ? "verify" : NULL;

    if (key && strcmp(APR_ARRAY_IDX(in->app->backends, 0, atl_backend).scheme, "https")) {
        return apr_psprintf(
            in->p,
            "%s= is about an https backend, and this one is %s; write "
            "https:// or remove the key",
            key, atl_cut(in->p, APR_ARRAY_IDX(in->app->backends, 0, atl_backend).origin));
    }
    return in->app->ca && !in->app->verify ? "ca= and verify=off contradict each other; keep one"
                                           : NULL;
}

static const char *check_except(const atl_app_reader *in)
{
    const apr_array_header_t *except = in->app->except;
    const char *error = NULL;

    for (int i = 0; i < except->nelts && !error; i++) {
        error = check_exception(in, APR_ARRAY_IDX(except, i, const char *));
    }
    return error;
}

static void set_defaults(apr_pool_t *p, atl_app *app)
{
    if (!app->backends->nelts) {
        atl_backend_set(p, apr_array_push(app->backends), "http", "127.0.0.1", app->product->port);
        app->context = app->product->context;
    }
    if (app->synchrony == ATL_SYNCHRONY_DIRECT && !app->synchronies->nelts) {
        atl_members_add_synchronies(p, app);
    }
}

const char *atl_app_parse(apr_pool_t *p, const apr_array_header_t *words, atl_app **app)
{
    atl_app_reader in = {.p = p};
    const char *word, *error = NULL;
    const atl_product *product;

    if (!words->nelts) {
        return apr_psprintf(p, "a product is missing; write one of %s", atl_product_names(p));
    }
    word = APR_ARRAY_IDX(words, 0, const char *);
    product = atl_product_find(word);
    if (!product) {
        return no_product(p, word);
    }
    in.app = app_create(p, product);
    in.app->words = apr_array_pstrcat(p, words, ' ');
    for (int i = 1; i < words->nelts && !error; i++) {
        word = APR_ARRAY_IDX(words, i, const char *);
        error = key_length(word) ? atl_app_key_read(&in, word, key_length(word))
                                 : add_backend(&in, word);
    }
    if (error) {
        return error;
    }
    set_defaults(p, in.app);
    if (!(error = atl_members_finish(p, in.app, in.seen)) && !(error = check_synchrony(&in)) &&
        !(error = check_except(&in)) && !(error = check_tls(&in))) {
        *app = in.app;
    }
    return error;
}

const char *atl_app_name(apr_pool_t *p, const atl_app *app)
{
    return apr_psprintf(p, "%s at %s (%s:%u)", app->product->name,
                        *app->context ? app->context : "/", app->file ? app->file : "?", app->line);
}
