/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "cacheable.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* Where a path is forwarded to; NULL if nowhere, or if readers might differ about the place. */
static const char *forwarded_to(const char *below)
{
    const char *mark;

    if (strncmp(below, ATL_FORWARDED_START, strlen(ATL_FORWARDED_START)) ||
        !(mark = strstr(below + strlen(ATL_FORWARDED_START) - 1, ATL_FORWARDED_MARK))) {
        return NULL;
    }
    mark += strlen(ATL_FORWARDED_MARK) - 1;
    return strstr(mark, ATL_FORWARDED_MARK) ? NULL : mark;
}

int atl_cacheable_path(const atl_claim *claim, const atl_path *path)
{
    const char *to;

    if (claim->kind != ATL_CLAIM_PAGES || path->raw != path->resolved ||
        !(to = forwarded_to(path->resolved + claim->len)) || strstr(to + 1, ATL_DOWNLOAD)) {
        return 0;
    }
    for (const char *const *file = claim->app->product->files; *file; file++) {
        if (atl_path_is_below(to, *file)) {
            return 1;
        }
    }
    return 0;
}

const char *atl_cacheable_pattern(apr_pool_t *p, const atl_product *product, const char *context)
{
    const char *files = "";

    for (const char *const *file = product->files; *file; file++) {
        files = apr_pstrcat(p, files, *files ? "|" : "", *file, NULL);
    }
    return apr_pstrcat(p, "^", context, "(?!.*/_(?=/).*/_/)/s/(?:.*/)?_(?:", files,
                       ")(?!.*" ATL_DOWNLOAD ")(?:/|$)", NULL);
}

/* ------------------------------------------------------------------ lists in headers */

/* The next item of a comma-separated list: its name's length, *list behind it, *value what stands
 * after "=" without quotes, or NULL. Returns NULL at the end. RFC 9110, section 5.6.1; RFC 9111,
 * section 5.2. */
static const char *next_item(const char **list, apr_size_t *len, const char **value)
{
    const char *name, *c;
    int quoted = 0;

    if (!*list) {
        return NULL;
    }
    for (name = *list; *name == ',' || apr_isspace(*name); name++) {
    }
    if (!*name) {
        return NULL;
    }
    *len = strcspn(name, "=, \t");
    c = name + *len;
    c += strspn(c, " \t");
    *value = *c == '=' ? c + 1 + strspn(c + 1, " \t\"") : NULL;
    for (; *c && (quoted || *c != ','); c++) {
        quoted ^= *c == '"';
    }
    *list = c;
    return name;
}

static int is_item(const char *name, apr_size_t len, const char *word)
{
    return strlen(word) == len && !apr_cstr_casecmpn(name, word, len);
}

static int has_item(const char *list, const char *word)
{
    const char *name, *value;
    apr_size_t len;

    while ((name = next_item(&list, &len, &value))) {
        if (is_item(name, len, word)) {
            return 1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ answers */

/* What a Cache-Control header says, as far as it matters here. */
typedef struct directives {
    int is_public, forbids;
    int has_age, age_is_positive; /* the age for shared caches where there is one */
} directives;

static void read_directives(const char *list, directives *said)
{
    const char *name, *value;
    int has_shared_age = 0;
    apr_size_t len;

    memset(said, 0, sizeof(*said));
    while ((name = next_item(&list, &len, &value))) {
        int shared = is_item(name, len, "s-maxage");

        said->is_public |= is_item(name, len, "public");
        said->forbids |= is_item(name, len, "private") || is_item(name, len, "no-store") ||
                         is_item(name, len, "no-cache");
        if (shared || (!has_shared_age && is_item(name, len, "max-age"))) {
            said->has_age = 1;
            said->age_is_positive =
                value && value[strspn(value, "0")] >= '1' && value[strspn(value, "0")] <= '9';
            has_shared_age |= shared;
        }
    }
}

static int is_fresh(const directives *said, const atl_cacheable_head *head, apr_time_t now)
{
    return said->has_age ? said->age_is_positive : head->expires > now;
}

static int depends_on_person(const char *vary)
{
    return has_item(vary, "*") || has_item(vary, "Cookie") || has_item(vary, "Authorization");
}

int atl_cacheable_answer(const atl_cacheable_head *head, apr_time_t now)
{
    directives said;

    if (head->sets_cookie || depends_on_person(head->vary)) {
        return 0;
    }
    read_directives(head->cache_control, &said);
    if (head->status == 304) {
        return !said.forbids && (!head->cache_control || said.is_public);
    }
    /* One form of the same address is only known from another by Vary. */
    return head->status == 200 && said.is_public && !said.forbids && is_fresh(&said, head, now) &&
           (!head->content_encoding || has_item(head->vary, "Accept-Encoding"));
}
