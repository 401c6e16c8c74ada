/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "door.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

static int same_letter(char a, char b)
{
    return apr_tolower((unsigned char)a) == apr_tolower((unsigned char)b);
}

/* Whether path begins with the door's pattern, see door.h. NOWHERE: it does not, and no later part of
 * the path will either, because what stands behind a "*" is not there; so the time this takes is not
 * the square of a path's length, which strangers choose. */
enum { NOWHERE = -1, NO, YES };

static int begins_with(const char *path, const char *door)
{
    for (; *door; path++, door++) {
        if (*door == '*') {
            do {
                int found = begins_with(path, door + 1);

                if (found != NO) {
                    return found;
                }
            } while (*path++);
            return NOWHERE;
        }
        if (*door == '?') {
            path += strcspn(path, "/");
            path--;
        }
        else if (!*path || !same_letter(*path, *door)) {
            return NO;
        }
    }
    return door[-1] == '*' || !apr_isalnum((unsigned char)*path);
}

/* Where the path is forwarded to, if it is; then the next place it might be. */
static const char *forwarded(const char *path)
{
    const char *mark = strstr(path, ATL_FORWARDED_MARK);

    return mark ? mark + strlen(ATL_FORWARDED_MARK) - 1 : NULL;
}

int atl_door_is(const atl_product *product, const char *path)
{
    int is_cached = !apr_cstr_casecmpn(path, ATL_FORWARDED_START, strlen(ATL_FORWARDED_START));
    const char *first = is_cached ? forwarded(path + 1) : NULL;

    if (first && strpbrk(first, "%;")) {
        return 1;
    }
    for (const char *const *door = product->doors; *door; door++) {
        int found = begins_with(path, *door);

        for (const char *to = first; to && found == NO; to = forwarded(to)) {
            found = begins_with(to, *door);
        }
        if (found == YES) {
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
        APR_ARRAY_PUSH(patterns, const char *) =
            apr_pstrcat(p, "^", context, "(?i:(?:/s/.*/_)?", pattern_of(p, *door), ")", NULL);
    }
    /* Stock httpd leaves these two escapes alone, in what sections are compared with. */
    APR_ARRAY_PUSH(patterns, const char *) =
        apr_pstrcat(p, "^", context, "(?i:/s/.*/_/.*%(?:25|3b))", NULL);
    return patterns;
}
