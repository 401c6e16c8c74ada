/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "access_rules.h"
#include "public.h"

#include "http_config.h"
#include "util_cfgtree.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>

/* ------------------------------------------------------------------ does a section match? */

static int matches_pattern(apr_pool_t *p, const char *pattern, const char *text)
{
    const ap_regex_t *regex = ap_pregcomp(p, pattern, AP_REG_EXTENDED);

    return regex && !ap_regexec(regex, text, 0, NULL, 0);
}

/* Whole segments, as httpd's <Location> (its documentation). */
static int matches_path(const char *prefix, const char *path)
{
    apr_size_t len = strlen(prefix);

    if (apr_fnmatch_test(prefix)) {
        return !apr_fnmatch(prefix, path, APR_FNM_PATHNAME);
    }
    return len && !strncmp(prefix, path, len) &&
           (prefix[len - 1] == '/' || !path[len] || path[len] == '/');
}

/* As mod_proxy: characters, not segments. */
static int matches_url(const char *prefix, const char *url)
{
    return apr_fnmatch_test(prefix) ? !apr_fnmatch(prefix, url, 0)
                                    : !strncmp(prefix, url, strlen(prefix));
}

/* A section's argument, without the sign that ends it. */
static const char *word_of(apr_pool_t *p, const char **args)
{
    char *word = ap_getword_conf(p, args);
    apr_size_t len = strlen(word);

    if (len && word[len - 1] == '>') {
        word[len - 1] = '\0';
    }
    return word;
}

int atl_section_matches(apr_pool_t *p, const ap_directive_t *d, const char *path, const char *url)
{
    int is_location = !ap_cstr_casecmpn(d->directive, "<Location", 9);
    const char *name = d->directive + (is_location ? 9 : 6), *args = d->args;
    const char *subject = is_location ? path : url, *word;
    int is_pattern = !ap_cstr_casecmp(name, "Match");

    if (!is_location && ap_cstr_casecmpn(d->directive, "<Proxy", 6)) {
        return 0;
    }
    if (!subject || (*name && !is_pattern)) {
        return 0;
    }
    word = word_of(p, &args);
    if (!strcmp(word, "~")) {
        is_pattern = 1;
        word = word_of(p, &args);
    }
    return is_pattern ? matches_pattern(p, word, subject)
           : is_location ? matches_path(word, subject) : matches_url(word, subject);
}

/* ------------------------------------------------------------------ what does it say? */

static void collect(apr_array_header_t *lines, const ap_directive_t *d)
{
    static const char *const telling[] = {"Require", "AuthType", "Order", "Allow", "Deny", "Satisfy",
                                          "SetHandler", "ProxyPass", NULL};

    for (; d; d = d->next) {
        for (const char *const *name = telling; *name; name++) {
            if (!ap_cstr_casecmp(d->directive, *name)) {
                APR_ARRAY_PUSH(lines, const char *) =
                    apr_pstrcat(lines->pool, d->directive, " ", d->args, NULL);
            }
        }
        if (!ap_cstr_casecmpn(d->directive, "<Require", 8) ||
            !ap_cstr_casecmpn(d->directive, "<Limit", 6)) {
            APR_ARRAY_PUSH(lines, const char *) =
                apr_pstrcat(lines->pool, d->directive, d->args, NULL);
            collect(lines, d->first_child);
        }
    }
}

static void add_sections(apr_array_header_t *rules, const ap_directive_t *d, const char *path,
                         const char *url)
{
    apr_pool_t *p = rules->pool;

    for (; d; d = d->next) {
        apr_array_header_t *lines = apr_array_make(p, 4, sizeof(const char *));

        if (!atl_section_matches(p, d, path, url)) {
            continue;
        }
        collect(lines, d->first_child);
        if (lines->nelts) {
            APR_ARRAY_PUSH(rules, const char *) =
                apr_psprintf(p, "%s:%d: %s %s: %s", d->filename, d->line_num, d->directive, d->args,
                             apr_array_pstrcat(p, lines, ';'));
        }
    }
}

apr_array_header_t *atl_access_rules(apr_pool_t *p, const server_rec *s, const char *path,
                                     const char *url)
{
    apr_array_header_t *rules = apr_array_make(p, 4, sizeof(const char *));

    add_sections(rules, ap_conftree, path, url);
    if (s->is_virtual) {
        add_sections(rules, atl_directives_of(atl_sections_index(p), s), path, url);
    }
    return rules;
}
