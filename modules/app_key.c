/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_key.h"
#include "backend.h"
#include "member.h"
#include "network.h"
#include "finding.h"
#include "text.h"
#include "worker_param.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

/* ------------------------------------------------------------------ values of keys */

static const char *set_seconds(atl_app_reader *in, const char *value, int *seconds)
{
    if (!atl_parse_seconds(value, seconds) || !*seconds) {
        return apr_psprintf(in->p,
                            "%s is not a duration; write seconds, or a number with s, min "
                            "or h, up to a year: 90, 5min, 2h",
                            atl_quote(in->p, value));
    }
    return NULL;
}

static const char *set_timeout(atl_app_reader *in, const char *value)
{
    return set_seconds(in, value, &in->app->timeout);
}

static const char *set_ws_timeout(atl_app_reader *in, const char *value)
{
    return set_seconds(in, value, &in->app->ws_timeout);
}

static const char *set_ws_grace(atl_app_reader *in, const char *value)
{
    return set_seconds(in, value, &in->app->ws_grace);
}

static const char *one_of(atl_app_reader *in, const char *value, const char *const *choices,
                          int *chosen)
{
    const char *list = NULL, *near = NULL;
    atl_nearest best = ATL_NEAREST_NONE;

    for (int i = 0; choices[i]; i++) {
        if (!apr_cstr_casecmp(value, choices[i])) {
            *chosen = i;
            return NULL;
        }
        list = list ? apr_pstrcat(in->p, list, ", ", choices[i], NULL) : choices[i];
        near = atl_nearer(&best, value, choices[i]) ? choices[i] : near;
    }
    return apr_psprintf(in->p, "%s is not known%s; it is one of: %s", atl_quote(in->p, value),
                        atl_did_you_mean(in->p, near), list);
}

static const char *set_compression(atl_app_reader *in, const char *value)
{
    static const char *const choices[] = {"pass", "on", "off", NULL};
    static const atl_compression meanings[] = {ATL_COMPRESSION_PASS, ATL_COMPRESSION_ON,
                                               ATL_COMPRESSION_OFF};
    int chosen = 0;
    const char *error = one_of(in, value, choices, &chosen);

    in->app->compression = meanings[chosen];
    return error;
}

/* What is between commas; an item that is not there is a blank too many, or a comma. */
static const char *split(atl_app_reader *in, const char *value, apr_array_header_t **items)
{
    *items = atl_split_list(in->p, value);
    for (int i = 0; i < (*items)->nelts; i++) {
        if (!*APR_ARRAY_IDX(*items, i, const char *)) {
            return apr_psprintf(
                in->p,
                "%s has a comma with nothing beside it; write all in one word, without "
                "blanks: a,b",
                atl_quote(in->p, value));
        }
    }
    return NULL;
}

static const char *set_except(atl_app_reader *in, const char *value)
{
    apr_array_header_t *items;
    const char *path, *error = split(in, value, &items);

    for (int i = 0; i < items->nelts && !error; i++) {
        if (!(error = atl_path_check(in->p, APR_ARRAY_IDX(items, i, const char *), &path))) {
            APR_ARRAY_PUSH(atl_list_of(in->p, &in->app->except, sizeof(path)), const char *) = path;
        }
    }
    return error;
}

static const char *set_switch(atl_app_reader *in, const char *value, int *on)
{
    static const char *const choices[] = {"off", "on", NULL};

    return one_of(in, value, choices, on);
}

static const char *set_cache(atl_app_reader *in, const char *value)
{
    return set_switch(in, value, &in->app->cache);
}

static const char *set_verify(atl_app_reader *in, const char *value)
{
    return set_switch(in, value, &in->app->verify);
}

static const char *set_secure_cookies(atl_app_reader *in, const char *value)
{
    return set_switch(in, value, &in->app->secure_cookies);
}

static const char *set_ca(atl_app_reader *in, const char *value)
{
    in->app->ca = value;
    return NULL;
}

static const char *set_app_config(atl_app_reader *in, const char *value)
{
    in->app->app_config = apr_cstr_casecmp(value, "off") ? value : "";
    return NULL;
}

static const char *set_maintenance(atl_app_reader *in, const char *value)
{
    if (!apr_cstr_casecmp(value, "on") || !apr_cstr_casecmp(value, "off")) {
        return apr_psprintf(
            in->p,
            "%s is not a file; name one that exists during maintenance only, or remove "
            "the key",
            atl_quote(in->p, value));
    }
    if (value[strlen(value) - 1] == '/') {
        return apr_psprintf(in->p,
                            "%s is a directory; name a file in it, which exists during "
                            "maintenance only",
                            atl_quote(in->p, value));
    }
    in->app->maintenance = value;
    return NULL;
}

/* said: as written; read: as httpd asks for it. */
static const char *set_networks(atl_app_reader *in, const char *value, apr_array_header_t **said,
                                apr_array_header_t **read)
{
    const char *error = split(in, value, said);
    apr_ipsubnet_t *network;

    for (int i = 0; i < (*said)->nelts && !error; i++) {
        if (!(error = atl_network_read(in->p, APR_ARRAY_IDX(*said, i, const char *), &network))) {
            APR_ARRAY_PUSH(atl_list_of(in->p, read, sizeof(apr_ipsubnet_t *)), apr_ipsubnet_t *) =
                network;
        }
    }
    return error;
}

static const char *set_trusted(atl_app_reader *in, const char *value)
{
    return set_networks(in, value, &in->app->trusted, &in->app->trusted_networks);
}

static const char *set_admin(atl_app_reader *in, const char *value)
{
    return set_networks(in, value, &in->app->admin, &in->app->admin_networks);
}

static const char *set_quiet(atl_app_reader *in, const char *value)
{
    apr_array_header_t *ids;
    const char *error = split(in, value, &ids);
    atl_finding_id id;

    for (int i = 0; i < ids->nelts && !error; i++) {
        if (!(error = atl_finding_find(in->p, APR_ARRAY_IDX(ids, i, const char *), &id))) {
            in->app->quiet |= APR_UINT64_C(1) << id;
        }
    }
    return error;
}

/* Synchrony cannot move its own context path: a path in the URL is the one the public sees, for
 * a second Confluence under the same host name. */
static const char *add_synchrony(atl_app_reader *in, const char *url)
{
    atl_app *app = in->app;
    atl_backend synchrony;
    const char *path = NULL, *error;
    apr_size_t len;

    error = atl_member_parse(in->p, url, ATL_SYNCHRONY_PORT, &synchrony, &path);
    if (error) {
        return error;
    }
    if (!strcmp(synchrony.scheme, "https")) {
        return "Synchrony speaks http only; write http://host:8091";
    }
    len = strlen(path);
    if (len >= 3 && !apr_cstr_casecmp(path + len - 3, "/v1")) {
        path = apr_pstrmemdup(in->p, path, len - 3); /* as in synchrony.service.url */
    }
    path = *path ? path : ATL_SYNCHRONY_PATH;
    if (app->synchronies->nelts && strcmp(path, app->synchrony_path)) {
        return apr_psprintf(in->p,
                            "%s: the nodes of one Synchrony have one public path; write %s "
                            "for all of them",
                            atl_quote(in->p, url), atl_cut(in->p, app->synchrony_path));
    }
    app->synchrony_path = path;
    app->synchrony = ATL_SYNCHRONY_DIRECT;
    APR_ARRAY_PUSH(atl_list_of(in->p, &app->synchronies, sizeof(synchrony)), atl_backend) =
        synchrony;
    return NULL;
}

static const char *set_synchrony_urls(atl_app_reader *in, const char *value)
{
    apr_array_header_t *urls;
    const char *error = split(in, value, &urls);

    for (int i = 0; i < urls->nelts && !error; i++) {
        error = add_synchrony(in, APR_ARRAY_IDX(urls, i, const char *));
    }
    return error;
}

static const char *set_synchrony(atl_app_reader *in, const char *value)
{
    static const char *const choices[] = {"auto", "internal", "off", "a URL as http://host:8091",
                                          NULL};
    static const atl_synchrony meanings[] = {ATL_SYNCHRONY_DIRECT, ATL_SYNCHRONY_INTERNAL,
                                             ATL_SYNCHRONY_OFF};
    int chosen = 0;
    const char *error;

    if (!in->app->product->has_synchrony) {
        return apr_psprintf(in->p, "%s has no Synchrony; remove the key", in->app->product->label);
    }
    if (strpbrk(value, ":/.[")) {
        return set_synchrony_urls(in, value);
    }
    error = one_of(in, value, choices, &chosen);
    in->app->synchrony = meanings[chosen < 3 ? chosen : 0];
    return error;
}

static const char *set_lbmethod(atl_app_reader *in, const char *value)
{
    static const char *const choices[] = {ATL_LBMETHOD, "bytraffic", "bybusyness", "heartbeat",
                                          NULL};
    int chosen = 0;
    const char *error = one_of(in, value, choices, &chosen);

    in->app->lbmethod = choices[chosen];
    return error;
}

/* ------------------------------------------------------------------ keys */

static const struct {
    const char *key;
    const char *(*set)(atl_app_reader *in, const char *value);
    const char *help;
} keys[] = {
    {"admin", set_admin,
     "addresses that may reach administration and set-up pages, comma-separated"},
    {"app-config", set_app_config,
     "the application's own directory, or file, to compare with; or off"},
    {"ca", set_ca, "file of the authorities an https backend's certificate may come from"},
    {"cache", set_cache, "keep the product's fingerprinted static files: on, off"},
    {"compression", set_compression,
     "who compresses answers: pass (as they come), on (httpd), off"},
    {"except", set_except, "paths this httpd serves itself, comma-separated"},
    {"lbmethod", set_lbmethod,
     "how a cluster spreads requests: byrequests, bytraffic, bybusyness, heartbeat"},
    {"maintenance", set_maintenance, "a file; while it exists people get a page with its words"},
    {"quiet", set_quiet, "findings that are not to be reported for this line, comma-separated"},
    {"secure-cookies", set_secure_cookies, "on an https site, add Secure to cookies: on, off"},
    {"synchrony", set_synchrony, "Confluence's Synchrony: auto, internal, off or URLs"},
    {"timeout", set_timeout, "how long the application may be silent within one answer"},
    {"trusted-proxy", set_trusted, "addresses of load balancers in front, comma-separated"},
    {"verify", set_verify, "check the certificate of an https backend: on, off"},
    {"ws-grace", set_ws_grace, "how long a WebSocket may outlive a reload (10min)"},
    {"ws-timeout", set_ws_timeout, "how long a WebSocket may be silent (1h)"},
};

#define KEYS ((int)(sizeof(keys) / sizeof(keys[0])))

const char *atl_app_key(int index, const char **help)
{
    if (index < 0 || index >= KEYS) {
        return NULL;
    }
    if (help) {
        *help = keys[index].help;
    }
    return keys[index].key;
}

static const char *unknown_key(apr_pool_t *p, const char *key)
{
    atl_nearest best = ATL_NEAREST_NONE;
    const char *near = NULL, *list = NULL, *param;

    for (int i = 0; i < KEYS; i++) {
        near = atl_nearer(&best, key, keys[i].key) ? keys[i].key : near;
        list = list ? apr_pstrcat(p, list, ", ", keys[i].key, NULL) : keys[i].key;
    }
    for (int i = 0; (param = atl_worker_param_name(i)); i++) {
        near = atl_nearer(&best, key, param) ? param : near;
    }
    return apr_psprintf(p, "unknown key %s%s; keys are %s and mod_proxy's worker parameters",
                        atl_quote(p, key), atl_did_you_mean(p, near), list);
}

static const char *read_worker_param(atl_app_reader *in, const char *key, const char *value)
{
    atl_param param;
    const char *error = atl_worker_param_read(in->p, key, value, &param);

    if (error) {
        return error;
    }
    if (!param.key) {
        return unknown_key(in->p, key);
    }
    APR_ARRAY_PUSH(atl_list_of(in->p, &in->app->worker_params, sizeof(param)), atl_param) = param;
    return NULL;
}

static const char *given_twice(atl_app_reader *in, const char *key, const char *value)
{
    int one_node_s = 0;
    const char *param;

    for (int i = 0; in->app->backends->nelts > 1 && (param = atl_worker_param_name(i)); i++) {
        one_node_s |= !strcmp(key, param);
    }
    return apr_psprintf(in->p, "%s= is given twice in this line (%s and %s); keep one%s%s%s", key,
                        atl_quote(in->p, apr_table_get(in->seen, key)), atl_quote(in->p, value),
                        one_node_s ? ", or write each behind its node: http://host:port;" : "",
                        one_node_s ? key : "", one_node_s ? "=value" : "");
}

const char *atl_app_key_read(atl_app_reader *in, const char *word, apr_size_t keylen)
{
    char *key = apr_pstrmemdup(in->p, word, keylen);
    const char *value = word + keylen + 1, *error;

    atl_lower(key);
    if (*value == '"' || *value == '\'') {
        return apr_psprintf(in->p, "%s=: quotes go around the whole word: \"%s=value\"",
                            atl_cut(in->p, key), atl_cut(in->p, key));
    }
    in->seen = in->seen ? in->seen : apr_table_make(in->p, 4);
    if (apr_table_get(in->seen, key)) {
        return given_twice(in, key, value);
    }
    apr_table_set(in->seen, key, value);
    for (int i = 0; i < KEYS; i++) {
        if (!strcmp(key, keys[i].key)) {
            if (!*value) {
                return apr_psprintf(in->p, "%s= has no value: %s", key, keys[i].help);
            }
            error = keys[i].set(in, value);
            return error ? apr_pstrcat(in->p, key, "=: ", error, NULL) : NULL;
        }
    }
    return read_worker_param(in, key, value);
}

const char *atl_app_key_bare(apr_pool_t *p, const char *word)
{
    const char *key = NULL, *param, *refusal = atl_worker_param_refusal(word);

    if (refusal) {
        return apr_psprintf(p, "%s: %s", word, refusal);
    }
    for (int i = 0; i < KEYS; i++) {
        key = apr_cstr_casecmp(word, keys[i].key) ? key : keys[i].key;
    }
    for (int i = 0; (param = atl_worker_param_name(i)); i++) {
        key = apr_cstr_casecmp(word, param) ? key : param;
    }
    return key ? apr_psprintf(p,
                              "%s is a key; write %s=value (a host of that name is written "
                              "http://%s:port)",
                              key, key, key)
               : NULL;
}
