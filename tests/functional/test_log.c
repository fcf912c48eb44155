/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The access log: buffers, inheritance. And hello,
 * whose test is the one to copy.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

/* A server with further directives at http level, and some places to ask for. */
static struct server *logging(const char *http)
{
	return server_start(
		memory_printf("http { %s\n server { listen 127.0.0.1:%%PORT%%; root html;\n"
			      "  location = /a { return 200 abc; }\n"
			      "  location = /quiet { access_log off; return 200 q; }\n"
			      "  location = /own { access_log own.log uri; return 200 o; } } }",
			      http));
}

/* Nobody hides by being shown at length. */
START_TEST(a_line_may_be_longer_than_the_buffer)
{
	struct server *server = logging("log_format uri '$http_a$http_b$http_c';"
					"access_log all.log uri;");
	char *value = memory_alloc(8001), *expected = memory_alloc(3 * 4 * 8000 + 2);
	struct deadline p = { 0 };

	memset(value, 0xff, 8000);
	value[8000] = '\0';
	for (int i = 0; i < 3 * 8000; i++)
		memcpy(expected + (ptrdiff_t)4 * i, "\\xFF", 4);
	strcpy(expected + (ptrdiff_t)3 * 4 * 8000, "\n");
	get(server, "/a");
	ask(server, "/a",
	    .fields = memory_printf("A: %s\r\nB: %s\r\nC: %s\r\n", value, value, value));
	get(server, "/a");
	while (file_count(server, "/all.log", "\n") < 3)
		deadline_wait(&p, "three lines in the access log");
	ck_assert(strcmp(file_text(server, "/all.log"), memory_printf("---\n%s---\n", expected)) ==
		  0);
	ck_assert(!log_has(server, "lost"));
	server_stop(server);
}
END_TEST

START_TEST(a_buffer_holds_lines_back)
{
	struct server *server = logging("log_format uri $uri;"
					"access_log held.log uri buffer=1m;"
					"access_log timed.log uri buffer=1m flush=50ms;");

	get(server, "/a");
	file_becomes(server, "/timed.log", "/a\n");
	ck_assert_str_eq(file_text(server, "/held.log"), "");
	for (int i = 0; i < 3; i++)
		get(server, "/a");

	char *path = memory_printf("%s/held.log", server->dir);
	int held = open(path, O_RDONLY);

	server_stop(server);

	char text[64];
	ssize_t len = read(held, text, sizeof(text) - 1);

	close(held);
	ck_assert_int_ge(len, 0);
	text[len] = '\0';
	ck_assert_str_eq(text, "/a\n/a\n/a\n/a\n"); /* a worker that ends writes them */
}
END_TEST

static void drain(int pipe)
{
	char bytes[4096];

	while (read(pipe, bytes, sizeof(bytes)) > 0)
		;
}

/* A pipe that nobody reads must not stop the server. */
START_TEST(a_full_pipe_loses_lines_only)
{
	struct server *server = logging("log_format uri $uri; access_log pipe uri;");
	char *path = memory_printf("%s/pipe", server->dir), *target = memory_alloc(4000);

	memset(target, 'a', 3999);
	target[0] = '/';
	target[3999] = '\0';
	ck_assert_int_eq(get(server, "/a").status, 200); /* the worker has used the file */
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0666), 0);

	int reader = open(path, O_RDWR | O_NONBLOCK);

	ck_assert_int_ge(reader, 0);
	kill(server->pid, SIGUSR1);
	struct pollfd room = { .fd = reader, .events = POLLOUT };
	struct deadline p = { 0 };
	do
		ck_assert_int_eq(get(server, target).status, 404);
	while (poll(&room, 1, 0) > 0 && deadline_wait(&p, "the pipe is full"));
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(get(server, target).status, 404);
	drain(reader);
	get(server, "/a");
	log_wait(server, "were lost");
	close(reader);
	server_stop(server);
}
END_TEST

/* A worker that was taken over could read, and so take away, the lines of the others. */
static void check_worker_only_writes(struct server *server, const char *path)
{
	char mode[64];
	pid_t worker;

	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	FILE *modes = popen(memory_printf("for fd in /proc/%d/fd/*; do "
					  "[ $fd -ef %s ] && stat -c %%A $fd; done; true",
					  worker, path),
			    "r");
	mode[fread(mode, 1, sizeof(mode) - 1, modes)] = '\0';
	pclose(modes);
	/* "" where this user may not look. */
	ck_assert_msg(!mode[0] || strcmp(mode, "l-wx------\n") == 0, "%s", mode);
}

/* nginx waits in open() until somebody reads. */
START_TEST(a_pipe_without_a_reader)
{
	const char *dir = scratch_create(), *path = memory_printf("%s/pipe", dir);
	char line[16] = "", *target = memory_alloc(4000);

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	struct server *server =
		logging(memory_printf("log_format uri $uri; access_log %s uri;", path));
	ck_assert_int_eq(get(server, "/a").status, 200);

	check_worker_only_writes(server, path);

	/* Lines wait for a reader, and for the next one. */
	for (int i = 0; i < 2; i++) {
		int reader = open(path, O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(read(reader, line, sizeof(line)), 3);
		ck_assert_str_eq(line, "/a\n");
		close(reader);
		ck_assert_int_eq(get(server, "/a").status, 200);
	}
	kill(server->pid, SIGUSR1);
	log_wait(server, "opening the log files again");

	/* When there is room for no more the log says so, at once and then no more. */
	memset(target, 'a', 3999);
	target[0] = '/';
	target[3999] = '\0';
	struct deadline p = { 0 };
	while (!log_has(server, "takes no more") && deadline_wait(&p, "the pipe is full"))
		ck_assert_int_eq(get(server, target).status, 404);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(get(server, target).status, 404);
	log_once(server, "takes no more");
	int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(read(reader, line, 3), 3);
	ck_assert_int_eq(memcmp(line, "/a\n", 3), 0);
	close(reader);
	server_stop(server);
	scratch_remove(dir);
}
END_TEST

/* Who owns the directory of the logs cannot make root write somewhere else. */
START_TEST(no_link_in_somebody_elses_directory)
{
	const char *dir = scratch_create();
	const char *log = memory_printf("%s/access.log", dir);
	const char *secret = memory_printf("%s/secret", scratch_create());
	const char *output;

	if (chown(dir, 65534, (gid_t)-1) < 0)
		test_skip("only root has directories of other users");
	ck_assert_int_eq(symlink(secret, log), 0);
	ck_assert_int_eq(server_fails(memory_printf("http { access_log %s; }", log), &output), 1);
	ck_assert_ptr_nonnull(strstr(output, memory_printf("cannot open the log file \"%s\": the "
							   "symbolic link \"%s\" is not followed",
							   log, log)));
	ck_assert_int_lt(access(secret, F_OK), 0);

	ck_assert_int_eq(unlink(log), 0);
	struct server *server =
		logging(memory_printf("log_format uri $uri; access_log %s uri;", log));
	get(server, "/a");
	ck_assert_int_eq(rename(log, memory_printf("%s/old.log", dir)), 0);
	ck_assert_int_eq(symlink(secret, log), 0);
	kill(server->pid, SIGUSR1);
	log_wait(server, "is not followed");
	log_once(server, "cannot reopen the log file");
	get(server, "/a");
	ck_assert_int_lt(access(secret, F_OK), 0);
	scratch_remove(dir);
	server_stop(server);
}
END_TEST

/* In a path and in a request line: quotes, what is no UTF-8, ends of lines. */
START_TEST(a_line_of_the_error_log_cannot_be_forged)
{
	struct server *server = server_with("");

	raw(server, "GET /\"%22,%ff%c3%a4%0a HTTP/1.0\r\n\r\n");
	log_once(server, "/\\x22\\x22,\\xFF\303\244\\x0A\" failed (2: No such file or directory), "
			 "client: 127.0.0.1, server: , "
			 "request: \"GET /\\x22%22,%ff%c3%a4%0a HTTP/1.0\", host: \"\", "
			 "request_id: \"");
	server_stop(server);
}
END_TEST

/* The value of a member of the first line that has it. */
static const char *member(const char *text, const char *name)
{
	const char *at = strstr(text, memory_printf("\"%s\":\"", name));

	ck_assert_msg(at, "no %s in %s", name, text);
	at += strlen(name) + 4;
	return memory_printf("%.*s", (int)strcspn(at, "\""), at);
}

START_TEST(lines_for_programs_share_the_id_of_the_request)
{
	struct server *server =
		logging("log_format uri $uri; log_format j json; access_log j.log j;"
			"error_log json.log warn json; error_log text.log warn;");
	struct deadline p = { 0 };

	ask(server, "/none?a", .fields = "User-Agent: \"q\"\r\n");
	while (file_count(server, "/j.log", "}\n") == 0)
		deadline_wait(&p, "the line of the access log");

	const char *access = file_text(server, "/j.log"), *error = file_text(server, "/json.log");

	ck_assert_str_eq(member(access, "status"), "404");
	ck_assert_str_eq(member(access, "uri"), "/none?a");
	ck_assert_str_eq(member(access, "method"), "GET");
	ck_assert_str_eq(member(access, "remote_addr"), "127.0.0.1");
	ck_assert_ptr_nonnull(strstr(access, "\"user_agent\":\"\\\"q\\\"\","));
	ck_assert_str_eq(member(error, "level"), "error");
	ck_assert_str_eq(member(error, "client"), "127.0.0.1");
	ck_assert_str_eq(member(error, "request"), "GET /none?a HTTP/1.1");
	ck_assert_uint_eq(strlen(member(error, "request_id")), 32);
	ck_assert_str_eq(member(error, "request_id"), member(access, "request_id"));
	ck_assert_ptr_nonnull(strstr(file_text(server, "/text.log"),
				     memory_printf(", request_id: \"%s\"\n",
						   member(error, "request_id"))));
	server_stop(server);
}
END_TEST

TESTS("files of the access log", a_line_may_be_longer_than_the_buffer, a_buffer_holds_lines_back,
      a_full_pipe_loses_lines_only, a_pipe_without_a_reader, no_link_in_somebody_elses_directory,
      a_line_of_the_error_log_cannot_be_forged, lines_for_programs_share_the_id_of_the_request)
