/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
#include "common.h"

#include <openssl/err.h>

#include "wire.h"

static int to_port;
static SSL_CTX *context;

void wire_to(int port, int tls)
{
    to_port = port;
    if (!tls)
        return;
    context = must(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
}

void wire_open(wire_t *wire, int poller, void *data)
{
    struct sockaddr_in address = loopback(to_port);
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.ptr = data };

    wire->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (wire->fd < 0 || connect(wire->fd, (struct sockaddr *)&address, sizeof(address)))
        die("connect to port %d: %s", to_port, strerror(errno));
    set_nonblocking(wire->fd);
    no_delay(wire->fd);
    wire->ssl = NULL;
    wire->wants_write = 1;
    if (context) {
        wire->ssl = must(SSL_new(context));
        SSL_set_fd(wire->ssl, wire->fd);
        SSL_set_connect_state(wire->ssl);
        SSL_set_tlsext_host_name(wire->ssl, "localhost");
    }
    epoll_ctl(poller, EPOLL_CTL_ADD, wire->fd, &event);
}

void wire_close(wire_t *wire)
{
    if (wire->ssl) {
        SSL_shutdown(wire->ssl);
        SSL_free(wire->ssl);
        ERR_clear_error();
    }
    close(wire->fd);
    wire->fd = -1;
    wire->ssl = NULL;
}

static ssize_t tls_result(wire_t *wire, int n)
{
    int why;

    if (n > 0)
        return n;
    why = SSL_get_error(wire->ssl, n);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_WRITE)
        wire->wants_write = 1;
    return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? WIRE_WAIT : WIRE_END;
}

static ssize_t plain_result(ssize_t n)
{
    if (n > 0)
        return n;
    return n < 0 && errno == EAGAIN ? WIRE_WAIT : WIRE_END;
}

ssize_t wire_read(wire_t *wire, void *buffer, size_t size)
{
    if (wire->ssl)
        return tls_result(wire, SSL_read(wire->ssl, buffer, (int)size));
    return plain_result(recv(wire->fd, buffer, size, 0));
}

ssize_t wire_write(wire_t *wire, const void *data, size_t size)
{
    if (wire->ssl)
        return tls_result(wire, SSL_write(wire->ssl, data, (int)size));
    return plain_result(send(wire->fd, data, size, MSG_NOSIGNAL));
}

void wire_watch(wire_t *wire, int poller, int write, void *data)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

    if (write || wire->wants_write)
        event.events |= EPOLLOUT;
    wire->wants_write = 0;
    epoll_ctl(poller, EPOLL_CTL_MOD, wire->fd, &event);
}
