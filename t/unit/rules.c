/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "rules.h"

#include "app.h"
#include "app_config.h"
#include "app_settings.h"
#include "expand.h"
#include "notice.h"
#include "old_lines.h"
#include "path.h"
#include "redirect.h"
#include "suggest.h"
#include "text.h"
#include "xml_text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ paths */

/* A path read the slow and obvious way, to compare with: a list of segments. */
typedef struct reading {
    apr_array_header_t *names; /* const char *: decoded */
    int open;                  /* ends with a slash */
} reading;

static const char *decoded(apr_pool_t *p, const char *name, apr_size_t len)
{
    char *text = apr_pstrmemdup(p, name, len), *to = text;

    for (const char *from = text; *from; from++) {
        if (*from == '%') {
            char digits[] = {from[1], from[2], '\0'};
            *to++ = (char)strtol(digits, NULL, 16);
            from += 2;
        }
        else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return text;
}

/* For paths atl_path_read() found good: escapes are sound, nothing climbs above the root. */
static reading read_slowly(apr_pool_t *p, const char *uri)
{
    reading read = {.names = apr_array_make(p, 8, sizeof(const char *))};

    while (*uri) {
        const char *name;

        uri++;
        name = decoded(p, uri, strcspn(uri, "/;"));
        uri += strcspn(uri, "/");
        read.open = 1;
        if (!strcmp(name, "..")) {
            apr_array_pop(read.names);
        }
        else if (*name && strcmp(name, ".")) {
            APR_ARRAY_PUSH(read.names, const char *) = name;
            read.open = 0;
        }
    }
    return read;
}

/* The names with slashes between them, and slashes and backslashes of their own as slashes. */
static const char *joined(apr_pool_t *p, const reading *read)
{
    char *text = apr_pstrcat(p, "/", apr_array_pstrcat(p, read->names, '/'),
                             read->open ? "/" : NULL, NULL), *to = text;

    for (const char *from = text; *from; from++) {
        char c = *from == '\\' ? '/' : *from;
        if (c != '/' || to == text || to[-1] != '/') {
            *to++ = c;
        }
    }
    *to = '\0';
    return text;
}

static int has_dot_segment(const char *path)
{
    for (; *path; path += strcspn(path, "/")) {
        apr_size_t len = strcspn(++path, "/");
        if ((len == 1 && *path == '.') || (len == 2 && !memcmp(path, "..", 2))) {
            return 1;
        }
    }
    return 0;
}

static const char *raw_rule_broken(apr_pool_t *p, const char *uri, const atl_path *path)
{
    atl_path again;

    if (*path->raw != '/' || strstr(path->raw, "//") || has_dot_segment(path->raw)) {
        return "raw is absolute, without empty and dot segments";
    }
    if (strlen(path->raw) > strlen(uri)) {
        return "raw is no longer than what was sent";
    }
    if (atl_path_read(p, path->raw, &again) != ATL_PATH_OK ||
        strcmp(again.resolved, path->resolved) || strcmp(again.raw, path->raw) ||
        again.certain != path->certain || again.before_climb) {
        return "the application reads the same path in raw";
    }
    return NULL;
}

const char *path_rule_broken(apr_pool_t *p, const char *uri)
{
    atl_path path;
    reading slow;

    if (atl_path_read(p, uri, &path) != ATL_PATH_OK) {
        return NULL;
    }
    if (*path.resolved != '/' || strstr(path.resolved, "//") || strchr(path.resolved, '\\') ||
        has_dot_segment(path.resolved)) {
        return "resolved is absolute, without empty segments, dot segments and backslashes";
    }
    if (strlen(path.resolved) > strlen(uri)) {
        return "resolved is no longer than what was sent";
    }
    if (path.certain != APR_SIZE_MAX && (path.certain < 1 || path.certain > strlen(path.resolved))) {
        return "certain is a length of resolved";
    }
    if (path.before_climb && (*path.before_climb != '/' || strlen(path.before_climb) > strlen(uri))) {
        return "before_climb is a path of the input";
    }
    slow = read_slowly(p, uri);
    if (strcmp(joined(p, &slow), path.resolved)) {
        return "resolved is what the slow way finds";
    }
    return raw_rule_broken(p, uri, &path);
}

/* ------------------------------------------------------------------ redirects */

static int begins(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

static int ends(const char *text, const char *end)
{
    apr_size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && !strcmp(text + len - end_len, end);
}

/* For an application at path on the backend, which the public reaches by https. */
static const char *mended_rule_broken(apr_pool_t *p, const char *path, const char *host,
                                      const char *location)
{
    static const atl_backend backend = {.scheme = "http", .host = "10.0.0.5", .port = 8090, .origin = "http://10.0.0.5:8090"};
    const atl_claim claim = {.kind = ATL_CLAIM_PAGES, .path = path, .len = strlen(path),
                             .backend = &backend, .backend_path = path};
    const char untouched[] = "untouched", *mended = untouched;
    atl_redirect_kind kind = atl_redirect_judge(p, &claim, "https", host, location, &mended);

    if (kind == ATL_REDIRECT_RIGHT) {
        return mended == untouched ? NULL : "a right address has no path to mend";
    }
    if (*mended != '/' || !begins(mended, path)) {
        return "a mended path is below the claim";
    }
    if (!ends(location, mended) && !(mended[0] == '/' && ends(location, mended + 1))) {
        return "a mended path is the end of what was sent";
    }
    /* A Host with these never comes past httpd. */
    if (!strpbrk(host, "/?#") &&
        atl_redirect_judge(p, &claim, "https", host,
                           apr_pstrcat(p, "https://", host, mended, NULL), &mended) !=
            ATL_REDIRECT_RIGHT) {
        return "a mended address is right";
    }
    return NULL;
}

const char *redirect_rule_broken(apr_pool_t *p, const char *host, const char *location)
{
    const char *broken = mended_rule_broken(p, "", host, location);

    return broken ? broken : mended_rule_broken(p, "/wiki", host, location);
}

/* ------------------------------------------------------------------ lines */

static apr_array_header_t *words_at_blanks(apr_pool_t *p, const char *line)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));
    char *last = NULL;

    for (char *word = apr_strtok(apr_pstrdup(p, line), " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return words;
}

static const char *nodes_rule_broken(const apr_array_header_t *nodes)
{
    for (int i = 0; i < nodes->nelts; i++) {
        const atl_node *node = &APR_ARRAY_IDX(nodes, i, atl_node);
        const char *broken = node->children ? nodes_rule_broken(node->children) : NULL;

        if (!node->args || !node->app || broken) {
            return broken ? broken : "a node has arguments and a line";
        }
        if (strpbrk(node->args, "\r\n")) {
            return "a directive is one line";
        }
    }
    return NULL;
}

static const char *app_rule_broken(apr_pool_t *p, const atl_app *app)
{
    for (int i = 0; i < app->backends->nelts; i++) {
        const atl_backend *backend = &APR_ARRAY_IDX(app->backends, i, atl_backend);

        if (!*backend->host || !backend->port || backend->port > 65535 ||
            !begins(backend->origin, apr_pstrcat(p, backend->scheme, "://", backend->host, NULL)) ||
            !backend->route != (app->backends->nelts == 1)) {
            return "a backend has a host and a port, and a route where there are several";
        }
    }
    if (!app->backends->nelts) {
        return "an app has a backend";
    }
    if (*app->context && path_rule_broken(p, app->context)) {
        return "a context is a path";
    }
    if (*app->context && (*app->context != '/' || ends(app->context, "/") ||
                          strpbrk(app->context, "%;\\*\"<> "))) {
        return "a context is a plain path";
    }
    return app->timeout > 0 && app->ws_timeout > 0 && app->ws_grace > 0 ? NULL
                                                                         : "durations are positive";
}

const char *line_rule_broken(apr_pool_t *p, const char *line)
{
    apr_array_header_t *words = words_at_blanks(p, line);
    atl_site site = {.public = {"https", "example.com", 443}};
    const char *error, *mine, *broken;
    atl_app *app = NULL;

    error = atl_app_parse(p, words, &app);
    if (error) {
        return app ? "an error leaves no app" : strlen(error) > 1000 ? "a message is short" : NULL;
    }
    if ((broken = app_rule_broken(p, app))) {
        return broken;
    }
    site.apps = apr_array_make(p, 1, sizeof(atl_app *));
    APR_ARRAY_PUSH(site.apps, atl_app *) = app;
    site.local_patterns = apr_array_make(p, 0, sizeof(const char *));
    site.trusted = app->trusted;
    site.routes = atl_routes_create(p);
    if (atl_routes_add_app(site.routes, app, &mine)) {
        return "one line is in nobody's way";
    }
    site.workers = atl_workers_assign(p, p, atl_routes_claims(site.routes));
    if (!atl_routes_find(site.routes, *app->context ? app->context : "/")) {
        return "the context is claimed";
    }
    if (!*atl_app_settings(p, &site, app)) {
        return "the application has its half";
    }
    return nodes_rule_broken(atl_expand(p, &site));
}

/* ------------------------------------------------------------------ files of applications */

static const char *attribute_rule_broken(apr_pool_t *p, const atl_xml *xml, int n, int attribute)
{
    const atl_xml_element *element = &APR_ARRAY_IDX(xml->elements, n, atl_xml_element), *other;
    const atl_xml_attribute *a = &APR_ARRAY_IDX(element->attributes, attribute, atl_xml_attribute);
    apr_array_header_t *edits = apr_array_make(p, 1, sizeof(atl_edit));
    atl_edit edit = {a->at, a->len, "urn:another", NULL};
    const char *text;
    atl_xml *changed;

    atl_edit_add(edits, &edit);
    text = atl_edit_apply(p, xml->text, xml->len, edits);
    if (atl_xml_read(p, text, strlen(text), &changed)) {
        return NULL; /* one that gives names their meaning */
    }
    if (changed->elements->nelts != xml->elements->nelts) {
        return "a value changed is no element more or less";
    }
    other = &APR_ARRAY_IDX(changed->elements, n, atl_xml_element);
    a = &APR_ARRAY_IDX(other->attributes, attribute, atl_xml_attribute);
    return a->len == strlen(edit.with) && !strncmp(text + a->at, edit.with, a->len)
               ? NULL : "a value stands where it was written";
}

const char *xml_rule_broken(apr_pool_t *p, const char *text)
{
    const char *broken = NULL;
    atl_xml *xml;

    if (atl_xml_read(p, text, strlen(text), &xml)) {
        return NULL;
    }
    for (int i = 0; i < xml->elements->nelts && i < 8 && !broken; i++) {
        const atl_xml_element *element = &APR_ARRAY_IDX(xml->elements, i, atl_xml_element);

        if (element->start >= element->tail || element->tail >= element->end ||
            element->end > xml->len) {
            return "an element begins, has attributes and ends, in this order";
        }
        for (int j = 0; j < element->attributes->nelts && j < 4 && !broken; j++) {
            broken = attribute_rule_broken(p, xml, i, j);
        }
    }
    return broken;
}

static const char *comparison(apr_pool_t *p, atl_site *site, atl_config_format format, const char *text,
                              apr_array_header_t **edits)
{
    atl_config_text config = {"f", format, text, strlen(text), NULL};
    apr_array_header_t *notes = apr_array_make(p, 4, sizeof(const char *));

    *edits = apr_array_make(p, 4, sizeof(atl_edit));
    atl_app_config_compare(p, site, APR_ARRAY_IDX(site->apps, 0, const atl_app *), &config, notes, *edits);
    return apr_array_pstrcat(p, notes, '\n');
}

const char *config_rule_broken(apr_pool_t *p, const char *text)
{
    static const atl_public public = {"https", "wiki.example.com", 443};
    static const char *const lines[] = {"confluence compression=on", "fisheye", "bitbucket"};
    static const atl_config_format formats[] = {ATL_CONFIG_TOMCAT, ATL_CONFIG_FECRU,
                                                ATL_CONFIG_BITBUCKET};

    for (int i = 0; i < 3; i++) {
        atl_site site = {.apps = apr_array_make(p, 1, sizeof(atl_app *)), .public = public};
        char *copy = apr_pstrdup(p, lines[i]), *last = NULL;
        apr_array_header_t *words = apr_array_make(p, 2, sizeof(const char *)), *edits, *again;
        const char *changed;

        for (char *word = apr_strtok(copy, " ", &last); word; word = apr_strtok(NULL, " ", &last)) {
            APR_ARRAY_PUSH(words, const char *) = word;
        }
        atl_app_parse(p, words, apr_array_push(site.apps));
        if (strstr(comparison(p, &site, formats[i], text, &edits), "ATLP1212")) {
            continue;
        }
        changed = atl_edit_apply(p, text, strlen(text), edits);
        if (strstr(comparison(p, &site, formats[i], changed, &again), "ATLP1212")) {
            return "a file that could be read can be read when it is changed";
        }
        if (!*atl_edit_diff(p, "f", text, strlen(text), edits) != !edits->nelts) {
            return "there is a diff when there are edits";
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ suggestions */

static int stands_in(const apr_array_header_t *lines, const atl_old_line *line)
{
    int count = 0;

    for (int i = 0; i < lines->nelts; i++) {
        count += APR_ARRAY_IDX(lines, i, const atl_old_line *) == line;
    }
    return count == 1;
}

static const char *suggested_line_broken(apr_pool_t *p, const atl_old_app *app)
{
    apr_array_header_t *words = apr_array_make(p, 8, sizeof(const char *));
    const char *args = app->words, *word;
    atl_app *read;

    while ((word = atl_next_word(p, &args))) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    if (app->question) {
        return NULL;
    }
    if (atl_app_parse(p, words, &read)) {
        return "a line without a question is one that is taken";
    }
    return strcmp(read->context, app->main->path) ? "people keep their path" : NULL;
}

const char *suggest_rule_broken(apr_pool_t *p, const char *text)
{
    atl_public public = {.scheme = "http", .host = "jira.example.com", .port = 80};
    atl_old_host host = {.public = &public, .lines = old_lines_of(p, text), .inherited = old_lines_of(p, "")};
    const atl_suggestion *found = atl_suggest(p, &host);
    const char *broken;

    for (int i = 0; i < found->apps->nelts; i++) {
        const atl_old_app *app = APR_ARRAY_IDX(found->apps, i, const atl_old_app *);

        if ((broken = suggested_line_broken(p, app))) {
            return broken;
        }
        for (int j = 0; j < i && !app->question; j++) {
            if (!strcmp(APR_ARRAY_IDX(found->apps, j, const atl_old_app *)->main->path, app->main->path)) {
                return "one path, one line";
            }
        }
    }
    for (int i = 0; i < found->removals->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(found->removals, i, const atl_old_line *);

        if (!stands_in(host.lines, line) || !stands_in(found->removals, line)) {
            return "what is to be deleted stands there, and is named once";
        }
    }
    return NULL;
}

const char *notice_rule_broken(apr_pool_t *p, const char *text)
{
    atl_notice notice, again;

    atl_notice_read(p, text, &notice);
    if (strchr(notice.text, '\r')) {
        return "lines of a notice end with a line feed";
    }
    if (!notice.until) {
        return NULL;
    }
    atl_notice_read(p, apr_pstrcat(p, "until: ", atl_time_iso(p, notice.until), NULL), &again);
    if (again.until != notice.until) {
        return "a time in ISO 8601 is the same time";
    }
    atl_notice_read(p, apr_pstrcat(p, "until: ", atl_notice_time(p, notice.until), NULL), &again);
    return again.until / APR_USEC_PER_SEC / 60 == notice.until / APR_USEC_PER_SEC / 60
               ? NULL : "a time as people read it is the same minute";
}
