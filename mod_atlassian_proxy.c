/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * mod_atlassian_proxy: one line in a virtual host puts an Atlassian application behind httpd.
 *
 * This file is the module record. Everything else lives in modules/, one file per concern; the
 * atl_..._register_hooks(p) of each adds the hooks it needs, p being httpd's configuration pool.
 */
#include "admin.h"
#include "answer_head.h"
#include "app_config_files.h"
#include "apply.h"
#include "backend_tls.h"
#include "cache.h"
#include "check.h"
#include "counters.h"
#include "dump.h"
#include "failover.h"
#include "forwarded.h"
#include "health.h"
#include "large_body.h"
#include "late_worker.h"
#include "maintenance.h"
#include "observe.h"
#include "response.h"
#include "server_conf.h"
#include "shortcut.h"
#include "status.h"
#include "suggest_dump.h"
#include "translate.h"
#include "tunnel.h"

static void register_hooks(apr_pool_t *p)
{
    atl_apply_register_hooks(p);
    atl_translate_register_hooks(p);
    atl_shortcut_register_hooks(p);
    atl_late_worker_register_hooks(p);
    atl_admin_register_hooks(p);
    atl_forwarded_register_hooks(p);
    atl_backend_tls_register_hooks(p);
    atl_answer_head_register_hooks(p);
    atl_response_register_hooks(p);
    atl_large_body_register_hooks(p);
    atl_cache_register_hooks(p);
    atl_counters_register_hooks(p);
    atl_observe_register_hooks(p);
    atl_maintenance_register_hooks(p);
    atl_failover_register_hooks(p);
    atl_health_register_hooks(p);
    atl_check_register_hooks(p);
    atl_status_register_hooks(p);
    atl_dump_register_hooks(p);
    atl_app_config_files_register_hooks(p);
    atl_suggest_dump_register_hooks(p);
    atl_tunnel_register_hooks(p);
}

/* ALWAYS_MERGE: a virtual host that says nothing gets a record of its own, not the main server's
 * apps. */
AP_DECLARE_MODULE(atlassian_proxy) = {
    STANDARD20_MODULE_STUFF, NULL,           NULL,           atl_server_conf_create,
    atl_server_conf_merge,   atl_directives, register_hooks, AP_MODULE_FLAG_ALWAYS_MERGE};
