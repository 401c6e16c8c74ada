/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "rules.h"

#include "app.h"
#include "expand.h"
#include "path.h"
#include "redirect.h"

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
    static const atl_backend backend = {"http", "10.0.0.5", 8090, "http://10.0.0.5:8090"};
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
