/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "status.h"
#include "escape.h"
#include "app_settings.h"
#include "expand.h"
#include "html.h"
#include "status_assets.h"

#include "http_protocol.h"

#include <apr_lib.h>
#include <apr_strings.h>

/* ------------------------------------------------------------------ small values */

#define ESCAPED(text) atl_escape_html(r->pool, text)

static const char *duration(apr_pool_t *p, apr_uint64_t us)
{
    double ms = (double)us / 1000;

    return ms < 10     ? apr_psprintf(p, "%.1f ms", ms)
           : ms < 1000 ? apr_psprintf(p, "%.0f ms", ms)
                       : apr_psprintf(p, "%.1f s", ms / 1000);
}

/* What a histogram of nothing says. */
static const char *time_of(apr_pool_t *p, const atl_traffic_view *view, apr_uint64_t us)
{
    return view->latency_count ? duration(p, us) : "&ndash;";
}

/* With a capital letter, unless it begins with an address. */
static const char *sentence(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text);

    if (strncmp(copy, "http", 4)) {
        *copy = (char)apr_toupper(*copy);
    }
    return copy;
}

static const char *bytes(apr_pool_t *p, apr_uint64_t n)
{
    char text[5];

    return apr_pstrdup(p, apr_strfsize((apr_off_t)n, text));
}

static const char *ago(apr_pool_t *p, apr_time_t then, apr_time_t now)
{
    apr_int64_t s = apr_time_sec(now - then);

    return s < 90          ? apr_psprintf(p, "%" APR_INT64_T_FMT " s ago", s > 0 ? s : 0)
           : s < 5400      ? apr_psprintf(p, "%" APR_INT64_T_FMT " min ago", (s + 30) / 60)
           : s < 2 * 86400 ? apr_psprintf(p, "%" APR_INT64_T_FMT " h ago", (s + 1800) / 3600)
                           : apr_psprintf(p, "%" APR_INT64_T_FMT " days ago", s / 86400);
}

static void code(request_rec *r, const char *what, const char *text)
{
    ap_rvputs(r, "<div class=\"code\"><pre tabindex=\"0\" role=\"region\" aria-label=\"",
              ESCAPED(what), "\">", ESCAPED(text),
              "</pre><button type=\"button\" class=\"copy\">Copy"
              "<span class=\"hidden\">: ",
              ESCAPED(what), "</span></button></div>\n", NULL);
}

/* ------------------------------------------------------------------ findings */

static void print_finding(request_rec *r, const atl_app_view *view, const atl_finding_view *found,
                          apr_time_t now)
{
    const char *id = apr_psprintf(r->pool, "ATLP%u", atl_findings[found->id].number);

    ap_rvputs(r, "<article class=\"finding\"><h3>",
              ESCAPED(sentence(r->pool, found->advice.symptom)), " <span class=\"id\">", id,
              "</span></h3>\n<p>", ESCAPED(sentence(r->pool, found->advice.cause)), ".</p>\n",
              NULL);
    code(r, apr_pstrcat(r->pool, "cure of ", id, " for ", view->address, NULL), found->advice.cure);
    ap_rprintf(r, "<p class=\"meta\">Seen %" APR_UINT64_T_FMT "&times;, first %s, last %s",
               found->count, ago(r->pool, found->first, now), ago(r->pool, found->last, now));
    if (*found->example) {
        ap_rvputs(r, ", as with ", ESCAPED(found->example), NULL);
    }
    ap_rputs("</p></article>\n", r);
}

static void print_silenced(request_rec *r, const atl_finding_view *found, apr_time_t now)
{
    ap_rprintf(r,
               "<p class=\"meta silenced\">Silenced by quiet=: %s (ATLP%u), seen %" APR_UINT64_T_FMT
               "&times;, last %s</p>\n",
               ESCAPED(found->advice.symptom), atl_findings[found->id].number, found->count,
               ago(r->pool, found->last, now));
}

static void print_findings(request_rec *r, const atl_app_view *view, int n, apr_time_t now)
{
    ap_rprintf(r, "<div id=\"findings-%d\" data-live>\n", n);
    for (int silenced = 0; silenced < 2; silenced++) {
        for (int i = 0; i < view->findings->nelts; i++) {
            const atl_finding_view *found = &APR_ARRAY_IDX(view->findings, i, atl_finding_view);

            if (found->silenced != (unsigned)silenced) {
                continue;
            }
            if (silenced) {
                print_silenced(r, found, now);
            }
            else {
                print_finding(r, view, found, now);
            }
        }
    }
    ap_rputs("</div>\n", r);
}

/* ------------------------------------------------------------------ numbers */

static void number(request_rec *r, const char *name, const char *value)
{
    ap_rvputs(r, "<div><dt>", name, "</dt><dd>", value, "</dd></div>\n", NULL);
}

static const char *whole(apr_pool_t *p, apr_uint64_t n)
{
    return apr_psprintf(p, "%" APR_UINT64_T_FMT, n);
}

static void print_numbers(request_rec *r, const atl_app_view *view, int n)
{
    apr_pool_t *p = r->pool;

    ap_rprintf(r, "<dl id=\"numbers-%d\" data-live>\n", n);
    number(r, "Requests", whole(p, view->whole.requests));
    number(r, "Per second", apr_psprintf(p, "%.1f", view->whole.rate));
    number(r, "In flight", whole(p, view->in_flight));
    number(r, "Connect failures", whole(p, view->whole.connect_failures));
    if (view->app->product->has_synchrony) {
        number(r, "WebSockets open", whole(p, view->ws_open));
        number(r, "Opened", whole(p, view->ws_opened));
        number(r, "Refused", whole(p, view->ws_refused));
        number(r, "Bytes in", bytes(p, view->ws_in));
        number(r, "Bytes out", bytes(p, view->ws_out));
    }
    ap_rputs("</dl>\n", r);
}

#define BARS 26 /* a doubling each */
#define BAR_WIDTH 5
#define HEIGHT 24

/* The distribution of answer times: one bar to a doubling, from 128 microseconds to an hour. */
static void print_picture(request_rec *r, const atl_traffic_view *view)
{
    apr_uint64_t bars[BARS] = {0}, highest = 0;

    for (unsigned i = 0; i < ATL_HISTOGRAM_BUCKETS; i++) {
        unsigned bar = (i + 3) / 4;
        bars[bar < BARS ? bar : BARS - 1] += view->latency[i];
    }
    for (unsigned i = 0; i < BARS; i++) {
        highest = bars[i] > highest ? bars[i] : highest;
    }
    ap_rprintf(r,
               "<svg role=\"img\" aria-label=\"answer times: half within %s, 90 %% within %s, "
               "99 %% within %s\" width=\"%d\" height=\"%d\">",
               duration(r->pool, view->p50), duration(r->pool, view->p90),
               duration(r->pool, view->p99), BARS * BAR_WIDTH, HEIGHT);
    for (unsigned i = 0; i < BARS; i++) {
        unsigned height = bars[i] ? 1 + (unsigned)((HEIGHT - 1) * bars[i] / highest) : 1;
        ap_rprintf(r, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>", i * BAR_WIDTH,
                   HEIGHT - height, BAR_WIDTH - 1u, height);
    }
    ap_rputs("</svg>", r);
}

static const char *state_word(const char *state)
{
    return !strcmp(state, "up")     ? "answers"
           : !strcmp(state, "down") ? "does not answer"
                                    : "not asked yet";
}

static void print_backend(request_rec *r, const atl_traffic_view *view)
{
    ap_rvputs(r, "<tr><td>", ESCAPED(view->name),
              !strcmp(view->role, "synchrony") ? " (Synchrony)" : "", "</td><td class=\"",
              view->state, "\">", state_word(view->state), "</td>", NULL);
    ap_rprintf(r, "<td>%" APR_UINT64_T_FMT "</td>", view->requests);
    for (int i = 2; i < 6; i++) {
        ap_rprintf(r, "<td>%" APR_UINT64_T_FMT "</td>", view->classes[i]);
    }
    ap_rvputs(r, "<td>", time_of(r->pool, view, view->p50), "</td><td>",
              time_of(r->pool, view, view->p90), "</td><td>", time_of(r->pool, view, view->p99),
              "</td><td>", NULL);
    if (view->latency_count) {
        print_picture(r, view);
    }
    ap_rprintf(r, "</td><td>%" APR_UINT64_T_FMT "</td></tr>\n", view->connect_failures);
}

static void print_backends(request_rec *r, const atl_app_view *view, int n)
{
    ap_rprintf(
        r,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"caption-%d\">\n"
        "<table>\n<caption class=\"hidden\" id=\"caption-%d\">Backends of %s</caption>\n"
        "<thead><tr><th scope=\"col\">Backend</th><th scope=\"col\">Last request</th>"
        "<th scope=\"col\">Requests</th><th scope=\"col\">2xx</th><th scope=\"col\">3xx</th>"
        "<th scope=\"col\">4xx</th><th scope=\"col\">5xx</th><th scope=\"col\">p50</th>"
        "<th scope=\"col\">p90</th><th scope=\"col\">p99</th>"
        "<th scope=\"col\">Answer times</th><th scope=\"col\">Connect failures</th></tr>"
        "</thead>\n<tbody id=\"backends-%d\" data-live>\n",
        n, n, ESCAPED(view->address), n);
    for (int i = 0; i < view->backends->nelts; i++) {
        print_backend(r, &APR_ARRAY_IDX(view->backends, i, atl_traffic_view));
    }
    ap_rputs("</tbody></table></div>\n", r);
}

/* ------------------------------------------------------------------ one app */

static void print_check(request_rec *r, const atl_app_view *view, int n)
{
    ap_rprintf(r, "<div class=\"check\" id=\"check-%d\" data-check>\n", n);
    if (view->check) {
        ap_rputs("<ul>\n", r);
        for (int i = 0; i < view->check->nelts; i++) {
            const atl_check_result *result = &APR_ARRAY_IDX(view->check, i, atl_check_result);
            ap_rvputs(r, "<li class=\"", result->verdict, "\"><b>", result->verdict, "</b> ",
                      ESCAPED(sentence(r->pool, result->said)), " <span class=\"meta\">",
                      ESCAPED(result->path), "</span></li>\n", NULL);
        }
        ap_rputs("</ul>\n", r);
    }
    ap_rputs("</div>\n", r);
}

static void print_configuration(request_rec *r, const atl_app_view *view)
{
    const atl_app *app = view->app;
    const char *of = apr_pstrcat(r->pool, " of ", view->address, NULL);

    ap_rprintf(r,
               "<details><summary>Configuration<span class=\"hidden\">%s</span></summary>\n"
               "<h3>The line</h3>\n<p class=\"meta\">line %u of %s</p>\n",
               ESCAPED(of), app->line, ESCAPED(app->file));
    code(r, apr_pstrcat(r->pool, "line", of, NULL),
         apr_pstrcat(r->pool, "AtlassianApp ", app->words, NULL));
    ap_rputs("<h3>It stands for</h3>\n", r);
    code(r, apr_pstrcat(r->pool, "expansion", of, NULL), atl_expand_text(r->pool, view->site, app));
    ap_rvputs(r, "<h3>What ", ESCAPED(app->product->label), " needs itself</h3>\n", NULL);
    code(r, apr_pstrcat(r->pool, "settings", of, NULL), atl_app_settings(r->pool, view->site, app));
    ap_rputs("</details>\n", r);
}

static void print_app(request_rec *r, const atl_app_view *view, int n, apr_time_t now)
{
    const char *address = ESCAPED(view->address);
    int is_link = view->site->public.host != NULL;

    ap_rprintf(r,
               "<section class=\"card\" aria-labelledby=\"app-%d\">\n<div class=\"head\">"
               "<h2 id=\"app-%d\">%s</h2>",
               n, n, ESCAPED(view->app->product->label));
    if (is_link) {
        ap_rvputs(r, "<a href=\"", address, "\">", address, "</a>", NULL);
    }
    else {
        ap_rvputs(r, "<span>", address, "</span>", NULL);
    }
    ap_rprintf(r, "<p id=\"state-%d\" class=\"state %s\" data-live>%s</p></div>\n", n,
               view->whole.state, state_word(view->whole.state));
    print_findings(r, view, n, now);
    print_check(r, view, n);
    print_numbers(r, view, n);
    print_backends(r, view, n);
    print_configuration(r, view);
    ap_rputs("</section>\n", r);
}

/* ------------------------------------------------------------------ the page */

/* Changes when lines are added, removed or moved: a page that shows other lines is loaded anew. */
static const char *lines_of(apr_pool_t *p, const atl_snapshot *snapshot)
{
    unsigned hash = 0;

    for (int i = 0; i < snapshot->apps->nelts; i++) {
        const atl_app *app = APR_ARRAY_IDX(snapshot->apps, i, atl_app_view).app;
        for (const char *c = app->words; *c; c++) {
            hash = hash * 33 + (unsigned char)*c;
        }
        hash = hash * 33 + app->line;
    }
    return apr_psprintf(p, "%08x", hash);
}

static void print_head(request_rec *r, const atl_snapshot *snapshot, const char *nonce)
{
    ap_set_content_type(r, "text/html; charset=utf-8");
    atl_html_headers(r, apr_psprintf(r->pool,
                                     "style-src 'nonce-%s'; script-src 'nonce-%s'; "
                                     "connect-src 'self'; form-action 'self'; img-src data:",
                                     nonce, nonce));
    ap_rvputs(r,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<title>Atlassian applications behind this server</title>\n"
              "<link rel=\"icon\" href=\"data:,\">\n<style nonce=\"",
              nonce, "\">\n", atl_status_css, "</style>\n</head>\n<body data-lines=\"",
              lines_of(r->pool, snapshot),
              "\">\n<header>\n<h1>Atlassian applications</h1>\n"
              "<p class=\"when\" id=\"when\" data-live>",
              NULL);
    if (snapshot->since) {
        ap_rvputs(r, "Counting since ", ago(r->pool, snapshot->since, snapshot->now), NULL);
    }
    ap_rvputs(r,
              "</p>\n<div class=\"actions\"><form id=\"check\" method=\"post\" action=\"?check\">"
              "<button>Check now</button></form><button type=\"button\" id=\"pause\" "
              "aria-pressed=\"false\" hidden>Pause updates</button></div>\n"
              "<p id=\"said\" role=\"status\" class=\"when\"></p>\n</header>\n<main>\n",
              NULL);
    if (snapshot->missing) {
        ap_rvputs(r,
                  "<p class=\"finding\">There is no shared memory, so these are the numbers of "
                  "one process of httpd's only. Missing: ",
                  ESCAPED(snapshot->missing), "</p>\n", NULL);
    }
}

void atl_status_html(request_rec *r, const atl_snapshot *snapshot,
                     const apr_array_header_t *explained)
{
    const char *nonce = atl_html_nonce(r->pool);

    print_head(r, snapshot, nonce);
    atl_status_explain_html(r, explained);
    for (int i = 0; i < snapshot->apps->nelts; i++) {
        print_app(r, &APR_ARRAY_IDX(snapshot->apps, i, atl_app_view), i, snapshot->now);
    }
    if (!snapshot->apps->nelts) {
        ap_rputs("<p class=\"card\">There is no AtlassianApp line in the configuration.</p>\n", r);
    }
    ap_rvputs(r,
              "</main>\n<footer>For machines: <a href=\"?json\">JSON</a>, "
              "<a href=\"?prometheus\">Prometheus</a></footer>\n<script nonce=\"",
              nonce, "\">\n", atl_status_js, "</script>\n</body>\n</html>\n", NULL);
}
