/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/**
 * Everything OpenSSL: taking a TLS connection over from mod_ssl, and reading and writing it
 * without blocking.
 */
#ifndef ATL_TUNNEL_TLS_H
#define ATL_TUNNEL_TLS_H

#include <apr.h>

struct ssl_st; /* SSL */

/** How a read or write ended. */
typedef enum {
    ATL_IO_OK,         /**< some bytes moved */
    ATL_IO_WANT_READ,  /**< again when the socket can be read */
    ATL_IO_WANT_WRITE, /**< again when the socket can be written */
    ATL_IO_EOF,        /**< the peer will send no more */
    ATL_IO_ERROR       /**< the connection is broken */
} atl_io;

/**
 * Look up libssl's functions. Called once per configuration, before any child exists.
 * @return 1 when TLS connections can be taken over, else 0
 */
int atl_tls_init(void);

/** Whether atl_tls_init() found everything. */
int atl_tls_available(void);

/**
 * Keep an SSL object alive beyond mod_ssl's use of it. Undone by atl_tls_free().
 * @param ssl the object
 * @return 1, or 0 when it could not be held
 */
int atl_tls_hold(struct ssl_st *ssl);

/**
 * Cut a held object loose from httpd and put it on a socket. To be called when mod_ssl has run its
 * last cleanup on the connection: earlier, mod_ssl would still look for the connection in it.
 * @param ssl the object
 * @param fd a socket, which stays the caller's
 * @return 1; 0 when memory ran out and the object cannot be used
 */
int atl_tls_adopt(struct ssl_st *ssl, int fd);

/**
 * Read decrypted bytes.
 * @param ssl an adopted object
 * @param buf where to
 * @param size its size
 * @param n receives how many bytes were read
 */
atl_io atl_tls_read(struct ssl_st *ssl, void *buf, apr_size_t size, apr_size_t *n);

/**
 * Write bytes, perhaps fewer than given. After ATL_IO_WANT_*, the next write must begin with the
 * same bytes and be no shorter.
 * @param ssl an adopted object
 * @param buf the bytes
 * @param len how many, more than 0
 * @param n receives how many were written
 */
atl_io atl_tls_write(struct ssl_st *ssl, const void *buf, apr_size_t len, apr_size_t *n);

/** Whether decrypted bytes wait inside the object, for which no event will come. After a read that
 * found nothing there are none. */
int atl_tls_pending(struct ssl_st *ssl);

/** Send close_notify if it has not been sent. Best effort. */
void atl_tls_close_notify(struct ssl_st *ssl);

/** Let go of an object. */
void atl_tls_free(struct ssl_st *ssl);

#endif
