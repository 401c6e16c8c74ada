/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "path.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* Both results are written in one pass: name by name (decoded) and segment by segment (as sent).
 * Neither ever grows beyond the input. */
typedef struct writer {
    char *resolved;
    apr_size_t rlen;
    char *raw;
    apr_size_t wlen;
    apr_size_t certain;
    const char *before_climb;
} writer;

static int hex(char c)
{
    if (apr_isdigit(c)) {
        return c - '0';
    }
    c = (char)apr_tolower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two- to six-byte forms of what fits in fewer bytes: old decoders read %c0%af as '/'. */
static int is_overlong(const char *name, apr_size_t len)
{
    static const struct {
        unsigned char lead, below; /* with a second byte from 0x80 up to this one */
    } forms[] = {{0xe0, 0xa0}, {0xf0, 0x90}, {0xf8, 0x88}, {0xfc, 0x84}};

    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i],
                      next = i + 1 < len ? (unsigned char)name[i + 1] : 0;

        if (c == 0xc0 || c == 0xc1) {
            return 1;
        }
        for (apr_size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
            if (c == forms[f].lead && next >= 0x80 && next < forms[f].below) {
                return 1;
            }
        }
    }
    return 0;
}

/* Decodes a segment's name to "to"; returns its length, or -1 for what no name may have. */
static apr_ssize_t decode(const char *name, apr_size_t len, char *to)
{
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        char c = name[i];

        if (c == '%') {
            int high = i + 2 < len ? hex(name[i + 1]) : -1,
                low = i + 2 < len ? hex(name[i + 2]) : -1;

            if (high < 0 || low < 0 || !(high | low)) {
                return -1;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        to[n++] = c;
    }
    return is_overlong(to, n) ? -1 : (apr_ssize_t)n;
}

static int is_dots(const char *name, apr_size_t len, apr_size_t dots)
{
    return len == dots && !memcmp(name, "..", dots);
}

/* What stood before each segment, so that ".." undoes it whatever its name decoded to: a name may
 * hold several slashes of its own (%2f). */
typedef struct mark {
    apr_size_t rlen, certain;
} mark;

typedef struct marks {
    mark *at;
    int n;
} marks;

/* Forgets the last segment of both; 0 if there is none. */
static int climb(writer *out, marks *starts)
{
    if (!starts->n) {
        return 0;
    }
    starts->n--;
    out->rlen = starts->at[starts->n].rlen;
    out->certain = starts->at[starts->n].certain;
    out->wlen--;
    while (out->raw[out->wlen - 1] != '/') {
        out->wlen--;
    }
    return 1;
}

/* Splits a decoded name at the slashes that came encoded; 0 if one of its parts is a dot segment.
 * Parts that are empty vanish, as empty segments do. */
static int append_parts(writer *out, char *name, apr_size_t len)
{
    char *end = name + len, *part = name;

    for (char *c = name;; c++) {
        if (c < end && *c != '/' && *c != '\\') {
            continue;
        }
        apr_size_t n = (apr_size_t)(c - part);
        if ((c < end || part > name) && (is_dots(part, n, 1) || is_dots(part, n, 2))) {
            return 0;
        }
        memmove(out->resolved + out->rlen, part, n);
        out->rlen += n;
        if (c == end) {
            return 1;
        }
        if (out->rlen < out->certain) {
            out->certain = out->rlen;
        }
        if (out->resolved[out->rlen - 1] != '/') {
            out->resolved[out->rlen++] = '/';
        }
        part = c + 1;
    }
}

static void append_raw(writer *out, const char *segment, apr_size_t len)
{
    memcpy(out->raw + out->wlen, segment, len);
    out->wlen += len;
}

static void slash(writer *out)
{
    out->raw[out->wlen++] = '/';
    if (out->resolved[out->rlen - 1] != '/') {
        out->resolved[out->rlen++] = '/';
    }
}

/* One segment of the input: len bytes, of which name bytes stand before the first ';'. */
static atl_path_status read_segment(apr_pool_t *p, writer *out, marks *starts, const char *segment,
                                    apr_size_t name, apr_size_t len, int last)
{
    char *decoded = out->resolved + out->rlen; /* decoded in place: it fits, see atl_path_read */
    apr_ssize_t n = decode(segment + name, len - name, decoded); /* parameters go unread, but on */

    if (n < 0 || (n = decode(segment, name, decoded)) < 0) {
        return ATL_PATH_BAD_ESCAPE;
    }
    if (n == 0) {
        /* Only the last one is seen by the application: "/wiki/;jsessionid=1". */
        append_raw(out, segment, last ? len : 0);
        return ATL_PATH_OK;
    }
    if (is_dots(decoded, (apr_size_t)n, 1)) {
        return ATL_PATH_OK;
    }
    if (is_dots(decoded, (apr_size_t)n, 2)) {
        if (len != 2 && !out->before_climb) {
            out->before_climb = apr_pstrmemdup(p, out->resolved, out->rlen);
        }
        return climb(out, starts) ? ATL_PATH_OK : ATL_PATH_ABOVE_ROOT;
    }
    starts->at[starts->n].rlen = out->rlen;
    starts->at[starts->n++].certain = out->certain;
    if (!append_parts(out, decoded, (apr_size_t)n)) {
        return ATL_PATH_AMBIGUOUS;
    }
    append_raw(out, segment, len);
    if (!last) {
        slash(out);
    }
    return ATL_PATH_OK;
}

static atl_path_status read_segments(apr_pool_t *p, const char *uri, writer *out, marks *starts)
{
    for (const char *segment = uri + 1;;) {
        apr_size_t len = strcspn(segment, "/"), name = strcspn(segment, "/;");
        int last = segment[len] == '\0';
        atl_path_status status = read_segment(p, out, starts, segment, name, len, last);

        if (status != ATL_PATH_OK || last) {
            return status;
        }
        segment += len + 1;
    }
}

static int is_plain(const char *uri)
{
    for (const char *c = uri; *c; c++) {
        char letter = (char)(*c | 0x20);

        if ((letter >= 'a' && letter <= 'z') || (*c >= '0' && *c <= '9')) {
            continue; /* most characters, and this is done for every request */
        }
        if (*c == '%' || *c == ';' || *c == '\\' || (*c == '/' && (c[1] == '/' || c[1] == '.')) ||
            (unsigned char)*c > 0x7e) {
            return 0;
        }
    }
    return 1;
}

atl_path_status atl_path_read(apr_pool_t *p, const char *uri, atl_path *path)
{
    apr_size_t size = strlen(uri) + 2;
    writer out = {.certain = APR_SIZE_MAX};
    marks starts = {0};
    atl_path_status status;

    path->before_climb = NULL;
    path->certain = APR_SIZE_MAX;
    if (is_plain(uri)) {
        path->resolved = path->raw = uri;
        return ATL_PATH_OK;
    }
    out.resolved = apr_palloc(p, size);
    out.raw = apr_palloc(p, size);
    out.resolved[out.rlen++] = '/';
    out.raw[out.wlen++] = '/';
    starts.at = apr_palloc(p, size / 2 * sizeof(*starts.at) + sizeof(*starts.at));
    status = read_segments(p, uri, &out, &starts);
    out.resolved[out.rlen] = '\0';
    out.raw[out.wlen] = '\0';
    path->resolved = out.resolved;
    path->raw = out.raw;
    path->certain = out.certain;
    path->before_climb = out.before_climb;
    return status;
}

int atl_path_is_below(const char *path, const char *parent)
{
    apr_size_t len = strlen(parent);

    return !strncmp(path, parent, len) && (!path[len] || path[len] == '/');
}
