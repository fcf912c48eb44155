/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Works on the table of processes: each change of state is a function here. The
 * hooks tell the master what has become of a generation as a whole.
 */
#include "process/master/supervisor.h"

#include <errno.h>
#include <log.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/logs/logs.h"
#include "process/handoff/balance.h"
#include "process/handoff/orphans.h"
#include "process/handoff/relay.h"
#include "process/handoff/stall.h"
#include "process/ipc/channel.h"
#include "process/master/helpers.h"
#include "process/master/policy.h"
#include "process/os/signals.h"
#include "process/server/generation.h"
#include "process/server/table.h"
#include "process/worker/child.h"
#include "stats/stats.h"

enum {
	OVERDUE_MS = 2000, /* how long a process may take to end beyond its time limit */
	MESSAGES_A_TURN = 16, /* from one process at most, so that the others are handled, too */
	MESSAGES_A_SECOND = 1000, /* limit for one process; a sound process sends only a few */
};

static struct {
	struct supervisor_hooks hooks;
	int64_t offence_ms; /* when a process that breaks the protocol was logged last */
} supervisor;

int supervisor_start(const struct supervisor_hooks *given)
{
	supervisor.hooks = *given;
	return table_start();
}

static void command(struct process *process, enum message_type type, int signal)
{
	if (process->channel.fd < 0 ||
	    channel_send(process->channel.fd, type, 0, STR(""), NULL, 0) < 0)
		kill(process->pid, signal);
}

/* Passes the connections that are left in its inbox on to other workers. */
static void reassign(struct process *process)
{
	if (process->inbox[0] < 0)
		return;
	orphans_take(process->inbox[0], UINT32_MAX);
	process->inbox[0] = -1;
}

static void on_overdue(void *data)
{
	struct process *process = data;

	if (policy_decide(process, EVENT_OVERDUE, true).action != ACTION_KILL)
		return;
	log_alertx("%s (%d) has not ended, long after worker_shutdown_timeout: killed",
		   process_name(process), process->pid);
	kill(process->pid, SIGKILL);
}

/* Ends a process after its responses; one that is not running is removed at once. */
static void quit(struct process *process)
{
	int64_t timeout_ms = process->generation->main->worker_shutdown_timeout.ms;
	enum process_action action = policy_decide(process, EVENT_RETIRE, true).action;

	if (action == ACTION_REMOVE) {
		reassign(process);
		table_remove(process);
	}
	if (action != ACTION_QUIT)
		return;
	process->state = PROCESS_RETIRING;
	if (relay_send_listeners(process) < 0)
		log_warnx("%s (%d) does not take messages and ends without handing its "
			  "connections over",
			  process_name(process), process->pid);
	command(process, MESSAGE_QUIT, SIGQUIT);
	relay_expect(process);
	/* It applies worker_shutdown_timeout itself, unless it hangs or an attacker controls it. */
	process->timer = (struct timer){ .expired = on_overdue, .data = process };
	if (timeout_ms > 0)
		timer_start(&process->timer, timeout_ms + OVERDUE_MS);
}

static void quit_kind(const struct generation *generation, enum process_kind kind)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation == generation && process->kind == kind)
			quit(process);
}

static bool has_kind(const struct generation *generation, enum process_kind kind)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation == generation && process->kind == kind)
			return true;
	return false;
}

/*
 * The acceptor must send its connections before the inboxes are emptied, and the workers need the
 * helpers until they have ended. Called again whenever a process of the generation has ended.
 */
static void quit_in_order(struct generation *generation)
{
	static const enum process_kind order[] = { PROCESS_ACCEPTOR, PROCESS_WORKER,
						   PROCESS_HELPER };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		quit_kind(generation, order[i]);
		if (has_kind(generation, order[i]))
			return;
	}
}

static void settle(struct generation *generation)
{
	if (generation->retiring && table_count(generation) == 0)
		supervisor.hooks.ended(generation);
}

void supervisor_retire(struct generation *generation)
{
	generation->retiring = true;
	quit_in_order(generation);
	relay_successors_changed();
	stall_watch();
	settle(generation);
}

bool supervisor_accepts(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->state == PROCESS_RETIRING && process->pid && process->accepts)
			return true;
	return false;
}

void supervisor_forget_accepting(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->state == PROCESS_RETIRING)
			process->accepts = false;
}

void supervisor_stop_all(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process)) {
		process->generation->retiring = true;
		if (policy_decide(process, EVENT_STOP, true).action == ACTION_REMOVE) {
			table_remove(process);
			continue;
		}
		process->state = PROCESS_RETIRING;
		command(process, MESSAGE_STOP, SIGTERM);
	}
}

void supervisor_kill_all(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->pid)
			kill(process->pid, SIGKILL);
}

static void handle(struct process *process, enum process_event event);
static void start(struct process *process);

static void check_serving(struct generation *generation)
{
	if (generation->serving || generation->retiring)
		return;
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation == generation && process->kind != PROCESS_HELPER &&
		    process->state != PROCESS_RUNNING)
			return;
	generation->serving = true;
	helpers_succeed(generation, start);
	supervisor.hooks.serving(generation);
	balance_watch();
}

/* --- messages --------------------------------------------------------------------- */

/* 1, or -EPROTO: a process of this kind must not send this message. */
static int on_message(struct process *process, const struct message *message)
{
	switch (message->type) {
	case MESSAGE_READY:
		handle(process, EVENT_READY);
		return 1;
	case MESSAGE_SUCCESSORS:
		if (!process->is_old)
			return -EPROTO;
		relay_send_listeners(process);
		return 1;
	case MESSAGE_KEPT:
		relay_kept(process, message->number);
		return 1;
	case MESSAGE_MOVED:
		return process->is_restored ? 1 : -EPROTO;
	case MESSAGE_WANT:
		return helpers_want(process, message->number, start);
	case MESSAGE_CLOSED:
		process->accepts = false;
		supervisor.hooks.closed();
		return 1;
	default:
		return -EPROTO;
	}
}

static void close_channel(struct process *process)
{
	if (process->channel.fd < 0)
		return;
	event_remove(&process->channel);
	relay_stop(process);
	close(process->channel.fd);
	process->channel.fd = -1;
}

/* The process has ended: connections that it had sent to the master are passed on. */
static void leave_channel(struct process *process)
{
	uint32_t granted = process->granted;

	if (process->channel.fd < 0)
		return;
	event_remove(&process->channel);
	relay_stop(process);
	orphans_take(process->channel.fd, granted);
	process->channel.fd = -1;
}

/*
 * EVENT_HUNG_UP: the process has ended, which SIGCHLD will report next; if it still runs, it can
 * receive no commands. EVENT_OFFENCE: it has a defect, or an attacker controls it; its messages
 * must not fill the log, or the memory and descriptors of the master. `what` describes the breach
 * for the log.
 */
static void end_by_force(struct process *process, enum process_event event, const char *what)
{
	bool kills = policy_decide(process, event, true).action == ACTION_KILL;

	if (what && kills && clock_is_due(&supervisor.offence_ms, SHORTAGE_LOG_MS))
		log_alertx("%s (%d) %s, so it has a defect or was taken over: it is killed and "
			   "replaced",
			   process_name(process), process->pid, what);
	if (kills || event == EVENT_HUNG_UP)
		close_channel(process);
	if (kills)
		kill(process->pid, SIGKILL);
}

/* Receives one message. 1: there may be more; 0: the process has closed its end; or -errno. */
static int receive(struct process *process)
{
	struct message message;
	unsigned type = 0;
	int result = channel_next(process->channel.fd, &type);

	if (result == 1 && type == MESSAGE_CONNECTIONS)
		return relay_take(process);
	if (result == 1)
		result = channel_receive(process->channel.fd, &message);
	if (result != 1)
		return result;
	if (message.fds_count) {
		message_discard(&message);
		return -EPROTO;
	}
	if (clock_ms() - process->second_ms >= 1000) {
		process->second_ms = clock_ms();
		process->messages = 0;
	}
	if (++process->messages > MESSAGES_A_SECOND)
		return -ENOBUFS;
	return on_message(process, &message);
}

static void on_channel(struct event *event, uint32_t events)
{
	struct process *process = (struct process *)event;
	int result = 1;

	(void)events;
	for (int i = 0; i < MESSAGES_A_TURN && result == 1 && event->fd >= 0; i++)
		result = receive(process);
	if (process->pid == 0)
		return;
	if (result == 0)
		end_by_force(process, EVENT_HUNG_UP, NULL);
	else if (result == -EPROTO || result == -EBADMSG)
		end_by_force(process, EVENT_OFFENCE, "has sent what it was not asked for");
	else if (result == -ENOBUFS)
		end_by_force(process, EVENT_OFFENCE, "sends too many messages");
}

void supervisor_watch_restored(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process)) {
		process->channel.ready = on_channel;
		if (process->is_restored && process->channel.fd >= 0)
			event_add(&process->channel, EPOLLIN);
	}
}

static void start(struct process *process)
{
	process->channel.ready = on_channel;
	int error = child_start(process);
	if (error < 0) {
		/* fork(2) failed, or descriptors are short: tries again later. */
		if (process->respawn.not_forked == 0)
			log_alertc(error,
				   "cannot start %s; it is tried again until it can be started",
				   process_name(process));
		handle(process, EVENT_NOT_FORKED);
		return;
	}
	respawn_forked(&process->respawn);
	stats_add(&table_server()->starts, 1);
	if (process->kind == PROCESS_HELPER) {
		helpers_connect(process);
		helpers_inherit(process);
	}
	log_notice("start %s %d", process_name(process), process->pid);
}

static void on_timer(void *data)
{
	start(data);
}

static int add_all(struct generation *generation, enum process_kind kind, unsigned count)
{
	int error = 0;

	for (unsigned i = 0; i < count && error == 0; i++) {
		struct process *process;

		error = table_add(kind, generation, i, &process);
	}
	if (error < 0)
		log_emergc(error, "the table has no room for the processes of this configuration");
	return error;
}

void supervisor_take_passed(struct generation *generation, struct str name, int fd)
{
	helpers_take(generation, name, fd, start);
}

void supervisor_leave_helpers(void)
{
	helpers_connect_all(start);
}

/* Makes all entries of the table first: an acceptor needs the inboxes of all workers. */
int supervisor_begin(struct generation *generation)
{
	bool deals = generation->events->accept_mode == ACCEPT_HANDOFF;

	int error = add_all(generation, PROCESS_WORKER, generation->workers);
	if (error == 0)
		error = add_all(generation, PROCESS_ACCEPTOR, deals);
	if (error < 0) {
		quit_kind(generation, PROCESS_WORKER);
		return error;
	}
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation == generation)
			start(process);
	stall_watch();
	return 0;
}

static void send_logs_to(struct process *process, const struct log_entry *entry)
{
	uint32_t first = 0;

	while (entry) {
		int fds[CHANNEL_FDS];
		size_t count = 0;

		for (; entry && count < CHANNEL_FDS; entry = entry->next)
			fds[count++] = entry->file.fd;
		int error =
			channel_send(process->channel.fd, MESSAGE_LOGS, first, STR(""), fds, count);
		if (error < 0) {
			log_alertc(error, "%s (%d) goes on with the old log files",
				   process_name(process), process->pid);
		}
		first += (uint32_t)count;
	}
}

void supervisor_send_logs(struct generation *generation)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation == generation && process->channel.fd >= 0)
			send_logs_to(process, logs_of(generation->conf)->files);
}

static void report(const struct process *process, int status)
{
	const char *more = WCOREDUMP(status) ? " (core dumped)" : "";

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		more = ": it made a system call that its sandbox does not allow; \"sandbox on\" "
		       "would name it here";
	if (WIFSIGNALED(status))
		log_alertx("%s %d exited on signal %d (%s)%s", process_name(process), process->pid,
			   WTERMSIG(status), signal_name(WTERMSIG(status)), more);
	else if (WEXITSTATUS(status) || process->state != PROCESS_RETIRING)
		log_alertx("%s %d exited with code %d", process_name(process), process->pid,
			   WEXITSTATUS(status));
	else
		log_notice("%s %d exited with code 0", process_name(process), process->pid);
}

/* Frees the place of a process that has ended; its generation may end with it. */
static void see_off(struct process *process)
{
	struct generation *generation = process->generation;

	reassign(process);
	table_remove(process);
	quit_in_order(generation);
	settle(generation);
}

/* Whether another process of its kind and generation serves. */
static bool has_another(const struct process *process)
{
	for (struct process *other = table_next(NULL); other; other = table_next(other))
		if (other != process && other->generation == process->generation &&
		    other->kind == process->kind && other->state == PROCESS_RUNNING)
			return true;
	return false;
}

/* Carries out what the policy decides, for the events of which all actions are the same. */
static void handle(struct process *process, enum process_event event)
{
	struct process_decision decision = policy_decide(process, event, has_another(process));

	switch (decision.action) {
	case ACTION_SERVE:
		process->state = PROCESS_RUNNING;
		stats_set(&process->stats->unavailable, 0);
		check_serving(process->generation);
		return;
	case ACTION_START:
		start(process);
		return;
	case ACTION_WAIT:
		if (event != EVENT_NOT_FORKED)
			log_alertx("%s has ended %u times in a row before it served: the next "
				   "start is in %lld ms",
				   process_name(process), process->respawn.failures,
				   (long long)decision.delay_ms);
		process->state = PROCESS_WAITING;
		process->timer = (struct timer){ .expired = on_timer, .data = process };
		timer_start(&process->timer, decision.delay_ms);
		return;
	case ACTION_KEEP:
		process->state = PROCESS_WAITING;
		return;
	case ACTION_REMOVE:
		see_off(process);
		return;
	case ACTION_FAIL:
		process->generation->retiring = true;
		process->state = PROCESS_RETIRING;
		supervisor.hooks.failed(process->generation);
		quit_in_order(process->generation);
		see_off(process);
		return;
	default:
		return;
	}
}

static void died(struct process *process, int status)
{
	report(process, status);
	process->pid = 0;
	/* Reads its last messages before its end is dealt with, such as that it served. */
	if (process->channel.fd >= 0)
		on_channel(&process->channel, EPOLLIN);
	leave_channel(process);
	if (process->kind == PROCESS_HELPER)
		helpers_ended(process);
	/* The connections that it counted as open have ended with it. */
	stats_set(&process->stats->active, 0);
	stats_set(&process->stats->idle, 0);
	stats_set(&process->stats->writing, 0);
	if (table_has_modules(process))
		stats_clear_gauges(process->stats);
	stats_set(&process->stats->unavailable, 1);
	bool is_unable = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_START;
	handle(process, is_unable ? EVENT_EXITED_UNABLE : EVENT_EXITED);
}

void supervisor_reap(void)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct process *process = table_by_pid(pid);

		if (process)
			died(process, status);
		else
			supervisor.hooks.unknown_child(pid, status);
	}
	supervisor.hooks.closed();
}
