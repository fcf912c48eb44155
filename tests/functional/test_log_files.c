/* SPDX-License-Identifier: BSD-2-Clause */
/* How log files are written: compressed, to sockets, by names with variables. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#define UNPACKED(server, name) output_of(memory_printf("zcat %s%s", (server)->dir, name))

/* What a command prints. */
static const char *output_of(const char *command)
{
	FILE *from = popen(command, "r");
	char *text = memory_alloc(65536);

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, 65535, from)] = '\0';
	ck_assert_int_eq(pclose(from), 0);
	return text;
}

static struct server *logging(const char *http)
{
	return server_start(memory_printf(
		"http { log_format uri $uri; %s\n server { listen 127.0.0.1:%%PORT%%; root html;\n"
		"  location / { return 200 abc; } } }",
		http));
}

/* --- gzip ------------------------------------------------------------------------ */

static off_t size_of(const struct server *server, const char *name)
{
	struct stat status = { 0 };

	stat(memory_printf("%s%s", server->dir, name), &status);
	return status.st_size;
}

/* Waits until a further member was written. Returns the size of the file then. */
static off_t wait_to_grow(const struct server *server, const char *name, off_t size)
{
	struct deadline p = { 0 };
	off_t now;

	while ((now = size_of(server, name)) == size)
		deadline_wait(&p, "a member of the file");
	return now;
}

START_TEST(each_buffer_is_a_member)
{
	struct server *server = logging("access_log all.gz uri gzip=9 flush=20ms;"
					"access_log late.gz uri buffer=1m gzip;");
	off_t first, second;

	get(server, "/a");
	first = wait_to_grow(server, "/all.gz", 0);
	get(server, "/b");
	get(server, "/c");
	second = wait_to_grow(server, "/all.gz", first);
	ck_assert_str_eq(output_of(memory_printf("head -c %lld %s/all.gz | zcat", (long long)first,
						 server->dir)),
			 "/a\n");
	ck_assert(strncmp(output_of(memory_printf("tail -c +%lld %s/all.gz | zcat",
						  (long long)first + 1, server->dir)),
			  "/b\n", 3) == 0);
	ck_assert_int_gt(second, first);
	ck_assert_int_eq(size_of(server, "/late.gz"), 0);

	/* A file that is replaced gets all that was held back. */
	rename(file_path(server, "../late.gz"), file_path(server, "../old.gz"));
	kill(server->pid, SIGUSR1);
	wait_to_grow(server, "/old.gz", 0);
	ck_assert_str_eq(UNPACKED(server, "/old.gz"), "/a\n/b\n/c\n");
	server_stop(server);
}
END_TEST

/* --- standard output ------------------------------------------------------------------ */

/* As a service manager starts it: nothing can be opened by the name of a socket. */
static struct server *start_with(const char *dir, int number, int fd, const char *http)
{
	const char *program = memory_printf("%s/started", dir);
	const char *skua = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	FILE *script = fopen(program, "w");

	fprintf(script, "#!/bin/sh\nexec %s \"$@\" %d>&%d\n", skua, number, fd);
	fchmod(fileno(script), 0755);
	fclose(script);
	return server_start_with(&(struct server_setup){
		.program = program,
		.conf = memory_printf("http { log_format uri $uri; %s "
				      "server { listen 127.0.0.1:%%PORT%%; root html; "
				      "location /text { return 200 abc; } } }",
				      http),
	});
}

/* Reads until the text has come, and returns all that was read. */
static const char *read_until(int fd, const char *text)
{
	char *read_text = memory_alloc(65536);
	struct deadline p = { 0 };
	size_t len = 0;

	for (read_text[0] = '\0'; !strstr(read_text, text); read_text[len] = '\0') {
		struct pollfd ready = { .fd = fd, .events = POLLIN };

		deadline_wait(&p, memory_printf("\"%s\"", text));
		if (poll(&ready, 1, 0) > 0)
			len += (size_t)read(fd, read_text + len, 65535 - len);
	}
	return read_text;
}

/* ends[0] reads what is written to ends[1]. */
static void make_socket(int ends[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static void make_pipe(int ends[2])
{
	ck_assert_int_eq(pipe(ends), 0);
}

static void (*const makers[])(int ends[2]) = { make_socket, make_pipe };

START_TEST(standard_output_may_be_a_socket)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		const char *dir = scratch_create();
		int ends[2];

		makers[i](ends);

		struct server *server = start_with(dir, 1, ends[1], "access_log /dev/stdout uri;");

		close(ends[1]);
		get(server, "/text/a");
		ck_assert_str_eq(read_until(ends[0], "\n"), "/text/a\n");
		kill(server->pid, SIGUSR1);
		log_wait(server, "opening the log files again");
		get(server, "/text/b");
		ck_assert_str_eq(read_until(ends[0], "\n"), "/text/b\n");
		close(ends[0]);
		server_stop(server);
		scratch_remove(dir);
	}
}
END_TEST

START_TEST(standard_error_may_be_a_socket)
{
	static const char *const names[] = { "stderr", "/dev/stderr" };

	for (size_t i = 0; i < 2 * sizeof(makers) / sizeof(makers[0]); i++) {
		const char *dir = scratch_create(), *text;
		int ends[2];

		makers[i / 2](ends);

		struct server *server =
			start_with(dir, 2, ends[1],
				   memory_printf("access_log off; error_log %s;", names[i % 2]));

		close(ends[1]);
		get(server, "/missing-a");
		text = read_until(ends[0], "\"GET /missing-a HTTP/1.1\"");
		ck_assert_ptr_nonnull(strstr(text, "[error]"));
		kill(server->pid, SIGUSR1);
		log_wait(server, "opening the log files again");
		get(server, "/missing-b");
		read_until(ends[0], "\"GET /missing-b HTTP/1.1\"");
		/* Who reads may go: the server goes on. */
		close(ends[0]);
		get(server, "/missing-c");
		ck_assert_int_eq(get(server, "/text").status, 200);
		server_forgive(server);
		server_stop(server);
		scratch_remove(dir);
	}
}
END_TEST

/* --- names with variables ---------------------------------------------------------------- */

/* Everybody may create files in the directory of the logs. */
static struct server *with_sites(const struct server_setup *setup)
{
	struct server *server = server_start_with(setup);

	ck_assert_int_eq(chmod(file_path(server, "../sites"), 0777), 0);
	return server;
}

static struct server *naming(const char *http)
{
	return with_sites(&(struct server_setup){
		.files = (const char *const[]){ "../sites/.keep", "", "deep/.keep", "", NULL },
		.conf = memory_printf(
			"http { log_format uri $uri; access_log sites/$arg_a.log uri; %s\n"
			"server { listen 127.0.0.1:%%PORT%%; root html;\n"
			"location / { return 200 abc; }\n"
			"location /deep/ { root html/deep; return 200 d; }\n"
			"location /none/ { root html/none; return 200 n; } } }",
			http),
	});
}

static int number_of(const char *command)
{
	char text[32] = "";
	FILE *from = popen(command, "r");

	if (!fgets(text, sizeof(text), from))
		text[0] = '\0';
	pclose(from);
	return atoi(text);
}

/* How many files of that directory the worker has open. */
static int open_files(struct server *server)
{
	pid_t worker;

	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	return number_of(memory_printf("ls -l /proc/%d/fd | grep -c '/sites/'", worker));
}

START_TEST(a_file_for_each_value)
{
	struct server *server = naming("");
	struct deadline p = { 0 };

	get(server, "/1?a=one");
	get(server, "/2?a=two");
	get(server, "/3?a=one");
	get(server, "/deep/4?a=one");
	file_becomes(server, "/sites/one.log", "/1\n/3\n/deep/4\n");
	file_becomes(server, "/sites/two.log", "/2\n");
	while (open_files(server) > 0)
		deadline_wait(&p, "the files are closed");
	server_stop(server);
}
END_TEST

/* The error log says so once, and then how many there were. */
START_TEST(values_that_are_no_names_are_refused)
{
	static const char *const values[] = { "", "a/b", "../x", "/etc/x", ".", "..", "a\tb" };
	struct server *server = with_sites(&(struct server_setup){
		.files = (const char *const[]){ "../sites/.keep", "", NULL },
		.conf = "http { log_format uri $uri; access_log sites/$http_name uri;\n"
			"server { listen 127.0.0.1:%PORT%; return 200 ok; } }",
	});

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ask(server, "/a", .fields = memory_printf("Name: %s\r\n", values[i]));
	ask(server, "/good", .fields = "Name: ..good\r\n");
	file_becomes(server, "/sites/..good", "/good\n");
	log_once(server, "make no name of a file");
	ck_assert_int_eq(number_of(memory_printf("ls -A %s/sites | wc -l", server->dir)), 2);
	server_stop(server);
}
END_TEST

START_TEST(without_a_root_there_is_no_log)
{
	struct server *server = naming("");
	struct stat status;

	get(server, "/none/1?a=one");
	log_wait(server, "without the root");
	ck_assert_int_lt(stat(file_path(server, "../sites/one.log"), &status), 0);
	get(server, "/2?a=one");
	file_becomes(server, "/sites/one.log", "/2\n");
	server_stop(server);
}
END_TEST

/* A question with a NUL in the root would be one of a worker that was taken over. */
START_TEST(a_root_has_no_nul)
{
	struct server *server = naming(
		"server { listen 127.0.0.1:%PORT2%; root html/$remote_user; return 200 ok; }");
	struct reply reply = ask(server, "/?a=one", .port = 1,
				 .fields = "Authorization: Basic YQBiOmM=\r\n"); /* a NUL b:c */

	ck_assert_int_eq(reply.status, 200);
	log_wait(server, "the root has a NUL");
	ck_assert(!log_has(server, "taken over"));
	server_stop(server);
}
END_TEST

START_TEST(no_link_is_followed)
{
	struct server *server = naming("open_log_file_cache max=5;");

	put_file(server, "../target", "");
	chmod(file_path(server, "../target"), 0666);
	ck_assert_int_eq(symlink("../target", file_path(server, "../sites/link.log")), 0);
	ck_assert_int_eq(
		link(file_path(server, "../target"), file_path(server, "../sites/hard.log")), 0);
	ck_assert_int_eq(mkfifo(file_path(server, "../sites/pipe.log"), 0666), 0);
	get(server, "/1?a=link");
	log_wait(server, "lines are lost: opening the log");
	get(server, "/1?a=hard");
	get(server, "/1?a=pipe");
	get(server, "/1?a=good");
	file_becomes(server, "/sites/good.log", "/1\n");
	ck_assert_str_eq(file_text(server, "/target"), "");
	server_stop(server);
}
END_TEST

START_TEST(files_stay_open_in_the_cache)
{
	struct server *server = naming("open_log_file_cache max=2 inactive=300ms valid=1h;");
	struct deadline p = { 0 };

	for (int i = 0; i < 5; i++)
		get(server, memory_printf("/%d?a=f%d", i, i));
	file_becomes(server, "/sites/f4.log", "/4\n");
	ck_assert_int_le(open_files(server), 2);
	get(server, "/x?a=f4");
	file_becomes(server, "/sites/f4.log", "/4\n/x\n");
	while (open_files(server) > 0)
		deadline_wait(&p, "the files are closed");
	server_stop(server);
}
END_TEST

START_TEST(a_file_has_to_be_used_to_stay_open)
{
	struct server *server = naming("open_log_file_cache max=2 inactive=1h min_uses=2;");
	struct deadline p = { 0 };

	get(server, "/1?a=f");
	file_becomes(server, "/sites/f.log", "/1\n");
	while (open_files(server) > 0)
		deadline_wait(&p, "the file is closed");
	get(server, "/2?a=f");
	file_becomes(server, "/sites/f.log", "/1\n/2\n");
	ck_assert_int_eq(open_files(server), 1);
	server_stop(server);
}
END_TEST

START_TEST(rotated_files_are_opened_again)
{
	struct server *server = naming("open_log_file_cache max=2 inactive=1h valid=1h;");
	struct deadline p = { 0 };

	get(server, "/1?a=f");
	file_becomes(server, "/sites/f.log", "/1\n");
	rename(file_path(server, "../sites/f.log"), file_path(server, "../sites/old"));
	get(server, "/2?a=f");
	file_becomes(server, "/sites/old", "/1\n/2\n");
	kill(server->pid, SIGUSR1);
	while (open_files(server) > 0)
		deadline_wait(&p, "the file is closed");
	get(server, "/3?a=f");
	file_becomes(server, "/sites/f.log", "/3\n");
	ck_assert_str_eq(file_text(server, "/sites/old"), "/1\n/2\n");
	server_stop(server);
}
END_TEST

/* After `valid` another file may have taken the name. */
START_TEST(a_file_is_looked_for_again)
{
	struct server *server = naming("open_log_file_cache max=2 inactive=1h valid=50ms;");
	struct deadline p = { 0 };

	get(server, "/1?a=f");
	file_becomes(server, "/sites/f.log", "/1\n");
	rename(file_path(server, "../sites/f.log"), file_path(server, "../sites/old"));
	do
		get(server, "/2?a=f");
	while (!strstr(file_text(server, "/sites/f.log"), "/2\n") &&
	       deadline_wait(&p, "a new file"));
	server_stop(server);
}
END_TEST

static pid_t log_opener(const struct server *server)
{
	return number_of(memory_printf("pgrep -P %d -f log_opener", server->pid));
}

/* Its lines are counted, and another one takes its place. */
START_TEST(a_helper_may_die)
{
	struct server *server = naming("");
	struct deadline p = { 0 };

	get(server, "/1?a=f");
	file_becomes(server, "/sites/f.log", "/1\n");

	pid_t helper = log_opener(server);

	ck_assert_int_gt(helper, 0);
	kill(helper, SIGSTOP);
	get(server, "/2?a=f");
	get(server, "/3?a=g");
	kill(helper, SIGKILL);
	log_wait(server, "lines are lost: opening the log");
	do
		get(server, "/4?a=f");
	while (!strstr(file_text(server, "/sites/f.log"), "/4\n") &&
	       deadline_wait(&p, "another helper"));
	ck_assert_ptr_null(strstr(file_text(server, "/sites/f.log"), "/2\n"));
	log_once(server, "lines are lost");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* The names come from clients: few files are open, and nothing is lost. */
START_TEST(two_thousand_names)
{
	enum { NAMES = 2000, AT_ONCE = 20 };
	struct server *server = naming("open_log_file_cache max=20;");
	struct client *client = NULL;

	for (int i = 0; i < NAMES; i += AT_ONCE) {
		char *requests = memory_printf("%s", "");

		for (int j = i; j < i + AT_ONCE; j++)
			requests = memory_printf("%sGET /%d?a=n%d HTTP/1.1\r\nHost: a\r\n\r\n",
						 requests, j, j);
		if (i % 500 == 0)
			client = client_open(server);
		client_send(client, requests);
		for (int j = i; j < i + AT_ONCE; j++)
			ck_assert_int_eq(client_reply(client).status, 200);
	}
	file_becomes(server, "/sites/n1999.log", "/1999\n");
	ck_assert_int_le(open_files(server), 20);
	ck_assert(!log_has(server, "lost"));
	ck_assert_int_eq(number_of(memory_printf("ls %s/sites | wc -l", server->dir)), NAMES);
	server_stop(server);
}
END_TEST

/* A worker that ends waits for the answer of the helper. */
START_TEST(the_last_line_is_written)
{
	struct server *server = naming("");
	const char *path = file_path(server, "../sites/f.log");
	char text[8] = "";

	put_file(server, "../sites/f.log", "");
	ck_assert_int_eq(chmod(path, 0666), 0);

	int fd = open(path, O_RDONLY);

	get(server, "/1?a=f");
	file_becomes(server, "/sites/f.log", "/1\n");

	pid_t helper = log_opener(server);

	kill(helper, SIGSTOP);
	get(server, "/2?a=f");
	kill(server->pid, SIGQUIT);
	usleep(100 * 1000);
	kill(helper, SIGCONT);
	server_stop(server);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 6);
	ck_assert_str_eq(text, "/1\n/2\n");
	close(fd);
}
END_TEST

START_TEST(mistakes_are_named)
{
	static const struct {
		const char *directive, *message;
	} cases[] = {
		{ "access_log /$host.log;", "the directory of the log is missing" },
		{ "access_log $host.log;", "the directory of the log is missing" },
		{ "access_log logs/$host.log combined buffer=1k;", "has no buffer" },
		{ "access_log logs/$host.log combined gzip;", "has no buffer" },
		{ "open_log_file_cache inactive=1s;", "max= is missing" },
		{ "open_log_file_cache max=0;", "max" },
		{ "access_log a.log combined gzip=10;", "gzip=10" },
		{ "access_log syslog:server=unix:/x combined gzip;", "cannot be buffered" },
		{ "access_log syslog:server=unix:/x combined buffer=1k;", "cannot be buffered" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *output;

		server_fails(memory_printf("http { %s server { listen 127.0.0.1:%%PORT%%; } }",
					   cases[i].directive),
			     &output);
		ck_assert_msg(strstr(output, cases[i].message) != NULL, "%s: %s",
			      cases[i].directive, output);
	}
}
END_TEST

TESTS("how log files are written", each_buffer_is_a_member, standard_output_may_be_a_socket,
      standard_error_may_be_a_socket, a_file_for_each_value, values_that_are_no_names_are_refused,
      without_a_root_there_is_no_log, a_root_has_no_nul, no_link_is_followed,
      files_stay_open_in_the_cache, a_file_has_to_be_used_to_stay_open,
      rotated_files_are_opened_again, a_file_is_looked_for_again, a_helper_may_die,
      two_thousand_names, the_last_line_is_written, mistakes_are_named)
