/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "tunnel_io.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_log.h"

#include "log.h"
#include "tunnel_fault.h"
#include "tunnel_tls.h"

APLOG_USE_MODULE(atlassian_proxy);

/* How often one side may be read in a row before the other tunnels get their turn. */
#define TURNS 4
/* A TLS record carries this much at most: a full one is a hint that another follows. */
#define TLS_RECORD 16384
/* Once one direction has ended, few peers have more to say; browsers and Tomcat close at once. */
#define HALF_CLOSED_SECONDS 60
/* For bytes that wait when nobody sends any more. */
#define FLUSH_SECONDS 10
/* For the end of a frame and the closing handshake. */
#define FAREWELL_SECONDS 5

/* ------------------------------------------------------------------------- making, freeing */

atl_tunnel *atl_tunnel_make(const atl_tunnel_policy *policy, server_rec *s, const char *label)
{
    apr_size_t len = strlen(label) + 1;
    atl_tunnel *t = calloc(1, sizeof *t + len);

    if (t != NULL) {
        memcpy(t->label, label, len);
        t->side[ATL_CLIENT].which = ATL_CLIENT;
        t->side[ATL_BACKEND].which = ATL_BACKEND;
        t->side[ATL_CLIENT].fd = t->side[ATL_BACKEND].fd = -1;
        t->idle = (apr_uint32_t)apr_time_sec(policy->idle_timeout);
        t->grace = (apr_uint32_t)apr_time_sec(policy->grace);
        t->counters = policy->counters;
        t->server = s;
    }
    return t;
}

static void side_close(atl_tunnel *t, atl_side *s)
{
    if (s->ssl != NULL) {
        atl_tls_free(s->ssl);
        s->ssl = NULL;
    }
    if (s->fd >= 0) {
        /* Closing does not suffice: a CGI child between fork and exec may share the socket, and
         * then epoll would go on reporting it. */
        if (s->mask != 0) {
            epoll_ctl(t->epoll, EPOLL_CTL_DEL, s->fd, NULL);
        }
        close(s->fd);
        s->fd = -1;
    }
    free(s->pend);
    s->pend = NULL;
    s->pend_len = 0;
}

void atl_tunnel_free(atl_tunnel *t)
{
    side_close(t, &t->side[ATL_CLIENT]);
    side_close(t, &t->side[ATL_BACKEND]);
    free(t);
}

atl_tunnel *atl_tunnel_of(atl_side *side)
{
    return (atl_tunnel *)((char *)(side - side->which) - offsetof(atl_tunnel, side));
}

static atl_side *other(atl_tunnel *t, const atl_side *side)
{
    return &t->side[side->which == ATL_CLIENT ? ATL_BACKEND : ATL_CLIENT];
}

/* ------------------------------------------------------------------------- one socket */

static atl_io side_read(atl_side *s, void *buf, apr_size_t size, apr_size_t *n)
{
    ssize_t rc;

    if (ATL_FAULT(EAGAIN)) {
        return ATL_IO_WANT_READ;
    }
    if (s->ssl != NULL) {
        return atl_tls_read(s->ssl, buf, size, n);
    }
    do {
        rc = recv(s->fd, buf, size, MSG_DONTWAIT);
    } while (rc < 0 && errno == EINTR);
    if (rc > 0) {
        *n = rc;
        return ATL_IO_OK;
    }
    if (rc == 0) {
        return ATL_IO_EOF;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? ATL_IO_WANT_READ : ATL_IO_ERROR;
}

static atl_io side_write(atl_side *s, const void *buf, apr_size_t len, apr_size_t *n)
{
    ssize_t rc;

    if (ATL_FAULT(EAGAIN)) {
        return ATL_IO_WANT_WRITE;
    }
    if (s->ssl != NULL) {
        return atl_tls_write(s->ssl, buf, len, n);
    }
    if (ATL_FAULT(SHORT_WRITE)) {
        len = 1;
    }
    do {
        rc = send(s->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (rc < 0 && errno == EINTR);
    if (rc >= 0) {
        *n = rc;
        return ATL_IO_OK;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? ATL_IO_WANT_WRITE : ATL_IO_ERROR;
}

static void side_drop(atl_side *s)
{
    free(s->pend);
    s->pend = NULL;
    s->pend_at = s->pend_len = 0;
}

int atl_tunnel_queue(atl_side *side, const void *data, apr_size_t len)
{
    apr_size_t left = side->pend_len - side->pend_at;
    unsigned char *bigger;

    if (side->pend_at > 0) {
        memmove(side->pend, side->pend + side->pend_at, left);
        side->pend_at = 0;
        side->pend_len = left;
    }
    bigger = realloc(side->pend, left + len);
    if (bigger == NULL) {
        return 0;
    }
    memcpy(bigger + left, data, len);
    side->pend = bigger;
    side->pend_len = left + len;
    return 1;
}

/* ------------------------------------------------------------------------- how it ends */

static void blame(atl_tunnel *t, atl_closer closer, const char *reason, int error)
{
    if (t->closer == ATL_BY_NOBODY) {
        t->closer = closer;
        t->reason = reason;
        t->error = error;
    }
}

static void blame_side(atl_tunnel *t, const atl_side *s, const char *reason, int error)
{
    blame(t, s->which == ATL_CLIENT ? ATL_BY_CLIENT : ATL_BY_BACKEND, reason, error);
}

/* Nothing can be read from it any more, nor written: the other side gets what waits for it. */
static void read_failed(atl_tunnel *t, atl_side *s, int error)
{
    blame_side(t, s, s->ssl ? "TLS connection broken" : "connection broken", error);
    s->eof = s->shut = s->broken = 1;
    side_drop(s);
    other(t, s)->eof = 1;
}

/* Nothing can be written to it any more. What it sent before it broke may still be read: its last
 * frame is often a Close that says why. */
static void write_failed(atl_tunnel *t, atl_side *s, int error)
{
    blame_side(t, s, s->ssl ? "TLS connection broken" : "connection broken", error);
    s->shut = s->broken = 1;
    side_drop(s);
    other(t, s)->eof = 1;
}

static void shut_write(atl_side *s)
{
    if (s->ssl != NULL && !s->broken) {
        atl_tls_close_notify(s->ssl);
    }
    shutdown(s->fd, SHUT_WR);
    s->shut = 1;
}

static void write_last_line(const atl_tunnel *t, apr_uint32_t now)
{
    static const char *const who[] = {"nobody", "client", "backend", "this server"};

    ap_log_error(APLOG_MARK, APLOG_INFO, t->error, t->server,
                 ATL_LOGNO(0301) "WebSocket ended: %s, %u s, %" APR_UINT64_T_FMT
                                 " bytes from the client, %" APR_UINT64_T_FMT
                                 " from the backend, closed by %s: %s",
                 t->label, now - t->born, t->side[ATL_CLIENT].got, t->side[ATL_BACKEND].got,
                 who[t->closer], t->reason ? t->reason : "unknown");
}

static void finish(atl_tunnel *t, apr_uint32_t now)
{
    int i;

    for (i = ATL_CLIENT; i <= ATL_BACKEND; i++) {
        if (!t->side[i].shut && !t->side[i].broken) {
            shut_write(&t->side[i]);
        }
        side_close(t, &t->side[i]);
    }
    t->phase = ATL_GONE;
    t->is_ready = 0;
    atomic_fetch_add(&t->counters->bytes_up, t->side[ATL_CLIENT].got);
    atomic_fetch_add(&t->counters->bytes_down, t->side[ATL_BACKEND].got);
    atomic_fetch_sub(&t->counters->open, 1);
    write_last_line(t, now);
}

/* ------------------------------------------------------------------------- moving bytes */

static void write_to(atl_tunnel *t, atl_side *to, const unsigned char *data, apr_size_t len)
{
    while (len > 0 && to->pend_len == 0) {
        apr_size_t n = 0;
        atl_io io = side_write(to, data, len, &n);

        if (io == ATL_IO_OK) {
            data += n;
            len -= n;
            continue;
        }
        if (io == ATL_IO_ERROR || io == ATL_IO_EOF) {
            write_failed(t, to, errno);
            return;
        }
        to->write_wants_in = io == ATL_IO_WANT_READ;
        break;
    }
    if (len > 0 && !atl_tunnel_queue(to, data, len)) {
        write_failed(t, to, ENOMEM);
    }
}

static void flush(atl_tunnel *t, atl_side *s, atl_work *w)
{
    while (s->pend_at < s->pend_len) {
        apr_size_t n = 0;
        atl_io io = side_write(s, s->pend + s->pend_at, s->pend_len - s->pend_at, &n);

        if (io == ATL_IO_OK) {
            s->pend_at += n;
            t->moved = w->now;
            continue;
        }
        if (io == ATL_IO_ERROR || io == ATL_IO_EOF) {
            write_failed(t, s, errno);
        }
        else {
            s->write_wants_in = io == ATL_IO_WANT_READ;
        }
        return;
    }
    side_drop(s);
}

/* Say goodbye, if the stream to the client stands between two frames and is not closed already. */
static void say_goodbye(atl_tunnel *t, atl_work *w)
{
    atl_side *client = &t->side[ATL_CLIENT];

    if (atl_ws_track_at_boundary(&t->down) && !client->shut) {
        unsigned char frame[ATL_WS_CLOSE_MAX];
        apr_size_t len = atl_ws_close_frame(frame, ATL_WS_GOING_AWAY, t->reason);

        write_to(t, client, frame, len);
    }
    t->phase = ATL_SAID;
    t->leave_at = w->now + FAREWELL_SECONDS;
}

static void pass_on(atl_tunnel *t, const atl_side *from, apr_size_t n, atl_work *w)
{
    atl_side *to = other(t, from);

    if (from->which == ATL_CLIENT) {
        write_to(t, to, w->buf, n);
        return;
    }
    switch (t->phase) {
    case ATL_OPEN:
        atl_ws_track_pass(&t->down, w->buf, n);
        write_to(t, to, w->buf, n);
        break;
    case ATL_LEAVING:
        n = atl_ws_track_finish(&t->down, w->buf, n);
        write_to(t, to, w->buf, n);
        if (atl_ws_track_at_boundary(&t->down)) {
            say_goodbye(t, w);
        }
        break;
    default:
        break; /* the client has had its Close: nothing may follow it */
    }
}

/* Read a side and write to the other, until there is nothing more, or the other cannot take it. */
static void pump(atl_tunnel *t, atl_side *from, atl_work *w)
{
    int turn;

    from->read_wants_out = 0;
    for (turn = 0; turn < TURNS; turn++) {
        apr_size_t n = 0;

        if (from->eof || other(t, from)->pend_len > 0) {
            return;
        }
        switch (side_read(from, w->buf, w->size, &n)) {
        case ATL_IO_OK:
            from->got += n;
            t->moved = w->now;
            pass_on(t, from, n, w);
            if (from->ssl ? n < TLS_RECORD && !atl_tls_pending(from->ssl) : n < w->size) {
                return;
            }
            break;
        case ATL_IO_WANT_READ:
            return;
        case ATL_IO_WANT_WRITE:
            from->read_wants_out = 1;
            return;
        case ATL_IO_EOF:
            blame_side(t, from, "closed", 0);
            from->eof = 1;
            return;
        default:
            read_failed(t, from, errno);
            return;
        }
    }
    t->is_ready = 1;
}

/* ------------------------------------------------------------------------- after each turn */

static void ask_for_events(atl_tunnel *t, atl_side *s)
{
    struct epoll_event ev;
    apr_uint32_t want = 0;

    if ((!s->eof && other(t, s)->pend_len == 0 && !s->read_wants_out) || s->write_wants_in) {
        want |= EPOLLIN;
    }
    if ((s->pend_len > 0 && !s->write_wants_in) || s->read_wants_out) {
        want |= EPOLLOUT;
    }
    if (want == 0) {
        /* epoll reports errors and hang-ups always; edge-triggered, it does so once. */
        want = EPOLLET;
    }
    if (want != s->mask) {
        ev.events = want;
        ev.data.ptr = s;
        if (epoll_ctl(t->epoll, s->mask ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s->fd, &ev) != 0) {
            read_failed(t, s, errno);
            return;
        }
        s->mask = want;
    }
}

void atl_tunnel_schedule(atl_tunnel *t)
{
    int ended = t->side[ATL_CLIENT].eof + t->side[ATL_BACKEND].eof;
    apr_uint32_t quiet = ended == 2 ? FLUSH_SECONDS : HALF_CLOSED_SECONDS;

    if (t->phase != ATL_OPEN) {
        t->due = t->leave_at;
        return;
    }
    t->due = t->moved + (ended && quiet < t->idle ? quiet : t->idle);
    if (t->leave_at != 0 && t->leave_at < t->due) {
        t->due = t->leave_at;
    }
}

static int is_over(atl_tunnel *t)
{
    int i, over = 1;

    for (i = ATL_CLIENT; i <= ATL_BACKEND; i++) {
        atl_side *s = &t->side[i];

        if (other(t, s)->eof && s->pend_len == 0 && !s->shut) {
            shut_write(s);
        }
        over &= s->eof && s->shut;
    }
    return over;
}

static void settle(atl_tunnel *t, atl_work *w)
{
    int i;

    if (!is_over(t)) {
        for (i = ATL_CLIENT; i <= ATL_BACKEND; i++) {
            ask_for_events(t, &t->side[i]);
        }
        if (!is_over(t)) { /* asking may fail */
            atl_tunnel_schedule(t);
            return;
        }
    }
    finish(t, w->now);
}

void atl_tunnel_start(atl_tunnel *t, atl_work *w)
{
    const atl_side *client = &t->side[ATL_CLIENT];

    t->born = t->moved = w->now;
    if (client->pend_len > 0) {
        atl_ws_track_pass(&t->down, client->pend, client->pend_len);
    }
    /* Both ways at once: what mod_ssl and OpenSSL have read already raises no event. */
    atl_tunnel_resume(t, w);
}

void atl_tunnel_resume(atl_tunnel *t, atl_work *w)
{
    t->is_ready = 0;
    flush(t, &t->side[ATL_CLIENT], w);
    flush(t, &t->side[ATL_BACKEND], w);
    pump(t, &t->side[ATL_CLIENT], w);
    pump(t, &t->side[ATL_BACKEND], w);
    settle(t, w);
}

atl_tunnel *atl_tunnel_event(atl_side *side, apr_uint32_t events, atl_work *w)
{
    atl_tunnel *t = atl_tunnel_of(side);

    if (t->phase == ATL_GONE) {
        return t; /* ended by its other side in the same batch of events */
    }
    if (side->mask == EPOLLET) {
        /* Reading is paused, so only an error can tell that the peer is gone. */
        if ((events & EPOLLERR) && !side->broken) {
            int error = 0;
            socklen_t len = sizeof error;

            getsockopt(side->fd, SOL_SOCKET, SO_ERROR, &error, &len);
            read_failed(t, side, error);
        }
    }
    else {
        if (events & ~(apr_uint32_t)EPOLLOUT || side->read_wants_out) {
            pump(t, side, w);
        }
        if (side->pend_len > 0) {
            side->write_wants_in = 0;
            flush(t, side, w);
            pump(t, other(t, side), w);
        }
    }
    settle(t, w);
    return t;
}

/* ------------------------------------------------------------------------- leaving */

static void leave(atl_tunnel *t, atl_work *w, const char *reason)
{
    blame(t, ATL_BY_SERVER, reason, 0);
    if (t->down.lost || t->down.close_seen || atl_ws_track_at_boundary(&t->down)) {
        say_goodbye(t, w);
    }
    else {
        t->phase = ATL_LEAVING;
        t->leave_at = w->now + FAREWELL_SECONDS;
    }
    settle(t, w);
}

void atl_tunnel_timer(atl_tunnel *t, atl_work *w)
{
    atl_tunnel_schedule(t);
    if (t->due > w->now) {
        return;
    }
    if (t->phase != ATL_OPEN) {
        finish(t, w->now);
    }
    else if (t->leave_at != 0 && t->leave_at <= w->now) {
        leave(t, w, "server restart");
    }
    else if (t->side[ATL_CLIENT].eof || t->side[ATL_BACKEND].eof) {
        finish(t, w->now);
    }
    else {
        leave(t, w, "idle timeout");
    }
}

void atl_tunnel_abandon(atl_tunnel *t, atl_work *w, const char *reason)
{
    blame(t, ATL_BY_SERVER, reason, 0);
    if (t->phase == ATL_OPEN && t->side[ATL_CLIENT].pend_len == 0) {
        say_goodbye(t, w);
    }
    if (t->phase != ATL_GONE) {
        finish(t, w->now);
    }
}
