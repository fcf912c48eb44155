/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Under a service manager: what it is told, the sockets it gives, the unit file;
 * as the first process of a container; what ps shows.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct server *start(const char *main)
{
	return server_start(memory_printf("%s http { server { listen 127.0.0.1:%%PORT%%;"
					  "root %%DIR%%/html; location /v { return 200 one; } } }",
					  main));
}

/* --- the manager ------------------------------------------------------------------- */

static int manager = -1;

static void manage_at(const struct sockaddr_un *address, socklen_t len, const char *name)
{
	const struct timeval limit = { .tv_sec = test_seconds() };

	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager, (const struct sockaddr *)address, len), 0);
	setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setenv("NOTIFY_SOCKET", name, 1);
}

static void manage_abstract(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *name = memory_printf("@skua-test-%d", getpid());

	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	manage_at(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)),
		  name);
}

/* The next message that isn't a sign of life. */
static const char *told(void)
{
	char *text = memory_alloc(4096);
	ssize_t n;

	do {
		n = recv(manager, text, 4095, 0);
		ck_assert_msg(n > 0, "the manager is told nothing: %s", strerror(errno));
		text[n] = '\0';
	} while (strcmp(text, "WATCHDOG=1") == 0);
	return text;
}

static void check_told(const char *wanted)
{
	const char *text = told();

	ck_assert_msg(strstr(text, wanted) != NULL, "\"%s\" is not in \"%s\"", wanted, text);
}

START_TEST(the_manager_is_told)
{
	manage_abstract();
	struct server *server = start("worker_processes 2;");

	ck_assert_str_eq(told(), memory_printf("READY=1\nMAINPID=%d\nSTATUS=generation 1 serves, "
					       "with 2 workers",
					       server->pid));
	struct timespec before;
	clock_gettime(CLOCK_MONOTONIC, &before);
	kill(server->pid, SIGHUP);
	const char *reloading = told();
	ck_assert_int_eq(strncmp(reloading, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	long long begun = atoll(reloading + 27) - before.tv_sec * 1000000LL;
	ck_assert_int_ge(begun, before.tv_nsec / 1000);
	ck_assert_int_lt(begun, 60000000);
	check_told("READY=1\n");
	kill(server->pid, SIGQUIT);
	check_told("STOPPING=1\n");
	server_stop(server);
}
END_TEST

START_TEST(a_failed_reload_is_over_too)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = memory_printf("/tmp/skua-test-%d.notify", getpid());

	memcpy(address.sun_path, path, strlen(path));
	manage_at(&address, sizeof(address), path);
	struct server *server = start("");
	check_told("READY=1\n");
	put_file(server, "/conf/server.conf", "nonsense;");
	kill(server->pid, SIGHUP);
	check_told("RELOADING=1\n");
	check_told("STATUS=generation 1 serves");
	/* The manager goes away, which is not the server's end. */
	unlink(path);
	kill(server->pid, SIGHUP);
	log_wait(server, "cannot report to the service manager");
	ck_assert_str_eq(get(server, "/v").body, "one");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(signs_of_life_are_sent)
{
	manage_abstract();
	setenv("WATCHDOG_USEC", "100000", 1);
	struct server *server = start("");
	int signs = 0;
	char text[256];

	check_told("READY=1\n");
	for (int i = 0; i < 5; i++) {
		ssize_t n = recv(manager, text, sizeof(text), 0);
		ck_assert_int_gt(n, 0);
		signs += n == 10 && memcmp(text, "WATCHDOG=1", 10) == 0;
	}
	ck_assert_int_eq(signs, 5);
	server_stop(server);
}
END_TEST

START_TEST(anothers_watchdog_is_left_alone)
{
	manage_abstract();
	setenv("WATCHDOG_USEC", "100000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	struct server *server = start("");
	char text[256];

	check_told("READY=1\n");
	usleep(300000);
	ck_assert_int_lt(recv(manager, text, sizeof(text), MSG_DONTWAIT), 0);
	server_stop(server);
}
END_TEST

START_TEST(one_process_tells_too)
{
	manage_abstract();
	struct server *server = start("master_process off;");

	check_told(memory_printf("READY=1\nMAINPID=%d\n", server->pid));
	kill(server->pid, SIGQUIT);
	check_told("STOPPING=1\n");
	server_stop(server);
}
END_TEST

/* --- sockets of the manager ------------------------------------------------------------ */

static const char *program(void)
{
	return getenv("SKUA") ? getenv("SKUA") : "build/skua";
}

static int listen_tcp(int *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	getsockname(fd, (struct sockaddr *)&address, &len);
	*port = ntohs(address.sin_port);
	return fd;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

/* Puts the descriptors to 3 and on, as the manager does between fork and exec. */
static void give(const int *fds, int count, const char *names)
{
	for (int i = 0; i < count; i++)
		if (fcntl(fds[i], F_DUPFD, 100 + i) != 100 + i)
			_exit(126);
	for (int i = 0; i < count; i++)
		dup2(100 + i, 3 + i);
	for (int i = 3 + count; i < 200; i++)
		close(i);
	setenv("LISTEN_FDS", memory_printf("%d", count), 1);
	setenv("LISTEN_FDNAMES", names, 1);
	setenv("LISTEN_PID", memory_printf("%d", getpid()), 1);
}

START_TEST(inherited_sockets_are_used)
{
	struct server *other = start("");
	int port, unused;
	const char *path = file_path(other, "/given.sock");
	int fds[] = { listen_tcp(&port), listen_tcp(&unused), listen_unix(path),
		      socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)port) };
	char text[512] = "";

	put_file(other, "/conf/given.conf",
		 memory_printf("daemon off; pid %s/given.pid; error_log %s/given.log info;"
			       "events { } http { access_log off; server { "
			       "listen 127.0.0.1:%d; listen unix:%s; return 200 given; } }",
			       other->dir, other->dir, port, path));
	/* It waits in the queue from before the start. */
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	pid_t pid = fork();
	if (pid == 0) {
		give(fds, 4, "web:unwanted:local:datagrams");
		execl(program(), program(), "-p", other->dir, "-c", "conf/given.conf", "-e",
		      file_path(other, "/given.log"), NULL);
		_exit(127);
	}
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	dprintf(client, "GET / HTTP/1.0\r\n\r\n");
	while (!strstr(text, "given") && recv(client, text, sizeof(text) - 1, 0) > 0)
		continue;
	ck_assert_ptr_nonnull(strstr(text, "200 OK"));
	const char *log = file_text(other, "/given.log");
	ck_assert_ptr_nonnull(
		strstr(log, memory_printf("the inherited socket \"unwanted\" (127.0.0.1:%d) is "
					  "used by no listen directive: closed",
					  unused)));
	ck_assert_ptr_nonnull(strstr(log, "descriptor 6 (datagrams) is no stream socket"));
	ck_assert_ptr_null(strstr(log, "[emerg]"));
	int status;
	kill(pid, SIGQUIT);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	/* It is the manager's. */
	ck_assert_int_eq(access(path, F_OK), 0);
	close(client);
	server_stop(other);
}
END_TEST

START_TEST(variables_of_another_process_are_ignored)
{
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_PID", "1", 1);
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/v").body, "one");
	ck_assert(!log_has(server, "inherited"));
	server_stop(server);
}
END_TEST

/* --- containers ------------------------------------------------------------------------ */

static bool can_unshare(void)
{
	return system("unshare --pid --fork --kill-child true 2>/dev/null") == 0;
}

static const char *namespaces(void)
{
	if (can_unshare())
		return "unshare --pid --fork --kill-child";
	if (system("unshare --user --map-root-user --pid --fork --kill-child true 2>/dev/null") ==
	    0)
		return "unshare --user --map-root-user --pid --fork --kill-child";
	test_skip("a process namespace cannot be made here");
}

/* The server is process 1 and adopts a process whose parent has ended. */
START_TEST(the_first_process_reaps_and_obeys)
{
	const char *make = namespaces();
	struct server *server = start("");
	put_file(server, "/conf/first.conf",
		 memory_printf("daemon off; pid %s/first.pid; error_log %s/first.log info;"
			       "%s events { } http { access_log off; server { "
			       "listen 127.0.0.1:%d; return 200 first; } }",
			       server->dir, server->dir,
			       strstr(make, "--map-root-user") ? "user root;" : "",
			       server->ports[1]));
	put_file(server, "/first.sh",
		 memory_printf("(sleep 0.2 & echo orphan $! >%s/orphan) &\n"
			       "exec %s -p %s -c conf/first.conf -e %s/first.log\n",
			       server->dir, program(), server->dir, server->dir));
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c",
		      memory_printf("exec %s sh %s/first.sh", make, server->dir), NULL);
		_exit(127);
	}
	file_becomes(server, "/first.pid", "1\n");
	ck_assert_str_eq(ask(server, "/", .port = 1).body, "first");
	const char *children = memory_printf("/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(children, "r");
	int first = 0;
	ck_assert_int_eq(fscanf(file, "%d", &first), 1);
	fclose(file);
	/* The shell's child has gone, and only the worker is left. */
	struct deadline wait = { 0 };
	pid_t pids[8];
	const struct server inside = { .dir = server->dir, .pid = first };
	while (server_workers(&inside, pids, 8) != 1)
		deadline_wait(&wait, "the orphan is reaped");
	ck_assert_int_eq(kill(first, SIGTERM), 0);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_lt(access(file_path(server, "/first.pid"), F_OK), 0);
	server_stop(server);
}
END_TEST

/* --- what people see ------------------------------------------------------------------- */

static const char *title_of(pid_t pid)
{
	char *text = memory_alloc(4096);
	FILE *file = fopen(memory_printf("/proc/%d/cmdline", pid), "r");

	text[file ? fread(text, 1, 4095, file) : 0] = '\0';
	if (file)
		fclose(file);
	return text;
}

static void wait_for_title(pid_t pid, const char *title)
{
	struct deadline wait = { 0 };

	while (strcmp(title_of(pid), title) != 0)
		deadline_wait(&wait,
			 memory_printf("the title \"%s\" instead of \"%s\"", title, title_of(pid)));
}

START_TEST(titles_tell_what_processes_do)
{
	static char bytes[16 << 20];
	struct server *server = start("");
	pid_t worker;
	char first[100];

	put_bytes(server, "large", bytes, sizeof(bytes));
	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	wait_for_title(worker, "skua: worker 0, generation 1");
	struct client *clients[2];
	for (int i = 0; i < 2; i++) {
		clients[i] = client_open_slow(server);
		client_send(clients[i], "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_uint_gt(client_read(clients[i], first, sizeof(first)), 0);
	}
	kill(server->pid, SIGHUP);
	wait_for_title(worker, "skua: worker 0, generation 1, draining 2");
	client_close(clients[0]);
	wait_for_title(worker, "skua: worker 0, generation 1, draining 1");
	client_close(clients[1]);
	server_stop(server);
}
END_TEST

START_TEST(the_unit_is_confined)
{
	if (system("systemd-analyze --version >/dev/null 2>&1") != 0)
		test_skip("systemd-analyze is not installed");
	FILE *from = popen("systemd-analyze security --offline=true --no-pager "
			   "conf/skua.service 2>&1 | tail -n 1",
			   "r");
	char text[512] = "";
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), from));
	pclose(from);
	if (strstr(text, "option"))
		test_skip("this systemd-analyze is too old");
	const char *level = strstr(text, "skua.service: ");
	ck_assert_msg(level && atof(level + 14) > 0 && atof(level + 14) < 5, "%s", text);
}
END_TEST

TESTS("service", the_manager_is_told, a_failed_reload_is_over_too, signs_of_life_are_sent,
      anothers_watchdog_is_left_alone, one_process_tells_too, inherited_sockets_are_used,
      variables_of_another_process_are_ignored, the_first_process_reaps_and_obeys,
      titles_tell_what_processes_do, the_unit_is_confined)
