/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* websocket.c: handshake rules, verification of the 101, frame boundaries. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "websocket.h"

/* The example of RFC 6455, 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const atl_ws_request good = {1, 1, 0, "websocket", "Upgrade", "13", KEY};

static void tokens(void **state)
{
    (void)state;
    assert_true(atl_ws_has_token("Upgrade", "upgrade"));
    assert_true(atl_ws_has_token("keep-alive, Upgrade", "upgrade"));
    assert_true(atl_ws_has_token("UPGRADE ,keep-alive", "upgrade"));
    assert_true(atl_ws_has_token(" , ,\tupgrade\t,", "upgrade"));
    assert_false(atl_ws_has_token(NULL, "upgrade"));
    assert_false(atl_ws_has_token("", "upgrade"));
    assert_false(atl_ws_has_token(",", "upgrade"));
    assert_false(atl_ws_has_token("upgrades", "upgrade"));
    assert_false(atl_ws_has_token("no-upgrade", "upgrade"));
    assert_false(atl_ws_has_token("up grade", "upgrade"));
}

static void keys(void **state)
{
    (void)state;
    assert_true(atl_ws_key_valid(KEY));
    assert_false(atl_ws_key_valid(NULL));
    assert_false(atl_ws_key_valid(""));
    assert_false(atl_ws_key_valid("dGhlIHNhbXBsZSBub25jZQ="));
    assert_false(atl_ws_key_valid("dGhlIHNhbXBsZSBub25jZQ==="));
    assert_false(atl_ws_key_valid("dGhlIHNhbXBsZSBub25j!Q=="));
    assert_false(atl_ws_key_valid("dGhlIHNhbXBsZSBub25jZQAA"));
    assert_false(atl_ws_key_valid(KEY ", " KEY)); /* two headers, as httpd joins them */
}

static void accepts(void **state)
{
    char accept[ATL_WS_ACCEPT_LEN + 1];

    (void)state;
    assert_int_equal(atl_ws_accept(KEY, accept), 0);
    assert_string_equal(accept, ACCEPT);
}

static void requests(void **state)
{
    atl_ws_request req = good;

    (void)state;
    assert_int_equal(atl_ws_judge(&req), ATL_WS_HANDSHAKE);
    req.upgrade = "h2c, WebSocket";
    req.connection = "keep-alive, upgrade";
    assert_int_equal(atl_ws_judge(&req), ATL_WS_HANDSHAKE);

    req = good, req.upgrade = "h2c";
    assert_int_equal(atl_ws_judge(&req), ATL_WS_PLAIN);
    req = good, req.connection = "keep-alive";
    assert_int_equal(atl_ws_judge(&req), ATL_WS_PLAIN);
    req = good, req.connection = NULL;
    assert_int_equal(atl_ws_judge(&req), ATL_WS_PLAIN);
    req = good, req.is_get = 0;
    assert_int_equal(atl_ws_judge(&req), ATL_WS_PLAIN);
    req = good, req.is_http11 = 0;
    assert_int_equal(atl_ws_judge(&req), ATL_WS_PLAIN);

    req = good, req.version = "12";
    assert_int_equal(atl_ws_judge(&req), ATL_WS_BAD_VERSION);
    req = good, req.version = NULL;
    assert_int_equal(atl_ws_judge(&req), ATL_WS_BAD_VERSION);
    req = good, req.version = "13, 13";
    assert_int_equal(atl_ws_judge(&req), ATL_WS_BAD_VERSION);
    req = good, req.key = "short";
    assert_int_equal(atl_ws_judge(&req), ATL_WS_BAD_KEY);
    req = good, req.has_body = 1;
    assert_int_equal(atl_ws_judge(&req), ATL_WS_BODY);
}

static int status_of(const char *head)
{
    return atl_ws_head_status(head, strlen(head));
}

static void statuses(void **state)
{
    (void)state;
    assert_int_equal(status_of("HTTP/1.1 101 Switching Protocols\r\n"), 101);
    assert_int_equal(status_of("HTTP/1.1 404\r\n"), 404);
    assert_int_equal(status_of("HTTP/1.0 200 OK\r\n"), 200);
    assert_int_equal(status_of("HTTP/1.1 1010 x\r\n"), 0);
    assert_int_equal(status_of("HTTP/2 101 x\r\n"), 0);
    assert_int_equal(status_of("HTTP/1.1 1x1 x\r\n"), 0);
    assert_int_equal(status_of("HTTP/1.1 10"), 0);
    assert_int_equal(status_of(""), 0);
}

static const char *verdict(const char *lines)
{
    char head[1024] = "HTTP/1.1 101 Switching Protocols\r\n";

    strcat(head, lines);
    strcat(head, "\r\n");
    return atl_ws_verify_101(head, strlen(head), KEY);
}

static void answers(void **state)
{
    (void)state;
    assert_null(verdict("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: " ACCEPT "\r\n"));
    assert_null(verdict("SEC-WEBSOCKET-ACCEPT:" ACCEPT " \r\nConnection: close\r\n"
                        "connection: x, UPGRADE\r\nUPGRADE: WebSocket\r\n"));
    assert_null(verdict("Upgrade: websocket\nConnection: Upgrade\n"
                        "Sec-WebSocket-Accept: " ACCEPT "\n"));
    assert_non_null(verdict("Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"));
    assert_non_null(verdict("Upgrade: h2c\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: " ACCEPT "\r\n"));
    assert_non_null(verdict("Upgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"));
    assert_non_null(verdict("Upgrade: websocket\r\nConnection: Upgrade\r\n"));
    assert_non_null(verdict("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: t3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_non_null(verdict("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: " ACCEPT "x\r\n"));
    assert_non_null(verdict("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: " ACCEPT "\r\n"
                            "Sec-WebSocket-Accept: " ACCEPT "\r\n"));
    assert_non_null(verdict("X-Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: " ACCEPT "\r\n"));
}

/* One frame, unmasked or masked, with a payload of zeros. */
static size_t frame(unsigned char *out, int first, int masked, uint64_t len)
{
    size_t at = 0, i;

    out[at++] = (unsigned char)first;
    if (len < 126) {
        out[at++] = (unsigned char)(masked << 7 | (int)len);
    }
    else if (len < 65536) {
        out[at++] = (unsigned char)(masked << 7 | 126);
        out[at++] = (unsigned char)(len >> 8);
        out[at++] = (unsigned char)len;
    }
    else {
        out[at++] = (unsigned char)(masked << 7 | 127);
        for (i = 0; i < 8; i++) {
            out[at++] = (unsigned char)(len >> (56 - 8 * i));
        }
    }
    memset(out + at, 0, len + 4);
    return at + (masked ? 4 : 0) + len;
}

/* Every length that changes the header, cut at every place near one: the boundary is found at the
 * frame's end and nowhere else. */
static void boundaries(void **state)
{
    static const uint64_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    unsigned char *bytes = malloc(80000);
    size_t i, cut;
    int masked;

    (void)state;
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (masked = 0; masked < 2; masked++) {
            size_t len = frame(bytes, 0x82, masked, lengths[i]);

            bytes[len] = 0x81; /* the next frame's first byte */
            for (cut = 0; cut <= len; cut += cut < 20 || cut + 20 > len ? 1 : len / 7) {
                atl_ws_track track = {0};

                atl_ws_track_pass(&track, bytes, cut);
                assert_int_equal(atl_ws_track_at_boundary(&track), cut == 0 || cut == len);
                if (cut > 0) {
                    assert_int_equal(atl_ws_track_finish(&track, bytes + cut, len + 1 - cut),
                                     len - cut);
                    assert_true(atl_ws_track_at_boundary(&track));
                }
            }
        }
    }
    free(bytes);
}

static void byte_by_byte(void **state)
{
    unsigned char bytes[1024];
    size_t len = frame(bytes, 0x01, 0, 300), i;
    atl_ws_track track = {0};

    (void)state;
    len += frame(bytes + len, 0x89, 0, 0);
    len += frame(bytes + len, 0x80, 0, 7);
    for (i = 0; i < len; i++) {
        int at = i == 0 || i == 304 || i == 306;

        assert_int_equal(atl_ws_track_at_boundary(&track), at);
        atl_ws_track_pass(&track, bytes + i, 1);
    }
    assert_true(atl_ws_track_at_boundary(&track));
}

static void nothing_after_close(void **state)
{
    unsigned char bytes[300];
    atl_ws_track track = {0};

    (void)state;
    atl_ws_track_pass(&track, bytes, frame(bytes, 0x88, 0, 2));
    assert_false(atl_ws_track_at_boundary(&track));
}

static void impossible_length(void **state)
{
    static const unsigned char bytes[] = {0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2};
    atl_ws_track track = {0};

    (void)state;
    assert_int_equal(atl_ws_track_finish(&track, bytes, 1), 0);
    atl_ws_track_pass(&track, bytes, 10);
    assert_true(track.lost);
    assert_false(atl_ws_track_at_boundary(&track));
    /* What passes is passed on all the same. */
    assert_int_equal(atl_ws_track_finish(&track, bytes, sizeof bytes), sizeof bytes);
}

static void close_frames(void **state)
{
    static const unsigned char expected[] = {0x88, 5, 0x03, 0xe9, 'b', 'y', 'e'};
    unsigned char out[ATL_WS_CLOSE_MAX];
    char reason[201];
    atl_ws_track track = {0};

    (void)state;
    assert_int_equal(atl_ws_close_frame(out, ATL_WS_GOING_AWAY, "bye"), sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
    memset(reason, 'x', 200);
    reason[200] = '\0';
    assert_int_equal(atl_ws_close_frame(out, 1001, reason), ATL_WS_CLOSE_MAX);
    assert_int_equal(out[1], 125);
    atl_ws_track_pass(&track, out, ATL_WS_CLOSE_MAX);
    assert_true(track.close_seen && track.state == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(keys),
        cmocka_unit_test(accepts),
        cmocka_unit_test(requests),
        cmocka_unit_test(statuses),
        cmocka_unit_test(answers),
        cmocka_unit_test(boundaries),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(nothing_after_close),
        cmocka_unit_test(impossible_length),
        cmocka_unit_test(close_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
