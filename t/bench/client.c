/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
/* Asks for what a plan says, over connections kept alive, and compares every answer with it.
 *
 * Usage: client PORT plain|tls CONNECTIONS REQUESTS PLAN [HOST]
 *   A line of PLAN: METHOD PATH BYTES-TO-SEND LENGTH SUM. The plan is gone through from top to bottom, over and over.
 *   REQUESTS 0 fetches each line once and prints PLAN with the lengths and sums that came (from the backend itself).
 *
 * Ends with status 1 and says why at the first answer that is not 200, not as long or not the same bytes.
 * Prints: requests= bytes= seconds= reconnects= p50_us= p99_us= max_us= */
#include "common.h"

#include "wire.h"

#define HEAD_MAX 16384
#define CHUNK 65536
#define PATIENCE_MS 20000

typedef struct wish_t {
    char method[8];
    char path[1024];
    long long send;
    long long length;
    uint64_t sum;
} wish_t;

typedef struct conn_t {
    wire_t wire;
    const wish_t *wish; /* NULL: nothing under way */
    int answered;       /* something on this connection */
    char head[HEAD_MAX]; /* the request's, then the answer's */
    size_t head_length;
    size_t head_sent;
    long long body_sent;
    int reading_body;
    int chunked;
    int chunk_line; /* reading a chunk's size line */
    long long left; /* of the body, or of the chunk */
    long long length;
    sum_t sum;
    int closing;
    double started;
} conn_t;

static wish_t *plan;
static int plan_length;
static const char *host = "localhost";
static int poller;
static long long wanted;
static long long begun;
static long long done;
static long long bytes;
static long long reconnects;
static int learn;
static double *times;

static void read_plan(const char *name)
{
    FILE *file = fopen(name, "r");
    char line[1400];
    int room = 0;

    if (!file)
        die("%s: %s", name, strerror(errno));
    while (fgets(line, sizeof(line), file)) {
        unsigned long long sum = 0;

        if (plan_length == room)
            plan = must(realloc(plan, (size_t)(room = room * 2 + 64) * sizeof(*plan)));
        wish_t *wish = &plan[plan_length++];
        memset(wish, 0, sizeof(*wish));
        if (sscanf(line, "%7s %1023s %lld %lld %llx", wish->method, wish->path, &wish->send, &wish->length, &sum)
            < (learn ? 3 : 5))
            die("%s: cannot read: %s", name, line);
        wish->sum = sum;
    }
    fclose(file);
}

static void begin(conn_t *c)
{
    c->wish = &plan[begun % plan_length];
    begun++;
    c->head_length = (size_t)snprintf(c->head, sizeof(c->head),
        "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
        "Firefox/140.0\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        "Accept-Language: en-US,en;q=0.5\r\nCookie: JSESSIONID=0123456789ABCDEF0123456789ABCDEF; "
        "atlassian.xsrf.token=ABCD-EFGH-IJKL-MNOP_lout\r\n",
        c->wish->method, c->wish->path, host);
    if (c->wish->send)
        c->head_length += (size_t)snprintf(c->head + c->head_length, 200, "Content-Length: %lld\r\n"
            "Content-Type: application/octet-stream\r\n", c->wish->send);
    c->head_length += (size_t)snprintf(c->head + c->head_length, 10, "\r\n");
    c->head_sent = 0;
    c->body_sent = 0;
    c->reading_body = 0;
    c->started = now();
}

/* Sends what is left; 0 when the socket is full, -1 when it is closed. */
static int push(conn_t *c)
{
    const unsigned char *block = pattern();

    while (c->head_sent < c->head_length || c->body_sent < c->wish->send) {
        size_t at = (size_t)(c->body_sent % PATTERN);
        size_t left = PATTERN - at;
        int head = c->head_sent < c->head_length;
        ssize_t n;

        if ((long long)left > c->wish->send - c->body_sent)
            left = (size_t)(c->wish->send - c->body_sent);
        n = head ? wire_write(&c->wire, c->head + c->head_sent, c->head_length - c->head_sent)
                 : wire_write(&c->wire, block + at, left);
        if (n < 0)
            return n == WIRE_WAIT ? 0 : -1;
        if (head)
            c->head_sent += (size_t)n;
        else
            c->body_sent += n;
    }
    c->head_length = 0; /* the answer's head next */
    c->head_sent = 0;
    return 1;
}

static void wrong(const conn_t *c, const char *what)
{
    die("client: %s %s: %s", c->wish->method, c->wish->path, what);
}

static void finish(conn_t *c)
{
    wish_t *wish = (wish_t *)c->wish;
    char text[200];

    if (learn) {
        wish->length = c->length;
        wish->sum = sum_of(&c->sum);
    }
    if (c->length != wish->length || sum_of(&c->sum) != wish->sum) {
        snprintf(text, sizeof(text), "came with %lld bytes, sum %016llx; expected %lld, %016llx", c->length,
                 (unsigned long long)sum_of(&c->sum), wish->length, (unsigned long long)wish->sum);
        wrong(c, text);
    }
    times[done++] = now() - c->started;
    bytes += c->length + wish->send;
    c->wish = NULL;
    c->answered = 1;
    if (c->closing) {
        wire_close(&c->wire);
        reconnects++;
        c->answered = 0;
        if (begun < wanted)
            wire_open(&c->wire, poller, c);
    }
}

/* One byte of a chunk's size line, or of the empty line after the data. */
static size_t take_chunk_line(conn_t *c, const unsigned char *data, size_t length)
{
    const unsigned char *end = memchr(data, '\n', length);
    size_t used = end ? (size_t)(end - data) + 1 : length;

    if (c->head_length + used >= sizeof(c->head))
        wrong(c, "chunk line too long");
    memcpy(c->head + c->head_length, data, used);
    c->head_length += used;
    if (!end)
        return used;
    c->head[c->head_length] = '\0';
    if (c->head_length > 2) {
        c->left = strtoll(c->head, NULL, 16);
        c->chunk_line = c->left ? 0 : 2;
    }
    else if (c->chunk_line == 2)
        finish(c);
    c->head_length = 0;
    return used;
}

static void take_body(conn_t *c, const unsigned char *data, size_t length)
{
    while (length && c->wish) {
        size_t part;

        if (c->chunk_line) {
            part = take_chunk_line(c, data, length);
        }
        else {
            part = (long long)length < c->left ? length : (size_t)c->left;
            sum_add(&c->sum, data, part);
            c->length += (long long)part;
            c->left -= (long long)part;
            if (!c->left && c->chunked)
                c->chunk_line = 1;
            else if (!c->left)
                finish(c);
        }
        data += part;
        length -= part;
    }
    if (length)
        die("client: more came than was asked for");
}

static void take_head(conn_t *c, const unsigned char *data, size_t length)
{
    char *end;
    const char *value;
    size_t before = c->head_length;
    size_t size;

    if (before + length >= sizeof(c->head))
        length = sizeof(c->head) - 1 - before; /* the rest of a body that follows comes below */
    memcpy(c->head + before, data, length);
    c->head_length += length;
    c->head[c->head_length] = '\0';
    end = strstr(c->head, "\r\n\r\n");
    if (!end) {
        if (c->head_length >= sizeof(c->head) - 1)
            wrong(c, "head too long");
        return;
    }
    size = (size_t)(end + 4 - c->head);
    end[2] = '\0';
    if (strncmp(c->head, "HTTP/1.1 200 ", 13)) {
        c->head[strcspn(c->head, "\r")] = '\0';
        wrong(c, c->head);
    }
    value = header(c->head, "Connection");
    c->closing = value && !strncasecmp(value, "close", 5);
    value = header(c->head, "Transfer-Encoding");
    c->chunked = c->chunk_line = value && !strncasecmp(value, "chunked", 7);
    value = header(c->head, "Content-Length");
    if (!c->chunked && !value)
        wrong(c, "answer without a length");
    c->left = value ? atoll(value) : 0;
    c->length = 0;
    c->sum = (sum_t){ 0, 0 };
    c->reading_body = 1;
    c->head_length = 0;
    if (!c->chunked && !c->left)
        finish(c);
    else
        take_body(c, data + (size - before), length - (size - before));
}

/* The peer closed: allowed only between two answers. */
static void ended(conn_t *c)
{
    if (c->wish && (!c->answered || c->reading_body || c->head_length))
        wrong(c, "the connection ended within the answer");
    if (c->wish)
        begun--;
    c->wish = NULL;
    c->answered = 0;
    reconnects++;
    wire_close(&c->wire);
    if (begun < wanted)
        wire_open(&c->wire, poller, c);
}

static void step(conn_t *c)
{
    static unsigned char buffer[CHUNK];
    int unsent = 0;

    for (;;) {
        ssize_t n;

        if (!c->wish && begun < wanted)
            begin(c);
        if (c->wish && !c->reading_body && (c->head_sent < c->head_length || c->body_sent < c->wish->send)) {
            int sent = push(c);

            if (sent < 0) {
                ended(c);
                return;
            }
            unsent = !sent;
        }
        /* A head that fits nowhere else must fit in c->head. */
        n = wire_read(&c->wire, buffer, c->reading_body ? sizeof(buffer) : HEAD_MAX / 2);
        if (n == WIRE_WAIT)
            break;
        if (n == WIRE_END) {
            ended(c);
            return;
        }
        if (!c->wish || unsent)
            die("client: an answer nobody asked for yet");
        if (c->reading_body)
            take_body(c, buffer, (size_t)n);
        else
            take_head(c, buffer, (size_t)n);
        if (!c->wish)
            c->reading_body = 0;
        if (c->wire.fd < 0)
            return;
    }
    wire_watch(&c->wire, poller, unsent, c);
}

static void report(double seconds)
{
    if (learn) {
        for (int i = 0; i < plan_length; i++)
            printf("%s %s %lld %lld %016llx\n", plan[i].method, plan[i].path, plan[i].send, plan[i].length,
                   (unsigned long long)plan[i].sum);
        return;
    }
    sort_times(times, (size_t)done);
    printf("requests=%lld bytes=%lld seconds=%.3f reconnects=%lld p50_us=%.1f p99_us=%.1f max_us=%.1f\n", done, bytes,
           seconds, reconnects, times[done / 2] * 1e6, times[done * 99 / 100] * 1e6, times[done - 1] * 1e6);
}

int main(int argc, char **argv)
{
    struct epoll_event events[64];
    conn_t *conns;
    double start;
    int count;

    if (argc < 6)
        die("usage: client PORT plain|tls CONNECTIONS REQUESTS PLAN [HOST]");
    all_descriptors();
    wire_to(atoi(argv[1]), !strcmp(argv[2], "tls"));
    wanted = atoll(argv[4]);
    learn = wanted == 0;
    read_plan(argv[5]);
    if (argc > 6)
        host = argv[6];
    if (learn)
        wanted = plan_length;
    count = learn ? 1 : atoi(argv[3]);
    times = must(calloc((size_t)wanted, sizeof(*times)));
    poller = epoll_create1(0);
    conns = must(calloc((size_t)count, sizeof(*conns)));
    start = now();
    for (int i = 0; i < count; i++)
        wire_open(&conns[i].wire, poller, &conns[i]);
    while (done < wanted) {
        int n = epoll_wait(poller, events, 64, PATIENCE_MS);

        if (n == 0)
            die("client: no answer for %d s, %lld of %lld requests done", PATIENCE_MS / 1000, done, wanted);
        for (int i = 0; i < n; i++) {
            conn_t *c = events[i].data.ptr;

            if (c->wire.fd >= 0)
                step(c);
        }
    }
    report(now() - start);
    return 0;
}
