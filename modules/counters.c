/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "counters.h"
#include "log.h"
#include "server_conf.h"
#include "text.h"

#include "ap_mpm.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "mpm_common.h"

#include <apr_hash.h>
#include <apr_md5.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <unistd.h>

APLOG_USE_MODULE(atlassian_proxy);

#define USERDATA_KEY "mod_atlassian_proxy-counters"
#define LAYOUT 3 /* raised with every change of the structures below */
#define HOUR apr_time_from_sec(3600)

#define RELAXED memory_order_relaxed

/* Whose numbers a row holds: the digest of the virtual host's address, product, context, and backend. */
typedef struct row_name {
    unsigned char key[APR_MD5_DIGESTSIZE];
    apr_uint32_t generation; /* the last configuration that had it; 0: never used */
} row_name;

typedef struct header {
    apr_uint32_t layout;
    apr_uint32_t size_of_row;
    apr_uint32_t generation; /* counts configurations */
    apr_uint32_t apps, backends, children;
    apr_time_t since;
} header;

/* One block of memory and where its parts begin. */
typedef struct segment {
    header *head;
    row_name *app_names, *backend_names;
    atl_app_row *apps;
    atl_traffic *backends;
    _Atomic apr_int32_t *owners; /* [children]: process ids, 0 where there is room */
    _Atomic apr_int32_t *gauges; /* [children + 1][apps][ATL_GAUGES] */
    const char *missing;
} segment;

/* Set in post_config, before children are forked. */
static segment *current;

/* ------------------------------------------------------------------ memory */

static apr_size_t aligned(apr_size_t size)
{
    return (size + 63) & ~(apr_size_t)63;
}

static char *part(char *base, apr_size_t *offset, apr_size_t size)
{
    char *at = base ? base + *offset : NULL;

    *offset += aligned(size);
    return at;
}

/* Lays the parts out from base; with base NULL only measures. Returns the size of all. */
static apr_size_t lay_out(segment *seg, char *base, const header *head)
{
    apr_size_t offset = 0;

    seg->head = (header *)part(base, &offset, sizeof(header));
    seg->app_names = (row_name *)part(base, &offset, head->apps * sizeof(row_name));
    seg->backend_names = (row_name *)part(base, &offset, head->backends * sizeof(row_name));
    seg->apps = (atl_app_row *)part(base, &offset, head->apps * sizeof(atl_app_row));
    seg->backends = (atl_traffic *)part(base, &offset, head->backends * sizeof(atl_traffic));
    seg->owners =
        (_Atomic apr_int32_t *)part(base, &offset, head->children * sizeof(_Atomic apr_int32_t));
    seg->gauges = (_Atomic apr_int32_t *)part(base, &offset,
                                              (head->children + 1) * head->apps * ATL_GAUGES *
                                                  sizeof(_Atomic apr_int32_t));
    return offset;
}

/* The block lives as long as httpd: children of the last configuration still count in it. */
static segment *segment_create(server_rec *s, const header *head)
{
    apr_pool_t *pool = s->process->pool;
    segment *seg = apr_pcalloc(pool, sizeof(*seg));
    apr_size_t size = lay_out(seg, NULL, head);
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, size, NULL, pool);
    char *base;

    if (rv == APR_SUCCESS) {
        base = apr_shm_baseaddr_get(shm); /* zeros, which need no memory until they are written */
    }
    else {
        seg->missing =
            apr_psprintf(pool, "%" APR_SIZE_T_FMT " bytes of shared memory: %pm", size, &rv);
        base = apr_pcalloc(pool, size);
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     ATL_LOGNO(0501) "no shared memory (%" APR_SIZE_T_FMT " bytes wanted): "
                                     "requests are served all the same, but every child counts "
                                     "for itself, so the status page shows the numbers of the "
                                     "child that answers, and a finding is logged once per child",
                     size);
    }
    lay_out(seg, base, head);
    *seg->head = *head;
    return seg;
}

/* ------------------------------------------------------------------ rows */

/* ptemp: for scratch, cleared. */
static void make_key(apr_pool_t *ptemp, const server_rec *s, const atl_app *app,
                     const atl_backend *backend, unsigned char key[APR_MD5_DIGESTSIZE])
{
    const atl_public *public = &atl_server_conf_of(s)->site.public;
    const server_addr_rec *addr = s->addrs;
    const char *text = apr_psprintf(
        ptemp, "%s://%s:%u %s:%u %s%s%s%s", public->scheme, public->host ? public->host : "*",
        public->port, addr && addr->virthost ? addr->virthost : "*",
        addr ? (unsigned)addr->host_port : 0u, app->product->name, app->context, backend ? " " : "",
        backend ? backend->origin : "");

    apr_md5(key, text, strlen(text));
    apr_pool_clear(ptemp);
}

/* Rows while they are given out. */
typedef struct giving {
    apr_pool_t *scratch; /* cleared for every row */
    row_name *names;
    apr_uint32_t count;
    apr_uint32_t generation;
    apr_hash_t *by_key; /* those that had a name before */
    apr_uint32_t next;  /* none below is free */
} giving;

static void start_giving(apr_pool_t *ptemp, giving *g, row_name *names, apr_uint32_t count,
                         apr_uint32_t generation)
{
    apr_pool_create(&g->scratch, ptemp);
    g->names = names;
    g->count = count;
    g->generation = generation;
    g->by_key = apr_hash_make(ptemp);
    g->next = 0;
    for (apr_uint32_t i = 0; i < count; i++) {
        if (names[i].generation) {
            apr_hash_set(g->by_key, names[i].key, APR_MD5_DIGESTSIZE, &names[i]);
        }
    }
}

/* The row of a key: its own, else one that two configurations have not used (children of the last
 * one may still count). Returns -1 when all are taken. */
static int row_of(giving *g, const server_rec *s, const atl_app *app, const atl_backend *backend,
                  int *is_stale)
{
    unsigned char key[APR_MD5_DIGESTSIZE];
    row_name *name;

    make_key(g->scratch, s, app, backend, key);
    name = apr_hash_get(g->by_key, key, APR_MD5_DIGESTSIZE);
    *is_stale = 0;
    if (name && name->generation != g->generation) { /* else of another app; two may not share */
        name->generation = g->generation;
        return (int)(name - g->names);
    }
    while (g->next < g->count && g->names[g->next].generation + 1 >= g->generation) {
        g->next++;
    }
    if (g->next == g->count) {
        return -1;
    }
    name = &g->names[g->next];
    *is_stale = name->generation != 0;
    if (*is_stale) {
        apr_hash_set(g->by_key, name->key, APR_MD5_DIGESTSIZE, NULL);
    }
    memcpy(name->key, key, APR_MD5_DIGESTSIZE);
    name->generation = g->generation;
    return (int)g->next;
}

static int give_backend_row(segment *seg, giving *g, const server_rec *s, const atl_app *app,
                            const atl_backend *backend, unsigned *to)
{
    int is_stale, row = row_of(g, s, app, backend, &is_stale);

    if (row < 0) {
        return 0;
    }
    if (is_stale) {
        memset(&seg->backends[row], 0, sizeof(seg->backends[row]));
    }
    *to = (unsigned)row;
    return 1;
}

/* Returns how many of members got a row, from *to on. */
static int give_backend_rows(segment *seg, giving *backends, const server_rec *s,
                             const atl_app *app, const apr_array_header_t *members, unsigned *to)
{
    int i = 0;

    while (i < members->nelts &&
           give_backend_row(seg, backends, s, app, &APR_ARRAY_IDX(members, i, const atl_backend),
                            &to[i])) {
        i++;
    }
    return i;
}

static int give_app_row(apr_pool_t *p, segment *seg, giving *apps, giving *backends,
                        const server_rec *s, atl_app *app)
{
    int n = app->backends->nelts, is_stale;
    int row = row_of(apps, s, app, NULL, &is_stale);

    if (row < 0) {
        return 0;
    }
    if (is_stale) { /* the rows of a new block need no memory before they count something */
        memset(&seg->apps[row], 0, sizeof(seg->apps[row]));
    }
    app->row = (unsigned)row;
    app->backend_rows = apr_palloc(p, (apr_size_t)(n + app->synchronies->nelts) * sizeof(unsigned));
    return give_backend_rows(seg, backends, s, app, app->backends, app->backend_rows) == n &&
           give_backend_rows(seg, backends, s, app, app->synchronies, app->backend_rows + n) ==
               app->synchronies->nelts;
}

static int give_rows(apr_pool_t *p, apr_pool_t *ptemp, segment *seg, server_rec *main_server)
{
    header *head = seg->head;
    giving apps, backends;

    head->generation += head->generation ? 1 : 2; /* unused rows: 0 + 1 < 2 */
    start_giving(ptemp, &apps, seg->app_names, head->apps, head->generation);
    start_giving(ptemp, &backends, seg->backend_names, head->backends, head->generation);
    for (server_rec *s = main_server; s; s = s->next) {
        const apr_array_header_t *lines = atl_server_conf_of(s)->site.apps;

        for (int i = 0; i < lines->nelts; i++) {
            if (!give_app_row(p, seg, &apps, &backends, s, APR_ARRAY_IDX(lines, i, atl_app *))) {
                return 0;
            }
        }
    }
    return 1;
}

/* Numbers move to a larger block; what is in flight stays behind, its children count it down
 * where they counted it up. */
static void carry_over(segment *to, const segment *from)
{
    memcpy(to->app_names, from->app_names, from->head->apps * sizeof(row_name));
    memcpy(to->backend_names, from->backend_names, from->head->backends * sizeof(row_name));
    memcpy(to->apps, from->apps, from->head->apps * sizeof(atl_app_row));
    memcpy(to->backends, from->backends, from->head->backends * sizeof(atl_traffic));
    to->head->generation = from->head->generation;
    to->head->since = from->head->since;
}

static void count_needed(server_rec *main_server, header *head)
{
    int children = 0;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
    head->layout = LAYOUT;
    head->size_of_row = sizeof(atl_app_row) + sizeof(atl_traffic);
    head->children = (apr_uint32_t)children;
    head->since = apr_time_now();
    for (server_rec *s = main_server; s; s = s->next) {
        const apr_array_header_t *apps = atl_server_conf_of(s)->site.apps;

        head->apps += (apr_uint32_t)apps->nelts;
        for (int i = 0; i < apps->nelts; i++) {
            const atl_app *app = APR_ARRAY_IDX(apps, i, const atl_app *);
            head->backends += (apr_uint32_t)(app->backends->nelts + app->synchronies->nelts);
        }
    }
}

static int fits(const segment *seg, const header *needed)
{
    return seg && seg->head->layout == needed->layout &&
           seg->head->size_of_row == needed->size_of_row && seg->head->children >= needed->children;
}

/* A reload finds the block of the last configuration by this, the module itself being loaded
 * anew. */
static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    header needed = {0};
    segment *last = NULL;
    void *data = NULL;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    count_needed(s, &needed);
    apr_pool_userdata_get(&data, USERDATA_KEY, s->process->pool);
    if (!needed.apps) {
        current = fits(data, &needed) ? data : NULL; /* children that counted there may still end */
        return OK;
    }
    if (fits(data, &needed)) {
        last = data;
        if (give_rows(p, ptemp, last, s)) {
            current = last;
            return OK;
        }
    }
    /* Twice what is needed, and what there was: the next few lines find room. */
    needed.apps = needed.apps * 2 + (last ? last->head->apps : 14);
    needed.backends = needed.backends * 2 + (last ? last->head->backends : 14);
    current = segment_create(s, &needed);
    if (last) {
        carry_over(current, last);
    }
    give_rows(p, ptemp, current, s);
    /* Not setn: it keeps the key's address, and the reload may put this module elsewhere. */
    apr_pool_userdata_set(current, USERDATA_KEY, NULL, s->process->pool);
    return OK;
}

/* ------------------------------------------------------------------ gauges */

/* Takes a row that nobody owns; the one after the last, which nobody clears, when there is none. */
static apr_uint32_t claim_row(void)
{
    for (apr_uint32_t row = 0; row < current->head->children; row++) {
        apr_int32_t nobody = 0;
        if (atomic_compare_exchange_strong(&current->owners[row], &nobody, (apr_int32_t)getpid())) {
            return row;
        }
    }
    return current->head->children;
}

/* This child's row, the same as long as it lives. Not its place on the scoreboard: that is not
 * known before its first requests are there, and a new child may have it before the old is gone. */
static apr_uint32_t child_number(void)
{
    static _Atomic apr_uint32_t mine = 0; /* number + 1 */
    apr_uint32_t number = atomic_load_explicit(&mine, RELAXED), claimed;

    if (number) {
        return number - 1;
    }
    claimed = claim_row();
    if (atomic_compare_exchange_strong(&mine, &number, claimed + 1)) {
        return claimed;
    }
    /* Another thread was faster. */
    if (claimed < current->head->children) {
        atomic_store(&current->owners[claimed], 0);
    }
    return number - 1;
}

static _Atomic apr_int32_t *gauge_at(const segment *seg, apr_uint32_t child, unsigned row,
                                     atl_gauge gauge)
{
    return &seg->gauges[(child * seg->head->apps + row) * ATL_GAUGES + gauge];
}

void atl_counters_move(const atl_app *app, atl_gauge gauge, int delta)
{
    atomic_fetch_add_explicit(gauge_at(current, child_number(), app->row, gauge), delta, RELAXED);
}

apr_uint64_t atl_counters_gauge(const atl_app *app, atl_gauge gauge)
{
    apr_int64_t sum = 0;

    for (apr_uint32_t child = 0; child <= current->head->children; child++) {
        sum += atomic_load_explicit(gauge_at(current, child, app->row, gauge), RELAXED);
    }
    return sum > 0 ? (apr_uint64_t)sum : 0;
}

/* What is cut off by a stop or a hard restart needs no line. httpd logs a child that crashed, but
 * not one that was killed by the administrator or for want of memory. */
static void report_lost(const server_rec *s, pid_t pid, const apr_int64_t lost[ATL_GAUGES])
{
    int state = AP_MPMQ_STOPPING;

    ap_mpm_query(AP_MPMQ_MPM_STATE, &state);
    if (state != AP_MPMQ_STOPPING &&
        (lost[ATL_GAUGE_IN_FLIGHT] > 0 || lost[ATL_GAUGE_WEBSOCKETS] > 0)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     ATL_LOGNO(0722) "child %" APR_PID_T_FMT
                                     " is gone in the middle of %" APR_INT64_T_FMT
                                     " requests and with %" APR_INT64_T_FMT " WebSockets: their "
                                     "connections broke off. If no line of httpd's says why, it "
                                     "was killed, as by the system when memory is short: see the "
                                     "system's log",
                     pid, lost[ATL_GAUGE_IN_FLIGHT], lost[ATL_GAUGE_WEBSOCKETS]);
    }
}

/* In the parent, when a child is gone: nothing it held is in flight any more. */
static void child_status(server_rec *s, pid_t pid, ap_generation_t gen, int slot,
                         mpm_child_status state)
{
    apr_int64_t lost[ATL_GAUGES] = {0};
    apr_uint32_t child = 0;

    (void)gen;
    (void)slot;
    if (state != MPM_CHILD_EXITED || !current) {
        return;
    }
    while (child < current->head->children && atomic_load(&current->owners[child]) != pid) {
        child++;
    }
    if (child == current->head->children) {
        return; /* it never counted, or in the memory of an older configuration */
    }
    for (unsigned row = 0; row < current->head->apps; row++) {
        for (int gauge = 0; gauge < ATL_GAUGES; gauge++) {
            lost[gauge] += atomic_exchange(gauge_at(current, child, row, gauge), 0);
        }
    }
    atomic_store(&current->owners[child], 0);
    report_lost(s, pid, lost);
}

/* ------------------------------------------------------------------ counting */

static void add(atl_count *count, apr_uint64_t n)
{
    atomic_fetch_add_explicit(count, n, RELAXED);
}

atl_app_row *atl_counters_app(const atl_app *app)
{
    return &current->apps[app->row];
}

atl_traffic *atl_counters_backend(const atl_app *app, const atl_backend *backend)
{
    const atl_backend *nodes = (const atl_backend *)app->backends->elts;
    const atl_backend *synchronies = (const atl_backend *)app->synchronies->elts;
    int n = app->backends->nelts;
    int is_node = backend >= nodes && backend < nodes + n;

    return &current->backends[app->backend_rows[is_node ? backend - nodes
                                                        : n + (backend - synchronies)]];
}

static void count_rate(atl_traffic *traffic, apr_time_t now)
{
    apr_uint64_t slice = (apr_uint64_t)(apr_time_sec(now) / ATL_RATE_SECONDS);
    atl_count *cell = &traffic->recent[slice % ATL_RATE_SLICES];
    apr_uint64_t seen = atomic_load_explicit(cell, RELAXED);

    while (seen >> 32 != (slice & 0xffffffff)) {
        if (atomic_compare_exchange_weak_explicit(cell, &seen, slice << 32 | 1, RELAXED, RELAXED)) {
            return;
        }
    }
    add(cell, 1);
}

double atl_counters_rate(const atl_traffic *traffic, apr_time_t now)
{
    apr_uint64_t slice = (apr_uint64_t)(apr_time_sec(now) / ATL_RATE_SECONDS), sum = 0;

    /* The present slice is not over: the ones before it count. */
    for (apr_uint64_t ago = 1; ago < ATL_RATE_SLICES; ago++) {
        apr_uint64_t seen =
            atomic_load_explicit(&traffic->recent[(slice - ago) % ATL_RATE_SLICES], RELAXED);

        if (seen >> 32 == ((slice - ago) & 0xffffffff)) {
            sum += seen & 0xffffffff;
        }
    }
    return (double)sum / ((ATL_RATE_SLICES - 1) * ATL_RATE_SECONDS);
}

void atl_counters_answered(atl_traffic *traffic, int status, apr_interval_time_t latency,
                           apr_time_t now)
{
    unsigned digit = (unsigned)status / 100;

    add(&traffic->requests, 1);
    add(&traffic->classes[digit <= 5 ? digit : 0], 1);
    count_rate(traffic, now);
    if (latency >= 0) {
        add(&traffic->latency[atl_histogram_bucket((apr_uint64_t)latency)], 1);
        add(&traffic->latency_sum, (apr_uint64_t)latency);
    }
}

/* Readers skip it while it is written; a second writer leaves it to the first. */
static void set_example(atl_finding_count *found, const char *path)
{
    unsigned seq = atomic_load(&found->writing);

    if ((seq & 1) || !atomic_compare_exchange_strong(&found->writing, &seq, seq + 1)) {
        return;
    }
    apr_cpystrn(found->example, path, ATL_EXAMPLE_SIZE);
    atomic_store(&found->writing, seq + 2);
}

int atl_counters_found(const atl_app *app, atl_finding_id id, const char *path, apr_time_t now)
{
    atl_finding_count *found = &atl_counters_app(app)->findings[id];
    apr_uint64_t before = atomic_exchange_explicit(&found->last, (apr_uint64_t)now, RELAXED);

    if (!atomic_fetch_add_explicit(&found->count, 1, RELAXED)) {
        atomic_store_explicit(&found->first, (apr_uint64_t)now, RELAXED);
    }
    if (before && now - (apr_time_t)before < HOUR) {
        return 0;
    }
    set_example(found, path);
    return 1;
}

apr_uint64_t atl_counters_streak(atl_streak *streak, apr_interval_time_t within, apr_time_t now)
{
    apr_uint64_t since = atomic_load_explicit(&streak->since, RELAXED);

    if (now - (apr_time_t)since > within &&
        atomic_compare_exchange_strong_explicit(&streak->since, &since, (apr_uint64_t)now, RELAXED,
                                                RELAXED)) {
        atomic_store_explicit(&streak->count, 0, RELAXED);
    }
    return atomic_fetch_add_explicit(&streak->count, 1, RELAXED) + 1;
}

const char *atl_counters_example(apr_pool_t *p, const atl_finding_count *found)
{
    unsigned seq = atomic_load(&found->writing);
    const char *copy = apr_pstrndup(p, found->example, ATL_EXAMPLE_SIZE - 1);

    return (seq & 1) || atomic_load(&found->writing) != seq ? "" : copy;
}

/* ------------------------------------------------------------------ WebSockets */

void atl_counters_ws_opened(const atl_app *app)
{
    add(&atl_counters_app(app)->websockets.opened, 1);
    atl_counters_move(app, ATL_GAUGE_WEBSOCKETS, 1);
}

void atl_counters_ws_closed(const atl_app *app)
{
    atl_counters_move(app, ATL_GAUGE_WEBSOCKETS, -1);
}

void atl_counters_ws_refused(const atl_app *app)
{
    add(&atl_counters_app(app)->websockets.refused, 1);
}

void atl_counters_ws_bytes(const atl_app *app, apr_uint64_t in, apr_uint64_t out)
{
    add(&atl_counters_app(app)->websockets.bytes_in, in);
    add(&atl_counters_app(app)->websockets.bytes_out, out);
}

void atl_counters_ws_fell_back(const atl_app *app, atl_ws_fallback reason)
{
    add(&atl_counters_app(app)->websockets.fallbacks[reason], 1);
}

/* ------------------------------------------------------------------ the whole */

const char *atl_counters_missing(void)
{
    return current ? current->missing : NULL;
}

apr_time_t atl_counters_since(void)
{
    return current ? current->head->since : 0;
}

void atl_counters_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_status(child_status, NULL, NULL, APR_HOOK_MIDDLE);
}
