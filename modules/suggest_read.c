/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "suggest_read.h"
#include "backend.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define BALANCER "balancer"

/* ------------------------------------------------------------------ lines and words */

apr_array_header_t *atl_old_words(apr_pool_t *p, const atl_old_line *line)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));
    const char *args = line->args, *word;

    while ((word = atl_next_word(p, &args))) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return words;
}

const char *atl_old_word(apr_pool_t *p, const atl_old_line *line, int n)
{
    const apr_array_header_t *words = atl_old_words(p, line);

    return n < words->nelts ? APR_ARRAY_IDX(words, n, const char *) : "";
}

int atl_old_is(const atl_old_line *line, const char *name)
{
    return !apr_cstr_casecmp(line->name, name);
}

const atl_old_line *atl_old_location(const atl_old_line *line)
{
    for (line = line->section; line; line = line->section) {
        if (atl_old_is(line, "<Location") || atl_old_is(line, "<LocationMatch")) {
            return line;
        }
    }
    return NULL;
}

const char *atl_old_timeout(const atl_mapping *m)
{
    return apr_table_get(m->balancer ? APR_ARRAY_IDX(m->balancer->members, 0, atl_old_member).params
                                     : m->params,
                         "timeout");
}

int atl_old_seconds(const char *timeout)
{
    int seconds;

    if (atl_parse_seconds(timeout, &seconds)) {
        return seconds;
    }
    seconds = atoi(timeout);
    return strstr(timeout, "ms") ? seconds / 1000 : strstr(timeout, "mi") ? seconds * 60 : seconds;
}

static const char *lower(apr_pool_t *p, const char *text, apr_size_t len)
{
    char *copy = apr_pstrmemdup(p, text, len);

    atl_lower(copy);
    return copy;
}

int atl_old_url(apr_pool_t *p, const char *url, const char **scheme, const char **host,
                unsigned *port, const char **path)
{
    const char *colon = strstr(url, "://"), *authority, *slash;
    apr_size_t len;

    if (!colon || colon == url) {
        return 0;
    }
    *scheme = lower(p, url, (apr_size_t)(colon - url));
    authority = colon + 3;
    /* "$1" and "%{REQUEST_URI}" may follow the port at once. */
    len = strcspn(authority, "/$%");
    slash = authority + len;
    *path = slash;
    *port = 0;
    if (!strcmp(*scheme, BALANCER)) {
        *host = lower(p, authority, len);
        return len > 0;
    }
    return !atl_authority_read(p, apr_pstrmemdup(p, authority, len), host, port);
}

/* path without its slash at the end; says whether there was one. */
static const char *without_slash(apr_pool_t *p, const char *path, int *had)
{
    apr_size_t len = strlen(path);

    *had = len && path[len - 1] == '/';
    return *had ? apr_pstrmemdup(p, path, len - 1) : path;
}

/* key=value words from first on. */
static apr_table_t *params_of(apr_pool_t *p, const apr_array_header_t *words, int first)
{
    apr_table_t *params = apr_table_make(p, 4);

    for (int i = first; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *), *eq = strchr(word, '=');

        if (eq) {
            apr_table_set(params, lower(p, word, (apr_size_t)(eq - word)), eq + 1);
        }
        else {
            apr_table_set(params, word, "");
        }
    }
    return params;
}

static unsigned port_or_default(const char *scheme, unsigned port)
{
    return port                                                 ? port
           : !strcmp(scheme, "https") || !strcmp(scheme, "wss") ? 443
           : !strcmp(scheme, "ajp")                             ? 8009
                                                                : 80;
}

/* ------------------------------------------------------------------ balancers */

static atl_old_balancer *find_balancer(const apr_array_header_t *balancers, const char *name)
{
    for (int i = 0; i < balancers->nelts; i++) {
        atl_old_balancer *balancer = APR_ARRAY_IDX(balancers, i, atl_old_balancer *);

        if (!strcmp(balancer->name, name)) {
            return balancer;
        }
    }
    return NULL;
}

static atl_old_balancer *make_balancer(apr_pool_t *p, apr_array_header_t *balancers,
                                       const char *url)
{
    const char *scheme, *name, *path;
    atl_old_balancer *balancer;
    unsigned port;

    if (!atl_old_url(p, url, &scheme, &name, &port, &path) || strcmp(scheme, BALANCER)) {
        return NULL;
    }
    balancer = find_balancer(balancers, name);
    if (!balancer) {
        balancer = apr_pcalloc(p, sizeof(*balancer));
        balancer->name = name;
        balancer->members = apr_array_make(p, 4, sizeof(atl_old_member));
        balancer->params = apr_table_make(p, 2);
        APR_ARRAY_PUSH(balancers, atl_old_balancer *) = balancer;
    }
    return balancer;
}

/* In a balancer's section its name is left out of BalancerMember and ProxySet. */
static atl_old_balancer *balancer_of(apr_pool_t *p, apr_array_header_t *balancers,
                                     const atl_old_line *line, int *words_read)
{
    *words_read = 0;
    if (line->section && atl_old_is(line->section, "<Proxy")) {
        return make_balancer(p, balancers, atl_old_word(p, line->section, 0));
    }
    *words_read = 1;
    return make_balancer(p, balancers, atl_old_word(p, line, 0));
}

static void add_member(apr_pool_t *p, atl_old_balancer *balancer, const atl_old_line *line,
                       int first)
{
    const apr_array_header_t *words = atl_old_words(p, line);
    atl_old_member member = {.line = line};
    int had_slash;

    if (first < words->nelts &&
        atl_old_url(p, APR_ARRAY_IDX(words, first, const char *), &member.scheme, &member.host,
                    &member.port, &member.path)) {
        member.port = port_or_default(member.scheme, member.port);
        member.path = without_slash(p, member.path, &had_slash);
        member.params = params_of(p, words, first + 1);
        APR_ARRAY_PUSH(balancer->members, atl_old_member) = member;
    }
}

static void read_balancer_line(apr_pool_t *p, apr_array_header_t *balancers,
                               const atl_old_line *line)
{
    atl_old_balancer *balancer;
    int first;

    if (atl_old_is(line, "<Proxy")) {
        balancer = make_balancer(p, balancers, atl_old_word(p, line, 0));
        if (balancer) {
            balancer->section = line;
            apr_table_overlap(balancer->params, params_of(p, atl_old_words(p, line), 1), 0);
        }
    }
    else if (atl_old_is(line, "BalancerMember")) {
        balancer = balancer_of(p, balancers, line, &first);
        if (balancer) {
            add_member(p, balancer, line, first);
        }
    }
    else if (atl_old_is(line, "ProxySet")) {
        balancer = balancer_of(p, balancers, line, &first);
        if (balancer) {
            apr_table_overlap(balancer->params, params_of(p, atl_old_words(p, line), first), 0);
        }
    }
}

apr_array_header_t *atl_old_balancers(apr_pool_t *p, const apr_array_header_t *lines,
                                      const apr_array_header_t *inherited)
{
    apr_array_header_t *balancers = apr_array_make(p, 2, sizeof(atl_old_balancer *));
    const apr_array_header_t *both[] = {inherited, lines};

    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < both[n]->nelts; i++) {
            read_balancer_line(p, balancers, APR_ARRAY_IDX(both[n], i, const atl_old_line *));
        }
    }
    return balancers;
}

/* ------------------------------------------------------------------ patterns */

typedef struct path_pattern {
    const char *literal; /* what a path must begin with */
    int is_whole;        /* $1 is the path from its beginning */
    int is_loose;        /* longer words match too */
} path_pattern;

static int is_special(char c)
{
    return c && strchr(".[](){}*+?|$^\\", c) != NULL;
}

/* Reads ^(/wiki/(.*)$ and its like: a literal beginning and then anything. Returns 0 for more than
 * that. */
static int read_pattern(apr_pool_t *p, const char *text, path_pattern *out)
{
    char *literal = apr_palloc(p, strlen(text) + 1), *to = literal;
    const char *c = text + (*text == '^');

    out->is_whole = *c == '(' && c[1] == '/';
    c += out->is_whole;
    while (*c && (!is_special(*c) || (*c == '\\' && apr_ispunct(c[1])))) {
        c += *c == '\\';
        *to++ = *c++;
    }
    if ((*c == '?' || *c == '*') && to > literal && to[-1] == '/') {
        to--; /* "/?" */
        c++;
    }
    *to = '\0';
    if (c[strspn(c, "().*?/$|:")]) {
        return 0;
    }
    out->is_whole |= to == literal;
    out->literal = literal;
    out->is_loose = to > literal && to[-1] != '/' && *c != '$' && *c != '/' &&
                    strncmp(c, "(/", 2) && strncmp(c, "(?:/", 4) && strncmp(c, "(?:$", 4) &&
                    strncmp(c, "($", 2);
    return *text == '^' || to == literal;
}

/* What the address behind stands for: up to the first "$1" or "%{REQUEST_URI}", then the path or
 * what is left of it. Returns 0 where neither follows. */
static int read_substitution(apr_pool_t *p, atl_mapping *m, const path_pattern *pattern,
                             const char *path)
{
    apr_size_t len = strcspn(path, "$%");
    const char *rest = path + len, *before = apr_pstrmemdup(p, path, len);
    int whole = !strncmp(rest, "%{REQUEST_URI}", 14) || !strncmp(rest, "$0", 2) ||
                (!strncmp(rest, "$1", 2) && pattern->is_whole) || (!*rest && !m->is_rule);
    int had_slash;

    if (!*rest && m->is_rule) {
        return 0;
    }
    before = without_slash(p, before, &had_slash);
    m->target = whole ? apr_pstrcat(p, before, m->path, NULL) : before;
    m->target_slash = m->path_slash; /* nobody can get that wrong here */
    return 1;
}

/* ------------------------------------------------------------------ mappings */

static int is_conditional(const atl_old_line *line)
{
    for (line = line->section; line; line = line->section) {
        if (!apr_cstr_casecmpn(line->name, "<If", 3) ||
            !apr_cstr_casecmpn(line->name, "<Else", 5) ||
            !apr_cstr_casecmpn(line->name, "<Limit", 6)) {
            return 1;
        }
    }
    return 0;
}

static void set_path(apr_pool_t *p, atl_mapping *m, const char *path)
{
    int had_slash;

    m->path = without_slash(p, path, &had_slash);
    m->path_slash = had_slash != 0;
}

/* Scheme, host, port; returns the path, or NULL with m->unclear set. */
static const char *set_address(apr_pool_t *p, atl_mapping *m, const char *url,
                               const apr_array_header_t *balancers)
{
    const char *path;

    if (!atl_old_url(p, url, &m->scheme, &m->host, &m->port, &path)) {
        m->unclear = "its address is not of the form scheme://host:port/path";
        return NULL;
    }
    if (!strcmp(m->scheme, BALANCER)) {
        m->balancer = find_balancer(balancers, m->host);
        m->host = NULL;
        if (!m->balancer || !m->balancer->members->nelts) {
            m->unclear = "its balancer has no members in the configuration";
            return NULL;
        }
        m->scheme = APR_ARRAY_IDX(m->balancer->members, 0, atl_old_member).scheme;
        m->port = APR_ARRAY_IDX(m->balancer->members, 0, atl_old_member).port;
    }
    m->port = port_or_default(m->scheme, m->port);
    if (!strcmp(m->scheme, "ws") || !strcmp(m->scheme, "wss")) {
        m->is_websocket = 1;
        m->scheme = m->scheme[2] ? "https" : "http";
    }
    return path;
}

static void set_target(apr_pool_t *p, atl_mapping *m, const char *path)
{
    int had_slash;

    if (m->balancer) {
        path =
            apr_pstrcat(p, APR_ARRAY_IDX(m->balancer->members, 0, atl_old_member).path, path, NULL);
    }
    m->target = without_slash(p, path, &had_slash);
    m->target_slash = had_slash != 0;
}

static void read_by_pattern(apr_pool_t *p, atl_mapping *m, const char *text, const char *url,
                            const apr_array_header_t *balancers)
{
    const char *path = set_address(p, m, url, balancers);
    path_pattern pattern;

    m->is_pattern = 1;
    if (!read_pattern(p, text, &pattern)) {
        m->unclear = "its pattern says more than what a path begins with";
        return;
    }
    /* Within <Location> the section chose the path already. */
    if (!m->path || *pattern.literal) {
        set_path(p, m, pattern.literal);
        m->is_loose = pattern.is_loose != 0;
    }
    if (path && !read_substitution(p, m, &pattern, path)) {
        m->unclear = "all paths it catches go to one address";
    }
}

static void read_location(apr_pool_t *p, atl_mapping *m)
{
    const atl_old_line *location = atl_old_location(m->line);
    const char *first = location ? atl_old_word(p, location, 0) : NULL;
    path_pattern pattern;

    if (!location) {
        return;
    }
    if (atl_old_is(location, "<Location") && strcmp(first, "~")) {
        set_path(p, m, first);
        return;
    }
    m->is_pattern = 1;
    if (read_pattern(p, strcmp(first, "~") ? first : atl_old_word(p, location, 1), &pattern)) {
        set_path(p, m, pattern.literal);
        m->is_loose = pattern.is_loose != 0;
    }
    else {
        m->unclear = "the pattern of its <Location> says more than what a path begins with";
    }
}

static atl_mapping *new_mapping(apr_pool_t *p, const atl_old_line *line)
{
    atl_mapping *m = apr_pcalloc(p, sizeof(*m));

    m->line = line;
    m->params = apr_table_make(p, 0);
    m->conditions = apr_array_make(p, 0, sizeof(const atl_old_line *));
    read_location(p, m);
    if (is_conditional(line)) {
        m->unclear = "it holds for some requests only, as its section says";
    }
    return m;
}

/* ProxyPass [path] url|! [key=value ...] */
static atl_mapping *read_pass(apr_pool_t *p, const atl_old_line *line,
                              const apr_array_header_t *balancers)
{
    const apr_array_header_t *words = atl_old_words(p, line);
    atl_mapping *m = new_mapping(p, line);
    int n = atl_old_location(line) ? 0 : 1;
    const char *url, *path;

    if (words->nelts <= n) {
        return NULL;
    }
    url = APR_ARRAY_IDX(words, n, const char *);
    m->params = params_of(p, words, n + 1);
    m->is_exception = !strcmp(url, "!");
    if (atl_old_is(line, "ProxyPassMatch") && n && !m->is_exception) {
        read_by_pattern(p, m, APR_ARRAY_IDX(words, 0, const char *), url, balancers);
        return m;
    }
    if (atl_old_is(line, "ProxyPassMatch")) {
        m->is_pattern = 1;
        m->unclear = "it is a pattern";
    }
    if (n) {
        set_path(p, m, APR_ARRAY_IDX(words, 0, const char *));
    }
    if (!m->is_exception && (path = set_address(p, m, url, balancers))) {
        set_target(p, m, path);
    }
    return m;
}

/* RewriteRule pattern address [P,...]; others are none of ours. */
static atl_mapping *read_rule(apr_pool_t *p, const atl_old_line *line,
                              const apr_array_header_t *balancers)
{
    const apr_array_header_t *words = atl_old_words(p, line);
    const char *flags = words->nelts > 2 ? APR_ARRAY_IDX(words, 2, const char *) : "";
    atl_mapping *m;

    if (*flags != '[') {
        return NULL;
    }
    flags = apr_pstrcat(p, ",", lower(p, flags + 1, strlen(flags + 1)), NULL);
    if (!strstr(flags, ",p,") && !strstr(flags, ",p]") && !strstr(flags, ",proxy")) {
        return NULL;
    }
    m = new_mapping(p, line);
    m->is_rule = 1;
    read_by_pattern(p, m, APR_ARRAY_IDX(words, 0, const char *),
                    APR_ARRAY_IDX(words, 1, const char *), balancers);
    return m;
}

apr_array_header_t *atl_old_mappings(apr_pool_t *p, const apr_array_header_t *lines,
                                     const apr_array_header_t *balancers)
{
    apr_array_header_t *mappings = apr_array_make(p, 8, sizeof(atl_mapping *));
    apr_array_header_t *conditions = apr_array_make(p, 2, sizeof(const atl_old_line *));

    for (int i = 0; i < lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(lines, i, const atl_old_line *);
        atl_mapping *m = NULL;

        if (atl_old_is(line, "RewriteCond")) {
            APR_ARRAY_PUSH(conditions, const atl_old_line *) = line;
        }
        else if (atl_old_is(line, "RewriteRule")) {
            m = read_rule(p, line, balancers);
            if (m) {
                m->conditions = conditions;
            }
            conditions = apr_array_make(p, 2, sizeof(const atl_old_line *));
        }
        else if (atl_old_is(line, "ProxyPass") || atl_old_is(line, "ProxyPassMatch")) {
            m = read_pass(p, line, balancers);
        }
        if (m) {
            APR_ARRAY_PUSH(mappings, atl_mapping *) = m;
        }
    }
    return mappings;
}

int atl_old_is_on_host(const atl_mapping *m, const char *host)
{
    if (!m->balancer) {
        return host && !apr_cstr_casecmp(m->host, host);
    }
    for (int i = 0; host && i < m->balancer->members->nelts; i++) {
        if (!apr_cstr_casecmp(APR_ARRAY_IDX(m->balancer->members, i, atl_old_member).host, host)) {
            return 1;
        }
    }
    return 0;
}
