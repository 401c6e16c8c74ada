/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_settings.h"
#include "text.h"

#include <apr_strings.h>
#include <string.h>

static const char *synchrony_setting(apr_pool_t *p, const atl_site *site, const atl_app *app)
{
    switch (app->synchrony) {
    case ATL_SYNCHRONY_OFF:
        return "collaborative editing is not served (synchrony=off): switch it off in Confluence";
    case ATL_SYNCHRONY_INTERNAL:
        return "-Dsynchrony.proxy.enabled=true   (all editing through Confluence's own port)";
    case ATL_SYNCHRONY_DIRECT:
        break;
    }
    /* Under another path browsers find Synchrony only if Confluence tells them. */
    return apr_pstrcat(p,
                       strcmp(app->synchrony_path, ATL_SYNCHRONY_PATH)
                           ? ""
                           : "nothing, when Confluence starts its own Synchrony;\n"
                             "for a standalone one: ",
                       "-Dsynchrony.service.url=",
                       atl_base_url(p, &site->public, app->synchrony_path), "/v1", NULL);
}

/* Tomcat names the file of context /a/b a#b.xml (its documentation, "The Context Container"). */
static const char *context_file(apr_pool_t *p, const char *context)
{
    char *name = apr_pstrdup(p, *context ? context + 1 : "ROOT");

    for (char *c = name; *c; c++) {
        *c = *c == '/' ? '#' : *c;
    }
    return name;
}

const char *atl_app_fill(apr_pool_t *p, const atl_site *site, const atl_app *app, const char *text)
{
    const atl_public *public = &site->public;
    const atl_backend *backend = &APR_ARRAY_IDX(app->backends, 0, atl_backend);
    int tls = !strcmp(public->scheme, "https");
    /* clang-format off */
    const char *values[] = {"scheme", public->scheme,
                            "secure", tls ? "true" : "false",
                            "host", public->host ? public->host : "<host>",
                            "port", apr_psprintf(p, "%u", public->port),
                            "context", app->context,
                            "home-context", *app->context ? app->context : "/",
                            "context-name", context_file(p, app->context),
                            "backend-port", apr_psprintf(p, "%u", backend->port),
                            "base-url", atl_base_url(p, public, app->context),
                            "synchrony", synchrony_setting(p, site, app),
                            NULL};
    /* clang-format on */

    return atl_fill(p, text, values);
}

const char *atl_app_setting(apr_pool_t *p, const atl_site *site, const atl_app *app,
                            const atl_setting *setting)
{
    const char *versions = strcmp(setting->versions, "all") ? setting->versions : NULL;

    return apr_pstrcat(p, atl_app_fill(p, site, app, setting->file), versions ? "   (" : "",
                       versions ? versions : "", versions ? ")" : "", ":\n",
                       atl_app_fill(p, site, app, setting->text), "\n", NULL);
}

const char *atl_app_settings(apr_pool_t *p, const atl_site *site, const atl_app *app)
{
    const char *text = "";

    for (const atl_setting *setting = app->product->settings; setting->file; setting++) {
        text = apr_pstrcat(p, text, atl_app_setting(p, site, app, setting), NULL);
    }
    return text;
}
