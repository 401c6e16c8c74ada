/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The words of an AtlassianApp line that takes the place of hand-written proxying (pure).
 */
#ifndef ATL_SUGGEST_WORDS_H
#define ATL_SUGGEST_WORDS_H

#include "suggest.h"

/* A suggestion while it is made. */
typedef struct atl_suggester {
    apr_pool_t *p;
    const atl_old_host *host;
    apr_array_header_t *mappings; /* of atl_mapping * */
    const char *text;             /* of all lines, for names of cookies */
    atl_suggestion *out;
} atl_suggester;

/*
 * The words for an app, but for trusted-proxy=. What they cannot say is noted as lost. From s->p.
 */
const char *atl_suggest_words(atl_suggester *s, const atl_old_app *app);

/*
 * The words of a line with those of its virtual host on who vouches for clients. What they cannot say
 * is noted as lost. From s->p, or words themselves.
 */
const char *atl_suggest_trusted(atl_suggester *s, const char *words);

#endif
