/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_config_files.h"
#include "app_config.h"
#include "log.h"
#include "server_conf.h"
#include "xml_text.h"

#include "http_core.h"
#include "http_log.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

#define DUMP_DEFINE "DUMP_ATLASSIAN_DIFF"
#define CONTEXT_FILES 100 /* more names of a directory are not read */

/* A file of an application; several lines may be about it. */
typedef struct file {
    atl_config_text config;
    apr_array_header_t *edits; /* of atl_edit */
} file;

/* ------------------------------------------------------------------ reading */

/* Who runs the application may put anything in its place: nothing is waited for (a FIFO), and only
 * a file is read. */
static apr_status_t read_file(apr_pool_t *p, const char *name, atl_config_text *config)
{
    apr_file_t *in;
    apr_finfo_t info;
    char *text;
    apr_status_t rv = apr_file_open(
        &in, name, APR_FOPEN_READ | APR_FOPEN_BINARY | APR_FOPEN_NONBLOCK, APR_FPROT_OS_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_info_get(&info, APR_FINFO_TYPE | APR_FINFO_SIZE, in);
    if (rv == APR_SUCCESS && (info.filetype != APR_REG || info.size > ATL_XML_BYTES)) {
        rv = info.filetype != APR_REG ? APR_EBADPATH : APR_ENOSPC;
    }
    if (rv == APR_SUCCESS) {
        config->len = (apr_size_t)info.size;
        config->text = text = apr_palloc(p, config->len + 1);
        rv = config->len ? apr_file_read_full(in, text, config->len, &config->len) : APR_SUCCESS;
        text[config->len] = '\0';
    }
    apr_file_close(in);
    return rv;
}

static apr_array_header_t *context_files(apr_pool_t *p, const char *dir)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    apr_finfo_t info;
    apr_dir_t *open;

    if (apr_dir_open(&open, dir, p) != APR_SUCCESS) {
        return NULL;
    }
    while (names->nelts < CONTEXT_FILES &&
           apr_dir_read(&info, APR_FINFO_NAME, open) == APR_SUCCESS) {
        APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, info.name);
    }
    apr_dir_close(open);
    return names;
}

/* Reads the first of a product's files that is there. dir: in place of the installer's, or NULL. */
static apr_status_t read_below(apr_pool_t *p, const atl_product *product, const char *dir,
                               atl_config_text *config)
{
    apr_status_t first = APR_ENOENT;

    for (const atl_config_file *row = product->config_files; row->path; row++) {
        const char *base = dir ? dir : row->dir;
        const char *name =
            apr_pstrcat(p, base, base[strlen(base) - 1] == '/' ? "" : "/", row->path, NULL);
        apr_status_t rv = read_file(p, name, config);

        config->file = row == product->config_files || rv == APR_SUCCESS ? name : config->file;
        if (rv == APR_SUCCESS) {
            config->format = row->format;
            config->contexts =
                row->contexts ? context_files(p, apr_pstrcat(p, base, "/", row->contexts, NULL))
                              : NULL;
            return APR_SUCCESS;
        }
        first = row == product->config_files ? rv : first;
    }
    return first;
}

static void warn_unreadable(apr_pool_t *p, server_rec *s, const atl_app *app, const char *name,
                            apr_status_t rv)
{
    char why[120];

    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, s,
        ATL_LOGNO(1211) "AtlassianApp on line %u of %s: app-config=%s: %s cannot be read (%s); "
                        "write the application's directory, its file, or app-config=off",
        app->line, app->file, app->app_config, name ? name : app->app_config,
        rv == APR_EBADPATH ? "it is not a file"
        : rv == APR_ENOSPC ? apr_psprintf(p, "it is larger than %d bytes", ATL_XML_BYTES)
                           : apr_strerror(rv, why, sizeof(why)));
}

/* Returns 1 with the line's file, 0 when there is none to compare. */
static int find_config(apr_pool_t *p, server_rec *s, const atl_app *app, atl_config_text *config,
                       int say)
{
    const char *place = app->app_config;
    apr_status_t rv;

    memset(config, 0, sizeof(*config));
    if (!place) {
        return atl_app_config_is_local(app) &&
               read_below(p, app->product, NULL, config) == APR_SUCCESS;
    }
    if (!*place) {
        return 0;
    }
    place = ap_server_root_relative(p, place);
    place = place ? place : app->app_config;
    if (ap_is_directory(p, place)) {
        rv = read_below(p, app->product, place, config);
    }
    else {
        config->file = place;
        config->format = atl_app_config_format(app->product, place);
        rv = read_file(p, place, config);
    }
    if (rv != APR_SUCCESS && say) {
        warn_unreadable(p, s, app, config->file, rv);
    }
    return rv == APR_SUCCESS;
}

/* ------------------------------------------------------------------ comparing */

static file *file_of(apr_array_header_t *files, const atl_config_text *config)
{
    file *added;

    for (int i = 0; i < files->nelts; i++) {
        file *known = &APR_ARRAY_IDX(files, i, file);
        if (!strcmp(known->config.file, config->file)) {
            return known;
        }
    }
    added = apr_array_push(files);
    added->config = *config;
    added->edits = apr_array_make(files->pool, 4, sizeof(atl_edit));
    return added;
}

static void compare(server_rec *s, const atl_app *app, apr_array_header_t *files, int say)
{
    apr_pool_t *p = files->pool;
    apr_array_header_t *notes = apr_array_make(p, 4, sizeof(const char *));
    atl_config_text config;
    file *own;

    if (!find_config(p, s, app, &config, say)) {
        return;
    }
    own = file_of(files, &config);
    atl_app_config_compare(p, &atl_server_conf_of(s)->site, app, &own->config, notes, own->edits);
    for (int i = 0; say && i < notes->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "%s (AtlassianApp on line %u of %s; as a diff: "
                     "apachectl (Fedora, RHEL: httpd) -t -D " DUMP_DEFINE ")",
                     APR_ARRAY_IDX(notes, i, const char *), app->line, app->file);
    }
}

/* Compares all lines; returns an array of file. say: log what differs. */
static apr_array_header_t *compare_all(apr_pool_t *p, server_rec *main_server, int say)
{
    apr_array_header_t *files = apr_array_make(p, 4, sizeof(file));

    for (server_rec *s = main_server; s; s = s->next) {
        const apr_array_header_t *apps = atl_server_conf_of(s)->site.apps;

        for (int i = 0; i < apps->nelts; i++) {
            compare(s, APR_ARRAY_IDX(apps, i, const atl_app *), files, say);
        }
    }
    return files;
}

/* ------------------------------------------------------------------ hooks */

/* At a start the configuration is read twice: once is enough for files that are not httpd's. */
static int check_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    (void)p;
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG ||
        ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        compare_all(ptemp, main_server, 1);
    }
    return OK;
}

/* For patch -d / -p0: a name without its slash at the front, as patch(1) refuses others. */
static void print_diffs(apr_pool_t *p, server_rec *main_server)
{
    apr_array_header_t *files;
    apr_file_t *out;

    if (!ap_exists_config_define(DUMP_DEFINE) || apr_file_open_stdout(&out, p) != APR_SUCCESS) {
        return;
    }
    files = compare_all(p, main_server, 0);
    for (int i = 0; i < files->nelts; i++) {
        const file *f = &APR_ARRAY_IDX(files, i, file);
        apr_file_puts(atl_edit_diff(p, f->config.file + (*f->config.file == '/'), f->config.text,
                                    f->config.len, f->edits),
                      out);
    }
}

void atl_app_config_files_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* Behind apply.c's, which finds out the public addresses. */
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_test_config(print_diffs, NULL, NULL, APR_HOOK_MIDDLE);
}
