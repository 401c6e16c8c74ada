/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "public.h"

#include "http_config.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

struct atl_sections {
    apr_hash_t *by_place;   /* place -> ap_directive_t * of <VirtualHost */
    apr_table_t *main_args; /* of the main server's directives, the last of several */
};

/* httpd has one copy of a file's name for all of its directives and virtual hosts. */
typedef struct place {
    const char *file;
    apr_size_t line; /* as wide as a pointer: keys are compared whole, so nothing may lie between */
} place;

atl_sections *atl_sections_index(apr_pool_t *p)
{
    atl_sections *sections = apr_palloc(p, sizeof(*sections));

    sections->by_place = apr_hash_make(p);
    sections->main_args = apr_table_make(p, 64);
    for (const ap_directive_t *d = ap_conftree; d; d = d->next) {
        if (!ap_cstr_casecmp(d->directive, "<VirtualHost")) {
            place *at = apr_palloc(p, sizeof(*at));

            *at = (place){d->filename, (apr_size_t)d->line_num};
            apr_hash_set(sections->by_place, at, sizeof(*at), d);
        }
        else {
            apr_table_setn(sections->main_args, d->directive, d->args);
        }
    }
    return sections;
}

/* The last of several, as httpd's own setters have it. */
static const char *args_in(const ap_directive_t *d, const char *name)
{
    const char *args = NULL;

    for (; d; d = d->next) {
        if (!ap_cstr_casecmp(d->directive, name)) {
            args = d->args;
        }
    }
    return args;
}

const ap_directive_t *atl_directives_of(const atl_sections *sections, const server_rec *s)
{
    const ap_directive_t *d = ap_conftree;

    if (s->is_virtual) {
        const place at = {s->defn_name, s->defn_line_number};

        d = apr_hash_get(sections->by_place, &at, sizeof(at));
        d = d ? d->first_child : NULL;
    }
    return d;
}

const char *atl_directive_of(const atl_sections *sections, const server_rec *s, const char *name)
{
    return s->is_virtual ? args_in(atl_directives_of(sections, s), name)
                         : apr_table_get(sections->main_args, name);
}

static unsigned listening_port(const server_rec *s)
{
    if (s->addrs && s->addrs->host_port) {
        return s->addrs->host_port;
    }
    return s->port;
}

/* <VirtualHost *> listens on all there are. */
static int listens_on(const server_rec *s, unsigned port)
{
    for (const server_addr_rec *address = s->addrs; address; address = address->next) {
        if (!address->host_port || address->host_port == port) {
            return 1;
        }
    }
    return !s->addrs;
}

static int has_tls(const atl_sections *sections, const server_rec *s)
{
    const char *engine = atl_directive_of(sections, s, "SSLEngine");

    engine = engine ? engine : apr_table_get(sections->main_args, "SSLEngine"); /* inherited */
    return engine ? !ap_cstr_casecmp(engine, "on") : listening_port(s) == 443;
}

/* httpd takes any word before :// and means http by all but one. */
static const char *declared_scheme(const server_rec *s)
{
    return !s->server_scheme ? NULL : strcmp(s->server_scheme, "https") ? "http" : "https";
}

void atl_public_of(const atl_sections *sections, const server_rec *s, atl_public *public)
{
    const char *name = atl_directive_of(sections, s, "ServerName");

    public->scheme = declared_scheme(s);
    if (!public->scheme || has_tls(sections, s)) {
        /* On a connection with TLS mod_ssl says https, whatever is declared. */
        public->scheme = has_tls(sections, s) ? "https" : "http";
    }
    public->host = name ? s->server_hostname : NULL;
    /* ServerName's own port, or its scheme's, is the public one; TLS may end in front of httpd. */
    public->port = name && s->port ? s->port : s->server_scheme ? 0 : listening_port(s);
    if (!public->port) {
        public->port = strcmp(public->scheme, "https") ? 80 : 443;
    }
}

static apr_size_t host_length(const char *name)
{
    apr_size_t len = 0;

    while (apr_isalnum(name[len]) || (name[len] && strchr("-._[]:", name[len]))) {
        len++;
    }
    return len;
}

const char *atl_public_contradiction(apr_pool_t *p, const atl_sections *sections,
                                     const server_rec *s)
{
    const char *name = atl_directive_of(sections, s, "ServerName");
    unsigned listens = listening_port(s);

    if (!name) {
        return NULL;
    }
    if (s->server_hostname[host_length(s->server_hostname)] == '/') {
        return apr_psprintf(
            p,
            "ServerName %s has a path; leave it out, a path belongs to the application's "
            "address in the line",
            name);
    }
    if (s->server_hostname[host_length(s->server_hostname)]) {
        return apr_psprintf(
            p,
            "ServerName %s: a name here is made of letters, digits, - and . only; of another "
            "write the DNS form, which begins with xn-- (\"idn2 name\" prints it)",
            name);
    }
    if (s->server_scheme && strcmp(s->server_scheme, "http") && strcmp(s->server_scheme, "https")) {
        return apr_psprintf(
            p,
            "ServerName %s: a public address begins with http:// or https://; write "
            "ServerName %s",
            name, s->server_hostname);
    }
    if (s->server_scheme && !strcmp(s->server_scheme, "http") && has_tls(sections, s)) {
        return apr_psprintf(p,
                            "ServerName %s says http, but this virtual host speaks TLS; write "
                            "ServerName %s",
                            name, s->server_hostname);
    }
    if (!s->server_scheme && s->is_virtual && s->port && listens && !listens_on(s, s->port)) {
        return apr_psprintf(p,
                            "ServerName %s names port %u, but this virtual host listens on %u; if "
                            "something in front maps the port, declare it: ServerName %s://%s:%u, "
                            "else leave the port out",
                            name, s->port, listens,
                            s->port == 443 || has_tls(sections, s) ? "https" : "http",
                            s->server_hostname, s->port);
    }
    return NULL;
}
