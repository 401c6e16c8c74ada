/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * One comparison of a file of the application with its AtlassianApp line, whatever the file is written in: what a
 * value should be, and where differences are noted (pure).
 */
#ifndef ATL_APP_CONFIG_COMPARER_H
#define ATL_APP_CONFIG_COMPARER_H

#include "app_config.h"

/* A setting of the container; ends with a row without name. */
typedef struct atl_config_key {
    const char *name;
    const char *wanted;   /* template of the product table's kind */
    const char *fallback; /* what holds where it is not set; NULL: it must be */
    unsigned if_set : 1;  /* need not be set, but must not be wrong */
} atl_config_key;

typedef struct atl_comparer {
    apr_pool_t *p;
    const atl_site *site;
    const atl_app *app;
    const atl_config_text *config;
    const char *port; /* where the application is asked */
    apr_array_header_t *notes, *edits;
    /* of app_config_xml.c */
    const struct atl_dialect *dialect;
    const struct atl_xml *xml;
    /* of app_config_properties.c */
    const apr_array_header_t *properties;
    unsigned ended : 1; /* the last line ends, or an edit ends it */
} atl_comparer;

/*
 * Adds a message about a line of the file. number: ATL_LOGNO(). text: what is wrong and what to write.
 */
void atl_comparer_note(atl_comparer *c, const char *number, unsigned line, const char *text);

/*
 * Adds an edit: len bytes of the file's text, from at on, give way to other ones.
 */
void atl_comparer_change(atl_comparer *c, apr_size_t at, apr_size_t len, const char *with);

/*
 * What to write in place of a setting's value (NULL: it is not set). Returns NULL when it need not change. From the
 * comparer's pool.
 */
const char *atl_comparer_correction(const atl_comparer *c, const atl_config_key *k,
                                    const char *value);

/*
 * Words for a wrong value (NULL: it is not set). written: all that is to be written, with the name. From the
 * comparer's pool.
 */
const char *atl_comparer_complaint(const atl_comparer *c, const char *name, const char *value,
                                   const char *written);

/*
 * A list in words (NULL: it is empty) with one more item. From the comparer's pool, or item itself.
 */
const char *atl_comparer_and(const atl_comparer *c, const char *list, const char *item);

/*
 * The address people type for the application. From the comparer's pool.
 */
const char *atl_comparer_address(const atl_comparer *c);

/*
 * Whether nobody here can know what a value is: it comes from catalina.properties or the command line. NULL is none.
 */
int atl_config_is_unknown(const char *value);

/*
 * Whether a value is what it should be. Host names have no case; a slash at the end of a path or URL is nothing.
 */
int atl_config_agrees(const char *value, const char *wanted);

#endif
