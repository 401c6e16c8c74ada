/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/xml_text.c: what stands where, and what is no XML; modules/properties.c: the same for Java's. */
#include "unit.h"

#include "properties.h"
#include "rules.h"
#include "xml_text.h"

#include <apr_strings.h>
#include <string.h>

static const char *elements_text(const atl_xml *xml, const apr_array_header_t *elements)
{
    const char *text = "";

    for (int i = 0; i < elements->nelts; i++) {
        const atl_xml_element *e = &APR_ARRAY_IDX(elements, i, atl_xml_element);

        text = apr_psprintf(pool, "%s%s%u%s %s%s", text, i ? "; " : "", e->line,
                            repeat('>', (apr_size_t)e->depth), e->comment < 0 ? "" : "#", e->name);
        for (int j = 0; j < e->attributes->nelts; j++) {
            const atl_xml_attribute *a = &APR_ARRAY_IDX(e->attributes, j, atl_xml_attribute);
            text = apr_psprintf(pool, "%s %s=%s[%s]", text, a->name, a->value,
                                apr_pstrmemdup(pool, xml->text + a->at, a->len));
        }
    }
    return text;
}

static const struct {
    const char *text, *elements, *commented; /* commented is NULL: elements is part of the error */
} rows[] = {
    {"<a/>", "1 a", ""},
    {"<?xml version='1.0'?>\n<!-- <b> -->\n<a  x = '1' y=\"&lt;&quot;\">\n <b/></a>\n",
     "3 a x=1[1] y=<\"[&lt;&quot;]; 4> b", ""},
    {"<a>\n<!-- the <b x=\"1\"/>\n and <c>text</c> --><d/></a>", "1 a; 3> d",
     "2 #b x=1[1]; 3 #c"},
    {"<a><!-- <b --><c/></a>", "1 a; 1> c", ""},
    {"<a><![CDATA[<b x=\"]]><c x=\"]]&gt;\"/></a>", "1 a; 1> c x=]]>[]]&gt;]", ""},
    {"<n:a xmlns:n=\"urn:n\" n:x=\"1\"><n:b/></n:a>", "1 a n=urn:n[urn:n] x=1[1]; 1> b", ""},
    {"<a x=\">\" y='/>'/>", "1 a x=>[>] y=/>[/>]", ""},
    {"\xef\xbb\xbf<a/>", "1 a", ""},
    {"<a x=\"\r\n1\"/>\r\n", "1 a x= 1[\r\n1]", ""},
    {"", "it is not XML", NULL},
    {"<a>", "it is not XML", NULL},
    {"<a></b>", "it is not XML", NULL},
    {"<a x=1/>", "a start tag is not well-formed", NULL},
    {"<a x='1' x='2'/>", "it is not XML", NULL},
    {"<a><!-- </a>", "does not end", NULL},
    {"</a>", "an end tag has no start tag", NULL},
    {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "has a DOCTYPE", NULL},
    {"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "has a DOCTYPE", NULL},
    {"<a>&undefined;</a>", "it is not XML", NULL},
};

static void check_row(const char *name, const char *text, const char *elements, const char *commented)
{
    atl_xml *xml = NULL;
    const char *error = atl_xml_read(pool, text, strlen(text), &xml);

    if (!commented) {
        expect_part(name, "error", error, elements);
        return;
    }
    expect_str(name, "error", error, NULL);
    if (xml) {
        expect_str(name, "elements", elements_text(xml, xml->elements), elements);
        expect_str(name, "in comments", elements_text(xml, xml->commented), commented);
    }
}

static void places(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text, rows[i].text, rows[i].elements, rows[i].commented);
        expect_str(rows[i].text, "broken rule", xml_rule_broken(pool, rows[i].text), NULL);
    }
}

/* n times one text after the other, and the same at the end */
static const char *times(int n, const char *begin, const char *end)
{
    apr_array_header_t *parts = apr_array_make(pool, 2 * n, sizeof(const char *));

    for (int i = 0; i < 2 * n; i++) {
        APR_ARRAY_PUSH(parts, const char *) = i < n ? begin : end;
    }
    return apr_array_pstrcat(pool, parts, 0);
}

static void limits(void **state)
{
    const char *large = apr_pstrcat(pool, "<a x=\"", repeat('x', ATL_XML_BYTES), "\"/>", NULL);
    atl_xml *xml;

    (void)state;
    expect_str("as deep as may be", "error",
               atl_xml_read(pool, times(ATL_XML_DEPTH, "<a>", "</a>"), 7 * ATL_XML_DEPTH, &xml), NULL);
    check_row("deeper", times(ATL_XML_DEPTH + 1, "<a>", "</a>"), "too deeply", NULL);
    check_row("deep in a comment",
              apr_pstrcat(pool, "<a><!--", times(5000, "<a>", ""), "--></a>", NULL), "1 a", "");
    check_row("many", apr_pstrcat(pool, "<a>", times(ATL_XML_ELEMENTS, "<b/>", ""), "</a>", NULL),
              "too many", NULL);
    check_row("large", large, "larger than", NULL);
}

/* ------------------------------------------------------------------ properties */

static const struct {
    const char *text, *properties; /* line:key=value[as written], # before a comment's */
} property_rows[] = {
    {"a=1\nb: 2\r\n c 3\n\n", "1:a=1[1] 2:b=2[2] 3:c=3[3]"},
    {"a = 1 \n", "1:a=1 [1 ]"},
    {"# a=1\n!b=2\n", "#1:a=1[1] #2:b=2[2]"},
    {"a=1\\\n  2\nb=3", "1:a=12[1\\\n  2] 3:b=3[3]"},
    {"# no \\\na=1", "#1:no=\\[\\] 2:a=1[1]"},
    {"a\\=b=c\\u00e4\\t\\x\n", "1:a=b=c\xc3\xa4\tx[c\\u00e4\\t\\x]"},
    {"a=\\u20AC\\\\", "1:a=\xe2\x82\xac\\[\\u20AC\\\\]"},
    {"a\nb=\n", "1:a=[] 2:b=[]"},
    {"a=\\", "1:a=\\[\\]"},
    {"=x", "1:=x[x]"},
    {"a=1\rb=2", "1:a=1[1] 2:b=2[2]"},
    {"", ""},
};

static const char *properties_text(const char *text)
{
    const apr_array_header_t *all = atl_properties_read(pool, text, strlen(text));
    const char *result = "";

    for (int i = 0; i < all->nelts; i++) {
        const atl_property *one = &APR_ARRAY_IDX(all, i, atl_property);
        result = apr_psprintf(pool, "%s%s%s%u:%s=%s[%s]", result, i ? " " : "",
                              one->commented ? "#" : "", one->line, one->key, one->value,
                              apr_pstrmemdup(pool, text + one->at, one->len));
    }
    return result;
}

static void properties(void **state)
{
    const apr_array_header_t *twice = atl_properties_read(pool, "a=1\n#a=0\na=2\n", 13);

    (void)state;
    for (size_t i = 0; i < COUNT(property_rows); i++) {
        expect_str(property_rows[i].text, "properties", properties_text(property_rows[i].text),
                   property_rows[i].properties);
    }
    expect_str("twice", "the last counts", atl_properties_find(twice, "a", 0)->value, "2");
    expect_str("twice", "a comment", atl_properties_find(twice, "a", 1)->value, "0");
    expect("twice", "another", !atl_properties_find(twice, "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(places), UNIT_TEST(limits), UNIT_TEST(properties)};

    return cmocka_run_group_tests_name("xml_text", tests, unit_group_setup, unit_group_teardown);
}
