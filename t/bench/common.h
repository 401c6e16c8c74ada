/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
/* What the bench's backend and its client share: the sum that bodies are compared by, the body's
 * pattern, WebSocket frame heads, and sockets. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The key every client of the bench sends and the answer RFC 6455 wants to it (the example of its section 1.3),
 * so that neither side needs SHA-1. */
#define WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* A prime: no buffer size hides a shift. */
#define PATTERN 65521

static inline void die(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

static inline void *must(void *memory)
{
    if (!memory)
        die("out of memory");
    return memory;
}

static inline const unsigned char *pattern(void)
{
    static unsigned char block[PATTERN];
    uint32_t x = 1;

    if (!block[0]) {
        for (int i = 0; i < PATTERN; i++) {
            x = x * 1664525u + 1013904223u;
            block[i] = (unsigned char)('!' + (x >> 24) % 90);
        }
    }
    return block;
}

/* Fletcher's sum, 64 bits: a byte lost, doubled or moved changes it, and it is cheap enough for gigabytes. */
typedef struct sum_t {
    uint64_t a;
    uint64_t b;
} sum_t;

static inline void sum_add(sum_t *sum, const unsigned char *data, size_t length)
{
    uint64_t a = sum->a;
    uint64_t b = sum->b;

    for (size_t i = 0; i < length; i++) {
        a += data[i];
        b += a;
    }
    sum->a = a;
    sum->b = b;
}

static inline uint64_t sum_of(const sum_t *sum)
{
    return sum->b * 31 + sum->a;
}

static inline double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static inline void sort_times(double *times, size_t count)
{
    qsort(times, count, sizeof(*times), by_value);
}

static inline void set_nonblocking(int fd)
{
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        die("fcntl: %s", strerror(errno));
}

static inline void no_delay(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static inline struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static inline void all_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The value of a header line in a head that ends with an empty line; NULL when there is none. */
static inline const char *header(const char *head, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = strchr(head, '\n'); line; line = strchr(line + 1, '\n')) {
        if (!strncasecmp(line + 1, name, length) && line[1 + length] == ':') {
            const char *value = line + 2 + length;

            return value + strspn(value, " ");
        }
    }
    return NULL;
}

#endif
