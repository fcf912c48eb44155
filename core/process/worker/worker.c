/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts and ends the parts of a worker: hooks of the loop, modules, listening sockets, inbox.
 * http/ serves the connections.
 */
#include "process/worker/worker.h"

#include <errno.h>
#include <log.h>
#include <module.h>
#include <unistd.h>

#include "config/config.h"
#include "config/modules.h"
#include "event/complete.h"
#include "event/loop.h"
#include "event/threads.h"
#include "file/cache.h"
#include "http/conf/http.h"
#include "http/files/files.h"
#include "http/h1/http1.h"
#include "http/h2/http2.h"
#include "net/conn.h"
#include "process/handoff/accept.h"
#include "process/ipc/channel.h"
#include "process/ipc/inbox.h"
#include "process/sandbox/privileges.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "process/worker/handover.h"
#include "process/worker/helper_asker.h"
#include "stats/stats.h"

static struct {
	struct worker_place place;
	enum stop_reason reason; /* for the modules, at the end */
	bool quitting;
	struct timer deadline; /* worker_shutdown_timeout, once it quits */
	struct event inbox;
	struct timer inbox_pause; /* while there are no descriptors for what is in the inbox */
	uint32_t sure; /* below this number of connections, every message of the inbox fits in */
} worker = { .reason = STOP_FAST };

enum {
	MESSAGES_A_TURN = 4,
	PAUSE_MS = 100,
	LAST_ANSWERS_MS = 1000, /* how long the worker waits for answers of helpers at its end */
	RESERVE = 256, /* descriptors that are reserved for other uses than connections, at most */
	MOMENTARY = 4, /* of these, for threads and for directories while a file is opened */
};

static bool has_room(void)
{
	static int64_t said_ms;

	if (conns.active < conns.limit || (!worker.quitting && conn_close_oldest_idle()))
		return true;
	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_alertx("all %u worker_connections are in use, new connections wait",
			   conns.limit);
	return false;
}

static void take(const struct listener *listener, int fd, const union address *peer,
		 socklen_t peer_len)
{
	stats_add(&stats_mine->accepted, 1);
	conn_open(listener, fd, peer, peer_len);
}

static const struct listener *find_listener(uint32_t id)
{
	const struct listeners *all = worker.place.generation->listeners;

	for (size_t i = 0; i < all->count; i++)
		for (const struct listener *one = &all->items[i]; one; one = one->also)
			if (one->id == id)
				return one;
	return NULL;
}

static void take_passed(const struct passed_conn *conn)
{
	const struct listener *listener = find_listener(conn->listener);

	if (!listener) {
		static int64_t said_ms;

		if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
			log_notice("a connection to an address that is no longer configured is "
				   "closed");
		close(conn->fd);
	} else if (conn->past.number) {
		conn_import(listener, conn->fd, &conn->peer, conn->peer_len, &conn->past);
	} else {
		conn_open(listener, conn->fd, &conn->peer, conn->peer_len);
	}
}

static void end_of_pause(void *data)
{
	(void)data;
	event_add(&worker.inbox, EPOLLIN | EPOLLRDHUP);
}

static bool next_fits(void)
{
	int count = inbox_next(worker.place.inbox);

	return count >= 0 && conns.active + (uint32_t)count <= conns.limit;
}

/*
 * Near the limits of this worker the next message is inspected before it is received, because
 * connections that do not fit would be lost. Closing unused files and idle connections makes
 * room. If no connection is left that could end, waiting would not help.
 */
static bool inbox_must_wait(void)
{
	if (conns.active < worker.sure || next_fits() || (file_cache_trim() && next_fits()))
		return false;
	while (!worker.quitting && conn_close_oldest_idle())
		if (next_fits())
			return false;
	return conns.active > 0;
}

static unsigned take_from_inbox(void)
{
	uint64_t dealt = stats_get(&stats_mine->dealt);
	unsigned count = 0, more;

	for (int i = 0; i < MESSAGES_A_TURN && !inbox_must_wait(); i++) {
		more = inbox_receive(worker.place.inbox, 1, take_passed);
		count += more;
		if (!more)
			break;
	}
	/* `active` grows before `taken`: otherwise senders would see room that is not there. */
	stats_set(&stats_mine->active, conns.active);
	stats_add(&stats_mine->taken, count);
	/* The inbox is empty: connections that are still missing were in a dropped message. */
	if (count == 0 && stats_get(&stats_mine->taken) < dealt && !inbox_must_wait())
		stats_set(&stats_mine->taken, dealt);
	return count;
}

static void on_inbox(struct event *event, uint32_t events)
{
	/* Only a defect or an attacker shuts an inbox down; the master then starts new workers. */
	if (events & (EPOLLRDHUP | EPOLLHUP) && !inbox_next(event->fd)) {
		log_alertx("the inbox of this worker was shut down: it gets no more connections "
			   "by it");
		event_remove(event);
		return;
	}
	if (inbox_must_wait()) {
		event_remove(event);
		timer_start(&worker.inbox_pause, PAUSE_MS);
		return;
	}
	take_from_inbox();
	handover_again();
}

static int start_accepting(void)
{
	const struct generation *generation = worker.place.generation;
	const struct accept_rules rules = {
		.index = worker.place.index,
		.workers = generation->main->master_process ? generation->workers : 1,
		.many = generation->events->multi_accept,
		.has_room = has_room,
		.take = take,
	};
	int error = worker.place.accepts ? accept_start(generation->listeners, &rules) : 0;

	worker.inbox = (struct event){ .fd = worker.place.inbox, .ready = on_inbox };
	worker.inbox_pause = (struct timer){ .expired = end_of_pause };
	if (error == 0 && worker.place.inbox >= 0)
		error = event_add(&worker.inbox, EPOLLIN | EPOLLRDHUP);
	if (error < 0)
		log_emergc(error, "cannot wait for connections");
	return error;
}

/* At the end of each turn: publishes the counters that senders and `skua status` read. */
static void publish(void *data)
{
	(void)data;
	stats_set(&stats_mine->active, conns.active);
	stats_set(&stats_mine->idle, conns.idle);
	stats_set(&stats_mine->writing, conns.writing);
	files_publish();
	/* The stall watchdog may have marked this worker as unavailable, but it is alive. */
	stats_set(&stats_mine->unavailable, 0);
}

/*
 * Of the descriptors that this process has not opened for itself, half are kept for files:
 * a connection is useless if the files that its requests name cannot be opened.
 */
static void find_limits(void)
{
	uint32_t wanted = (uint32_t)worker.place.generation->events->worker_connections;
	uint32_t left = privileges_files_left();
	uint32_t reserve = left / 2 + MOMENTARY < RESERVE ? left / 2 + MOMENTARY : RESERVE;
	uint32_t room = left > reserve ? left - reserve : 1;
	uint32_t sure = left - left / 4; /* without a quarter for files in the cache */

	/* Each connection may have a file. */
	sure = sure > CHANNEL_FDS ? (sure - CHANNEL_FDS) / 2 : 0;
	conns.limit = wanted < room ? wanted : room;
	worker.sure = sure + CHANNEL_FDS < conns.limit ? sure : conns.limit - CHANNEL_FDS;
	if (conns.limit < CHANNEL_FDS)
		worker.sure = 0;
	stats_set(&stats_mine->limit, conns.limit);
	if (conns.limit < wanted && worker.place.index == 0)
		log_warnx("a worker may open %u descriptors, and takes %u connections, not the %u "
			  "of worker_connections; worker_rlimit_nofile allows more",
			  privileges_file_limit(), conns.limit, wanted);
}

int worker_start(const struct worker_place *given)
{
	static struct hook hook = { .run = publish };

	worker.place = *given;
	loop_on_finish(&hook);
	/* An idle connection holds little memory, but closing it loses nothing. */
	heap_on_shortage(conn_close_oldest_idle);
	int error = completion_start();
	if (error < 0) {
		log_emergc(error, "cannot make the queue of completions");
		return error;
	}
	http_start(worker.place.generation->conf, &http1_protocol, &http2_protocol);
	error = modules_start(worker.place.generation->conf);
	if (error < 0)
		return error;
	find_limits();
	handover_init();
	return start_accepting();
}

static void on_deadline(void *data)
{
	(void)data;
	log_warnx("worker_shutdown_timeout is over: %u connections are closed", conns.active);
	conn_close_all();
}

void worker_quit(void)
{
	if (worker.quitting)
		return;
	worker.quitting = true;
	worker.reason = STOP_GRACEFUL;
	if (worker.place.accepts)
		accept_stop();
	/* The senders were stopped before, so these connections are the last; they are served. */
	while (worker.place.inbox >= 0 && take_from_inbox() > 0)
		;
	conns.none_left = loop_stop;
	handover_start();
	if (conns.active == 0) {
		loop_stop();
		return;
	}

	int64_t timeout = worker.place.generation->main->worker_shutdown_timeout.ms;
	worker.deadline = (struct timer){ .expired = on_deadline };
	if (timeout > 0)
		timer_start(&worker.deadline, timeout);
}

void worker_stop(void)
{
	worker.reason = STOP_FAST;
	loop_stop();
}

void worker_finish(void)
{
	conns.none_left = NULL;
	handover_finish();
	conn_close_all();
	timer_stop(&worker.deadline);
	timer_stop(&worker.inbox_pause);
	if (worker.reason == STOP_GRACEFUL)
		helper_askers_wait(LAST_ANSWERS_MS);
	threads_finish();
	helper_askers_finish();
	modules_stop(worker.place.generation->conf, worker.reason);
	log_writer_flush_all();
	if (conns.active)
		log_alertx("%u connections are still open at the end of this worker: a defect",
			   conns.active);
	completion_finish();
}

static int start_child(struct process *self)
{
	const struct worker_place place = {
		.generation = self->generation,
		.index = self->index,
		.inbox = self->inbox[0],
		.accepts = self->accepts,
	};

	return worker_start(&place);
}

const struct child_ops worker_ops = {
	.start = start_child,
	.quit = worker_quit,
	.stop = worker_stop,
	.finish = worker_finish,
	.takers_changed = handover_takers_changed,
	.give = handover_give,
	.helper = helper_connected,
};
