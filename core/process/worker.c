/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts what serves (loop hooks, modules, listening sockets, inbox) and ends it
 * again. How a connection is served is http/'s.
 */
#include "process/worker.h"

#include <errno.h>
#include <log.h>
#include <module.h>
#include <unistd.h>

#include "base/stats.h"
#include "config/config.h"
#include "config/modules.h"
#include "event/complete.h"
#include "event/loop.h"
#include "event/threads.h"
#include "http/http.h"
#include "net/conn.h"
#include "process/accept.h"
#include "process/generation.h"
#include "process/handover.h"
#include "process/inbox.h"
#include "process/main_conf.h"

static struct worker_place place;
static enum stop_reason reason = STOP_FAST;
static bool quitting;
static struct timer patience; /* worker_shutdown_timeout */
static struct event inbox;

enum { MESSAGES_A_TURN = 4 };

static int start_modules(void)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		const void *data = scope_data(conf_main(place.generation->conf), module);
		int error = module->start ? module->start(data) : 0;

		if (error < 0) {
			errno = -error;
			log_emerg("the module %s cannot start in this worker", module->name);
			return -1;
		}
	}
	return 0;
}

static void stop_modules(void)
{
	for (size_t i = module_count(); i-- > 0;) {
		const struct module *module = module_at(i);

		if (module->stop)
			module->stop(scope_data(conf_main(place.generation->conf), module),
				     reason);
	}
}

static bool has_room(void)
{
	static int64_t complained;

	if (conn_counts.active < conn_limit || (!quitting && conn_close_oldest_idle()))
		return true;
	if (clock_ms() - complained > 1000) {
		complained = clock_ms();
		log_alertx("all %u worker_connections are in use, new connections wait",
			   conn_limit);
	}
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
	const struct listeners *all = place.generation->listeners;

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].id == id)
			return &all->items[i];
	return NULL;
}

static void take_passed(const struct passed_conn *conn)
{
	const struct listener *listener = find_listener(conn->listener);

	if (!listener) {
		log_notice("a connection to an address that is no longer configured is closed");
		close(conn->fd);
	} else if (conn->past.number) {
		conn_import(listener, conn->fd, &conn->peer, conn->peer_len, &conn->past);
	} else {
		conn_open(listener, conn->fd, &conn->peer, conn->peer_len);
	}
}

static void on_inbox(struct event *event, uint32_t events)
{
	(void)events;
	stats_add(&stats_mine->taken, inbox_receive(event->fd, MESSAGES_A_TURN, take_passed));
	handover_again();
}

static int start_inbox(void)
{
	inbox = (struct event){ .fd = place.inbox, .ready = on_inbox };
	return event_add(&inbox, EPOLLIN);
}

/* Whoever put connections in is told to stop before; the last ones are served. */
static void empty_inbox(void)
{
	unsigned count;

	if (place.inbox < 0)
		return;
	while ((count = inbox_receive(place.inbox, MESSAGES_A_TURN, take_passed)) > 0)
		stats_add(&stats_mine->taken, count);
}

static int start_accepting(void)
{
	const struct generation *generation = place.generation;
	const struct accept_rules rules = {
		.index = place.index,
		.workers = generation->main->master_process ? generation->workers : 1,
		.many = generation->events->multi_accept,
		.has_room = has_room,
		.take = take,
	};
	int error = place.accepts ? accept_start(generation->listeners, &rules) : 0;

	if (error == 0 && place.inbox >= 0)
		error = start_inbox();
	if (error == 0)
		return 0;
	errno = -error;
	log_emerg("cannot wait for connections");
	return -1;
}

/* What others choose by, and people look at. */
static void publish(void *data)
{
	(void)data;
	stats_set(&stats_mine->active, conn_counts.active);
	stats_set(&stats_mine->idle, conn_counts.idle);
	stats_set(&stats_mine->writing, conn_counts.writing);
}

int worker_start(const struct worker_place *given)
{
	static struct hook hook = { .run = publish };

	place = *given;
	loop_on_finish(&hook);
	/* What an idle connection holds is little, but nothing is lost with it. */
	pool_out_of_memory = conn_close_oldest_idle;
	conn_limit = (uint32_t)place.generation->events->worker_connections;
	int error = completion_start();
	if (error < 0) {
		errno = -error;
		log_emerg("cannot make the queue of completions");
		return -1;
	}
	http_start(place.generation->conf);
	if (start_modules() < 0)
		return -1;
	return start_accepting();
}

static void on_patience_over(void *data)
{
	(void)data;
	log_warnx("worker_shutdown_timeout is over: %u connections are closed",
		  conn_counts.active);
	conn_close_all();
}

void worker_quit(void)
{
	if (quitting)
		return;
	quitting = true;
	reason = STOP_GRACEFUL;
	if (place.accepts)
		accept_stop(place.generation->listeners);
	empty_inbox();
	conn_none_left = loop_stop;
	handover_start();
	if (conn_counts.active == 0) {
		loop_stop();
		return;
	}

	int64_t timeout = place.generation->main->worker_shutdown_timeout.ms;
	patience = (struct timer){ .expired = on_patience_over };
	if (timeout > 0)
		timer_start(&patience, timeout);
}

void worker_stop(void)
{
	reason = STOP_FAST;
	loop_stop();
}

void worker_finish(void)
{
	conn_none_left = NULL;
	handover_finish();
	conn_close_all();
	timer_stop(&patience);
	threads_finish();
	stop_modules();
	log_writer_flush_all();
	if (conn_counts.active)
		log_alertx("%u connections are still open at the end of this worker: a defect",
			   conn_counts.active);
	completion_finish();
}
