/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app.h"
#include "backend.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <string.h>

/* An idle editor sends a heartbeat well within the hour. */
#define DEFAULT_WS_TIMEOUT 3600
#define DEFAULT_WS_GRACE 600

typedef struct reader {
    apr_pool_t *p;
    atl_app *app;
    apr_table_t *seen; /* keys of this line so far */
} reader;

/* ------------------------------------------------------------------ values of keys */

static const char *set_seconds(reader *in, const char *value, int *seconds)
{
    if (!atl_parse_seconds(value, seconds) || !*seconds) {
        return apr_psprintf(in->p, "%s is not a duration; write seconds, or a number with s, min "
                            "or h, up to a year: 90, 5min, 2h", atl_quote(in->p, value));
    }
    return NULL;
}

static const char *set_timeout(reader *in, const char *value)
{
    return set_seconds(in, value, &in->app->timeout);
}

static const char *set_ws_timeout(reader *in, const char *value)
{
    return set_seconds(in, value, &in->app->ws_timeout);
}

static const char *set_ws_grace(reader *in, const char *value)
{
    return set_seconds(in, value, &in->app->ws_grace);
}

static const char *one_of(reader *in, const char *value, const char *const *choices, int *chosen)
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

static const char *set_compression(reader *in, const char *value)
{
    static const char *const choices[] = {"pass", "on", "off", NULL};
    static const atl_compression meanings[] = {ATL_COMPRESSION_PASS, ATL_COMPRESSION_ON,
                                               ATL_COMPRESSION_OFF};
    int chosen = 0;
    const char *error = one_of(in, value, choices, &chosen);

    in->app->compression = meanings[chosen];
    return error;
}

static const char *set_except(reader *in, const char *value)
{
    apr_array_header_t *items = atl_split_list(in->p, value);

    for (int i = 0; i < items->nelts; i++) {
        const char *path, *error = atl_path_check(in->p, APR_ARRAY_IDX(items, i, const char *), &path);

        if (error) {
            return error;
        }
        APR_ARRAY_PUSH(in->app->except, const char *) = path;
    }
    return NULL;
}

static const char *set_switch(reader *in, const char *value, int *on)
{
    static const char *const choices[] = {"off", "on", NULL};

    return one_of(in, value, choices, on);
}

static const char *set_verify(reader *in, const char *value)
{
    int on = 1;
    const char *error = set_switch(in, value, &on);

    in->app->verify = on != 0;
    return error;
}

static const char *set_secure_cookies(reader *in, const char *value)
{
    int on = 1;
    const char *error = set_switch(in, value, &on);

    in->app->secure_cookies = on != 0;
    return error;
}

static const char *set_ca(reader *in, const char *value)
{
    in->app->ca = value;
    return NULL;
}

/* Names are refused: who may vouch for clients must not depend on DNS. */
static const char *check_network(reader *in, const char *network)
{
    char *address = apr_pstrdup(in->p, network), *bits = strchr(address, '/');
    apr_ipsubnet_t *subnet;

    if (bits) {
        *bits++ = '\0';
    }
    if (!strchr(address, ':') && address[strspn(address, "0123456789.")]) {
        return apr_psprintf(in->p, "%s is a name; only addresses and networks can be trusted: "
                            "10.0.0.5, 10.0.0.0/8, 2001:db8::/32", atl_quote(in->p, network));
    }
    if (!*address || apr_ipsubnet_create(&subnet, address, bits, in->p) != APR_SUCCESS ||
        (!strchr(address, ':') && !atl_is_ipv4(address))) {
        return apr_psprintf(in->p, "%s is not an address or network; write 10.0.0.5, 10.0.0.0/8 or "
                            "2001:db8::/32", atl_quote(in->p, network));
    }
    return NULL;
}

static const char *set_trusted(reader *in, const char *value)
{
    in->app->trusted = atl_split_list(in->p, value);
    for (int i = 0; i < in->app->trusted->nelts; i++) {
        const char *error = check_network(in, APR_ARRAY_IDX(in->app->trusted, i, const char *));
        if (error) {
            return error;
        }
    }
    return NULL;
}

/* Synchrony cannot move its own context path: a path in the URL is the one the public sees, for
 * a second Confluence under the same host name. */
static const char *set_synchrony_url(reader *in, const char *value)
{
    atl_app *app = in->app;
    const char *path, *error;
    apr_size_t len;

    error = atl_backend_parse(in->p, value, ATL_SYNCHRONY_PORT, &app->synchrony_backend, &path);
    if (error) {
        return error;
    }
    if (!strcmp(app->synchrony_backend.scheme, "https")) {
        return "Synchrony speaks http only; write http://host:8091";
    }
    len = strlen(path);
    if (len >= 3 && !apr_cstr_casecmp(path + len - 3, "/v1")) {
        path = apr_pstrmemdup(in->p, path, len - 3); /* as in synchrony.service.url */
    }
    app->synchrony_path = *path ? path : ATL_SYNCHRONY_PATH;
    app->synchrony = ATL_SYNCHRONY_DIRECT;
    return NULL;
}

static const char *set_synchrony(reader *in, const char *value)
{
    static const char *const choices[] = {"auto", "internal", "off", "a URL as http://host:8091",
                                          NULL};
    static const atl_synchrony meanings[] = {ATL_SYNCHRONY_DIRECT, ATL_SYNCHRONY_INTERNAL,
                                             ATL_SYNCHRONY_OFF};
    int chosen = 0;
    const char *error;

    if (!in->app->product->has_synchrony) {
        return apr_psprintf(in->p, "%s has no Synchrony; remove the key",
                            in->app->product->label);
    }
    if (strpbrk(value, ":/.[")) {
        return set_synchrony_url(in, value);
    }
    error = one_of(in, value, choices, &chosen);
    in->app->synchrony = meanings[chosen < 3 ? chosen : 0];
    return error;
}

/* ------------------------------------------------------------------ keys */

static const struct {
    const char *key;
    const char *(*set)(reader *in, const char *value);
    const char *help;
} keys[] = {
    {"ca", set_ca, "file of the authorities an https backend's certificate may come from"},
    {"compression", set_compression, "who compresses answers: pass (as they come), on (httpd), off"},
    {"except", set_except, "paths this httpd serves itself, comma-separated"},
    {"secure-cookies", set_secure_cookies, "on an https site, add Secure to cookies: on, off"},
    {"synchrony", set_synchrony, "Confluence's Synchrony: auto, internal, off or a URL"},
    {"timeout", set_timeout, "how long the application may be silent within one answer"},
    {"trusted-proxy", set_trusted, "addresses of load balancers in front, comma-separated"},
    {"verify", set_verify, "check the certificate of an https backend: on, off"},
    {"ws-grace", set_ws_grace, "how long a WebSocket may outlive a reload (10min)"},
    {"ws-timeout", set_ws_timeout, "how long a WebSocket may be silent (1h)"},
};

#define KEYS ((int)(sizeof(keys) / sizeof(keys[0])))

/* What values of a worker parameter look like. mod_proxy itself reads many of them with atoi(),
 * so that "abc" would silently mean 0. */
typedef enum { VALUE_NUMBER, VALUE_DECIMAL, VALUE_TIME, VALUE_SWITCH, VALUE_TEXT } value_kind;

/* mod_proxy's parameters for a plain worker (httpd documentation, ProxyPass). timeout is this
 * directive's own key; upgrade and secret are decided by the module or not for HTTP. */
static const struct {
    const char *key;
    value_kind kind;
} worker_params[] = {
    {"acquire", VALUE_TIME},          {"addressttl", VALUE_NUMBER},
    {"connectiontimeout", VALUE_TIME}, {"disablereuse", VALUE_SWITCH},
    {"enablereuse", VALUE_SWITCH},    {"flushpackets", VALUE_TEXT},
    {"flushwait", VALUE_NUMBER},      {"iobuffersize", VALUE_NUMBER},
    {"keepalive", VALUE_SWITCH},      {"lbset", VALUE_NUMBER},
    {"loadfactor", VALUE_DECIMAL},    {"max", VALUE_NUMBER},
    {"min", VALUE_NUMBER},            {"ping", VALUE_TIME},
    {"receivebuffersize", VALUE_NUMBER}, {"redirect", VALUE_TEXT},
    {"responsefieldsize", VALUE_NUMBER}, {"retry", VALUE_NUMBER},
    {"route", VALUE_TEXT},            {"smax", VALUE_NUMBER},
    {"status", VALUE_TEXT},           {"ttl", VALUE_NUMBER},
};

#define WORKER_PARAMS (sizeof(worker_params) / sizeof(worker_params[0]))

static const struct {
    const char *key, *reason;
} refused[] = {
    {"upgrade", "the module itself decides where WebSockets pass; remove it"},
    {"secret", "it belongs to AJP, which Atlassian's products do not speak; remove it"},
    {"nocanon", "paths reach the application as sent already; remove it"},
    {"mapping", "paths are read as the servlet container reads them already; remove it"},
    {"stickysession", "it belongs to a cluster of several backends; remove it"},
};

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
    const char *near = NULL, *list = NULL;

    for (int i = 0; i < KEYS; i++) {
        near = atl_nearer(&best, key, keys[i].key) ? keys[i].key : near;
        list = list ? apr_pstrcat(p, list, ", ", keys[i].key, NULL) : keys[i].key;
    }
    for (apr_size_t i = 0; i < WORKER_PARAMS; i++) {
        near = atl_nearer(&best, key, worker_params[i].key) ? worker_params[i].key : near;
    }
    return apr_psprintf(p, "unknown key %s%s; keys are %s and mod_proxy's worker parameters",
                        atl_quote(p, key), atl_did_you_mean(p, near), list);
}

/* Returns what the value should have been, or NULL when it is that. */
static const char *check_value(value_kind kind, const char *value)
{
    apr_size_t digits = strspn(value, "0123456789");
    const char *rest = value + digits;

    switch (kind) {
    case VALUE_NUMBER:
        return digits && digits < 10 && !*rest ? NULL : "a whole number";
    case VALUE_DECIMAL:
        return digits && digits < 10 && strspn(rest, ".0123456789") == strlen(rest)
                   ? NULL : "a number";
    case VALUE_TIME:
        /* ap_timeout_parameter_parse() takes these units. */
        return digits && digits < 10 &&
                       (!*rest || !apr_cstr_casecmp(rest, "ms") || !apr_cstr_casecmp(rest, "s") ||
                        !apr_cstr_casecmp(rest, "mi") || !apr_cstr_casecmp(rest, "min"))
                   ? NULL : "a number of seconds, or one with ms, s or min";
    case VALUE_SWITCH:
        return !apr_cstr_casecmp(value, "on") || !apr_cstr_casecmp(value, "off") ? NULL
                                                                                 : "on or off";
    case VALUE_TEXT:
        break;
    }
    return *value ? NULL : "a word";
}

static const char *set_worker_param(reader *in, const char *key, const char *value)
{
    for (apr_size_t i = 0; i < WORKER_PARAMS; i++) {
        if (!strcmp(key, worker_params[i].key)) {
            const char *rule = check_value(worker_params[i].kind, value);
            atl_param *param;

            if (rule) {
                return apr_psprintf(in->p, "%s=: %s is not %s", key, atl_quote(in->p, value), rule);
            }
            param = apr_array_push(in->app->worker_params);
            param->key = worker_params[i].key;
            param->value = value;
            return NULL;
        }
    }
    for (apr_size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (!strcmp(key, refused[i].key)) {
            return apr_psprintf(in->p, "%s=: %s", key, refused[i].reason);
        }
    }
    return unknown_key(in->p, key);
}

static const char *set_key(reader *in, const char *word, apr_size_t keylen)
{
    char *key = apr_pstrmemdup(in->p, word, keylen);
    const char *value = word + keylen + 1, *error;

    atl_lower(key);
    if (apr_table_get(in->seen, key)) {
        return apr_psprintf(in->p, "%s= is given twice in this line (%s and %s); keep one", key,
                            atl_quote(in->p, apr_table_get(in->seen, key)),
                            atl_quote(in->p, value));
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
    return set_worker_param(in, key, value);
}

/* ------------------------------------------------------------------ backends */

/* A line to paste is worth repeating as long as it can be read. */
#define LONGEST_EXAMPLE 60

static const char *path_alone(apr_pool_t *p, const char *word, unsigned port)
{
    const char *path;

    if (word[1] == '/') {
        return apr_psprintf(p, "%s is not a backend; write http:// before the host",
                            atl_quote(p, word));
    }
    if (strchr(word, '@') || strlen(word) > LONGEST_EXAMPLE || atl_path_check(p, word, &path)) {
        path = "/context";
    }
    return apr_psprintf(p, "%s is not a backend; a path alone lacks the host: write "
                        "http://127.0.0.1:%u%s", atl_quote(p, word), port, path);
}

/* "timeout 90" would be read as two hosts. */
static const char *bare_key(apr_pool_t *p, const char *word)
{
    const char *key = NULL;

    for (int i = 0; i < KEYS; i++) {
        key = apr_cstr_casecmp(word, keys[i].key) ? key : keys[i].key;
    }
    for (apr_size_t i = 0; i < WORKER_PARAMS; i++) {
        key = apr_cstr_casecmp(word, worker_params[i].key) ? key : worker_params[i].key;
    }
    for (apr_size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (!apr_cstr_casecmp(word, refused[i].key)) {
            return apr_psprintf(p, "%s: %s", refused[i].key, refused[i].reason);
        }
    }
    return key ? apr_psprintf(p, "%s is a key; write %s=value (a host of that name is written "
                              "http://%s:port)", key, key, key)
               : NULL;
}

static const char *add_backend(reader *in, const char *word)
{
    atl_app *app = in->app;
    atl_backend backend;
    const char *context, *error;

    if (*word == '/') {
        return path_alone(in->p, word, app->product->port);
    }
    if ((error = bare_key(in->p, word))) {
        return error;
    }
    error = atl_backend_parse(in->p, word, app->product->port, &backend, &context);
    if (error) {
        return error;
    }
    if (app->backends->nelts) {
        return apr_psprintf(in->p, "a second backend (%s): one line serves one node; remove all "
                            "but one", atl_quote(in->p, word));
    }
    app->context = context;
    APR_ARRAY_PUSH(app->backends, atl_backend) = backend;
    return NULL;
}

/* key=value, or anything else, which is a backend then */
static apr_size_t key_length(const char *word)
{
    apr_size_t len = 0;

    while (apr_isalnum(word[len]) || word[len] == '-' || word[len] == '_') {
        len++;
    }
    return len && word[len] == '=' ? len : 0;
}

/* ------------------------------------------------------------------ the line */

static atl_app *app_create(apr_pool_t *p, const atl_product *product)
{
    atl_app *app = apr_pcalloc(p, sizeof(*app));

    app->product = product;
    app->backends = apr_array_make(p, 1, sizeof(atl_backend));
    app->except = apr_array_make(p, 0, sizeof(const char *));
    app->worker_params = apr_array_make(p, 0, sizeof(atl_param));
    app->trusted = apr_array_make(p, 0, sizeof(const char *));
    app->timeout = product->timeout;
    app->verify = 1;
    app->secure_cookies = 1;
    app->synchrony = product->has_synchrony ? ATL_SYNCHRONY_DIRECT : ATL_SYNCHRONY_OFF;
    app->synchrony_path = ATL_SYNCHRONY_PATH;
    app->ws_timeout = DEFAULT_WS_TIMEOUT;
    app->ws_grace = DEFAULT_WS_GRACE;
    return app;
}

static const char *no_product(apr_pool_t *p, const char *word)
{
    const atl_product *near = atl_product_nearest(word);

    if (strpbrk(word, ":/.=@")) {
        return apr_psprintf(p, "the product is missing before %s; write one of %s",
                            atl_quote(p, word), atl_product_names(p));
    }
    return apr_psprintf(p, "unknown product %s%s; the products are %s", atl_quote(p, word),
                        atl_did_you_mean(p, near ? near->name : NULL), atl_product_names(p));
}

/* Synchrony's paths at its own port and below Confluence, as far as this line claims them. */
static int is_synchrony_proxy(const atl_app *app, const char *path)
{
    apr_size_t len = strlen(app->context);

    return app->synchrony != ATL_SYNCHRONY_OFF && !strncmp(path, app->context, len) &&
           !strcmp(path + len, ATL_SYNCHRONY_PROXY_PATH);
}

static int is_synchrony(const atl_app *app, const char *path)
{
    return app->synchrony == ATL_SYNCHRONY_DIRECT && !strcmp(path, app->synchrony_path);
}

/* One line must not want one path twice. */
static const char *check_synchrony(const reader *in)
{
    const atl_app *app = in->app;

    if (is_synchrony_proxy(app, app->synchrony_path) && is_synchrony(app, app->synchrony_path)) {
        return apr_psprintf(in->p, "synchrony=: path %s is Confluence's own way to Synchrony; give "
                            "Synchrony another one, as " ATL_SYNCHRONY_PATH, app->synchrony_path);
    }
    if (!is_synchrony(app, app->context)) {
        return NULL;
    }
    return strcmp(app->context, ATL_SYNCHRONY_PATH)
               ? apr_psprintf(in->p, "synchrony=: path %s is Confluence's own context; give Synchrony "
                              "another one, as " ATL_SYNCHRONY_PATH, app->context)
               : "context path " ATL_SYNCHRONY_PATH " is where browsers look for Synchrony; give "
                 "Confluence another one (in its server.xml too), or write synchrony=internal";
}

static const char *check_exception(const reader *in, const char *path)
{
    const atl_app *app = in->app;
    const char *shown = *path ? path : "/";
    apr_size_t len = strlen(app->context);

    if (!strcmp(path, app->context)) {
        return apr_psprintf(in->p, "except=%s is all of %s; name a path below it, or remove the "
                            "line", shown, app->product->label);
    }
    if (strncmp(path, app->context, len) || path[len] != '/') {
        return apr_psprintf(in->p, "except=%s is not below %s, so there is nothing to except", shown,
                            app->context);
    }
    if (is_synchrony(app, path) || is_synchrony_proxy(app, path)) {
        return apr_psprintf(in->p, "except=%s is Synchrony's own path; write %ssynchrony=off to free "
                            "it", path, is_synchrony(app, path) ? "synchrony=internal or " : "");
    }
    return NULL;
}

/* A key that could change nothing is a mistake, not a wish. */
static const char *check_tls(const reader *in)
{
    const char *key = in->app->ca ? "ca" : !in->app->verify ? "verify" : NULL;

    if (key && strcmp(APR_ARRAY_IDX(in->app->backends, 0, atl_backend).scheme, "https")) {
        return apr_psprintf(in->p, "%s= is about an https backend, and this one is %s; write "
                            "https:// or remove the key", key,
                            APR_ARRAY_IDX(in->app->backends, 0, atl_backend).origin);
    }
    return in->app->ca && !in->app->verify
               ? "ca= and verify=off contradict each other; keep one" : NULL;
}

static const char *check_except(const reader *in)
{
    const apr_array_header_t *except = in->app->except;
    const char *error = NULL;

    for (int i = 0; i < except->nelts && !error; i++) {
        error = check_exception(in, APR_ARRAY_IDX(except, i, const char *));
    }
    return error;
}

static void set_defaults(apr_pool_t *p, atl_app *app)
{
    if (!app->backends->nelts) {
        atl_backend_set(p, apr_array_push(app->backends), "http", "127.0.0.1", app->product->port);
        app->context = app->product->context;
    }
    if (app->synchrony == ATL_SYNCHRONY_DIRECT && !app->synchrony_backend.host) {
        atl_backend_set(p, &app->synchrony_backend, "http",
                        APR_ARRAY_IDX(app->backends, 0, atl_backend).host, ATL_SYNCHRONY_PORT);
    }
}

const char *atl_app_parse(apr_pool_t *p, const apr_array_header_t *words, atl_app **app)
{
    reader in = {.p = p, .seen = apr_table_make(p, 4)};
    const char *word, *error = NULL;
    const atl_product *product;

    if (!words->nelts) {
        return apr_psprintf(p, "a product is missing; write one of %s", atl_product_names(p));
    }
    word = APR_ARRAY_IDX(words, 0, const char *);
    product = atl_product_find(word);
    if (!product) {
        return no_product(p, word);
    }
    in.app = app_create(p, product);
    in.app->words = apr_array_pstrcat(p, words, ' ');
    for (int i = 1; i < words->nelts && !error; i++) {
        word = APR_ARRAY_IDX(words, i, const char *);
        error = key_length(word) ? set_key(&in, word, key_length(word)) : add_backend(&in, word);
    }
    if (error) {
        return error;
    }
    set_defaults(p, in.app);
    if (!(error = check_synchrony(&in)) && !(error = check_except(&in)) &&
        !(error = check_tls(&in))) {
        *app = in.app;
    }
    return error;
}

const char *atl_app_name(apr_pool_t *p, const atl_app *app)
{
    return apr_psprintf(p, "%s at %s (%s:%u)", app->product->name,
                        *app->context ? app->context : "/", app->file ? app->file : "?",
                        app->line);
}
