/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "old_lines.h"
#include "text.h"

#include <apr_strings.h>
#include <string.h>

static const atl_old_line *line_of(apr_pool_t *p, const char *text, unsigned number,
                                   const atl_old_line *section)
{
    atl_old_line *line = apr_pcalloc(p, sizeof(*line));
    apr_size_t len = strcspn(text, " \t");

    line->name = apr_pstrmemdup(p, text, len);
    line->args = text + len + strspn(text + len, " \t");
    if (*text == '<') { /* httpd refuses sections without their ">" */
        len = strlen(line->args);
        line->args = apr_pstrmemdup(p, line->args, len ? len - 1 : 0);
    }
    line->file = "a.conf";
    line->line = number;
    line->section = section;
    return line;
}

apr_array_header_t *old_lines_of(apr_pool_t *p, const char *text)
{
    apr_array_header_t *lines = apr_array_make(p, 16, sizeof(const atl_old_line *));
    char *copy = apr_pstrdup(p, text);
    const atl_old_line *section = NULL;

    for (unsigned number = 1; *copy; number++) {
        apr_size_t len = strcspn(copy, "\n");
        char *next = copy + len + (copy[len] == '\n');

        copy[len] = '\0';
        copy += strspn(copy, " \t");
        if (!strncmp(copy, "</", 2)) {
            section = section ? section->section : NULL;
        }
        else if (*copy) {
            const atl_old_line *line = line_of(p, copy, number, section);

            section = *line->name == '<' ? line : section;
            APR_ARRAY_PUSH(lines, const atl_old_line *) = line;
        }
        copy = next;
    }
    return lines;
}
