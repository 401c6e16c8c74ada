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
    a.end = from + strcspn(from, ";");
    stop = a.end;
    while (stop > from && (stop[-1] == ' ' || stop[-1] == '\t')) {
        stop--;
    }
    if (from[a.name_len] == '=') {
        a.value = from + a.name_len + 1;
        a.value += strspn(a.value, " \t");
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

static void add(apr_array_header_t *pieces, const char *text, apr_size_t len)
{
    APR_ARRAY_PUSH(pieces, const char *) = apr_pstrmemdup(pieces->pool, text, len);
}

char *atl_cookie_mend(apr_pool_t *p, const atl_claim *claim, int secure, const char *cookie)
{
    apr_size_t pair = strcspn(cookie, ";"), len = strlen(claim->backend_path);
    const char *semicolon = cookie + pair;
    apr_array_header_t *pieces = apr_array_make(p, 8, sizeof(const char *));
    int changed = 0;

    add(pieces, cookie, pair);
    while (*semicolon) {
        attribute a = read_attribute(semicolon + 1);

        if (is_named(&a, "Domain") && is_backend_domain(&a, claim)) {
            changed = 1;
        }
        else if (is_named(&a, "Path") && is_backend_path(&a, claim)) {
            APR_ARRAY_PUSH(pieces, const char *) = "; Path=";
            APR_ARRAY_PUSH(pieces, const char *) = claim->path;
            add(pieces, a.value + len, a.value_len - len);
            changed = 1;
        }
        else {
            secure &= !is_named(&a, "Secure");
            add(pieces, semicolon, (apr_size_t)(a.end - semicolon));
        }
        semicolon = a.end;
    }
    if (secure) {
        APR_ARRAY_PUSH(pieces, const char *) = "; Secure";
    }
    return changed || secure ? apr_array_pstrcat(p, pieces, 0) : NULL;
}
