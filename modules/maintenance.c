/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "maintenance.h"
#include "log.h"
#include "network.h"
#include "notice.h"
#include "server_conf.h"
#include "unavailable.h"

#include "http_core.h"
#include "http_log.h"
#include "http_request.h"

#include <apr_atomic.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

APLOG_USE_MODULE(atlassian_proxy);

typedef enum { NOT_LOOKED, ABSENT, PRESENT, UNREADABLE, NO_FILE, HIDDEN } file_state;

/* One file, as a child of httpd knows it. */
struct atl_watched {
    server_rec *server;
    const atl_app *app;
    const char *file;
    apr_uint32_t looked;      /* atomic: the second of the last look */
    apr_uint32_t active;      /* atomic: people get the page */
    apr_thread_mutex_t *lock; /* of what follows */
    file_state state;
    apr_time_t mtime;
    apr_off_t size;
    apr_ino_t inode;
    apr_size_t len;
    char text[ATL_NOTICE_BYTES + 1];
};

/* ------------------------------------------------------------------ looking at the file */

static void say(const struct atl_watched *w, int level, const char *text, apr_status_t rv)
{
    ap_log_error(APLOG_MARK, level, rv, w->server,
                 "%s (maintenance=%s of AtlassianApp on line %u of %s)", text, w->file,
                 w->app->line, w->app->file);
}

static void say_state(const struct atl_watched *w, file_state before, apr_status_t rv)
{
    switch (w->state) {
    case PRESENT:
        say(w, APLOG_INFO, ATL_LOGNO(0910) "maintenance: people get the page from now on", 0);
        break;
    case UNREADABLE:
        say(w, APLOG_WARNING,
            ATL_LOGNO(0912) "maintenance, but httpd's user cannot read the file: people "
                            "get the page without its words; make it readable",
            rv);
        break;
    case NO_FILE:
        say(w, APLOG_WARNING,
            ATL_LOGNO(0913) "this is not a file, so it announces no maintenance; name a "
                            "file",
            0);
        break;
    case HIDDEN:
        say(w, APLOG_WARNING,
            ATL_LOGNO(0914) "httpd's user cannot see whether the file exists, so there is "
                            "no maintenance; give that user search permission for its directories",
            rv);
        break;
    case ABSENT:
        if (before == PRESENT || before == UNREADABLE) {
            say(w, APLOG_INFO, ATL_LOGNO(0911) "maintenance is over: the file is gone", 0);
        }
        break;
    case NOT_LOOKED:
        break;
    }
}

static apr_status_t read_text(struct atl_watched *w, apr_pool_t *p)
{
    apr_file_t *in;
    apr_status_t rv =
        apr_file_open(&in, w->file, APR_FOPEN_READ | APR_FOPEN_NONBLOCK, APR_FPROT_OS_DEFAULT, p);

    w->len = 0;
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(in, w->text, ATL_NOTICE_BYTES, &w->len);
        rv = APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
        apr_file_close(in);
    }
    w->text[w->len] = '\0';
    return rv;
}

static file_state read_changed(struct atl_watched *w, const apr_finfo_t *info, apr_pool_t *p,
                               apr_status_t *rv)
{
    atl_notice notice;

    if (w->state == PRESENT && w->mtime == info->mtime && w->size == info->size &&
        w->inode == info->inode) {
        return PRESENT;
    }
    w->mtime = info->mtime;
    w->size = info->size;
    w->inode = info->inode;
    *rv = read_text(w, p);
    atl_notice_read(p, w->text, &notice);
    if (notice.wrong) {
        say(w, APLOG_WARNING,
            apr_psprintf(p,
                         ATL_LOGNO(0915) "\"until: %.60s\" is no time, so nobody is told "
                                         "when maintenance ends; write until: 2026-11-24 06:00",
                         notice.wrong),
            0);
    }
    return *rv == APR_SUCCESS ? PRESENT : UNREADABLE;
}

static void look(struct atl_watched *w, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(
        &info, w->file, APR_FINFO_TYPE | APR_FINFO_MTIME | APR_FINFO_SIZE | APR_FINFO_INODE, p);
    file_state before;

    apr_thread_mutex_lock(w->lock);
    before = w->state;
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        w->state = APR_STATUS_IS_EACCES(rv) ? HIDDEN : ABSENT;
    }
    else {
        w->state = info.filetype == APR_REG ? read_changed(w, &info, p, &rv) : NO_FILE;
    }
    apr_atomic_set32(&w->active, w->state == PRESENT || w->state == UNREADABLE);
    if (w->state != before) {
        say_state(w, before, rv);
    }
    apr_thread_mutex_unlock(w->lock);
}

/* A request costs no system call: whoever comes first in a second looks. A clock that was set back is
 * followed; threads may disagree by a second. */
static int is_active(struct atl_watched *w, apr_pool_t *p)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t looked = apr_atomic_read32(&w->looked);
    apr_int32_t since = (apr_int32_t)(now - looked);

    if ((since > 0 || since < -1) && apr_atomic_cas32(&w->looked, now, looked) == looked) {
        look(w, p);
    }
    return apr_atomic_read32(&w->active) != 0;
}

/* ------------------------------------------------------------------ requests */

/* Addresses of admin= see the application as it is. */
static int is_admin(const request_rec *r, const atl_app *app)
{
    return atl_networks_have(app->admin_networks, r->useragent_addr);
}

int atl_maintenance_stops(request_rec *r)
{
    const atl_request *request = atl_request_of(r);
    const atl_app *app = request ? request->claim->app : NULL;

    return app && app->watched && is_active(app->watched, r->pool) &&
           !atl_notice_passes(request->claim, r->uri) && !is_admin(r, app);
}

/* Behind access control: who may not see the application is told nothing of its maintenance. */
static int handler(request_rec *r)
{
    struct atl_watched *w;
    atl_request *request;
    atl_notice notice;
    const char *text;

    if (!atl_maintenance_stops(r)) {
        return DECLINED;
    }
    request = atl_request_of(r);
    w = request->claim->app->watched;
    apr_thread_mutex_lock(w->lock);
    text = apr_pstrmemdup(r->pool, w->text, w->len);
    apr_thread_mutex_unlock(w->lock);
    atl_notice_read(r->pool, text, &notice);
    return atl_unavailable_announce(r, request, &notice);
}

/* ------------------------------------------------------------------ start */

/* What can be told before there is a child; its user may see less. */
static void check_place(apr_pool_t *ptemp, server_rec *s, const atl_app *app)
{
    const char *dir = ap_make_dirstr_parent(ptemp, app->maintenance);

    if (ap_is_directory(ptemp, app->maintenance) || !ap_is_directory(ptemp, dir)) {
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, s,
            ATL_LOGNO(0916) "AtlassianApp on line %u of %s: maintenance=%s: %s; name a file, in a "
                            "directory that exists",
            app->line, app->file, app->maintenance,
            ap_is_directory(ptemp, app->maintenance) ? "this is a directory"
                                                     : "its directory is not there");
    }
}

static void prepare(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, atl_app *app)
{
    const char *file = ap_server_root_relative(p, app->maintenance);
    struct atl_watched *w = apr_pcalloc(p, sizeof(*w));

    app->maintenance = file ? file : app->maintenance;
    check_place(ptemp, s, app);
    w->server = s;
    w->app = app;
    w->file = app->maintenance;
    app->watched = w;
}

static void for_each(server_rec *main_server,
                     void (*what)(apr_pool_t *, apr_pool_t *, server_rec *, atl_app *),
                     apr_pool_t *p, apr_pool_t *ptemp)
{
    for (server_rec *s = main_server; s; s = s->next) {
        const apr_array_header_t *apps = atl_server_conf_of(s)->site.apps;

        for (int i = 0; i < apps->nelts; i++) {
            atl_app *app = APR_ARRAY_IDX(apps, i, atl_app *);
            if (app->maintenance) {
                what(p, ptemp, s, app);
            }
        }
    }
}

static int check_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    (void)plog;
    for_each(main_server, prepare, p, ptemp);
    return OK;
}

static void begin(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s, atl_app *app)
{
    apr_status_t rv = apr_thread_mutex_create(&app->watched->lock, APR_THREAD_MUTEX_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        ap_log_error(
            APLOG_MARK, APLOG_ERR, rv, s,
            ATL_LOGNO(0917) "AtlassianApp on line %u of %s: maintenance=%s has no effect in this "
                            "child, for want of a mutex; see the system's limits",
            app->line, app->file, app->maintenance);
        app->watched = NULL;
        return;
    }
    is_active(app->watched, ptemp);
}

/* Each child looks for itself, as its own user. */
static void child_init(apr_pool_t *p, server_rec *main_server)
{
    for_each(main_server, begin, p, p);
}

void atl_maintenance_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    /* Before observe.c counts a request as handed to the application. */
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_REALLY_FIRST - 1);
}
