/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "worker_param.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

/* What values of a worker parameter look like. mod_proxy itself reads many of them with atoi(),
 * so that "abc" would silently mean 0. */
typedef enum { VALUE_NUMBER, VALUE_DECIMAL, VALUE_TIME, VALUE_SWITCH, VALUE_TEXT } value_kind;

/* mod_proxy's parameters for a plain worker (httpd documentation, ProxyPass). timeout is this
 * directive's own key; upgrade and secret are decided by the module or not for HTTP. */
static const struct {
    const char *key;
    value_kind kind;
} params[] = {
    {"acquire", VALUE_TIME},
    {"addressttl", VALUE_NUMBER},
    {"connectiontimeout", VALUE_TIME},
    {"disablereuse", VALUE_SWITCH},
    {"enablereuse", VALUE_SWITCH},
    {"flushpackets", VALUE_TEXT},
    {"flushwait", VALUE_NUMBER},
    {"hcfails", VALUE_NUMBER},
    {"hcinterval", VALUE_TIME},
    {"hcmethod", VALUE_TEXT},
    {"hcpasses", VALUE_NUMBER},
    {"iobuffersize", VALUE_NUMBER},
    {"keepalive", VALUE_SWITCH},
    {"lbset", VALUE_NUMBER},
    {"loadfactor", VALUE_DECIMAL},
    {"max", VALUE_NUMBER},
    {"min", VALUE_NUMBER},
    {"ping", VALUE_TIME},
    {"receivebuffersize", VALUE_NUMBER},
    {"redirect", VALUE_TEXT},
    {"responsefieldsize", VALUE_NUMBER},
    {"retry", VALUE_NUMBER},
    {"route", VALUE_TEXT},
    {"smax", VALUE_NUMBER},
    {"status", VALUE_TEXT},
    {"ttl", VALUE_NUMBER},
};

#define PARAMS ((int)(sizeof(params) / sizeof(params[0])))

static const struct {
    const char *key, *reason;
} refused[] = {
    {"upgrade", "the module itself decides where WebSockets pass; remove it"},
    {"secret", "it belongs to AJP, which Atlassian's products do not speak; remove it"},
    {"nocanon", "paths reach the application as sent already; remove it"},
    {"mapping", "paths are read as the servlet container reads them already; remove it"},
    {"stickysession", "a cluster's cookie is the module's own; remove it"},
};

/* Returns what the value should have been, or NULL when it is that. */
static const char *check_value(value_kind kind, const char *value)
{
    apr_size_t digits = strspn(value, "0123456789");
    const char *rest = value + digits;

    switch (kind) {
    case VALUE_NUMBER:
        return digits && digits < 10 && !*rest ? NULL : "a whole number";
    case VALUE_DECIMAL:
        rest += *rest == '.';
        return digits && digits < 10 && !rest[strspn(rest, "0123456789")] ? NULL : "a number";
    case VALUE_TIME:
        /* ap_timeout_parameter_parse() takes these units. */
        return digits && digits < 10 &&
                       (!*rest || !apr_cstr_casecmp(rest, "ms") || !apr_cstr_casecmp(rest, "s") ||
                        !apr_cstr_casecmp(rest, "mi") || !apr_cstr_casecmp(rest, "min"))
                   ? NULL
                   : "a number of seconds, or one with ms, s or min";
    case VALUE_SWITCH:
        return !apr_cstr_casecmp(value, "on") || !apr_cstr_casecmp(value, "off") ? NULL
                                                                                 : "on or off";
    case VALUE_TEXT:
        break;
    }
    return *value ? NULL : "a word";
}

const char *atl_worker_param_name(int index)
{
    return index >= 0 && index < PARAMS ? params[index].key : NULL;
}

const char *atl_worker_param_refusal(const char *key)
{
    for (apr_size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (!apr_cstr_casecmp(key, refused[i].key)) {
            return refused[i].reason;
        }
    }
    return NULL;
}

const char *atl_worker_param_read(apr_pool_t *p, const char *key, const char *value,
                                  atl_param *param)
{
    const char *reason = atl_worker_param_refusal(key);

    param->key = NULL;
    for (int i = 0; i < PARAMS; i++) {
        if (!strcmp(key, params[i].key)) {
            const char *rule = check_value(params[i].kind, value);

            param->key = params[i].key;
            param->value = value;
            return rule ? apr_psprintf(p, "%s=: %s is not %s", key, atl_quote(p, value), rule)
                        : NULL;
        }
    }
    return reason ? apr_psprintf(p, "%s=: %s", key, reason) : NULL;
}
