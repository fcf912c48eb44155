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
	MISSES = 256, /* accepts without a connection until the socket is checked for that */
};

/* A listening socket that this process takes connections from. */
struct watched_socket {
	struct event event;
	const struct listener *listener;
	unsigned taken; /* connections */
	unsigned misses; /* times that there was no connection after all */
	bool is_aside; /* it does not listen at present */
};

static struct {
	struct accept_rules rules;
	struct watched_socket *sockets;
	size_t count;
	bool watching;
	int logged_failure; /* errno: connections wait because of it, and the log says so */
	struct timer pause, aside;
} accepting;

static bool is_shared(const struct watched_socket *socket)
{
	return socket->listener->fds_count < (int)accepting.rules.workers;
}

static void watch_one(struct watched_socket *socket)
{
	int error = event_add(&socket->event, EPOLLIN | (is_shared(socket) ? EPOLLEXCLUSIVE : 0));

	if (error < 0) {
		log_alertc(error, "cannot wait for connections to %.*s",
			   STR_ARG(socket->listener->text));
	}
}

static void watch(void)
{
	accepting.watching = true;
	for (size_t i = 0; i < accepting.count; i++)
		if (!accepting.sockets[i].is_aside)
			watch_one(&accepting.sockets[i]);
}

static void unwatch(void)
{
	if (!accepting.watching)
		return;
	accepting.watching = false;
	for (size_t i = 0; i < accepting.count; i++)
		event_remove(&accepting.sockets[i].event);
}

static void end_of_pause(void *data)
{
	(void)data;
	if (accepting.count && !accepting.watching)
		watch();
}

/* A unix socket that was shut down for reading alone looks as if it had connections. */
static bool is_shut_down(const struct watched_socket *socket)
{
	struct pollfd look = { .fd = socket->event.fd, .events = POLLRDHUP };

	return poll(&look, 1, 0) > 0 && look.revents & (POLLRDHUP | POLLHUP);
}

static void try_again(void *data)
{
	(void)data;
	for (size_t i = 0; i < accepting.count; i++) {
		if (!accepting.sockets[i].is_aside)
			continue;
		accepting.sockets[i].is_aside = false;
		if (accepting.watching)
			watch_one(&accepting.sockets[i]);
	}
}

/* errno is from accept4(2): either nothing can be accepted, or one connection is concerned. */
static void on_failure(const struct watched_socket *socket)
{
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (errno == EMFILE && conn_close_oldest_idle())
			return;
		/* One message for a cause that lasts. */
		if (accepting.logged_failure != errno) {
			accepting.logged_failure = errno;
			log_crit("accept() from %.*s failed, connections wait; it is tried again "
				 "every %d ms",
				 STR_ARG(socket->listener->text), PAUSE_MS);
		}
		unwatch();
		timer_start(&accepting.pause, PAUSE_MS);
		return;
	case ECONNABORTED:
	case EPROTO:
		log_info("accept() from %.*s: the client has hung up already",
			 STR_ARG(socket->listener->text));
		return;
	case EINVAL: /* it does not listen: on_ready() checks that */
	case EAGAIN:
	case EINTR:
		return;
	default:
		log_alert("accept() from %.*s failed", STR_ARG(socket->listener->text));
	}
}

/* Accepts one connection. False: none waits, or there is no room for it. */
static bool accept_one(const struct watched_socket *socket)
{
	union address peer;
	socklen_t peer_len = sizeof(peer);

	if (!accepting.rules.has_room()) {
		unwatch();
		return false;
	}
	int fd = accept4(socket->event.fd, &peer.any, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		on_failure(socket);
		return false;
	}
	accepting.logged_failure = 0;
	accepting.rules.take(socket->listener, fd, &peer, peer_len);
	return true;
}

/*
 * The kernel wakes the first process in the socket's queue of those that wait, so with little
 * to do it would wake the same worker again and again. A process that begins to wait anew
 * goes to the end of the queue.
 */
static void queue_up_again(struct watched_socket *socket)
{
	if (!accepting.watching || !is_shared(socket))
		return;
	event_remove(&socket->event);
	watch_one(socket);
}

static void on_ready(struct event *event, uint32_t events)
{
	struct watched_socket *socket = (struct watched_socket *)event;

	for (int i = 0; i < (accepting.rules.many ? MANY : 1) && accepting.watching; i++) {
		if (accept_one(socket)) {
			if (++socket->taken % TURN == 0)
				queue_up_again(socket);
			continue;
		}
		/*
		 * Somebody has shut the socket down, and epoll would report that again and again.
		 * It was the master, and this process is about to end, or the master will notice
		 * it and make the socket listen again.
		 */
		if (events & EPOLLHUP || (++socket->misses % MISSES == 0 && is_shut_down(socket))) {
			socket->is_aside = true;
			event_remove(&socket->event);
			timer_start(&accepting.aside, ASIDE_MS);
		}
		return;
	}
}

/* Watches the sockets again if this turn of the loop has made room for connections. */
static void after_turn(void *data)
{
	(void)data;
	if (accepting.count && !accepting.watching && !timer_is_started(&accepting.pause) &&
	    accepting.rules.has_room())
		watch();
}

/*
 * Adds the sockets of an address, and of the addresses that it covers, as far as they are
 * for this worker; closes the others.
 */
static void add_sockets(const struct listener *listener)
{
	unsigned workers = accepting.rules.workers, own = accepting.rules.index;

	for (; listener; listener = listener->also) {
		unsigned sockets = (unsigned)listener->fds_count;

		for (unsigned i = 0; i < sockets; i++) {
			if (sockets < workers ? own % sockets != i : i % workers != own) {
				close(listener->fds[i]);
				continue;
			}
			accepting.sockets[accepting.count++] = (struct watched_socket){
				.event = { .fd = listener->fds[i], .ready = on_ready },
				.listener = listener,
			};
		}
	}
}

int accept_start(const struct listeners *listeners, const struct accept_rules *given)
{
	static struct hook hook = { .run = after_turn };

	accepting.rules = *given;
	size_t all = 0;
	for (size_t i = 0; i < listeners->count; i++)
		for (const struct listener *one = &listeners->items[i]; one; one = one->also)
			all += (size_t)one->fds_count;
	accepting.sockets = calloc(all + 1, sizeof(*accepting.sockets));
	if (!accepting.sockets)
		return -ENOMEM;
	for (size_t i = 0; i < listeners->count; i++)
		add_sockets(&listeners->items[i]);
	accepting.pause = (struct timer){ .expired = end_of_pause };
	accepting.aside = (struct timer){ .expired = try_again };
	loop_on_finish(&hook);
	watch();
	return 0;
}

void accept_stop(void)
{
	unwatch();
	/*
	 * The kernel wakes one process for a connection. If it was this one, no other process
	 * knows of the connections that wait until the next one comes. So this process accepts
	 * them, now that it does not watch the sockets and others are woken.
	 */
	for (size_t i = 0; i < accepting.count; i++)
		for (int n = 0; n < MANY; n++)
			if (!accept_one(&accepting.sockets[i]))
				break;
	timer_stop(&accepting.pause);
	timer_stop(&accepting.aside);
	for (size_t i = 0; i < accepting.count; i++)
		close(accepting.sockets[i].event.fd);
	free(accepting.sockets);
	accepting.sockets = NULL;
	accepting.count = 0;
}
