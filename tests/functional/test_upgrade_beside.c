/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another program serves beside the old one, until one of them ends.
 */
#include "harness/upgrade.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

START_TEST(signals_complete_an_upgrade)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	put_program();
	pid_t new = upgrade_start_beside(server);
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

/* Old workers that first need an opener while the new master serves, and after it has gone. */
START_TEST(links_are_followed_beside_and_on_the_way_back)
{
	struct server *server = upgrade_start_in_background("worker_processes 1;");

	put_file(server, "/media/a", "a");
	put_file(server, "/media/b", "b");
	put_file(server, "/html/x", "");
	ck_assert_int_eq(symlink("../media", file_path(server, "/html/link")), 0);
	put_file(server, "/http.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT2%; root %DIR%/html; }"));
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	struct client *client = client_open_port(server, 1);
	ck_assert_str_eq(client_get(client, "/x").body, "");
	pid_t new = upgrade_start_beside(server);
	ck_assert_str_eq(client_get(client, "/link/a").body, "a");
	kill(new, SIGQUIT);
	struct deadline wait = { 0 };
	while (file_exists(server, "/server.pid.oldbin"))
		deadline_wait(&wait, "the new master has ended");
	ck_assert_str_eq(client_get(client, "/link/b").body, "b");
	ck_assert_str_eq(client_get(client_open_port(server, 1), "/link/a").body, "a");
	upgrade_stop(server);
}
END_TEST

START_TEST(signals_go_back)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	pid_t new = upgrade_start_beside(server);
	kill(server->pid, SIGWINCH);
	wait_for_processes(server, 1);
	/* The configuration may be for the new program by now. */
	put_file(server, "/more.conf", "no_such_directive;");
	kill(server->pid, SIGHUP);
	wait_for_processes(server, 3);
	log_wait(server, "starts its workers again");
	struct deadline wait = { 0 };
	while (file_count(server, "/error.log", "configuration serves, with") < 3)
		deadline_wait(&wait, "the old workers serve again");
	kill(new, SIGQUIT);
	while (file_exists(server, "/server.pid.oldbin"))
		deadline_wait(&wait, "the pid file has its name again");
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
	pid_t new = upgrade_start_beside(server);
	struct deadline wait = { 0 };

	/* A third one is not started. */
	kill(server->pid, SIGUSR2);
	log_wait(server, "another program serves beside this one");
	kill(new, SIGKILL);
	while (file_exists(server, "/server.pid.oldbin"))
		deadline_wait(&wait, "the pid file has its name again");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	/* Until then a worker of the killed one may take a connection and end with it. */
	wait_for_processes(server, 1);
	ck_assert_str_eq(get(server, "/").body, "ok");
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

/* It passes the preflight, and yet it can't start. */
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

/* Of all requests by their labels that were responded to with 200, in either version of HTTP. */
static unsigned long labelled(const struct server *server)
{
	static const char sample[] = "http_server_request_duration_seconds_count{"
				     "server_address=\"_\",http_request_method=\"GET\","
				     "http_response_status_code=\"200\","
				     "network_protocol_version=\"";
	const char *text = upgrade_command(server, "status --openmetrics").text;
	const char *at = strstr(text, sample);

	ck_assert(at != NULL);
	return strtoul(strchr(at, ' '), NULL, 10);
}

/* The new master takes over what the old one has counted once that has ended. */
START_TEST(the_totals_go_on)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");

	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(get(server, "/").body, "ok");
		upgrade_check(server, 0, "hands its connections over and ends");
		upgrade_settle(server);
	}
	ck_assert_str_eq(get(server, "/").body, "ok");
	log_wait(server, "this one serves alone");
	ck_assert_uint_eq(upgrade_total(server, "requests"), 3);
	ck_assert_uint_eq(upgrade_total(server, "accepted"), 3);
	ck_assert_uint_eq(labelled(server), 3);
	upgrade_stop(server);
}
END_TEST

/* And the other way round. */
START_TEST(the_totals_come_back)
{
	struct server *server = upgrade_start_in_background("");
	struct deadline wait = { 0 };

	pid_t new = upgrade_start_beside(server);
	kill(server->pid, SIGWINCH);
	wait_for_processes(server, 1);
	ck_assert_str_eq(get(server, "/").body, "ok");
	kill(server->pid, SIGHUP);
	wait_for_processes(server, 2);
	kill(new, SIGQUIT);
	while (file_exists(server, "/server.pid.oldbin"))
		deadline_wait(&wait, "the pid file has its name again");
	ck_assert_uint_eq(upgrade_total(server, "requests"), 1);
	ck_assert_uint_eq(labelled(server), 1);
	upgrade_stop(server);
}
END_TEST

/* Those which only the new program served: the kernel puts connections into them. */
START_TEST(sockets_of_a_killed_program_are_served)
{
	struct server *server =
		upgrade_start_in_background("events { accept_mode reuseport; }");

	put_file(server, "/more.conf", "worker_processes 6;");
	pid_t new = upgrade_start_beside(server);
	kill(new, SIGKILL);
	log_wait(server, "listening sockets are not served");
	struct deadline wait = { 0 };
	while (file_exists(server, "/server.pid.oldbin"))
		deadline_wait(&wait, "the pid file has its name again");
	wait_for_processes(server, 1);
	for (int i = 0; i < 50; i++)
		ck_assert_str_eq(get(server, "/").body, "ok");
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

static int count_answered(struct client **clients, int count)
{
	int answered = 0;

	for (int i = 0; i < count; i++)
		answered += !client_is_quiet(clients[i], 0);
	return answered;
}

/* How many connections a worker still has that is to end, by its title; INT_MAX: it isn't. */
static int draining(pid_t pid)
{
	FILE *file = fopen(memory_printf("/proc/%d/cmdline", pid), "r");
	char title[200] = "";
	int count = INT_MAX;

	if (!file)
		return 0;
	title[fread(title, 1, sizeof(title) - 1, file)] = '\0';
	fclose(file);
	const char *word = strstr(title, "draining ");
	if (word)
		count = atoi(word + strlen("draining "));
	return title[0] ? count : 0;
}

/* A worker of the other program that takes nothing is sent no more than it may have to take. */
START_TEST(a_worker_abroad_is_not_flooded)
{
	enum { CLIENTS = 400, CREDIT = 128, BATCH = 32 };
	struct server *server = upgrade_start_in_background(
		"worker_processes 1; events { worker_connections 1000; }");
	struct client *clients[CLIENTS];
	struct deadline wait = { 0 };

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
	}
	pid_t old = upgrade_worker(server);
	pid_t new = upgrade_start_beside(server);
	pid_t stopped = upgrade_worker(server);
	ck_assert_int_ne(stopped, old);
	kill(stopped, SIGSTOP);
	kill(server->pid, SIGQUIT);
	while (draining(old) > CLIENTS - CREDIT)
		deadline_wait(&wait, "the old worker has passed on what it may");
	for (int i = 0; i < CLIENTS; i++)
		client_send(clients[i], request);
	while (count_answered(clients, CLIENTS) < CLIENTS - CREDIT - BATCH)
		deadline_wait(&wait, "the old worker serves the rest");
	kill(stopped, SIGCONT);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_str_eq(client_reply(clients[i]).body, "ok");
	wait_for_end(server->pid);
	server->pid = new;
	upgrade_stop(server);
}
END_TEST

/* It is killed while it ends: nobody here takes what it has not read. */
START_TEST(what_a_dead_worker_has_not_read_goes_abroad)
{
	enum { CLIENTS = 100 };
	struct server *server =
		upgrade_start_in_background("worker_processes 1; events { accept_mode handoff; }");
	struct client *clients[CLIENTS];
	struct deadline wait = { 0 };
	pid_t stopped = upgrade_worker(server);

	kill(stopped, SIGSTOP);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], request);
	}
	while (upgrade_total(server, "handed_off") < CLIENTS)
		deadline_wait(&wait, "all connections are dealt");
	pid_t new = upgrade_start_beside(server);
	kill(server->pid, SIGQUIT);
	/* The worker, and the new master. */
	wait_for_processes(server, 2);
	kill(stopped, SIGKILL);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_str_eq(client_reply(clients[i]).body, "ok");
	wait_for_end(server->pid);
	server->pid = new;
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "upgrade beside", .timeout = 600 };

TESTS_IN(&suite, a_new_master_takes_over, signals_complete_an_upgrade, signals_go_back,
	 links_are_followed_beside_and_on_the_way_back,
	 the_old_master_outlives_the_new_one, a_new_master_that_fails_is_forgotten,
	 the_totals_go_on, the_totals_come_back, sockets_of_a_killed_program_are_served,
	 a_worker_abroad_is_not_flooded,
	 what_a_dead_worker_has_not_read_goes_abroad)
