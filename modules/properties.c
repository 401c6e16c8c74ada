/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "properties.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static int is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

/* The end of a logical line, which goes on behind a backslash at the end of a line. */
static const char *logical_end(const char *at, const char *end)
{
    for (; at < end && !is_line_end(*at); at++) {
        if (*at == '\\' && at + 1 < end) {
            at++;
            at += *at == '\r' && at + 1 < end && at[1] == '\n';
        }
    }
    return at;
}

static char *put_unicode(char *to, const char *digits)
{
    char hex[5] = {digits[0], digits[1], digits[2], digits[3], '\0'};
    unsigned long c = strtoul(hex, NULL, 16);

    if (c < 0x80) {
        *to++ = (char)c;
    }
    else if (c < 0x800) {
        *to++ = (char)(0xc0 | (c >> 6));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    else {
        *to++ = (char)(0xe0 | (c >> 12));
        *to++ = (char)(0x80 | ((c >> 6) & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

static int is_unicode(const char *at, const char *end)
{
    return end - at >= 5 && *at == 'u' && apr_isxdigit(at[1]) && apr_isxdigit(at[2]) &&
           apr_isxdigit(at[3]) && apr_isxdigit(at[4]);
}

/* What stands for itself, and what a backslash makes of the next character. No escape becomes longer. */
static const char *unescape(apr_pool_t *p, const char *at, const char *end)
{
    static const char letters[] = "tnrf", meanings[] = "\t\n\r\f";
    char *text = apr_palloc(p, (apr_size_t)(end - at) + 1), *to = text;

    while (at < end) {
        const char *letter;

        if (*at != '\\' || at + 1 == end) {
            *to++ = *at++;
            continue;
        }
        at++;
        if (is_line_end(*at)) {
            at += *at == '\r' && at + 1 < end && at[1] == '\n';
            at = skip_blanks(at + 1, end);
        }
        else if (is_unicode(at, end)) {
            to = put_unicode(to, at + 1);
            at += 5;
        }
        else {
            letter = *at ? strchr(letters, *at) : NULL;
            *to++ = letter ? meanings[letter - letters] : *at;
            at++;
        }
    }
    *to = '\0';
    return text;
}

static const char *key_end(const char *at, const char *end)
{
    while (at < end && !is_blank(*at) && *at != '=' && *at != ':') {
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    }
    return at;
}

static void add(apr_array_header_t *properties, const char *text, const char *at, const char *end,
                unsigned line, int commented)
{
    apr_pool_t *p = properties->pool;
    const char *key = at;
    atl_property *property = apr_array_push(properties);

    at = key_end(at, end);
    property->key = unescape(p, key, at);
    at = skip_blanks(at, end);
    if (at < end && (*at == '=' || *at == ':')) {
        at = skip_blanks(at + 1, end);
    }
    property->value = unescape(p, at, end);
    property->line = line;
    property->at = (apr_size_t)(at - text);
    property->len = (apr_size_t)(end - at);
    property->commented = commented != 0;
}

apr_array_header_t *atl_properties_read(apr_pool_t *p, const char *text, apr_size_t len)
{
    apr_array_header_t *properties = apr_array_make(p, 16, sizeof(atl_property));
    const char *at = text, *end = text + len, *counted = text, *stop;
    unsigned line = 1;

    while ((at = skip_blanks(at, end)) < end) {
        int commented = *at == '#' || *at == '!';

        for (; counted < at; counted++) {
            line += *counted == '\n' || (*counted == '\r' && counted[1] != '\n');
        }
        stop = commented ? at : logical_end(at, end);
        while (commented && stop < end && !is_line_end(*stop)) {
            stop++; /* a comment does not go on */
        }
        at = commented ? skip_blanks(at + 1, stop) : at;
        if (at < stop) {
            add(properties, text, at, stop, line, commented);
        }
        at = stop < end ? stop + 1 : end;
    }
    return properties;
}

const atl_property *atl_properties_find(const apr_array_header_t *properties, const char *key,
                                        int commented)
{
    const atl_property *found = NULL;

    for (int i = 0; i < properties->nelts; i++) {
        const atl_property *property = &APR_ARRAY_IDX(properties, i, atl_property);
        if (property->commented == (commented != 0) && !strcmp(property->key, key)) {
            found = property;
        }
    }
    return found;
}
