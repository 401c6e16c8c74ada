/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
/* A client's connection, plain or TLS 1.3, that never blocks. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct wire_t {
    int fd;
    SSL *ssl;
    int wants_write; /* the last call wants the socket writable */
} wire_t;

enum { WIRE_WAIT = -2, WIRE_END = -1 };

/* Where all connections go, and whether with TLS. */
void wire_to(int port, int tls);

/* Connects (and, over loopback, waits for it); the TLS handshake happens with the first write. */
void wire_open(wire_t *wire, int poller, void *data);
void wire_close(wire_t *wire);

/* Bytes moved, WIRE_WAIT, or WIRE_END. */
ssize_t wire_read(wire_t *wire, void *buffer, size_t size);
ssize_t wire_write(wire_t *wire, const void *data, size_t size);

/* Tells the poller what to wait for: to read, and to write when "write" or when TLS wants to. */
void wire_watch(wire_t *wire, int poller, int write, void *data);

#endif
