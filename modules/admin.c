/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "admin.h"
#include "door.h"
#include "log.h"
#include "network.h"
#include "server_conf.h"

#include "http_log.h"
#include "http_request.h"

#include <apr_strings.h>

APLOG_USE_MODULE(atlassian_proxy);

/* At warn, which the default LogLevel shows: somebody is trying doors, or an administrator's address is
 * missing. The path is the resolved one: it has neither a query nor a ";jsessionid". */
static int refuse(request_rec *r, const atl_app *app, const char *path)
{
    ap_log_rerror(
        APLOG_MARK, APLOG_WARNING, 0, r,
        ATL_LOGNO(0701) "refused with 403: %.255s is for administrators of %s, and %s is not "
                        "in admin= of AtlassianApp %s; add it there if it should be",
        path, app->product->label, r->useragent_ip, atl_app_name(r->pool, app));
    atl_request_make(r)->refusal =
        apr_pstrcat(r->pool, "ATLP0701: ", r->useragent_ip, " is not in admin= of ",
                    atl_app_name(r->pool, app), NULL);
    return HTTP_FORBIDDEN;
}

/* The address is mod_remoteip's, if trusted-proxy= has it ask a load balancer. */
static int guard_doors(request_rec *r)
{
    const atl_request *request = atl_request_of(r);
    const atl_app *app;
    const char *path;

    if (!request || request->claim->kind != ATL_CLAIM_PAGES) {
        return DECLINED;
    }
    app = request->claim->app;
    path = request->path.resolved;
    if (!app->admin_networks->nelts || atl_networks_have(app->admin_networks, r->useragent_addr) ||
        !atl_door_is(app->product, path + request->claim->len)) {
        return DECLINED;
    }
    return refuse(r, app, path);
}

void atl_admin_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* Not an access_checker: a user's password undoes those with "Satisfy Any", and an internal redirect
     * within one set of sections skips them. This runs for every request and subrequest, once the path
     * is final and before any of that. */
    ap_hook_post_perdir_config(guard_doors, NULL, NULL, APR_HOOK_FIRST);
}
