/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The key=value words of an AtlassianApp line (pure).
 */
#ifndef ATL_APP_KEY_H
#define ATL_APP_KEY_H

#include "app.h"

/* A line while it is read. */
typedef struct atl_app_reader {
    apr_pool_t *p;
    atl_app *app;
    apr_table_t *seen; /* keys of this line so far; NULL before the first */
} atl_app_reader;

/*
 * Reads one word key=value into in->app; keylen: bytes before the "=".
 * Returns NULL, or what is wrong and what to write instead, from in->p.
 */
const char *atl_app_key_read(atl_app_reader *in, const char *word, apr_size_t keylen);

/*
 * A word that is a key without its "=value" ("timeout 90" would be read as two hosts): returns what
 * to write, from p; NULL for any other word.
 */
const char *atl_app_key_bare(apr_pool_t *p, const char *word);

/*
 * The keys of the directive with a short description each, for documentation checks.
 * Index from 0; returns NULL after the last.
 */
const char *atl_app_key(int index, const char **help);

#endif
