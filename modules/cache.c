/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "cache.h"
#include "cacheable.h"
#include "log.h"

#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "util_filter.h"

#include <apr_date.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>

APLOG_USE_MODULE(atlassian_proxy);

/* How long a request waits for another one of the same file: longer than an application needs for
 * a file, and short enough to bear when the other's browser reads slowly. */
#define LONGEST_WAIT apr_time_from_sec(5)
#define SLOTS 256
#define READ_AT_ONCE (65536 - 192) /* with the allocator's headers a block */

/* ------------------------------------------------------------------ one asks for all */

/* mod_cache's CacheLock lets one request renew a file that is there, but all ask that come while
 * there is none. Here the first asks and the others of this child wait for it. */
typedef enum {
    NEVER,
    FLYING,
    STORED,  /* or served from what was stored */
    REFUSED, /* not to be kept: everybody has to ask for himself */
    FAILED   /* its browser went away, for example: the next one tries */
} flight_state;

typedef struct slot {
    apr_uint64_t key;
    flight_state state;
} slot;

static struct {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *landed;
    slot slots[SLOTS];
} flights;

typedef struct flight {
    slot *at; /* NULL: flies alone, or has landed */
} flight;

/* FNV-1a: files that share a number by chance do not wait for each other for long. */
static apr_uint64_t add_to_key(apr_uint64_t key, const char *text)
{
    for (; text && *text; text++) {
        key = (key ^ (unsigned char)*text) * APR_UINT64_C(1099511628211);
    }
    return key;
}

static apr_uint64_t key_of(const request_rec *r)
{
    apr_uint64_t key = APR_UINT64_C(14695981039346656037);

    key = add_to_key(key, r->server->server_hostname);
    key = add_to_key(key, r->uri);
    return add_to_key(add_to_key(key, "?"), r->args);
}

/* Waits while another request of this child is after the same file. Returns the slot of a request
 * that others shall wait for; NULL for one that nobody waits for. */
static slot *take_off(apr_uint64_t key)
{
    slot *at = &flights.slots[key % SLOTS];
    apr_time_t end = 0;
    int answered = 0;

    if (!flights.mutex) {
        return NULL;
    }
    apr_thread_mutex_lock(flights.mutex);
    while (!answered && at->state == FLYING && at->key == key) {
        apr_time_t now = apr_time_now();

        end = end ? end : now + LONGEST_WAIT;
        if (now >= end) {
            break;
        }
        apr_thread_cond_timedwait(flights.landed, flights.mutex, end - now);
        answered = at->key == key && (at->state == STORED || at->state == REFUSED);
    }
    if (answered || at->state == FLYING) {
        at = NULL;
    }
    else {
        at->key = key;
        at->state = FLYING;
    }
    apr_thread_mutex_unlock(flights.mutex);
    return at;
}

static void land(flight *f, flight_state state)
{
    if (!f->at) {
        return;
    }
    apr_thread_mutex_lock(flights.mutex);
    f->at->state = state;
    apr_thread_cond_broadcast(flights.landed);
    apr_thread_mutex_unlock(flights.mutex);
    f->at = NULL;
}

static apr_status_t end_of_request(void *f)
{
    land(f, FAILED);
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ answers */

static ap_filter_rec_t *guard, *lander;

/* mod_cache takes what an administrator's Header lines set "always", too. */
static const char *header_of(const request_rec *r, const char *name)
{
    const char *value = apr_table_getm(r->pool, r->headers_out, name);
    const char *always = apr_table_getm(r->pool, r->err_headers_out, name);

    return value && always ? apr_pstrcat(r->pool, value, ", ", always, NULL)
           : value         ? value
                           : always;
}

static int may_be_kept(const request_rec *r)
{
    const char *expires = header_of(r, "Expires");
    atl_cacheable_head head = {.status = r->status,
                               .cache_control = header_of(r, "Cache-Control"),
                               .vary = header_of(r, "Vary"),
                               .content_encoding = header_of(r, "Content-Encoding"),
                               .expires = expires ? apr_date_parse_http(expires) : 0,
                               .sets_cookie = header_of(r, "Set-Cookie") != NULL ||
                                              header_of(r, "Set-Cookie2") != NULL};

    return !r->header_only && atl_cacheable_answer(&head, apr_time_now());
}

/* In front of mod_cache's own filter: the answer as it would be kept. */
static apr_status_t guard_answer(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;
    flight *own = f->ctx;

    ap_remove_output_filter(f);
    if (!may_be_kept(r)) {
        apr_table_setn(r->subprocess_env, "no-cache", "1"); /* mod_cache asks for that */
        land(own, REFUSED);
    }
    return ap_pass_brigade(f->next, bb);
}

/* TLS reads what is sent. Mapping a file for that, as APR does by itself, costs a child of many threads
 * more than the copy saves: to unmap it again all processors are interrupted. */
static void read_at_once(apr_bucket_brigade *bb)
{
    for (apr_bucket *e = APR_BRIGADE_FIRST(bb); e != APR_BRIGADE_SENTINEL(bb);
         e = APR_BUCKET_NEXT(e)) {
        if (APR_BUCKET_IS_FILE(e)) {
            apr_bucket_file_enable_mmap(e, 0);
            apr_bucket_file_set_buf_size(e, READ_AT_ONCE);
        }
    }
}

/* Behind mod_cache's filters: what was kept comes by, or an answer which has been stored when its end
 * does. */
static apr_status_t watch_end(ap_filter_t *f, apr_bucket_brigade *bb)
{
    read_at_once(bb);
    if (!APR_BRIGADE_EMPTY(bb) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(bb))) {
        ap_remove_output_filter(f);
        land(f->ctx, STORED);
    }
    return ap_pass_brigade(f->next, bb);
}

/* ------------------------------------------------------------------ requests */

/* Under one name and scheme only: what an application answers to another Host header, which a
 * client can make up, may have that name in it. */
static int is_canonical(const request_rec *r, const atl_server_conf *conf,
                        const atl_request *request)
{
    return !ap_cstr_casecmp(request->host, conf->cache_authority) &&
           !strcmp(ap_http_scheme(r), conf->site.public.scheme);
}

static int is_cacheable(request_rec *r, const atl_server_conf *conf, const atl_request *request)
{
    return request->claim->app->cache && r->method_number == M_GET && !r->main &&
           atl_cacheable_path(request->claim, &request->path) &&
           !strcmp(r->uri, request->path.resolved) && is_canonical(r, conf, request) &&
           !apr_table_get(r->headers_in, "Authorization") && !ap_request_has_body(r);
}

/* By now every access rule has been asked. mod_cache looks for CacheEnable in the request's own
 * configuration: no other request finds it there. */
static int before_mod_cache(request_rec *r)
{
    const atl_server_conf *conf = atl_server_conf_of(r->server);
    atl_request *request = conf->cache ? atl_request_of(r) : NULL;
    flight *own;

    if (!request || !is_cacheable(r, conf, request)) {
        return DECLINED;
    }
    request->cacheable = 1;
    r->per_dir_config = ap_merge_per_dir_configs(r->pool, r->per_dir_config, conf->cache);
    own = apr_palloc(r->pool, sizeof(*own));
    /* mod_cache may ask once more from within its filter: that request must not wait for its own. */
    own->at = r->prev ? NULL : take_off(key_of(r));
    apr_pool_cleanup_register(r->pool, own, end_of_request, apr_pool_cleanup_null);
    ap_add_output_filter_handle(guard, own, r, r->connection);
    ap_add_output_filter_handle(lander, own, r, r->connection);
    return DECLINED;
}

/* ------------------------------------------------------------------ once */

static const atl_app *first_cached(const atl_site *site)
{
    for (int i = 0; i < site->apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(site->apps, i, const atl_app *);

        if (app->cache) {
            return app;
        }
    }
    return NULL;
}

/* What is missing for a line with cache=on, or NULL. */
static const char *prepare(apr_pool_t *p, atl_server_conf *conf, const char *root)
{
    if (!conf->site.public.host) {
        return "cache=on needs the virtual host's name, under which alone files are kept: add "
               "ServerName";
    }
    if (!root) {
        return "cache=on needs a directory for what mod_cache_disk keeps, and a cleaner that "
               "bounds "
               "it: write CacheRoot /var/cache/httpd/proxy, and have htcacheclean run for it (on "
               "Debian and Ubuntu a2enmod cache_disk does both)";
    }
    conf->site.cache_root = ap_getword_conf(p, &root);
    conf->cache_authority = strstr(atl_base_url(p, &conf->site.public, ""), "://") + 3;
    return NULL;
}

int atl_cache_prepare(apr_pool_t *p, server_rec *s, const atl_sections *sections,
                      const server_rec *main_server)
{
    atl_server_conf *conf = atl_server_conf_of(s);
    const atl_app *app = first_cached(&conf->site);
    const char *root = app ? atl_directive_of(sections, s, "CacheRoot") : NULL, *error;

    if (!app) {
        return OK;
    }
    error = prepare(p, conf, root ? root : atl_directive_of(sections, main_server, "CacheRoot"));
    if (error) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     ATL_LOGNO(0801) "AtlassianApp on line %u of %s: %s", app->line, app->file,
                     error);
    }
    return error ? !OK : OK;
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    (void)s;
    /* Without them every request flies alone. */
    if (apr_thread_mutex_create(&flights.mutex, APR_THREAD_MUTEX_DEFAULT, pchild) != APR_SUCCESS ||
        apr_thread_cond_create(&flights.landed, pchild) != APR_SUCCESS) {
        flights.mutex = NULL;
    }
}

void atl_cache_register_hooks(apr_pool_t *p)
{
    static const char *const mod_cache[] = {"mod_cache.c", NULL};

    (void)p;
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(before_mod_cache, NULL, mod_cache, APR_HOOK_REALLY_FIRST);
    /* mod_cache's filter is of type CONTENT_SET + 1, and added later than this guard. */
    guard = ap_register_output_filter("ATLASSIAN_CACHE_GUARD", guard_answer, NULL,
                                      AP_FTYPE_CONTENT_SET + 1);
    lander =
        ap_register_output_filter("ATLASSIAN_CACHE_END", watch_end, NULL, AP_FTYPE_CONTENT_SET + 2);
}
