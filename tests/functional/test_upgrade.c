/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another program takes over in the same process; and programs that can't.
 */
#include "harness/upgrade.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- in the same process --------------------------------------------------------- */

START_TEST(the_same_process_runs_the_new_program)
{
	struct server *server = upgrade_start("worker_processes 2;");
	const char *exe = memory_printf("/proc/%d/exe", server->pid);
	ino_t socket_file = inode_of(file_path(server, "/s.sock"));

	put_program();
	ck_assert_uint_ne(inode_of(exe), inode_of(program));
	upgrade_check(server, 0, "serves in place of the old program");
	ck_assert_uint_eq(inode_of(exe), inode_of(program));
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert_uint_eq(inode_of(file_path(server, "/s.sock")), socket_file);
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 2);
	upgrade_stop(server);
}
END_TEST

START_TEST(the_signal_does_it)
{
	struct server *server = upgrade_start("");

	put_program();
	kill(server->pid, SIGUSR2);
	log_wait(server, "this program serves in place of the old one");
	ck_assert_str_eq(get(server, "/").body, "ok");
	upgrade_stop(server);
}
END_TEST

START_TEST(idle_connections_go_on)
{
	struct server *server = upgrade_start("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	for (int i = 0; i < 2; i++) {
		put_program();
		upgrade_check(server, 0, "serves in place");
		wait_for_processes(server, 2);
		check_clients(clients);
	}
	upgrade_stop(server);
}
END_TEST

/* What it gives away last lies in its channel, which nobody reads until the new program serves. */
START_TEST(a_worker_ends_while_the_program_is_replaced)
{
	struct server *server = upgrade_start("worker_processes 1;");
	const char *good = memory_printf("%s.good", program);
	struct client *clients[UPGRADE_CLIENTS];
	pid_t old;

	open_clients(server, clients);
	ck_assert_int_eq(server_workers(server, &old, 1), 1);
	kill(old, SIGSTOP);
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	put_program();
	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] || { kill -CONT %d\n"
				 "until grep -q State:.Z /proc/%d/status || [ ! -d /proc/%d ]\n"
				 "do sleep 0.05; done; } 2>/dev/null\nexec %s \"$@\"\n",
				 old, old, old, good));
	upgrade_check(server, 0, "serves in place");
	wait_for_processes(server, 1);
	check_clients(clients);
	upgrade_stop(server);
}
END_TEST

START_TEST(an_answer_under_way_is_finished)
{
	static char bytes[16 << 20];
	struct server *server = upgrade_start("");
	char first[100];

	put_file(server, "/more.conf",
		 server_text(server, "events { } http { access_log off; server { "
				     "listen 127.0.0.1:%PORT2%; root %DIR%/html; } }"));
	put_bytes(server, "large", bytes, sizeof(bytes));
	put_file(server, "/conf/server.conf",
		 server_text(server, "daemon off; pid %DIR%/server.pid;"
				     "error_log %DIR%/error.log info; include %DIR%/more.conf;"));
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	struct client *client = client_open_port(server, 1);
	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	size_t got = client_read(client, first, sizeof(first));
	ck_assert_uint_gt(got, 0);
	upgrade_check(server, 0, "serves in place");
	ck_assert_uint_gt(got + client_drain(client), sizeof(bytes));
	wait_for_processes(server, 1);
	upgrade_stop(server);
}
END_TEST

/*
 * Each worker is stopped and gets so many connections that it may not be sent any
 * more, and what the one before has left when that is killed: the last ones do not
 * fit in, and wait with the master.
 */
START_TEST(what_lies_in_no_inbox_goes_on)
{
	enum { ROUNDS = 3, EACH = 128 };
	test_needs_descriptors(600);
	struct server *server = upgrade_start(
		"worker_processes 1; events { accept_mode handoff; worker_connections 4000; }");
	struct client *clients[ROUNDS][EACH];
	struct deadline wait = { 0 };
	pid_t pid = 0;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t before = pid;

		if (before)
			ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
		pid = upgrade_worker(server);
		kill(pid, SIGSTOP);
		for (int j = 0; j < EACH; j++) {
			clients[i][j] = client_open(server);
			client_send(clients[i][j], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
			/* One that comes alone takes more room. */
			usleep(1000);
		}
		/* Where this takes long the master empties the inbox of one that is stuck. */
		while (upgrade_total(server, "handed_off") < (uint64_t)(i + 1) * EACH &&
		       !log_has(server, "takes no connections: "))
			deadline_wait(&wait, "all connections are dealt");
		if (!before)
			continue;
		kill(before, SIGKILL);
		while (file_count(server, "/error.log", "exited on signal 9") < (size_t)i)
			deadline_wait(&wait, "the master has noticed");
	}
	put_program();
	upgrade_check(server, 0, "serves in place");
	kill(pid, SIGCONT);
	for (int i = 0; i < ROUNDS; i++)
		for (int j = 0; j < EACH; j++)
			ck_assert_str_eq(client_reply(clients[i][j]).body, "ok");
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

START_TEST(many_upgrades_leave_nothing)
{
	struct server *server =
		upgrade_start("worker_processes 2; events { accept_mode handoff; }");

	upgrade_check(server, 0, "serves in place");
	wait_for_processes(server, 3);
	int before = server_descriptors(server);
	struct deadline wait = { 0 };
	for (int i = 0; i < 5; i++)
		upgrade_check(server, 0, "serves in place");
	wait_for_processes(server, 3);
	while (server_descriptors(server) > before)
		deadline_wait(&wait, "not more descriptors than before");
	upgrade_stop(server);
}
END_TEST

/* Also those of processes that have gone before the upgrade, and with it. */
START_TEST(the_totals_go_on)
{
	struct server *server = upgrade_start("worker_processes 2;");

	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(get(server, "/").body, "ok");
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	wait_for_processes(server, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(get(server, "/").body, "ok");
		upgrade_check(server, 0, "serves in place");
	}
	wait_for_processes(server, 2);
	ck_assert_uint_eq(upgrade_total(server, "requests"), 5);
	ck_assert_uint_eq(upgrade_total(server, "accepted"), 5);
	upgrade_stop(server);
}
END_TEST

/* As if the other program were one that counts in another way. */
static void put_stranger(const char *sed)
{
	const char *good = memory_printf("%s.good", program);

	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n"
				 "[ \"$SKUA_TRIAL\" ] && exec %s \"$@\"\n"
				 "state=/proc/self/fd/${SKUA_STATE%%%%;*}\n"
				 "text=$(sed '%s' $state)\n"
				 "echo \"$text\" >$state\n"
				 "exec %s \"$@\"\n",
				 good, sed, good));
}

START_TEST(counters_of_another_layout_begin_anew)
{
	struct server *server = upgrade_start("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	put_stranger("s/^stats .*/&9/");
	upgrade_check(server, 0, "serves in place");
	log_wait(server, "have another layout: they begin anew");
	wait_for_processes(server, 2);
	ck_assert_uint_eq(upgrade_total(server, "requests"), 0);
	check_clients(clients);
	upgrade_stop(server);
}
END_TEST

/* Which keeps the port that the kernel has chosen. */
START_TEST(serve_is_upgraded_too)
{
	test_needs_http1("skua serve has HTTP/1 only");

	struct server server = { .dir = scratch_create(), .name = "skua" };
	struct deadline wait = { 0 };
	pid_t before[UPGRADE_WORKERS];

	upgrade_install();
	put_file(&server, "a.txt", "hello");
	server.pid = fork();
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (!freopen(file_path(&server, "/output.log"), "w", stdout))
			_exit(1);
		execl(program, program, "serve", file_path(&server, ""), "-p", "0", "-w", "2",
		      NULL);
		_exit(1);
	}
	const char *url = NULL;
	while (!(url = strstr(file_text(&server, "/output.log"), "127.0.0.1:")) ||
	       !strstr(url, "Ctrl-C"))
		deadline_wait(&wait, "it serves");
	server.ports[0] = atoi(url + strlen("127.0.0.1:"));
	struct client *client = client_open(&server);
	ck_assert_str_eq(client_get(client, "/a.txt").body, "hello");
	put_program();
	wait_for_processes(&server, 2);
	server_workers(&server, before, UPGRADE_WORKERS);
	kill(server.pid, SIGUSR2);
	const char *exe = memory_printf("/proc/%d/exe", server.pid);
	while (inode_of(exe) != inode_of(program))
		deadline_wait(&wait, "the new program runs");
	wait_for_new(&server, before);
	wait_for_processes(&server, 2);
	ck_assert_str_eq(client_get(client, "/a.txt").body, "hello");
	ck_assert_str_eq(get(&server, "/a.txt").body, "hello");
	upgrade_stop(&server);
}
END_TEST

/* --- files that only the opener opens (worker/opener.h) ------------------------------- */

/* The server on the second port has files behind links that lead out of its root. */
static struct server *start_with_links(void)
{
	const char *const files[] = { "/more.conf", "",		"/media/a", "a", "/media/b",
				      "b",	    "/media/c", "c",	    NULL };

	upgrade_install();
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = "worker_processes 1; include %DIR%/more.conf; http { access_log off;"
			"server { listen 127.0.0.1:%PORT%; return 200 ok; }"
			"server { listen 127.0.0.1:%PORT2%; root %DIR%/html; } }",
		.program = program,
		.files = files,
	});
	log_wait(server, "generation 1 of the configuration serves");
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel"))
		test_skip("this kernel or this build has no whole sandbox");
	mkdir(file_path(server, "/html"), 0755);
	ck_assert_int_eq(symlink("../media", file_path(server, "/html/link")), 0);
	return server;
}

/* What the script waits for once it is the master. */
static void put_slow(const struct server *server, const char *next)
{
	const char *good = memory_printf("%s.good", program), *dir = server->dir;

	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] && exec %s \"$@\"\n"
				 ": >%s/waits\nuntil [ -e %s/go ]; do sleep 0.01; done\n"
				 "exec %s \"$@\"\n",
				 good, dir, dir, next));
}

static void wait_for_file(const struct server *server, const char *name)
{
	struct deadline wait = { 0 };

	while (!file_exists(server, name))
		deadline_wait(&wait, name);
}

static void wait_for_end_of(pid_t pid)
{
	struct deadline wait = { 0 };

	while (pid && kill(pid, 0) == 0)
		deadline_wait(&wait, "the process has ended");
}

/* It asks for the first of them when its master cannot start an opener any more. */
START_TEST(an_old_worker_opens_files_while_the_new_program_starts)
{
	struct server *server = start_with_links();
	struct client *client = client_open_port(server, 1);

	put_slow(server, memory_printf("%s.good", program));
	kill(server->pid, SIGUSR2);
	wait_for_file(server, "/waits");
	ck_assert_str_eq(client_get(client, "/link/a").body, "a");
	pid_t opener = server_helper(server, "opener");
	put_file(server, "/go", "");
	log_wait(server, "this program serves in place of the old one");
	ck_assert_str_eq(client_get(client, "/link/b").body, "b");
	wait_for_processes(server, 1);
	wait_for_end_of(opener);
	upgrade_stop(server);
}
END_TEST

START_TEST(files_are_opened_when_the_old_program_has_come_back)
{
	struct server *server = start_with_links();
	struct client *client = client_open_port(server, 1);

	put_slow(server, put_ignorant("worker_shutdown_timeout"));
	/* Nor can the old program read this: its processes go on without a configuration. */
	put_file(server, "/more.conf", "worker_shutdown_timeout 30s;");
	kill(server->pid, SIGUSR2);
	wait_for_file(server, "/waits");
	ck_assert_str_eq(client_get(client, "/link/a").body, "a");
	put_file(server, "/more.conf", "worker_shutdown_timeout 30s; no_such_directive;");
	put_file(server, "/go", "");
	log_wait(server, "going back to the old program");
	ck_assert_str_eq(client_get(client, "/link/b").body, "b");
	put_file(server, "/more.conf", "");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert_str_eq(client_get(client, "/link/c").body, "c");
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

/* --- what can go wrong ----------------------------------------------------------- */

static void break_missing(struct server *server)
{
	(void)server;
	unlink(program);
}

static void break_rights(struct server *server)
{
	(void)server;
	chmod(program, 0644);
}

static void break_crash(struct server *server)
{
	(void)server;
	put_script("#!/bin/sh\nkill -SEGV $$\n");
}

static void break_end(struct server *server)
{
	(void)server;
	put_script("#!/bin/sh\nexit 0\n");
}

static void break_conf(struct server *server)
{
	put_file(server, "/more.conf", "retrun 1;");
}

static void break_directive(struct server *server)
{
	const char *path = put_ignorant("worker_shutdown_timeout");

	(void)server;
	put_script(memory_printf("#!/bin/sh\nexec %s \"$@\"\n", path));
}

static const struct {
	void (*apply)(struct server *server);
	const char *text;
} breaks[] = {
	{ break_missing, "No such file or directory" },
	{ break_rights, "Permission denied" },
	{ break_crash, "was ended by signal 11" },
	{ break_end, "has not responded to a request" },
	{ break_conf, "unknown directive \"retrun\"" },
	{ break_directive, "unknown directive \"worker_shutdown_timeout\"" },
};

/* Nothing has happened: the processes are the same. */
static void try_broken(struct server *server, int i)
{
	pid_t before[UPGRADE_WORKERS], after[UPGRADE_WORKERS];

	wait_for_processes(server, 1);
	server_workers(server, before, UPGRADE_WORKERS);
	breaks[i].apply(server);
	/* This configuration can't be read by the command either. */
	if (breaks[i].apply == break_conf) {
		kill(server->pid, SIGUSR2);
		log_wait(server, breaks[i].text);
	} else {
		upgrade_check(server, 1, breaks[i].text);
	}
	log_wait(server, "upgrade: nothing was changed");
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 1);
	server_workers(server, after, UPGRADE_WORKERS);
	ck_assert_int_eq(before[0], after[0]);
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	put_file(server, "/more.conf", "");
	put_program();
	upgrade_forgive(server);
}

START_TEST(a_bad_program_changes_nothing)
{
	struct server *server = upgrade_start("");
	struct client *client = client_open(server);

	ck_assert_str_eq(client_get(client, "/").body, "ok");
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
		try_broken(server, (int)i);
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	upgrade_check(server, 0, "serves in place");
	upgrade_stop(server);
}
END_TEST

/* The new program would not know of the command, and would serve on. */
START_TEST(quit_ends_an_upgrade)
{
	struct server *server = upgrade_start("drain_delay 1h;");
	const char *good = memory_printf("%s.good", program);
	struct deadline wait = { 0 };
	pid_t preflight;

	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\nif [ \"$SKUA_TRIAL\" ]; then echo $$ >%s/pid.new;"
				 " mv %s/pid.new %s/pid; until [ -e %s/go ]; do sleep 0.01; done;"
				 " fi\nexec %s \"$@\"\n",
				 server->dir, server->dir, server->dir, server->dir, good));
	kill(server->pid, SIGUSR2);
	while (!file_exists(server, "/pid"))
		deadline_wait(&wait, "the preflight");
	preflight = atoi(file_text(server, "/pid"));
	kill(server->pid, SIGQUIT);
	log_wait(server, "ending after the responses under way");
	put_file(server, "/go", "");
	while (kill(preflight, 0) == 0) /* a child of the server */
		deadline_wait(&wait, "the preflight is over");
	kill(server->pid, SIGUSR2); /* nor does another upgrade begin */
	kill(server->pid, SIGHUP);
	ck_assert_str_eq(get(server, "/").body, "ok");
	ck_assert_int_eq(upgrade_command(server, "status").status, 0);
	ck_assert(!log_has(server, "upgrade: executing"));
	ck_assert(!log_has(server, "generation 2 of the configuration serves"));
	upgrade_stop(server); /* a second QUIT ends the wait */
}
END_TEST

/* It passes the preflight, and yet it can't start. */
START_TEST(the_old_program_comes_back)
{
	struct server *server = upgrade_start("");
	struct client *clients[UPGRADE_CLIENTS];
	const char *good = memory_printf("%s.good", program);
	const char *bad = put_ignorant("worker_shutdown_timeout");

	open_clients(server, clients);
	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf(
		"#!/bin/sh\n[ \"$SKUA_TRIAL\" ] && exec %s \"$@\"\nexec %s \"$@\"\n", good, bad));
	upgrade_check(server, 1, "the old one goes on");
	log_wait(server, "going back to the old program");
	wait_for_processes(server, 1);
	ck_assert_uint_eq(inode_of(memory_printf("/proc/%d/exe", server->pid)), inode_of(good));
	check_clients(clients);
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

/*
 * It crashes as the master, once it handles SIGABRT, while it reads its
 * configuration: a pipe in which nothing comes keeps it there until then.
 */
START_TEST(the_old_program_comes_back_after_a_crash)
{
	struct server *server = upgrade_start("");
	struct client *clients[UPGRADE_CLIENTS];
	const char *good = memory_printf("%s.good", program);
	const char *script =
		"#!/bin/sh\n"
		"[ \"$SKUA_TRIAL\" ] && exec %s \"$@\"\n"
		"rm %s/more.conf; mkfifo %s/more.conf\n"
		"(until grep -q 'SigCgt:.*[2367abef].$' /proc/$$/status; do sleep 0.01; done\n"
		"rm %s/more.conf; : >%s/more.conf; kill -SEGV $$) &\n"
		"exec %s \"$@\"\n";

	open_clients(server, clients);
	ck_assert_int_eq(rename(program, good), 0);
	const char *dir = server->dir;
	put_script(memory_printf(script, good, dir, dir, dir, dir, good));
	upgrade_check(server, 1, "the old one goes on");
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert(!log_has(server, "in place of the old one"));
	wait_for_processes(server, 1);
	check_clients(clients);
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

/* Nor can the old one: its processes serve on, and a reload helps. */
START_TEST(processes_go_on_without_a_configuration)
{
	struct server *server = upgrade_start("");
	struct client *client = client_open(server);
	const char *good = memory_printf("%s.good", program);

	ck_assert_str_eq(client_get(client, "/").body, "ok");
	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] || echo 'bad;' >%s/more.conf\n"
				 "exec %s \"$@\"\n",
				 server->dir, good));
	upgrade_check(server, 1, "the old one goes on");
	ck_assert_str_eq(get(server, "/").body, "ok");
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	put_file(server, "/more.conf", "");
	kill(server->pid, SIGHUP);
	log_wait(server, " serves, with ");
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	upgrade_forgive(server);
	kill(server->pid, SIGHUP);
	log_wait(server, " serves, with ");
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

START_TEST(a_bad_program_is_not_started_beside)
{
	struct server *server = upgrade_start_in_background("");

	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		try_broken(server, (int)i);
		ck_assert(!file_exists(server, "/server.pid.oldbin"));
	}
	upgrade_stop(server);
}
END_TEST

/* Whoever watches the process would take its end for that of the server. */
START_TEST(a_service_manager_keeps_its_process)
{
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "@skua-test-nobody", 1), 0);
	struct server *server = upgrade_start_in_background("");

	upgrade_check(server, 0, "serves in place");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert_str_eq(get(server, "/").body, "ok");
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "upgrade", .timeout = 600 };

TESTS_IN(&suite, the_same_process_runs_the_new_program, the_signal_does_it, idle_connections_go_on,
	 a_worker_ends_while_the_program_is_replaced, an_answer_under_way_is_finished,
	 many_upgrades_leave_nothing, what_lies_in_no_inbox_goes_on, the_totals_go_on,
	 counters_of_another_layout_begin_anew, serve_is_upgraded_too,
	 an_old_worker_opens_files_while_the_new_program_starts,
	 files_are_opened_when_the_old_program_has_come_back, a_bad_program_changes_nothing,
	 quit_ends_an_upgrade, the_old_program_comes_back, the_old_program_comes_back_after_a_crash,
	 processes_go_on_without_a_configuration, a_bad_program_is_not_started_beside,
	 a_service_manager_keeps_its_process)
