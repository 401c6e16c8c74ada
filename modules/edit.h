/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Changes to a text, and their unified diff for patch(1) (pure).
 */
#ifndef ATL_EDIT_H
#define ATL_EDIT_H

#include <apr_tables.h>

/* len bytes from at on give way to other ones. */
typedef struct atl_edit {
    apr_size_t at, len;
    const char *with;
    const void *by; /* who wants it: inserts at one place must be one's own */
} atl_edit;

/*
 * Adds an edit to an array of atl_edit, kept in the order of places; several that only insert at one
 * place keep the order they came in. Returns 0, and adds nothing, when the edit contradicts one that is
 * there: two lines that want different things of one file.
 */
int atl_edit_add(apr_array_header_t *edits, const atl_edit *edit);

/*
 * The text with all edits made. From p.
 */
const char *atl_edit_apply(apr_pool_t *p, const char *text, apr_size_t len,
                           const apr_array_header_t *edits);

/*
 * The unified diff of a text to itself with the edits made, three lines of context, in the form of
 * POSIX diff -u. name: the file, as patch(1) is to find it. Line ends stay what they are. "" without
 * edits. From p.
 */
const char *atl_edit_diff(apr_pool_t *p, const char *name, const char *text, apr_size_t len,
                          const apr_array_header_t *edits);

#endif
