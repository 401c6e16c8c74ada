/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "backend.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* RFC 1035, section 2.3.4. */
#define LONGEST_HOST 253
#define LONGEST_LABEL 63

void atl_backend_set(apr_pool_t *p, atl_backend *backend, const char *scheme, const char *host,
                     unsigned port)
{
    unsigned standard = strcmp(scheme, "https") ? 80 : 443;

    backend->scheme = scheme;
    backend->host = host;
    backend->port = port;
    /* mod_proxy drops a default port when it canonicalises a URL; a worker that is to be found
     * by that URL must not carry it either. */
    backend->origin = port == standard ? apr_pstrcat(p, scheme, "://", host, NULL)
                                       : apr_psprintf(p, "%s://%s:%u", scheme, host, port);
}

static const char *check_ipv6(apr_pool_t *p, const char *literal)
{
    apr_ipsubnet_t *subnet;

    if (strchr(literal, ':') && !strchr(literal, '%') &&
        apr_ipsubnet_create(&subnet, literal, NULL, p) == APR_SUCCESS) {
        return NULL;
    }
    return apr_psprintf(p, "%s is not an IPv6 address%s", atl_quote(p, literal),
                        !strncmp(literal, "::ffff:", 7) ? "; write the IPv4 address it stands for"
                                                        : "");
}

static int is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

int atl_is_ipv4(const char *text)
{
    int parts = 0;

    for (;;) {
        apr_size_t digits = strspn(text, "0123456789");

        if (!digits || digits > 3 || atoi(text) > 255 || (digits > 1 && text[0] == '0')) {
            return 0;
        }
        parts++;
        if (!text[digits]) {
            return parts == 4;
        }
        if (text[digits] != '.') {
            return 0;
        }
        text += digits + 1;
    }
}

int atl_is_address(const char *host)
{
    return *host == '[' || atl_is_ipv4(host);
}

/* Resolvers read 10.1, 010.0.0.5, 167772165 and 0x0a000005 as addresses too, each in its own way:
 * whatever ends in a number must be one nobody can misread. */
static int ends_in_number(const char *host)
{
    const char *end = host + strlen(host), *label;

    end -= end > host && end[-1] == '.';
    for (label = end; label > host && label[-1] != '.'; label--) {
    }
    if (end - label > 2 && label[0] == '0' && label[1] == 'x') {
        return label + 2 + strspn(label + 2, "0123456789abcdef") == end;
    }
    return end > label && label + strspn(label, "0123456789") == end;
}

static const char *check_ipv4(apr_pool_t *p, const char *host)
{
    return atl_is_ipv4(host)
               ? NULL
               : apr_psprintf(p, "%s is not an IPv4 address (four numbers from 0 to 255)",
                              atl_quote(p, host));
}

/* Empty labels (but for the root's, after a last dot) and lengths; RFC 1035, section 2.3.4. */
static int has_good_labels(const char *host)
{
    if (strlen(host) > LONGEST_HOST || host[0] == '-') {
        return 0;
    }
    while (*host) {
        apr_size_t len = strcspn(host, ".");

        if (!len || len > LONGEST_LABEL) {
            return 0;
        }
        host += len + (host[len] == '.');
    }
    return 1;
}

static const char *check_name(apr_pool_t *p, const char *host)
{
    if (!*host) {
        return "a host name is missing; write http://host:port/context";
    }
    for (const char *c = host; *c; c++) {
        if ((unsigned char)*c > 0x7e) {
            return apr_psprintf(p,
                                "host %s has letters outside ASCII; write its DNS form, which "
                                "begins with xn-- (\"idn2 name\" prints it)",
                                atl_quote(p, host));
        }
        if (!apr_isalnum(*c) && !strchr("-._", *c)) {
            return apr_psprintf(p, "host %s has a character that no host name may have: '%c'",
                                atl_quote(p, host), *c);
        }
    }
    if (!has_good_labels(host)) {
        return apr_psprintf(p, "%s is not a host name", atl_quote(p, host));
    }
    return ends_in_number(host) ? check_ipv4(p, host) : NULL;
}

static const char *read_port(apr_pool_t *p, const char *text, unsigned *port)
{
    if (!is_number(text) || strlen(text) > 5 || atoi(text) < 1 || atoi(text) > 65535) {
        return apr_psprintf(p, "port %s is not a number from 1 to 65535", atl_quote(p, text));
    }
    *port = (unsigned)atoi(text);
    return NULL;
}

static const char *too_many_colons(apr_pool_t *p, const char *authority)
{
    const char *quoted = atl_quote(p, authority);

    return check_ipv6(p, authority)
               ? apr_psprintf(p, "%s has more than one ':'; write host:port", quoted)
               : apr_psprintf(p,
                              "%s: write an IPv6 address in brackets, a port behind them: [%s] or "
                              "[address]:port",
                              quoted, authority);
}

const char *atl_authority_read(apr_pool_t *p, const char *authority, const char **host,
                               unsigned *port)
{
    char *copy = apr_pstrdup(p, authority), *colon;
    const char *error;

    atl_lower(copy);
    if (*copy == '[') {
        char *close = strchr(copy, ']');

        if (!close || (close[1] && close[1] != ':')) {
            return apr_psprintf(p, "%s: an IPv6 address is written [address] or [address]:port",
                                atl_quote(p, authority));
        }
        *close = '\0';
        if ((error = check_ipv6(p, copy + 1))) {
            return error;
        }
        *host = apr_pstrcat(p, copy, "]", NULL);
        colon = close[1] ? close + 1 : NULL;
    }
    else {
        colon = strchr(copy, ':');
        if (colon && strchr(colon + 1, ':')) {
            return too_many_colons(p, copy);
        }
        if (colon) {
            *colon = '\0';
        }
        if ((error = check_name(p, copy))) {
            return error;
        }
        *host = copy;
    }
    return colon ? read_port(p, colon + 1, port) : NULL;
}

/* Nothing of the word is repeated: it may be a password. */
static const char no_credentials[] =
    "a backend URL cannot carry a user name or password (the part before '@'); "
    "applications have their own log-in, remove it";

static const char *check_url_extras(apr_pool_t *p, const char *word, const char *rest)
{
    if (strchr(rest, '?')) {
        return apr_psprintf(p,
                            "backend %s has a query; a backend is a host, a port and a context "
                            "path, remove the part from '?' on",
                            atl_quote(p, word));
    }
    if (strchr(rest, '#')) {
        return apr_psprintf(p, "backend %s has a fragment, remove the part from '#' on",
                            atl_quote(p, word));
    }
    return NULL;
}

static const char *read_scheme(apr_pool_t *p, const char *word, const char *separator,
                               const char **scheme, unsigned *port)
{
    const char *given = apr_pstrmemdup(p, word, (apr_size_t)(separator - word));

    if (strchr(given, '@')) {
        return no_credentials;
    }
    if (!apr_cstr_casecmp(given, "http")) {
        *scheme = "http";
        *port = 80;
        return NULL;
    }
    if (!apr_cstr_casecmp(given, "https")) {
        *scheme = "https";
        *port = 443;
        return NULL;
    }
    return apr_psprintf(
        p, "scheme %s is not known; a backend is http:// or https://%s", atl_quote(p, given),
        !apr_cstr_casecmp(given, "ajp") ? " (Atlassian removed AJP from its products)"
        : !apr_cstr_casecmp(given, "ws") || !apr_cstr_casecmp(given, "wss")
            ? " (WebSockets need no line of their own)"
            : "");
}

/* http:/host, http:host, http:\\host, http//host */
static const char *check_slashes(apr_pool_t *p, const char *word)
{
    static const char *const schemes[] = {"http", "https"};

    for (apr_size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        apr_size_t len = strlen(schemes[i]);

        if (!apr_cstr_casecmpn(word, schemes[i], len) &&
            (word[len] == ':' || !strncmp(word + len, "//", 2))) {
            return apr_psprintf(p, "%s: a URL begins with %s://", atl_quote(p, word), schemes[i]);
        }
    }
    return NULL;
}

const char *atl_backend_parse(apr_pool_t *p, const char *word, unsigned default_port,
                              atl_backend *backend, const char **path)
{
    const char *scheme = "http", *rest = word, *separator = strstr(word, "://");
    const char *authority, *host = NULL, *error;
    unsigned port = default_port;

    if (separator && strcspn(word, "/") > (apr_size_t)(separator - word)) {
        if ((error = read_scheme(p, word, separator, &scheme, &port))) {
            return error;
        }
        rest = separator + 3;
    }
    else if ((error = check_slashes(p, word))) {
        return error;
    }
    authority = apr_pstrmemdup(p, rest, strcspn(rest, "/?#"));
    rest += strlen(authority);
    error = check_url_extras(p, word, rest);
    if (!error) {
        error = atl_authority_read(p, authority, &host, &port);
    }
    /* A password may hold '/', '?' and '#', and then this is no authority and no rest. A path may
     * hold '@', so it is judged after. */
    if (strchr(authority, '@') || (error && strchr(word, '@'))) {
        return no_credentials;
    }
    if (error || (error = atl_path_check(p, *rest ? rest : "/", path))) {
        return error;
    }
    atl_backend_set(p, backend, scheme, host, port);
    return NULL;
}

static const char *check_segment(apr_pool_t *p, const char *path, const char *segment,
                                 apr_size_t len)
{
    static const char allowed[] = "-._~!$&'()+,=:@";

    if (!len) {
        return apr_psprintf(p, "path %s has an empty segment (//)", atl_quote(p, path));
    }
    if ((len == 1 && segment[0] == '.') || (len == 2 && !memcmp(segment, "..", 2))) {
        return apr_psprintf(p,
                            "path %s has a \".\" or \"..\" segment; write the path it stands for",
                            atl_quote(p, path));
    }
    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)segment[i];
        /* "${" would be expanded when the line is shown as stock configuration. */
        if (c > 0x7e || (!apr_isalnum(c) && !strchr(allowed, c))) {
            return apr_psprintf(p, "path %s: a path here is made of letters, digits and %s only",
                                atl_quote(p, path), allowed);
        }
    }
    return NULL;
}

const char *atl_path_check(apr_pool_t *p, const char *path, const char **clean)
{
    apr_size_t len = strlen(path);
    const char *segment, *error;

    if (*path != '/') {
        return apr_psprintf(p, "path %s must begin with /", atl_quote(p, path));
    }
    len -= path[len - 1] == '/';
    for (segment = path; segment < path + len; segment += strcspn(segment, "/")) {
        segment++;
        if ((error = check_segment(p, path, segment, strcspn(segment, "/")))) {
            return error;
        }
    }
    *clean = apr_pstrmemdup(p, path, len);
    return NULL;
}
