/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "health.h"
#include "server_conf.h"

#include "http_config.h"
#include "http_connection.h"
#include "http_core.h"
#include "util_filter.h"

#include <apr_strings.h>

/* mod_proxy_hcheck has threads of its own, which never serve a request. */
static _Thread_local int serves_requests;

static ap_filter_rec_t *limit_filter;

static int remember_thread(request_rec *r)
{
    (void)r;
    serves_requests = 1;
    return DECLINED;
}

static const char *interval_among(const atl_app *app, const apr_array_header_t *nodes,
                                  apr_port_t port)
{
    for (int i = 0; nodes->nelts > 1 && i < nodes->nelts; i++) {
        const atl_backend *node = &APR_ARRAY_IDX(nodes, i, atl_backend);

        if (node->port == port) {
            const char *interval = atl_worker_param_of(app, node, "hcinterval");
            return interval ? interval : ATL_HEALTH_INTERVAL;
        }
    }
    return NULL;
}

/* How often the node at that port is asked; NULL when it is not a cluster's. */
static const char *interval_of(const server_rec *s, apr_port_t port)
{
    const apr_array_header_t *apps = atl_server_conf_of(s)->site.apps;
    const char *interval = NULL;

    for (int i = 0; i < apps->nelts && !interval; i++) {
        const atl_app *app = APR_ARRAY_IDX(apps, i, const atl_app *);

        interval = interval_among(app, app->backends, port);
        interval = interval ? interval : interval_among(app, app->synchronies, port);
    }
    return interval;
}

/* mod_proxy sets its own timeout after pre_connection: this waits until something is read. An
 * answer that takes twice the time between two questions does not count. */
static apr_status_t limit(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                          apr_read_type_e block, apr_off_t readbytes)
{
    const apr_interval_time_t *interval = f->ctx;

    apr_socket_timeout_set(ap_get_conn_socket(f->c), 2 * *interval);
    ap_remove_input_filter(f);
    return ap_get_brigade(f->next, bb, mode, block, readbytes);
}

static int pre_connection(conn_rec *c, void *csd)
{
    const char *text = NULL;
    apr_interval_time_t interval;

    (void)csd;
    /* Clients' connections have a place in the scoreboard. */
    if (!serves_requests && !c->sbh && !c->master) {
        text = interval_of(c->base_server, c->client_addr->port);
    }
    if (text && ap_timeout_parameter_parse(text, &interval, "s") == APR_SUCCESS) {
        ap_add_input_filter_handle(limit_filter, apr_pmemdup(c->pool, &interval, sizeof(interval)),
                                   NULL, c);
    }
    return OK;
}

void atl_health_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* Before any handler that makes a connection. */
    ap_hook_handler(remember_thread, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_pre_connection(pre_connection, NULL, NULL, APR_HOOK_LAST);
    limit_filter = ap_register_input_filter("ATLASSIAN_HEALTH", limit, NULL, AP_FTYPE_CONNECTION);
}
