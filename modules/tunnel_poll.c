/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "tunnel_poll.h"

#include <stdatomic.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <apr_thread_proc.h>

#include "ap_mpm.h"
#include "http_log.h"

#include "log.h"

APLOG_USE_MODULE(atlassian_proxy);

#define POLLERS 2
/* Events fetched at once. */
#define BATCH 64
/* What one side of a tunnel may be ahead of the other, and the size of a poller's only buffer. */
#define BUFFER (64 * 1024)
/* One slot a second; a tunnel due later than a round is looked at once a round. */
#define WHEEL 256
#define STACK (256 * 1024)
/* Descriptors for logs, libraries, the MPM and CGI, and for a request (client, backend, files). */
#define KEPT_FOR_CHILD 64
#define KEPT_FOR_THREAD 6
/* As much as a child takes of a generous hard limit. */
#define WANTED_DESCRIPTORS 65536
/* Leaving at the end of the grace is spread over a tenth of it: not all editors reconnect at once.
 */
#define SPREAD 10

enum { RUNNING, GRACEFUL, NOW };

APR_RING_HEAD(ring, atl_tunnel);

typedef struct {
    apr_thread_t *thread;
    int epoll;
    int wake;                       /* eventfd */
    _Atomic(atl_tunnel *) incoming; /* pushed by worker threads, last first */
    struct ring wheel[WHEEL];
    struct ring ready;
    struct ring dead;
    struct ring turn;    /* those of `ready` whose turn it is */
    struct ring walk;    /* those of the wheel that are being looked at */
    apr_uint32_t ticked; /* the wheel has been turned up to here */
    int mode;            /* what this poller has seen of `mode` below */
    unsigned int random;
    atl_work work;
} poller;

static struct {
    poller pollers[POLLERS];
    int count;
    int drained;                   /* eventfd: no tunnel left, or SIGTERM */
    _Atomic int mode;              /* RUNNING, GRACEFUL, NOW */
    _Atomic apr_uint32_t told_at;  /* when mode became GRACEFUL */
    _Atomic apr_uint32_t held;     /* tunnels adopted and not ended */
    _Atomic apr_uint32_t reserved; /* the same and those on their way */
    _Atomic unsigned int turn;
    apr_uint32_t cap;
    server_rec *server;
} child;

/* ------------------------------------------------------------------------- time, wake-ups */

static apr_uint32_t seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    return (apr_uint32_t)ts.tv_sec + 1; /* never 0, which means "not set" */
}

static void wake(int eventfd)
{
    const apr_uint64_t one = 1;
    ssize_t rc;

    /* EAGAIN means it is awake already. */
    do {
        rc = write(eventfd, &one, sizeof one);
    } while (rc < 0 && errno == EINTR);
}

static void wake_all(void)
{
    int i;

    for (i = 0; i < child.count; i++) {
        wake(child.pollers[i].wake);
    }
}

/* ------------------------------------------------------------------------- the cap */

apr_uint32_t atl_poll_cap_for(apr_uint64_t descriptors, int threads)
{
    apr_uint64_t kept = KEPT_FOR_CHILD + (apr_uint64_t)threads * KEPT_FOR_THREAD;

    if (descriptors > 0x7fffffff) {
        descriptors = 0x7fffffff; /* RLIM_INFINITY */
    }
    return descriptors > kept ? (apr_uint32_t)((descriptors - kept) / 2) : 0;
}

/* Init systems give services a low soft limit below a high hard one, for programs that use
 * select(). Nothing here does. */
apr_uint64_t atl_poll_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    if (limit.rlim_cur >= WANTED_DESCRIPTORS) {
        return limit.rlim_cur;
    }
    return limit.rlim_max < WANTED_DESCRIPTORS ? limit.rlim_max : WANTED_DESCRIPTORS;
}

static apr_uint64_t raise_limit(void)
{
    struct rlimit limit, before;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    before = limit;
    limit.rlim_cur = atl_poll_descriptors();
    return limit.rlim_cur == before.rlim_cur || setrlimit(RLIMIT_NOFILE, &limit) == 0
               ? limit.rlim_cur
               : before.rlim_cur;
}

apr_uint32_t atl_poll_cap(void)
{
    return child.cap;
}

int atl_poll_reserve(void)
{
    if (atomic_fetch_add(&child.reserved, 1) >= child.cap) {
        atomic_fetch_sub(&child.reserved, 1);
        return 0;
    }
    return 1;
}

void atl_poll_unreserve(void)
{
    atomic_fetch_sub(&child.reserved, 1);
}

int atl_poll_running(void)
{
    /* Also in a child that ends gracefully: left to mod_proxy, a tunnel would keep it for ever. */
    return child.count > 0 && atomic_load(&child.mode) != NOW;
}

/* ------------------------------------------------------------------------- lists of a poller */

/* After any turn of a tunnel: put it where its state wants it. */
static void file_away(poller *p, atl_tunnel *t)
{
    apr_uint32_t due = t->due;

    APR_RING_REMOVE(t, slot);
    if (t->phase == ATL_GONE) {
        APR_RING_INSERT_TAIL(&p->dead, t, atl_tunnel, slot);
        return;
    }
    if (due <= p->ticked) {
        due = p->ticked + 1;
    }
    if (due - p->ticked >= WHEEL) {
        due = p->ticked + WHEEL - 1;
    }
    APR_RING_INSERT_TAIL(&p->wheel[due % WHEEL], t, atl_tunnel, slot);
}

static void begin_turn(atl_tunnel *t)
{
    if (t->is_ready) {
        APR_RING_REMOVE(t, ready);
        t->is_ready = 0;
    }
}

static void end_turn(poller *p, atl_tunnel *t, apr_uint32_t due_before)
{
    if (t->is_ready) {
        APR_RING_INSERT_TAIL(&p->ready, t, atl_tunnel, ready);
    }
    /* Movement puts the due off; the wheel finds that out by itself when the old one comes. */
    if (t->phase == ATL_GONE || t->due < due_before) {
        file_away(p, t);
    }
}

static void bury(poller *p)
{
    while (!APR_RING_EMPTY(&p->dead, atl_tunnel, slot)) {
        atl_tunnel *t = APR_RING_FIRST(&p->dead);

        APR_RING_REMOVE(t, slot);
        atl_tunnel_free(t);
        atomic_fetch_sub(&child.reserved, 1);
        if (atomic_fetch_sub(&child.held, 1) == 1 && p->mode != RUNNING) {
            wake(child.drained);
        }
    }
}

/* ------------------------------------------------------------------------- work of a poller */

/* The child ends: a moment within the last tenth of the grace's time again, for each its own. */
static void ask_to_leave(poller *p, atl_tunnel *t)
{
    apr_uint32_t spread = t->grace / SPREAD;
    apr_uint32_t at = atomic_load(&child.told_at) + t->grace;

    if (spread > 0) {
        at += (apr_uint32_t)rand_r(&p->random) % (spread + 1);
    }
    if (t->phase == ATL_OPEN) {
        t->leave_at = at;
        atl_tunnel_schedule(t);
    }
}

static void take_in(poller *p)
{
    atl_tunnel *t = atomic_exchange(&p->incoming, NULL), *next;

    for (; t != NULL; t = next) {
        next = t->next;
        APR_RING_ELEM_INIT(t, slot);
        t->epoll = p->epoll;
        atl_tunnel_start(t, &p->work);
        if (p->mode == GRACEFUL && t->phase == ATL_OPEN) {
            ask_to_leave(p, t);
        }
        if (t->is_ready) {
            APR_RING_INSERT_TAIL(&p->ready, t, atl_tunnel, ready);
        }
        file_away(p, t);
    }
}

/* Each once: those that become ready again wait for the next round. */
static void work_on_ready(poller *p)
{
    APR_RING_CONCAT(&p->turn, &p->ready, atl_tunnel, ready);
    while (!APR_RING_EMPTY(&p->turn, atl_tunnel, ready)) {
        atl_tunnel *t = APR_RING_FIRST(&p->turn);
        apr_uint32_t due = t->due;

        begin_turn(t);
        atl_tunnel_resume(t, &p->work);
        end_turn(p, t, due);
    }
}

static void turn_wheel(poller *p)
{
    while (p->ticked < p->work.now) {
        p->ticked++;
        APR_RING_CONCAT(&p->walk, &p->wheel[p->ticked % WHEEL], atl_tunnel, slot);
        while (!APR_RING_EMPTY(&p->walk, atl_tunnel, slot)) {
            atl_tunnel *t = APR_RING_FIRST(&p->walk);

            begin_turn(t);
            atl_tunnel_timer(t, &p->work);
            if (t->is_ready) {
                APR_RING_INSERT_TAIL(&p->ready, t, atl_tunnel, ready);
            }
            file_away(p, t);
        }
    }
}

static void for_all(poller *p, void (*act)(poller *, atl_tunnel *))
{
    int i;

    for (i = 0; i < WHEEL; i++) {
        APR_RING_CONCAT(&p->walk, &p->wheel[i], atl_tunnel, slot);
    }
    while (!APR_RING_EMPTY(&p->walk, atl_tunnel, slot)) {
        atl_tunnel *t = APR_RING_FIRST(&p->walk);

        act(p, t);
        file_away(p, t);
    }
}

static void abandon(poller *p, atl_tunnel *t)
{
    begin_turn(t);
    atl_tunnel_abandon(t, &p->work, "server stop");
}

static void obey(poller *p)
{
    int mode = atomic_load(&child.mode);

    if (mode == p->mode) {
        return;
    }
    p->mode = mode;
    for_all(p, mode == NOW ? abandon : ask_to_leave);
    /* Whoever waits must hear of it even when there was nothing left to close. */
    if (atomic_load(&child.held) == 0) {
        wake(child.drained);
    }
}

static void handle(poller *p, const struct epoll_event *ev)
{
    atl_side *side = ev->data.ptr;

    if (side == NULL) {
        apr_uint64_t count;

        if (read(p->wake, &count, sizeof count) < 0) {
            return; /* EAGAIN: somebody else's event has been answered already */
        }
    }
    else {
        atl_tunnel *t = atl_tunnel_of(side);
        apr_uint32_t due = t->due;

        if (t->phase != ATL_GONE) {
            begin_turn(t);
            atl_tunnel_event(side, ev->events, &p->work);
            end_turn(p, t, due);
        }
    }
}

static int next_timeout(poller *p)
{
    if (!APR_RING_EMPTY(&p->ready, atl_tunnel, ready)) {
        return 0;
    }
    return atomic_load(&child.held) > 0 ? 1000 : -1;
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    poller *p = data;
    struct epoll_event events[BATCH];

    (void)thread;
    while (p->mode != NOW) {
        int i, n = epoll_wait(p->epoll, events, BATCH, next_timeout(p));

        p->work.now = seconds();
        for (i = 0; i < n; i++) {
            handle(p, &events[i]);
        }
        take_in(p);
        work_on_ready(p);
        turn_wheel(p);
        obey(p);
        bury(p); /* last: events of one batch may name both sides of a tunnel */
    }
    /* Returning, not apr_thread_exit(): the address sanitizer wants its frames unwound. */
    return NULL;
}

/* ------------------------------------------------------------------------- handing over */

void atl_poll_adopt(atl_tunnel *t)
{
    poller *p = &child.pollers[atomic_fetch_add(&child.turn, 1) % POLLERS];
    atl_tunnel *first = atomic_load(&p->incoming);

    atomic_fetch_add(&child.held, 1);
    atl_tunnel_count_opened(t->app);
    do {
        t->next = first;
    } while (!atomic_compare_exchange_weak(&p->incoming, &first, t));
    wake(p->wake);
}

/* ------------------------------------------------------------------------- the child's end */

static void hurry(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    if (info->si_pid == getpid()) {
        return; /* the MPM's listener wakes the main thread so */
    }
    atomic_store(&child.mode, NOW);
    wake_all();
    wake(child.drained);
}

/* The MPM's handler of SIGTERM does nothing from here on: a hard stop that comes while the child
 * waits for its last requests and tunnels would be missed, until the parent sends SIGKILL. */
static void watch_for_hard_stop(void)
{
    struct sigaction act;

    memset(&act, 0, sizeof act);
    act.sa_sigaction = hurry;
    act.sa_flags = SA_SIGINFO;
    sigaction(SIGTERM, &act, NULL);
}

void atl_poll_stop(int graceful)
{
    int running = RUNNING;

    if (child.count == 0) {
        return;
    }
    if (!graceful) {
        atomic_store(&child.mode, NOW);
    }
    else if (atomic_load(&child.mode) == RUNNING) {
        atomic_store(&child.told_at, seconds());
        watch_for_hard_stop();
        atomic_compare_exchange_strong(&child.mode, &running, GRACEFUL); /* else NOW, by a signal */
    }
    wake_all();
}

/* httpd would let a dying child exit as soon as its workers are done: it does not know of tunnels.
 * Here the main thread waits for them. */
static void wait_for_tunnels(void)
{
    struct pollfd pfd = {child.drained, POLLIN, 0};
    apr_uint64_t count;

    ap_log_error(APLOG_MARK, APLOG_INFO, 0, child.server,
                 ATL_LOGNO(0302) "this child ends; %u WebSockets are carried on for their grace",
                 (unsigned)atomic_load(&child.held));
    while (atomic_load(&child.mode) == GRACEFUL && atomic_load(&child.held) > 0) {
        if (poll(&pfd, 1, -1) > 0 && read(child.drained, &count, sizeof count) < 0) {
            continue;
        }
    }
}

/* A PRE-cleanup of pchild: before its sub-pools, hence the pollers' own, are destroyed. */
static apr_status_t end_of_child(void *data)
{
    int i;

    (void)data;
    if (atomic_load(&child.mode) == GRACEFUL && atomic_load(&child.held) > 0) {
        wait_for_tunnels();
    }
    atl_poll_stop(0);
    for (i = 0; i < child.count; i++) {
        poller *p = &child.pollers[i];
        apr_status_t rv;

        apr_thread_join(&rv, p->thread);
        close(p->epoll);
        close(p->wake);
        free(p->work.buf);
    }
    child.count = 0;
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------------- the child's start */

static apr_status_t poller_init(poller *p)
{
    struct epoll_event ev = {EPOLLIN, {NULL}};
    int i;

    for (i = 0; i < WHEEL; i++) {
        APR_RING_INIT(&p->wheel[i], atl_tunnel, slot);
    }
    APR_RING_INIT(&p->ready, atl_tunnel, ready);
    APR_RING_INIT(&p->dead, atl_tunnel, slot);
    APR_RING_INIT(&p->turn, atl_tunnel, ready);
    APR_RING_INIT(&p->walk, atl_tunnel, slot);
    p->work.size = BUFFER;
    p->work.buf = malloc(BUFFER);
    p->work.now = p->ticked = seconds();
    p->random = (unsigned int)getpid() ^ (unsigned int)(p - child.pollers);
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->work.buf == NULL || p->epoll < 0 || p->wake < 0 ||
        epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->wake, &ev) != 0) {
        return errno ? errno : APR_ENOMEM;
    }
    return APR_SUCCESS;
}

/* Signals are for httpd's threads; those a fault raises must still find this one. */
static void block_signals(sigset_t *old)
{
    sigset_t set;

    sigfillset(&set);
    sigdelset(&set, SIGSEGV);
    sigdelset(&set, SIGBUS);
    sigdelset(&set, SIGFPE);
    sigdelset(&set, SIGILL);
    sigdelset(&set, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &set, old);
}

static apr_status_t start_pollers(apr_pool_t *p)
{
    apr_threadattr_t *attr;
    apr_status_t rv = apr_threadattr_create(&attr, p);
    int i;

    if (rv == APR_SUCCESS) {
        rv = apr_threadattr_stacksize_set(attr, STACK);
    }
    for (i = 0; rv == APR_SUCCESS && i < POLLERS; i++) {
        rv = poller_init(&child.pollers[i]);
        if (rv == APR_SUCCESS) {
            rv = apr_thread_create(&child.pollers[i].thread, attr, run, &child.pollers[i], p);
        }
        if (rv == APR_SUCCESS) {
            child.count++;
        }
    }
    return rv;
}

apr_status_t atl_poll_start(apr_pool_t *p, server_rec *s)
{
    apr_status_t rv;
    sigset_t old;
    int threads = 0;

    memset(&child, 0, sizeof child);
    child.server = s;
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    child.cap = atl_poll_cap_for(raise_limit(), threads);
    child.drained = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (child.drained < 0) {
        return errno;
    }
    apr_pool_pre_cleanup_register(p, NULL, end_of_child);
    block_signals(&old);
    rv = start_pollers(p);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rv != APR_SUCCESS) {
        end_of_child(NULL); /* all or none */
    }
    return rv;
}
