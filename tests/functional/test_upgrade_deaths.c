/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Masters and workers of both programs are killed while a new program serves beside the old one:
 * before each of their system calls that send or receive a message, start a process or rename the
 * pid file, from the start of the new program to the end of the old one, and at random under load.
 * What a killed process holds is lost. All other connections go on, no client gets anything but
 * right responses, and no process is left over. Without SOAK=1 only some of the calls are tried.
 */
#include "harness/inject.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, CLIENTS = 8, CHILDREN_MAX = 64, STEPS_MAX = 500 };

enum victim { OLD_MASTER, OLD_WORKER, NEW_MASTER, NEW_WORKER };
enum phase { STARTING, HANDING_OVER };

static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/* A connection that is kept alive. */
struct kept {
	struct client *client;
	pid_t pid; /* of the worker that has responded last */
	bool is_half_asked; /* the first half of a request was sent */
	bool is_asked; /* a response is due */
};

/* What is going on; is_victim() looks at it in another thread. */
static struct {
	struct server *server; /* its pid is that of the master that goes on; 0: none does */
	int children; /* of each master: its workers, and the acceptor */
	enum victim victim;
	bool holds_nothing; /* the victim is killed before it takes connections from others */
	pid_t old_master, old_workers[WORKERS];
	pid_t guard; /* a child of the test that is no server */
	struct kept kept[CLIENTS];
} scene;

/* --- processes --------------------------------------------------------------------- */

/* 0: there is no such process, or it has ended. */
static pid_t parent_of(pid_t pid)
{
	char path[64], state = 'Z';
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);

	FILE *file = fopen(path, "re");

	if (file && fscanf(file, "%*d (%*[^)]) %c %d", &state, &parent) != 2)
		state = 'Z';
	if (file)
		fclose(file);
	return state == 'Z' || state == 'X' ? 0 : parent;
}

static int children_of(pid_t pid, pid_t *pids, int max)
{
	FILE *file = fopen(memory_printf("/proc/%d/task/%d/children", pid, pid), "re");
	int count = 0;

	while (file && count < max && fscanf(file, "%d", &pids[count]) == 1)
		count++;
	if (file)
		fclose(file);
	return count;
}

static bool is_old_worker(pid_t pid)
{
	return pid == scene.old_workers[0] || pid == scene.old_workers[1];
}

/* The trial of the new program counts as its master. */
static bool is_victim(pid_t pid)
{
	switch (scene.victim) {
	case OLD_MASTER:
		return pid == scene.old_master;
	case OLD_WORKER:
		return pid == scene.old_workers[0];
	case NEW_MASTER:
		return parent_of(pid) == scene.old_master && !is_old_worker(pid);
	case NEW_WORKER:
		return parent_of(parent_of(pid)) == scene.old_master;
	}
	return false;
}

/*
 * The test adopts all processes whose parents have ended. Reaps those that have ended, and returns
 * how many there are beside the master that goes on.
 */
static int count_left_over(void)
{
	pid_t pids[CHILDREN_MAX];
	int all = children_of(getpid(), pids, CHILDREN_MAX), count = 0;

	for (int i = 0; i < all; i++)
		if (pids[i] != scene.guard && pids[i] != scene.server->pid)
			count += waitpid(pids[i], NULL, WNOHANG) == 0;
	return count;
}

static void wait_until_none_is_left_over(void)
{
	struct deadline wait = { 0 };

	while (count_left_over() > 0)
		deadline_wait(&wait, "no process is left over");
}

/* The master that the pid file names, once it has all its workers; 0: there is none. */
static pid_t find_master(void)
{
	pid_t workers[CHILDREN_MAX];
	pid_t named = atoi(file_text(scene.server, "/server.pid"));
	bool is_there = parent_of(named) == getpid() &&
			children_of(named, workers, CHILDREN_MAX) == scene.children;

	return is_there ? named : 0;
}

/* After the death of the old master: the new one, if it was started; 0: nobody goes on. */
static pid_t wait_for_new_master(void)
{
	struct deadline wait = { 0 };
	pid_t found = 0;

	while (count_left_over() > 0 && (found = find_master()) == 0)
		deadline_wait(&wait, "the new master has its workers, or all have ended");
	return found;
}

/* --- a case --------------------------------------------------------------------------- */

static void send_rest(struct kept *kept)
{
	const char *rest = kept->is_half_asked ? request + sizeof(request) / 2 : request;

	client_send(kept->client, rest);
	kept->is_half_asked = false;
	kept->is_asked = true;
}

/* Whether the response has come. Nothing else may come. */
static bool is_answered(struct kept *kept)
{
	struct reply reply = client_reply(kept->client);

	kept->is_asked = false;
	if (reply.status == 0 || !reply.is_whole)
		return false;
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body, "ok");
	kept->pid = atoi(reply_header(&reply, "X-Pid"));
	return true;
}

static void start(const char *mode)
{
	pid_t pids[CHILDREN_MAX];

	scene.server = upgrade_start_in_background(memory_printf(
		"worker_processes %d; events { accept_mode %s; balance off; }", WORKERS, mode));
	scene.children = strcmp(mode, "handoff") == 0 ? WORKERS + 1 : WORKERS;
	scene.old_master = scene.server->pid;
	ck_assert_int_eq(server_workers(scene.server, scene.old_workers, WORKERS), scene.children);
	ck_assert_int_eq(children_of(getpid(), pids, CHILDREN_MAX), 2);
	scene.guard = pids[pids[0] == scene.old_master];
	upgrade_forgive(scene.server);
}

static void open_kept(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		struct kept *kept = &scene.kept[i];

		*kept = (struct kept){ .client = client_open(scene.server) };
		send_rest(kept);
		ck_assert(is_answered(kept));
		kept->is_half_asked = i % 4 == 0;
		if (kept->is_half_asked)
			client_send(kept->client,
				    memory_printf("%.*s", (int)(sizeof(request) / 2), request));
	}
}

/* Whether the step has come to its end without a kill. */
static bool is_over(enum phase phase)
{
	if (phase == HANDING_OVER)
		return waitpid(scene.old_master, NULL, WNOHANG) != 0;
	return log_has(scene.server, "the new master process") &&
	       log_has(scene.server, " serves\n");
}

static void end_new_master_early(void)
{
	struct deadline wait = { 0 };

	while (!log_has(scene.server, "upgrade: nothing was changed") &&
	       !log_has(scene.server, "exited on signal 9"))
		deadline_wait(&wait, "the old master knows that the upgrade has failed");
	while (file_exists(scene.server, "/server.pid.oldbin"))
		deadline_wait(&wait, "the pid file has its name again");
}

/* Leads the upgrade to its end; the master that goes on becomes the server's. */
static void complete(enum phase phase, bool was_killed)
{
	struct server *server = scene.server;
	pid_t new = 0;

	if (phase == HANDING_OVER)
		new = atoi(file_text(server, "/server.pid"));
	if (was_killed && scene.victim == OLD_MASTER) {
		wait_for_end(scene.old_master);
		server->pid = 0;
		server->pid = wait_for_new_master();
		return;
	}
	if (was_killed && scene.victim == NEW_MASTER && phase == STARTING) {
		end_new_master_early();
		return;
	}
	if (was_killed && scene.victim == NEW_MASTER) {
		wait_for_end(scene.old_master);
		server->pid = 0;
		return;
	}
	if (phase == STARTING) {
		log_wait(server, " serves\n");
		new = atoi(file_text(server, "/server.pid"));
		kill(scene.old_master, SIGQUIT);
	}
	wait_for_end(scene.old_master);
	server->pid = new;
}

/* Whether a connection must go on: none of those that may end with it has ever held it. */
static bool must_go_on(const struct kept *kept, enum phase phase, bool was_killed)
{
	if (!was_killed)
		return true;
	if (scene.victim == OLD_WORKER)
		return kept->pid != scene.old_workers[0];
	if (scene.victim == NEW_WORKER && scene.holds_nothing)
		return true;
	return phase == STARTING && scene.victim != OLD_MASTER;
}

static void check_kept(enum phase phase, bool was_killed)
{
	for (int i = 0; i < CLIENTS; i++) {
		struct kept *kept = &scene.kept[i];
		bool must = must_go_on(kept, phase, was_killed);

		if (!kept->is_asked)
			send_rest(kept);
		bool answered = is_answered(kept);
		ck_assert_msg(answered || !must, "client %d of worker %d has lost its connection",
			      i, kept->pid);
		if (answered && scene.server->pid && !is_old_worker(kept->pid)) {
			send_rest(kept);
			ck_assert(is_answered(kept));
		}
		client_half_close(kept->client);
		client_drain(kept->client);
		client_close(kept->client);
	}
}

static void finish(void)
{
	struct server *server = scene.server;

	wait_until_none_is_left_over();
	if (!server->pid) {
		upgrade_abandon(server);
		return;
	}
	wait_for_processes(server, scene.children);
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(get(server, "/").body, "ok");
	upgrade_forgive(server);
	upgrade_stop(server);
}

/* Returns whether a process was killed: it has made more than `skip` of these calls. */
static bool kill_at(enum victim victim, enum phase phase, int call, unsigned skip)
{
	struct deadline wait = { 0 };

	scene.victim = victim;
	scene.holds_nothing = call == SYS_recvmsg && skip == 0;
	start("shared");
	open_kept();
	if (phase == HANDING_OVER)
		upgrade_start_beside(scene.server);
	inject(.call = call, .of = is_victim, .kills = true, .skip = skip, .count = 1);
	kill(scene.old_master, phase == STARTING ? SIGUSR2 : SIGQUIT);
	for (int i = 0; phase == HANDING_OVER && i < CLIENTS; i += 4)
		send_rest(&scene.kept[i]);
	while (inject_count(call) == 0 && !is_over(phase))
		deadline_wait(&wait, "the step is over, or a process was killed");

	bool was_killed = inject_end(call) > 0;

	for (int i = 0; i < CLIENTS; i += 2)
		if (!scene.kept[i].is_asked)
			send_rest(&scene.kept[i]);
	complete(phase, was_killed);
	check_kept(phase, was_killed);
	finish();
	return was_killed;
}

/*
 * The short form has the first call of each kind only, and the eighth of the old master that hands
 * over: first it tells its workers to end, and then it passes on connections.
 */
static void kill_at_each_call(enum victim victim, enum phase phase)
{
	static const int calls[] = { SYS_sendmsg, SYS_recvmsg, SYS_recvfrom, SYS_clone,
				     SYS_rename };
	bool is_long = getenv("SOAK") != NULL;
	bool is_master = victim == OLD_MASTER || victim == NEW_MASTER;
	bool passes_on = victim == OLD_MASTER && phase == HANDING_OVER;
	unsigned step = is_long ? 1 : 7;
	unsigned most = is_long ? STEPS_MAX : passes_on ? 8 : 1;
	unsigned killed = 0;

	inject_into(SYS_sendmsg, SYS_recvmsg, SYS_recvfrom, SYS_clone, SYS_rename);
	for (size_t i = 0; i < (is_master ? 5 : 3); i++) {
		unsigned skip = 0;

		for (; skip < most && kill_at(victim, phase, calls[i], skip); skip += step)
			killed++;
		ck_assert_uint_lt(skip, STEPS_MAX);
	}
	ck_assert_uint_gt(killed, 0);
}

START_TEST(the_old_master_is_killed)
{
	kill_at_each_call(OLD_MASTER, STARTING);
	kill_at_each_call(OLD_MASTER, HANDING_OVER);
}
END_TEST

/* It has nothing to say until it has to end. */
START_TEST(an_old_worker_is_killed)
{
	kill_at_each_call(OLD_WORKER, HANDING_OVER);
}
END_TEST

START_TEST(the_new_master_is_killed)
{
	kill_at_each_call(NEW_MASTER, STARTING);
	kill_at_each_call(NEW_MASTER, HANDING_OVER);
}
END_TEST

START_TEST(a_new_worker_is_killed)
{
	kill_at_each_call(NEW_WORKER, STARTING);
	kill_at_each_call(NEW_WORKER, HANDING_OVER);
}
END_TEST

/* --- under load ------------------------------------------------------------------------ */

static atomic_bool is_master_killed;

static int is_a_break(enum load_fault fault, pid_t pid, long opened_ms)
{
	(void)pid, (void)opened_ms;
	return fault == FAULT_RESET || fault == FAULT_UNANSWERED || fault == FAULT_CLOSED ||
	       (fault == FAULT_REFUSED && atomic_load(&is_master_killed));
}

static struct load *start_load(void)
{
	struct load *load = load_start(&(const struct load_plan){
		.port = scene.server->ports[0],
		.body = "ok",
		.expected = is_a_break,
		.busy = 2,
		.pausing = 8,
		.split = 4,
		.pipelined = 2,
		.fresh = 2,
	});
	struct deadline wait = { 0 };

	while (load_answers(load) < 50)
		deadline_wait(&wait, "the clients are at work");
	return load;
}

/* Kills any process of either program. */
static void kill_one(unsigned *seed)
{
	pid_t pids[CHILDREN_MAX], workers[CHILDREN_MAX];
	struct deadline wait = { 0 };
	int count = children_of(getpid(), pids, CHILDREN_MAX);

	for (int i = 0; i < count; i++)
		count += children_of(pids[i], pids + count, CHILDREN_MAX - count);

	pid_t victim = pids[rand_r(seed) % (unsigned)count];

	if (victim == scene.guard)
		return;
	if (parent_of(victim) == getpid() || children_of(victim, workers, CHILDREN_MAX) > 0)
		atomic_store(&is_master_killed, true);
	kill(victim, SIGKILL);
	while (parent_of(victim))
		deadline_wait(&wait, "it has ended");
}

/* Whether the old master knows that the new one has failed or died. */
static bool has_failed(void)
{
	static const char words[] = "the new master process ";
	const char *text = file_text(scene.server, "/error.log");

	if (strstr(text, "upgrade: nothing was changed"))
		return true;
	while ((text = strstr(text, words)) != NULL) {
		text += strlen(words);
		if (strncmp(text + strspn(text, "0123456789"), " exited", 7) == 0)
			return true;
	}
	return false;
}

/* Whether a master goes on: the old one does after a failure. */
static bool goes_on(bool has_quit)
{
	pid_t found = find_master();

	if (found == scene.old_master && (has_quit || !has_failed()))
		return false;
	scene.server->pid = found;
	return found != 0;
}

/* Upgrades, kills a process at this time, and waits until all is quiet. */
static void upgrade_and_kill(long kill_ms, unsigned *seed)
{
	struct deadline wait = { 0 };
	bool has_quit = false, has_killed = false;
	int left;

	scene.server->pid = 0;
	kill(scene.old_master, SIGUSR2);
	while (!has_killed || (left = count_left_over()) > 1 ||
	       (left == 1 && !goes_on(has_quit))) {
		bool serves = log_has(scene.server, " serves\n") && !has_failed();

		if (serves && !has_quit && parent_of(scene.old_master) == getpid()) {
			has_quit = true;
			kill(scene.old_master, SIGQUIT);
		}
		if (!has_killed && now_ms() >= kill_ms) {
			has_killed = true;
			kill_one(seed);
		}
		deadline_wait(&wait, "one master goes on, or all have ended");
	}
}

START_TEST(any_process_is_killed_under_load)
{
	enum { UPGRADE_MS = 100 }; /* what an upgrade takes, roughly */
	static const char *const modes[] = { "shared", "reuseport", "handoff" };
	unsigned seed = 1;

	for (int i = 0; i < (getenv("SOAK") ? 300 : 6); i++) {
		start(modes[i % 3]);
		atomic_store(&is_master_killed, false);
		struct load *load = start_load();

		upgrade_and_kill(now_ms() + rand_r(&seed) % UPGRADE_MS, &seed);

		uint64_t before = load_answers(load);
		struct deadline wait = { 0 };

		while (scene.server->pid && load_answers(load) < before + 50)
			deadline_wait(&wait, "the clients are served");
		struct load_result result = load_stop(load);
		load_check(&result);
		finish();
	}
}
END_TEST

static const struct test_suite suite = { .name = "deaths in an upgrade", .timeout = 1800 };

TESTS_IN(&suite, the_old_master_is_killed, an_old_worker_is_killed, the_new_master_is_killed,
	 a_new_worker_is_killed, any_process_is_killed_under_load)
