/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After the trial there is little left that can fail: execve(2) itself, and the
 * start of workers, for which the new program has a way back (takeover.c).
 */
#include "process/upgrade/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <timer.h>
#include <unistd.h>

#include "base/stats.h"
#include "process/ipc/channel.h"
#include "process/master/control.h"
#include "process/handoff/orphans.h"
#include "process/server/listen_transfer.h"
#include "process/handoff/peer_master.h"
#include "process/os/pidfile.h"
#include "process/upgrade/program.h"
#include "process/os/signals.h"
#include "process/server/table.h"
#include "process/upgrade/preflight.h"
#include "process/upgrade/upgrade_state.h"
#include "process/ipc/zones.h"

enum { PATIENCE_MS = 30000 };

static bool busy, beside;
static unsigned number; /* of the last generation */
static pid_t child; /* the other program's master, when this one has started it */
static void (*on_over)(bool serves);
static struct timer patience; /* with the other program, once it was started beside */

static bool save_socket(void *data, uint32_t id, int fd, const char *lender)
{
	struct state_socket socket = { .id = id, .fd = fd };

	snprintf(socket.lender, sizeof(socket.lender), "%s", lender ? lender : "");
	socket.address_len = sizeof(socket.address);
	if (getsockname(fd, &socket.address.any, &socket.address_len) < 0)
		return false;
	return state_add_socket(data, &socket);
}

static bool save_process(struct upgrade_state *state, const struct process *process)
{
	const struct state_process saved = {
		.slot = table_slot(process),
		.kind = process->kind,
		.index = process->index,
		.state = process->state,
		.pid = process->pid,
		.channel = process->channel.fd,
		.inbox = { process->inbox[0], process->inbox[1] },
		.started_ms = process->started_ms,
		.granted = process->is_old ? -1 : (int64_t)process->granted,
	};

	return state_add_process(state, &saved);
}

static bool save_client(void *data, int fd)
{
	return state_add_client(data, fd);
}

/* What doesn't fit begins anew over there. */
static bool save_zone(void *data, const struct zone_file *zone)
{
	struct state_zone saved = { .fd = zone->fd, .size = zone->size, .head = zone->head };

	if (zone->layout.len >= sizeof(saved.layout) || zone->name.len >= sizeof(saved.name))
		return true;
	str_put(saved.layout, zone->layout);
	str_put(saved.name, zone->name);
	return state_add_zone(data, &saved);
}

static bool save_left(void *data, int inbox)
{
	return state_add_left(data, inbox);
}

static bool save_processes(struct upgrade_state *state)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (!save_process(state, process))
			return false;
	snprintf(state->pid_path, sizeof(state->pid_path), "%s", pidfile_path());
	state->stats = table_stats_fd();
	state->stats_size = stats_stride();
	state->stats_layout = STATS_LAYOUT;
	return true;
}

/* SKUA_STATE and the descriptors it leads to. `program` -1: without a way back. */
static int prepare(const struct upgrade_state *state, int program)
{
	char value[32];
	int fd = state_write(state);

	if (fd < 0)
		return fd;
	snprintf(value, sizeof(value), program < 0 ? "%d" : "%d;%d", fd, program);
	setenv("SKUA_STATE", value, 1);
	fcntl(fd, F_SETFD, 0);
	if (program >= 0)
		fcntl(program, F_SETFD, 0);
	state_keep_from_exec(state, false);
	return fd;
}

static void undo(const struct upgrade_state *state, int fd, int program)
{
	unsetenv("SKUA_STATE");
	close(fd);
	fcntl(program, F_SETFD, FD_CLOEXEC);
	state_keep_from_exec(state, true);
}

/* Returns only when it fails. */
static int become(const struct upgrade_state *state)
{
	int program = program_fd();

	if (program < 0)
		return program;
	int fd = prepare(state, program);
	if (fd < 0)
		return fd;
	log_notice("upgrade: executing %s in process %d", program_path(), getpid());
	fflush(NULL);
	int error = program_exec();
	undo(state, fd, program);
	return error;
}

static void go_on_instead(void)
{
	struct upgrade_state state;
	int error = -ENOMEM;

	state_init(&state);
	state.how = UPGRADE_INSTEAD;
	state.generation = number;
	if (listen_for_each(save_socket, &state) && save_processes(&state) &&
	    orphans_for_each(save_left, &state) && zones_for_each(save_zone, &state) &&
	    control_for_each_upgraded(save_client, &state))
		error = become(&state);
	state_finish(&state);
	log_emergc(error, "upgrade: cannot execute %s, nothing was changed", program_path());
}

/* In the child. */
static _Noreturn void run_beside(struct upgrade_state *state)
{
	int error = prepare(state, -1);

	if (error >= 0)
		error = program_exec();
	log_emergc(error, "upgrade: cannot execute %s", program_path());
	_exit(127);
}

static void finish(bool serves)
{
	busy = false;
	timer_stop(&patience);
	on_over(serves);
}

static void on_partner_ready(void)
{
	log_notice("upgrade: the new master process %d serves", child);
	if (busy)
		finish(true);
}

static void on_patience_over(void *data)
{
	(void)data;
	log_emergx("upgrade: the new master process %d does not serve after %d s, killed", child,
		   PATIENCE_MS / 1000);
	kill(child, SIGKILL);
}

static int fork_beside(struct upgrade_state *state)
{
	int fds[2];
	int error = channel_pair(fds);

	if (error < 0)
		return error;
	state->partner = fds[1];
	child = fork();
	if (child == 0)
		run_beside(state);
	error = child < 0 ? -errno : 0;
	close(fds[1]);
	if (error < 0) {
		close(fds[0]);
		child = 0;
		return error;
	}
	patience = (struct timer){ .expired = on_patience_over };
	timer_start(&patience, PATIENCE_MS);
	/* Without a word from it nobody would know when it serves. */
	error = peer_master_start(fds[0], on_partner_ready);
	if (error < 0)
		kill(child, SIGKILL);
	return error;
}

static int start_beside(void)
{
	struct upgrade_state state;
	int error = -ENOMEM;

	state_init(&state);
	state.how = UPGRADE_BESIDE;
	state.generation = number;
	if (listen_for_each(save_socket, &state) && zones_for_each(save_zone, &state))
		error = fork_beside(&state);
	listen_tell(NULL);
	state_finish(&state);
	return error;
}

/* 0: the rest is heard of later. */
static int go_on_beside(void)
{
	int error = pidfile_set_aside();

	control_set_aside();
	if (error == 0)
		error = start_beside();
	if (error == 0) {
		log_notice("upgrade: %s was started as process %d", program_path(), child);
		return 0;
	}
	pidfile_take_back();
	control_take_back();
	log_emergc(error, "upgrade: cannot start %s, nothing was changed", program_path());
	return error;
}

static void on_tried(bool passed)
{
	if (!busy)
		return;
	if (!passed)
		log_emergx("upgrade: nothing was changed");
	else if (!beside)
		go_on_instead();
	else if (go_on_beside() == 0)
		return;
	finish(false);
}

static int begin(void)
{
	if (upgrade_has_partner()) {
		log_errorx("upgrade: another program serves beside this one already: end one of "
			   "them first, by the signal QUIT");
		return -EBUSY;
	}
	log_notice("upgrade: trying %s", program_path());
	int error = trial_start(on_tried);
	if (error == 0)
		return 0;
	log_emergc(error, "upgrade: cannot try %s, nothing was changed", program_path());
	return error;
}

void upgrade_begin(unsigned generation, bool in_background, void (*over)(bool serves))
{
	number = generation;
	/* Whoever watches this process wants it to go on. */
	beside = in_background && getpid() != 1 && !getenv("NOTIFY_SOCKET");
	on_over = over;
	busy = true;
	if (begin() < 0)
		finish(false);
}

void upgrade_cancel(void)
{
	busy = false;
	timer_stop(&patience);
}

bool upgrade_is_busy(void)
{
	return busy;
}

bool upgrade_has_partner(void)
{
	return child != 0 || peer_master_is_there();
}

pid_t upgrade_child(void)
{
	return child;
}

static void on_child_end(int status)
{
	if (WIFSIGNALED(status))
		log_alertx("the new master process %d exited on signal %d (%s)", child,
			   WTERMSIG(status), signal_name(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		log_alertx("the new master process %d exited with code %d; what it had to say is "
			   "in the error log",
			   child, WEXITSTATUS(status));
	else
		log_notice("the new master process %d exited with code 0", child);
	child = 0;
	peer_master_finish();
	control_take_back();
	int error = pidfile_take_back();
	if (error < 0) {
		log_alertc(error, "cannot rename the pid file back");
	}
	if (busy)
		finish(false);
}

void upgrade_reap(pid_t pid, int status)
{
	if (!trial_reap(pid, status) && pid == child && child != 0)
		on_child_end(status);
}
