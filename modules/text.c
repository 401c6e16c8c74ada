/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* Words longer than this are never a typing mistake of one of ours. */
#define LONGEST_WORD 40
#define LONGEST_QUOTE 60
#define LONGEST_CUT 100

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

static unsigned distance(const char *a, apr_size_t alen, const char *b, apr_size_t blen)
{
    unsigned row[LONGEST_WORD + 1][LONGEST_WORD + 1];

    for (apr_size_t i = 0; i <= alen; i++) {
        for (apr_size_t j = 0; j <= blen; j++) {
            if (!i || !j) {
                row[i][j] = (unsigned)(i + j);
                continue;
            }
            char x = apr_tolower(a[i - 1]), y = apr_tolower(b[j - 1]);
            row[i][j] = least(row[i - 1][j] + 1, row[i][j - 1] + 1, row[i - 1][j - 1] + (x != y));
            if (i > 1 && j > 1 && x == apr_tolower(b[j - 2]) && y == apr_tolower(a[i - 2])) {
                row[i][j] = least(row[i][j], row[i - 2][j - 2] + 1, row[i][j]);
            }
        }
    }
    return row[alen][blen];
}

int atl_nearer(atl_nearest *best, const char *word, const char *candidate)
{
    apr_size_t wlen = strlen(word), clen = strlen(candidate);
    /* Of two letters none can be wrong, but one may be doubled: "onn", and never "no". */
    unsigned limit = clen > 2 ? (unsigned)clen / 3 : wlen > clen, d;

    if (wlen > LONGEST_WORD || clen > LONGEST_WORD || !wlen) {
        return 0;
    }
    d = distance(word, wlen, candidate, clen);
    if (d > limit || d >= *best) {
        return 0;
    }
    *best = d;
    return 1;
}

const char *atl_quote(apr_pool_t *p, const char *word)
{
    const char *at = strrchr(word, '@');
    const char *start = at ? "\"..." : "\"";

    word = at ? at : word;
    return strlen(word) > LONGEST_QUOTE ? apr_psprintf(p, "%s%.*s...\"", start, LONGEST_QUOTE, word)
                                        : apr_pstrcat(p, start, word, "\"", NULL);
}

const char *atl_cut(apr_pool_t *p, const char *text)
{
    return strlen(text) > LONGEST_CUT ? apr_psprintf(p, "%.*s...", LONGEST_CUT, text) : text;
}

const char *atl_did_you_mean(apr_pool_t *p, const char *nearest)
{
    return nearest ? apr_pstrcat(p, " (did you mean \"", nearest, "\"?)", NULL) : "";
}

const char *atl_config_arg(apr_pool_t *p, const char *arg)
{
    char *text = apr_palloc(p, strlen(arg) * 2 + 3), *to = text;

    *to++ = '"';
    for (; *arg; arg++) {
        if (*arg == '"' || *arg == '\\') {
            *to++ = '\\';
        }
        *to++ = *arg;
    }
    *to++ = '"';
    *to = '\0';
    return text;
}

const char *atl_next_word(apr_pool_t *p, const char **args)
{
    const char *from = *args;
    char *word, *to, quote = '\0';

    while (apr_isspace(*from)) {
        from++;
    }
    if (!*from) {
        *args = from;
        return NULL;
    }
    word = to = apr_palloc(p, strlen(from) + 1);
    if (*from == '"' || *from == '\'') {
        quote = *from++;
    }
    while (*from && (quote ? *from != quote : !apr_isspace(*from))) {
        if (quote && *from == '\\' && (from[1] == '\\' || from[1] == quote)) {
            from++;
        }
        *to++ = *from++;
    }
    *to = '\0';
    *args = *from ? from + 1 : from; /* behind the quote, or the blank */
    return word;
}

static const char *trimmed(apr_pool_t *p, const char *from, const char *to)
{
    while (from < to && apr_isspace(*from)) {
        from++;
    }
    while (to > from && apr_isspace(to[-1])) {
        to--;
    }
    return apr_pstrmemdup(p, from, (apr_size_t)(to - from));
}

apr_array_header_t *atl_split_list(apr_pool_t *p, const char *list)
{
    apr_array_header_t *items = apr_array_make(p, 4, sizeof(const char *));
    const char *end;

    while ((end = strchr(list, ','))) {
        APR_ARRAY_PUSH(items, const char *) = trimmed(p, list, end);
        list = end + 1;
    }
    APR_ARRAY_PUSH(items, const char *) = trimmed(p, list, list + strlen(list));
    return items;
}

int atl_parse_seconds(const char *text, int *seconds)
{
    static const struct {
        const char *unit;
        int factor;
    } units[] = {{"", 1}, {"s", 1}, {"min", 60}, {"h", 3600}};
    const int year = 366 * 86400;
    int n = 0;
    const char *unit = text;

    while (apr_isdigit(*unit)) {
        n = n * 10 + (*unit++ - '0');
        if (n > year) {
            return 0;
        }
    }
    if (unit == text) {
        return 0;
    }
    for (apr_size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!apr_cstr_casecmp(unit, units[i].unit)) {
            if (n > year / units[i].factor) {
                return 0;
            }
            *seconds = n * units[i].factor;
            return 1;
        }
    }
    return 0;
}

void atl_lower(char *text)
{
    for (; *text; text++) {
        *text = (char)apr_tolower(*text);
    }
}

static const char *value_of(const char *const *values, const char *name, apr_size_t len)
{
    for (; values[0]; values += 2) {
        if (strlen(values[0]) == len && !memcmp(values[0], name, len)) {
            return values[1];
        }
    }
    return NULL;
}

const char *atl_fill(apr_pool_t *p, const char *text, const char *const *values)
{
    const char *filled = "", *open, *close, *value;

    while ((open = strchr(text, '{')) && (close = strchr(open, '}'))) {
        value = value_of(values, open + 1, (apr_size_t)(close - open - 1));
        if (!value) {
            value = apr_pstrmemdup(p, open, (apr_size_t)(close + 1 - open));
        }
        filled =
            apr_pstrcat(p, filled, apr_pstrmemdup(p, text, (apr_size_t)(open - text)), value, NULL);
        text = close + 1;
    }
    return apr_pstrcat(p, filled, text, NULL);
}

const char *atl_time_iso(apr_pool_t *p, apr_time_t when)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, when);
    return apr_psprintf(p, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}
