/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "forwarded.h"
#include "backend.h"
#include "log.h"
#include "network.h"
#include "server_conf.h"
#include "vouching.h"

#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_proxy.h"

#include <apr_strings.h>
#include <stdlib.h>

APLOG_USE_MODULE(atlassian_proxy);

/* ------------------------------------------------------------------ what clients may not say */

/* Hop-by-hop headers are dropped on the way to the application: a client must not have those
 * dropped that are set here, by naming them (2.4.53 and older drop after they are set). */
static void clean_connection(request_rec *r)
{
    const char *list = apr_table_get(r->headers_in, "Connection");
    char *kept, *end, *last = NULL;
    int found = 0;

    if (!list) {
        return;
    }
    /* Strangers choose how many there are: one piece of memory for all. */
    kept = end = apr_palloc(r->pool, strlen(list) + 2);
    for (char *item = apr_strtok(apr_pstrdup(r->pool, list), ", \t", &last); item;
         item = apr_strtok(NULL, ", \t", &last)) {
        if (atl_vouching_of(item)) {
            found = 1;
        }
        else {
            *end++ = ',';
            end = apr_cpystrn(end, item, strlen(item) + 1);
        }
    }
    if (found && end > kept) {
        apr_table_setn(r->headers_in, "Connection", kept + 1);
    }
    else if (found) {
        apr_table_unset(r->headers_in, "Connection");
    }
}

/* kind: the least that is dropped. keep: the one header mod_remoteip will still read, or NULL. */
static void drop_vouching(request_rec *r, atl_vouching_kind kind, const char *keep)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);

    /* Backwards: unsetting one moves those after it. */
    for (int i = headers->nelts - 1; i >= 0; i--) {
        const char *name = APR_ARRAY_IDX(headers, i, apr_table_entry_t).key;

        if (atl_vouching_of(name) >= kind && !(keep && !ap_cstr_casecmp(name, keep))) {
            apr_table_unset(r->headers_in, name);
            i = i > headers->nelts ? headers->nelts : i; /* it may have stood there twice */
        }
    }
}

/* ------------------------------------------------------------------ what load balancers say */

/* The record a request shares with those it was redirected from and its subrequests. */
static const atl_forwarded *forwarded_of(const request_rec *r)
{
    const atl_request *request;

    while (r->main || r->prev) {
        r = r->main ? r->main : r->prev;
    }
    request = ap_get_module_config(r->request_config, &atlassian_proxy_module);
    return request ? request->forwarded : NULL;
}

/* The nearest proxy wrote the last item; those before it may be a client's. */
static const char *last_item(request_rec *r, const char *header)
{
    const char *list = apr_table_get(r->headers_in, header), *comma;
    char *item;

    if (!list) {
        return NULL;
    }
    comma = strrchr(list, ',');
    item = apr_pstrdup(r->pool, comma ? comma + 1 : list);
    apr_collapse_spaces(item, item);
    return item;
}

static unsigned port_of(const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");
    int port = digits && digits < 6 && !text[digits] ? atoi(text) : 0;

    return port > 65535 ? 0 : (unsigned)port;
}

/* Many load balancers hand on the X-Forwarded-Host they got: one that is none of this virtual host's
 * names was a client's idea. */
static int is_own_name(request_rec *r, const char *name)
{
    return !atl_server_conf_of(r->server)->site.public.host ||
           ap_matches_request_vhost(r, name, r->server->port);
}

static const char *believe_host(request_rec *r, const char *said)
{
    const char *host;
    unsigned port = 0;

    if (atl_authority_read(r->pool, said, &host, &port) || !is_own_name(r, host)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_DEBUG, 0, r,
            ATL_LOGNO(0202) "X-Forwarded-Host \"%.255s\" of load balancer %s is not believed: "
                            "it is neither the ServerName nor a ServerAlias of this virtual host; "
                            "if people "
                            "use it, add ServerAlias",
            said, r->connection->client_ip);
        return NULL;
    }
    said = port ? apr_psprintf(r->pool, "%s:%u", host, port) : host;
    apr_table_setn(r->headers_in, "Host", said);
    r->hostname = *host == '[' ? apr_pstrmemdup(r->pool, host + 1, strlen(host) - 2) : host;
    r->parsed_uri.port = (apr_port_t)port;
    r->parsed_uri.port_str = port ? apr_itoa(r->pool, (int)port) : NULL;
    return said;
}

static void believe(request_rec *r)
{
    atl_forwarded *forwarded = apr_pcalloc(r->pool, sizeof(*forwarded));
    const char *scheme = last_item(r, "X-Forwarded-Proto"),
               *host = last_item(r, "X-Forwarded-Host");
    const char *port = last_item(r, "X-Forwarded-Port");

    if (scheme && (!ap_cstr_casecmp(scheme, "https") || !ap_cstr_casecmp(scheme, "wss"))) {
        forwarded->scheme = "https";
    }
    else if (scheme && (!ap_cstr_casecmp(scheme, "http") || !ap_cstr_casecmp(scheme, "ws"))) {
        forwarded->scheme = "http";
    }
    forwarded->port = port ? port_of(port) : 0;
    forwarded->host = host ? believe_host(r, host) : NULL;
    atl_request_make(r)->forwarded = forwarded;
}

/* What was believed, for administrators' own rules: RewriteCond %{HTTP:X-Forwarded-Proto}. */
static void say_believed(request_rec *r, const atl_forwarded *forwarded)
{
    if (forwarded && forwarded->scheme) {
        apr_table_setn(r->headers_in, "X-Forwarded-Proto", forwarded->scheme);
    }
    if (forwarded && forwarded->host) {
        apr_table_setn(r->headers_in, "X-Forwarded-Host", forwarded->host);
    }
    if (forwarded && forwarded->port) {
        apr_table_setn(r->headers_in, "X-Forwarded-Port", apr_itoa(r->pool, (int)forwarded->port));
    }
}

/* Whether trusted-proxy= names the address the connection comes from. */
static int is_trusted(const atl_server_conf *conf, const conn_rec *c)
{
    return atl_networks_have(conf->trusted, c->client_addr);
}

/* A balancer that speaks the PROXY protocol may hand on a client's bytes as they are, so its headers
 * are the client's. mod_remoteip, whose record of a connection says so, does not read them either. */
static int has_proxy_protocol(const atl_server_conf *conf, const conn_rec *c)
{
    return conf->remoteip && ap_get_module_config(c->conn_config, conf->remoteip);
}

static int clean_request(request_rec *r)
{
    const atl_server_conf *conf = atl_server_conf_of(r->server);
    int trusted;

    if (!conf->site.apps->nelts) {
        return DECLINED;
    }
    trusted = is_trusted(conf, r->connection) && !has_proxy_protocol(conf, r->connection);
    clean_connection(r);
    /* An error found while the headers were read is redirected to its ErrorDocument without having
     * been here: clean those too, but believe only first hand. */
    if (trusted && !r->prev) {
        believe(r);
    }
    drop_vouching(r, trusted ? ATL_VOUCHING_ADDRESS : ATL_VOUCHING_IDENTITY,
                  trusted && !r->prev ? "X-Forwarded-For" : NULL);
    if (conf->remoteip_header && !trusted) {
        apr_table_unset(r->headers_in, conf->remoteip_header);
    }
    say_believed(r, forwarded_of(r));
    return DECLINED;
}

/* What mod_remoteip leaves: in the header what it did not believe, and the address of a PROXY line
 * whoever sent it. */
static int after_remoteip(request_rec *r)
{
    const atl_server_conf *conf = atl_server_conf_of(r->server);
    conn_rec *c = r->connection;

    if (!conf->site.apps->nelts || !conf->trusted->nelts) {
        return DECLINED;
    }
    apr_table_unset(r->headers_in, "X-Forwarded-For");
    if (has_proxy_protocol(conf, c) && !is_trusted(conf, c)) {
        r->useragent_addr = c->client_addr;
        r->useragent_ip = c->client_ip;
    }
    return DECLINED;
}

/* ------------------------------------------------------------------ the public address */

/* All of httpd asks here, so that redirects, logs and expressions agree. */
static const char *http_scheme(const request_rec *r)
{
    const atl_forwarded *forwarded = forwarded_of(r);

    return forwarded ? forwarded->scheme : NULL;
}

static apr_port_t default_port(const request_rec *r)
{
    const char *scheme = http_scheme(r);

    return scheme ? !strcmp(scheme, "https") ? 443 : 80 : 0;
}

/* ServerName as people would type it, with the port it names or this virtual host listens on. */
static const char *server_name(const request_rec *r)
{
    const atl_public *public = &atl_server_conf_of(r->server)->site.public;

    if (!public->host) {
        return r->server->server_hostname;
    }
    /* The port belongs to the scheme: a load balancer may have said another one. */
    return strcmp(public->scheme, ap_http_scheme(r)) || ap_is_default_port(public->port, r)
               ? public->host
               : apr_psprintf(r->pool, "%s:%u", public->host, public->port);
}

const char *atl_request_host(const request_rec *r)
{
    const char *host = apr_table_get(r->headers_in, "Host");

    return host && *host ? host : server_name(r);
}

/* Without a ServerName there is no canonical name, whatever UseCanonicalName says. */
static const char *public_host(const request_rec *r, const char *host)
{
    const core_dir_config *d = ap_get_core_module_config(r->per_dir_config);

    return d->use_canonical_name == USE_CANONICAL_NAME_ON &&
                   atl_server_conf_of(r->server)->site.public.host
               ? server_name(r)
               : host;
}

const char *atl_public_url(const request_rec *r, const char *host, const char *path)
{
    return apr_pstrcat(r->pool, ap_http_scheme(r), "://", public_host(r, host), path, NULL);
}

/* A browser names the port in Host unless it is its scheme's own. */
static const char *public_port(const request_rec *r, const char *scheme, const char *host)
{
    const atl_forwarded *forwarded = forwarded_of(r);
    const char *colon = strrchr(host, ':');

    if (forwarded && forwarded->port) {
        return apr_itoa(r->pool, (int)forwarded->port);
    }
    if (colon && port_of(colon + 1)) {
        return colon + 1;
    }
    return strcmp(scheme, "https") ? "80" : "443";
}

/* ------------------------------------------------------------------ to the application */

static void say_compression(request_rec *r, const atl_app *app)
{
    if (app->compression != ATL_COMPRESSION_PASS) {
        apr_table_unset(r->headers_in, "Accept-Encoding");
    }
    if (app->compression == ATL_COMPRESSION_OFF) {
        apr_table_setn(r->subprocess_env, "no-gzip", "1");
        apr_table_setn(r->subprocess_env, "no-brotli", "1");
    }
}

void atl_forwarded_say(request_rec *r, const atl_request *request)
{
    const char *scheme = ap_http_scheme(r), *host = public_host(r, request->host);

    if (!strcmp(request->claim->backend->scheme, "https")) {
        /* Not preserved by mod_proxy, see expand.c: it would become the name to verify. */
        apr_table_setn(r->headers_in, "Host", request->host);
    }
    apr_table_setn(r->headers_in, "X-Forwarded-For", r->useragent_ip);
    apr_table_setn(r->headers_in, "X-Forwarded-Host", host);
    apr_table_setn(r->headers_in, "X-Forwarded-Proto", scheme);
    apr_table_setn(r->headers_in, "X-Forwarded-Port", public_port(r, scheme, host));
    say_compression(r, request->claim->app);
}

/* Runs on mod_proxy's copy of the headers, just before they are sent. */
static int proxy_fixups(request_rec *r)
{
    const atl_request *request = atl_request_of(r);

    if (!request) {
        return DECLINED;
    }
    atl_forwarded_say(r, request);
    return OK;
}

void atl_forwarded_register_hooks(apr_pool_t *p)
{
    static const char *const mod_remoteip[] = {"mod_remoteip.c", NULL};

    (void)p;
    /* Before everybody: mod_remoteip and mod_setenvif read headers in this phase too. */
    ap_hook_post_read_request(clean_request, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(after_remoteip, mod_remoteip, NULL, APR_HOOK_FIRST);
    /* Before mod_ssl's, which knows this connection's scheme only. */
    ap_hook_http_scheme(http_scheme, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_default_port(default_port, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* Optional: mod_proxy may be loaded after this module. */
    APR_OPTIONAL_HOOK(proxy, fixups, proxy_fixups, NULL, NULL, APR_HOOK_MIDDLE);
}
