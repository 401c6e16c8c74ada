/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: the four headers of a WebSocket's handshake, a line each, and the head of an
 * answer to it. */
#include "fuzz.h"
#include "websocket.h"

#include <apr_strings.h>
#include <string.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static const char *request_rule_broken(const atl_ws_request *req)
{
    int complete = atl_ws_has_token(req->upgrade, "websocket") &&
                   atl_ws_has_token(req->connection, "upgrade") && atl_ws_key_valid(req->key) &&
                   !strcmp(req->version, ATL_WS_VERSION);

    if (atl_ws_judge(req) == ATL_WS_HANDSHAKE) {
        return complete ? NULL : "a handshake has all its headers";
    }
    return complete ? "what has them all is a handshake" : NULL;
}

static const char *answer_rule_broken(const char *head, size_t len)
{
    int status = atl_ws_head_status(head, len);

    if (status && (status < 100 || status > 999)) {
        return "a status has three digits";
    }
    if (!atl_ws_verify_101(head, len, KEY) && !atl_ws_verify_101(head, len, "AAAAAAAAAAAAAAAAAAAAAA==")) {
        return "an answer belongs to one key";
    }
    return NULL;
}

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    char *end = text + size, *head;
    atl_ws_request req = {.is_get = 1, .is_http11 = 1};

    req.upgrade = next_line(&text);
    req.connection = next_line(&text);
    req.version = next_line(&text);
    req.key = next_line(&text);
    must_hold(request_rule_broken(&req), req.key);
    req.is_get = 0;
    must_hold(atl_ws_judge(&req) == ATL_WS_HANDSHAKE ? "a handshake is a GET" : NULL, req.key);
    /* Where nothing follows it, one byte too many is seen. */
    head = apr_palloc(pool, (size_t)(end - text) + !(end - text));
    memcpy(head, text, (size_t)(end - text));
    must_hold(answer_rule_broken(head, (size_t)(end - text)), text);
}
