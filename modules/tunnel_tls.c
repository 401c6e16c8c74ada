/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "tunnel_tls.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "libssl.h"

/* libssl and its libcrypto as mod_ssl sees them. BIO and ERR come along: the error queue that
 * SSL_get_error() reads must be the one that is cleared. */
static struct {
    __typeof__(&SSL_up_ref) up_ref;
    __typeof__(&SSL_free) free;
    __typeof__(&SSL_read) read;
    __typeof__(&SSL_write) write;
    __typeof__(&SSL_get_error) get_error;
    __typeof__(&SSL_pending) pending;
    __typeof__(&SSL_set_read_ahead) set_read_ahead;
    __typeof__(&SSL_shutdown) shutdown;
    __typeof__(&SSL_get_shutdown) get_shutdown;
    __typeof__(&SSL_set_shutdown) set_shutdown;
    __typeof__(&SSL_set_bio) set_bio;
    __typeof__(&SSL_set_ex_data) set_ex_data;
    __typeof__(&SSL_set_info_callback) set_info_callback;
    __typeof__(&SSL_set_options) set_options;
    __typeof__(&SSL_ctrl) ctrl;
    __typeof__(&BIO_new_socket) bio_new_socket;
    __typeof__(&ERR_clear_error) err_clear;
} lib;

static int available;

static const struct {
    const char *name;
    void *slot;
} symbols[] = {
    {"SSL_up_ref", &lib.up_ref},
    {"SSL_free", &lib.free},
    {"SSL_read", &lib.read},
    {"SSL_write", &lib.write},
    {"SSL_get_error", &lib.get_error},
    {"SSL_pending", &lib.pending},
    {"SSL_set_read_ahead", &lib.set_read_ahead},
    {"SSL_shutdown", &lib.shutdown},
    {"SSL_get_shutdown", &lib.get_shutdown},
    {"SSL_set_shutdown", &lib.set_shutdown},
    {"SSL_set_bio", &lib.set_bio},
    {"SSL_set_ex_data", &lib.set_ex_data},
    {"SSL_set_info_callback", &lib.set_info_callback},
    {"SSL_set_options", &lib.set_options},
    {"SSL_ctrl", &lib.ctrl},
    {"BIO_new_socket", &lib.bio_new_socket},
    {"ERR_clear_error", &lib.err_clear},
};

int atl_tls_init(void)
{
    apr_size_t i;

    available = 0;
    for (i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *found = atl_libssl_find(symbols[i].name);

        if (found == NULL) {
            return 0; /* none, linked statically, or older than 1.1.0 */
        }
        memcpy(symbols[i].slot, &found, sizeof found);
    }
    available = 1;
    return 1;
}

int atl_tls_available(void)
{
    return available;
}

int atl_tls_hold(SSL *ssl)
{
    return lib.up_ref(ssl);
}

static void quiet(const SSL *ssl, int where, int ret)
{
    (void)ssl;
    (void)where;
    (void)ret;
}

int atl_tls_adopt(SSL *ssl, int fd)
{
    BIO *bio = lib.bio_new_socket(fd, BIO_NOCLOSE);

    if (bio == NULL) {
        return 0;
    }
    lib.set_ex_data(ssl, 0, NULL); /* SSL_set_app_data: was the conn_rec */
    /* NULL would fall back to the SSL_CTX's callback, which is mod_ssl's and wants a conn_rec. */
    lib.set_info_callback(ssl, quiet);
    lib.set_options(ssl, SSL_OP_NO_RENEGOTIATION);
    lib.ctrl(ssl, SSL_CTRL_MODE,
             SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                 SSL_MODE_RELEASE_BUFFERS,
             NULL);
    /* What OpenSSL has not looked at stays in the kernel, where epoll sees it. */
    lib.set_read_ahead(ssl, 0);
    /* A close_notify that mod_ssl has already read must not be forgotten: no other will come. */
    lib.set_shutdown(ssl, lib.get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
    lib.set_bio(ssl, bio, bio);
    return 1;
}

static atl_io failed(SSL *ssl, int rc)
{
    switch (lib.get_error(ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return ATL_IO_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return ATL_IO_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return ATL_IO_EOF;
    default:
        return ATL_IO_ERROR;
    }
}

atl_io atl_tls_read(SSL *ssl, void *buf, apr_size_t size, apr_size_t *n)
{
    int rc;

    lib.err_clear();
    errno = 0;
    rc = lib.read(ssl, buf, (int)size);
    if (rc <= 0) {
        *n = 0;
        return failed(ssl, rc);
    }
    *n = rc;
    return ATL_IO_OK;
}

atl_io atl_tls_write(SSL *ssl, const void *buf, apr_size_t len, apr_size_t *n)
{
    int rc;

    lib.err_clear();
    errno = 0;
    rc = lib.write(ssl, buf, (int)len);
    if (rc <= 0) {
        *n = 0;
        return failed(ssl, rc);
    }
    *n = rc;
    return ATL_IO_OK;
}

int atl_tls_pending(SSL *ssl)
{
    return lib.pending(ssl) > 0;
}

void atl_tls_close_notify(SSL *ssl)
{
    lib.err_clear();
    if (!(lib.get_shutdown(ssl) & SSL_SENT_SHUTDOWN)) {
        lib.shutdown(ssl);
    }
}

void atl_tls_free(SSL *ssl)
{
    lib.free(ssl);
}
