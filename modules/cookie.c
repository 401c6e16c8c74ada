/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "cookie.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

typedef struct attribute {
    const char *name; /* not terminated */
    apr_size_t name_len;
    const char *value; /* after "=", NULL without one */
    apr_size_t value_len;
    const char *end; /* the next ';' or the end of the cookie */
} attribute;

/* Reads the attribute that begins after a ';'. */
static attribute read_attribute(const char *from)
{
    attribute a = {0};
    const char *stop;

    while (*from == ' ' || *from == '\t') {
        from++;
    }
    a.name = from;
    a.name_len = strcspn(from, "=;");
    a.end = strchr(from + a.name_len, ';');
    stop = a.end = a.end ? a.end : from + strlen(from);
    while (stop > from && (stop[-1] == ' ' || stop[-1] == '\t')) {
        stop--;
    }
    if (from[a.name_len] == '=') {
        a.value = from + a.name_len + 1;
        while (*a.value == ' ' || *a.value == '\t') {
            a.value++;
        }
        a.value_len = stop > a.value ? (apr_size_t)(stop - a.value) : 0;
    }
    else {
        a.name_len = (apr_size_t)(stop - from);
    }
    return a;
}

static int is_named(const attribute *a, const char *name)
{
    return a->name_len == strlen(name) && !apr_cstr_casecmpn(a->name, name, a->name_len);
}

const char *atl_cookie_attribute(const char *cookie, const char *name, apr_size_t *len)
{
    const char *semicolon = cookie + strcspn(cookie, ";");

    while (*semicolon) {
        attribute a = read_attribute(semicolon + 1);

        if (is_named(&a, name)) {
            *len = a.value_len;
            return a.value ? a.value : "";
        }
        semicolon = a.end;
    }
    return NULL;
}

static int is_backend_domain(const attribute *a, const atl_claim *claim)
{
    const char *value = a->value;
    apr_size_t len = a->value_len;
    const atl_backend *node;

    if (len && *value == '.') {
        value++;
        len--;
    }
    for (int i = 0; value && (node = atl_claim_node(claim, i)); i++) {
        if (len == strlen(node->host) && !apr_cstr_casecmpn(value, node->host, len)) {
            return 1;
        }
    }
    return 0;
}

static int is_backend_path(const attribute *a, const atl_claim *claim)
{
    apr_size_t len = strlen(claim->backend_path);

    return claim->path != claim->backend_path && a->value && a->value_len >= len &&
           !strncmp(a->value, claim->backend_path, len) &&
           (a->value_len == len || a->value[len] == '/');
}

static int is_wrong(const attribute *a, const atl_claim *claim)
{
    return (is_named(a, "Domain") && is_backend_domain(a, claim)) ||
           (is_named(a, "Path") && is_backend_path(a, claim));
}

/* Most of them are, and cost nothing but this look. */
static int is_right(const atl_claim *claim, int secure, const char *cookie)
{
    const char *semicolon = cookie + strcspn(cookie, ";");

    while (*semicolon) {
        attribute a = read_attribute(semicolon + 1);

        if (is_wrong(&a, claim)) {
            return 0;
        }
        secure &= !is_named(&a, "Secure");
        semicolon = a.end;
    }
    return !secure;
}

static void add(apr_array_header_t *pieces, const char *text, apr_size_t len)
{
    APR_ARRAY_PUSH(pieces, const char *) = apr_pstrmemdup(pieces->pool, text, len);
}

char *atl_cookie_mend(apr_pool_t *p, const atl_claim *claim, int secure, const char *cookie)
{
    apr_size_t pair = strcspn(cookie, ";"), len = strlen(claim->backend_path);
    const char *semicolon = cookie + pair;
    apr_array_header_t *pieces;

    if (is_right(claim, secure, cookie)) {
        return NULL;
    }
    pieces = apr_array_make(p, 8, sizeof(const char *));
    add(pieces, cookie, pair);
    while (*semicolon) {
        attribute a = read_attribute(semicolon + 1);

        secure &= !is_named(&a, "Secure");
        if (!is_wrong(&a, claim)) {
            add(pieces, semicolon, (apr_size_t)(a.end - semicolon));
        }
        else if (is_named(&a, "Path")) {
            APR_ARRAY_PUSH(pieces, const char *) = "; Path=";
            APR_ARRAY_PUSH(pieces, const char *) = claim->path;
            add(pieces, a.value + len, a.value_len - len);
        }
        semicolon = a.end;
    }
    if (secure) {
        APR_ARRAY_PUSH(pieces, const char *) = "; Secure";
    }
    return apr_array_pstrcat(p, pieces, 0);
}

apr_table_entry_t *atl_cookie_next(const apr_array_header_t *headers, int *next)
{
    while (*next < headers->nelts) {
        apr_table_entry_t *header = &APR_ARRAY_IDX(headers, (*next)++, apr_table_entry_t);

        if ((*header->key == 'S' || *header->key == 's') &&
            !apr_cstr_casecmp(header->key, "Set-Cookie")) {
            return header;
        }
    }
    return NULL;
}
