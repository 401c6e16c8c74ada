/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "libssl.h"

#include <apr_portable.h>
#include <dlfcn.h>

#include "httpd.h"
#include "http_config.h"

void *atl_libssl_find(const char *name)
{
    const module *mod_ssl = ap_find_linked_module("mod_ssl.c");
    apr_os_dso_handle_t handle;

    if (!mod_ssl) {
        return NULL;
    }
    if (!mod_ssl->dynamic_load_handle) {
        return dlsym(RTLD_DEFAULT, name); /* built into httpd */
    }
    return apr_os_dso_handle_get(&handle, mod_ssl->dynamic_load_handle) == APR_SUCCESS
               ? dlsym(handle, name)
               : NULL;
}
