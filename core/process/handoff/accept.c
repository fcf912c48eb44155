/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One event for each listening socket. All of them are taken out of epoll while
 * there is no room, and put back by a hook at the end of the turn that has room.
 */
#include "process/handoff/accept.h"

#include <errno.h>
#include <log.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <timer.h>
#include <unistd.h>

#include "event/loop.h"
#include "net/conn.h"
#include "net/listener.h"

enum {
	MANY = 64, /* connections from one socket in a turn */
	TURN = 8, /* connections from one socket until it is the next worker's turn */
	PAUSE_MS = 500, /* when the system has no descriptors or memory for more */
	ASIDE_MS = 100, /* when a socket does not listen */
	MISSES = 256, /* until it is looked whether a socket does */
};

struct source {
	struct event event;
	const struct listener *listener;
	unsigned taken; /* connections */
	unsigned misses; /* times that there was none after all */
	bool is_aside; /* it does not listen at present */
};

static struct accept_rules rules;
static struct source *sources;
static size_t count;
static bool watching;
static int said_failure; /* errno: connections wait because of it, and the log says so */
static struct timer pause_timer, aside_timer;

static bool is_shared(const struct source *source)
{
	return source->listener->fds_count < (int)rules.workers;
}

static void watch_one(struct source *source)
{
	int error = event_add(&source->event, EPOLLIN | (is_shared(source) ? EPOLLEXCLUSIVE : 0));

	if (error < 0) {
		log_alertc(error, "cannot wait for connections to %.*s",
			   STR_ARG(source->listener->text));
	}
}

static void watch(void)
{
	watching = true;
	for (size_t i = 0; i < count; i++)
		if (!sources[i].is_aside)
			watch_one(&sources[i]);
}

static void unwatch(void)
{
	if (!watching)
		return;
	watching = false;
	for (size_t i = 0; i < count; i++)
		event_remove(&sources[i].event);
}

static void end_of_pause(void *data)
{
	(void)data;
	if (count && !watching)
		watch();
}

/* A unix socket that was shut down for reading alone looks as if it had connections. */
static bool is_shut_down(const struct source *source)
{
	struct pollfd look = { .fd = source->event.fd, .events = POLLRDHUP };

	return poll(&look, 1, 0) > 0 && look.revents & (POLLRDHUP | POLLHUP);
}

/*
 * Somebody has shut it down: epoll would tell of that again and again. It was the master,
 * and this process ends, or the master will notice and make it listen again.
 */
static void set_aside(struct source *source)
{
	source->is_aside = true;
	event_remove(&source->event);
	timer_start(&aside_timer, ASIDE_MS);
}

static void try_again(void *data)
{
	(void)data;
	for (size_t i = 0; i < count; i++) {
		if (!sources[i].is_aside)
			continue;
		sources[i].is_aside = false;
		if (watching)
			watch_one(&sources[i]);
	}
}

/* Once for a cause that lasts: it is met again and again. */
static void say_failure(const struct source *source, int error)
{
	if (said_failure == error)
		return;
	said_failure = error;
	log_crit("accept() from %.*s failed, connections wait; tried again every %d ms",
		 STR_ARG(source->listener->text), PAUSE_MS);
}

/* Some mean that nothing can be accepted; others concern one connection. */
static void on_failure(const struct source *source)
{
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (errno == EMFILE && conn_close_oldest_idle())
			return;
		say_failure(source, errno);
		unwatch();
		timer_start(&pause_timer, PAUSE_MS);
		return;
	case ECONNABORTED:
	case EPROTO:
		log_info("accept() from %.*s: the client has gone again",
			 STR_ARG(source->listener->text));
		return;
	case EINVAL: /* it does not listen: on_ready() sees to that */
	case EAGAIN:
	case EINTR:
		return;
	default:
		log_alert("accept() from %.*s failed", STR_ARG(source->listener->text));
	}
}

/* False: there is none, or no room for it. */
static bool accept_one(const struct source *source)
{
	union address peer;
	socklen_t peer_len = sizeof(peer);

	if (!rules.has_room()) {
		unwatch();
		return false;
	}
	int fd = accept4(source->event.fd, &peer.any, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		on_failure(source);
		return false;
	}
	said_failure = 0;
	rules.take(source->listener, fd, &peer, peer_len);
	return true;
}

/*
 * The kernel wakes the first in the socket's queue that waits, so with little to do
 * it would wake the same worker again and again. Whoever comes anew stands last.
 */
static void queue_up_again(struct source *source)
{
	if (!watching || !is_shared(source))
		return;
	event_remove(&source->event);
	watch_one(source);
}

static void on_ready(struct event *event, uint32_t events)
{
	struct source *source = (struct source *)event;

	for (int i = 0; i < (rules.many ? MANY : 1) && watching; i++) {
		if (!accept_one(source)) {
			if (events & EPOLLHUP ||
			    (++source->misses % MISSES == 0 && is_shut_down(source)))
				set_aside(source);
			return;
		}
		if (++source->taken % TURN == 0)
			queue_up_again(source);
	}
}

/* Room may have come in this turn. */
static void after_turn(void *data)
{
	(void)data;
	if (count && !watching && !timer_is_started(&pause_timer) && rules.has_room())
		watch();
}

static bool is_ours(const struct listener *listener, unsigned i)
{
	unsigned sockets = (unsigned)listener->fds_count;

	return sockets < rules.workers ? rules.index % sockets == i :
					 i % rules.workers == rules.index;
}

/* Those of an address and of the addresses it covers. */
static void add_sources(const struct listener *listener)
{
	for (; listener; listener = listener->also)
		for (int i = 0; i < listener->fds_count; i++)
			if (is_ours(listener, (unsigned)i))
				sources[count++] = (struct source){
					.event = { .fd = listener->fds[i], .ready = on_ready },
					.listener = listener,
				};
			else
				close(listener->fds[i]);
}

static size_t count_sockets(const struct listeners *listeners)
{
	size_t all = 0;

	for (size_t i = 0; i < listeners->count; i++)
		for (const struct listener *one = &listeners->items[i]; one; one = one->also)
			all += (size_t)one->fds_count;
	return all;
}

int accept_start(const struct listeners *listeners, const struct accept_rules *given)
{
	static struct hook hook = { .run = after_turn };

	rules = *given;
	sources = calloc(count_sockets(listeners) + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < listeners->count; i++)
		add_sources(&listeners->items[i]);
	pause_timer = (struct timer){ .expired = end_of_pause };
	aside_timer = (struct timer){ .expired = try_again };
	loop_on_finish(&hook);
	watch();
	return 0;
}

/*
 * The kernel wakes one process for a connection. If it was this one, nobody else
 * knows of what waits, until the next one comes: so it is taken, after the
 * sockets were left, when others are woken.
 */
static void accept_the_rest(void)
{
	for (size_t i = 0; i < count; i++)
		for (int n = 0; n < MANY; n++)
			if (!accept_one(&sources[i]))
				break;
}

void accept_stop(void)
{
	unwatch();
	accept_the_rest();
	timer_stop(&pause_timer);
	timer_stop(&aside_timer);
	for (size_t i = 0; i < count; i++)
		close(sources[i].event.fd);
	free(sources);
	sources = NULL;
	count = 0;
}
