/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "verdict.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define LONGEST 300 /* of a value worth showing */

/* The string value of a JSON member, wherever it stands. Escapes are undone but for \u. */
static const char *json_member(apr_pool_t *p, const char *body, const char *name)
{
    const char *at = strstr(body, apr_pstrcat(p, "\"", name, "\"", NULL));
    char *value, *to;

    if (!at) {
        return NULL;
    }
    at += strlen(name) + 2;
    at += strspn(at, " \t\r\n");
    if (*at++ != ':') {
        return NULL;
    }
    at += strspn(at, " \t\r\n");
    if (*at++ != '"') {
        return NULL;
    }
    value = to = apr_palloc(p, LONGEST + 1);
    for (; *at && *at != '"' && to < value + LONGEST; at++) {
        if (*at == '\\' && at[1]) {
            at++;
        }
        *to++ = *at;
    }
    *to = '\0';
    return *at == '"' ? value : NULL;
}

static const char *xml_element(apr_pool_t *p, const char *body, const char *name)
{
    const char *open = apr_pstrcat(p, "<", name, ">", NULL), *at = strstr(body, open), *end;

    if (!at || !(end = strstr(at, "</"))) {
        return NULL;
    }
    at += strlen(open);
    return end - at <= LONGEST ? apr_pstrmemdup(p, at, (apr_size_t)(end - at)) : NULL;
}

/* word is one of those in list, which blanks separate. */
static int is_listed(const char *list, const char *word)
{
    apr_size_t len = strlen(word);

    for (const char *at = list; len && at && (at = strstr(at, word)); at += len) {
        if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' ')) {
            return 1;
        }
    }
    return 0;
}

static void judge_state(apr_pool_t *p, const atl_app *app, int status, const char *body,
                        atl_verdict *verdict)
{
    const char *state = json_member(p, body, "state");

    if (!state) {
        /* Crowd answers 204, or 200 without JSON, in some versions. */
        verdict->right = status == 200 || status == 204 ? -1 : 0;
        verdict->said =
            apr_psprintf(p, "%s answered %d without saying its state", app->product->label, status);
        return;
    }
    verdict->right = is_listed(app->product->ready, state);
    verdict->said =
        apr_psprintf(p, verdict->right ? "%s is %s" : "%s is %s: it does not work yet, or any more",
                     app->product->label, atl_quote(p, state));
}

static void judge_base_url(apr_pool_t *p, const atl_site *site, const atl_app *app, int status,
                           const char *body, atl_verdict *verdict)
{
    const char *right = atl_base_url(p, &site->public, app->context);
    const char *url = json_member(p, body, "baseUrl");
    apr_size_t len;

    url = url ? url : xml_element(p, body, "url");
    verdict->version = json_member(p, body, "version");
    verdict->version = verdict->version ? verdict->version : xml_element(p, body, "version");
    if (status != 200 || !url) {
        verdict->right = status == 200 || status == 401 || status == 403 || status == 404 ? -1 : 0;
        verdict->said = apr_psprintf(p, "%s answered %d without saying its base URL",
                                     app->product->label, status);
        return;
    }
    len = strlen(url);
    while (len && url[len - 1] == '/') {
        len--;
    }
    if (!site->public.host) {
        verdict->said = apr_psprintf(p,
                                     "the base URL is %s; the virtual host has no ServerName to "
                                     "compare it with",
                                     atl_quote(p, url));
        return;
    }
    /* Host names know no case, and people write them as they like. */
    verdict->right =
        len == strlen(right) && !apr_cstr_casecmpn(url, right, len) &&
        !strncmp(url + (len - strlen(app->context)), app->context, strlen(app->context));
    verdict->base_url_off = !verdict->right;
    verdict->said = verdict->right
                        ? apr_psprintf(p, "the base URL is %s", right)
                        : apr_psprintf(p,
                                       "the base URL is %s, but people come to %s: set it there, "
                                       "or give the virtual host the other name",
                                       atl_quote(p, url), right);
}

static void judge_ok(apr_pool_t *p, int status, const char *body, atl_verdict *verdict)
{
    verdict->right = status == 200 && !strncmp(body, "OK", 2);
    if (verdict->right) {
        verdict->said = "Synchrony answers OK";
    }
    else if (strstr(body, "<html") || strstr(body, "<HTML") || strstr(body, "<!DOCTYPE") ||
             strstr(body, "<!doctype")) {
        verdict->said = apr_psprintf(p,
                                     "a page of status %d came instead of Synchrony's OK: its "
                                     "requests go to something else; see synchrony=",
                                     status);
    }
    else {
        verdict->said = apr_psprintf(p,
                                     "Synchrony answered %d; where it is reached through "
                                     "Confluence alone, write synchrony=internal",
                                     status);
    }
}

void atl_verdict_of(apr_pool_t *p, const atl_site *site, const atl_app *app, const atl_probe *probe,
                    int status, const char *body, atl_verdict *verdict)
{
    memset(verdict, 0, sizeof(*verdict));
    verdict->right = -1;
    if (status >= 300 && status < 400) {
        verdict->said =
            apr_psprintf(p, "%s answered %d, which is not followed", app->product->label, status);
        return;
    }
    switch (probe->kind) {
    case ATL_PROBE_STATE:
        judge_state(p, app, status, body, verdict);
        break;
    case ATL_PROBE_BASE_URL:
        judge_base_url(p, site, app, status, body, verdict);
        break;
    case ATL_PROBE_OK:
        judge_ok(p, status, body, verdict);
        break;
    }
}
