/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "unit.h"

#include "unit_site.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static const char *add_line(atl_site *site, const char *text, unsigned number)
{
    atl_app *app = NULL;
    const atl_claim *other;
    const char *mine, *error = atl_app_parse(pool, words_of(text), &app);

    if (error) {
        return error;
    }
    app->file = "apps.conf";
    app->line = number;
    other = atl_routes_add_app(site->routes, app, &mine);
    if (other) {
        return apr_psprintf(pool, "%s of line %u is line %u's", *mine ? mine : "/", number,
                            other->app->line);
    }
    APR_ARRAY_PUSH(site->apps, atl_app *) = app;
    apr_array_cat(site->trusted, app->trusted);
    return NULL;
}

atl_site *site_of(const char *lines, const char *scheme, const char *host, unsigned port,
                  const char **why)
{
    atl_site *site = apr_pcalloc(pool, sizeof(*site));
    char *copy = apr_pstrdup(pool, lines), *last = NULL;
    const char *error = NULL;
    unsigned number = 0;

    site->apps = apr_array_make(pool, 1, sizeof(atl_app *));
    site->routes = atl_routes_create(pool);
    site->local_patterns = apr_array_make(pool, 0, sizeof(const char *));
    site->trusted = apr_array_make(pool, 0, sizeof(const char *));
    site->public.scheme = scheme;
    site->public.host = host;
    site->public.port = port;
    for (char *line = apr_strtok(copy, "\n", &last); line && !error;
         line = apr_strtok(NULL, "\n", &last)) {
        error = add_line(site, line, ++number);
    }
    if (why) {
        *why = error;
    }
    if (error) {
        return NULL;
    }
    site->workers = atl_workers_assign(pool, pool, atl_routes_claims(site->routes));
    return site;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *claims_of(const atl_site *site)
{
    static const char *const kinds[] = {"pages", "synchrony", "synchrony-proxy", "absent", "local"};
    const apr_array_header_t *claims = atl_routes_claims(site->routes);
    apr_array_header_t *lines = apr_array_make(pool, claims->nelts, sizeof(const char *));

    for (int i = 0; i < claims->nelts; i++) {
        const atl_claim *claim = APR_ARRAY_IDX(claims, i, const atl_claim *);
        APR_ARRAY_PUSH(lines, const char *) = apr_psprintf(
            pool, "%s %s%s%s%s (%u)", *claim->path ? claim->path : "/", kinds[claim->kind],
            claim->backend ? "=" : "", claim->backend ? claim->backend->origin : "",
            claim->backend ? claim->backend_path : "", claim->app ? claim->app->line : 0);
    }
    qsort(lines->elts, (size_t)lines->nelts, sizeof(const char *), by_text);
    return apr_array_pstrcat(pool, lines, '\n');
}
