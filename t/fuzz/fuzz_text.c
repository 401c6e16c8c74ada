/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: text of strangers in our output, and addresses of administrators. */
#include "fuzz.h"
#include "escape.h"
#include "network.h"
#include "text.h"

#include <string.h>

/* A control character that is none of allowed. */
static int has_control(const char *text, const char *allowed)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if ((*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)) && !strchr(allowed, *c)) {
            return 1;
        }
    }
    return 0;
}

static const char *text_rule_broken(apr_pool_t *p, const char *text)
{
    const char *json = atl_escape_json(p, text), *html = atl_escape_html(p, text);
    const char *label = atl_escape_label(p, text);

    if (has_control(json, "") || strchr(json, '<')) {
        return "JSON has no control character and no mark-up";
    }
    if (has_control(html, "\n") || strpbrk(html, "<>\"")) {
        return "HTML has no control character and no mark-up";
    }
    if (has_control(label, "")) {
        return "a label has no control character";
    }
    return strlen(atl_quote(p, text)) > 70 ? "a quoted word is short" : NULL;
}

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    apr_ipsubnet_t *network = NULL;
    const char *error = atl_network_read(pool, text, &network);

    (void)size;
    must_hold(!error && !network ? "a network or an error" : NULL, text);
    must_hold(text_rule_broken(pool, text), text);
}
