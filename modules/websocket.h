/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/**
 * RFC 6455 as far as a proxy needs it: who may open a WebSocket, whether the answer is genuine,
 * and where one frame ends. Pure: APR and libcrypto, no httpd. Nothing here looks into, unmasks or
 * alters a payload.
 */
#ifndef ATL_WEBSOCKET_H
#define ATL_WEBSOCKET_H

#include <apr.h>

/** Length of a Sec-WebSocket-Accept value: base64 of a SHA-1 (RFC 6455, 4.2.2). */
#define ATL_WS_ACCEPT_LEN 28
/** The only protocol version there is (RFC 6455, 4.1). */
#define ATL_WS_VERSION "13"
/** Largest Close frame atl_ws_close_frame() builds: two header bytes and 125 of payload. */
#define ATL_WS_CLOSE_MAX 127
/** Close code "going away" (RFC 6455, 7.4.1): a server going down; browsers reconnect. */
#define ATL_WS_GOING_AWAY 1001

/** What a request is, seen as an opening handshake. */
typedef enum {
    ATL_WS_PLAIN,       /**< no upgrade to websocket: plain HTTP */
    ATL_WS_HANDSHAKE,   /**< a correct opening handshake */
    ATL_WS_BAD_VERSION, /**< answer 426 and Sec-WebSocket-Version */
    ATL_WS_BAD_KEY,     /**< answer 400 */
    ATL_WS_BODY         /**< a handshake with a body: answer 400 */
} atl_ws_kind;

/** The parts of a request that decide. Header values as httpd has them: several lines of one name
 * joined by ", "; NULL when absent. */
typedef struct {
    int is_get;             /**< method is GET */
    int is_http11;          /**< protocol is HTTP/1.1 */
    int has_body;           /**< Content-Length above 0, or Transfer-Encoding */
    const char *upgrade;    /**< Upgrade */
    const char *connection; /**< Connection */
    const char *version;    /**< Sec-WebSocket-Version */
    const char *key;        /**< Sec-WebSocket-Key */
} atl_ws_request;

/**
 * Judge a request by RFC 6455, 4.2.1 and RFC 9110, 7.8 (an Upgrade that Connection does not name,
 * or in another method or protocol version than the handshake's, is no upgrade).
 * @param req the request
 * @return its kind
 */
atl_ws_kind atl_ws_judge(const atl_ws_request *req);

/**
 * Look for a token in a comma separated header value (RFC 9110, 5.6.1), whatever its case.
 * @param value the header's value, or NULL
 * @param token the token
 * @return 1 when it is there, else 0
 */
int atl_ws_has_token(const char *value, const char *token);

/**
 * Whether a Sec-WebSocket-Key is the base64 of 16 bytes (RFC 6455, 4.1).
 * @param key the value, or NULL
 * @return 1 or 0
 */
int atl_ws_key_valid(const char *key);

/**
 * Compute the Sec-WebSocket-Accept that belongs to a key (RFC 6455, 4.2.2).
 * @param key a valid key
 * @param accept receives the value, ended by a NUL
 * @return 0; -1 when libcrypto refuses SHA-1
 */
int atl_ws_accept(const char *key, char accept[ATL_WS_ACCEPT_LEN + 1]);

/**
 * The status code of a response head.
 * @param head first line and header lines, as received
 * @param len its length in bytes
 * @return 100 to 999; 0 when the first line is no HTTP/1.x status line
 */
int atl_ws_head_status(const char *head, apr_size_t len);

/**
 * Verify that a 101 answers this handshake (RFC 6455, 4.1, the client's list): Upgrade, Connection,
 * and one Sec-WebSocket-Accept that belongs to the key.
 * @param head first line and header lines, as received
 * @param len its length in bytes
 * @param key the key that was sent
 * @return NULL when it does; otherwise what is wrong, for the log
 */
const char *atl_ws_verify_101(const char *head, apr_size_t len, const char *key);

/** Follows one direction of a tunnel and knows where its frames end. All zero to begin with. */
typedef struct {
    apr_uint64_t left;     /**< bytes of payload (and mask) to come in this frame */
    apr_byte_t state;      /**< what the next byte is */
    apr_byte_t more;       /**< bytes of extended length to come */
    apr_byte_t masked;     /**< this frame has a mask */
    apr_byte_t opcode;     /**< of this frame */
    apr_byte_t close_seen; /**< a Close frame was begun: say nothing more behind it */
    apr_byte_t lost;       /**< an impossible length: boundaries are unknown from here on */
} atl_ws_track;

/**
 * Follow bytes that pass.
 * @param track the direction's state
 * @param data the bytes
 * @param len how many
 */
void atl_ws_track_pass(atl_ws_track *track, const unsigned char *data, apr_size_t len);

/**
 * Follow bytes up to the next end of a frame. Where the direction is between two frames already,
 * that is no byte at all.
 * @param track the direction's state; afterwards it has passed the bytes counted
 * @param data the bytes
 * @param len how many
 * @return how many bytes belong to the current frame: at most len
 */
apr_size_t atl_ws_track_finish(atl_ws_track *track, const unsigned char *data, apr_size_t len);

/**
 * Whether a frame of our own may be put here.
 * @param track the direction's state
 * @return 1 between two frames of a stream that has not been closed, else 0
 */
int atl_ws_track_at_boundary(const atl_ws_track *track);

/**
 * Build an unmasked Close frame, as a server sends it (RFC 6455, 5.5.1).
 * @param out receives the frame
 * @param code the close code
 * @param reason UTF-8 text, cut after 123 bytes
 * @return the frame's length in bytes
 */
apr_size_t atl_ws_close_frame(unsigned char out[ATL_WS_CLOSE_MAX], int code, const char *reason);

#endif
