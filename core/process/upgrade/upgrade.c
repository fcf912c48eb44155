/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After the preflight little is left that can fail: execve(2) itself, and the start of
 * workers, for which the new program has a way back (takeover.c). upgrade_advance() decides
 * what follows an event; the functions below it carry that out.
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

#include "process/handoff/orphans.h"
#include "process/handoff/peer_master.h"
#include "process/ipc/channel.h"
#include "process/ipc/zones.h"
#include "process/listen/listen_transfer.h"
#include "process/os/pidfile.h"
#include "process/os/signals.h"
#include "process/server/table.h"
#include "process/upgrade/module_state.h"
#include "process/upgrade/preflight.h"
#include "process/upgrade/program.h"
#include "process/upgrade/upgrade_state.h"
#include "stats/stats.h"

/* A new program that was started beside this one has to serve within this time. */
enum { DEADLINE_MS = 30000 };

static struct {
	struct upgrade_hooks hooks;
	struct upgrade_progress progress;
	unsigned generation; /* the number of the last one */
	pid_t child; /* the master of the program that was started beside; 0: none */
	struct timer deadline;
} upgrade;

enum upgrade_action upgrade_advance(struct upgrade_progress *progress, enum upgrade_event event)
{
	enum upgrade_step step = progress->step;

	if (step == UPGRADE_NONE)
		return UPGRADE_DO_NOTHING;
	switch (event) {
	case UPGRADE_PASSED:
		if (step != UPGRADE_PREFLIGHT)
			return UPGRADE_DO_NOTHING;
		if (!progress->is_beside)
			return UPGRADE_DO_EXEC;
		progress->step = UPGRADE_STARTING;
		return UPGRADE_DO_START_BESIDE;
	case UPGRADE_FAILED:
		progress->step = UPGRADE_NONE;
		return UPGRADE_DO_REPORT_FAILURE;
	case UPGRADE_SERVES:
		if (step != UPGRADE_STARTING)
			return UPGRADE_DO_NOTHING;
		progress->step = UPGRADE_NONE;
		return UPGRADE_DO_REPORT_SUCCESS;
	case UPGRADE_LATE:
		return step == UPGRADE_STARTING ? UPGRADE_DO_KILL : UPGRADE_DO_NOTHING;
	case UPGRADE_CANCELLED:
		progress->step = UPGRADE_NONE;
		return UPGRADE_DO_NOTHING;
	}
	return UPGRADE_DO_NOTHING;
}

/* --- what the new program gets ---------------------------------------------------- */

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

/* A zone whose names do not fit into the state begins anew in the new program. */
static bool save_zone(void *data, const struct zone_file *zone)
{
	struct state_zone saved = { .fd = zone->fd, .size = zone->size, .head = zone->head };

	if (zone->layout.len >= sizeof(saved.layout) || zone->name.len >= sizeof(saved.name))
		return true;
	str_put(saved.layout, zone->layout);
	str_put(saved.name, zone->name);
	return state_add_zone(data, &saved);
}

static bool save_orphan(void *data, int inbox, uint32_t limit)
{
	return state_add_orphan(data, &(const struct state_orphan){ inbox, limit });
}

static bool save_kept(void *data, struct str name, int fd)
{
	struct state_kept saved = { .fd = fd };

	str_put(saved.name, str_head(name, sizeof(saved.name) - 1));
	if (state_add_kept(data, &saved))
		return true;
	close(fd);
	return false;
}

static bool save_module(void *data, const char *name, int fd)
{
	struct state_module saved = { .fd = fd };

	snprintf(saved.name, sizeof(saved.name), "%s", name);
	if (state_add_module(data, &saved))
		return true;
	close(fd);
	return false;
}

static void forget_modules(struct upgrade_state *state)
{
	for (size_t i = 0; i < state->modules_count; i++)
		close(state->modules[i].fd);
}

/* What a program that replaces this one in the same process needs. False: no memory. */
static bool save_all(struct upgrade_state *state)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->kind != PROCESS_HELPER && !save_process(state, process))
			return false;
	snprintf(state->pid_path, sizeof(state->pid_path), "%s", pidfile_path());
	state->stats = table_stats_fd();
	state->stats_size = stats_stride();
	state->stats_layout = STATS_LAYOUT;
	return listen_for_each(save_socket, state) && orphans_for_each(save_orphan, state) &&
	       zones_for_each(save_zone, state) && modules_pass_on(save_module, state) &&
	       upgrade.hooks.for_each_kept(save_kept, state) &&
	       upgrade.hooks.for_each_client(save_client, state);
}

/*
 * Sets SKUA_STATE and lets the descriptors it leads to through execve(2). `program` is the
 * file of this program, -1: the new one has no way back. The descriptor of the state, or
 * -errno.
 */
static int pass_state(const struct upgrade_state *state, int program)
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

/* --- instead of this program ------------------------------------------------------ */

/* Returns only when it fails, with -errno; then everything is as before. */
static int exec_with(const struct upgrade_state *state)
{
	int program = program_fd();

	if (program < 0)
		return program;
	int fd = pass_state(state, program);
	if (fd < 0)
		return fd;
	log_notice("upgrade: executing %s in process %d", program_path(), getpid());
	fflush(NULL);
	int error = program_exec();
	unsetenv("SKUA_STATE");
	close(fd);
	fcntl(program, F_SETFD, FD_CLOEXEC);
	state_keep_from_exec(state, true);
	return error;
}

static void start_instead(void)
{
	struct upgrade_state state;

	upgrade.hooks.leaving();
	state_init(&state);
	state.how = UPGRADE_INSTEAD;
	state.generation = upgrade.generation;
	int error = save_all(&state) ? exec_with(&state) : -ENOMEM;
	for (size_t i = 0; i < state.kept_count; i++)
		close(state.kept[i].fd);
	forget_modules(&state);
	state_finish(&state);
	log_emergc(error, "upgrade: cannot execute %s, nothing was changed", program_path());
}

/* --- beside this program ---------------------------------------------------------- */

static void handle(enum upgrade_event event);

static void on_peer_ready(void)
{
	log_notice("upgrade: the new master process %d serves", upgrade.child);
	handle(UPGRADE_SERVES);
}

static void on_deadline(void *data)
{
	(void)data;
	handle(UPGRADE_LATE);
}

/* Forks, and executes the new program in the child. 0 or -errno. */
static int fork_with(struct upgrade_state *state)
{
	int fds[2];
	int error = channel_pair(fds);

	if (error < 0)
		return error;
	state->peer = fds[1];
	upgrade.child = fork();
	if (upgrade.child == 0) {
		error = pass_state(state, -1);
		if (error >= 0)
			error = program_exec();
		log_emergc(error, "upgrade: cannot execute %s", program_path());
		_exit(127);
	}
	error = upgrade.child < 0 ? -errno : 0;
	close(fds[1]);
	if (error < 0) {
		close(fds[0]);
		upgrade.child = 0;
		return error;
	}
	upgrade.deadline = (struct timer){ .expired = on_deadline };
	timer_start(&upgrade.deadline, DEADLINE_MS);
	/* Without the channel nobody here would learn when the new program serves. */
	error = peer_master_start(fds[0], on_peer_ready);
	if (error < 0)
		kill(upgrade.child, SIGKILL);
	return error;
}

/* 0: the new program reports later; or -errno after a message, then nothing has changed. */
static int start_beside(void)
{
	struct upgrade_state state;
	int error = pidfile_set_aside();

	upgrade.hooks.set_aside();
	if (error == 0) {
		state_init(&state);
		state.how = UPGRADE_BESIDE;
		state.generation = upgrade.generation;
		bool is_saved = listen_for_each(save_socket, &state) &&
				zones_for_each(save_zone, &state) &&
				modules_pass_on(save_module, &state);
		error = is_saved ? fork_with(&state) : -ENOMEM;
		listen_send_new(NULL);
		forget_modules(&state);
		state_finish(&state);
	}
	if (error == 0) {
		log_notice("upgrade: %s was started as process %d", program_path(), upgrade.child);
		return 0;
	}
	pidfile_take_back();
	upgrade.hooks.take_back();
	log_emergc(error, "upgrade: cannot start %s, nothing was changed", program_path());
	return error;
}

/* --- the course of an upgrade ----------------------------------------------------- */

static void end_upgrade(bool serves)
{
	timer_stop(&upgrade.deadline);
	upgrade.hooks.over(serves);
}

static void handle(enum upgrade_event event)
{
	switch (upgrade_advance(&upgrade.progress, event)) {
	case UPGRADE_DO_NOTHING:
		return;
	case UPGRADE_DO_EXEC:
		start_instead();
		handle(UPGRADE_FAILED);
		return;
	case UPGRADE_DO_START_BESIDE:
		if (start_beside() < 0)
			handle(UPGRADE_FAILED);
		return;
	case UPGRADE_DO_KILL:
		log_emergx("upgrade: the new master process %d does not serve after %d s, killed",
			   upgrade.child, DEADLINE_MS / 1000);
		kill(upgrade.child, SIGKILL);
		return;
	case UPGRADE_DO_REPORT_SUCCESS:
		end_upgrade(true);
		return;
	case UPGRADE_DO_REPORT_FAILURE:
		end_upgrade(false);
		return;
	}
}

static void on_preflight_over(bool passed)
{
	if (!passed && upgrade_is_busy())
		log_emergx("upgrade: nothing was changed");
	handle(passed ? UPGRADE_PASSED : UPGRADE_FAILED);
}

void upgrade_start(const struct upgrade_hooks *hooks)
{
	upgrade.hooks = *hooks;
}

void upgrade_begin(unsigned generation, bool in_background)
{
	upgrade.generation = generation;
	upgrade.progress = (struct upgrade_progress){
		.step = UPGRADE_PREFLIGHT,
		/* If this process is pid 1 of a container, or was started by a service manager, its
		   end would count as that of the server: then it becomes the new program itself. */
		.is_beside = in_background && getpid() != 1 && !getenv("NOTIFY_SOCKET"),
	};
	if (upgrade_has_peer()) {
		log_errorx("upgrade: another program serves beside this one already: end one of "
			   "them first, by the signal QUIT");
		handle(UPGRADE_FAILED);
		return;
	}
	log_notice("upgrade: trying %s", program_path());
	int error = preflight_start(on_preflight_over);
	if (error == 0)
		return;
	log_emergc(error, "upgrade: cannot try %s, nothing was changed", program_path());
	handle(UPGRADE_FAILED);
}

void upgrade_cancel(void)
{
	timer_stop(&upgrade.deadline);
	handle(UPGRADE_CANCELLED);
}

bool upgrade_is_busy(void)
{
	return upgrade.progress.step != UPGRADE_NONE;
}

bool upgrade_has_peer(void)
{
	return upgrade.child != 0 || peer_master_is_there();
}

pid_t upgrade_child(void)
{
	return upgrade.child;
}

static void on_child_end(int status)
{
	if (WIFSIGNALED(status))
		log_alertx("the new master process %d exited on signal %d (%s)", upgrade.child,
			   WTERMSIG(status), signal_name(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		log_alertx("the new master process %d exited with code %d; its messages are "
			   "in the error log",
			   upgrade.child, WEXITSTATUS(status));
	else
		log_notice("the new master process %d exited with code 0", upgrade.child);
	upgrade.child = 0;
	peer_master_finish();
	upgrade.hooks.take_back();
	int error = pidfile_take_back();
	if (error < 0)
		log_alertc(error, "cannot rename the pid file back");
	handle(UPGRADE_FAILED);
}

void upgrade_reap(pid_t pid, int status)
{
	if (!preflight_reap(pid, status) && pid == upgrade.child && upgrade.child != 0)
		on_child_end(status);
}
