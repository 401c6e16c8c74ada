/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "access_rules.h"
#include "section_match.h"

#include "ap_provider.h"
#include "http_config.h"
#include "mod_auth.h"

#include <apr_lib.h>
#include <apr_strings.h>

static int is_named(const ap_directive_t *d, const char *name)
{
    return !ap_cstr_casecmp(d->directive, name);
}

static int is_one_of(const ap_directive_t *d, const char *const *names)
{
    while (*names && !is_named(d, *names)) {
        names++;
    }
    return *names != NULL;
}

/* Sections that belong to the one around them. */
static int is_part(const ap_directive_t *d)
{
    return !ap_cstr_casecmpn(d->directive, "<Require", 8) ||
           !ap_cstr_casecmpn(d->directive, "<Limit", 6);
}

/* ------------------------------------------------------------------ what does a section say? */

static void collect(apr_array_header_t *lines, const ap_directive_t *d)
{
    static const char *const telling[] = {
        "Require",       "AuthType",          "AuthMerging",  "Order",     "Allow",
        "Deny",          "Satisfy",           "SetHandler",   "ProxyPass", "Redirect",
        "RedirectMatch", "RedirectPermanent", "RedirectTemp", NULL};

    for (; d; d = d->next) {
        if (is_one_of(d, telling)) {
            APR_ARRAY_PUSH(lines, const char *) =
                apr_pstrcat(lines->pool, d->directive, " ", d->args, NULL);
        }
        if (is_part(d)) {
            APR_ARRAY_PUSH(lines, const char *) =
                apr_pstrcat(lines->pool, d->directive, d->args, NULL);
            collect(lines, d->first_child);
        }
    }
}

apr_array_header_t *atl_access_rules(apr_pool_t *p, const apr_array_header_t *sections)
{
    apr_array_header_t *rules = apr_array_make(p, 4, sizeof(const char *));

    for (int i = 0; i < sections->nelts; i++) {
        const ap_directive_t *d = APR_ARRAY_IDX(sections, i, const ap_directive_t *);
        apr_array_header_t *lines = apr_array_make(p, 4, sizeof(const char *));

        collect(lines, d->first_child);
        if (lines->nelts) {
            APR_ARRAY_PUSH(rules, const char *) =
                apr_psprintf(p, "%s:%d: %s%s%s: %s", d->filename, d->line_num, d->directive,
                             d->args[strspn(d->args, ">")] ? " " : "", d->args,
                             apr_array_pstrcat(p, lines, ';'));
        }
    }
    return rules;
}

/* ------------------------------------------------------------------ lines, and where they stand */

static void add_line(apr_array_header_t *lines, const ap_directive_t *d)
{
    APR_ARRAY_PUSH(lines, const char *) =
        apr_psprintf(lines->pool, "%s%s %s (%s:%d)", lines->nelts ? ", " : "", d->directive,
                     d->args, d->filename, d->line_num);
}

static const char *joined(const apr_array_header_t *lines)
{
    return apr_array_pstrcat(lines->pool, lines, '\0');
}

/* ------------------------------------------------------------------ Require */

/* A GET asks: does a <Limit> or <LimitExcept> hold for it? */
static int holds_for_get(apr_pool_t *p, const ap_directive_t *d)
{
    int is_except = is_named(d, "<LimitExcept"), named = 0;
    const char *args = d->args, *word;

    if (!is_except && !is_named(d, "<Limit")) {
        return 1;
    }
    while (*(word = atl_section_word(p, &args))) {
        named |= !strcmp(word, "GET");
    }
    return named != is_except;
}

/* What mod_authz_core would hear, where the answer takes no login; others admit nobody here. */
static int admits(apr_pool_t *p, request_rec *r, const ap_directive_t *d)
{
    static const char *const asked[] = {"all", "ip",     "local", "host", "forward-dns",
                                        "env", "method", "expr",  NULL};
    const char *args = d->args, *name = ap_getword_conf(p, &args), *const *known = asked;
    const void *parsed = NULL;
    const authz_provider *provider;
    cmd_parms cmd = {.pool = p, .temp_pool = p, .server = r->server, .path = r->uri};
    ap_directive_t own = *d;
    int is_not = !ap_cstr_casecmp(name, "not");
    authz_status status;

    cmd.directive = &own;
    if (is_not) {
        name = ap_getword_conf(p, &args);
    }
    while (*known && ap_cstr_casecmp(name, *known)) {
        known++;
    }
    provider =
        *known ? ap_lookup_provider(AUTHZ_PROVIDER_GROUP, name, AUTHZ_PROVIDER_VERSION) : NULL;
    if (!provider ||
        (provider->parse_require_line && provider->parse_require_line(&cmd, args, &parsed))) {
        return 0;
    }
    status = provider->check_authorization(r, args, parsed);
    return is_not ? status != AUTHZ_GRANTED : status == AUTHZ_GRANTED;
}

static int has(const ap_directive_t *d, const char *name)
{
    for (; d; d = d->next) {
        if (is_named(d, name) || (is_part(d) && has(d->first_child, name))) {
            return 1;
        }
    }
    return 0;
}

/* Adds what does not admit r, if the section around it does not; returns whether it does. */
static int add_refusing(apr_array_header_t *lines, request_rec *r, const ap_directive_t *section)
{
    int is_all = is_named(section, "<RequireAll"), is_none = is_named(section, "<RequireNone");
    int before = lines->nelts, some = 0, every = 1, admitted;

    for (const ap_directive_t *d = section->first_child; d; d = d->next) {
        int one;

        if (is_named(d, "Require")) {
            one = admits(lines->pool, r, d);
            if (one == is_none) {
                add_line(lines, d);
            }
        }
        else if (is_part(d) && holds_for_get(lines->pool, d)) {
            one = add_refusing(lines, r, d);
        }
        else {
            continue;
        }
        some |= one;
        every &= one;
    }
    admitted = is_none ? !some : is_all ? every : some;
    lines->nelts = admitted ? before : lines->nelts;
    return admitted;
}

const char *atl_access_require(apr_pool_t *p, request_rec *r, const apr_array_header_t *sections)
{
    apr_array_header_t *lines = apr_array_make(p, 4, sizeof(const char *));
    int first = 0, is_merged = 0;

    for (int i = 0; i < sections->nelts; i++) {
        const ap_directive_t *d = APR_ARRAY_IDX(sections, i, const ap_directive_t *);

        is_merged |= has(d->first_child, "AuthMerging");
        first = has(d->first_child, "Require") ? i : first;
    }
    for (int i = is_merged ? 0 : first; i < sections->nelts; i++) {
        add_refusing(lines, r, APR_ARRAY_IDX(sections, i, const ap_directive_t *));
    }
    return joined(lines);
}

/* ------------------------------------------------------------------ Order, Allow, Deny */

static void add_order(apr_array_header_t *lines, const ap_directive_t *d)
{
    static const char *const names[] = {"Order", "Allow", "Deny", NULL};

    for (; d; d = d->next) {
        if (is_part(d) && holds_for_get(lines->pool, d)) {
            add_order(lines, d->first_child);
        }
        else if (is_one_of(d, names)) {
            add_line(lines, d);
        }
    }
}

const char *atl_access_order(apr_pool_t *p, const apr_array_header_t *sections)
{
    apr_array_header_t *lines = apr_array_make(p, 4, sizeof(const char *));

    for (int i = 0; i < sections->nelts; i++) {
        add_order(lines, APR_ARRAY_IDX(sections, i, const ap_directive_t *)->first_child);
    }
    return joined(lines);
}

/* ------------------------------------------------------------------ Redirect, RewriteRule */

static int status_word(const char *word)
{
    static const struct {
        const char *name;
        int status;
    } words[] = {{"permanent", 301}, {"temp", 302}, {"seeother", 303}, {"gone", 410}};

    for (apr_size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!ap_cstr_casecmp(word, words[i].name)) {
            return words[i].status;
        }
    }
    return apr_isdigit(*word) ? atoi(word) : 0;
}

/* Redirect [status] [path] target, of mod_alias; path is NULL without one. */
static int redirect_status(apr_pool_t *p, const ap_directive_t *d, const char **path)
{
    const char *args = d->args, *word = ap_getword_conf(p, &args);
    int status = is_named(d, "RedirectPermanent") ? 301 : 302, said = status_word(word);

    status = said ? said : status;
    word = said ? ap_getword_conf(p, &args) : word;
    /* With a target alone the section has the path. */
    *path = !*word || (status / 100 == 3 && !*args) ? NULL : word;
    return status;
}

/* RewriteRule pattern target [flags]: 0 if it answers nothing by itself. */
static int rewrite_status(apr_pool_t *p, const ap_directive_t *d, const char **pattern)
{
    const char *args = d->args, *flags, *flag;
    int status = 0;

    *pattern = ap_getword_conf(p, &args);
    ap_getword_conf(p, &args);
    flags = ap_getword_conf(p, &args);
    flags += *flags == '[';
    while (*(flag = apr_pstrmemdup(p, flags, strcspn(flags, ",]")))) {
        flags += strcspn(flags, ",]");
        flags += *flags == ',';
        flag += strspn(flag, " ");
        if (!ap_cstr_casecmp(flag, "F") || !ap_cstr_casecmp(flag, "forbidden")) {
            status = 403;
        }
        else if (!ap_cstr_casecmp(flag, "G") || !ap_cstr_casecmp(flag, "gone")) {
            status = 410;
        }
        else if (!ap_cstr_casecmpn(flag, "R", 1) &&
                 (!flag[1] || flag[1] == '=' || !ap_cstr_casecmpn(flag, "redirect", 8))) {
            const char *value = strchr(flag, '=');
            status = value ? status_word(value + 1) : 302;
        }
    }
    return status;
}

/* Does it answer r's path with r's status? In a section its path is another one: the section's own matched. */
static int could_answer(apr_pool_t *p, const request_rec *r, const ap_directive_t *d,
                        int in_section)
{
    const char *path;

    if (is_named(d, "RewriteRule")) {
        if (rewrite_status(p, d, &path) != r->status) {
            return 0;
        }
        return in_section ||
               (*path == '!') != atl_section_has_pattern(p, path + (*path == '!'), r->uri);
    }
    if (ap_cstr_casecmpn(d->directive, "Redirect", 8) ||
        redirect_status(p, d, &path) != r->status) {
        return 0;
    }
    return !path || (is_named(d, "RedirectMatch") ? atl_section_has_pattern(p, path, r->uri)
                                                  : atl_section_has_path(path, r->uri));
}

static void add_answering(apr_array_header_t *lines, const request_rec *r, const ap_directive_t *d,
                          int in_section)
{
    for (; d; d = d->next) {
        if (could_answer(lines->pool, r, d, in_section)) {
            add_line(lines, d);
        }
    }
}

const char *atl_access_redirects(apr_pool_t *p, const request_rec *r,
                                 const apr_array_header_t *sections)
{
    apr_array_header_t *lines = apr_array_make(p, 4, sizeof(const char *));

    for (int level = 0; level < 2; level++) {
        add_answering(lines, r, atl_server_directives(p, r->server, level), 0);
    }
    for (int i = 0; i < sections->nelts; i++) {
        add_answering(lines, r, APR_ARRAY_IDX(sections, i, const ap_directive_t *)->first_child, 1);
    }
    return joined(lines);
}
