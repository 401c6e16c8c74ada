/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "app_config_comparer.h"
#include "app_settings.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

void atl_comparer_note(atl_comparer *c, const char *number, unsigned line, const char *text)
{
    APR_ARRAY_PUSH(c->notes, const char *) =
        apr_psprintf(c->p, "%s%s:%u: %s", number, c->config->file, line, text);
}

void atl_comparer_change(atl_comparer *c, apr_size_t at, apr_size_t len, const char *with)
{
    atl_edit edit = {at, len, with, c->app};

    atl_edit_add(c->edits, &edit);
}

/* NULL where the virtual host has no name, so that the line does not say it. */
static const char *wanted_of(const atl_comparer *c, const char *text)
{
    static const char *const of_the_name[] = {"{host}", "{port}", "{base-url}", NULL};

    for (const char *const *word = of_the_name; !c->site->public.host && *word; word++) {
        if (!strcmp(text, *word)) {
            return NULL;
        }
    }
    return atl_app_fill(c->p, c->site, c->app, text);
}

int atl_config_is_unknown(const char *value)
{
    return value && strstr(value, "${");
}

static apr_size_t without_slash(const char *text)
{
    apr_size_t len = strlen(text);

    return len && text[len - 1] == '/' ? len - 1 : len;
}

int atl_config_agrees(const char *value, const char *wanted)
{
    apr_size_t len = without_slash(wanted);

    return without_slash(value) == len && !apr_cstr_casecmpn(value, wanted, len);
}

/* Whether a value must change; value is NULL where it is not set. */
static int is_wrong(const atl_config_key *k, const char *value, const char *wanted)
{
    if (!wanted || atl_config_is_unknown(value)) {
        return 0;
    }
    value = value ? value : k->if_set ? wanted : k->fallback;
    return !value || !atl_config_agrees(value, wanted);
}

const char *atl_comparer_correction(const atl_comparer *c, const atl_config_key *k,
                                    const char *value)
{
    const char *wanted = wanted_of(c, k->wanted);

    return is_wrong(k, value, wanted) ? wanted : NULL;
}

const char *atl_comparer_complaint(const atl_comparer *c, const char *name, const char *value,
                                   const char *written)
{
    return value ? apr_psprintf(c->p, "%s is %s (write %s)", name, atl_quote(c->p, value), written)
                 : apr_psprintf(c->p, "%s is missing (write %s)", name, written);
}

const char *atl_comparer_and(const atl_comparer *c, const char *list, const char *item)
{
    return list ? apr_pstrcat(c->p, list, ", ", item, NULL) : item;
}

const char *atl_comparer_address(const atl_comparer *c)
{
    return atl_base_url(c->p, &c->site->public, c->app->context);
}
