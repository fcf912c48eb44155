/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From fork(2) to exit(3) of a child: what is common to all kinds stands here,
 * what a kind does is a row of the table `jobs`.
 */
#include "process/worker/child.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <log_writer.h>
#include <pool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/stats.h"
#include "config/logs.h"
#include "file/permission.h"
#include "net/conn.h"
#include "process/worker/acceptor.h"
#include "process/ipc/channel.h"
#include "process/os/daemon.h"
#include "process/os/fork.h"
#include "process/server/generation.h"
#include "process/worker/handover.h"
#include "process/ipc/inbox.h"
#include "process/worker/leaks.h"
#include "process/server/listen.h"
#include "process/server/logfiles.h"
#include "process/sandbox/privileges.h"
#include "process/server/report.h"
#include "process/sandbox/sandbox.h"
#include "process/os/signals.h"
#include "process/server/table.h"
#include "process/os/proctitle.h"
#include "process/worker/worker.h"

/* What a kind of process does; quit() and stop() end the loop, soon or at once. */
struct job_of_kind {
	bool opens_files;
	int (*start)(struct process *self);
	void (*quit)(void);
	void (*stop)(void);
	void (*finish)(void);
	void (*listeners)(struct str ids); /* whose connections others take when it ends */
	void (*give)(uint32_t count); /* it may give so many; NULL: it gives without */
};

/* Who accepts: in accept_mode handoff the acceptor alone. */
static bool accepts(const struct process *process)
{
	bool deals = process->generation->events->accept_mode == ACCEPT_HANDOFF;

	return (process->kind == PROCESS_ACCEPTOR) == deals;
}

static int start_worker(struct process *self)
{
	const struct worker_place place = {
		.generation = self->generation,
		.index = self->index,
		.inbox = self->inbox[0],
		.accepts = accepts(self),
	};

	return worker_start(&place);
}

static const struct job_of_kind jobs[] = {
	[PROCESS_WORKER] = { true, start_worker, worker_quit, worker_stop, worker_finish,
			     handover_listeners, handover_give },
	[PROCESS_ACCEPTOR] = { false, acceptor_start, acceptor_quit, acceptor_stop, acceptor_finish,
			       acceptor_listeners, NULL },
};

static struct process *self;
static bool draining; /* it was told to end */
static struct event channel;

int child_tell(enum message_type type, uint32_t number)
{
	return channel.fd < 0 ? -EPIPE : channel_send(channel.fd, type, number, STR(""), NULL, 0);
}

int child_give(struct batch *batch)
{
	return channel.fd < 0 ? -EPIPE : batch_send(batch, channel.fd);
}

/* "worker 2, generation 5", and how many connections it still has when it is to end. */
static void show_title(void *data)
{
	static int64_t shown = -1;

	(void)data;
	if (!draining) {
		proctitle_set("%s %u, generation %u", process_kind_name(self), self->index,
			      self->generation->number);
	} else if (shown != conns.active) {
		shown = conns.active;
		proctitle_set("%s %u, generation %u, draining %u", process_kind_name(self),
			      self->index, self->generation->number, conns.active);
	}
}

static void quit(void)
{
	static struct hook hook = { .run = show_title };

	if (!draining)
		loop_on_finish(&hook);
	draining = true;
	jobs[self->kind].quit();
	child_tell(MESSAGE_CLOSED, 0);
}

/* The master has opened the log files again: each new one goes behind its old number. */
static void replace_logs(struct message *message)
{
	const struct log_entry *entry = logs_of(self->generation->conf)->files;

	log_writer_flush_all();
	for (uint32_t i = 0; entry && i < message->number; i++)
		entry = entry->next;
	for (size_t i = 0; entry && i < message->fds_count; i++, entry = entry->next)
		dup3(message->fds[i], entry->file.fd, O_CLOEXEC);
	message_discard(message);
}

static void obey(struct message *message)
{
	switch (message->type) {
	case MESSAGE_QUIT:
		quit();
		return;
	case MESSAGE_STOP:
		jobs[self->kind].stop();
		return;
	case MESSAGE_LOGS:
		replace_logs(message);
		return;
	case MESSAGE_LISTENERS:
		jobs[self->kind].listeners(message->payload);
		message_discard(message);
		return;
	case MESSAGE_GIVE:
		message_discard(message);
		if (jobs[self->kind].give)
			jobs[self->kind].give(message->number);
		return;
	case MESSAGE_SUCCESSORS:
		/* Of a program of before, which cannot take this one's connections. */
		message_discard(message);
		return;
	default:
		log_alertx("a command of type %u is unknown here and was dropped", message->type);
		message_discard(message);
	}
}

static void on_channel(struct event *event, uint32_t events)
{
	struct message message;
	int result;

	(void)events;
	while ((result = channel_receive(event->fd, &message)) == 1)
		obey(&message);
	if (result != 0)
		return;
	/* Without a master nobody could stop or reload this process: make room for a new one. */
	log_alertx("the master process has gone: ending after the answers under way");
	event_remove(event);
	close(event->fd);
	event->fd = -1;
	jobs[self->kind].listeners(STR(""));
	quit();
}

static void on_quit(int number)
{
	(void)number;
	quit();
}

static void on_stop(int number)
{
	(void)number;
	jobs[self->kind].stop();
}

static const struct signal_action actions[] = {
	{ SIGQUIT, on_quit },
	{ SIGTERM, on_stop },
	{ SIGINT, on_stop },
	{ 0, NULL },
};

/* The other processes' ends of things. */
static void close_foreign(void)
{
	bool deals = self->kind == PROCESS_ACCEPTOR;

	for (struct process *other = table_next(NULL); other; other = table_next(other)) {
		bool takes = deals && other->generation == self->generation;

		if (other->channel.fd >= 0)
			close(other->channel.fd);
		other->channel.fd = -1;
		if (other != self && other->inbox[0] >= 0)
			close(other->inbox[0]);
		if (!takes && other->inbox[1] >= 0)
			close(other->inbox[1]);
	}
	listen_keep(self->generation->listeners, accepts(self));
}

static int start_loop(int fd)
{
	loop_finish();
	int error = loop_start();
	if (error == 0)
		error = signals_watch(actions);
	channel = (struct event){ .fd = fd, .ready = on_channel };
	if (error == 0)
		error = event_add(&channel, EPOLLIN);
	if (error == 0)
		return 0;
	log_emergc(error, "cannot start the loop");
	return -1;
}

static int start_rights(void)
{
	const struct main_conf *main = self->generation->main;
	const struct identity identity = {
		.user = main->user.data,
		.uid = main->uid,
		.gid = main->gid,
	};

	privileges_limit_files((long)main->worker_rlimit_nofile);
	if (privileges_drop(&identity) < 0)
		return -1;
	permission_set_user(privileges_user());
	return 0;
}

/* One message a second is enough: the master acts on the first. */
static void on_moved(void)
{
	static int64_t told_ms;

	if (clock_is_due(&told_ms, 1000))
		child_tell(MESSAGE_MOVED, 0);
}

static int run(int fd)
{
	const struct job_of_kind *job = &jobs[self->kind];

	show_title(NULL);
	heap_on_shortage(NULL);
	generation_use_log(self->generation, !self->generation->serving);
	close_foreign();
	fork_cleanup_run();
	if (table_enter(self) < 0) {
		log_emergx("the counters of others cannot be put out of reach");
		return EXIT_NO_START;
	}
	if (start_loop(fd) < 0 || start_rights() < 0)
		return EXIT_NO_START;
	leaks_close_inherited();
	/* By one of them for all: paths that others may own are no matter for root. */
	if (self->kind == PROCESS_WORKER && self->index == 0 && !self->generation->serving)
		sandbox_announce(self->generation->conf);
	if (sandbox_enter(self->generation->conf, job->opens_files ? on_moved : NULL) < 0 ||
	    job->start(self) < 0)
		return EXIT_NO_START;
	generation_use_log(self->generation, false);
	report_leave();
	daemon_detach();
	leaks_note();
	int error = channel_send(fd, MESSAGE_READY, 0, STR(""), NULL, 0);
	if (error < 0) {
		log_emergc(error, "cannot speak to the master process");
		return EXIT_NO_START;
	}
	loop_run();
	job->finish();
	leaks_report();
	return 0;
}

/* Everything that can fail has been done when there is a process. */
static int fork_child(struct process *process, int fds[2])
{
	process->channel.fd = fds[0];
	int error = event_add(&process->channel, EPOLLIN);
	if (error < 0)
		return error;
	listen_connect(process->generation->listeners);
	fflush(NULL);
	process->pid = fork();
	if (process->pid == 0) {
		self = process;
		exit(run(fds[1]));
	}
	if (process->pid > 0)
		return 0;
	error = -errno;
	process->pid = 0;
	event_remove(&process->channel);
	return error;
}

int child_start(struct process *process)
{
	int fds[2];
	int error = channel_pair(fds);

	if (error < 0)
		return error;
	error = fork_child(process, fds);
	close(fds[1]);
	if (error < 0) {
		close(fds[0]);
		process->channel.fd = -1;
		return error;
	}
	process->state = PROCESS_STARTING;
	process->accepts = accepts(process);
	process->started_ms = clock_ms();
	return 0;
}
