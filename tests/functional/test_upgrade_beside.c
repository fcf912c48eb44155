/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another program serves beside the old one, until one of them ends.
 */
#include "harness/upgrade.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(a_new_master_takes_over)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	for (int i = 0; i < 2; i++) {
		put_program();
		upgrade_check(server, 0, "hands its connections over and ends");
		upgrade_settle(server);
		check_clients(clients);
	}
	upgrade_stop(server);
}
END_TEST

/* USR2 to the master; the pid of the new one. */
static pid_t start_beside(struct server *server)
{
	struct patience wait = { 0 };
	size_t before = file_count(server, "/error.log", " serves\n");

	kill(server->pid, SIGUSR2);
	while (file_count(server, "/error.log", " serves\n") == before)
		patience(&wait, "the new master serves");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid.oldbin")), server->pid);
	pid_t new = atoi(file_text(server, "/server.pid"));
	ck_assert_int_ne(new, server->pid);
	return new;
}

START_TEST(signals_complete_an_upgrade)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	put_program();
	pid_t new = start_beside(server);
	wait_for_processes(server, 3);
	kill(server->pid, SIGWINCH);
	wait_for_processes(server, 1);
	check_clients(clients);
	ck_assert_str_eq(get(server, "/").body, "ok");
	kill(server->pid, SIGQUIT);
	wait_for_end(server->pid);
	server->pid = new;
	ck_assert(!file_exists(server, "/server.pid.oldbin"));
	ck_assert(file_exists(server, "/s.sock"));
	check_clients(clients);
	upgrade_stop(server);
}
END_TEST

START_TEST(signals_go_back)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	pid_t new = start_beside(server);
	kill(server->pid, SIGWINCH);
	wait_for_processes(server, 1);
	/* The configuration may be for the new program by now. */
	put_file(server, "/more.conf", "no_such_directive;");
	kill(server->pid, SIGHUP);
	wait_for_processes(server, 3);
	log_wait(server, "starts its workers again");
	struct patience wait = { 0 };
	while (file_count(server, "/error.log", "configuration serves, with") < 3)
		patience(&wait, "the old workers serve again");
	kill(new, SIGQUIT);
	while (file_exists(server, "/server.pid.oldbin"))
		patience(&wait, "the pid file has its name again");
	wait_for_processes(server, 2);
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert(file_exists(server, "/s.sock"));
	ck_assert(file_exists(server, "/server.pid.sock"));
	check_clients(clients);
	put_file(server, "/more.conf", "");
	upgrade_check(server, 0, "hands its connections over and ends");
	upgrade_settle(server);
	check_clients(clients);
	upgrade_stop(server);
}
END_TEST

START_TEST(the_old_master_outlives_the_new_one)
{
	struct server *server = upgrade_start_in_background("");
	pid_t new = start_beside(server);
	struct patience wait = { 0 };

	/* A third one is not started. */
	kill(server->pid, SIGUSR2);
	log_wait(server, "another program serves beside this one");
	kill(new, SIGKILL);
	while (file_exists(server, "/server.pid.oldbin"))
		patience(&wait, "the pid file has its name again");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 1);
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

/* It passes the trial, and yet it can't start. */
START_TEST(a_new_master_that_fails_is_forgotten)
{
	struct server *server = upgrade_start_in_background("");
	const char *good = memory_printf("%s.good", program);
	const char *bad = put_ignorant("worker_shutdown_timeout");

	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf(
		"#!/bin/sh\n[ \"$SKUA_TRIAL\" ] && exec %s \"$@\"\nexec %s \"$@\"\n", good, bad));
	upgrade_check(server, 1, "exited with code 1");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert(!file_exists(server, "/server.pid.oldbin"));
	ck_assert(file_exists(server, "/s.sock"));
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 1);
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "upgrade beside", .timeout = 600 };

TESTS_IN(&suite, a_new_master_takes_over, signals_complete_an_upgrade, signals_go_back,
	 the_old_master_outlives_the_new_one, a_new_master_that_fails_is_forgotten)
