/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "notice.h"
#include "path.h"
#include "escape.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <limits.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------ times */

/* digits decimal digits, from low to high; NULL when they are not there */
static const char *number(const char *at, int digits, int low, int high, int *value)
{
    *value = 0;
    for (; digits; digits--, at++) {
        if (!apr_isdigit(*at)) {
            return NULL;
        }
        *value = *value * 10 + (*at - '0');
    }
    return *value < low || *value > high ? NULL : at;
}

static const char *sign(const char *at, const char *any_of)
{
    return at && *at && strchr(any_of, *at) ? at + 1 : NULL;
}

/* 2026-11-24T06:00[:00]; NULL when it is not there */
static const char *read_moment(const char *at, apr_time_exp_t *t)
{
    int year, month;

    if (!(at = sign(number(at, 4, 1970, 9999, &year), "-")) ||
        !(at = sign(number(at, 2, 1, 12, &month), "-")) ||
        !(at = sign(number(at, 2, 1, 31, &t->tm_mday), "T t")) ||
        !(at = sign(number(at, 2, 0, 23, &t->tm_hour), ":")) ||
        !(at = number(at, 2, 0, 59, &t->tm_min))) {
        return NULL;
    }
    t->tm_year = year - 1900;
    t->tm_mon = month - 1;
    return *at == ':' ? number(at + 1, 2, 0, 59, &t->tm_sec) : at;
}

/* Z, UTC, +01:00 or +0100, as seconds east of Greenwich; NULL for anything else */
static const char *read_zone(const char *at, int *offset)
{
    int hours, minutes, east = *at == '+' ? 1 : -1;

    *offset = 0;
    if (!apr_cstr_casecmpn(at, "Z", 1)) {
        return at + 1;
    }
    if (!apr_cstr_casecmpn(at, "UTC", 3)) {
        return at + 3;
    }
    at = sign(at, "+-");
    at = at ? number(at, 2, 0, 14, &hours) : NULL;
    at = at ? number(at + (*at == ':'), 2, 0, 59, &minutes) : NULL;
    *offset = at ? east * (hours * 3600 + minutes * 60) : 0;
    return at;
}

/* In the server's zone, daylight saving as it will be then. */
static apr_time_t local_time(const apr_time_exp_t *t)
{
    struct tm tm = {.tm_year = t->tm_year,
                    .tm_mon = t->tm_mon,
                    .tm_mday = t->tm_mday,
                    .tm_hour = t->tm_hour,
                    .tm_min = t->tm_min,
                    .tm_sec = t->tm_sec,
                    .tm_isdst = -1};
    time_t seconds = mktime(&tm);

    /* 30 February has become another day. */
    return seconds == (time_t)-1 || tm.tm_mday != t->tm_mday ? 0 : apr_time_from_sec(seconds);
}

static apr_time_t time_in_zone(const apr_time_exp_t *t)
{
    apr_time_exp_t utc = *t, back;
    apr_time_t when;

    if (apr_time_exp_gmt_get(&when, &utc) != APR_SUCCESS) {
        return 0;
    }
    apr_time_exp_tz(&back, when, t->tm_gmtoff);
    return back.tm_mday == t->tm_mday ? when : 0;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r");
}

/* 0 when it is no time */
static apr_time_t read_time(const char *text)
{
    apr_time_exp_t t = {0};
    const char *at = read_moment(skip_blanks(text), &t), *zone;

    if (!at) {
        return 0;
    }
    at = skip_blanks(at);
    if (!*at) {
        return local_time(&t);
    }
    zone = read_zone(at, &t.tm_gmtoff);
    return zone && !*skip_blanks(zone) ? time_in_zone(&t) : 0;
}

/* ------------------------------------------------------------------ the file */

#define BOM "\xef\xbb\xbf" /* what some editors put in front */

void atl_notice_read(apr_pool_t *p, const char *text, atl_notice *notice)
{
    apr_size_t line;

    memset(notice, 0, sizeof(*notice));
    text += strncmp(text, BOM, 3) ? 0 : 3;
    line = strcspn(text, "\n");
    if (!apr_cstr_casecmpn(text, "until:", 6)) {
        const char *said = apr_pstrmemdup(p, text + 6, line - 6);

        notice->until = read_time(said);
        notice->wrong = notice->until ? NULL : skip_blanks(said);
        text += line + (text[line] == '\n');
    }
    notice->text = atl_escape_none(p, text + strspn(text, " \t\r\n"));
}

const char *atl_notice_time(apr_pool_t *p, apr_time_t when)
{
    apr_time_exp_t t;
    int minutes;

    apr_time_exp_lt(&t, when);
    minutes = (t.tm_gmtoff < 0 ? -t.tm_gmtoff : t.tm_gmtoff) / 60;
    return apr_psprintf(p, "%04d-%02d-%02d %02d:%02d %c%02d%02d", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, t.tm_hour, t.tm_min, t.tm_gmtoff < 0 ? '-' : '+', minutes / 60,
                        minutes % 60);
}

int atl_notice_retry(const atl_notice *notice, apr_time_t now, int otherwise)
{
    apr_int64_t seconds = apr_time_sec(notice->until - now) + 1;

    return notice->until <= now ? otherwise : seconds > INT_MAX ? INT_MAX : (int)seconds;
}

/* ------------------------------------------------------------------ who passes */

int atl_notice_passes(const atl_claim *claim, const char *path)
{
    const atl_product *product = claim->app->product;
    const char *below = path + claim->len;

    if (claim->kind != ATL_CLAIM_PAGES) {
        return 0; /* nobody edits a page meanwhile */
    }
    for (const char *const *open = product->open; *open; open++) {
        if (atl_path_is_below(below, *open)) {
            return 1;
        }
    }
    return 0;
}
