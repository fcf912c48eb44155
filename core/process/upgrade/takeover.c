/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Until this program serves, nothing that it was given is closed or forgotten,
 * so that the old program, if it comes back, finds the same descriptors and the same state. It
 * notices by itself which processes have ended meanwhile.
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
#include "process/handoff/orphans.h"
#include "process/handoff/peer_master.h"
#include "process/ipc/zones.h"
#include "process/listen/listen_transfer.h"
#include "process/os/fork.h"
#include "process/os/pidfile.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "process/upgrade/module_state.h"
#include "process/upgrade/program.h"
#include "process/upgrade/upgrade_state.h"

enum {
	DEADLINE_MS = 30000, /* for this program to serve in place of the old one */
	IDS_APART = 65536, /* of listeners, from those of the other master */
};

static struct {
	struct upgrade_state state;
	bool has_begun;
	bool is_taken; /* there is a state, and this program does not serve yet */
	int state_fd; /* the file of the state; -1 */
	int program; /* the file of the old program; -1: there is no way back */
	char **environment; /* for the old program; NULL: there is no way back */
	pid_t master; /* this process; not its children */
	struct timer deadline;
	/* Clients of the control socket that wait for this program, which serves already. */
	int clients[STATE_CLIENTS];
	size_t clients_count;
	bool is_unannounced; /* this program serves, and takeover_announce() has to report it */
} takeover = { .state = { .peer = -1, .stats = -1 }, .state_fd = -1, .program = -1 };

static void keep_from_exec(bool keep)
{
	fcntl(takeover.state_fd, F_SETFD, keep ? FD_CLOEXEC : 0);
	state_keep_from_exec(&takeover.state, keep);
}

/* Also called by a handler of signals: system calls only. */
static void exec_back(void)
{
	keep_from_exec(false);
	environ = takeover.environment;
	program_exec_fd(takeover.program);
}

/* Handles the crash of the master alone: the master notices the crash of a child. */
static void on_crash(int number)
{
	static const char message[] = "skua: the new program has crashed: going back\n";

	if (getpid() == takeover.master) {
		if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
			errno = 0;
		exec_back();
	}
	signal(number, SIG_DFL);
}

static void guard_against_crashes(bool on)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	struct sigaction action = { .sa_handler = on ? on_crash : SIG_DFL, .sa_flags = SA_NODEFER };

	takeover.master = getpid();
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &action, NULL);
}

/*
 * The environment for the old program, which gets the same state, and no program to go back
 * to from there. 0 or -ENOMEM.
 */
static int make_environment(void)
{
	static char variable[32];
	size_t count = 0, kept = 0;

	while (environ[count])
		count++;
	takeover.environment = calloc(count + 2, sizeof(*takeover.environment));
	if (!takeover.environment)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (!str_starts(str_from(environ[i]), STR("SKUA_STATE=")))
			takeover.environment[kept++] = environ[i];
	snprintf(variable, sizeof(variable), "SKUA_STATE=%d", takeover.state_fd);
	takeover.environment[kept] = variable;
	return 0;
}

/* Reads the state that "STATE" or "STATE;PROGRAM" leads to. 0 or -errno. */
static int read_state(const char *value)
{
	struct str rest = str_from(value);
	uint64_t file, program;

	if (str_to_u64(str_split(&rest, ';'), INT_MAX, &file) < 0)
		return -EBADMSG;
	takeover.state_fd = (int)file;
	if (!str_empty(rest)) {
		if (str_to_u64(rest, INT_MAX, &program) < 0)
			return -EBADMSG;
		takeover.program = (int)program;
		int error = make_environment();
		if (error < 0)
			return error;
	}
	return state_read(&takeover.state, takeover.state_fd);
}

static int take_sockets(void)
{
	int result = 0;

	for (size_t i = 0; i < takeover.state.sockets_count; i++) {
		const struct state_socket *socket = &takeover.state.sockets[i];
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

	for (size_t i = 0; i < takeover.state.zones_count && result == 0; i++) {
		const struct state_zone *zone = &takeover.state.zones[i];

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

static void pass_to_modules(void)
{
	for (size_t i = 0; i < takeover.state.modules_count; i++) {
		const struct state_module *module = &takeover.state.modules[i];

		module_take_over(str_from(module->name), module->fd);
	}
}

/* Gives up the state and the way back, with all descriptors; children do so after fork(2). */
static void forget(void)
{
	for (size_t i = 0; i < takeover.clients_count; i++)
		close(takeover.clients[i]);
	takeover.clients_count = 0;
	if (takeover.program >= 0) {
		guard_against_crashes(false);
		close(takeover.program);
	}
	if (takeover.state_fd >= 0)
		close(takeover.state_fd);
	takeover.state_fd = takeover.program = -1;
	free(takeover.environment);
	takeover.environment = NULL;
	for (size_t i = 0; i < takeover.state.clients_count; i++)
		close(takeover.state.clients[i]);
	for (size_t i = 0; i < takeover.state.orphans_count; i++)
		close(takeover.state.orphans[i].fd);
	for (size_t i = 0; i < takeover.state.zones_count; i++)
		close(takeover.state.zones[i].fd);
	for (size_t i = 0; i < takeover.state.kept_count; i++)
		close(takeover.state.kept[i].fd);
	for (size_t i = 0; i < takeover.state.modules_count; i++)
		close(takeover.state.modules[i].fd);
	if (takeover.state.stats >= 0 && takeover.state.stats != table_stats_fd())
		close(takeover.state.stats);
	if (takeover.is_taken)
		state_finish(&takeover.state);
	takeover.is_taken = false;
}

int takeover_begin(void)
{
	const char *value = getenv("SKUA_STATE");

	if (!value || takeover.has_begun)
		return 0;
	takeover.has_begun = true;
	fork_cleanup_add(forget);
	int error = read_state(value);
	if (error == 0) {
		takeover.is_taken = true;
		keep_from_exec(true);
		if (takeover.program >= 0) {
			fcntl(takeover.program, F_SETFD, FD_CLOEXEC);
			guard_against_crashes(true);
		}
		table_inherit(takeover.state.stats, takeover.state.stats_size,
			      takeover.state.stats_layout);
		pidfile_inherit(takeover.state.pid_path);
		pass_to_modules();
		error = offer_zones();
	}
	if (error == 0)
		error = take_sockets();
	if (error < 0)
		log_emergc(error,
			   "upgrade: the state that the other program has passed on cannot be "
			   "used");
	return error;
}

bool takeover_is_instead(void)
{
	return takeover.is_taken && takeover.state.how == UPGRADE_INSTEAD;
}

bool takeover_is_beside(void)
{
	return takeover.is_taken && takeover.state.how == UPGRADE_BESIDE;
}

bool takeover_address(union address *address, socklen_t *len)
{
	if (takeover.state.sockets_count == 0)
		return false;
	*address = takeover.state.sockets[0].address;
	*len = takeover.state.sockets[0].address_len;
	return true;
}

/*
 * Makes a generation without a configuration: its processes can end, and be told which workers
 * take their connections.
 */
static struct generation *make_generation(bool retiring)
{
	static const struct events_conf events = { .worker_connections = INT_MAX };
	static const struct main_conf main;
	static struct listeners none;
	struct generation *generation = calloc(1, sizeof(*generation));

	if (!generation)
		return NULL;
	generation->number = takeover.state.generation;
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
	for (size_t i = 0; i < takeover.state.processes_count; i++)
		if (takeover.state.processes[i].kind == PROCESS_ACCEPTOR)
			return true;
	return false;
}

/*
 * Puts a process into the table. One that has ended waits there: the connections in its inbox
 * are for the next generation, and so are those in its channel that it had sent to the master.
 * 0 or -errno.
 */
static int restore(const struct state_process *saved, struct generation *active,
		   struct generation *retiring)
{
	bool lives = saved->pid && waitpid(saved->pid, NULL, WNOHANG) == 0;
	bool leaves = lives && saved->state == PROCESS_RETIRING;
	const struct process process = {
		.channel.fd = lives && is_channel(saved->channel) ? saved->channel : -1,
		.kind = saved->kind,
		.state = lives ? saved->state : PROCESS_WAITING,
		.generation = leaves ? retiring : active,
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

	const struct state_orphan left = {
		.fd = saved->channel,
		.limit = process.is_old ? UINT32_MAX : process.granted,
	};

	if (!lives && is_channel(left.fd) && !state_add_orphan(&takeover.state, &left))
		return -ENOMEM;
	return table_restore(saved->slot, &process) ? 0 : -ENOSPC;
}

static bool keep_socket(void *data, uint32_t id, int fd, const char *lender)
{
	struct state_socket socket = { .id = id, .fd = fd };
	bool is_known = false, is_shared = false;

	(void)data;
	for (size_t i = 0; i < takeover.state.sockets_count; i++) {
		is_known |= takeover.state.sockets[i].fd == fd;
		is_shared |= takeover.state.sockets[i].id == id;
	}
	/* The old program does not need sockets of addresses that it does not have. */
	if (lender || is_known || !is_shared)
		return true;
	socket.address_len = sizeof(socket.address);
	return getsockname(fd, &socket.address.any, &socket.address_len) == 0 &&
	       state_add_socket(&takeover.state, &socket) &&
	       state_append_socket(takeover.state_fd, &socket) == 0;
}

/* Adds the sockets opened here to the state, so that connections in them are not lost. */
static void keep_sockets(void)
{
	if (!listen_for_each(keep_socket, NULL))
		log_warn("upgrade: the old program will not get all sockets if it comes back");
}

static void on_deadline(void *data)
{
	(void)data;
	log_emergx("upgrade: after %d s the new program does not serve", DEADLINE_MS / 1000);
	takeover_go_back();
}

/* 0 or -errno: a place in the table is missing or taken. */
static int restore_all(struct generation *active, struct generation *retiring)
{
	int error = 0;

	for (size_t i = 0; i < takeover.state.processes_count && error == 0; i++)
		error = restore(&takeover.state.processes[i], active, retiring);
	return error;
}

/* In the old program, after it has come back: reports the failure to the waiting clients. */
static void reply_failed(void)
{
	for (size_t i = 0; i < takeover.state.clients_count; i++) {
		dprintf(takeover.state.clients[i],
			"error\nthe new program cannot serve, and the old one "
			"goes on: the error log says why\n");
		close(takeover.state.clients[i]);
	}
	takeover.state.clients_count = 0;
}

struct generation *takeover_processes(unsigned *number)
{
	*number = takeover.state.generation;
	if (takeover.state.peer >= 0)
		peer_master_start(takeover.state.peer, NULL);
	if (takeover_is_beside())
		listen_skip_ids(IDS_APART);
	if (!takeover_is_instead())
		return NULL;
	if (takeover.environment)
		keep_sockets();
	takeover.deadline = (struct timer){ .expired = on_deadline };
	timer_start(&takeover.deadline, DEADLINE_MS);
	if (takeover.program < 0)
		reply_failed();
	struct generation *active = make_generation(false), *retiring = make_generation(true);
	if (!active || !retiring || restore_all(active, retiring) < 0) {
		log_emergx("upgrade: no room for the processes of the old program");
		takeover_go_back();
	}
	if (retiring && table_count(retiring) == 0)
		free(retiring);
	return active;
}

bool takeover_next_kept(struct str *name, int *fd)
{
	if (!takeover.is_taken || takeover.state.kept_count == 0)
		return false;
	const struct state_kept *kept = &takeover.state.kept[--takeover.state.kept_count];

	*name = str_from(kept->name);
	*fd = kept->fd;
	return true;
}

void takeover_settle(void)
{
	if (!takeover.is_taken)
		return;
	timer_stop(&takeover.deadline);
	if (takeover.program >= 0)
		log_notice("upgrade: this program serves in place of the old one");
	zones_settle();
	/* Until now the old program could have come back and given them to its workers. */
	for (size_t i = 0; i < takeover.state.orphans_count; i++)
		orphans_take(takeover.state.orphans[i].fd, takeover.state.orphans[i].limit);
	takeover.state.orphans_count = 0;
	size_t count = takeover.state.clients_count;
	memcpy(takeover.clients, takeover.state.clients, sizeof(takeover.clients));
	takeover.state.clients_count = 0;
	forget();
	takeover.clients_count = count;
	takeover.is_unannounced = true;
}

void takeover_announce(void)
{
	if (takeover.is_unannounced)
		peer_master_say_ready();
	takeover.is_unannounced = false;
	for (size_t i = 0; i < takeover.clients_count; i++) {
		dprintf(takeover.clients[i],
			"ok\nskua %s serves in place of the old program, as process %d\n",
			SKUA_VERSION, getpid());
		close(takeover.clients[i]);
	}
	takeover.clients_count = 0;
}

void takeover_go_back(void)
{
	if (!takeover.environment)
		return;
	log_emergx("upgrade: going back to the old program");
	keep_sockets();
	/* The old program knows nothing of the processes that this one has started. */
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation->conf && process->pid)
			kill(process->pid, SIGKILL);
	fflush(NULL);
	exec_back();
	log_emerg("upgrade: cannot go back to the old program; its processes go on serving, but "
		  "are not replaced when they end: start the server again soon");
}
