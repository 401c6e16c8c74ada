/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "finding.h"
#include "app_settings.h"
#include "cluster.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#define SETTING(member) offsetof(atl_cures, member)
#define NO_SETTING 0

/* clang-format off */
const atl_finding atl_findings[ATL_FINDINGS] = {
    [ATL_FINDING_REDIRECT_SCHEME] =
        {1001, "redirect-scheme",
         "{label} redirects people to http:// although they come by https://",
         "{label} does not know that TLS ends in front of it: the scheme of its public address is "
         "missing or wrong",
         "{setting}", SETTING(address)},
    [ATL_FINDING_REDIRECT_PORT] =
        {1002, "redirect-port", "{label} redirects people to its own port {backend-port}",
         "{label} does not know the port of its public address", "{setting}", SETTING(address)},
    [ATL_FINDING_REDIRECT_BACKEND] =
        {1003, "redirect-backend",
         "{label} redirects people to {backend}, which they need not be able to reach",
         "{label} takes its own address for the public one", "{setting}", SETTING(address)},
    [ATL_FINDING_REDIRECT_HOST] =
        {1004, "redirect-host", "{label} redirects people to another host than {host}",
         "the host name of its public address is an old or a wrong one", "{setting}",
         SETTING(address)},
    [ATL_FINDING_REDIRECT_LOOP] =
        {1005, "redirect-loop", "{label} redirects an address to itself, without end",
         "{label} takes requests for insecure ones and sends people to https://, where they are "
         "already",
         "{setting}", SETTING(address)},
    [ATL_FINDING_REDIRECT_SLASHES] =
        {1006, "redirect-slashes", "{label} redirects to an address with a double slash",
         "the base URL, or the public address, was written with a slash at its end", "{setting}",
         SETTING(base_url)},
    [ATL_FINDING_CONTEXT] =
        {1007, "context", "{label} does not know the path {home-context}: it answers 404 there",
         "its context path is another one than the one in the AtlassianApp line",
         "{setting}or write the path {label} has, in {line}:\n"
         "AtlassianApp {name} {origin}<its path>",
         SETTING(context)},
    [ATL_FINDING_REDIRECT_CONTEXT] =
        {1008, "redirect-context",
         "{label} redirects people from {home-context} to a path outside of it, which no "
         "application answers",
         "its context path, or its base URL, is another one than the one in the AtlassianApp line",
         "{setting}", SETTING(context)},
    [ATL_FINDING_INSECURE_COOKIE] =
        {1009, "insecure-cookie", "{label} sets its session cookie without the Secure attribute",
         "{label} does not know that people come by https://; pages may then hold http:// links "
         "too (mixed content)",
         "{setting}", SETTING(address)},
    [ATL_FINDING_COOKIE_PATH] =
        {1010, "cookie-path",
         "{label} sets its session cookie for a path that is not {home-context}: browsers will "
         "not send it back, so nobody stays logged in",
         "its context path is another one, or sessionCookiePath is set", "{setting}",
         SETTING(context)},
    [ATL_FINDING_COOKIE_SHARED] =
        {1011, "cookie-shared",
         "{label} sets {cookie} for the whole host, where another application uses the same name: "
         "each logs people out of the other",
         "sessionCookiePath=\"/\" is set, or the application is not at {home-context}",
         "{setting}and remove sessionCookiePath from <Context>", SETTING(context)},
    [ATL_FINDING_REFUSED] =
        {1012, "refused", "{backend} refuses connections",
         "{label} is not running, or listens on another port or address",
         "start {label}, or correct the port in {line}; see what listens on {backend-host}:\n"
         "ss -ltn 'sport = :{backend-port}'",
         NO_SETTING},
    [ATL_FINDING_FORBIDDEN] =
        {1013, "forbidden", "this system does not let httpd connect to {backend}",
         "SELinux (or AppArmor, or a firewall rule for httpd's user) forbids it: permission denied",
         "setsebool -P httpd_can_network_connect 1",
         NO_SETTING},
    [ATL_FINDING_DNS] =
        {1014, "dns", "the host name {backend-host} has no address",
         "it is misspelt, or DNS does not know it on this machine",
         "correct the host in {line}; see what DNS says:\ngetent hosts {backend-host}",
         NO_SETTING},
    [ATL_FINDING_CONNECT_TIMEOUT] =
        {1015, "connect-timeout", "{backend} does not take connections",
         "a firewall drops them, the host is down, or {label} is too busy to accept any",
         "see whether anything answers from this machine:\n"
         "curl -sv --max-time 10 -o /dev/null {backend}/",
         NO_SETTING},
    [ATL_FINDING_UNREACHABLE] =
        {1016, "unreachable", "there is no way from this machine to {backend}",
         "the network or the host is down, or a route is missing",
         "correct the host in {line}; see the way:\nip route get {backend-host}",
         NO_SETTING},
    [ATL_FINDING_ANSWER_TIMEOUT] =
        {1017, "answer-timeout", "{label} gave no answer within {timeout} seconds",
         "a long operation, or {label} hangs",
         "if such operations are usual, in {line}:\nAtlassianApp {words} timeout={longer}",
         NO_SETTING},
    [ATL_FINDING_TLS_VERIFY] =
        {1018, "tls-verify", "the certificate of {backend} is not trusted",
         "it is self-signed, expired, or comes from an authority this machine does not know",
         "give its authority's certificate (PEM), in {line}:\nAtlassianApp {words} ca=<file>",
         NO_SETTING},
    [ATL_FINDING_TLS_NAME] =
        {1019, "tls-name", "the certificate of {backend} is for another name than {backend-host}",
         "the AtlassianApp line names the host differently than its certificate does",
         "write the name in the certificate, in {line}:\n"
         "AtlassianApp {name} https://<name in the certificate>:{backend-port}{context}",
         NO_SETTING},
    [ATL_FINDING_TLS_HANDSHAKE] =
        {1020, "tls-handshake", "{backend} does not speak TLS that httpd understands",
         "the port is one for http, or the two have no protocol version or cipher in common",
         "if it is a port for http, in {line}:\n"
         "AtlassianApp {name} http://{backend-host}:{backend-port}{context}",
         NO_SETTING},
    [ATL_FINDING_TLS_EXPECTED] =
        {1021, "tls-expected", "{backend} expects TLS and gets plain http",
         "the port is one for https",
         "in {line}:\nAtlassianApp {name} https://{backend-host}:{backend-port}{context}",
         NO_SETTING},
    [ATL_FINDING_WEBSOCKET] =
        {1022, "websocket", "a WebSocket was not accepted: collaborative editing is slow or fails",
         "what answers there is not Synchrony, or a proxy in between drops the Upgrade header",
         "check that Synchrony runs; where it is not on port 8091 of {backend-host}, in {line}:\n"
         "AtlassianApp {words} synchrony=http://{backend-host}:8091",
         NO_SETTING},
    [ATL_FINDING_SYNCHRONY] =
        {1023, "synchrony", "{synchrony} answers with Confluence's pages, not as Synchrony",
         "requests for Synchrony go to Confluence's own port",
         "Synchrony has a port of its own, in {line}:\n"
         "AtlassianApp {words} synchrony=http://{backend-host}:8091",
         NO_SETTING},
    [ATL_FINDING_HEADER_SIZE] =
        {1024, "header-size",
         "{label} refuses requests whose headers are larger than 8192 bytes (400)",
         "large cookies or Kerberos tickets meet its default limit", "{setting}",
         SETTING(header_size)},
    [ATL_FINDING_URL_CHARS] =
        {1025, "url-chars", "{label} refuses addresses with [ ] | in them (400)",
         "relaxedPathChars or relaxedQueryChars are missing from its connector", "{setting}",
         SETTING(url_chars)},
    [ATL_FINDING_COMPRESSION] =
        {1026, "compression",
         "{label} compresses answers although it is asked not to: compression= cannot keep its word",
         "its own configuration forces compression on all clients", "{setting}", SETTING(compression)},
    [ATL_FINDING_XSRF] =
        {1027, "xsrf", "{label} refuses requests of its own pages as forged (XSRF check failed)",
         "the scheme, host or port {label} believes in differs from the one in the browser",
         "{setting}", SETTING(address)},
    [ATL_FINDING_APPLINKS] =
        {1028, "applinks",
         "httpd asks for a login on {context}/rest/applinks/, so application links fail",
         "an authentication of httpd's stands in front of what other applications ask without one",
         "<Location \"{context}/rest/applinks\">\n    Require all granted\n</Location>",
         NO_SETTING},
    [ATL_FINDING_BASE_URL] =
        {1029, "base-url", "the base URL in {label} is not {base-url}",
         "it was set for another address", "{setting}", SETTING(base_url)},
    [ATL_FINDING_MIXED_CONTENT] =
        {1030, "mixed-content",
         "{label} writes http:// addresses of its own into pages that people get by https:// "
         "(mixed content)",
         "{label} does not know that people come by https://, or its base URL begins with http://",
         "{setting}and see that its base URL is {base-url}", SETTING(address)},
    [ATL_FINDING_UPLOAD_SIZE] =
        {1031, "upload-size", "httpd refuses uploads to {label} as too large (413)",
         "a module of httpd's limits what may be sent: mod_security's SecRequestBodyLimit, usually",
         "in the virtual host of {line}:\n"
         "<Location \"{home-context}\">\n    SecRequestBodyAccess Off\n</Location>",
         NO_SETTING},
    [ATL_FINDING_UPLOAD_SLOW] =
        {1032, "upload-slow", "httpd gives up uploads to {label} that are slow (408)",
         "mod_reqtimeout wants a body to come faster than some connections can send it",
         "in the virtual host of {line}:\nRequestReadTimeout header=20-40,MinRate=500 body=120,MinRate=50",
         NO_SETTING},
    [ATL_FINDING_UPLOAD_CUT] =
        {1033, "upload-cut", "{label} closes the connection in the midst of an upload (502)",
         "it refuses the upload, too large or not allowed, and does not read it to its end, so that "
         "nobody sees its answer",
         "{setting}", SETTING(upload)},
    [ATL_FINDING_NODE_GONE] =
        {1034, "node-gone",
         "a node of {label} cannot be reached: its sessions are lost, others do its work",
         "it was stopped, crashed, or the network to it is down; the example names it",
         "start it, or take it out of {line}; see which node answers:\n"
         "for node in {nodes}; do curl -s --max-time 5 -o /dev/null -w \"$node %{http_code}\\n\" "
         "$node{status}; done",
         NO_SETTING},
    [ATL_FINDING_NODE_FLAPS] =
        {1035, "node-flaps", "a node of {label} comes and goes",
         "it crashes and is restarted, or is overloaded; each time its sessions are lost",
         "take the node that the example names out of {line} until its own log says why",
         NO_SETTING},
    [ATL_FINDING_CLUSTER_GONE] =
        {1036, "cluster-gone", "no node of {label} can be reached",
         "all nodes are stopped, or start, or the network to them is down",
         "start one; see which node answers:\n"
         "for node in {nodes}; do curl -s --max-time 5 -o /dev/null -w \"$node %{http_code}\\n\" "
         "$node{status}; done",
         NO_SETTING},
    [ATL_FINDING_SESSION_WANDERS] =
        {1037, "session-wanders",
         "browsers with a session of {label} come without a route to its node and lose the session",
         "something on the way drops the cookie {route-cookie}, or another balancer with other nodes "
         "serves the same address",
         "let all cookies pass in proxies in front of httpd, and give several httpds the same nodes in "
         "{line}",
         NO_SETTING},
    [ATL_FINDING_NODES_DIFFER] =
        {1038, "nodes-differ", "the nodes of {label} run different versions",
         "an upgrade was not done on all of them, or is going on",
         "install the same version on all nodes of {line}", NO_SETTING},
};
/* clang-format on */

#define ID_PREFIX "ATLP"

_Static_assert(ATL_FINDINGS <= 64, "atl_app.quiet has a bit for each");

static const char *id_of(apr_pool_t *p, const atl_finding *finding)
{
    return apr_psprintf(p, ID_PREFIX "%u", finding->number);
}

/* What somebody meant may be like an id, with its prefix or without, or be a finding's name. */
static const atl_finding *nearest(apr_pool_t *p, const char *word)
{
    const atl_finding *near = NULL;
    atl_nearest best = ATL_NEAREST_NONE;

    for (int i = 0; i < ATL_FINDINGS; i++) {
        const char *id = id_of(p, &atl_findings[i]);

        if (atl_nearer(&best, word, id) || atl_nearer(&best, word, id + sizeof(ID_PREFIX) - 1) ||
            atl_nearer(&best, word, atl_findings[i].name)) {
            near = &atl_findings[i];
        }
    }
    return near;
}

const char *atl_finding_find(apr_pool_t *p, const char *word, atl_finding_id *id)
{
    apr_size_t prefix = sizeof(ID_PREFIX) - 1;
    const char *digits = apr_cstr_casecmpn(word, ID_PREFIX, prefix) ? word : word + prefix;
    const atl_finding *near;

    for (int i = 0; i < ATL_FINDINGS; i++) {
        if (!strcmp(digits, apr_psprintf(p, "%u", atl_findings[i].number))) {
            *id = (atl_finding_id)i;
            return NULL;
        }
    }
    if (!strncmp(digits, "12", 2) && strlen(digits) == 4) {
        return apr_psprintf(
            p,
            "%s is not a finding: it is about the application's own configuration, and "
            "app-config=off keeps that unread",
            atl_quote(p, word));
    }
    near = nearest(p, word);
    if (!near) {
        return apr_psprintf(p,
                            "%s is not the id of a finding; ids are %s to %s, see docs/findings.md",
                            atl_quote(p, word), id_of(p, &atl_findings[0]),
                            id_of(p, &atl_findings[ATL_FINDINGS - 1]));
    }
    return apr_psprintf(
        p, "%s is not the id of a finding; the nearest is %s (%s), see docs/findings.md",
        atl_quote(p, word), id_of(p, near), near->name);
}

int atl_finding_is_quiet(const atl_app *app, atl_finding_id id)
{
    return (app->quiet >> id & 1) != 0;
}

static const char *setting_of(apr_pool_t *p, const atl_site *site, const atl_app *app,
                              const atl_finding *finding)
{
    const atl_setting *setting =
        (const atl_setting *)((const char *)app->product->cures + finding->setting);

    if (!setting->file) {
        return apr_psprintf(p, "see the documentation of %s\n", app->product->label);
    }
    return atl_app_setting(p, site, app, setting);
}

/* Bytes of the key of key=value with its "=", 0 for another word. */
static apr_size_t key_of(const char *word, apr_size_t len)
{
    const char *equals = memchr(word, '=', len);

    return equals ? (apr_size_t)(equals - word) + 1 : 0;
}

static int comes_again(const char *word, apr_size_t key, const char *rest)
{
    for (apr_size_t len = 0; *rest && *rest != '\n'; rest += len + (rest[len] == ' ')) {
        len = strcspn(rest, " \n");
        if (key_of(rest, len) == key && !apr_cstr_casecmpn(word, rest, key)) {
            return 1;
        }
    }
    return 0;
}

/* A line with one key more may have had that key before: the last one stays. */
static const char *without_doubled_keys(apr_pool_t *p, const char *cure)
{
    const char *line = strstr(cure, "AtlassianApp ");
    char *fixed, *to;

    if (!line) {
        return cure;
    }
    to = fixed = apr_pstrmemdup(p, cure, strlen(cure));
    to += line - cure;
    while (*line && *line != '\n') {
        apr_size_t len = strcspn(line, " \n"), key = key_of(line, len);
        apr_size_t whole = len + (line[len] == ' ');

        if (!key || !comes_again(line, key, line + whole)) {
            memcpy(to, line, whole);
            to += whole;
        }
        line += whole;
    }
    memcpy(to, line, strlen(line) + 1);
    return fixed;
}

static const char *nodes_of(apr_pool_t *p, const atl_app *app)
{
    const char *list = "";

    for (int i = 0; i < app->backends->nelts; i++) {
        list = apr_pstrcat(p, list, i ? " " : "",
                           APR_ARRAY_IDX(app->backends, i, atl_backend).origin, app->context, NULL);
    }
    return list;
}

void atl_finding_explain(apr_pool_t *p, const atl_site *site, const atl_app *app, atl_finding_id id,
                         atl_advice *advice)
{
    const atl_finding *finding = &atl_findings[id];
    const atl_backend *backend = &APR_ARRAY_IDX(app->backends, 0, atl_backend);
    /* clang-format off */
    const char *values[] = {
        "label", app->product->label,
        "name", app->product->name,
        "words", app->words,
        "line", apr_psprintf(p, "line %u of %s", app->line, app->file ? app->file : "?"),
        "host", site->public.host ? site->public.host : "the one people use",
        "base-url", atl_base_url(p, &site->public, app->context),
        "context", app->context,
        "home-context", *app->context ? app->context : "/",
        "backend", apr_pstrcat(p, backend->origin, app->context, NULL),
        "origin", backend->origin,
        "backend-host", backend->host,
        "backend-port", apr_psprintf(p, "%u", backend->port),
        "timeout", apr_psprintf(p, "%d", app->timeout),
        "longer", apr_psprintf(p, "%d", app->timeout * 3),
        "cookie", app->product->session_cookie,
        "synchrony", app->synchrony_path,
        "nodes", nodes_of(p, app),
        "status", app->product->status ? app->product->status : "/",
        "route-cookie", atl_cluster_cookie_name(p, app),
        "setting", strstr(finding->cure, "{setting}") ? setting_of(p, site, app, finding) : "",
        NULL};
    /* clang-format on */

    advice->symptom = atl_fill(p, finding->symptom, values);
    advice->cause = atl_fill(p, finding->cause, values);
    advice->cure = without_doubled_keys(p, atl_fill(p, finding->cure, values));
}

const char *atl_finding_line(apr_pool_t *p, const atl_site *site, const atl_app *app,
                             atl_finding_id id)
{
    atl_advice advice;
    char *cure, *to;

    atl_finding_explain(p, site, app, id, &advice);
    cure = to = apr_pstrdup(p, advice.cure);
    for (const char *c = cure; *c; c++) {
        int blank = *c == ' ' || *c == '\n';

        if (!blank || (to > cure && to[-1] != ' ')) {
            *to++ = blank ? ' ' : *c;
        }
    }
    *to = '\0';
    return apr_psprintf(p, "%s: %s. Cause: %s. Cure: %s", atl_app_name(p, app), advice.symptom,
                        advice.cause, cure);
}
