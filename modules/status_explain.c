/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "escape.h"
#include "status.h"

#include "http_protocol.h"

#include <apr_strings.h>

/* Everything that was explained is somebody's input, or a piece of the configuration. */
#define ESCAPED(text) atl_escape_html(r->pool, (text))

/* ------------------------------------------------------------------ for people */

static void print_row(request_rec *r, const atl_explained *row)
{
    ap_rvputs(r, "<tr><th scope=\"row\">", ESCAPED(row->label), "</th><td>", NULL);
    if (row->text) {
        ap_rputs(ESCAPED(row->text), r);
    }
    for (int i = 0; row->list && i < row->list->nelts; i++) {
        ap_rvputs(r, i ? "<br>" : "", ESCAPED(APR_ARRAY_IDX(row->list, i, const char *)), NULL);
    }
    ap_rputs(row->list && !row->list->nelts ? "none</td></tr>\n" : "</td></tr>\n", r);
}

void atl_status_explain_html(request_rec *r, const apr_array_header_t *explained)
{
    const char *asked = explained ? APR_ARRAY_IDX(explained, 0, atl_explained).text : "";

    ap_rvputs(
        r,
        "<section class=\"card explain\" aria-labelledby=\"explain\">\n<form method=\"get\">"
        "<label id=\"explain\" for=\"target\">What becomes of a request for</label> "
        "<input id=\"target\" name=\"explain\" size=\"40\" placeholder=\"/wiki/page\" value=\"",
        ESCAPED(asked), "\"> <button>Explain</button></form>\n", NULL);
    if (explained) {
        ap_rputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"explain\">\n"
                 "<table class=\"explained\"><tbody>\n",
                 r);
        for (int i = 1; i < explained->nelts; i++) {
            print_row(r, &APR_ARRAY_IDX(explained, i, atl_explained));
        }
        ap_rputs("</tbody></table></div>\n<p class=\"meta\">For a client at your address, without "
                 "cookies "
                 "and login.</p>\n",
                 r);
    }
    ap_rputs("</section>\n", r);
}

/* ------------------------------------------------------------------ for machines */

static void print_member(request_rec *r, const atl_explained *row)
{
    ap_rvputs(r, ",\"", row->name, "\":", row->list ? "[" : "", NULL);
    if (row->text) {
        ap_rvputs(r, "\"", atl_escape_json(r->pool, row->text), "\"", NULL);
    }
    for (int i = 0; row->list && i < row->list->nelts; i++) {
        ap_rvputs(r, i ? "," : "", "\"",
                  atl_escape_json(r->pool, APR_ARRAY_IDX(row->list, i, const char *)), "\"", NULL);
    }
    ap_rputs(row->list ? "]" : "", r);
}

void atl_status_explain_json(request_rec *r, const apr_array_header_t *explained)
{
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_rputs("{\"version\":1", r);
    for (int i = 0; i < explained->nelts; i++) {
        print_member(r, &APR_ARRAY_IDX(explained, i, atl_explained));
    }
    ap_rputs("}\n", r);
}
