/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
/* Opens WebSockets and holds them, told on its input what to do next; one line of answer for each order.
 *
 * Usage: sockets PORT plain|tls PATH SECONDS (how long to wait for an answer)
 *   open N       opens N more, each with an echo of 16 bytes      -> open=TOTAL
 *   all          an echo of 16 bytes on every one, one by one     -> echoes=N
 *   echo N SIZE  N times there and back on one of them            -> p50_us= p99_us= bytes=
 * Ends when its input does; with status 1, saying why, when an answer is not 101 or an echo is not what was sent. */
#include "common.h"

#include <poll.h>

#include "wire.h"

#define ECHO_MAX 65536

static wire_t *wires;
static int opened;
static const char *path;
static int patience; /* seconds */

static void wait_for(wire_t *wire, short events)
{
    struct pollfd fd = { .fd = wire->fd, .events = events };

    if (wire->wants_write)
        fd.events |= POLLOUT;
    wire->wants_write = 0;
    if (poll(&fd, 1, patience * 1000) != 1)
        die("sockets: nothing for %d s with %d open", patience, opened);
}

static void send_all(wire_t *wire, const unsigned char *data, size_t length)
{
    while (length) {
        ssize_t n = wire_write(wire, data, length);

        if (n == WIRE_END)
            die("sockets: closed while sending, %d open", opened);
        if (n == WIRE_WAIT) {
            wait_for(wire, wire->ssl ? POLLIN : POLLOUT);
            continue;
        }
        data += n;
        length -= (size_t)n;
    }
}

static void receive(wire_t *wire, unsigned char *data, size_t length)
{
    while (length) {
        ssize_t n = wire_read(wire, data, length);

        if (n == WIRE_END)
            die("sockets: closed while receiving, %d open", opened);
        if (n == WIRE_WAIT) {
            wait_for(wire, POLLIN);
            continue;
        }
        data += n;
        length -= (size_t)n;
    }
}

/* The length of a frame's head; mask: with room for one. */
static size_t frame_head(unsigned char *head, size_t length, const unsigned char *mask)
{
    size_t size = 2;

    head[0] = 0x82;
    if (length < 126)
        head[1] = (unsigned char)length;
    else if (length < 65536) {
        head[1] = 126;
        head[2] = (unsigned char)(length >> 8);
        head[3] = (unsigned char)length;
        size = 4;
    }
    else {
        head[1] = 127;
        for (int i = 0; i < 8; i++)
            head[2 + i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
        size = 10;
    }
    if (mask) {
        head[1] |= 0x80;
        memcpy(head + size, mask, 4);
        size += 4;
    }
    return size;
}

static void echo(wire_t *wire, size_t length)
{
    static unsigned char frame[ECHO_MAX + 14];
    static unsigned char got[ECHO_MAX + 14];
    static const unsigned char mask[4] = { 0x12, 0x34, 0x56, 0x78 };
    static unsigned start;
    const unsigned char *payload = pattern() + start++ % (PATTERN - 256);
    size_t size;

    /* The pattern goes round, so that a late echo of another one is found out. */
    size = frame_head(frame, length, mask);
    for (size_t i = 0; i < length; i++)
        frame[size + i] = payload[i % 256] ^ mask[i & 3];
    send_all(wire, frame, size + length);
    size = frame_head(frame, length, NULL);
    for (size_t i = 0; i < length; i++)
        frame[size + i] = payload[i % 256];
    receive(wire, got, size + length);
    if (memcmp(frame, got, size + length))
        die("sockets: the echo is not what was sent");
}

static void open_one(void)
{
    char head[4096];
    size_t length;
    wire_t *wire;
    const char *value;

    wires = must(realloc(wires, (size_t)(opened + 1) * sizeof(*wires)));
    wire = &wires[opened];
    wire_open(wire, -1, NULL);
    length = (size_t)snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " WS_KEY "\r\n"
        "Origin: http%s://localhost\r\n\r\n", path, wire->ssl ? "s" : "");
    send_all(wire, (unsigned char *)head, length);
    for (length = 0; length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4); length++) {
        if (length >= sizeof(head) - 1)
            die("sockets: head too long");
        receive(wire, (unsigned char *)head + length, 1);
    }
    head[length] = '\0';
    value = header(head, "Sec-WebSocket-Accept");
    if (strncmp(head, "HTTP/1.1 101 ", 13) || !value || strncmp(value, WS_ACCEPT, strlen(WS_ACCEPT)))
        die("sockets: with %d open: %.*s", opened, (int)strcspn(head, "\r"), head);
    opened++;
    echo(wire, 16);
}

static void echoes(int count, size_t size)
{
    double *times = must(calloc((size_t)count, sizeof(*times)));

    if (size > ECHO_MAX || !opened || count < 1)
        die("sockets: cannot echo so");
    for (int i = 0; i < count; i++) {
        double start = now();

        echo(&wires[opened - 1], size);
        times[i] = now() - start;
    }
    sort_times(times, (size_t)count);
    printf("p50_us=%.1f p99_us=%.1f bytes=%lld\n", times[count / 2] * 1e6, times[count * 99 / 100] * 1e6,
           2LL * count * (long long)size);
    free(times);
}

int main(int argc, char **argv)
{
    char line[200];
    int count;
    int size;

    if (argc != 5)
        die("usage: sockets PORT plain|tls PATH SECONDS");
    all_descriptors();
    wire_to(atoi(argv[1]), !strcmp(argv[2], "tls"));
    path = argv[3];
    patience = atoi(argv[4]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "open %d", &count) == 1) {
            while (count-- > 0)
                open_one();
            printf("open=%d\n", opened);
        }
        else if (!strcmp(line, "all\n")) {
            for (int i = 0; i < opened; i++)
                echo(&wires[i], 16);
            printf("echoes=%d\n", opened);
        }
        else if (sscanf(line, "echo %d %d", &count, &size) == 2)
            echoes(count, (size_t)size);
        else
            die("sockets: unknown order: %s", line);
    }
    return 0;
}
