/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing is lost while another program takes over, in either way. SOAK=1: more
 * upgrades, more idle connections; a file that includes this one may say how many.
 */
#include "harness/upgrade.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef SOAK_IDLE
enum { SOAK_IDLE = 5000, SOAK_UPGRADES = 20 };
#endif

/* --- many idle connections ----------------------------------------------------------- */

static void check_many(struct server *(*begin)(const char *main), bool in_background)
{
	int count = getenv("SOAK") ? SOAK_IDLE : 500;
	unsigned room = (unsigned)count + 500;

	test_needs_descriptors(room);
	struct server *server = begin(memory_printf(
		"worker_rlimit_nofile %u; events { worker_connections %d; }", room, count + 100));
	struct client **clients = memory_alloc(sizeof(*clients) * (size_t)count);

	for (int i = 0; i < count; i++) {
		clients[i] = client_open(server);
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
	}
	put_program();
	upgrade_check(server, 0, in_background ? "and ends" : "serves in place");
	if (in_background)
		upgrade_settle(server);
	wait_for_processes(server, 1);
	for (int i = 0; i < count; i++)
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
	upgrade_stop(server);
}

START_TEST(many_idle_ones_survive_in_the_same_process)
{
	check_many(upgrade_start, false);
}
END_TEST

START_TEST(many_idle_ones_survive_beside)
{
	check_many(upgrade_start_in_background, true);
}
END_TEST

/* --- under load ------------------------------------------------------------------- */

static struct load *begin(struct server *server)
{
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0],
		.body = "ok",
		.busy = 8,
		.pausing = 16,
		.split = 8,
		.pipelined = 4,
		.fresh = 4,
	});
	struct deadline wait = { 0 };

	while (load_answers(load) < 200)
		deadline_wait(&wait, "the clients are at work");
	return load;
}

static void upgrade_under_load(struct server *server, bool in_background)
{
	struct load *load = begin(server);
	int count = getenv("SOAK") ? SOAK_UPGRADES : 2;

	for (int i = 0; i < count; i++) {
		uint64_t before = load_answers(load);
		struct deadline wait = { 0 };

		put_program();
		upgrade_check(server, 0, in_background ? "and ends" : "serves in place");
		if (in_background)
			upgrade_settle(server);
		while (load_answers(load) < before + 200)
			deadline_wait(&wait, "the clients get answers");
	}
	struct load_result result = load_stop(load);
	load_check(&result);
}

static const char *const modes[] = { "shared", "reuseport", "handoff" };

START_TEST(nothing_is_lost_in_the_same_process)
{
	for (int i = 0; i < 3; i++) {
		struct server *server = upgrade_start(
			memory_printf("worker_processes 2; events { accept_mode %s; }", modes[i]));

		upgrade_under_load(server, false);
		upgrade_stop(server);
	}
}
END_TEST

START_TEST(nothing_is_lost_beside)
{
	for (int i = 0; i < 3; i++) {
		struct server *server = upgrade_start_in_background(
			memory_printf("worker_processes 2; events { accept_mode %s; }", modes[i]));

		upgrade_under_load(server, true);
		upgrade_stop(server);
	}
}
END_TEST

static void wait_for_answers(const struct load *load)
{
	uint64_t before = load_answers(load);
	struct deadline wait = { 0 };

	while (load_answers(load) < before + 200)
		deadline_wait(&wait, "the clients get answers");
}

/* The new program opens more sockets, connections come to them, and it is ended. */
START_TEST(nothing_is_lost_on_the_way_back)
{
	struct server *server =
		upgrade_start_in_background("events { accept_mode reuseport; }");
	struct load *load = begin(server);
	int count = getenv("SOAK") ? 8 : 2;

	for (int i = 1; i <= count; i++) {
		struct deadline wait = { 0 };

		put_file(server, "/more.conf", memory_printf("worker_processes %d;", 1 + 3 * i));
		pid_t new = upgrade_start_beside(server);
		wait_for_answers(load);
		kill(new, SIGQUIT);
		while (file_exists(server, "/server.pid.oldbin"))
			deadline_wait(&wait, "the new master has ended");
		wait_for_answers(load);
	}
	struct load_result result = load_stop(load);
	load_check(&result);
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

/*
 * The new program opens more sockets before it finds that it can't have all it
 * wants; the old one comes back to a configuration that it can't use either, until
 * it is told to try again.
 */
START_TEST(nothing_is_lost_when_the_old_program_comes_back)
{
	struct server *server = upgrade_start("events { accept_mode reuseport; }");
	struct load *load = begin(server);
	const char *good = memory_printf("%s.good", program);
	int fd = occupy_port(server, 1);

	put_file(server, "/bad.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT%; return 200 ok; }"
				     "server { listen 127.0.0.1:%PORT2%; }"));
	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] || {\n"
				 "mv %s/bad.conf %s/http.conf\n"
				 "echo 'worker_processes 6;' >%s/more.conf; }\nexec %s \"$@\"\n",
				 server->dir, server->dir, server->dir, good));
	upgrade_check(server, 1, "the old one goes on");
	put_file(server, "/http.conf", "");
	put_file(server, "/more.conf", "");
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };
	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the old program serves with its configuration");
	wait_for_answers(load);
	struct load_result result = load_stop(load);
	load_check(&result);
	close(fd);
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "upgrade under load", .timeout = 600 };

TESTS_IN(&suite, many_idle_ones_survive_in_the_same_process, many_idle_ones_survive_beside,
	 nothing_is_lost_in_the_same_process, nothing_is_lost_beside,
	 nothing_is_lost_on_the_way_back, nothing_is_lost_when_the_old_program_comes_back)
