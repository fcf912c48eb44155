/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket and what is built on it: -s reload that waits, status, and
 * clients that behave badly.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct server *start(const char *main)
{
	static const char *const files[] = { "/main.conf", "", "/http.conf", "", NULL };
	const struct server_setup setup = {
		.conf = memory_printf("%s include %%DIR%%/main.conf;\n"
				      "http { include %%DIR%%/http.conf;\n"
				      "server { listen 127.0.0.1:%%PORT%%; root %%DIR%%/html;\n"
				      "location /v { return 200 one; } } }",
				      main),
		.files = files,
	};

	return server_start_with(&setup);
}

/* What a command of this server's has printed, and its exit status. */
struct outcome {
	int status;
	const char *text;
};

static struct outcome run_with(const struct server *server, const char *conf, const char *arguments)
{
	const char *program = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	FILE *from = popen(memory_printf("timeout 20 %s %s -p %s -c %s/conf/%s 2>&1", program,
					 arguments, server->dir, server->dir, conf),
			   "r");
	char *text = memory_alloc(65536);

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, 65535, from)] = '\0';
	int status = pclose(from);
	ck_assert(WIFEXITED(status));
	return (struct outcome){ WEXITSTATUS(status), text };
}

static struct outcome run(const struct server *server, const char *arguments)
{
	return run_with(server, "server.conf", arguments);
}

static void check_run(const struct server *server, const char *arguments, int status,
		      const char *text)
{
	struct outcome outcome = run(server, arguments);

	ck_assert_msg(outcome.status == status && strstr(outcome.text, text),
		      "skua %s: status %d, \"%s\"", arguments, outcome.status, outcome.text);
}

/* What the program jq gives for the filter, of status --json. */
static const char *json(const struct server *server, const char *filter)
{
	struct outcome outcome = run(server, "status --json");

	ck_assert_int_eq(outcome.status, 0);
	put_file((struct server *)server, "/status.json", outcome.text);
	FILE *from = popen(memory_printf("jq -cr '%s' %s 2>&1", filter,
					 file_path(server, "/status.json")),
			   "r");
	char *text = memory_alloc(4096);
	text[fread(text, 1, 4095, from)] = '\0';
	ck_assert_msg(pclose(from) == 0, "%s\n%s", text, outcome.text);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* What workers count is seen a moment after their answer. */
static void json_becomes(const struct server *server, const char *filter, const char *wanted)
{
	struct deadline wait = { 0 };
	const char *text;

	while (strcmp(text = json(server, filter), wanted) != 0)
		deadline_wait(&wait, memory_printf("%s is %s, not %s", filter, wanted, text));
}

static void need_jq(void)
{
	if (system("jq --version >/dev/null 2>&1") != 0)
		test_skip("jq is not installed");
}

/* --- raw clients ----------------------------------------------------------------- */

static int control_open(const struct server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/server.pid.sock", server->dir);
	ck_assert_msg(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s: %s",
		      address.sun_path, strerror(errno));
	return fd;
}

/* All that comes until the end; "" also when it ends with a reset. */
static const char *control_read(int fd)
{
	char *text = memory_alloc(65536);
	size_t len = 0;

	for (ssize_t n; (n = recv(fd, text + len, 65535 - len, 0)) > 0;)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	return text;
}

static void control_send(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static const char *control_ask(const struct server *server, const char *text)
{
	int fd = control_open(server);

	control_send(fd, text);
	return control_read(fd);
}

/* --- reload ------------------------------------------------------------------------ */

START_TEST(reload_tells_what_has_changed)
{
	struct server *server = start("");

	check_run(server, "-s reload", 0, "generation 2 serves, with 1 worker\n");
	put_file(server, "/main.conf", "worker_processes 3;");
	put_file(server, "/http.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT2%; return 200 two; }"));
	struct outcome outcome = run(server, "-s reload");
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_ptr_nonnull(
		strstr(outcome.text,
		       server_text(server, "generation 3 serves, with 3 workers (generation 2 "
					   "had 1)\nlistens now: 127.0.0.1:%PORT2%\n")));
	ck_assert_str_eq(ask(server, "/", .port = 1).body, "two");
	put_file(server, "/http.conf", "");
	check_run(server, "-s reload", 0,
		  server_text(server, "listens no longer: 127.0.0.1:%PORT2%\n"));
	server_stop(server);
}
END_TEST

START_TEST(reload_prints_all_errors_of_the_configuration)
{
	struct server *server = start("");

	put_file(server, "/http.conf", "nonsense on;\nsendfile perhaps;\n");
	struct outcome outcome = run(server, "-s reload");
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "nonsense"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "perhaps"));
	ck_assert_str_eq(get(server, "/v").body, "one");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* As its program sees the configuration, not as the command does. */
START_TEST(the_master_tells_the_errors_it_finds)
{
	struct server *server = start("");

	put_file(server, "/http.conf", "nonsense on;\nsendfile perhaps;\n");
	const char *text = control_ask(server, "reload\n");
	ck_assert_int_eq(strncmp(text, "error\n", 6), 0);
	ck_assert_ptr_nonnull(strstr(text, "nonsense"));
	ck_assert_ptr_nonnull(strstr(text, "perhaps"));
	ck_assert_ptr_nonnull(strstr(text, "nothing was changed, generation 1 serves on\n"));
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(reload_tells_which_address_cannot_be_had)
{
	struct server *server = start("");

	put_file(server, "/http.conf", "server { listen 192.0.2.1:81; }");
	struct outcome outcome = run(server, "-s reload");
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "bind() to 192.0.2.1:81 failed"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "skua: reload failed\n"));
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(reloads_at_the_same_time_are_all_answered)
{
	struct server *server = start("");
	int fds[5];

	for (int i = 0; i < 5; i++) {
		fds[i] = control_open(server);
		control_send(fds[i], "reload\n");
	}
	for (int i = 0; i < 5; i++) {
		const char *text = control_read(fds[i]);
		ck_assert_msg(strncmp(text, "ok\n", 3) == 0, "%s", text);
		ck_assert_msg(strstr(text, " serves, with 1 worker") != NULL, "%s", text);
	}
	server_stop(server);
}
END_TEST

/* Somebody cleans up; the server is still found. */
START_TEST(without_the_file_of_the_socket)
{
	struct server *server = start("");

	unlink(file_path(server, "/server.pid.sock"));
	check_run(server, "-s reload", 0, "generation 2 serves");
	check_run(server, "status", 0, "generation     2");
	server_stop(server);
}
END_TEST

START_TEST(control_off_makes_no_socket)
{
	struct server *server = start("control off;");

	ck_assert_int_lt(access(file_path(server, "/server.pid.sock"), F_OK), 0);
	check_run(server, "-s reload", 0, "there is no control socket");
	check_run(server, "-s reopen", 0, "the signal USR1 was sent");
	log_wait(server, "generation 2");
	check_run(server, "status", 1, "control off");
	server_stop(server);
}
END_TEST

START_TEST(reopen_tells_what_failed)
{
	static const char *const files[] = { "/sub/keep", "", NULL };
	const struct server_setup setup = {
		.conf = "error_log %DIR%/sub/second.log; http { }",
		.files = files,
	};
	struct server *server = server_start_with(&setup);

	check_run(server, "-s reopen", 0, "");
	ck_assert_int_eq(rename(file_path(server, "/sub"), file_path(server, "/gone")), 0);
	check_run(server, "-s reopen", 1, "cannot reopen the log file");
	server_stop(server);
}
END_TEST

/* --- the socket itself --------------------------------------------------------------- */

START_TEST(the_socket_is_its_owners)
{
	struct server *server = start("");
	struct stat status;

	ck_assert_int_eq(stat(file_path(server, "/server.pid.sock"), &status), 0);
	ck_assert(S_ISSOCK(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
	const char *path = file_path(server, "/server.pid.sock");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2");
	ck_assert_int_eq(access(path, F_OK), 0);
	put_file(server, "/main.conf", server_text(server, "control %DIR%/other;"));
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 3");
	ck_assert_int_lt(access(path, F_OK), 0);
	check_run(server, "status", 0, "generation     3");
	server_stop(server);
}
END_TEST

/* Even if somebody has opened the file to all. */
START_TEST(another_user_is_refused)
{
	if (geteuid() != 0)
		test_skip("only root can be another user");
	struct server *server = start("");
	int status;

	ck_assert_int_eq(chmod(file_path(server, "/server.pid.sock"), 0777), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(2);
		_exit(control_ask(server, "status\n")[0] != '\0');
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	log_wait(server, "control socket: a client of another user is refused");
	check_run(server, "status", 0, "generation     1");
	server_stop(server);
}
END_TEST

static int bind_there(const struct server *server, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", server->dir, name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

START_TEST(a_socket_left_behind_is_replaced)
{
	struct server *server = start("");

	close(bind_there(server, "stale"));
	put_file(server, "/main.conf", server_text(server, "control %DIR%/stale;"));
	check_run(server, "-s reload", 0, "generation 2 serves");
	check_run(server, "status", 0, "generation     2");
	ck_assert_int_eq(access(file_path(server, "/server.pid.sock"), F_OK), -1);
	server_stop(server);
}
END_TEST

START_TEST(a_living_masters_socket_stays)
{
	struct server *server = start("");
	int fd = bind_there(server, "taken");

	put_file(server, "/main.conf", server_text(server, "control %DIR%/taken;"));
	kill(server->pid, SIGHUP);
	log_wait(server, "belongs to a server that runs");
	ck_assert_int_eq(access(file_path(server, "/taken"), F_OK), 0);
	close(fd);
	put_file(server, "/file", "");
	put_file(server, "/main.conf", server_text(server, "control %DIR%/file;"));
	kill(server->pid, SIGHUP);
	log_wait(server, "cannot make the control socket");
	ck_assert_int_eq(access(file_path(server, "/file"), F_OK), 0);
	server_stop(server);
}
END_TEST

/* The server tries to make it before its workers start and when they serve. */
START_TEST(a_socket_that_cannot_be_made_is_told_once)
{
	struct server *server = start("control %DIR%/http.conf;");

	log_wait(server, "of the configuration serves");
	log_once(server, "cannot make the control socket");
	server_stop(server);
}
END_TEST

static void wait_for_status(const struct server *server, const char *conf, const char *text)
{
	struct deadline wait = { 0 };

	while (!strstr(run_with(server, conf, "status").text, text))
		deadline_wait(&wait, memory_printf("the status \"%s\"", text));
}

/* While two programs run each has a socket of its own. */
START_TEST(the_socket_steps_aside_for_another_program)
{
	struct server *server = start("");
	const char *text = "%s pid %%DIR%%/second.pid; error_log %%DIR%%/second.log info; "
			   "%s events { } http { server { listen 127.0.0.1:%%PORT2%%; } }";
	struct deadline wait = { 0 };

	put_file(server, "/conf/second.conf", server_text(server, memory_printf(text, "", "")));
	put_file(server, "/conf/old.conf",
		 server_text(server, memory_printf(text, "",
						   "control %DIR%/second.pid.sock.oldbin;")));
	ck_assert_int_eq(run_with(server, "second.conf", "").status, 0);
	pid_t old = atoi(file_text(server, "/second.pid"));
	ck_assert_int_eq(kill(old, SIGUSR2), 0);
	wait_for_status(server, "second.conf", "generation     2");
	wait_for_status(server, "old.conf", memory_printf("master process %d,", old));
	kill(old, SIGQUIT);
	while (access(file_path(server, "/second.pid.sock.oldbin"), F_OK) == 0)
		deadline_wait(&wait, "the old program has gone");
	wait_for_status(server, "second.conf", "generation     2");
	ck_assert_int_eq(run_with(server, "second.conf", "-s quit").status, 0);
	wait = (struct deadline){ 0 };
	while (access(file_path(server, "/second.pid"), F_OK) == 0)
		deadline_wait(&wait, "the new program has gone");
	server_stop(server);
}
END_TEST

/* --- the log in memory --------------------------------------------------------------- */

static const char *read_log(const struct server *server)
{
	struct outcome outcome = run(server, "status --log");

	ck_assert_msg(outcome.status == 0, "%s", outcome.text);
	return outcome.text;
}

static void reload_with(struct server *server, const char *http)
{
	put_file(server, "/http.conf", http);
	check_run(server, "-s reload", 0, "serves");
}

START_TEST(the_log_in_memory_is_printed)
{
	struct server *server = start("worker_processes 2;");

	check_run(server, "status --log", 1, "keeps no log in memory");
	reload_with(server, "error_log memory:4k info;");
	ck_assert_str_eq(control_ask(server, "log\n"), "ok\n");
	for (int i = 0; i < 100; i++)
		get(server, memory_printf("/missing%d", i));
	const char *text = read_log(server);
	ck_assert_ptr_nonnull(strstr(text, "missing99\" failed (2: No such file or directory), "));
	ck_assert_ptr_null(strstr(text, "missing10\""));
	ck_assert_uint_le(strlen(text), 4096);
	ck_assert(!log_has(server, "missing99"));
	check_run(server, "status --log --json", 1, "exclude each other");
	check_run(server, "--log", 1, "invalid option");
	server_stop(server);
}
END_TEST

START_TEST(a_reload_keeps_the_log_in_memory)
{
	struct server *server = start("");

	reload_with(server, "error_log memory:16k;");
	get(server, "/missing1");
	reload_with(server, "error_log memory:16384 warn;");
	get(server, "/missing2");
	check_run(server, "-s reopen", 0, "");
	get(server, "/missing3");
	const char *text = read_log(server);
	ck_assert_ptr_nonnull(strstr(text, "missing1\""));
	ck_assert_ptr_nonnull(strstr(text, "missing2\""));
	ck_assert_ptr_nonnull(strstr(text, "missing3\""));
	/* Another size is another memory, and each has its name if there are two. */
	reload_with(server, "error_log memory:32k; error_log memory:8k;");
	get(server, "/missing4");
	text = read_log(server);
	ck_assert_ptr_null(strstr(text, "missing3\""));
	ck_assert_int_eq(strncmp(text, "error_log memory:32768:\n20", 26), 0);
	const char *second = strstr(text, "\nerror_log memory:8192:\n20");
	ck_assert_ptr_nonnull(second);
	ck_assert_ptr_nonnull(strstr(second, "missing4\""));
	reload_with(server, "");
	check_run(server, "status --log", 1, "keeps no log in memory");
	server_stop(server);
}
END_TEST

START_TEST(the_size_of_the_log_in_memory_is_checked)
{
	struct server *server = start("");

	put_file(server, "/http.conf",
		 "error_log memory:1023;\nerror_log memory:17m;\nerror_log memory:;\n"
		 "error_log memory:1x debug;\nerror_log memory:1k;\nerror_log memory:16m;\n");
	struct outcome outcome = run(server, "-t");
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "\"1023\" is not between 1k and 16m"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "\"17m\" is not between 1k and 16m"));
	ck_assert_ptr_nonnull(strstr(outcome.text, " ^~~\n"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "http.conf:3:"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "http.conf:4:"));
	ck_assert_ptr_null(strstr(outcome.text, "http.conf:5:"));
	ck_assert_ptr_null(strstr(outcome.text, "http.conf:6:"));
	server_stop(server);
}
END_TEST

/* --- abuse ------------------------------------------------------------------------ */

START_TEST(garbage_is_refused)
{
	struct server *server = start("");

	ck_assert_int_eq(strncmp(control_ask(server, "\n"), "error\n", 6), 0);
	ck_assert_int_eq(strncmp(control_ask(server, "reload now\n"), "error\n", 6), 0);
	ck_assert_int_eq(strncmp(control_ask(server, "GET / HTTP/1.1\r\n\r\n"), "error\n", 6), 0);
	ck_assert_int_eq(strncmp(control_ask(server, "status\nstatus\n"), "error\n", 6), 0);
	char *huge = memory_alloc(1 << 20);
	memset(huge, 'x', 1 << 20);
	huge[(1 << 20) - 1] = '\0';
	control_ask(server, huge);
	log_wait(server, "a request that is too long was refused");
	check_run(server, "status", 0, "generation     1");
	server_stop(server);
}
END_TEST

START_TEST(clients_are_bounded)
{
	struct server *server = start("");
	int fds[8];

	for (int i = 0; i < 8; i++)
		fds[i] = control_open(server);
	ck_assert_ptr_nonnull(strstr(control_read(control_open(server)), "too many clients"));
	ck_assert_str_eq(get(server, "/v").body, "one");
	close(fds[3]);
	struct deadline wait = { 0 };
	while (run(server, "status").status != 0)
		deadline_wait(&wait, "a place is free");
	/* And those that say nothing are dropped after five seconds. */
	ck_assert_str_eq(control_read(fds[0]), "");
	log_wait(server, "a client has sent no request for 5000 ms and is dropped");
	server_stop(server);
}
END_TEST

START_TEST(a_line_may_come_in_pieces)
{
	struct server *server = start("");
	int fd = control_open(server);

	for (const char *byte = "status\n"; *byte; byte++) {
		control_send(fd, memory_printf("%c", *byte));
		usleep(1000);
	}
	ck_assert_int_eq(strncmp(control_read(fd), "ok\nskua ", 8), 0);
	server_stop(server);
}
END_TEST

START_TEST(hanging_up_while_waiting_is_no_matter)
{
	struct server *server = start("");

	for (int i = 0; i < 20; i++) {
		int fd = control_open(server);

		control_send(fd, "reload\n");
		close(fd);
	}
	check_run(server, "-s reload", 0, " serves, with 1 worker");
	server_stop(server);
}
END_TEST

/* --- status ------------------------------------------------------------------------- */

START_TEST(status_is_json)
{
	need_jq();
	struct server *server = start("worker_processes 2;");

	ck_assert_str_eq(get(server, "/v").body, "one");
	ck_assert_int_eq(get(server, "/missing").status, 404);
	struct client *client = client_open(server);
	client_get(client, "/v");
	json_becomes(server, ".pid", memory_printf("%d", server->pid));
	json_becomes(server, "[.generation,.accept_mode]", "[1,\"shared\"]");
	json_becomes(server, ".configuration",
		     memory_printf("%s/conf/server.conf", server->dir));
	json_becomes(server, "[.listeners[]]|tostring",
		     server_text(server, "[\"127.0.0.1:%PORT%\"]"));
	json_becomes(server, "[.processes[]|.kind,.slot,.generation,.state]",
		     "[\"worker\",0,1,\"running\",\"worker\",1,1,\"running\"]");
	json_becomes(server, "[.totals|.requests,.responses[\"2xx\"],.responses[\"4xx\"],"
		     ".connections.accepted,.connections.idle]",
		     "[3,2,1,3,1]");
	json_becomes(server, ".totals.bytes_sent > 200", "true");
	server_stop(server);
}
END_TEST

START_TEST(json_shows_utf8_as_it_is)
{
	need_jq();
	struct server *server = server_start(
		"events { } http { server { listen 127.0.0.1:%PORT%; }"
		"server { listen unix:%DIR%/\303\244-\\\"\377; } }");

	json_becomes(server, ".listeners[1]|split(\"/\")|last", "\303\244-\"\\xFF");
	server_stop(server);
}
END_TEST

/* The sums go on when the processes that have counted are gone. */
START_TEST(sums_survive_reloads_and_deaths)
{
	need_jq();
	struct server *server = start("");
	pid_t worker;

	get(server, "/v");
	check_run(server, "-s reload", 0, "");
	struct deadline wait = { 0 };
	while (server_workers(server, &worker, 1) != 1)
		deadline_wait(&wait, "the old worker has gone");
	get(server, "/v");
	json_becomes(server, ".totals.requests", "2");
	kill(worker, SIGKILL);
	log_wait(server, "exited on signal 9 (KILL)");
	server_forgive(server);
	json_becomes(server, ".processes[0].state", "running");
	get(server, "/v");
	json_becomes(server, "[.totals.requests,.processes[0].requests]", "[3,2]");
	server_stop(server);
}
END_TEST

/* An answer that is under way until the client reads on. */
static struct client *download(struct server *server)
{
	static char bytes[16 << 20], first[100];
	struct client *client = client_open_slow(server);

	put_bytes(server, "large", bytes, sizeof(bytes));
	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_uint_gt(client_read(client, first, sizeof(first)), 0);
	return client;
}

START_TEST(an_old_worker_says_what_it_waits_for)
{
	need_jq();
	struct server *server = start("");
	struct client *client = download(server);

	check_run(server, "-s reload", 0, "generation 2");
	json_becomes(server, "[.processes[]|select(.generation == 1)|.state,"
		     ".waits_for.answers,.connections.writing]",
		     "[\"draining\",1,1]");
	check_run(server, "status", 0, "waits for 1 response\n");
	client_close(client);
	server_stop(server);
}
END_TEST

START_TEST(a_server_that_ends_can_be_asked)
{
	need_jq();
	struct server *server = start("");
	struct client *client = download(server);

	kill(server->pid, SIGQUIT);
	log_wait(server, "signal QUIT received");
	json_becomes(server, "[.ending,.processes[0].waits_for.answers]", "[true,1]");
	check_run(server, "status", 0, "the server ends after the responses under way");
	check_run(server, "-s reload", 1, "the server was told to end");
	client_close(client);
	server_stop(server);
}
END_TEST

START_TEST(status_without_a_server)
{
	struct server *server = start("");

	put_file(server, "/conf/other.conf", server_text(server, "control %DIR%/nobody;"
							 " events { }"));
	struct outcome outcome = run_with(server, "other.conf", "status");
	ck_assert_int_eq(outcome.status, 3);
	ck_assert_ptr_nonnull(strstr(outcome.text, "no server answers at the control socket"));
	check_run(server, "status --yaml", 1, "invalid option");
	server_stop(server);
}
END_TEST

TESTS("control", reload_tells_what_has_changed, reload_prints_all_errors_of_the_configuration,
      the_master_tells_the_errors_it_finds, reload_tells_which_address_cannot_be_had,
      reloads_at_the_same_time_are_all_answered,
      without_the_file_of_the_socket, control_off_makes_no_socket, reopen_tells_what_failed,
      the_socket_is_its_owners, another_user_is_refused,
      a_socket_left_behind_is_replaced, a_living_masters_socket_stays,
      a_socket_that_cannot_be_made_is_told_once,
      the_socket_steps_aside_for_another_program,
      the_log_in_memory_is_printed, a_reload_keeps_the_log_in_memory,
      the_size_of_the_log_in_memory_is_checked,
      garbage_is_refused, clients_are_bounded, a_line_may_come_in_pieces,
      hanging_up_while_waiting_is_no_matter, status_is_json, json_shows_utf8_as_it_is,
      sums_survive_reloads_and_deaths,
      an_old_worker_says_what_it_waits_for,
      a_server_that_ends_can_be_asked, status_without_a_server)
