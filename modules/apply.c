/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "apply.h"
#include "expand.h"
#include "log.h"
#include "public.h"
#include "server_conf.h"
#include "text.h"

#include "http_core.h"
#include "http_log.h"
#include "mod_proxy.h"

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

static void add_pattern(server_rec *s, atl_server_conf *conf, const struct proxy_alias *alias)
{
    const apr_array_header_t *claims = atl_routes_claims(conf->site.routes);

    APR_ARRAY_PUSH(conf->local_patterns, const ap_regex_t *) = alias->regex;
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
            add_pattern(s, conf, alias);
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

        if (!node->applied) {
            continue;
        }
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

/* As httpd sets up its own walk (server/config.c, ap_process_config_tree). */
static const char *feed(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, ap_directive_t *tree,
                        const ap_directive_t **culprit)
{
    cmd_parms parms;
    const char *error;

    memset(&parms, 0, sizeof(parms));
    parms.pool = p;
    parms.temp_pool = ptemp;
    parms.server = s;
    parms.override = (RSRC_CONF | OR_ALL) & ~(OR_AUTHCFG | OR_LIMIT);
    parms.override_opts = OPT_ALL | OPT_SYM_OWNER | OPT_MULTI;
    parms.limited = -1;
    error = ap_walk_config(tree, &parms, s->lookup_defaults);
    *culprit = parms.err_directive;
    return error;
}

/* The administrator wrote none of this: blame his line, then quote the one that failed. */
static int report(server_rec *s, const ap_directive_t *culprit, const char *error)
{
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                 ATL_LOGNO(0102) "AtlassianApp on line %d of %s: httpd does not accept what the line "
                 "stands for, \"%s %s\": %s", culprit->line_num, culprit->filename,
                 culprit->directive, culprit->args, error);
    return !OK;
}

static int apply(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, atl_server_conf *conf)
{
    const ap_directive_t *culprit = NULL;
    ap_directive_t *tree;
    const char *error;

    conf->site.workers = atl_workers_assign(p, atl_routes_claims(conf->site.routes));
    tree = tree_of(p, atl_expand(p, &conf->site), NULL);
    error = feed(p, ptemp, s, tree, &culprit);
    return error ? report(s, culprit ? culprit : tree, error) : OK;
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
        if (apr_stat(&info, places[i], APR_FINFO_TYPE, p) == APR_SUCCESS && info.filetype == APR_REG) {
            return places[i];
        }
    }
    return NULL;
}

/* Runs for "apachectl configtest" too, after all lines are read and servers are merged. So the
 * order of lines cannot matter, and nothing fed to the main server reaches virtual hosts. */
static int check_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    atl_sections *sections = NULL;
    const char *ca_file = NULL;

    (void)plog;
    for (server_rec *s = main_server; s; s = s->next) {
        atl_server_conf *conf = atl_server_conf_of(s);
        int status;

        if (!conf->site.apps->nelts) {
            continue;
        }
        if (!sections) {
            sections = atl_sections_index(ptemp);
            ca_file = system_ca_file(ptemp);
        }
        conf->site.ca_file = ca_file;
        atl_public_of(sections, s, &conf->site.public);
        add_proxy_aliases(p, s, conf);
        add_acme(conf);
        if ((status = apply(p, ptemp, s, conf)) != OK) {
            return status;
        }
    }
    return OK;
}

void atl_apply_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
}
