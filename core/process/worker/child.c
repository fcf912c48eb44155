/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a child from fork(2) to exit(3), as far as it is the same for all kinds of children.
 * The kinds differ in their struct child_ops.
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
#include <sys/resource.h>
#include <unistd.h>

#include "config/config.h"
#include "config/logs/logs.h"
#include "config/modules.h"
#include "file/mounts.h"
#include "file/permission.h"
#include "net/conn.h"
#include "process/ipc/channel.h"
#include "process/ipc/inbox.h"
#include "process/listen/listen.h"
#include "process/os/daemon.h"
#include "process/os/fork.h"
#include "process/os/proctitle.h"
#include "process/os/signals.h"
#include "process/sandbox/privileges.h"
#include "process/sandbox/sandbox.h"
#include "process/server/generation.h"
#include "process/server/logfiles.h"
#include "process/server/main_conf.h"
#include "process/server/report.h"
#include "process/server/table.h"
#include "process/worker/acceptor.h"
#include "process/worker/giving.h"
#include "process/worker/helper_process.h"
#include "process/worker/leaks.h"
#include "process/worker/master_channel.h"
#include "process/worker/worker.h"
#include "stats/stats.h"

static const struct child_ops *const kinds[] = {
	[PROCESS_WORKER] = &worker_ops,
	[PROCESS_ACCEPTOR] = &acceptor_ops,
	[PROCESS_HELPER] = &helper_ops,
};

static struct {
	struct process *self;
	const struct child_ops *ops;
	bool draining; /* it ends after the responses in progress */
	int64_t shown; /* the number of connections in the process title; -1: none */
} child = { .shown = -1 };

/* Whether the process accepts connections: in accept_mode handoff only the acceptor does. */
static bool accepts(const struct process *process)
{
	bool deals = process->generation->events->accept_mode == ACCEPT_HANDOFF;

	return process->kind == (deals ? PROCESS_ACCEPTOR : PROCESS_WORKER);
}

/* "worker 2, generation 5", and how many connections it still has when it is to end. */
static void show_title(void *data)
{
	const struct process *self = child.self;

	(void)data;
	if (!child.draining) {
		proctitle_set("%s %u, generation %u", process_kind_name(self), self->index,
			      self->generation->number);
	} else if (child.shown != conns.active) {
		child.shown = conns.active;
		proctitle_set("%s %u, generation %u, draining %u", process_kind_name(self),
			      self->index, self->generation->number, conns.active);
	}
}

static void quit(void)
{
	static struct hook hook = { .run = show_title };

	if (!child.draining)
		loop_on_finish(&hook);
	child.draining = true;
	child.ops->quit();
	master_channel_send(MESSAGE_CLOSED, 0);
}

/* The master has opened the log files again: each new one takes the number of its old one. */
static void replace_logs(struct message *message)
{
	const struct log_entry *entry = logs_of(child.self->generation->conf)->files;

	log_writer_reopen();
	for (uint32_t i = 0; entry && i < message->number; i++)
		entry = entry->next;
	for (size_t i = 0; entry && i < message->fds_count; i++, entry = entry->next)
		dup3(message->fds[i], entry->file.fd, O_CLOEXEC);
}

static void set_takers(struct str listeners)
{
	giving_set_listeners(listeners);
	if (child.ops->takers_changed)
		child.ops->takers_changed();
}

/* Takes the only descriptor of a message, which the caller owns then; -1: there is none. */
static int take_fd(struct message *message)
{
	return message->fds_count ? message->fds[--message->fds_count] : -1;
}

static void obey(struct message *message)
{
	switch (message->type) {
	case MESSAGE_QUIT:
		quit();
		break;
	case MESSAGE_STOP:
		child.ops->stop();
		break;
	case MESSAGE_LOGS:
		replace_logs(message);
		break;
	case MESSAGE_LISTENERS:
		set_takers(message->payload);
		break;
	case MESSAGE_GIVE:
		if (child.ops->give)
			child.ops->give(message->number);
		break;
	case MESSAGE_HELPER:
		if (child.ops->helper)
			child.ops->helper(message->number, take_fd(message));
		break;
	case MESSAGE_CLIENT:
		if (child.ops->client && message->fds_count == 1)
			child.ops->client(message->number, take_fd(message));
		break;
	case MESSAGE_PASS_ON:
		if (child.ops->pass_on && message->fds_count == 1)
			child.ops->pass_on(message->payload, take_fd(message));
		break;
	case MESSAGE_TAKE_OVER:
		if (child.ops->take_over && message->fds_count == 1)
			child.ops->take_over(take_fd(message));
		break;
	case MESSAGE_SUCCESSORS:
		/* From an older program, whose workers cannot take connections from here. */
		break;
	default:
		log_alertx("a command of type %u is unknown here and was dropped", message->type);
	}
	message_discard(message);
}

/* Without a master nothing could stop or reload this process, so it ends. */
static void on_lost(void)
{
	if (child.ops->outlives_master)
		log_notice("the master process has ended: ending after the last worker");
	else
		log_alertx("the master process has ended: ending after the responses under way");
	set_takers(STR(""));
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
	child.ops->stop();
}

static const struct signal_action actions[] = {
	{ SIGQUIT, on_quit },
	{ SIGTERM, on_stop },
	{ SIGINT, on_stop },
	{ 0, NULL },
};

/*
 * Frees the configurations of older generations. They are the parent's, which will free them, and
 * each page of them would then be this process's alone.
 */
static void forget_older(void)
{
	/* Tools that look for leaks would miss what these configurations point to. */
	if (sandbox_instrument())
		return;
	for (struct process *other = table_next(NULL); other; other = table_next(other)) {
		struct generation *generation = other->generation;

		if (generation == child.self->generation || !generation->conf)
			continue;
		pool_unmap(conf_pool(generation->conf));
		generation->conf = NULL;
		generation->listeners = NULL;
	}
}

/* Closes the ends of channels and inboxes that belong to other processes. */
static void close_others(void)
{
	const struct process *self = child.self;
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
	listen_keep(self->generation->listeners, self->accepts);
}

static int start_loop(int fd)
{
	static const struct master_channel_hooks hooks = { .message = obey, .lost = on_lost };

	loop_finish();
	int error = loop_start();
	if (error == 0)
		error = signals_watch(actions);
	if (error == 0)
		error = master_channel_start(fd, &hooks);
	if (error < 0)
		log_emergc(error, "cannot start the loop");
	return error;
}

/* Any process may make itself less important. */
static void set_niceness(int niceness)
{
	if (niceness && setpriority(PRIO_PROCESS, 0, niceness) < 0)
		log_warn("%s cannot have the priority %d and keeps its own",
			 process_name(child.self), niceness);
}

static int start_rights(void)
{
	const struct main_conf *main = child.self->generation->main;
	const struct identity identity = {
		.user = main->user.data,
		.uid = main->uid,
		.gid = main->gid,
	};

	worker_conf_apply(&main->worker, child.self->kind == PROCESS_WORKER ?
						 (int)child.self->index :
						 -1);
	if (child.self->kind == PROCESS_HELPER)
		set_niceness(helper_module(child.self->index)->helper->niceness);
	privileges_limit_files((long)main->worker_rlimit_nofile);
	int error = privileges_drop(&identity);
	if (error == 0)
		permission_set_user(privileges_user());
	return error;
}

/* The needs of this kind of process in its sandbox. */
static struct sandbox_needs needs_of(const struct process *self)
{
	static const enum sandbox_files files[] = {
		[HELPER_NO_FILES] = SANDBOX_NO_FILES,
		[HELPER_ALL_FILES] = SANDBOX_ALL_FILES,
		[HELPER_WRITTEN_FILES] = SANDBOX_WRITTEN,
	};
	const struct helper *helper;

	switch (self->kind) {
	case PROCESS_WORKER:
		return (struct sandbox_needs){ .files = SANDBOX_ROOTS };
	case PROCESS_HELPER:
		helper = helper_module(self->index)->helper;
		return (struct sandbox_needs){
			.files = files[helper->files],
			.calls = helper->calls,
			.forks = helper->forks,
		};
	default:
		return (struct sandbox_needs){ .files = SANDBOX_NO_FILES };
	}
}

/* The life of the child. Returns its exit status. */
static int run(struct process *self, int fd)
{
	const struct child_ops *ops = kinds[self->kind];
	struct conf *conf = self->generation->conf;
	const struct sandbox_needs needs = needs_of(self);

	child.self = self;
	child.ops = ops;
	show_title(NULL);
	heap_on_shortage(NULL);
	generation_use_log(self->generation, !self->generation->serving);
	close_others();
	fork_cleanup_run();
	if (table_enter(self) < 0) {
		log_emergx("the counters of other processes cannot be unmapped");
		return EXIT_NO_START;
	}
	if (start_loop(fd) < 0 || start_rights() < 0)
		return EXIT_NO_START;
	forget_older();
	leaks_close_inherited();
	/* One worker says it for all; not the master, since paths may belong to other users. */
	if (self->kind == PROCESS_WORKER && self->index == 0 && !self->generation->serving)
		sandbox_announce(conf);
	if (self->kind == PROCESS_WORKER)
		mounts_open();
	if (sandbox_enter(conf, sandbox_conf_of(conf), &needs) < 0 || ops->start(self) < 0)
		return EXIT_NO_START;
	generation_use_log(self->generation, false);
	report_leave();
	daemon_detach();
	leaks_note();
	int error = master_channel_send(MESSAGE_READY, 0);
	if (error < 0 && !ops->outlives_master) {
		log_emergc(error, "cannot send a message to the master process");
		return EXIT_NO_START;
	}
	loop_run();
	ops->finish();
	leaks_report();
	return 0;
}

/* Does everything that can fail before fork(2), so that a forked process need not be ended. */
static int fork_child(struct process *process, int fds[2])
{
	process->channel.fd = fds[0];
	int error = event_add(&process->channel, EPOLLIN);
	if (error < 0)
		return error;
	listen_connect(process->generation->listeners);
	fflush(NULL);
	process->pid = fork();
	if (process->pid == 0)
		exit(run(process, fds[1]));
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
	process->accepts = accepts(process);
	error = fork_child(process, fds);
	close(fds[1]);
	if (error < 0) {
		close(fds[0]);
		process->channel.fd = -1;
		return error;
	}
	process->state = PROCESS_STARTING;
	process->started_ms = clock_ms();
	return 0;
}
