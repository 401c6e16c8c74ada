/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "door.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define CACHED "/s/"    /* begins the path of a static resource that may be kept ... */
#define FORWARDED "/_/" /* ... and this the path it is forwarded to */

static int same_letter(char a, char b)
{
    return apr_tolower((unsigned char)a) == apr_tolower((unsigned char)b);
}

/* Whether path begins with the door's pattern; door.h has the form. The patterns have one "*" in front
 * of text at most, so this tries each place of the path once. */
static int begins_with(const char *path, const char *door)
{
    for (; *door; path++, door++) {
        if (*door == '*') {
            do {
                if (begins_with(path, door + 1)) {
                    return 1;
                }
            } while (*path++);
            return 0;
        }
        if (*door == '?') {
            path += strcspn(path, "/");
            path--;
        }
        else if (!*path || !same_letter(*path, *door)) {
            return 0;
        }
    }
    return door[-1] == '*' || !apr_isalnum((unsigned char)*path);
}

static int is_listed(const atl_product *product, const char *path)
{
    for (const char *const *door = product->doors; *door; door++) {
        if (begins_with(path, *door)) {
            return 1;
        }
    }
    return 0;
}

int atl_door_is(const atl_product *product, const char *path)
{
    if (is_listed(product, path)) {
        return 1;
    }
    if (apr_cstr_casecmpn(path, CACHED, strlen(CACHED))) {
        return 0;
    }
    while ((path = strstr(path + 1, FORWARDED))) {
        const char *forwarded = path + strlen(FORWARDED) - 1;

        if (strpbrk(forwarded, "%;") || is_listed(product, forwarded)) {
            return 1;
        }
    }
    return 0;
}

static const char *pattern_of(apr_pool_t *p, const char *door)
{
    const char *pattern = "", *last = door + strlen(door) - 1;

    for (const char *c = door; *c; c++) {
        switch (*c) {
        case '*':
            pattern = apr_pstrcat(p, pattern, ".*", NULL);
            break;
        case '?':
            pattern = apr_pstrcat(p, pattern, "[^/]*", NULL);
            break;
        default:
            pattern = apr_pstrcat(p, pattern, *c == '.' ? "\\" : "", apr_pstrmemdup(p, c, 1), NULL);
        }
    }
    return *last == '*' ? pattern : apr_pstrcat(p, pattern, "(?![a-z0-9])", NULL);
}

apr_array_header_t *atl_door_patterns(apr_pool_t *p, const atl_product *product,
                                      const char *context)
{
    apr_array_header_t *patterns = apr_array_make(p, 16, sizeof(const char *));

    for (const char *const *door = product->doors; *door; door++) {
        APR_ARRAY_PUSH(patterns, const char *) = apr_pstrcat(
            p, "^", context, "(?i:(?:/s/.*/_)?", pattern_of(p, *door), ")", NULL);
    }
    /* Stock httpd leaves these two escapes alone, in what sections are compared with. */
    APR_ARRAY_PUSH(patterns, const char *) =
        apr_pstrcat(p, "^", context, "(?i:/s/.*/_/.*%(?:25|3b))", NULL);
    return patterns;
}
