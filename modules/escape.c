/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "escape.h"

#include <apr_strings.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define LONGEST 6                  /* bytes one byte can become */

/* The length of the UTF-8 sequence at c (RFC 3629), 0 when there is none. */
static unsigned utf8_length(const unsigned char *c)
{
    unsigned len = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

    if (c[0] > 0xf4) {
        return 0;
    }
    for (unsigned i = 1; i < len; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Overlong forms, surrogates, beyond U+10FFFF. */
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f)) {
        return 0;
    }
    return len;
}

typedef char *escape_ascii(char *to, unsigned char c);

static const char *escape(apr_pool_t *p, const char *text, escape_ascii *ascii)
{
    const unsigned char *from = (const unsigned char *)(text ? text : "");
    char *escaped = apr_palloc(p, strlen((const char *)from) * LONGEST + 1), *to = escaped;

    while (*from) {
        unsigned len = utf8_length(from);

        if (len == 1) {
            to = ascii(to, *from);
        }
        /* U+0080 to U+009F are control characters too. */
        else if (len && !(from[0] == 0xc2 && from[1] < 0xa0)) {
            memcpy(to, from, len);
            to += len;
        }
        else {
            memcpy(to, REPLACEMENT, sizeof(REPLACEMENT) - 1);
            to += sizeof(REPLACEMENT) - 1;
        }
        from += len ? len : 1;
    }
    *to = '\0';
    return escaped;
}

static char *backslashed(char *to, char c)
{
    *to++ = '\\';
    *to++ = c;
    return to;
}

/* "<" too: JSON ends up in HTML sooner or later. */
static char *json_ascii(char *to, unsigned char c)
{
    if (c == '"' || c == '\\') {
        return backslashed(to, (char)c);
    }
    if (c == '\n') {
        return backslashed(to, 'n');
    }
    if (c < 0x20 || c == 0x7f || c == '<') {
        return to + apr_snprintf(to, LONGEST + 1, "\\u%04x", c);
    }
    *to++ = (char)c;
    return to;
}

static char *label_ascii(char *to, unsigned char c)
{
    if (c == '"' || c == '\\') {
        return backslashed(to, (char)c);
    }
    if (c == '\n') {
        return backslashed(to, 'n');
    }
    *to++ = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    return to;
}

static char *html_ascii(char *to, unsigned char c)
{
    const char *entity = c == '&'   ? "&amp;"
                         : c == '<' ? "&lt;"
                         : c == '>' ? "&gt;"
                         : c == '"' ? "&quot;"
                                    : NULL;

    if ((c < 0x20 || c == 0x7f) && c != '\n') {
        entity = REPLACEMENT;
    }
    if (entity) {
        return apr_cpystrn(to, entity, LONGEST + 1);
    }
    *to++ = (char)c;
    return to;
}

const char *atl_escape_html(apr_pool_t *p, const char *text)
{
    return escape(p, text, html_ascii);
}

const char *atl_escape_json(apr_pool_t *p, const char *text)
{
    return escape(p, text, json_ascii);
}

const char *atl_escape_label(apr_pool_t *p, const char *text)
{
    return escape(p, text, label_ascii);
}

static char *plain_ascii(char *to, unsigned char c)
{
    if (c != '\r') {
        *to++ = (char)c;
    }
    return to;
}

const char *atl_escape_none(apr_pool_t *p, const char *text)
{
    return escape(p, text, plain_ascii);
}
