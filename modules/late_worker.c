/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "late_worker.h"

#include "http_config.h"

#include <dlfcn.h>
#include <pthread.h>

/* In a worker's local_status, beside mod_proxy's own bits: its pool is still to be made. With
 * PROXY_WORKER_INITIALIZED set as well mod_proxy's child_init believes that it is there. */
#define DEFERRED (1u << 31)

/* Looked up, not linked to: this module may be loaded before mod_proxy, or without it. */
static apr_status_t (*initialize)(proxy_worker *worker, server_rec *s, apr_pool_t *p);

/* Of this child: for the pools of workers, one thread at a time. */
static apr_pool_t *pool;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void atl_late_worker_defer(proxy_worker *worker)
{
    if (initialize) {
        worker->local_status |= DEFERRED | PROXY_WORKER_INITIALIZED;
    }
}

static apr_status_t make_pool(proxy_worker *worker, server_rec *s)
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&lock);
    if (worker->local_status & DEFERRED) {
        __atomic_store_n(&worker->local_status, DEFERRED, __ATOMIC_RELAXED);
        rv = initialize(worker, s, pool);
        if (rv == APR_SUCCESS) { /* who sees the bit gone sees the whole pool */
            __atomic_store_n(&worker->local_status, worker->local_status & ~DEFERRED,
                             __ATOMIC_RELEASE);
        }
    }
    pthread_mutex_unlock(&lock);
    return rv;
}

/* Whoever chose the worker, a RewriteRule of the administrator's or this module: all of mod_proxy's
 * requests come through here. mod_proxy says in the log why there is no pool. */
static int scheme_handler(request_rec *r, proxy_worker *worker, proxy_server_conf *conf, char *url,
                          const char *proxyhost, apr_port_t proxyport)
{
    (void)conf;
    (void)url;
    (void)proxyhost;
    (void)proxyport;
    if ((__atomic_load_n(&worker->local_status, __ATOMIC_ACQUIRE) & DEFERRED) &&
        make_pool(worker, r->server) != APR_SUCCESS) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    return DECLINED;
}

/* ------------------------------------------------------------------ hooks */

/* All modules are loaded by now, and httpd sorts its hooks once more after this. */
static int pre_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp)
{
    void (*hook)(proxy_HOOK_scheme_handler_t *, const char *const *, const char *const *, int);

    (void)p;
    (void)plog;
    (void)ptemp;
    *(void **)&hook = dlsym(RTLD_DEFAULT, "proxy_hook_scheme_handler");
    *(void **)&initialize = dlsym(RTLD_DEFAULT, "ap_proxy_initialize_worker");
    if (hook && initialize) {
        hook(scheme_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
    }
    else {
        initialize = NULL;
    }
    return OK;
}

static void child_init(apr_pool_t *p, server_rec *s)
{
    (void)s;
    apr_pool_create(&pool, p);
}

void atl_late_worker_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
}
