/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Compares the application's own configuration with its AtlassianApp line: the other half of the job,
 * read instead of described (pure). app_config_files.c finds the files; app_config_xml.c and
 * app_config_properties.c know how they are written.
 */
#ifndef ATL_APP_CONFIG_H
#define ATL_APP_CONFIG_H

#include "edit.h"
#include "site.h"

/* One file as the application has it. */
typedef struct atl_config_text {
    const char *file;
    atl_config_format format;
    const char *text; /* ends with a NUL behind len bytes */
    apr_size_t len;
    apr_array_header_t *contexts; /* of const char *: Tomcat's context files, by name; or NULL */
} atl_config_text;

/*
 * Compares one file with the line it belongs to. Adds to notes (of const char *) a message for each
 * difference, with its number, the file and the line, and to edits (of atl_edit) what would remove
 * it, as far as that is certain. An edit that contradicts another line's is left out. From p.
 */
void atl_app_config_compare(apr_pool_t *p, const atl_site *site, const atl_app *app,
                            const atl_config_text *config, apr_array_header_t *notes,
                            apr_array_header_t *edits);

/*
 * How a file is written that was named in a line, by its name.
 */
atl_config_format atl_app_config_format(const atl_product *product, const char *file);

/*
 * Whether a node of the application runs on this machine, so that the installer's directories here
 * may be its own.
 */
int atl_app_config_is_local(const atl_app *app);

#endif
