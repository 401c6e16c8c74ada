/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "suggest_mistake.h"
#include "suggest_remove.h"
#include "text.h"
#include "path.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define HTTPD_TIMEOUT "60"    /* Timeout, where nothing is said */
#define WEBSOCKET_TIMEOUT 600 /* editors that are read, not written in, are silent for minutes */

const atl_old_mistake_row atl_old_mistake_rows[ATL_OLD_MISTAKES] = {
    [ATL_OLD_FORWARDED_FOR] =
        {1101, "forwarded-for",
         "{what} believes anybody: every client chooses the address that logs, access rules and "
         "the application see",
         "name the load balancers in front, and only them, in trusted-proxy=; without any, leave "
         "it out"},
    [ATL_OLD_UPGRADE_PATTERN] =
        {1102, "upgrade-pattern",
         "{what} misses browsers that name Upgrade at another place of their Connection header "
         "(\"Upgrade, keep-alive\"), or in other letters: their WebSockets fail",
         "the line looks for the word, as RFC 6455 has it"},
    [ATL_OLD_SLASH] = {1103, "slash",
                       "{path} and {target} do not both end with a slash: redirects and addresses "
                       "below get one too "
                       "many or none (\"DNS lookup failure for: host:8090account\")",
                       "write both with a slash or both without; the line needs none"},
    [ATL_OLD_LOOSE] =
        {1104, "loose-path",
         "the pattern for {path} also catches {path}foo, which then reaches the application or its "
         "neighbours by mistake",
         "end it with (/.*)?$; the line compares whole segments"},
    [ATL_OLD_AUTHORIZATION] =
        {1105, "authorization",
         "the Authorization header is removed: REST clients, git and application links are logged "
         "out",
         "let it pass"},
    [ATL_OLD_WEBSOCKET_ALONE] =
        {1106, "websocket-alone",
         "{path} takes WebSockets only: browsers that fall back to plain requests there reach "
         "nothing, or another application",
         "the line takes both at the same path"},
    [ATL_OLD_CONTEXT] =
        {1107, "other-context",
         "people see {path} and the application has {target}: links, redirects and cookies it "
         "makes lead nowhere",
         "give both the same path: change the context path in the application, or the one in "
         "httpd"},
    [ATL_OLD_ORDER] = {1108, "order",
                       "it has no effect: {other} comes first and takes the same paths",
                       "write longer paths and exceptions first; the order of AtlassianApp lines "
                       "does not matter"},
    [ATL_OLD_WEBSOCKET_TIMEOUT] =
        {1109, "websocket-timeout",
         "WebSockets are cut after a silence of {seconds} seconds, so that editors lose their "
         "connection",
         "the line lets them be silent for an hour (ws-timeout=)"},
    [ATL_OLD_COMPRESSION] = {1110, "compression",
                             "httpd compresses answers while the application is still asked to "
                             "compress them too, which "
                             "breaks application links",
                             "compression=on asks the application not to"},
    [ATL_OLD_FORWARD_PROXY] = {1111, "forward-proxy",
                               "ProxyRequests On makes this server a proxy to anywhere for anybody",
                               "delete it; AtlassianApp never needs it"},
    [ATL_OLD_HOST] = {1112, "host",
                      "the browser's Host does not reach {target}, so an application without "
                      "proxyName makes links to "
                      "its own address",
                      "ProxyPreserveHost On; the line has it"},
    [ATL_OLD_SCHEME] =
        {1113, "scheme",
         "people come by https, as {what} says, but httpd does not know: its own redirects and the "
         "addresses it checks have http",
         "ServerName https://{host}"},
    [ATL_OLD_REVERSE] = {1114, "reverse",
                         "no ProxyPassReverse leads back from {target}: redirects of the "
                         "application that name its own "
                         "address reach people unchanged",
                         "the line has it"},
    [ATL_OLD_SPOOLED] = {1115, "spooled",
                         "{what} makes httpd store uploads and git pushes before it sends them on, "
                         "or a new connection "
                         "for each request",
                         "leave it out"},
    [ATL_OLD_CERTIFICATE] =
        {1116, "certificate",
         "nobody checks that the certificate of {target} comes from a known authority",
         "remove verify=off from the line, with ca=<file> where the authority is your own"},
    [ATL_OLD_DECODED_SLASHES] =
        {1117, "decoded-slashes",
         "AllowEncodedSlashes On turns %2F into a slash: branch and file names reach the "
         "application as other paths",
         "leave it out; the line passes paths as they came"},
    [ATL_OLD_STICKINESS] =
        {1118, "stickiness",
         "nothing keeps a person at one node of {what}: logins and forms are lost when the next "
         "request goes to another",
         "the line keeps people at their node"},
    [ATL_OLD_TIMEOUT] = {1119, "timeout",
                         "{seconds} seconds are shorter than answers {label} is known to take",
                         "the line has {longer} seconds unless timeout= says more"},
    [ATL_OLD_ERROR_OVERRIDE] =
        {1120, "error-override",
         "ProxyErrorOverride On puts httpd's own pages in place of the application's answers of "
         "400 and "
         "above: forms and REST clients are not told what was wrong",
         "leave it out; while an application is down the line has a page of its own"},
};

typedef struct checker {
    apr_pool_t *p;
    const atl_old_host *host;
    const apr_array_header_t *mappings, *apps;
    apr_array_header_t *found;
} checker;

/* values: name, value pairs for the templates, ended by NULL. */
static void found(checker *c, atl_old_mistake_id id, const atl_old_line *line,
                  const char *const *values)
{
    atl_old_mistake *mistake = apr_array_push(c->found);

    mistake->id = id;
    mistake->line = line;
    mistake->said = atl_fill(c->p, atl_old_mistake_rows[id].said, values);
    mistake->cure = atl_fill(c->p, atl_old_mistake_rows[id].cure, values);
}

static void found_what(checker *c, atl_old_mistake_id id, const atl_old_line *line,
                       const char *what)
{
    /* clang-format off */
    const char *values[] = {"what", what, "host",
                            c->host->public->host ? c->host->public->host : "<host>", NULL};
    /* clang-format on */

    found(c, id, line, values);
}

static const char *text_of(apr_pool_t *p, const atl_old_line *line)
{
    return apr_pstrcat(p, line->name, " ", line->args, NULL);
}

/* ------------------------------------------------------------------ one mapping */

static const char *address_of(apr_pool_t *p, const atl_mapping *m)
{
    return m->balancer ? apr_pstrcat(p, "balancer://", m->balancer->name, m->target,
                                     m->target_slash ? "/" : "", NULL)
                       : apr_psprintf(p, "%s://%s:%u%s%s", m->scheme, m->host, m->port, m->target,
                                      m->target_slash ? "/" : "");
}

static void found_mapping(checker *c, atl_old_mistake_id id, const atl_mapping *m,
                          const char *other)
{
    /* clang-format off */
    const char *values[] = {"path",   *m->path ? m->path : "/",
                            "target", m->target ? address_of(c->p, m) : "",
                            "other",  other,
                            NULL};
    /* clang-format on */

    found(c, id, m->line, values);
}

static void check_paths(checker *c, const atl_mapping *m, int is_synchrony)
{
    if (!m->is_pattern && m->path_slash != m->target_slash) {
        found_mapping(c, ATL_OLD_SLASH, m, "");
    }
    if (m->is_loose) {
        found_mapping(c, ATL_OLD_LOOSE, m, "");
    }
    if (!is_synchrony && strcmp(m->path, m->target)) {
        found_mapping(c, ATL_OLD_CONTEXT, m, "");
    }
}

static int names_header(apr_pool_t *p, const atl_old_line *condition, const char *header)
{
    const char *test = atl_old_word(p, condition, 0);

    return !apr_cstr_casecmpn(test, "%{HTTP:", 7) &&
           !apr_cstr_casecmpn(test + 7, header, strlen(header)) && test[7 + strlen(header)] == '}';
}

/* Connection is a list in which Upgrade may stand anywhere. */
static int is_narrow(apr_pool_t *p, const atl_old_line *condition)
{
    const char *pattern = atl_old_word(p, condition, 1);
    const char *flags = atl_old_word(p, condition, 2);
    apr_size_t len = strlen(pattern);

    if (names_header(p, condition, "Connection")) {
        return *pattern == '=' || *pattern == '^' || (len && pattern[len - 1] == '$') ||
               !strstr(flags, "NC");
    }
    return names_header(p, condition, "Upgrade") && !strstr(flags, "NC");
}

static void check_conditions(checker *c, const atl_mapping *m)
{
    for (int i = 0; i < m->conditions->nelts; i++) {
        const atl_old_line *condition = APR_ARRAY_IDX(m->conditions, i, const atl_old_line *);

        if (is_narrow(c->p, condition)) {
            found_what(c, ATL_OLD_UPGRADE_PATTERN, condition, condition->args);
        }
    }
}

static const char *timeout_of(const checker *c, const atl_mapping *m)
{
    const char *timeout = atl_old_timeout(m);
    const atl_old_line *line = atl_old_setting(c->host, "ProxyTimeout");

    line = line ? line : atl_old_setting(c->host, "Timeout");
    return timeout ? timeout : line ? atl_old_word(c->p, line, 0) : NULL;
}

static int takes_websockets(const atl_mapping *m)
{
    const char *upgrade = apr_table_get(m->params, "upgrade");

    return m->is_websocket || (upgrade && apr_cstr_casecmp(upgrade, "none"));
}

/* From httpd 2.4.48 on a ws:// address serves plain requests as well, unless they are kept from it.
 */
static int takes_plain_requests(const checker *c, const atl_mapping *m)
{
    const atl_old_line *fallback = atl_old_setting(c->host, "ProxyWebsocketFallbackToProxyHttp");

    return !m->conditions->nelts &&
           (!fallback || apr_cstr_casecmp(atl_old_word(c->p, fallback, 0), "off"));
}

static void check_websocket(checker *c, const atl_mapping *m)
{
    const char *timeout = timeout_of(c, m);
    const char *values[] = {"seconds", timeout ? timeout : HTTPD_TIMEOUT, NULL};
    int has_pair = !m->is_websocket || takes_plain_requests(c, m);

    if (!takes_websockets(m)) {
        return;
    }
    if (atl_old_seconds(values[1]) < WEBSOCKET_TIMEOUT) {
        found(c, ATL_OLD_WEBSOCKET_TIMEOUT, m->line, values);
    }
    for (int i = 0; i < c->mappings->nelts; i++) {
        const atl_mapping *other = APR_ARRAY_IDX(c->mappings, i, const atl_mapping *);

        has_pair |= !other->unclear && !other->is_exception && !other->is_websocket &&
                    atl_path_is_below(m->path, other->path) && other->port == m->port;
    }
    if (!has_pair) {
        found_mapping(c, ATL_OLD_WEBSOCKET_ALONE, m, "");
    }
}

int atl_old_timeout_is_short(const char *timeout, const atl_product *product)
{
    return atl_old_seconds(timeout) * 5 <= product->timeout;
}

static void check_timeout(checker *c, const atl_old_app *app)
{
    const char *own = atl_old_timeout(app->main);
    const atl_old_line *line = own ? app->main->line : atl_old_setting(c->host, "ProxyTimeout");
    const char *timeout = own ? own : line ? atl_old_word(c->p, line, 0) : NULL;
    /* clang-format off */
    const char *values[] = {"seconds", timeout,
                            "label",   app->product->label,
                            "longer",  apr_itoa(c->p, app->product->timeout),
                            NULL};
    /* clang-format on */

    if (timeout && atl_old_timeout_is_short(timeout, app->product)) {
        found(c, ATL_OLD_TIMEOUT, line, values);
    }
}

/* ------------------------------------------------------------------ an application */

/* ProxyPassReverse [path] url */
static int leads_back(const checker *c, const atl_old_line *line, const atl_mapping *m)
{
    const char *url, *scheme, *host, *path;
    unsigned port;

    if (!atl_old_is(line, "ProxyPassReverse")) {
        return 0;
    }
    url = atl_old_word(c->p, line, atl_old_location(line) ? 0 : 1);
    if (!atl_old_url(c->p, url, &scheme, &host, &port, &path)) {
        return 0;
    }
    return m->balancer ? !strcmp(scheme, "balancer") && !strcmp(host, m->balancer->name)
                       : !apr_cstr_casecmp(host, m->host) && (!port || port == m->port);
}

static void check_reverse(checker *c, const atl_mapping *m)
{
    for (int i = 0; i < c->host->lines->nelts; i++) {
        if (leads_back(c, APR_ARRAY_IDX(c->host->lines, i, const atl_old_line *), m)) {
            return;
        }
    }
    found_mapping(c, ATL_OLD_REVERSE, m, "");
}

static int is_on(apr_pool_t *p, const atl_old_host *host, const char *name)
{
    const atl_old_line *line = atl_old_setting(host, name);

    return line && !apr_cstr_casecmp(atl_old_word(p, line, 0), "on");
}

static void check_stickiness(checker *c, const atl_mapping *m)
{
    if (m->balancer && m->balancer->members->nelts > 1 &&
        !apr_table_get(m->params, "stickysession") &&
        !apr_table_get(m->balancer->params, "stickysession")) {
        found_what(c, ATL_OLD_STICKINESS, m->line,
                   apr_pstrcat(c->p, "balancer://", m->balancer->name, NULL));
    }
}

static void check_certificate(checker *c, const atl_mapping *m)
{
    const atl_old_line *verify = atl_old_setting(c->host, "SSLProxyVerify");

    if (!strcmp(m->scheme, "https") &&
        (!verify || apr_cstr_casecmp(atl_old_word(c->p, verify, 0), "require"))) {
        found_mapping(c, ATL_OLD_CERTIFICATE, m, "");
    }
}

static void check_mappings(checker *c, const apr_array_header_t *mappings, int is_synchrony)
{
    for (int i = 0; i < mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(mappings, i, const atl_mapping *);

        check_paths(c, m, is_synchrony);
        check_conditions(c, m);
        check_websocket(c, m);
    }
}

static void check_app(checker *c, const atl_old_app *app)
{
    check_mappings(c, app->mappings, 0);
    check_mappings(c, app->synchrony, 1);
    check_timeout(c, app);
    check_reverse(c, app->main);
    check_stickiness(c, app->main);
    check_certificate(c, app->main);
    if (!is_on(c->p, c->host, "ProxyPreserveHost")) {
        found_mapping(c, ATL_OLD_HOST, app->main, "");
    }
}

/* ------------------------------------------------------------------ order */

/* ProxyPass lines: the first that matches wins. Those in <Location> follow the order of sections.
 */
static int is_ordered(const atl_mapping *m)
{
    return !m->is_rule && !m->unclear && !atl_old_location(m->line);
}

/* A later path that an earlier one takes. A rule for everything comes before all of mod_proxy's
 * lines. */
static int takes_before(const atl_mapping *earlier, const atl_mapping *later, int stands_before)
{
    if (earlier->unclear || earlier->is_exception || !is_ordered(later) ||
        atl_old_location(earlier->line) || !atl_path_is_below(later->path, earlier->path)) {
        return 0;
    }
    if (earlier->is_rule) {
        return !earlier->conditions->nelts && later->is_exception;
    }
    return stands_before && strcmp(later->path, earlier->path);
}

static void check_order(checker *c)
{
    for (int i = 0; i < c->mappings->nelts; i++) {
        const atl_mapping *m = APR_ARRAY_IDX(c->mappings, i, const atl_mapping *);

        for (int j = 0; j < c->mappings->nelts; j++) {
            const atl_mapping *other = APR_ARRAY_IDX(c->mappings, j, const atl_mapping *);

            if (takes_before(other, m, j < i)) {
                found_mapping(c, ATL_OLD_ORDER, m, text_of(c->p, other->line));
                break;
            }
        }
    }
}

/* ------------------------------------------------------------------ lines for the whole virtual
 * host */

static const char *const client_headers[] = {"X-Forwarded-For", "X-Real-IP", "X-Client-IP",
                                             "Forwarded", NULL};

int atl_old_believes_client(apr_pool_t *p, const atl_old_line *line)
{
    const char *header = atl_old_word(p, line, 1), *value = atl_old_word(p, line, 2);
    int is_address = 0;

    if (!atl_old_is(line, "RequestHeader") ||
        !apr_cstr_casecmp(atl_old_word(p, line, 0), "unset")) {
        return 0;
    }
    for (const char *const *name = client_headers; *name; name++) {
        is_address |= !apr_cstr_casecmp(header, *name);
    }
    /* "expr=%{HTTP:X-Forwarded-For}", "expr=%{req:X-Real-IP}" */
    return is_address && (strstr(value, "HTTP:") || strstr(value, "http:") ||
                          strstr(value, "req:") || strstr(value, "req('"));
}

static void check_remoteip(checker *c)
{
    static const char *const vouchers[] = {"RemoteIPInternalProxy", "RemoteIPInternalProxyList",
                                           "RemoteIPTrustedProxy", "RemoteIPTrustedProxyList",
                                           NULL};
    const atl_old_line *header = atl_old_setting(c->host, "RemoteIPHeader");

    for (const char *const *name = vouchers; header && *name; name++) {
        header = atl_old_setting(c->host, *name) ? NULL : header;
    }
    if (header) {
        found_what(c, ATL_OLD_FORWARDED_FOR, header, text_of(c->p, header));
    }
}

static int slows_bodies(apr_pool_t *p, const atl_old_line *line)
{
    const char *name = atl_old_word(p, line, 0);

    return atl_old_is(line, "SetEnv") &&
           (!strcmp(name, "force-proxy-request-1.0") || !strcmp(name, "proxy-nokeepalive") ||
            !strcmp(name, "proxy-sendcl"));
}

int atl_old_hides_https(apr_pool_t *p, const atl_old_host *host, const atl_old_line *line)
{
    return atl_old_is(line, "RequestHeader") && strcmp(host->public->scheme, "https") &&
           !apr_cstr_casecmp(atl_old_word(p, line, 1), "X-Forwarded-Proto") &&
           !apr_cstr_casecmp(atl_old_word(p, line, 2), "https");
}

static int asks_uncompressed(const checker *c)
{
    for (int i = 0; i < c->host->lines->nelts; i++) {
        if (atl_old_unsets(c->p, APR_ARRAY_IDX(c->host->lines, i, const atl_old_line *),
                           "Accept-Encoding")) {
            return 1;
        }
    }
    return 0;
}

static void check_line(checker *c, const atl_old_line *line)
{
    if (atl_old_believes_client(c->p, line)) {
        found_what(c, ATL_OLD_FORWARDED_FOR, line, text_of(c->p, line));
    }
    if (atl_old_unsets(c->p, line, "Authorization")) {
        found_what(c, ATL_OLD_AUTHORIZATION, line, "");
    }
    if (atl_old_compresses(line) && !asks_uncompressed(c)) {
        found_what(c, ATL_OLD_COMPRESSION, line, "");
    }
    if (atl_old_hides_https(c->p, c->host, line)) {
        found_what(c, ATL_OLD_SCHEME, line, text_of(c->p, line));
    }
    if (atl_old_is(line, "AllowEncodedSlashes") &&
        !apr_cstr_casecmp(atl_old_word(c->p, line, 0), "on")) {
        found_what(c, ATL_OLD_DECODED_SLASHES, line, "");
    }
    if (atl_old_is(line, "ProxyErrorOverride") &&
        !apr_cstr_casecmp(atl_old_word(c->p, line, 0), "on") && !*atl_old_word(c->p, line, 1)) {
        found_what(c, ATL_OLD_ERROR_OVERRIDE, line, "");
    }
    if (slows_bodies(c->p, line)) {
        found_what(c, ATL_OLD_SPOOLED, line, text_of(c->p, line));
    }
}

static void check_host(checker *c)
{
    check_remoteip(c);
    if (is_on(c->p, c->host, "ProxyRequests")) {
        found_what(c, ATL_OLD_FORWARD_PROXY, atl_old_setting(c->host, "ProxyRequests"), "");
    }
    for (int i = 0; i < c->host->lines->nelts; i++) {
        check_line(c, APR_ARRAY_IDX(c->host->lines, i, const atl_old_line *));
    }
}

/* ------------------------------------------------------------------ all */

static int by_number(const void *a, const void *b)
{
    const atl_old_mistake *x = a, *y = b;

    return x->id != y->id ? (x->id > y->id) - (x->id < y->id)
                          : (x->line->line > y->line->line) - (x->line->line < y->line->line);
}

apr_array_header_t *atl_old_mistakes(apr_pool_t *p, const atl_old_host *host,
                                     const apr_array_header_t *mappings,
                                     const apr_array_header_t *apps)
{
    checker c = {.p = p,
                 .host = host,
                 .mappings = mappings,
                 .apps = apps,
                 .found = apr_array_make(p, 8, sizeof(atl_old_mistake))};

    for (int i = 0; i < apps->nelts; i++) {
        check_app(&c, APR_ARRAY_IDX(apps, i, const atl_old_app *));
    }
    check_order(&c);
    check_host(&c);
    qsort(c.found->elts, (size_t)c.found->nelts, sizeof(atl_old_mistake), by_number);
    return c.found;
}
