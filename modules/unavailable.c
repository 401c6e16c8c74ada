/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "unavailable.h"
#include "audience.h"
#include "escape.h"
#include "html.h"
#include "text.h"

#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_core.h"

#include <apr_strings.h>

#define RETRY_SECONDS 10
#define MAINTENANCE_RETRY_SECONDS 60 /* where nobody said how long it takes */

/* ------------------------------------------------------------------ in words */

typedef struct state {
    const char *word;  /* for programs */
    const char *title; /* {label} ... */
    const char *text;
} state;

static const state starting = {"starting", "is starting", "It will be there in a few minutes."};
static const state down = {"down", "is not running", "It was stopped, or is just being started."};
static const state silent = {"silent", "does not answer",
                             "It is very busy, starting, or out of order."};
static const state unreachable = {"unreachable", "cannot be reached",
                                  "The connection to it is out of order. Its administrators find "
                                  "the reason in the log of this web server."};

static const state maintenance = {"maintenance", "is under maintenance", ""};

/* What is to be said, whatever the format. */
typedef struct message {
    const state *now;
    const char *text; /* UTF-8, as written */
    apr_time_t until; /* 0: unknown */
    int retry;        /* seconds */
    int every;        /* seconds between two attempts of a page that people have open */
} message;

static const message *message_of(apr_pool_t *p, const state *now)
{
    message *said = apr_pcalloc(p, sizeof(*said));

    said->now = now;
    said->text = now->text;
    said->retry = said->every = RETRY_SECONDS;
    return said;
}

static const state *state_of(const atl_observed *observed)
{
    switch (atl_judge_failure(observed->failure, observed->failure_status)) {
    case ATL_FINDING_REFUSED:
        return &down;
    case ATL_FINDING_CONNECT_TIMEOUT:
    case ATL_FINDING_ANSWER_TIMEOUT:
        return &silent;
    default:
        return &unreachable;
    }
}

/* ------------------------------------------------------------------ in bytes */

static const char style[] =
    ":root{color-scheme:light dark;font:1.125rem/1.5 system-ui,sans-serif}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;"
    "color:CanvasText}main{max-width:34rem;padding:1.5rem}h1{font-size:1.75rem;line-height:1.2}"
    /* Older browsers keep LinkText dark where Canvas is dark. */
    "a{color:#0747a6}@media(prefers-color-scheme:dark){a{color:#8ab8ff}}";

/* Asks again without moving the page under its reader; without scripts the page is loaded anew. */
static const char *retry_markup(apr_pool_t *p, const char *nonce, int every)
{
    return apr_psprintf(
        p,
        "<noscript><meta http-equiv=\"refresh\" content=\"%d\"></noscript>\n<script nonce=\"%s\">"
        "setInterval(async()=>{try{const a=await fetch(location.href,{headers:{Accept:'text/html'},"
        "redirect:'manual',cache:'no-store'});if(a.status!==503){location.reload()}}catch(e){}},"
        "%d000)</script>\n",
        every, nonce, every);
}

/* An empty line begins a paragraph, as administrators write them. */
static const char *paragraphs(apr_pool_t *p, const message *said)
{
    const char *text = ap_escape_html(p, said->text), *markup = "", *end;

    for (; *text; text = end + strspn(end, "\n")) {
        end = strstr(text, "\n\n");
        end = end ? end : text + strlen(text);
        markup = apr_pstrcat(p, markup, "<p>", apr_pstrmemdup(p, text, (apr_size_t)(end - text)),
                             "</p>\n", NULL);
    }
    if (said->until) {
        markup = apr_pstrcat(p, markup, "<p>It is expected back at <time datetime=\"",
                             atl_time_iso(p, said->until), "\">", atl_notice_time(p, said->until),
                             "</time>.</p>\n", NULL);
    }
    return markup;
}

static const char *page(request_rec *r, const char *label, const message *said, int safe)
{
    apr_pool_t *p = r->pool;
    const char *title = apr_pstrcat(p, label, " ", said->now->title, NULL);
    const char *nonce = atl_html_nonce(p);

    atl_html_headers(r, apr_psprintf(p,
                                     "style-src 'nonce-%s'; script-src 'nonce-%s'; "
                                     "connect-src 'self'; img-src data:",
                                     nonce, nonce));
    return apr_pstrcat(
        p,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
        title, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style nonce=\"", nonce, "\">",
        style, "</style>\n", safe ? retry_markup(p, nonce, said->every) : "",
        "</head>\n<body>\n<main>\n<h1>", title, "</h1>\n", paragraphs(p, said),
        safe ? apr_psprintf(p,
                            "<p>This page tries again every %d seconds and goes on to the one you "
                            "asked for. <a href=\"\">Try now</a></p>\n",
                            said->every)
             : "<p>What you sent may be lost: go back, and send it again when the application is "
               "there.</p>\n",
        "</main>\n</body>\n</html>\n", NULL);
}

static const char *json(apr_pool_t *p, const atl_product *product, const message *said)
{
    const char *more = "";

    if (said->now == &maintenance) {
        more = apr_pstrcat(p, ",\"text\":\"", atl_escape_json(p, said->text), "\"", NULL);
    }
    if (said->until) {
        more = apr_pstrcat(p, more, ",\"until\":\"", atl_time_iso(p, said->until), "\"", NULL);
    }
    return apr_psprintf(p,
                        "{\"error\":\"unavailable\",\"application\":\"%s\",\"state\":\"%s\","
                        "\"message\":\"%s %s\",\"retryAfter\":%d%s}\n",
                        product->name, said->now->word, product->label, said->now->title,
                        said->retry, more);
}

static const char *plain(apr_pool_t *p, const char *label, const message *said)
{
    return apr_pstrcat(p, label, " ", said->now->title, ".", *said->text ? " " : "", said->text,
                       said->until ? " It is expected back at " : "",
                       said->until ? atl_notice_time(p, said->until) : "", said->until ? "." : "",
                       "\n", NULL);
}

static const char *compose(request_rec *r, const atl_app *app, const message *said,
                           atl_audience audience, int safe)
{
    const char *label = app->product->label;

    switch (audience) {
    case ATL_AUDIENCE_PERSON:
        ap_set_content_type(r, "text/html; charset=utf-8");
        return page(r, label, said, safe);
    case ATL_AUDIENCE_JSON:
        ap_set_content_type(r, "application/json");
        return json(r->pool, app->product, said);
    case ATL_AUDIENCE_TEXT:
        ap_set_content_type(r, "text/plain; charset=utf-8");
        return plain(r->pool, label, said);
    case ATL_AUDIENCE_PROBE:
        break;
    }
    ap_set_content_type(r, "text/plain");
    return "";
}

/* A request that may be repeated without harm. */
static int is_safe(const request_rec *r)
{
    return r->method_number == M_GET; /* HEAD too */
}

static const char *prepare(request_rec *r, atl_request *request, const message *said, int status)
{
    atl_audience audience =
        atl_audience_of(request->claim, r->uri, apr_table_get(r->headers_in, "Accept"),
                        apr_table_get(r->headers_in, "X-Requested-With"));
    const char *body;

    request->observed.own_page = 1;
    r->status = status;
    r->status_line = NULL;
    apr_table_clear(r->headers_out);
    body = compose(r, request->claim->app, said, audience, is_safe(r));
    ap_set_content_length(r, (apr_off_t)strlen(body));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->headers_out, "Retry-After", apr_itoa(r->pool, said->retry));
    }
    return body;
}

/* ------------------------------------------------------------------ in place of nothing */

static int has_error_document(request_rec *r, int status)
{
    return ap_response_code_string(r, ap_index_of_response(status)) != NULL;
}

/* Who was not connected to has done nothing: all requests may be repeated. An unsafe one that got
 * no answer may have been done, so its client must not repeat it by itself: the status stays. */
static int status_for(const request_rec *r, const atl_observed *observed, int status)
{
    return is_safe(r) || observed->failure != ATL_FAILURE_ANSWER ? HTTP_SERVICE_UNAVAILABLE
                                                                 : status;
}

/* An application that speaks, if not as it should, is nothing to wait for. */
static int is_absence(const atl_observed *observed)
{
    return observed->failure == ATL_FAILURE_CONNECT || observed->failure == ATL_FAILURE_DNS ||
           (observed->failure == ATL_FAILURE_ANSWER &&
            APR_STATUS_IS_TIMEUP(observed->failure_status));
}

static void send_body(request_rec *r, const char *body)
{
    if (ap_request_has_body(r)) {
        r->connection->keepalive = AP_CONN_CLOSE; /* what is left of it is not waited for */
    }
    ap_rputs(body, r);
}

int atl_unavailable_answer(request_rec *r, atl_request *request, int status)
{
    const atl_observed *observed = &request->observed;
    int answer = status_for(r, observed, status);

    if (!is_absence(observed) || has_error_document(r, status) || has_error_document(r, answer)) {
        return status;
    }
    send_body(r, prepare(r, request, message_of(r->pool, state_of(observed)), answer));
    return OK;
}

/* ------------------------------------------------------------------ maintenance */

int atl_unavailable_announce(request_rec *r, atl_request *request, const atl_notice *notice)
{
    message *said = apr_pcalloc(r->pool, sizeof(*said));

    said->now = &maintenance;
    said->text = notice->text;
    said->until = notice->until > r->request_time ? notice->until : 0;
    said->retry = atl_notice_retry(notice, r->request_time, MAINTENANCE_RETRY_SECONDS);
    said->every = MAINTENANCE_RETRY_SECONDS;
    if (has_error_document(r, HTTP_SERVICE_UNAVAILABLE)) {
        apr_table_setn(r->err_headers_out, "Retry-After", apr_itoa(r->pool, said->retry));
        return HTTP_SERVICE_UNAVAILABLE;
    }
    send_body(r, prepare(r, request, said, HTTP_SERVICE_UNAVAILABLE));
    return OK;
}

/* ------------------------------------------------------------------ in place of "starting" */

static int is_status_page(const atl_request *request, const request_rec *r)
{
    const char *page_path = request->claim->app->product->status;

    return page_path && !strcmp(r->uri + request->claim->len, page_path);
}

static int is_empty(apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (APR_BUCKET_IS_EOS(b)) {
            return 1;
        }
        if (!APR_BUCKET_IS_METADATA(b) && b->length) {
            return 0;
        }
    }
    return 0;
}

void atl_unavailable_replace(request_rec *r, atl_request *request, apr_bucket_brigade *bb)
{
    const char *body;

    if (request->observed.own_page || r->status != request->claim->app->product->starting ||
        r->main || r->header_only || request->claim->kind != ATL_CLAIM_PAGES ||
        is_status_page(request, r) || !is_empty(bb) || has_error_document(r, r->status)) {
        return;
    }
    apr_brigade_cleanup(bb);
    body = prepare(r, request, message_of(r->pool, &starting), HTTP_SERVICE_UNAVAILABLE);
    apr_brigade_puts(bb, NULL, NULL, body);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
}
