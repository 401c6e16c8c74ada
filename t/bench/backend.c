/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
/* The bench's own backend: one thread, epoll, keep-alive, as little work as can be, so that what is
 * measured in front of it is the proxy. Usage: backend PORT
 *
 * Whatever comes before the last part of a path is the context and the application:
 *   .../bytes/N   N bytes: "METHOD path\n", then the pattern of common.h (so a wrong path shows in the body)
 *   .../sum       reads the body, answers its length and sum
 *   .../head      the request's head as it came
 *   .../count     how many requests came so far, this one not counted
 *   .../status    what a Jira says to a health check, not counted either
 * A request with "Upgrade: websocket" becomes a WebSocket that sends every frame's payload back. */
#include "common.h"

#include <signal.h>

#define HEAD_MAX 16384
#define CHUNK 65536

enum state { READ_HEAD, READ_BODY, WRITE, SOCKET };

typedef struct conn_t {
    int fd;
    enum state state;
    char *in; /* head as far as it came */
    size_t in_length;
    size_t head_length;
    long long body_left; /* of the request's body */
    sum_t sum;
    long long body_length;
    char *out; /* head of the answer, or frames that did not go out */
    size_t out_length;
    size_t out_done;
    long long send_length; /* of the answer's pattern */
    long long send_done;
    unsigned char frame[14]; /* a frame's head as far as it came */
    int frame_length;
    uint64_t payload_left;
    uint64_t payload_done;
} conn_t;

static int poller;
static long long count;

static void watch(conn_t *c, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = c };

    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

static void drop(conn_t *c)
{
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

/* What a product says with every page, in number and kind. */
static void answer(conn_t *c, long long length, const char *start)
{
    int context = (int)strcspn(strchr(c->in, '/') + 1, "/ ") + 1;
    const char *path = strchr(c->in, '/');
    size_t size = strlen(start) + (size_t)context + 1024;

    free(c->out);
    c->out = must(malloc(size));
    c->out_length = (size_t)snprintf(c->out, size,
        "HTTP/1.1 200 OK\r\nX-AREQUESTID: 1021x%lldx1\r\nX-ANODEID: node1\r\nX-XSS-Protection: 1; mode=block\r\n"
        "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n"
        "Content-Security-Policy: frame-ancestors 'self'\r\nX-ASEN: SEN-0000000\r\nX-AUSERNAME: anonymous\r\n"
        "Set-Cookie: atlassian.xsrf.token=ABCD-EFGH-IJKL-MNOP_lout; Path=%.*s\r\n"
        "Cache-Control: no-cache, no-store, no-transform\r\nContent-Type: text/html;charset=UTF-8\r\n"
        "Content-Length: %lld\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n\r\n%s",
        count, context, path, length, start);
    c->out_done = 0;
    c->send_length = length - (long long)strlen(start);
    c->send_done = 0;
    c->state = WRITE;
}

static void answer_text(conn_t *c, const char *text)
{
    answer(c, (long long)strlen(text), text);
}

static void answer_bytes(conn_t *c, long long length)
{
    char start[512];
    int line = (int)strcspn(strchr(c->in, ' ') + 1, " ");

    snprintf(start, sizeof(start), "%.*s %.*s\n", (int)strcspn(c->in, " "), c->in, line, strchr(c->in, ' ') + 1);
    if ((long long)strlen(start) > length)
        start[length] = '\0';
    answer(c, length, start);
}

static void upgrade(conn_t *c)
{
    static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: " WS_ACCEPT "\r\n\r\n";
    c->out = must(realloc(c->out, sizeof(head)));
    memcpy(c->out, head, sizeof(head));
    c->out_length = sizeof(head) - 1;
    c->out_done = 0;
    c->state = SOCKET;
    free(c->in); /* idle sockets by the thousand */
    c->in = NULL;
}

static void respond(conn_t *c)
{
    char text[64];
    const char *path = strchr(c->in, ' ') + 1;
    size_t length = strcspn(path, " ?");
    const char *last = path + length;
    const char *upgrading = header(c->in, "Upgrade");

    while (last > path && last[-1] != '/')
        last--;
    if (!strncmp(last, "count ", 6)) {
        snprintf(text, sizeof(text), "%lld\n", count);
        answer_text(c, text);
        return;
    }
    if (!strncmp(last, "status ", 7)) {
        answer_text(c, "{\"state\":\"RUNNING\"}");
        return;
    }
    count++;
    if (upgrading && !strncasecmp(upgrading, "websocket", 9))
        upgrade(c);
    else if (!strncmp(last, "sum ", 4)) {
        snprintf(text, sizeof(text), "%lld %016llx\n", c->body_length, (unsigned long long)sum_of(&c->sum));
        answer_text(c, text);
    }
    else if (!strncmp(last, "head ", 5))
        answer_text(c, c->in);
    else if (last - path > 6 && !strncmp(last - 6, "bytes/", 6))
        answer_bytes(c, atoll(last));
    else
        die("backend: no such resource: %.*s", (int)length, path);
}

/* -1: the connection is done for; 0: wait. */
static int send_out(conn_t *c)
{
    const unsigned char *block = pattern();

    while (c->out_done < c->out_length || c->send_done < c->send_length) {
        int head = c->out_done < c->out_length;
        size_t at = (size_t)(c->send_done % PATTERN);
        size_t left = PATTERN - at;
        ssize_t n;

        if ((long long)left > c->send_length - c->send_done)
            left = (size_t)(c->send_length - c->send_done);
        if (head)
            n = send(c->fd, c->out + c->out_done, c->out_length - c->out_done,
                     MSG_NOSIGNAL | (c->send_length ? MSG_MORE : 0));
        else
            n = send(c->fd, block + at, left, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN)
                return -1;
            watch(c, EPOLLOUT);
            return 0;
        }
        if (head)
            c->out_done += (size_t)n;
        else
            c->send_done += n;
    }
    return 1;
}

static int take_body(conn_t *c, const char *data, size_t length)
{
    if ((long long)length > c->body_left)
        die("backend: more body than announced");
    sum_add(&c->sum, (const unsigned char *)data, length);
    c->body_left -= (long long)length;
    c->body_length += (long long)length;
    return c->body_left == 0;
}

/* Chunked bodies are not known here: a proxy that turns a Content-Length into chunks is told so. */
static void take_head(conn_t *c)
{
    char *end = memmem(c->in, c->in_length, "\r\n\r\n", 4);
    const char *value;
    size_t more;
    int complete;

    if (!end) {
        if (c->in_length >= HEAD_MAX - 1)
            die("backend: head too long");
        return;
    }
    c->in[c->in_length] = '\0';
    c->head_length = (size_t)(end + 4 - c->in);
    more = c->in_length - c->head_length;
    if (header(c->in, "Transfer-Encoding"))
        die("backend: the proxy sends chunks");
    value = header(c->in, "Content-Length");
    c->body_left = value ? atoll(value) : 0;
    c->body_length = 0;
    c->sum = (sum_t){ 0, 0 };
    value = header(c->in, "Expect");
    if (value && send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL) != 25)
        die("backend: no room for 100 Continue");
    complete = take_body(c, end + 4, more);
    c->in[c->head_length] = '\0';
    c->state = READ_BODY;
    if (complete)
        respond(c);
}

/* Appends to what has yet to go out. */
static void put(conn_t *c, size_t *size, const void *data, size_t length)
{
    if (c->out_length + length > *size) {
        *size = (c->out_length + length) * 2;
        c->out = must(realloc(c->out, *size));
    }
    memcpy(c->out + c->out_length, data, length);
    c->out_length += length;
}

static int frame_head_size(const conn_t *c)
{
    int length = c->frame_length < 2 ? 0 : c->frame[1] & 0x7f;

    return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (c->frame_length > 1 && c->frame[1] & 0x80 ? 4 : 0);
}

/* A whole frame head is there: passes it on without the mask bit. */
static void start_frame(conn_t *c, size_t *size)
{
    int bytes = frame_head_size(c) - 4;

    if (!(c->frame[1] & 0x80))
        die("backend: a client's frame without a mask");
    c->payload_left = c->frame[1] & 0x7f;
    if (bytes > 2) {
        c->payload_left = 0;
        for (int i = 2; i < bytes; i++)
            c->payload_left = c->payload_left << 8 | c->frame[i];
    }
    c->payload_done = 0;
    c->frame[1] &= 0x7f;
    put(c, size, c->frame, (size_t)bytes);
    /* The mask to the front, where its place does not depend on the length. */
    memmove(c->frame, c->frame + bytes, 4);
}

static void take_frames(conn_t *c, unsigned char *data, size_t length)
{
    size_t size = 0;

    c->out_length = c->out_done = 0;
    while (length) {
        if (!c->payload_left) {
            c->frame[c->frame_length++] = *data++;
            length--;
            if (c->frame_length >= 2 && c->frame_length == frame_head_size(c)) {
                start_frame(c, &size);
                c->frame_length = 0;
            }
            continue;
        }
        size_t part = length < c->payload_left ? length : (size_t)c->payload_left;
        for (size_t i = 0; i < part; i++)
            data[i] ^= c->frame[(c->payload_done + i) & 3];
        put(c, &size, data, part);
        c->payload_left -= part;
        c->payload_done += part;
        data += part;
        length -= part;
    }
}

/* 0: wait; -1: drop. */
static int step_socket(conn_t *c, unsigned char *buffer)
{
    for (;;) {
        ssize_t n;
        int sent = send_out(c);

        if (sent <= 0)
            return sent;
        free(c->out);
        c->out = NULL;
        c->out_length = c->out_done = 0;
        n = recv(c->fd, buffer, CHUNK, 0);
        if (n <= 0)
            return n < 0 && errno == EAGAIN ? (watch(c, EPOLLIN), 0) : -1;
        /* put() starts with nothing. */
        take_frames(c, buffer, (size_t)n);
    }
}

static int step(conn_t *c)
{
    static unsigned char buffer[CHUNK];
    ssize_t n;
    int sent;

    for (;;) {
        if (c->state == SOCKET)
            return step_socket(c, buffer);
        if (c->state == WRITE) {
            sent = send_out(c);
            if (sent <= 0)
                return sent;
            c->in_length = 0;
            c->state = READ_HEAD;
            watch(c, EPOLLIN);
        }
        if (c->state == READ_HEAD)
            n = recv(c->fd, c->in + c->in_length, HEAD_MAX - 1 - c->in_length, 0);
        else
            n = recv(c->fd, buffer, CHUNK, 0);
        if (n <= 0)
            return n < 0 && errno == EAGAIN ? 0 : -1;
        if (c->state == READ_HEAD) {
            c->in_length += (size_t)n;
            take_head(c);
        }
        else if (take_body(c, (char *)buffer, (size_t)n))
            respond(c);
    }
}

static void take_connections(int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        conn_t *c = must(calloc(1, sizeof(*c)));
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

        no_delay(fd);
        c->fd = fd;
        c->in = must(malloc(HEAD_MAX));
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = loopback(argc > 1 ? atoi(argv[1]) : 0);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    struct epoll_event events[64];
    struct epoll_event first = { .events = EPOLLIN, .data.ptr = NULL };

    signal(SIGPIPE, SIG_IGN);
    all_descriptors();
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    set_nonblocking(listener);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 4096))
        die("backend: %s", strerror(errno));
    poller = epoll_create1(0);
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &first);
    for (;;) {
        int n = epoll_wait(poller, events, 64, -1);

        for (int i = 0; i < n; i++) {
            conn_t *c = events[i].data.ptr;

            if (!c)
                take_connections(listener);
            else if (step(c) < 0)
                drop(c);
        }
    }
}
