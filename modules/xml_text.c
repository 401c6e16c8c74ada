/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "xml_text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_xml.h>
#include <string.h>

/* ------------------------------------------------------------------ where start tags stand */

typedef struct scanner {
    apr_pool_t *p;
    const char *at, *end;
    atl_xml *xml;
    apr_array_header_t *found; /* of atl_xml_element */
    int open;                  /* index of the innermost element that is open, or -1 */
    int comment;               /* index of the comment that is scanned, or -1 */
    const char *counted;       /* lines are counted up to here */
    unsigned line;
} scanner;

static unsigned line_at(scanner *s, const char *place)
{
    for (; s->counted < place; s->counted++) {
        s->line += *s->counted == '\n';
    }
    return s->line;
}

/* Behind the next occurrence of text, or NULL. */
static const char *behind(const scanner *s, const char *from, const char *text)
{
    apr_size_t len = strlen(text);

    for (; (apr_size_t)(s->end - from) >= len; from++) {
        from = memchr(from, *text, (apr_size_t)(s->end - from) - len + 1);
        if (!from) {
            return NULL;
        }
        if (!memcmp(from, text, len)) {
            return from + len;
        }
    }
    return NULL;
}

static int begins(const scanner *s, const char *text)
{
    apr_size_t len = strlen(text);

    return (apr_size_t)(s->end - s->at) >= len && !memcmp(s->at, text, len);
}

static void skip_blanks(scanner *s)
{
    while (s->at < s->end && apr_isspace(*s->at)) {
        s->at++;
    }
}

static const char *name_here(scanner *s)
{
    const char *from = s->at, *name, *colon;

    while (s->at < s->end && !apr_isspace(*s->at) && !strchr("/>=<\"'", *s->at)) {
        s->at++;
    }
    name = apr_pstrmemdup(s->p, from, (apr_size_t)(s->at - from));
    colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

/* name="value"; 0 when it is nothing like that */
static int scan_attribute(scanner *s, atl_xml_element *element)
{
    atl_xml_attribute *attribute;
    const char *start = s->at, *name = name_here(s), *close;

    skip_blanks(s);
    if (!*name || s->at == s->end || *s->at != '=') {
        return 0;
    }
    s->at++;
    skip_blanks(s);
    if (s->at == s->end || (*s->at != '"' && *s->at != '\'')) {
        return 0;
    }
    close = memchr(s->at + 1, *s->at, (apr_size_t)(s->end - s->at) - 1);
    if (!close) {
        return 0;
    }
    attribute = apr_array_push(element->attributes);
    attribute->name = name;
    attribute->start = (apr_size_t)(start - s->xml->text);
    attribute->at = (apr_size_t)(s->at + 1 - s->xml->text);
    attribute->len = (apr_size_t)(close - s->at) - 1;
    attribute->value = apr_pstrmemdup(s->p, s->at + 1, attribute->len);
    s->at = close + 1;
    element->tail = (apr_size_t)(s->at - s->xml->text);
    return 1;
}

static const char *scan_start_tag(scanner *s)
{
    int index = s->found->nelts;
    atl_xml_element *element = apr_array_push(s->found);

    element->comment = s->comment;
    element->parent = s->open;
    element->depth = s->open < 0 ? 0 : APR_ARRAY_IDX(s->found, s->open, atl_xml_element).depth + 1;
    element->line = line_at(s, s->at);
    element->start = (apr_size_t)(s->at++ - s->xml->text);
    element->name = name_here(s);
    element->tail = (apr_size_t)(s->at - s->xml->text);
    element->attributes = apr_array_make(s->p, 4, sizeof(atl_xml_attribute));
    if (element->depth >= ATL_XML_DEPTH || index >= ATL_XML_ELEMENTS) {
        return "it has too many elements, or nests them too deeply";
    }
    for (skip_blanks(s); s->at < s->end && *s->at != '>' && *s->at != '/'; skip_blanks(s)) {
        if (!scan_attribute(s, element)) {
            return "a start tag is not well-formed";
        }
    }
    if (begins(s, "/>")) {
        s->at += 2;
        element->end = (apr_size_t)(s->at - s->xml->text);
        return NULL;
    }
    if (!begins(s, ">")) {
        return "a start tag is not well-formed";
    }
    s->at++;
    s->open = index;
    return NULL;
}

static const char *scan_end_tag(scanner *s)
{
    atl_xml_element *element;

    s->at = behind(s, s->at, ">");
    if (!s->at || s->open < 0) {
        return "an end tag has no start tag";
    }
    element = &APR_ARRAY_IDX(s->found, s->open, atl_xml_element);
    element->end = (apr_size_t)(s->at - s->xml->text);
    s->open = element->parent;
    return NULL;
}

static const char *scan(scanner *s);

/* What was commented out is often what somebody edited. It need not be XML: what comes before the
 * first mistake counts. */
static void scan_comment(scanner *s, const char *start, const char *end)
{
    scanner inner = *s;
    atl_xml_comment *comment = apr_array_push(s->xml->comments);
    int first = s->xml->commented->nelts, kept;

    comment->start = (apr_size_t)(start - s->xml->text);
    comment->end = (apr_size_t)(end - s->xml->text);
    line_at(s, start);
    inner.counted = s->counted;
    inner.line = s->line;
    inner.at = start + 4;
    inner.end = end - 3;
    inner.found = s->xml->commented;
    inner.comment = s->xml->comments->nelts - 1;
    inner.open = -1;
    (void)scan(&inner);
    kept = first;
    for (int i = first; i < s->xml->commented->nelts; i++) {
        atl_xml_element element = APR_ARRAY_IDX(s->xml->commented, i, atl_xml_element);
        if (element.end && element.parent < 0) {
            APR_ARRAY_IDX(s->xml->commented, kept++, atl_xml_element) = element;
        }
    }
    s->xml->commented->nelts = kept;
}

static const char *scan_markup(scanner *s)
{
    const char *start = s->at;

    if (begins(s, "<!--")) {
        s->at = behind(s, start + 4, "-->");
        if (s->at && s->comment < 0) {
            scan_comment(s, start, s->at);
        }
    }
    else if (begins(s, "<![CDATA[")) {
        s->at = behind(s, start, "]]>");
    }
    else if (begins(s, "<?")) {
        s->at = behind(s, start, "?>");
    }
    else if (begins(s, "<!")) {
        return "it has a DOCTYPE, which may name other files; it is not read";
    }
    else {
        return begins(s, "</") ? scan_end_tag(s) : scan_start_tag(s);
    }
    return s->at ? NULL : "a comment or another section does not end";
}

static const char *scan(scanner *s)
{
    const char *error = NULL;

    while (!error && s->at < s->end && (s->at = memchr(s->at, '<', (apr_size_t)(s->end - s->at)))) {
        error = scan_markup(s);
    }
    return error;
}

/* ------------------------------------------------------------------ what expat reads */

static const char *parse(apr_pool_t *p, const char *text, apr_size_t len, apr_xml_doc **doc)
{
    apr_xml_parser *parser = apr_xml_parser_create(p);
    char why[256];
    apr_status_t rv = apr_xml_parser_feed(parser, text, len);

    if (rv == APR_SUCCESS) {
        rv = apr_xml_parser_done(parser, doc);
    }
    if (rv != APR_SUCCESS) {
        return apr_psprintf(p, "it is not XML: %s",
                            apr_xml_parser_geterror(parser, why, sizeof(why)));
    }
    return NULL;
}

static const apr_xml_elem *next_in_order(const apr_xml_elem *elem)
{
    if (elem->first_child) {
        return elem->first_child;
    }
    while (elem && !elem->next) {
        elem = elem->parent;
    }
    return elem ? elem->next : NULL;
}

static void take_values(atl_xml_element *element, const apr_xml_elem *elem)
{
    for (const apr_xml_attr *attr = elem->attr; attr; attr = attr->next) {
        for (int i = 0; i < element->attributes->nelts; i++) {
            atl_xml_attribute *a = &APR_ARRAY_IDX(element->attributes, i, atl_xml_attribute);
            if (!strcmp(a->name, attr->name)) {
                a->value = attr->value;
                break;
            }
        }
    }
}

/* Both readers must have seen the same. */
static int match(const atl_xml *xml, const apr_xml_elem *elem)
{
    for (int i = 0; i < xml->elements->nelts; i++, elem = next_in_order(elem)) {
        atl_xml_element *element = &APR_ARRAY_IDX(xml->elements, i, atl_xml_element);

        if (!elem || !element->end || strcmp(elem->name, element->name)) {
            return 0;
        }
        take_values(element, elem);
    }
    return !elem;
}

const char *atl_xml_read(apr_pool_t *p, const char *text, apr_size_t len, atl_xml **xml)
{
    scanner s = {.p = p,
                 .at = text,
                 .end = text + len,
                 .open = -1,
                 .comment = -1,
                 .counted = text,
                 .line = 1};
    apr_xml_doc *doc = NULL;
    const char *error;

    if (len > ATL_XML_BYTES) {
        return apr_psprintf(p, "it is larger than %d bytes", ATL_XML_BYTES);
    }
    s.xml = apr_pcalloc(p, sizeof(*s.xml));
    s.xml->text = text;
    s.xml->len = len;
    s.found = s.xml->elements = apr_array_make(p, 32, sizeof(atl_xml_element));
    s.xml->commented = apr_array_make(p, 4, sizeof(atl_xml_element));
    s.xml->comments = apr_array_make(p, 8, sizeof(atl_xml_comment));
    if ((error = scan(&s)) || (error = parse(p, text, len, &doc))) {
        return error;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is a document where there is no error */
    if (!match(s.xml, doc->root)) {
        return "the places of its elements could not be told";
    }
    *xml = s.xml;
    return NULL;
}

const atl_xml_attribute *atl_xml_attribute_of(const atl_xml_element *element, const char *name)
{
    for (int i = 0; i < element->attributes->nelts; i++) {
        const atl_xml_attribute *a = &APR_ARRAY_IDX(element->attributes, i, atl_xml_attribute);
        if (!strcmp(a->name, name)) {
            return a;
        }
    }
    return NULL;
}
