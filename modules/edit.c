/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "edit.h"

#include <apr_strings.h>
#include <string.h>

#define CONTEXT 3 /* lines, as diff -u has them */

/* ------------------------------------------------------------------ edits */

static int clashes(const atl_edit *a, const atl_edit *b)
{
    if (a->at == b->at && !a->len && !b->len) {
        return a->by != b->by;
    }
    return a->at < b->at + b->len && b->at < a->at + a->len;
}

int atl_edit_add(apr_array_header_t *edits, const atl_edit *edit)
{
    int place = 0;

    for (int i = 0; i < edits->nelts; i++) {
        const atl_edit *other = &APR_ARRAY_IDX(edits, i, atl_edit);

        if (other->at == edit->at && other->len == edit->len && !strcmp(other->with, edit->with)) {
            return 1; /* wanted by two lines */
        }
        if (clashes(edit, other)) {
            return 0;
        }
        place = other->at <= edit->at ? i + 1 : place;
    }
    apr_array_push(edits);
    memmove(&APR_ARRAY_IDX(edits, place + 1, atl_edit), &APR_ARRAY_IDX(edits, place, atl_edit),
            (apr_size_t)(edits->nelts - 1 - place) * sizeof(*edit));
    APR_ARRAY_IDX(edits, place, atl_edit) = *edit;
    return 1;
}

/* text[from, to) with the edits [first, last) made */
static const char *edited(apr_pool_t *p, const char *text, apr_size_t from, apr_size_t to,
                          const apr_array_header_t *edits, int first, int last)
{
    apr_array_header_t *parts = apr_array_make(p, 8, sizeof(const char *));

    for (int i = first; i < last; i++) {
        const atl_edit *edit = &APR_ARRAY_IDX(edits, i, atl_edit);
        APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(p, text + from, edit->at - from);
        APR_ARRAY_PUSH(parts, const char *) = edit->with;
        from = edit->at + edit->len;
    }
    APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(p, text + from, to - from);
    return apr_array_pstrcat(p, parts, 0);
}

const char *atl_edit_apply(apr_pool_t *p, const char *text, apr_size_t len,
                           const apr_array_header_t *edits)
{
    return edited(p, text, 0, len, edits, 0, edits->nelts);
}

/* ------------------------------------------------------------------ lines */

/* Where each line begins, and the end of the text behind the last one. */
static apr_array_header_t *line_starts(apr_pool_t *p, const char *text, apr_size_t len)
{
    apr_array_header_t *starts = apr_array_make(p, 128, sizeof(apr_size_t));
    const char *at = text;

    while (at && at < text + len) {
        APR_ARRAY_PUSH(starts, apr_size_t) = (apr_size_t)(at - text);
        at = memchr(at, '\n', len - (apr_size_t)(at - text));
        at = at ? at + 1 : NULL;
    }
    APR_ARRAY_PUSH(starts, apr_size_t) = len;
    return starts;
}

/* The line that has a byte; one more than there are for the end of a text whose last line ended. */
static int line_of(const char *text, apr_size_t len, const apr_array_header_t *starts,
                   apr_size_t at)
{
    int line = 0;

    if (at == len && (!len || text[len - 1] == '\n')) {
        return starts->nelts - 1;
    }
    while (line + 2 < starts->nelts && APR_ARRAY_IDX(starts, line + 1, apr_size_t) <= at) {
        line++;
    }
    return line;
}

/* Lines [first, end) that the edits [from, to) change together, and what takes their place. */
typedef struct change {
    int first, end, from, to;
    const char *with;
} change;

/* An insert at the end of a line changes nothing of that line. */
static void trim(const char *text, const apr_array_header_t *starts, change *c)
{
    while (c->first < c->end) {
        apr_size_t from = APR_ARRAY_IDX(starts, c->first, apr_size_t);
        apr_size_t len = APR_ARRAY_IDX(starts, c->first + 1, apr_size_t) - from;

        if (strncmp(text + from, c->with, len) || text[from + len - 1] != '\n') {
            return;
        }
        c->with += len;
        c->first++;
    }
}

static apr_array_header_t *changes_of(apr_pool_t *p, const char *text, apr_size_t len,
                                      const apr_array_header_t *starts,
                                      const apr_array_header_t *edits)
{
    apr_array_header_t *changes = apr_array_make(p, 4, sizeof(change));
    int lines = starts->nelts - 1;

    for (int i = 0; i < edits->nelts; i++) {
        const atl_edit *edit = &APR_ARRAY_IDX(edits, i, atl_edit);
        int first = line_of(text, len, starts, edit->at);
        int end = line_of(text, len, starts, edit->at + (edit->len ? edit->len - 1 : 0)) + 1;
        change *last = changes->nelts ? &APR_ARRAY_IDX(changes, changes->nelts - 1, change) : NULL;

        end = end > lines ? lines : end; /* behind the last line nothing is replaced */
        if (last && first < last->end) {
            last->end = end > last->end ? end : last->end;
            last->to = i + 1;
        }
        else if (last && first == last->first && last->first == lines) {
            last->to = i + 1;
        }
        else {
            change next = {first, end, i, i + 1, NULL};
            APR_ARRAY_PUSH(changes, change) = next;
        }
    }
    for (int i = 0; i < changes->nelts; i++) {
        change *c = &APR_ARRAY_IDX(changes, i, change);
        c->with = edited(p, text, APR_ARRAY_IDX(starts, c->first, apr_size_t),
                         APR_ARRAY_IDX(starts, c->end, apr_size_t), edits, c->from, c->to);
        trim(text, starts, c);
    }
    return changes;
}

/* ------------------------------------------------------------------ the diff */

typedef struct differ {
    apr_pool_t *p;
    const char *text;
    const apr_array_header_t *starts;
    apr_array_header_t *out; /* of const char * */
    int old_lines, new_lines;
} differ;

/* Lines with a sign before each; returns how many. */
static int put(differ *d, const char *sign, const char *lines)
{
    int n = 0;

    while (*lines) {
        const char *end = strchr(lines, '\n');

        APR_ARRAY_PUSH(d->out, const char *) = sign;
        APR_ARRAY_PUSH(d->out, const char *) =
            end ? apr_pstrmemdup(d->p, lines, (apr_size_t)(end + 1 - lines))
                : apr_pstrcat(d->p, lines, "\n\\ No newline at end of file\n", NULL);
        lines = end ? end + 1 : "";
        n++;
    }
    return n;
}

/* in bytes of the text */
static apr_size_t start_of(const differ *d, int line)
{
    return APR_ARRAY_IDX(d->starts, line, apr_size_t);
}

static void put_same(differ *d, int first, int end)
{
    int n = put(
        d, " ",
        apr_pstrmemdup(d->p, d->text + start_of(d, first), start_of(d, end) - start_of(d, first)));

    d->old_lines += n;
    d->new_lines += n;
}

static void put_change(differ *d, const change *c)
{
    apr_size_t from = start_of(d, c->first), to = start_of(d, c->end);

    d->old_lines += put(d, "-", apr_pstrmemdup(d->p, d->text + from, to - from));
    d->new_lines += put(d, "+", c->with);
}

/* One hunk: the changes [i, n) that are near enough. Returns how many lines more there are now. */
static int put_hunk(differ *d, const apr_array_header_t *changes, int i, int n, int shift)
{
    int lines = d->starts->nelts - 1;
    int at = APR_ARRAY_IDX(changes, i, change).first - CONTEXT, head = d->out->nelts, first;

    first = at = at < 0 ? 0 : at;
    d->old_lines = d->new_lines = 0;
    APR_ARRAY_PUSH(d->out, const char *) = ""; /* the counts are not known yet */
    for (; i < n; i++) {
        const change *c = &APR_ARRAY_IDX(changes, i, change);
        put_same(d, at, c->first);
        put_change(d, c);
        at = c->end;
    }
    put_same(d, at, at + CONTEXT > lines ? lines : at + CONTEXT);
    APR_ARRAY_IDX(d->out, head, const char *) =
        apr_psprintf(d->p, "@@ -%d,%d +%d,%d @@\n", first + (d->old_lines > 0), d->old_lines,
                     first + shift + (d->new_lines > 0), d->new_lines);
    return d->new_lines - d->old_lines;
}

const char *atl_edit_diff(apr_pool_t *p, const char *name, const char *text, apr_size_t len,
                          const apr_array_header_t *edits)
{
    differ d = {.p = p, .text = text};
    const apr_array_header_t *changes;
    const char *tab = strpbrk(name, " \t") ? "\t" : ""; /* ends a name with blanks in it */
    int shift = 0;

    if (!edits->nelts) {
        return "";
    }
    d.starts = line_starts(p, text, len);
    d.out = apr_array_make(p, 64, sizeof(const char *));
    changes = changes_of(p, text, len, d.starts, edits);
    APR_ARRAY_PUSH(d.out, const char *) =
        apr_psprintf(p, "--- %s%s\n+++ %s%s\n", name, tab, name, tab);
    for (int i = 0, n; i < changes->nelts; i = n) {
        for (n = i + 1; n < changes->nelts && APR_ARRAY_IDX(changes, n, change).first -
                                                      APR_ARRAY_IDX(changes, n - 1, change).end <=
                                                  2 * CONTEXT;
             n++) {
        }
        shift += put_hunk(&d, changes, i, n, shift);
    }
    return apr_array_pstrcat(p, d.out, 0);
}
