/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "apply.h"
#include "backend_tls.h"
#include "cache.h"
#include "expand.h"
#include "large_body.h"
#include "log.h"
#include "public.h"
#include "section_match.h"
#include "server_conf.h"
#include "text.h"
#include "trusted.h"

#include "http_core.h"
#include "http_log.h"
#include "http_main.h"
#include "mod_proxy.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

/* ------------------------------------------------------------------ what httpd serves itself */

#define ACME_PATH "/.well-known/acme-challenge"

static int is_below(const char *path, const char *parent)
{
    apr_size_t len = strlen(parent);

    return !strncmp(path, parent, len) && path[len] == '/';
}

static void warn_shadowed(server_rec *s, const atl_claim *claim, const char *alias)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                 ATL_LOGNO(0101) "AtlassianApp %s gets no request for %s: ProxyPass %s claims the "
                                 "same path, and an explicit ProxyPass wins; remove one of the two",
                 atl_app_name(s->process->pconf, claim->app), *claim->path ? claim->path : "/",
                 alias);
}

static void add_pattern(apr_pool_t *p, server_rec *s, atl_server_conf *conf,
                        const struct proxy_alias *alias)
{
    const apr_array_header_t *claims = atl_routes_claims(conf->site.routes);

    APR_ARRAY_PUSH(atl_list_of(p, &conf->local_patterns, sizeof(ap_regex_t *)),
                   const ap_regex_t *) = alias->regex;
    APR_ARRAY_PUSH(atl_list_of(p, &conf->site.local_patterns, sizeof(alias->fake)), const char *) =
        alias->fake;
    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);

        if (claim->backend &&
            !ap_regexec(alias->regex, *claim->path ? claim->path : "/", 0, NULL, 0)) {
            warn_shadowed(s, claim, alias->fake);
        }
    }
}

static void add_prefix(apr_pool_t *p, server_rec *s, atl_server_conf *conf, const char *prefix)
{
    const apr_array_header_t *claims = atl_routes_claims(conf->site.routes);
    apr_size_t len = strlen(prefix);
    const char *path = len && prefix[len - 1] == '/' ? apr_pstrmemdup(p, prefix, len - 1) : prefix;
    const atl_claim *loser;

    for (int i = 0; i < claims->nelts; i++) {
        atl_claim *claim = APR_ARRAY_IDX(claims, i, atl_claim *);
        claim->shadowed |= claim->app && is_below(claim->path, path);
    }
    loser = atl_routes_add_local(conf->site.routes, path, NULL);
    if (loser) {
        warn_shadowed(s, loser, prefix);
    }
}

static int proxies(const ap_directive_t *d)
{
    while (d && ap_cstr_casecmp(d->directive, "ProxyPass")) {
        d = d->next;
    }
    return d != NULL;
}

/* The sections of one level with a ProxyPass in them: array of const ap_directive_t *. */
static apr_array_header_t *proxying(apr_pool_t *p, const ap_directive_t *d)
{
    apr_array_header_t *sections = apr_array_make(p, 0, sizeof(ap_directive_t *));

    for (; d; d = d->next) {
        if (proxies(d->first_child)) {
            APR_ARRAY_PUSH(sections, const ap_directive_t *) = d;
        }
    }
    return sections;
}

/* In a <Location> mod_proxy takes all there is below, longer paths of lines included. */
static void warn_of_locations(apr_pool_t *ptemp, server_rec *s, const atl_server_conf *conf,
                              const apr_array_header_t *sections)
{
    const apr_array_header_t *claims = atl_routes_claims(conf->site.routes);

    for (int j = 0; j < sections->nelts; j++) {
        const ap_directive_t *d = APR_ARRAY_IDX(sections, j, const ap_directive_t *);

        for (int i = 0; i < claims->nelts; i++) {
            const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);

            if (claim->backend &&
                atl_section_is_location_of(ptemp, d, *claim->path ? claim->path : "/")) {
                warn_shadowed(s, claim,
                              apr_pstrcat(ptemp, "in ", d->directive, " ", d->args, NULL));
            }
        }
    }
}

/* An administrator's own ProxyPass is an explicit claim: for its path and below it wins, unless
 * an app has a longer one. mod_proxy would take the first match instead; claims it would take are
 * marked as shadowed. Its records are read, not linked to: this module may be loaded before it. */
static void add_proxy_aliases(apr_pool_t *p, server_rec *s, atl_server_conf *conf)
{
    const proxy_server_conf *proxy =
        ap_get_module_config(s->module_config, ap_find_linked_module("mod_proxy.c"));

    for (int i = 0; i < proxy->aliases->nelts; i++) {
        const struct proxy_alias *alias = &APR_ARRAY_IDX(proxy->aliases, i, struct proxy_alias);

        if (alias->regex) {
            add_pattern(p, s, conf, alias);
        }
        else {
            add_prefix(p, s, conf, alias->fake);
        }
    }
}

/* Certificates are renewed here (mod_md, certbot) whatever is proxied at the root. */
static void add_acme(atl_server_conf *conf)
{
    const atl_claim *owner = atl_routes_find(conf->site.routes, ACME_PATH);

    if (owner && owner->backend) {
        atl_routes_add_local(conf->site.routes, ACME_PATH, owner->app);
    }
}

/* ------------------------------------------------------------------ feeding httpd */

static ap_directive_t *tree_of(apr_pool_t *p, const apr_array_header_t *nodes,
                               ap_directive_t *parent)
{
    ap_directive_t *head = NULL, **next = &head;

    for (int i = 0; i < nodes->nelts; i++) {
        const atl_node *node = &APR_ARRAY_IDX(nodes, i, atl_node);
        ap_directive_t *d;

        d = apr_pcalloc(p, sizeof(*d));
        d->directive = node->directive;
        d->args = node->args;
        d->filename = node->app->file;
        d->line_num = (int)node->app->line;
        d->parent = parent;
        d->first_child = node->children ? tree_of(p, node->children, d) : NULL;
        *next = d;
        next = &d->next;
    }
    return head;
}

/* What all virtual hosts have in common while they are completed. */
typedef struct common {
    server_rec *main_server;
    atl_sections *sections;
    apr_array_header_t *proxying; /* sections of the main server's part */
    const char *ca_file;
    proxy_server_conf *blank; /* a record that says nothing; NULL: not made yet */
} common;

/* By now virtual hosts that say nothing of mod_proxy or mod_cache share the main server's record. A
 * server with apps gets one of its own, merged as httpd would have: what is fed to it must reach no
 * other. blank: a record that says nothing. */
static void own_record(apr_pool_t *p, server_rec *s, const module *m, void *blank)
{
    ap_set_module_config(
        s->module_config, m,
        m->merge_server_config(p, ap_get_module_config(s->module_config, m), blank));
}

static void own_record_of(apr_pool_t *p, server_rec *s, const char *file)
{
    const module *m = ap_find_linked_module(file);

    if (m && m->create_server_config && m->merge_server_config) {
        own_record(p, s, m, m->create_server_config(p, s));
    }
}

/* mod_proxy gives every new record room for ten of everything and a pool, 13 KiB; one is enough for
 * thousands of virtual hosts. It inherits, whatever the virtual host does: else merging would take its
 * lists for those of the virtual host's own balancers, workers and remotes. */
static void own_proxy_record(apr_pool_t *p, server_rec *s, common *all)
{
    const module *m = ap_find_linked_module("mod_proxy.c");
    const proxy_server_conf *base = ap_get_module_config(s->module_config, m);
    proxy_server_conf *blank = all->blank, *own;

    if (!blank) {
        all->blank = blank = m->create_server_config(p, s);
        blank->inherit = blank->inherit_set = blank->ppinherit = blank->ppinherit_set = 1;
    }
    blank->bal_persist = base->bal_persist; /* which has no "set" */
    own_record(p, s, m, blank);
    own = ap_get_module_config(s->module_config, m);
    own->inherit = base->inherit;
    own->inherit_set = base->inherit_set;
    own->ppinherit = base->ppinherit;
    own->ppinherit_set = base->ppinherit_set;
}

static int has_cluster(const atl_server_conf *conf)
{
    const apr_array_header_t *claims = atl_routes_claims(conf->site.routes);
    int found = 0;

    for (int i = 0; !found && i < claims->nelts; i++) {
        found = APR_ARRAY_IDX(claims, i, const atl_claim *)->cluster != NULL;
    }
    return found;
}

/* mod_proxy_hcheck looks after the balancers of a server that has a record of its own, ten times a
 * second, which takes 100 KiB of a child in httpd 2.4.62; it cannot merge any. */
static void own_health_record(apr_pool_t *p, server_rec *s)
{
    const module *hcheck = ap_find_linked_module("mod_proxy_hcheck.c");

    if (hcheck && s != ap_server_conf && has_cluster(atl_server_conf_of(s)) &&
        ap_get_module_config(s->module_config, hcheck) ==
            ap_get_module_config(ap_server_conf->module_config, hcheck)) {
        ap_set_module_config(s->module_config, hcheck, hcheck->create_server_config(p, s));
    }
}

/* As httpd sets up its own walk (server/config.c, ap_process_config_tree). path: of the <Location>
 * that context is the configuration of; NULL outside of any. */
static const char *feed(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, ap_directive_t *tree,
                        ap_conf_vector_t *context, char *path, const ap_directive_t **culprit)
{
    cmd_parms parms;
    const char *error;

    memset(&parms, 0, sizeof(parms));
    parms.path = path;
    parms.pool = p;
    parms.temp_pool = ptemp;
    parms.server = s;
    parms.override = (RSRC_CONF | OR_ALL) & ~(OR_AUTHCFG | OR_LIMIT);
    parms.override_opts = OPT_ALL | OPT_SYM_OWNER | OPT_MULTI;
    parms.limited = -1;
    error = tree ? ap_walk_config(tree, &parms, context) : NULL; /* an error is some directive's */
    *culprit = parms.err_directive ? parms.err_directive : tree;
    return error;
}

/* The administrator wrote none of this: blame his line, then quote the one that failed. */
static int report(server_rec *s, const ap_directive_t *culprit, const char *error)
{
    ap_log_error(
        APLOG_MARK, APLOG_ERR, 0, s,
        ATL_LOGNO(0102) "AtlassianApp on line %d of %s: httpd does not accept what the line "
                        "stands for, \"%s %s\": %s",
        culprit->line_num, culprit->filename, culprit->directive, culprit->args, error);
    return !OK;
}

/* Of several <Proxy> sections for one address mod_ssl takes the last one's SSLProxy* lines, all of
 * them or none. What an administrator's own sections say is merged into those fed here, so that a
 * client certificate is not lost. others: how many sections there were before. */
static void keep_own_tls(apr_pool_t *p, const proxy_server_conf *proxy, int others)
{
    const module *ssl = ap_find_linked_module("mod_ssl.c");
    const module *mod_proxy = ap_find_linked_module("mod_proxy.c");

    for (int i = others; ssl && i < proxy->sec_proxy->nelts; i++) {
        ap_conf_vector_t *ours = APR_ARRAY_IDX(proxy->sec_proxy, i, ap_conf_vector_t *);
        const char *url = ((proxy_dir_conf *)ap_get_module_config(ours, mod_proxy))->p;
        void *merged = NULL;

        for (int j = 0; j < others; j++) {
            ap_conf_vector_t *theirs = APR_ARRAY_IDX(proxy->sec_proxy, j, ap_conf_vector_t *);
            const proxy_dir_conf *section = ap_get_module_config(theirs, mod_proxy);
            void *tls = ap_get_module_config(theirs, ssl);

            /* As mod_proxy itself matches (mod_proxy.c, proxy_walk). */
            if (tls && (section->r              ? !ap_regexec(section->r, url, 0, NULL, 0)
                        : section->p_is_fnmatch ? !apr_fnmatch(section->p, url, 0)
                                                : !strncmp(url, section->p, strlen(section->p)))) {
                merged = merged ? ssl->merge_dir_config(p, merged, tls) : tls;
            }
        }
        if (merged && ap_get_module_config(ours, ssl)) {
            ap_set_module_config(ours, ssl,
                                 ssl->merge_dir_config(p, merged, ap_get_module_config(ours, ssl)));
        }
    }
}

/* The configuration that a request for a file to be kept gets at last, see cache.c. */
static int apply_cache(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, atl_server_conf *conf)
{
    const atl_app *app = APR_ARRAY_IDX(conf->site.apps, 0, const atl_app *);
    ap_directive_t *tree = tree_of(ptemp, atl_expand_cache(ptemp, app), NULL);
    const ap_directive_t *culprit = NULL;
    const char *error;

    conf->cache = ap_create_per_dir_config(p);
    error = feed(p, ptemp, s, tree, conf->cache, apr_pstrdup(p, "/"), &culprit);
    return error ? report(s, culprit ? culprit : tree, error) : OK;
}

static int apply(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, atl_server_conf *conf,
                 common *all)
{
    const ap_directive_t *culprit = NULL;
    const proxy_server_conf *proxy;
    ap_directive_t *tree;
    const char *error;
    int sections;

    own_proxy_record(p, s, all);
    atl_large_body_apply(s);
    own_health_record(p, s);
    if (conf->site.trusted->nelts) {
        atl_trusted_own_record(p, s, all->main_server, all->sections);
    }
    if (conf->site.cache_root) {
        own_record_of(p, s, "mod_cache.c");
    }
    conf->site.workers = atl_workers_assign(p, ptemp, atl_routes_claims(conf->site.routes));
    /* Handlers keep copies of what they are told, not the lines. */
    tree = tree_of(ptemp, atl_expand_applied(ptemp, &conf->site), NULL);
    proxy = ap_get_module_config(s->module_config, ap_find_linked_module("mod_proxy.c"));
    sections = proxy->sec_proxy->nelts;
    error = feed(p, ptemp, s, tree, s->lookup_defaults, NULL, &culprit);
    if (error) {
        return report(s, culprit, error);
    }
    keep_own_tls(p, proxy, sections);
    return conf->site.cache_root ? apply_cache(p, ptemp, s, conf) : OK;
}

/* mod_ssl looks into the file of ca= at start only; before that a reload with a wrong one ends httpd. */
static int check_ca(apr_pool_t *p, server_rec *s, const atl_server_conf *conf)
{
    for (int i = 0; i < conf->site.apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(conf->site.apps, i, const atl_app *);

        if (app->ca && !atl_backend_tls_can_read(ap_server_root_relative(p, app->ca))) {
            ap_log_error(
                APLOG_MARK, APLOG_ERR, 0, s,
                ATL_LOGNO(0102) "AtlassianApp on line %u of %s: ca=%s: there is no "
                                "certificate in this file; it has those of the authorities, "
                                "in PEM: -----BEGIN CERTIFICATE-----",
                app->line, app->file, app->ca);
            return !OK;
        }
    }
    return OK;
}

/* ------------------------------------------------------------------ once all lines are read */

static void warn_of_server_name(apr_pool_t *ptemp, server_rec *s, const atl_server_conf *conf,
                                const atl_sections *sections)
{
    const char *contradiction = atl_public_contradiction(ptemp, sections, s);

    if (contradiction) {
        const atl_app *app = APR_ARRAY_IDX(conf->site.apps, 0, const atl_app *);
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     ATL_LOGNO(0105) "AtlassianApp on line %u of %s: %s", app->line, app->file,
                     contradiction);
    }
}

/* The bundle OpenSSL-using packages of this system share. */
static const char *system_ca_file(apr_pool_t *p)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
        "/etc/ssl/ca-bundle.pem",                            /* SUSE */
        "/etc/ssl/cert.pem"};
    apr_finfo_t info;

    for (apr_size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (apr_stat(&info, places[i], APR_FINFO_TYPE, p) == APR_SUCCESS &&
            info.filetype == APR_REG) {
            return places[i];
        }
    }
    return NULL;
}

static int complete(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, common *all)
{
    atl_server_conf *conf = atl_server_conf_of(s);
    int status;

    conf->site.ca_file = all->ca_file;
    atl_public_of(all->sections, s, &conf->site.public);
    add_proxy_aliases(p, s, conf);
    warn_of_locations(ptemp, s, conf, all->proxying);
    if (s->is_virtual) {
        warn_of_locations(ptemp, s, conf, proxying(ptemp, atl_directives_of(all->sections, s)));
    }
    add_acme(conf);
    if ((status = atl_trusted_collect(p, s)) != OK ||
        (status = atl_cache_prepare(p, s, all->sections, all->main_server)) != OK ||
        (status = apply(p, ptemp, s, conf, all)) != OK ||
        (status = check_ca(ptemp, s, conf)) != OK) {
        return status;
    }
    atl_trusted_replace(p, s, all->main_server, all->sections);
    warn_of_server_name(ptemp, s, conf, all->sections);
    return OK;
}

/* Runs for "apachectl configtest" too, after all lines are read and servers are merged. So the
 * order of lines cannot matter, and nothing fed to the main server reaches virtual hosts. */
static int check_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    common all = {.main_server = main_server};
    apr_pool_t *scratch;
    int status = OK;

    (void)plog;
    /* What one virtual host needs for the moment must not add up over thousands: httpd keeps the
     * memory, and its children's share of it. */
    apr_pool_create(&scratch, ptemp);
    for (server_rec *s = main_server; s && status == OK; s = s->next) {
        if (!atl_server_conf_of(s)->site.apps->nelts) {
            continue;
        }
        if (!all.sections) {
            all.sections = atl_sections_index(ptemp);
            all.proxying = proxying(ptemp, ap_conftree);
            all.ca_file = system_ca_file(ptemp);
        }
        status = complete(p, scratch, s, &all);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return status;
}

void atl_apply_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
}
