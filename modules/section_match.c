/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "section_match.h"
#include "public.h"

#include "ap_expr.h"
#include "http_config.h"
#include "http_log.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

/* ------------------------------------------------------------------ does a section match? */

int atl_section_has_pattern(apr_pool_t *p, const char *pattern, const char *text)
{
    const ap_regex_t *regex = ap_pregcomp(p, pattern, AP_REG_EXTENDED);

    return regex && !ap_regexec(regex, text, 0, NULL, 0);
}

int atl_section_has_path(const char *prefix, const char *path)
{
    apr_size_t len = strlen(prefix);

    if (apr_fnmatch_test(prefix)) {
        return !apr_fnmatch(prefix, path, APR_FNM_PATHNAME);
    }
    return len && !strncmp(prefix, path, len) &&
           (prefix[len - 1] == '/' || !path[len] || path[len] == '/');
}

const char *atl_section_word(apr_pool_t *p, const char **args)
{
    char *word = ap_getword_conf(p, args);
    apr_size_t len = strlen(word);

    if (len && word[len - 1] == '>') {
        word[len - 1] = '\0';
    }
    return word;
}

/* What a request is, for each kind of section. */
typedef struct subjects {
    apr_pool_t *p;
    request_rec *r;
    const char *path;
    const char *url;  /* what mod_proxy is asked for, or NULL */
    const char *file; /* what httpd serves itself, or NULL */
} subjects;

static int is_location(const subjects *of, const char *word)
{
    return atl_section_has_path(word, of->path);
}

static int is_location_pattern(const subjects *of, const char *word)
{
    return atl_section_has_pattern(of->p, word, of->path);
}

/* As mod_proxy: characters, not segments. */
static int is_proxy(const subjects *of, const char *word)
{
    return of->url && (apr_fnmatch_test(word) ? !apr_fnmatch(word, of->url, 0)
                                              : !strncmp(word, of->url, strlen(word)));
}

static int is_proxy_pattern(const subjects *of, const char *word)
{
    return of->url && atl_section_has_pattern(of->p, word, of->url);
}

/* One with wildcards is compared with each of the file's directories. */
static int is_directory(const subjects *of, const char *word)
{
    const char *end = of->file;

    if (!end || !apr_fnmatch_test(word)) {
        return end && atl_section_has_path(word, end);
    }
    while ((end = strchr(end + 1, '/'))) {
        if (atl_section_has_path(word,
                                 apr_pstrmemdup(of->p, of->file, (apr_size_t)(end - of->file)))) {
            return 1;
        }
    }
    return 0;
}

static int is_directory_pattern(const subjects *of, const char *word)
{
    const char *end = of->file ? strrchr(of->file, '/') : NULL;

    return end &&
           atl_section_has_pattern(
               of->p, word, apr_pstrmemdup(of->p, of->file, (apr_size_t)(end - of->file) + 1));
}

static const char *name_of(const subjects *of)
{
    return of->file ? strrchr(of->file, '/') + 1 : NULL;
}

static int is_file(const subjects *of, const char *word)
{
    return of->file && !apr_fnmatch(word, name_of(of), 0);
}

static int is_file_pattern(const subjects *of, const char *word)
{
    return of->file && atl_section_has_pattern(of->p, word, name_of(of));
}

/* In the order they are merged; <Proxy> stands for the directory of what is proxied. */
enum merging { MERGED_DIRECTORY, MERGED_FILES, MERGED_LOCATION, MERGED_IF, MERGED_END };

static const struct kind {
    const char *name;
    enum merging merging;
    int (*matches)(const subjects *, const char *word);
    int (*matches_pattern)(const subjects *, const char *word);
} kinds[] = {
    {"<Directory", MERGED_DIRECTORY, is_directory, is_directory_pattern},
    {"<Proxy", MERGED_DIRECTORY, is_proxy, is_proxy_pattern},
    {"<Files", MERGED_FILES, is_file, is_file_pattern},
    {"<Location", MERGED_LOCATION, is_location, is_location_pattern},
};

static int is_condition(const ap_directive_t *d)
{
    return !ap_cstr_casecmp(d->directive, "<If") || !ap_cstr_casecmp(d->directive, "<ElseIf") ||
           !ap_cstr_casecmp(d->directive, "<Else");
}

/* As httpd: asked of its own expressions. taken: one of this chain has held already. */
static int holds(const subjects *of, const ap_directive_t *d, int *taken)
{
    const char *args = d->args, *error = NULL;
    ap_expr_info_t info = {.filename = d->filename,
                           .line_number = (unsigned)d->line_num,
                           .module_index = APLOG_MODULE_INDEX};
    int now;

    if (!ap_cstr_casecmp(d->directive, "<If")) {
        *taken = 0;
    }
    now = !*taken && (!ap_cstr_casecmp(d->directive, "<Else") ||
                      (!ap_expr_parse(of->p, of->p, &info, atl_section_word(of->p, &args), NULL) &&
                       ap_expr_exec(of->r, &info, &error) > 0));
    *taken |= now;
    return now;
}

/* The kind of a path's section that matches, or NULL. */
static const struct kind *matching(const subjects *of, const ap_directive_t *d)
{
    const char *args = d->args;

    for (apr_size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        apr_size_t len = strlen(kinds[i].name);
        const char *rest = d->directive + len, *word;
        int is_pattern;

        if (ap_cstr_casecmpn(d->directive, kinds[i].name, len) ||
            (*rest && ap_cstr_casecmp(rest, "Match"))) {
            continue;
        }
        is_pattern = *rest != '\0';
        word = atl_section_word(of->p, &args);
        if (!strcmp(word, "~")) {
            is_pattern = 1;
            word = atl_section_word(of->p, &args);
        }
        return (is_pattern ? kinds[i].matches_pattern : kinds[i].matches)(of, word) ? &kinds[i]
                                                                                    : NULL;
    }
    return NULL;
}

int atl_section_is_location_of(apr_pool_t *p, const ap_directive_t *d, const char *path)
{
    subjects of = {.p = p, .path = path};
    const struct kind *kind = matching(&of, d);

    return kind && kind->merging == MERGED_LOCATION;
}

/* Those merged at one time; others may have them inside. */
static void add_matching(apr_array_header_t *sections, const subjects *of, const ap_directive_t *d,
                         enum merging merging)
{
    int taken = 0;

    for (; d; d = d->next) {
        const struct kind *kind = is_condition(d) ? NULL : matching(of, d);

        if (!(is_condition(d) ? holds(of, d, &taken) : kind != NULL)) {
            continue;
        }
        if ((kind ? kind->merging : MERGED_IF) == merging) {
            APR_ARRAY_PUSH(sections, const ap_directive_t *) = d;
        }
        add_matching(sections, of, d->first_child, merging);
    }
}

const ap_directive_t *atl_server_directives(apr_pool_t *p, const server_rec *s, int level)
{
    return !level          ? ap_conftree
           : s->is_virtual ? atl_directives_of(atl_sections_index(p), s)
                           : NULL;
}

apr_array_header_t *atl_sections_matching(apr_pool_t *p, request_rec *r, const char *url)
{
    apr_array_header_t *sections = apr_array_make(p, 8, sizeof(const ap_directive_t *));
    subjects of = {p, r, r->uri, url,
                   r->filename && *r->filename == '/' && !url ? r->filename : NULL};

    for (int merging = 0; merging < MERGED_END; merging++) {
        for (int level = 0; level < 2; level++) {
            add_matching(sections, &of, atl_server_directives(p, r->server, level),
                         (enum merging)merging);
        }
    }
    return sections;
}
