/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Until this program serves, nothing that it was given is closed or forgotten,
 * so that the old program finds all as it was: the same numbers, the same text.
 * What has died meanwhile it sees for itself.
 */
#include "process/upgrade/takeover.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <timer.h>
#include <unistd.h>

#include "net/listener.h"
#include "process/server/generation.h"
#include "process/server/listen_transfer.h"
#include "process/server/main_conf.h"
#include "process/handoff/orphans.h"
#include "process/handoff/peer_master.h"
#include "process/os/fork.h"
#include "process/os/pidfile.h"
#include "process/upgrade/program.h"
#include "process/server/table.h"
#include "process/upgrade/upgrade_state.h"
#include "process/ipc/zones.h"

enum {
	PATIENCE_MS = 30000,
	IDS_APART = 65536, /* of listeners, from those of the other master */
};

static struct upgrade_state state = { .peer = -1, .stats = -1 };
static bool is_taken; /* there is a state, and this program does not serve yet */
static int state_fd = -1, program = -1;
static pid_t self;
static int asking[STATE_CLIENTS]; /* clients of the control socket, once there is no way back */
static size_t asking_count;
static bool is_awaited; /* nobody has been told yet that this program serves */
static char **back; /* the environment for the old program; NULL: there is no way back */
static struct timer patience; /* with this program */

static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

static void keep_from_exec(bool keep)
{
	fcntl(state_fd, F_SETFD, keep ? FD_CLOEXEC : 0);
	state_keep_from_exec(&state, keep);
}

/* Also called by a handler of signals: system calls only. */
static void exec_back(void)
{
	keep_from_exec(false);
	environ = back;
	program_exec_fd(program);
}

/* A child has a master that sees to it. */
static void on_crash(int number)
{
	static const char message[] = "skua: the new program has crashed: going back\n";

	if (getpid() == self) {
		if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
			errno = 0;
		exec_back();
	}
	signal(number, SIG_DFL);
}

static void guard(bool on)
{
	struct sigaction action = { .sa_handler = on ? on_crash : SIG_DFL, .sa_flags = SA_NODEFER };

	self = getpid();
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &action, NULL);
}

/* The same state, and no program to go back to from there. */
static int make_way_back(void)
{
	static char variable[32];
	size_t count = 0, kept = 0;

	while (environ[count])
		count++;
	back = calloc(count + 2, sizeof(*back));
	if (!back)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (!str_starts(str_from(environ[i]), STR("SKUA_STATE=")))
			back[kept++] = environ[i];
	snprintf(variable, sizeof(variable), "SKUA_STATE=%d", state_fd);
	back[kept] = variable;
	return 0;
}

static int read_variable(const char *value)
{
	struct str rest = str_from(value);
	uint64_t file, old;

	if (str_to_u64(str_split(&rest, ';'), INT_MAX, &file) < 0)
		return -EBADMSG;
	state_fd = (int)file;
	if (str_empty(rest))
		return 0;
	if (str_to_u64(rest, INT_MAX, &old) < 0)
		return -EBADMSG;
	program = (int)old;
	return make_way_back();
}

static int take_sockets(void)
{
	int result = 0;

	for (size_t i = 0; i < state.sockets_count; i++) {
		const struct state_socket *socket = &state.sockets[i];
		int error = socket->lender[0] ?
				    listen_lend(socket->fd, socket->id, str_from(socket->lender)) :
				    listen_adopt(socket->fd, socket->id);

		if (error < 0)
			result = error;
	}
	return result;
}

static int offer_zones(void)
{
	int result = 0;

	for (size_t i = 0; i < state.zones_count && result == 0; i++) {
		const struct state_zone *zone = &state.zones[i];

		result = zones_offer(&(const struct zone_file){
			.fd = zone->fd,
			.size = zone->size,
			.head = zone->head,
			.layout = str_from(zone->layout),
			.name = str_from(zone->name),
		});
	}
	return result;
}

static int take(const char *value)
{
	int error = read_variable(value);

	if (error == 0)
		error = state_read(&state, state_fd);
	if (error < 0)
		return error;
	is_taken = true;
	keep_from_exec(true);
	if (program >= 0) {
		fcntl(program, F_SETFD, FD_CLOEXEC);
		guard(true);
	}
	table_inherit(state.stats, state.stats_size, state.stats_layout);
	pidfile_inherit(state.pid_path);
	error = offer_zones();
	return error < 0 ? error : take_sockets();
}

int takeover_begin(void)
{
	static bool begun;
	const char *value = getenv("SKUA_STATE");

	if (!value || begun)
		return 0;
	begun = true;
	fork_cleanup_add(takeover_forget);
	int error = take(value);
	if (error == 0)
		return 0;
	log_emergc(error, "upgrade: what the other program has left is not understood");
	return -1;
}

bool takeover_is_instead(void)
{
	return is_taken && state.how == UPGRADE_INSTEAD;
}

bool takeover_is_beside(void)
{
	return is_taken && state.how == UPGRADE_BESIDE;
}

bool takeover_address(union address *address, socklen_t *len)
{
	if (state.sockets_count == 0)
		return false;
	*address = state.sockets[0].address;
	*len = state.sockets[0].address_len;
	return true;
}

/* What it can do without a configuration: end, and say who takes its connections. */
static struct generation *make_generation(bool retiring)
{
	static const struct events_conf events = { .worker_connections = INT_MAX };
	static const struct main_conf main;
	static struct listeners none;
	struct generation *generation = calloc(1, sizeof(*generation));

	if (!generation)
		return NULL;
	generation->number = state.generation;
	generation->main = &main;
	generation->events = &events;
	generation->listeners = &none;
	generation->serving = true;
	generation->retiring = retiring;
	return generation;
}

static bool is_channel(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

static bool has_acceptor(void)
{
	for (size_t i = 0; i < state.processes_count; i++)
		if (state.processes[i].kind == PROCESS_ACCEPTOR)
			return true;
	return false;
}

/* One that has died waits for its inbox to be given to another. */
static int restore(const struct state_process *saved, struct generation *ruling,
		   struct generation *leaving)
{
	bool lives = saved->pid && waitpid(saved->pid, NULL, WNOHANG) == 0;
	bool leaves = lives && saved->state == PROCESS_RETIRING;
	const struct process process = {
		.channel.fd = lives && is_channel(saved->channel) ? saved->channel : -1,
		.kind = saved->kind,
		.state = lives ? saved->state : PROCESS_WAITING,
		.generation = leaves ? leaving : ruling,
		.index = saved->index,
		.pid = lives ? saved->pid : 0,
		.inbox = { is_channel(saved->inbox[0]) ? saved->inbox[0] : -1,
			   is_channel(saved->inbox[1]) ? saved->inbox[1] : -1 },
		.accepts = !leaves && (saved->kind == PROCESS_ACCEPTOR || !has_acceptor()),
		.started_ms = saved->started_ms,
		.granted = saved->granted > 0 ? (uint32_t)saved->granted : 0,
		.is_restored = true,
		.may_give = UINT32_MAX,
		.is_old = saved->granted < 0,
	};

	return table_restore(saved->slot, &process) ? 0 : -ENOSPC;
}

static int restore_all(struct generation *ruling, struct generation *leaving)
{
	for (size_t i = 0; i < state.processes_count; i++)
		if (restore(&state.processes[i], ruling, leaving) < 0)
			return -1;
	return 0;
}

static bool is_in_state(int fd)
{
	for (size_t i = 0; i < state.sockets_count; i++)
		if (state.sockets[i].fd == fd)
			return true;
	return false;
}

/* Of an address that the old program does not have nothing need go back. */
static bool is_shared(uint32_t id)
{
	for (size_t i = 0; i < state.sockets_count; i++)
		if (state.sockets[i].id == id)
			return true;
	return false;
}

static bool keep_socket(void *data, uint32_t id, int fd, const char *lender)
{
	struct state_socket socket = { .id = id, .fd = fd };

	(void)data;
	if (lender || is_in_state(fd) || !is_shared(id))
		return true;
	socket.address_len = sizeof(socket.address);
	return getsockname(fd, &socket.address.any, &socket.address_len) == 0 &&
	       state_add_socket(&state, &socket) &&
	       state_append_socket(state_fd, &socket) == 0;
}

/* What was opened here has connections in it, that must not be lost on the way back. */
static void keep_sockets(void)
{
	if (!listen_for_each(keep_socket, NULL))
		log_warn("upgrade: the old program will not get all sockets if it comes back");
}

static void on_patience_over(void *data)
{
	(void)data;
	log_emergx("upgrade: after %d s the new program does not serve", PATIENCE_MS / 1000);
	takeover_go_back();
}

/* The old program goes on in place of this one: it tells those who have asked for the upgrade. */
static void answer_failed(void)
{
	for (size_t i = 0; i < state.clients_count; i++) {
		dprintf(state.clients[i], "error\nthe new program cannot serve, and the old one "
					  "goes on: the error log says why\n");
		close(state.clients[i]);
	}
	state.clients_count = 0;
}

struct generation *takeover_processes(unsigned *number)
{
	*number = state.generation;
	if (state.peer >= 0)
		peer_master_start(state.peer, NULL);
	if (takeover_is_beside())
		listen_skip_ids(IDS_APART);
	if (!takeover_is_instead())
		return NULL;
	if (back)
		keep_sockets();
	patience = (struct timer){ .expired = on_patience_over };
	timer_start(&patience, PATIENCE_MS);
	if (program < 0)
		answer_failed();
	struct generation *ruling = make_generation(false), *leaving = make_generation(true);
	if (!ruling || !leaving || restore_all(ruling, leaving) < 0) {
		log_emergx("upgrade: no room for the processes of the old program");
		takeover_go_back();
	}
	if (leaving && table_count(leaving) == 0)
		free(leaving);
	return ruling;
}

void takeover_forget(void)
{
	for (size_t i = 0; i < asking_count; i++)
		close(asking[i]);
	asking_count = 0;
	if (program >= 0)
		guard(false);
	if (state_fd >= 0)
		close(state_fd);
	if (program >= 0)
		close(program);
	state_fd = program = -1;
	free(back);
	back = NULL;
	for (size_t i = 0; i < state.clients_count; i++)
		close(state.clients[i]);
	for (size_t i = 0; i < state.orphans_count; i++)
		close(state.orphans[i]);
	for (size_t i = 0; i < state.zones_count; i++)
		close(state.zones[i].fd);
	if (state.stats >= 0 && state.stats != table_stats_fd())
		close(state.stats);
	if (is_taken)
		state_finish(&state);
	is_taken = false;
}

/* Until now the old program could have been the one to deal it out. */
static void take_left(void)
{
	for (size_t i = 0; i < state.orphans_count; i++)
		orphans_take(state.orphans[i], UINT32_MAX);
	state.orphans_count = 0;
}

void takeover_settle(void)
{
	if (!is_taken)
		return;
	timer_stop(&patience);
	if (program >= 0)
		log_notice("upgrade: this program serves in place of the old one");
	zones_settle();
	take_left();
	size_t count = state.clients_count;
	memcpy(asking, state.clients, sizeof(asking));
	state.clients_count = 0;
	takeover_forget();
	asking_count = count;
	is_awaited = true;
}

void takeover_answer(void)
{
	if (is_awaited)
		peer_master_say_ready();
	is_awaited = false;
	for (size_t i = 0; i < asking_count; i++) {
		dprintf(asking[i],
			"ok\nskua %s serves in place of the old program, as process %d\n",
			SKUA_VERSION, getpid());
		close(asking[i]);
	}
	asking_count = 0;
}

/* Those that this program has started; the old one knows nothing of them. */
static void kill_own(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation->conf && process->pid)
			kill(process->pid, SIGKILL);
}

void takeover_go_back(void)
{
	if (!back)
		return;
	log_emergx("upgrade: going back to the old program");
	keep_sockets();
	kill_own();
	fflush(NULL);
	exec_back();
	log_emerg("upgrade: cannot go back to the old program; its processes serve on, without "
		  "replacement: start the server again soon");
}
