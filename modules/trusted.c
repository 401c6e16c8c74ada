/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "trusted.h"
#include "log.h"
#include "server_conf.h"

#include "http_log.h"

#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

/* ------------------------------------------------------------------ whom the lines name */

static int has_all_of(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int same = 1;

    for (int i = 0; same && i < b->nelts; i++) {
        same = ap_array_str_index(a, APR_ARRAY_IDX(b, i, const char *), 0) >= 0;
    }
    return same;
}

static int same_list(const apr_array_header_t *a, const apr_array_header_t *b)
{
    return has_all_of(a, b) && has_all_of(b, a);
}

/* A client's address belongs to the virtual host, so its lines must say the same or nothing. */
int atl_trusted_collect(apr_pool_t *p, server_rec *s)
{
    atl_server_conf *conf = atl_server_conf_of(s);
    const atl_app *said = NULL;

    for (int i = 0; i < conf->site.apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(conf->site.apps, i, const atl_app *);

        if (!app->trusted->nelts) {
            continue;
        }
        if (said && !same_list(said->trusted, app->trusted)) {
            ap_log_error(
                APLOG_MARK, APLOG_ERR, 0, s,
                ATL_LOGNO(0104) "AtlassianApp: %s and %s name different load balancers in "
                                "trusted-proxy=, but a virtual host has one set; write the "
                                "same list in both, or in one of them only",
                atl_app_name(p, said), atl_app_name(p, app));
            return !OK;
        }
        said = app;
    }
    if (said) {
        conf->site.trusted = said->trusted;
        conf->trusted = said->trusted_networks;
    }
    return OK;
}

/* ------------------------------------------------------------------ mod_remoteip */

static int names_its_own(const atl_sections *sections, const server_rec *s)
{
    static const char *const lists[] = {"RemoteIPInternalProxy", "RemoteIPInternalProxyList",
                                        "RemoteIPTrustedProxy", "RemoteIPTrustedProxyList"};
    int found = 0;

    for (apr_size_t i = 0; !found && i < sizeof(lists) / sizeof(lists[0]); i++) {
        found = atl_directive_of(sections, s, lists[i]) != NULL;
    }
    return found;
}

/* Merging loses which addresses speak the PROXY protocol, all of which the main server's record
 * knows: that one stays, and who shares it gets a copy. */
static void leave_alone(apr_pool_t *p, const server_rec *main_server, const module *m)
{
    void *shared = ap_get_module_config(main_server->module_config, m);

    for (server_rec *s = main_server->next; s; s = s->next) {
        if (ap_get_module_config(s->module_config, m) == shared) {
            ap_set_module_config(s->module_config, m,
                                 m->merge_server_config(p, shared, m->create_server_config(p, s)));
        }
    }
}

void atl_trusted_own_record(apr_pool_t *p, server_rec *s, const server_rec *main_server,
                            const atl_sections *sections)
{
    const module *m = ap_find_linked_module("mod_remoteip.c");

    if (s == main_server) {
        leave_alone(p, main_server, m);
        return;
    }
    /* A list of the virtual host's own is in no other record. Without one the record, even if it is
     * the virtual host's, has the very list of the main server, which others have as well. What else
     * a record says is the header, which is fed, and one that names proxies that are not internal. */
    if (!names_its_own(sections, s)) {
        ap_set_module_config(s->module_config, m, m->create_server_config(p, s));
    }
}

/* RemoteIPHeader alone believes anybody: what it names is a client's to say only through the load
 * balancers of trusted-proxy=, and there it is X-Forwarded-For. */
void atl_trusted_replace(apr_pool_t *p, server_rec *s, const server_rec *main_server,
                         const atl_sections *sections)
{
    atl_server_conf *conf = atl_server_conf_of(s);
    const char *args = atl_directive_of(sections, s, "RemoteIPHeader"), *advice;
    const atl_app *app = APR_ARRAY_IDX(conf->site.apps, 0, const atl_app *);

    conf->remoteip = ap_find_linked_module("mod_remoteip.c");
    args = args ? args : atl_directive_of(sections, main_server, "RemoteIPHeader");
    if (!args) {
        return;
    }
    conf->remoteip_header = ap_getword_conf(p, &args);
    if (conf->trusted->nelts && !ap_cstr_casecmp(conf->remoteip_header, "X-Forwarded-For")) {
        return;
    }
    advice = conf->trusted->nelts
                 ? "where trusted-proxy= has clients' addresses read from X-Forwarded-For; remove "
                   "RemoteIPHeader, and let the load balancer send X-Forwarded-For"
                 : "where such headers are believed from named load balancers only; add "
                   "trusted-proxy=ADDRESS,... to the line if there is one in front of httpd, else "
                   "remove RemoteIPHeader";
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, s,
        ATL_LOGNO(0103) "AtlassianApp on line %u of %s: RemoteIPHeader %s has no effect in "
                        "this virtual host, %s",
        app->line, app->file, conf->remoteip_header, advice);
}
