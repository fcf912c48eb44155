/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes are killed at random under load, reloads go on and on: what is lost
 * was held by the killed ones, and the master stays as it was. SOAK=1: the long
 * form.
 */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PROCESSES = 16, /* at most */
	KILLED_MAX = 2048,
	DYING_MS = 1000, /* until it happens, after kill() */
};

static _Atomic pid_t killed[KILLED_MAX];
static atomic_int killed_count;
static _Atomic long killed_ms; /* the last one */

/* Before the first answer nobody knows whose a connection is. */
static int was_killed(enum load_fault fault, pid_t pid, long opened_ms)
{
	if (fault == FAULT_REFUSED || fault == FAULT_WRONG || fault == FAULT_HUNG)
		return false;
	if (pid == 0)
		return opened_ms < atomic_load(&killed_ms) + DYING_MS;
	for (int i = 0; i < atomic_load(&killed_count); i++)
		if (atomic_load(&killed[i]) == pid)
			return true;
	return false;
}

static void kill_one(struct server *server, unsigned *seed)
{
	pid_t pids[PROCESSES];
	int count = server_workers(server, pids, PROCESSES);

	if (count == 0 || count > PROCESSES)
		return;
	pid_t pid = pids[rand_r(seed) % (unsigned)count];
	int place = atomic_load(&killed_count);
	atomic_store(&killed[place], pid);
	atomic_store(&killed_count, place + 1);
	atomic_store(&killed_ms, now_ms());
	kill(pid, SIGKILL);
}

static void kill_under_load(const char *mode)
{
	struct server *server = server_start(memory_printf(
		"worker_processes 4; events { accept_mode %s; balance off; }\n"
		"http { access_log off; server { listen 127.0.0.1:%%PORT%%;\n"
		"add_header X-Pid $pid; return 200 ok; } }",
		mode));
	bool is_long = getenv("SOAK") != NULL;
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0], .body = "ok", .expected = was_killed,
		.busy = 4, .pausing = 32, .split = 8, .pipelined = 2, .fresh = 8,
	});
	struct deadline wait = { 0 };
	unsigned seed = 1;

	while (load_answers(load) < 200)
		deadline_wait(&wait, "the clients are at work");
	for (int i = 0; i < (is_long ? 334 : 7); i++) {
		kill_one(server, &seed);
		usleep(is_long ? 600000 : 150000);
	}
	struct load_result result = load_stop(load);
	load_check(&result);
	ck_assert_uint_gt(result.expected, 0);
	server_forgive(server);
	server_stop(server);
}

START_TEST(kills_shared)
{
	kill_under_load("shared");
}
END_TEST

START_TEST(kills_reuseport)
{
	kill_under_load("reuseport");
}
END_TEST

START_TEST(kills_handoff)
{
	kill_under_load("handoff");
}
END_TEST

static void reload(struct server *server, int workers)
{
	pid_t pids[PROCESSES];
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
	while (server_workers(server, pids, PROCESSES) != workers)
		deadline_wait(&wait, "the old workers have gone");
	put_file(server, "/error.log", "");
}

/* A connection may have moved since its last answer, so nobody knows who held it. */
static int is_a_break(enum load_fault fault, pid_t pid, long opened_ms)
{
	(void)pid, (void)opened_ms;
	return fault == FAULT_RESET || fault == FAULT_UNANSWERED || fault == FAULT_CLOSED;
}

START_TEST(kills_amid_reloads)
{
	struct server *server =
		server_start("worker_processes 2; events { accept_mode handoff; }\n"
			     "http { access_log off;\n"
			     "server { listen 127.0.0.1:%PORT%; return 200 ok; } }");
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0], .body = "ok", .expected = is_a_break,
		.busy = 4, .pausing = 32, .split = 8, .pipelined = 2, .fresh = 8,
	});
	struct deadline wait = { 0 };
	unsigned seed = 1;

	for (int i = 0; i < (getenv("SOAK") ? 300 : 20); i++) {
		kill(server->pid, SIGHUP);
		usleep(rand_r(&seed) % 60000);
		kill_one(server, &seed);
		usleep(rand_r(&seed) % 60000);
	}
	put_file(server, "/error.log", "");
	reload(server, 3);
	while (load_answers(load) < 200)
		deadline_wait(&wait, "the clients are served");
	struct load_result result = load_stop(load);
	load_check(&result);
	server_forgive(server);
	server_stop(server);
}
END_TEST

static long memory_of(pid_t pid)
{
	FILE *file = fopen(memory_printf("/proc/%d/status", pid), "r");
	char line[200];
	long size = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "RssAnon: %ld", &size) == 1)
			break;
	fclose(file);
	return size;
}

static struct server *start_growing(void)
{
	return server_start("worker_processes 2; events { accept_mode handoff; }\n"
			    "http { access_log %DIR%/access.log;\n"
			    "server { listen 127.0.0.1:%PORT%;\n"
			    "location / { return 200 $uri; }\n"
			    "location ~ \\.x$ { return 404; } } }");
}

static void reload_often(struct server *server, int times)
{
	struct client *client = client_open(server);

	for (int i = 0; i < times; i++) {
		reload(server, 3);
		ck_assert_str_eq(client_get(client, "/a").body, "/a");
	}
	client_close(client);
}

static int many(void)
{
	return getenv("SOAK") ? 500 : 50;
}

START_TEST(reloads_leave_no_descriptor_behind)
{
	struct server *server = start_growing();

	reload_often(server, 5);
	int before = server_descriptors(server);
	reload_often(server, many() - 5);
	struct deadline wait = { 0 };
	while (server_descriptors(server) > before)
		deadline_wait(&wait, "not more descriptors than before");
	server_stop(server);
}
END_TEST

START_TEST(reloads_leave_no_memory_behind)
{
	struct server *server = start_growing();

	server_memory(server); /* where this says nothing, the test is skipped */
	reload_often(server, 5);
	long before = memory_of(server->pid);
	reload_often(server, many() - 5);
	ck_assert_int_le(memory_of(server->pid), before + 64);
	server_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "deaths", .timeout = 900 };

TESTS_IN(&suite, kills_shared, kills_reuseport, kills_handoff, kills_amid_reloads,
	 reloads_leave_no_descriptor_behind, reloads_leave_no_memory_behind)
