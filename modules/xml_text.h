/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * An XML file and where its elements stand, for messages with a line number and for changes that leave
 * all other bytes alone (pure).
 *
 * Two readers: expat (apr_xml) says whether it is XML and what the values are, a scanner of start tags
 * says where they stand. They must find the same elements, or the file counts as unreadable.
 */
#ifndef ATL_XML_TEXT_H
#define ATL_XML_TEXT_H

#include <apr_tables.h>

/* Larger files, deeper nesting and more elements are refused: no configuration of a servlet container
 * comes near. */
#define ATL_XML_BYTES (1024 * 1024)
#define ATL_XML_DEPTH 64
#define ATL_XML_ELEMENTS 20000

typedef struct atl_xml_attribute {
    const char *name;   /* without a prefix */
    const char *value;  /* references resolved; in a comment, as written */
    apr_size_t start;   /* of its name, in bytes of the text */
    apr_size_t at, len; /* bytes between the quotes */
} atl_xml_attribute;

typedef struct atl_xml_element {
    const char *name;               /* without a prefix */
    int parent;                     /* index among the elements; -1 for the root */
    int depth;                      /* 0 for the root */
    unsigned line;                  /* counted from 1 */
    apr_size_t start, end;          /* all of it, in bytes of the text */
    apr_size_t tail;                /* behind its last attribute: the place of another one */
    apr_array_header_t *attributes; /* of atl_xml_attribute */
    int comment;                    /* index of the comment it stands in; -1 */
} atl_xml_element;

typedef struct atl_xml_comment {
    apr_size_t start, end; /* with <!-- and --> */
} atl_xml_comment;

typedef struct atl_xml {
    const char *text;
    apr_size_t len;
    apr_array_header_t *elements; /* of atl_xml_element, as they stand */
    apr_array_header_t
        *commented;               /* of atl_xml_element: what stands in comments and could be one */
    apr_array_header_t *comments; /* of atl_xml_comment */
} atl_xml;

/*
 * Reads a file's text, of len bytes. On success returns NULL and sets *xml, from p, which keeps text.
 * Otherwise returns why not, from p. Nothing outside of text is ever read: a file with a DOCTYPE,
 * which could name other files, is refused.
 */
const char *atl_xml_read(apr_pool_t *p, const char *text, apr_size_t len, atl_xml **xml);

/*
 * An element's attribute; NULL if it has none of that name. Both without prefix, case counts.
 */
const atl_xml_attribute *atl_xml_attribute_of(const atl_xml_element *element, const char *name);

#endif
