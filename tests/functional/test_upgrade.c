/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another program takes over: in the same process, and beside the old one. The
 * program is a copy in a folder of its own, where it is replaced. SOAK=1: more
 * upgrades under load.
 */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 32, CLIENTS = 40 };

static const char *program; /* the path at which the server finds itself */

/* --- the program --------------------------------------------------------------- */

static const char *original(void)
{
	return getenv("SKUA") ? getenv("SKUA") : "build/skua";
}

static char *read_program(size_t *size)
{
	FILE *file = fopen(original(), "r");
	struct stat status;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &status), 0);
	char *bytes = memory_alloc((size_t)status.st_size);
	*size = (size_t)status.st_size;
	ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
	fclose(file);
	return bytes;
}

/* As a package manager does it: the new file takes the name of the old one. */
static void put(const char *path, const void *bytes, size_t size, mode_t mode)
{
	const char *temporary = memory_printf("%s.new", path);
	FILE *file = fopen(temporary, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(temporary, mode), 0);
	ck_assert_int_eq(rename(temporary, path), 0);
}

static void put_program(void)
{
	size_t size;
	const char *bytes = read_program(&size);

	put(program, bytes, size, 0755);
}

static void put_script(const char *text)
{
	put(program, text, strlen(text), 0755);
}

/* A program that doesn't know a directive, beside the real one. */
static const char *put_ignorant(const char *directive)
{
	const char *path = memory_printf("%s.ignorant", program);
	size_t size, len = strlen(directive), found = 0;
	char *bytes = read_program(&size);

	for (char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), directive, len));) {
		*at = 'X';
		found++;
	}
	ck_assert_uint_gt(found, 0);
	put(path, bytes, size, 0755);
	return path;
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_ino;
}

/* --- the server ---------------------------------------------------------------- */

static const char *conf(const char *main)
{
	return memory_printf("%s worker_shutdown_timeout 30s; include %%DIR%%/more.conf;\n"
			     "http { access_log off; keepalive_requests 1000000;\n"
			     "server { listen 127.0.0.1:%%PORT%%; listen unix:%%DIR%%/s.sock;\n"
			     "return 200 ok; } }",
			     main);
}

static void install(void)
{
	if (getenv("WRAPPER"))
		test_skip("the program would be replaced inside of the wrapper");
	program = memory_printf("%s/skua", scratch_create());
	put_program();
}

static struct server *start(const char *main)
{
	static const char *const files[] = { "/more.conf", "", NULL };

	install();
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = conf(main), .program = program, .files = files,
	});
	log_wait(server, " serves, with ");
	return server;
}

static void stop(struct server *server)
{
	server_stop(server);
	scratch_remove(memory_printf("%.*s", (int)(strrchr(program, '/') - program), program));
}

/* For tests that make the server complain. */
static void forgive(struct server *server)
{
	put_file(server, "/error.log", "");
	put_file(server, "/output.log", "");
}

struct outcome {
	int status;
	const char *text;
};

/* What the original says, whatever lies at the server's path by now. */
static struct outcome command(const struct server *server, const char *arguments)
{
	FILE *from = popen(memory_printf("timeout 60 %s -p %s -c %s/conf/server.conf "
					 "-e %s/error.log %s 2>&1",
					 original(), server->dir, server->dir, server->dir,
					 arguments),
			   "r");
	char *text = memory_alloc(65536);

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, 65535, from)] = '\0';
	int status = pclose(from);
	ck_assert(WIFEXITED(status));
	return (struct outcome){ WEXITSTATUS(status), text };
}

static void check_upgrade(const struct server *server, int status, const char *text)
{
	struct outcome outcome = command(server, "-s upgrade");

	ck_assert_msg(outcome.status == status && strstr(outcome.text, text),
		      "-s upgrade: status %d, \"%s\"", outcome.status, outcome.text);
}

static void wait_for_processes(struct server *server, int count)
{
	pid_t pids[WORKERS];
	struct patience wait = { 0 };

	while (server_workers(server, pids, WORKERS) != count)
		patience(&wait, "the right number of processes");
}

/* The first of the processes before has gone. */
static void wait_for_new(struct server *server, const pid_t before[WORKERS])
{
	pid_t now[WORKERS];
	struct patience wait = { 0 };

	while (server_workers(server, now, WORKERS) == 0 || now[0] == before[0])
		patience(&wait, "the old processes have gone");
}

static void open_clients(struct server *server, struct client *clients[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = client_open(server);
	/* Some have not asked for anything yet. */
	for (int i = 0; i < CLIENTS / 2; i++)
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
}

static void check_clients(struct client *clients[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
}

/* --- in the same process --------------------------------------------------------- */

START_TEST(the_same_process_runs_the_new_program)
{
	struct server *server = start("worker_processes 2;");
	const char *exe = memory_printf("/proc/%d/exe", server->pid);
	ino_t socket_file = inode_of(file_path(server, "/s.sock"));

	put_program();
	ck_assert_uint_ne(inode_of(exe), inode_of(program));
	check_upgrade(server, 0, "serves in place of the old program");
	ck_assert_uint_eq(inode_of(exe), inode_of(program));
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert_uint_eq(inode_of(file_path(server, "/s.sock")), socket_file);
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 2);
	stop(server);
}
END_TEST

START_TEST(the_signal_does_it)
{
	struct server *server = start("");

	put_program();
	kill(server->pid, SIGUSR2);
	log_wait(server, "this program serves in place of the old one");
	ck_assert_str_eq(get(server, "/").body, "ok");
	stop(server);
}
END_TEST

START_TEST(idle_connections_go_on)
{
	struct server *server = start("worker_processes 2;");
	struct client *clients[CLIENTS];

	open_clients(server, clients);
	for (int i = 0; i < 2; i++) {
		put_program();
		check_upgrade(server, 0, "serves in place");
		wait_for_processes(server, 2);
		check_clients(clients);
	}
	stop(server);
}
END_TEST

START_TEST(an_answer_under_way_is_finished)
{
	static char bytes[16 << 20];
	struct server *server = start("");
	char first[100];

	put_file(server, "/more.conf",
		 server_text(server, "events { } http { access_log off; server { "
				     "listen 127.0.0.1:%PORT2%; root %DIR%/html; } }"));
	put_bytes(server, "large", bytes, sizeof(bytes));
	put_file(server, "/conf/server.conf",
		 server_text(server, "daemon off; pid %DIR%/server.pid;"
				     "error_log %DIR%/error.log info; include %DIR%/more.conf;"));
	ck_assert_int_eq(command(server, "-s reload").status, 0);
	struct client *client = client_open_port(server, 1);
	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	size_t got = client_read(client, first, sizeof(first));
	ck_assert_uint_gt(got, 0);
	check_upgrade(server, 0, "serves in place");
	ck_assert_uint_gt(got + client_drain(client), sizeof(bytes));
	wait_for_processes(server, 1);
	stop(server);
}
END_TEST

static int descriptors(const struct server *server)
{
	FILE *from = popen(memory_printf("ls /proc/%d/fd | wc -l", server->pid), "r");
	int count = 0;

	ck_assert_int_eq(fscanf(from, "%d", &count), 1);
	pclose(from);
	return count;
}

START_TEST(many_upgrades_leave_nothing)
{
	struct server *server = start("worker_processes 2; events { accept_mode handoff; }");

	check_upgrade(server, 0, "serves in place");
	wait_for_processes(server, 3);
	int before = descriptors(server);
	struct patience wait = { 0 };
	for (int i = 0; i < 5; i++)
		check_upgrade(server, 0, "serves in place");
	wait_for_processes(server, 3);
	while (descriptors(server) != before)
		patience(&wait, "as many descriptors as before");
	stop(server);
}
END_TEST

/* Which keeps the port that the kernel has chosen. */
START_TEST(serve_is_upgraded_too)
{
	struct server server = { .dir = scratch_create(), .name = "skua" };
	struct patience wait = { 0 };
	pid_t before[WORKERS];

	install();
	put_file(&server, "a.txt", "hello");
	server.pid = fork();
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (!freopen(file_path(&server, "/output.log"), "w", stdout))
			_exit(1);
		execl(program, program, "serve", file_path(&server, ""), "-p", "0", "-w", "2", NULL);
		_exit(1);
	}
	const char *url = NULL;
	while (!(url = strstr(file_text(&server, "/output.log"), "127.0.0.1:")) ||
	       !strstr(url, "Ctrl-C"))
		patience(&wait, "it serves");
	server.ports[0] = atoi(url + strlen("127.0.0.1:"));
	struct client *client = client_open(&server);
	ck_assert_str_eq(client_get(client, "/a.txt").body, "hello");
	put_program();
	wait_for_processes(&server, 2);
	server_workers(&server, before, WORKERS);
	kill(server.pid, SIGUSR2);
	const char *exe = memory_printf("/proc/%d/exe", server.pid);
	while (inode_of(exe) != inode_of(program))
		patience(&wait, "the new program runs");
	wait_for_new(&server, before);
	wait_for_processes(&server, 2);
	ck_assert_str_eq(client_get(client, "/a.txt").body, "hello");
	ck_assert_str_eq(get(&server, "/a.txt").body, "hello");
	stop(&server);
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
	{ break_end, "gave no answer to a request" },
	{ break_conf, "unknown directive \"retrun\"" },
	{ break_directive, "unknown directive \"worker_shutdown_timeout\"" },
};

/* Nothing has happened: the processes are the same. */
static void try_broken(struct server *server, int i)
{
	pid_t before[WORKERS], after[WORKERS];

	wait_for_processes(server, 1);
	server_workers(server, before, WORKERS);
	breaks[i].apply(server);
	/* This configuration can't be read by the command either. */
	if (breaks[i].apply == break_conf) {
		kill(server->pid, SIGUSR2);
		log_wait(server, breaks[i].text);
	} else {
		check_upgrade(server, 1, breaks[i].text);
	}
	log_wait(server, "upgrade: nothing was changed");
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 1);
	server_workers(server, after, WORKERS);
	ck_assert_int_eq(before[0], after[0]);
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	put_file(server, "/more.conf", "");
	put_program();
	forgive(server);
}

START_TEST(a_bad_program_changes_nothing)
{
	struct server *server = start("");
	struct client *client = client_open(server);

	ck_assert_str_eq(client_get(client, "/").body, "ok");
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
		try_broken(server, (int)i);
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	check_upgrade(server, 0, "serves in place");
	stop(server);
}
END_TEST

/* It passes the trial, and yet it can't start. */
START_TEST(the_old_program_comes_back)
{
	struct server *server = start("");
	struct client *clients[CLIENTS];
	const char *good = memory_printf("%s.good", program);
	const char *bad = put_ignorant("worker_shutdown_timeout");

	open_clients(server, clients);
	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] && exec %s \"$@\"\nexec %s \"$@\"\n",
				 good, bad));
	check_upgrade(server, 1, "the old one goes on");
	log_wait(server, "going back to the old program");
	wait_for_processes(server, 1);
	ck_assert_uint_eq(inode_of(memory_printf("/proc/%d/exe", server->pid)), inode_of(good));
	check_clients(clients);
	forgive(server);
	stop(server);
}
END_TEST

/*
 * It crashes as the master, once it handles SIGABRT, while it reads its configuration: a pipe in which
 * nothing comes keeps it there until then.
 */
START_TEST(the_old_program_comes_back_after_a_crash)
{
	struct server *server = start("");
	struct client *clients[CLIENTS];
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
	check_upgrade(server, 1, "the old one goes on");
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert(!log_has(server, "in place of the old one"));
	wait_for_processes(server, 1);
	check_clients(clients);
	forgive(server);
	stop(server);
}
END_TEST

/* Nor can the old one: its processes serve on, and a reload helps. */
START_TEST(processes_go_on_without_a_configuration)
{
	struct server *server = start("");
	struct client *client = client_open(server);
	const char *good = memory_printf("%s.good", program);

	ck_assert_str_eq(client_get(client, "/").body, "ok");
	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] || echo 'bad;' >%s/more.conf\n"
				 "exec %s \"$@\"\n",
				 server->dir, good));
	check_upgrade(server, 1, "the old one goes on");
	ck_assert_str_eq(get(server, "/").body, "ok");
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	put_file(server, "/more.conf", "");
	kill(server->pid, SIGHUP);
	log_wait(server, " serves, with ");
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	forgive(server);
	kill(server->pid, SIGHUP);
	log_wait(server, " serves, with ");
	forgive(server);
	stop(server);
}
END_TEST

/* --- beside the old one ------------------------------------------------------------ */

/* Ends what a test that fails has left in the background. */
static pid_t guard;

static void kill_by_file(const char *path)
{
	FILE *file = fopen(path, "r");
	int pid;

	if (file && fscanf(file, "%d", &pid) == 1)
		kill(pid, SIGTERM);
	if (file)
		fclose(file);
}

static void start_guard(const struct server *server)
{
	pid_t parent = getpid();

	guard = fork();
	if (guard != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigset_t set;
	int number;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (getppid() == parent)
		sigwait(&set, &number);
	kill_by_file(file_path(server, "/server.pid"));
	kill_by_file(file_path(server, "/server.pid.oldbin"));
	_exit(0);
}

static void end_guard(void)
{
	kill(guard, SIGKILL);
	waitpid(guard, NULL, 0);
}

/* Its master is adopted by this process, and so is that of a new program in time. */
static struct server *start_in_background(const char *main)
{
	struct server *server = start(main);
	const char *text = file_text(server, "/conf/server.conf");

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
	put_file(server, "/conf/server.conf",
		 memory_printf("daemon on; %s", text + strlen("daemon off;")));
	forgive(server);
	start_guard(server);
	int status = system(memory_printf("%s -p %s -c %s/conf/server.conf -e %s/error.log", program,
					  server->dir, server->dir, server->dir));
	ck_assert_int_eq(status, 0);
	server->pid = atoi(file_text(server, "/server.pid"));
	return server;
}

static void stop_in_background(struct server *server)
{
	stop(server);
	end_guard();
}

static bool exists(const struct server *server, const char *name)
{
	return access(file_path(server, name), F_OK) == 0;
}

static void wait_for_end(pid_t pid)
{
	struct patience wait = { 0 };

	while (waitpid(pid, NULL, WNOHANG) == 0)
		patience(&wait, "the other master has ended");
}

/* What -s upgrade leaves: the new master alone. */
static void settle(struct server *server)
{
	pid_t old = server->pid;

	server->pid = atoi(file_text(server, "/server.pid"));
	ck_assert_int_ne(server->pid, old);
	wait_for_end(old);
	ck_assert(!exists(server, "/server.pid.oldbin"));
	ck_assert(!exists(server, "/server.pid.sock.oldbin"));
	ck_assert(exists(server, "/server.pid.sock"));
	ck_assert(exists(server, "/s.sock"));
}

START_TEST(a_new_master_takes_over)
{
	struct server *server = start_in_background("worker_processes 2;");
	struct client *clients[CLIENTS];

	open_clients(server, clients);
	for (int i = 0; i < 2; i++) {
		put_program();
		check_upgrade(server, 0, "hands its connections over and ends");
		settle(server);
		check_clients(clients);
	}
	stop_in_background(server);
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
	struct server *server = start_in_background("worker_processes 2;");
	struct client *clients[CLIENTS];

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
	ck_assert(!exists(server, "/server.pid.oldbin"));
	ck_assert(exists(server, "/s.sock"));
	check_clients(clients);
	stop_in_background(server);
}
END_TEST

START_TEST(signals_go_back)
{
	struct server *server = start_in_background("worker_processes 2;");
	struct client *clients[CLIENTS];

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
	while (exists(server, "/server.pid.oldbin"))
		patience(&wait, "the pid file has its name again");
	wait_for_processes(server, 2);
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert(exists(server, "/s.sock"));
	ck_assert(exists(server, "/server.pid.sock"));
	check_clients(clients);
	put_file(server, "/more.conf", "");
	check_upgrade(server, 0, "hands its connections over and ends");
	settle(server);
	check_clients(clients);
	stop_in_background(server);
}
END_TEST

START_TEST(the_old_master_outlives_the_new_one)
{
	struct server *server = start_in_background("");
	pid_t new = start_beside(server);
	struct patience wait = { 0 };

	/* A third one is not started. */
	kill(server->pid, SIGUSR2);
	log_wait(server, "another program serves beside this one");
	kill(new, SIGKILL);
	while (exists(server, "/server.pid.oldbin"))
		patience(&wait, "the pid file has its name again");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 1);
	forgive(server);
	stop_in_background(server);
}
END_TEST

START_TEST(a_bad_program_is_not_started_beside)
{
	struct server *server = start_in_background("");

	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		try_broken(server, (int)i);
		ck_assert(!exists(server, "/server.pid.oldbin"));
	}
	stop_in_background(server);
}
END_TEST

/* It passes the trial, and yet it can't start. */
START_TEST(a_new_master_that_fails_is_forgotten)
{
	struct server *server = start_in_background("");
	const char *good = memory_printf("%s.good", program);
	const char *bad = put_ignorant("worker_shutdown_timeout");

	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] && exec %s \"$@\"\nexec %s \"$@\"\n",
				 good, bad));
	check_upgrade(server, 1, "exited with code 1");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert(!exists(server, "/server.pid.oldbin"));
	ck_assert(exists(server, "/s.sock"));
	ck_assert_str_eq(get(server, "/").body, "ok");
	wait_for_processes(server, 1);
	forgive(server);
	stop_in_background(server);
}
END_TEST

/* Whoever watches the process would take its end for that of the server. */
START_TEST(a_service_manager_keeps_its_process)
{
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "@skua-test-nobody", 1), 0);
	struct server *server = start_in_background("");

	check_upgrade(server, 0, "serves in place");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
	ck_assert_str_eq(get(server, "/").body, "ok");
	forgive(server);
	stop_in_background(server);
}
END_TEST

/* --- many idle connections ----------------------------------------------------------- */

/* 5 000 with SOAK=1, in a worker that may open 8 192. */
static void check_many(struct server *(*begin)(const char *main), bool in_background)
{
	int count = getenv("SOAK") ? 5000 : 500;
	struct rlimit limit = { 8192, 8192 };
	struct server *server =
		begin("worker_rlimit_nofile 8192; events { worker_connections 8000; }");
	struct client **clients = memory_alloc(sizeof(*clients) * (size_t)count);

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < count; i++) {
		clients[i] = client_open(server);
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
	}
	put_program();
	check_upgrade(server, 0, in_background ? "and ends" : "serves in place");
	long began = now_ms();
	if (in_background)
		settle(server);
	wait_for_processes(server, 1);
	ck_assert_int_lt(now_ms() - began, 1000);
	for (int i = 0; i < count; i++)
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
	stop(server);
}

START_TEST(many_idle_ones_survive_in_the_same_process)
{
	check_many(start, false);
}
END_TEST

START_TEST(many_idle_ones_survive_beside)
{
	check_many(start_in_background, true);
	end_guard();
}
END_TEST

/* --- under load ------------------------------------------------------------------- */

static struct load *begin(struct server *server)
{
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0], .body = "ok", .busy = 8, .pausing = 16, .split = 8,
		.pipelined = 4, .fresh = 4,
	});
	struct patience wait = { 0 };

	while (load_answers(load) < 200)
		patience(&wait, "the clients are at work");
	return load;
}

static void upgrade_under_load(struct server *server, bool in_background)
{
	struct load *load = begin(server);
	int count = getenv("SOAK") ? 20 : 2;

	for (int i = 0; i < count; i++) {
		uint64_t before = load_answers(load);
		struct patience wait = { 0 };

		put_program();
		check_upgrade(server, 0, in_background ? "and ends" : "serves in place");
		if (in_background)
			settle(server);
		while (load_answers(load) < before + 200)
			patience(&wait, "the clients get answers");
	}
	struct load_result result = load_stop(load);
	load_check(&result);
}

static const char *const modes[] = { "shared", "reuseport", "handoff" };

START_TEST(nothing_is_lost_in_the_same_process)
{
	for (int i = 0; i < 3; i++) {
		struct server *server = start(
			memory_printf("worker_processes 2; events { accept_mode %s; }", modes[i]));

		upgrade_under_load(server, false);
		stop(server);
	}
}
END_TEST

START_TEST(nothing_is_lost_beside)
{
	for (int i = 0; i < 3; i++) {
		struct server *server = start_in_background(
			memory_printf("worker_processes 2; events { accept_mode %s; }", modes[i]));

		upgrade_under_load(server, true);
		stop_in_background(server);
	}
}
END_TEST

static const struct test_suite suite = { .name = "upgrade", .timeout = 600 };

TESTS_IN(&suite, serve_is_upgraded_too, the_same_process_runs_the_new_program, the_signal_does_it, idle_connections_go_on,
	 an_answer_under_way_is_finished, many_upgrades_leave_nothing, a_bad_program_changes_nothing,
	 the_old_program_comes_back,
	 the_old_program_comes_back_after_a_crash, processes_go_on_without_a_configuration,
	 a_new_master_takes_over, signals_complete_an_upgrade, signals_go_back,
	 the_old_master_outlives_the_new_one, a_bad_program_is_not_started_beside,
	 a_new_master_that_fails_is_forgotten, a_service_manager_keeps_its_process,
	 many_idle_ones_survive_in_the_same_process, many_idle_ones_survive_beside,
	 nothing_is_lost_in_the_same_process,
	 nothing_is_lost_beside)
