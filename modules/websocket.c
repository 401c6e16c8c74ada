/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "websocket.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/evp.h>

/* RFC 6455, 1.3: what a server appends to the key, to show that it speaks the protocol. */
#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define WS_KEY_LEN 24

#define WS_OPCODE_CLOSE 8

enum { AT_FIRST, AT_LENGTH, AT_EXTENDED, AT_PAYLOAD };

/* ------------------------------------------------------------------------- header values */

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

static int list_has(const char *value, apr_size_t len, const char *token)
{
    const char *end = value + len;
    apr_size_t token_len = strlen(token);

    while (value < end) {
        const char *comma = memchr(value, ',', end - value);
        const char *stop = comma ? comma : end;
        const char *last = stop;

        while (value < last && is_space(*value)) {
            value++;
        }
        while (last > value && is_space(last[-1])) {
            last--;
        }
        if ((apr_size_t)(last - value) == token_len &&
            !apr_cstr_casecmpn(value, token, token_len)) {
            return 1;
        }
        value = comma ? comma + 1 : end;
    }
    return 0;
}

int atl_ws_has_token(const char *value, const char *token)
{
    return value != NULL && list_has(value, strlen(value), token);
}

int atl_ws_key_valid(const char *key)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /* 22 digits carry 132 bits for 128; the last digit's spare bits are whatever a client's
     * encoder leaves there, and RFC 6455 does not ask to look at them. */
    return key != NULL && strlen(key) == WS_KEY_LEN && strspn(key, base64) == WS_KEY_LEN - 2 &&
           !strcmp(key + WS_KEY_LEN - 2, "==");
}

int atl_ws_accept(const char *key, char accept[ATL_WS_ACCEPT_LEN + 1])
{
    char text[WS_KEY_LEN + sizeof(WS_GUID)];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len;

    apr_cpystrn(text, key, WS_KEY_LEN + 1);
    memcpy(text + strlen(text), WS_GUID, sizeof(WS_GUID));
    if (EVP_Digest(text, strlen(text), digest, &digest_len, EVP_sha1(), NULL) != 1) {
        return -1;
    }
    EVP_EncodeBlock((unsigned char *)accept, digest, (int)digest_len);
    return 0;
}

atl_ws_kind atl_ws_judge(const atl_ws_request *req)
{
    if (!atl_ws_has_token(req->upgrade, "websocket") ||
        !atl_ws_has_token(req->connection, "upgrade") || !req->is_get || !req->is_http11) {
        return ATL_WS_PLAIN;
    }
    if (req->version == NULL || strcmp(req->version, ATL_WS_VERSION) != 0) {
        return ATL_WS_BAD_VERSION;
    }
    if (!atl_ws_key_valid(req->key)) {
        return ATL_WS_BAD_KEY;
    }
    return req->has_body ? ATL_WS_BODY : ATL_WS_HANDSHAKE;
}

/* ------------------------------------------------------------------------- the answer */

int atl_ws_head_status(const char *head, apr_size_t len)
{
    if (len < 12 || strncmp(head, "HTTP/1.", 7) != 0 || !apr_isdigit(head[7]) || head[8] != ' ' ||
        !apr_isdigit(head[9]) || head[9] == '0' || !apr_isdigit(head[10]) ||
        !apr_isdigit(head[11]) || (len > 12 && apr_isdigit(head[12]))) {
        return 0;
    }
    return (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
}

/* If the line is the named header, its value without surrounding space. */
static const char *header_value(const char *line, const char *end, const char *name,
                                apr_size_t *value_len)
{
    apr_size_t name_len = strlen(name);

    if ((apr_size_t)(end - line) <= name_len || apr_cstr_casecmpn(line, name, name_len) != 0 ||
        line[name_len] != ':') {
        return NULL;
    }
    line += name_len + 1;
    while (line < end && is_space(*line)) {
        line++;
    }
    while (end > line && (is_space(end[-1]) || end[-1] == '\r')) {
        end--;
    }
    *value_len = end - line;
    return line;
}

const char *atl_ws_verify_101(const char *head, apr_size_t len, const char *key)
{
    const char *end = head + len;
    const char *line = memchr(head, '\n', len);
    char expected[ATL_WS_ACCEPT_LEN + 1];
    int upgrade = 0, connection = 0, accepts = 0, genuine = 0;

    if (atl_ws_accept(key, expected) != 0) {
        return "Sec-WebSocket-Accept cannot be checked: libcrypto refuses SHA-1";
    }
    while (line != NULL && ++line < end) {
        const char *stop = memchr(line, '\n', end - line);
        const char *last = stop ? stop : end;
        const char *value;
        apr_size_t n;

        if ((value = header_value(line, last, "Upgrade", &n)) != NULL) {
            upgrade |= list_has(value, n, "websocket");
        }
        else if ((value = header_value(line, last, "Connection", &n)) != NULL) {
            connection |= list_has(value, n, "upgrade");
        }
        else if ((value = header_value(line, last, "Sec-WebSocket-Accept", &n)) != NULL) {
            accepts++;
            genuine = n == ATL_WS_ACCEPT_LEN && !memcmp(value, expected, n);
        }
        line = stop;
    }
    if (!upgrade) {
        return "no \"Upgrade: websocket\"";
    }
    if (!connection) {
        return "no \"Connection: Upgrade\"";
    }
    if (accepts != 1) {
        return accepts ? "several Sec-WebSocket-Accept" : "no Sec-WebSocket-Accept";
    }
    return genuine ? NULL : "a wrong Sec-WebSocket-Accept";
}

/* ------------------------------------------------------------------------- frames */

static void end_of_length(atl_ws_track *track)
{
    if (track->left >> 63) {
        track->lost = 1; /* RFC 6455, 5.2: the top bit must be 0 */
        return;
    }
    track->left += track->masked ? 4 : 0;
    track->state = track->left ? AT_PAYLOAD : AT_FIRST;
}

static void one_byte(atl_ws_track *track, unsigned char byte)
{
    switch (track->state) {
    case AT_FIRST:
        track->opcode = byte & 0x0f;
        track->close_seen |= track->opcode == WS_OPCODE_CLOSE;
        track->state = AT_LENGTH;
        break;
    case AT_LENGTH:
        track->masked = byte >> 7;
        track->left = byte & 0x7f;
        if (track->left < 126) {
            end_of_length(track);
            break;
        }
        track->more = track->left == 126 ? 2 : 8;
        track->left = 0;
        track->state = AT_EXTENDED;
        break;
    default: /* AT_EXTENDED */
        track->left = track->left << 8 | byte;
        if (--track->more == 0) {
            end_of_length(track);
        }
    }
}

/* Follow bytes; with one_frame only up to the end of the current one. */
static apr_size_t follow(atl_ws_track *track, const unsigned char *data, apr_size_t len,
                         int one_frame)
{
    apr_size_t at = 0;

    while (at < len && !track->lost) {
        if (one_frame && track->state == AT_FIRST) {
            return at;
        }
        if (track->state == AT_PAYLOAD) {
            apr_size_t n = track->left < len - at ? (apr_size_t)track->left : len - at;

            at += n;
            track->left -= n;
            if (track->left == 0) {
                track->state = AT_FIRST;
            }
        }
        else {
            one_byte(track, data[at++]);
        }
    }
    return track->lost ? len : at;
}

void atl_ws_track_pass(atl_ws_track *track, const unsigned char *data, apr_size_t len)
{
    follow(track, data, len, 0);
}

apr_size_t atl_ws_track_finish(atl_ws_track *track, const unsigned char *data, apr_size_t len)
{
    return follow(track, data, len, 1);
}

int atl_ws_track_at_boundary(const atl_ws_track *track)
{
    return track->state == AT_FIRST && !track->lost && !track->close_seen;
}

apr_size_t atl_ws_close_frame(unsigned char out[ATL_WS_CLOSE_MAX], int code, const char *reason)
{
    apr_size_t len = strlen(reason);

    if (len > ATL_WS_CLOSE_MAX - 4) {
        len = ATL_WS_CLOSE_MAX - 4;
    }
    out[0] = 0x80 | WS_OPCODE_CLOSE;
    out[1] = (unsigned char)(2 + len);
    out[2] = (unsigned char)(code >> 8);
    out[3] = (unsigned char)code;
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a frame is no string */
    memcpy(out + 4, reason, len);
    return 4 + len;
}
