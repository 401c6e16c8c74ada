/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "suggest_words.h"
#include "suggest_mistake.h"
#include "suggest_remove.h"
#include "text.h"
#include "worker_param.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

static const char *word_and(apr_pool_t *p, const char *words, const char *word)
{
    return apr_pstrcat(p, words, " ", strpbrk(word, " \t\"'\\") ? atl_config_arg(p, word) : word,
                       NULL);
}

/* Parameters a node has of its own, in the order they are written. */
static const char *const node_params[] = {"route", "loadfactor", "lbset", "status", NULL};

static const char *node_words(atl_suggester *s, const atl_old_app *app, const atl_old_member *node)
{
    const char *word =
        apr_psprintf(s->p, "%s://%s:%u%s", node->scheme, node->host, node->port, app->main->target);

    for (const char *const *name = node_params; *name; name++) {
        const char *value = apr_table_get(node->params, *name);
        word = value ? apr_pstrcat(s->p, word, ";", *name, "=", value, NULL) : word;
    }
    return word;
}

static const char *backend_words(atl_suggester *s, const atl_old_app *app, const char *words)
{
    const atl_mapping *m = app->main;

    if (!m->balancer) {
        return word_and(s->p, words,
                        apr_psprintf(s->p, "%s://%s:%u%s", m->scheme, m->host, m->port, m->target));
    }
    if (m->balancer->members->nelts == 1) {
        const atl_old_member *only = &APR_ARRAY_IDX(m->balancer->members, 0, atl_old_member);
        return word_and(
            s->p, words,
            apr_psprintf(s->p, "%s://%s:%u%s", only->scheme, only->host, only->port, m->target));
    }
    for (int i = 0; i < m->balancer->members->nelts; i++) {
        words =
            word_and(s->p, words,
                     node_words(s, app, &APR_ARRAY_IDX(m->balancer->members, i, atl_old_member)));
    }
    return words;
}

/* One address for each of Synchrony's nodes. Returns NULL where they are what the line has by
 * itself: port 8091 of each of Confluence's. */
static const char *synchrony_urls(atl_suggester *s, const atl_mapping *main, const atl_mapping *m)
{
    const char *path = strcmp(m->path, ATL_SYNCHRONY_PATH) ? m->path : "";
    int count = m->balancer ? m->balancer->members->nelts : 1;
    int usual = !*path && count == (main->balancer ? main->balancer->members->nelts : 1);
    const char *list = NULL;

    for (int i = 0; i < count; i++) {
        const atl_old_member *node =
            m->balancer ? &APR_ARRAY_IDX(m->balancer->members, i, atl_old_member) : NULL;
        const char *host = node ? node->host : m->host;
        unsigned port = node ? node->port : m->port;
        const char *url = apr_psprintf(s->p, "http://%s:%u%s", host, port, path);

        usual &= port == ATL_SYNCHRONY_PORT && atl_old_is_on_host(main, host);
        list = list ? apr_pstrcat(s->p, list, ",", url, NULL) : url;
    }
    return usual ? NULL : list;
}

static const char *synchrony_words(atl_suggester *s, const atl_old_app *app, const char *words)
{
    const char *urls;

    if (!app->product->has_synchrony) {
        return words;
    }
    if (!app->synchrony->nelts) {
        return word_and(s->p, words, "synchrony=internal");
    }
    urls = synchrony_urls(s, app->main, APR_ARRAY_IDX(app->synchrony, 0, const atl_mapping *));
    return urls ? word_and(s->p, words, apr_pstrcat(s->p, "synchrony=", urls, NULL)) : words;
}

static const char *timeout_words(atl_suggester *s, const atl_old_app *app, const char *words)
{
    const char *timeout = atl_old_timeout(app->main);
    const atl_old_line *line = atl_old_setting(s->host, "ProxyTimeout");

    timeout = timeout ? timeout : line ? atl_old_word(s->p, line, 0) : NULL;
    if (!timeout || atl_old_timeout_is_short(timeout, app->product) ||
        atl_old_seconds(timeout) == app->product->timeout) {
        return words;
    }
    return word_and(s->p, words, apr_psprintf(s->p, "timeout=%d", atl_old_seconds(timeout)));
}

/* What the line does by itself, whatever was written. */
static const char *const own_params[] = {"timeout",       "nocanon",  "upgrade", "mapping",
                                         "stickysession", "lbmethod", "noquery", NULL};

static int is_among(const char *const *list, const char *word)
{
    for (; *list; list++) {
        if (!apr_cstr_casecmp(*list, word)) {
            return 1;
        }
    }
    return 0;
}

typedef struct param_reader {
    atl_suggester *s;
    const atl_old_line *line;
    apr_table_t *carried;
    const char *words;
    int of_node;
} param_reader;

static int read_param(void *data, const char *key, const char *value)
{
    param_reader *reader = data;
    apr_pool_t *p = reader->s->p;
    const char *error;
    atl_param param = {0};

    if (is_among(own_params, key) || (reader->of_node && is_among(node_params, key))) {
        return 1;
    }
    error = atl_worker_param_read(p, key, value, &param);
    if (!error && param.key) {
        apr_table_setn(reader->carried, apr_pstrdup(p, key), value);
        return 1;
    }
    atl_suggest_lose(
        reader->s->out, reader->line,
        apr_psprintf(p, "%s=%s: %s", key, value, error ? error : "the line has no such key"));
    return 1;
}

static void read_params(atl_suggester *s, const atl_old_line *line, const apr_table_t *params,
                        int of_node, apr_table_t *carried)
{
    param_reader reader = {.s = s, .line = line, .carried = carried, .of_node = of_node};

    apr_table_do(read_param, &reader, params, NULL);
}

static int add_param(void *data, const char *key, const char *value)
{
    param_reader *reader = data;
    reader->words =
        word_and(reader->s->p, reader->words, apr_pstrcat(reader->s->p, key, "=", value, NULL));
    return 1;
}

static const char *lbmethod_words(atl_suggester *s, const atl_mapping *m, const char *words)
{
    const char *method = apr_table_get(m->params, "lbmethod");

    if (!m->balancer || m->balancer->members->nelts < 2) {
        return words;
    }
    method = method ? method : apr_table_get(m->balancer->params, "lbmethod");
    return method && strcmp(method, "byrequests")
               ? word_and(s->p, words, apr_pstrcat(s->p, "lbmethod=", method, NULL))
               : words;
}

static const char *param_words(atl_suggester *s, const atl_old_app *app, const char *words)
{
    const atl_mapping *m = app->main;
    apr_table_t *carried = apr_table_make(s->p, 4);
    param_reader reader = {.s = s, .words = lbmethod_words(s, m, words)};

    for (int i = 0; m->balancer && i < m->balancer->members->nelts; i++) {
        const atl_old_member *node = &APR_ARRAY_IDX(m->balancer->members, i, atl_old_member);
        read_params(s, node->line, node->params, m->balancer->members->nelts > 1, carried);
    }
    if (m->balancer) {
        read_params(s, m->balancer->section ? m->balancer->section : m->line, m->balancer->params,
                    0, carried);
    }
    read_params(s, m->line, m->params, 0, carried);
    apr_table_do(add_param, &reader, carried, NULL);
    return reader.words;
}

/* except= takes what ProxyPass ! had, where the line can say it. */
static const char *except_words(atl_suggester *s, const atl_old_app *app, const char *words)
{
    const char *list = NULL, *clean;

    for (int i = 0; i < s->mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(s->mappings, i, const atl_mapping *);

        if (atl_old_exception_of(s->p, s->out->apps, m, &clean) == app) {
            list = list ? apr_pstrcat(s->p, list, ",", clean, NULL) : clean;
        }
    }
    return list ? word_and(s->p, words, apr_pstrcat(s->p, "except=", list, NULL)) : words;
}

static const char *compression_words(atl_suggester *s, const char *words)
{
    int by_httpd = 0, by_nobody = 0;

    for (int i = 0; i < s->host->lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(s->host->lines, i, const atl_old_line *);

        by_httpd |= atl_old_compresses(line);
        by_nobody |= atl_old_unsets(s->p, line, "Accept-Encoding");
    }
    return by_httpd    ? word_and(s->p, words, "compression=on")
           : by_nobody ? word_and(s->p, words, "compression=off")
                       : words;
}

static int is_setting(atl_suggester *s, const char *name, const char *value)
{
    const atl_old_line *line = atl_old_setting(s->host, name);

    return line && !apr_cstr_casecmp(atl_old_word(s->p, line, 0), value);
}

static const char *tls_words(atl_suggester *s, const atl_old_app *app, const char *words)
{
    const atl_old_line *ca = atl_old_setting(s->host, "SSLProxyCACertificateFile");

    if (strcmp(app->main->scheme, "https")) {
        return words;
    }
    if (!is_setting(s, "SSLProxyVerify", "require")) {
        return word_and(s->p, words, "verify=off");
    }
    return ca ? word_and(s->p, words, apr_pstrcat(s->p, "ca=", atl_old_word(s->p, ca, 0), NULL))
              : words;
}

const char *atl_suggest_words(atl_suggester *s, const atl_old_app *app)
{
    const char *words = backend_words(s, app, app->product->name);

    words = synchrony_words(s, app, words);
    words = timeout_words(s, app, words);
    words = param_words(s, app, words);
    words = except_words(s, app, words);
    words = compression_words(s, words);
    return tls_words(s, app, words);
}

/* ------------------------------------------------------------------ who vouches for clients */

static int is_voucher(const atl_old_line *line)
{
    return atl_old_is(line, "RemoteIPInternalProxy") || atl_old_is(line, "RemoteIPTrustedProxy");
}

static const char *add_networks(atl_suggester *s, const apr_array_header_t *lines, const char *list)
{
    for (int i = 0; i < lines->nelts; i++) {
        const atl_old_line *line = APR_ARRAY_IDX(lines, i, const atl_old_line *);
        const apr_array_header_t *words = atl_old_words(s->p, line);

        for (int j = 0; is_voucher(line) && j < words->nelts; j++) {
            const char *network = APR_ARRAY_IDX(words, j, const char *);

            if (network[strspn(network, "0123456789.:abcdefABCDEF/")]) {
                atl_suggest_lose(
                    s->out, line,
                    apr_psprintf(s->p, "%s is a name; trusted-proxy= takes addresses and networks",
                                 network));
                continue;
            }
            list = list ? apr_pstrcat(s->p, list, ",", network, NULL) : network;
        }
    }
    return list;
}

const char *atl_suggest_trusted(atl_suggester *s, const char *words)
{
    const atl_old_line *header = atl_old_setting(s->host, "RemoteIPHeader");
    const atl_old_line *file = atl_old_setting(s->host, "RemoteIPInternalProxyList");
    const char *list;

    file = file ? file : atl_old_setting(s->host, "RemoteIPTrustedProxyList");
    if (!header) {
        return words;
    }
    if (file) {
        atl_suggest_lose(s->out, file,
                         "write the addresses of that file into trusted-proxy=, comma-separated");
    }
    if (apr_cstr_casecmp(atl_old_word(s->p, header, 0), "X-Forwarded-For")) {
        atl_suggest_lose(s->out, header,
                         "trusted-proxy= reads X-Forwarded-For; have the load balancer send that");
    }
    list = add_networks(s, s->host->lines, add_networks(s, s->host->inherited, NULL));
    return list ? word_and(s->p, words, apr_pstrcat(s->p, "trusted-proxy=", list, NULL)) : words;
}
