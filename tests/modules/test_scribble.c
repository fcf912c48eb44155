/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever a worker writes over its counters, the master lives and rules. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <string.h>

enum { WORKERS = 8 };

static void reload(struct server *server, int processes)
{
	pid_t pids[WORKERS];
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
	while (server_workers(server, pids, WORKERS) != processes)
		deadline_wait(&wait, "the old processes have gone");
}

static void scribble(const char *mode, int byte, int processes)
{
	/* The first worker has the first slot. */
	struct server *server = server_start(memory_printf(
		"worker_processes 2; events { accept_mode %s; }\n"
		"http { server { listen 127.0.0.1:%%PORT%%;\n"
		"location / { return 200 $pid; } location /mad { scribble %d; } } }",
		mode, byte));
	struct client *idle = client_open(server);
	pid_t pids[WORKERS];

	client_get(idle, "/");
	for (int i = 0; i < 10; i++)
		ck_assert_str_eq(get(server, "/mad").body, "done");
	reload(server, processes);
	ck_assert_int_eq(client_get(idle, "/").status, 200);
	ck_assert_str_eq(get(server, "/mad").body, "done");
	int count = server_workers(server, pids, WORKERS);
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	log_wait(server, "exited on signal 9");
	ck_assert_int_eq(get(server, "/").status, 200);
	reload(server, processes);
	ck_assert_int_eq(get(server, "/").status, 200);
	server_forgive(server);
	server_stop(server);
}

START_TEST(ones)
{
	scribble("shared", 0xff, 2);
	scribble("handoff", 0xff, 3);
}
END_TEST

START_TEST(small_numbers)
{
	scribble("shared", 0x01, 2);
	scribble("handoff", 0x01, 3);
}
END_TEST

START_TEST(the_sign)
{
	scribble("shared", 0x80, 2);
	scribble("handoff", 0x80, 3);
}
END_TEST

TESTS("scribble", ones, small_numbers, the_sign)
