/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What to set in the application itself, the half of the job that no directive does (pure). The texts
 * are the product table's.
 */
#ifndef ATL_APP_SETTINGS_H
#define ATL_APP_SETTINGS_H

#include "site.h"

/*
 * The application's half: what to set in the product itself, as text lines without indentation,
 * one setting after the other. From p.
 */
const char *atl_app_settings(apr_pool_t *p, const atl_site *site, const atl_app *app);

/*
 * One setting of the application's half: its file (and versions) on a line of its own, then what
 * to write there, with the line's own values. From p.
 */
const char *atl_app_setting(apr_pool_t *p, const atl_site *site, const atl_app *app,
                            const atl_setting *setting);

/*
 * A text of the product table with the line's own values in place of {host}, {port} and the like. From p.
 */
const char *atl_app_fill(apr_pool_t *p, const atl_site *site, const atl_app *app, const char *text);

#endif
