/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "shortcut.h"
#include "cluster.h"
#include "late_worker.h"
#include "proxy_name.h"
#include "server_conf.h"

#include "http_config.h"
#include "http_core.h"
#include "mod_proxy.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <dlfcn.h>

/* The <Proxy> sections of one scheme, host and port. */
typedef struct sections {
    ap_conf_vector_t *merged; /* what holds for all below the bare URL */
    int deeper;               /* an administrator's hold for a part of it: mod_proxy must look */
} sections;

/* Since 2.4.62 mod_proxy_balancer leaves a balancer's URL as it is, and has each node's worked out;
 * before, the other way round. */
static int canon_per_node;

/* ------------------------------------------------------------------ once */

/* Bytes of scheme://host[:port]/ in a URL; 0 where it does not reach that far. */
static apr_size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://"), *slash = host ? strchr(host + 3, '/') : NULL;

    return slash ? (apr_size_t)(slash - url) + 1 : 0;
}

static apr_hash_t *urls_of(apr_pool_t *ptemp, const apr_array_header_t *workers)
{
    apr_hash_t *urls = apr_hash_make(ptemp);

    for (int i = 0; i < workers->nelts; i++) {
        const atl_worker *worker = APR_ARRAY_IDX(workers, i, const atl_worker *);

        apr_hash_set(urls, worker->url, APR_HASH_KEY_STRING, worker);
    }
    return urls;
}

/* The sections by their origin, merged as mod_proxy would (mod_proxy.c, proxy_walk); NULL when one is
 * a pattern, or shorter than an origin, and so may hold for anything. ours: URLs of this module's
 * own, a deeper one of which belongs to another claim. */
static apr_hash_t *sections_of(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s,
                               const module *mod_proxy, apr_hash_t *ours)
{
    const proxy_server_conf *proxy = ap_get_module_config(s->module_config, mod_proxy);
    apr_hash_t *by_origin = apr_hash_make(ptemp);

    for (int i = 0; i < proxy->sec_proxy->nelts; i++) {
        ap_conf_vector_t *section = APR_ARRAY_IDX(proxy->sec_proxy, i, ap_conf_vector_t *);
        const proxy_dir_conf *dir = ap_get_module_config(section, mod_proxy);
        apr_size_t len = origin_length(dir->p);
        sections *found;

        if (dir->r || dir->p_is_fnmatch || !len) {
            return NULL;
        }
        found = apr_hash_get(by_origin, dir->p, (apr_ssize_t)len);
        if (!found) {
            found = apr_pcalloc(ptemp, sizeof(*found));
            found->merged = s->lookup_defaults;
            apr_hash_set(by_origin, dir->p, (apr_ssize_t)len, found);
        }
        if (dir->p[len]) {
            found->deeper |= !apr_hash_get(ours, dir->p, APR_HASH_KEY_STRING);
        }
        else {
            found->merged = ap_merge_per_dir_configs(p, found->merged, section);
        }
    }
    return by_origin;
}

static apr_hash_t *workers_of(apr_pool_t *ptemp, const proxy_server_conf *proxy)
{
    apr_hash_t *by_url = apr_hash_make(ptemp);

    for (int i = 0; i < proxy->workers->nelts; i++) {
        proxy_worker *worker = &APR_ARRAY_IDX(proxy->workers, i, proxy_worker);

        apr_hash_set(by_url, ATL_PROXY_NAME(worker), APR_HASH_KEY_STRING, worker);
    }
    return by_url;
}

/* The balancer that mod_proxy would find for a name (proxy_util.c, ap_proxy_get_balancer). */
static proxy_balancer *balancer_of(const proxy_server_conf *proxy, const char *name)
{
    for (int i = 0; i < proxy->balancers->nelts; i++) {
        proxy_balancer *balancer = &APR_ARRAY_IDX(proxy->balancers, i, proxy_balancer);

        if (!strcmp(balancer->s->name, name)) {
            return balancer;
        }
    }
    return NULL;
}

/* scheme://host[:port] of what a worker is found by. */
static const char *bare_of(const atl_worker *worker)
{
    return worker->first->cluster ? worker->first->cluster->url : worker->first->backend->origin;
}

/* Origins at which somebody else has a worker too, so that mod_proxy must choose; NULL when one is a
 * pattern and may be anybody's. */
static apr_hash_t *contested(apr_pool_t *ptemp, const proxy_server_conf *proxy, apr_hash_t *ours)
{
    apr_hash_t *origins = apr_hash_make(ptemp);

    for (int i = 0; i < proxy->workers->nelts; i++) {
        proxy_worker *worker = &APR_ARRAY_IDX(proxy->workers, i, proxy_worker);
        const char *name = ATL_PROXY_NAME(worker);
        apr_size_t len = origin_length(name), whole = strlen(name);

        if (worker->s->is_name_matchable) {
            return NULL;
        }
        /* That of a bare URL has a slash, see expand.c. */
        if (!apr_hash_get(ours, name, (apr_ssize_t)(len == whole && len ? len - 1 : whole))) {
            apr_hash_set(origins, name, (apr_ssize_t)(len ? len - 1 : whole), worker);
        }
    }
    return origins;
}

static void shorten(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, const module *mod_proxy)
{
    const apr_array_header_t *workers = atl_server_conf_of(s)->site.workers;
    const proxy_server_conf *proxy = ap_get_module_config(s->module_config, mod_proxy);
    apr_hash_t *ours = urls_of(ptemp, workers);
    apr_hash_t *by_origin = sections_of(p, ptemp, s, mod_proxy, ours);
    apr_hash_t *rivals = contested(ptemp, proxy, ours);
    apr_hash_t *by_url = workers_of(ptemp, proxy);

    for (int i = 0; i < workers->nelts; i++) {
        atl_worker *worker = APR_ARRAY_IDX(workers, i, atl_worker *);
        const char *bare = bare_of(worker);
        const char *origin = apr_pstrcat(ptemp, bare, "/", NULL);
        int is_bare = !strcmp(worker->url, bare);
        const sections *found =
            is_bare && by_origin ? apr_hash_get(by_origin, origin, APR_HASH_KEY_STRING) : NULL;

        proxy_worker *proxied =
            apr_hash_get(by_url, is_bare ? origin : worker->url, APR_HASH_KEY_STRING);

        if (proxied) {
            atl_late_worker_defer(proxied);
        }
        worker->proxy_worker =
            rivals && !apr_hash_get(rivals, bare, APR_HASH_KEY_STRING) ? proxied : NULL;
        worker->proxy_balancer = worker->first->cluster ? balancer_of(proxy, bare) : NULL;
        worker->per_dir_config = found && !found->deeper ? found->merged : NULL;
    }
}

/* ------------------------------------------------------------------ for every request */

/* mod_proxy's own hook walks the sections, for what is left to it here. */
static int map_to_storage(request_rec *r)
{
    const atl_request *request = atl_request_of(r);

    if (!request || !request->claim->worker->per_dir_config || r->filename != request->filename) {
        return DECLINED;
    }
    r->per_dir_config = request->claim->worker->per_dir_config;
    return OK;
}

static int pre_request(proxy_worker **worker, proxy_balancer **balancer, request_rec *r,
                       proxy_server_conf *conf, char **url)
{
    const atl_request *request = atl_request_of(r);
    const atl_worker *found = request ? request->claim->worker : NULL;
    proxy_balancer *cluster = found ? found->proxy_balancer : NULL;
    const char *bare;
    apr_size_t len;

    (void)conf;
    if (!found || *balancer || (!cluster && !found->proxy_worker)) {
        return DECLINED;
    }
    /* A RewriteRule in a <Location> may have sent it elsewhere since. */
    bare = bare_of(found);
    len = strlen(bare);
    if (strncmp(*url, bare, len) || (*url)[len] != '/') {
        return DECLINED;
    }
    if (cluster) {
        /* Which node it is to be mod_proxy_balancer goes on to say. */
        *balancer = cluster->s->inactive ? NULL : cluster;
        return DECLINED;
    }
    *worker = found->proxy_worker;
    return OK;
}

/* ------------------------------------------------------------------ the URL */

static int has_bad_chars(const request_rec *r, const char *url)
{
    return *ap_scan_vchar_obstext(url) || (r->args && *ap_scan_vchar_obstext(r->args));
}

static int with_query(request_rec *r)
{
    if (r->args) {
        r->filename = apr_pstrcat(r->pool, r->filename, "?", r->args, NULL);
    }
    return OK;
}

/* Of a cluster first the balancer's URL is asked about, whose query is not yet added, then for each
 * attempt that of the node, with the same path. Where nodes are not asked about, once is all. */
static int canon_cluster(request_rec *r, const atl_request *request, const char *url)
{
    const char *path = request->filename + strlen("proxy:") + strlen(request->claim->cluster->url);
    const atl_backend *node;
    apr_size_t len;

    if (!canon_per_node) {
        /* mod_proxy_balancer would write escapes once more before 2.4.57. */
        return r->filename == request->filename && !has_bad_chars(r, path) ? with_query(r)
                                                                           : DECLINED;
    }
    if (r->filename == request->filename) {
        return OK;
    }
    for (int i = 0; (node = atl_claim_node(request->claim, i)); i++) {
        len = strlen(node->origin);
        if (!strncmp(url, node->origin, len) && !strcmp(url + len, path)) {
            return has_bad_chars(r, path) ? DECLINED : with_query(r);
        }
    }
    return DECLINED;
}

/* mod_proxy_http takes a URL apart and puts it together again. One of translate.c, from a backend's
 * origin and a path with its escapes, is what comes of that but for the query. Where something is in
 * it that no URL may have, mod_proxy_http refuses it. */
static int canon_handler(request_rec *r, char *url)
{
    const atl_request *request = atl_request_of(r);

    if (request && request->claim->cluster) {
        return canon_cluster(r, request, url);
    }
    return !request || r->filename != request->filename || has_bad_chars(r, url) ? DECLINED
                                                                                 : with_query(r);
}

/* ------------------------------------------------------------------ hooks */

/* All modules are loaded by now, and hooks will be sorted once more. Looked up, not linked to: this
 * module may be loaded before mod_proxy, or without it. */
static int pre_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp)
{
    void (*hook_request)(proxy_HOOK_pre_request_t *, const char *const *, const char *const *, int);
    void (*hook_canon)(proxy_HOOK_canon_handler_t *, const char *const *, const char *const *, int);
    ap_version_t httpd;

    (void)p;
    (void)plog;
    (void)ptemp;
    ap_get_server_revision(&httpd);
    canon_per_node = httpd.major > 2 || httpd.minor > 4 || httpd.patch >= 62;
    *(void **)&hook_request = dlsym(RTLD_DEFAULT, "proxy_hook_pre_request");
    *(void **)&hook_canon = dlsym(RTLD_DEFAULT, "proxy_hook_canon_handler");
    if (hook_request && hook_canon) {
        /* Before mod_proxy_balancer's. */
        hook_request(pre_request, NULL, NULL, APR_HOOK_REALLY_FIRST);
        hook_canon(canon_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
    }
    return OK;
}

/* The last of all: mod_proxy has completed its sections, and mod_ssl what it keeps in them. */
static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const module *mod_proxy = ap_find_linked_module("mod_proxy.c");

    (void)plog;
    for (server_rec *s = main_server; mod_proxy && s; s = s->next) {
        if (atl_server_conf_of(s)->site.apps->nelts) {
            shorten(p, ptemp, s, mod_proxy);
        }
    }
    return OK;
}

void atl_shortcut_register_hooks(apr_pool_t *p)
{
    static const char *const mod_proxy[] = {"mod_proxy.c", NULL};

    (void)p;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_map_to_storage(map_to_storage, NULL, mod_proxy, APR_HOOK_FIRST);
}
