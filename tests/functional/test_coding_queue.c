/* SPDX-License-Identifier: BSD-2-Clause */
/* Many files that are requested for the first time wait for a thread that encodes them. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "http/decode.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

enum {
	LONG = 4000000,
	SHORT = 5000,
	CLIENTS = 12,
	SHORTS = 60,
	OLD_MS = 2200, /* after so long a file is not read again by each request */
};

static void put_text(struct server *server, const char *name, size_t size)
{
	char *text = memory_alloc(size + 16);
	unsigned seed = 1;

	for (size_t len = 0; len < size; len += 8) {
		seed = seed * 1103515245 + 12345;
		sprintf(text + len, "word%03u ", seed >> 16 & 511);
	}
	put_bytes(server, name, text, size);
}

static struct server *start(void)
{
	struct server *server = server_with("compress br; types { } default_type text/html;"
					    "brotli_comp_level 5;");

	for (int i = 0; i < CLIENTS; i++) {
		put_text(server, memory_printf("long%d", i), LONG);
		put_text(server, memory_printf("short%d", i), SHORT);
	}
	return server;
}

static struct client *begin(struct server *server, const char *name)
{
	struct client *client = client_open(server);

	client_send(client, memory_printf("GET /%s HTTP/1.1\r\nHost: a\r\n"
					  "Accept-Encoding: br\r\n\r\n", name));
	return client;
}

static void is_encoded(struct reply reply)
{
	ck_assert_int_eq(reply.status, 200);
	ck_assert(reply.is_whole);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "br");
}

START_TEST(short_files_come_before_long_ones)
{
	struct server *server = start();
	struct client *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = begin(server, memory_printf("long%d", i));
	client_reply(clients[0]);
	is_encoded(client_reply(begin(server, "short0")));
	ck_assert(client_is_quiet(clients[CLIENTS - 1], 0));
	for (int i = 1; i < CLIENTS; i++)
		is_encoded(client_reply(clients[i]));
	server_stop(server);
}
END_TEST

/* At most eight short files overtake the file that has waited longest. */
START_TEST(long_files_are_not_forgotten)
{
	struct server *server = server_start(
		"http { log_format uri $uri; access_log access.log uri; types { }"
		"default_type text/html; compress br; server { listen 127.0.0.1:%PORT%; } }");
	struct client *clients[SHORTS + 2];

	for (int i = 0; i < SHORTS + 2; i++)
		put_text(server, memory_printf("%d", i), i < 2 ? LONG : SHORT);
	for (int i = 0; i < SHORTS + 2; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], memory_printf("HEAD /%d HTTP/1.1\r\nHost: a\r\n"
						      "Accept-Encoding: br\r\n\r\n", i));
	}
	for (int i = 0; i < SHORTS + 2; i++)
		ck_assert_int_eq(client_reply_head(clients[i]).status, 200);

	struct deadline wait = { 0 };
	while (file_count(server, "/access.log", "\n") < SHORTS + 2)
		deadline_wait(&wait, "all requests are in the log");
	const char *log = file_text(server, "/access.log");
	const char *at = strstr(log, "/1\n");
	int before = 0;
	for (; log < at; log++)
		before += *log == '\n';
	/* The first long file, and eight short ones, or those that came while it was begun. */
	ck_assert_int_le(before, 1 + 8 + 8);
	server_stop(server);
}
END_TEST

/*
 * A file is overwritten while it waits, by as many bytes and within the second of its last change:
 * the tag of the version that was asked for names none of the new bytes.
 */
START_TEST(another_version_gets_no_form)
{
	enum { SIZE = 200000 };
	struct server *server = start();
	char *text = memset(memory_alloc(SIZE + 1), 'a', SIZE);
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = 500000000 } };

	text[SIZE] = '\0';
	times[1].tv_sec = time(NULL) - 1;
	put_bytes(server, "changing", text, SIZE);
	int fd = open(file_path(server, "changing"), O_WRONLY);
	ck_assert_int_eq(futimens(fd, times), 0);

	struct client *long_one = begin(server, "long0"), *client = begin(server, "changing");
	ck_assert_int_eq(ask(server, "/none").status, 404);
	times[1].tv_nsec++;
	ck_assert_int_eq(pwrite(fd, memset(text, 'b', SIZE), SIZE, 0), SIZE);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
	is_encoded(client_reply(long_one));

	struct reply reply = client_reply(client);
	const char *tag = reply_header(&reply, "ETag");
	is_encoded(reply);
	ck_assert_msg(!tag || tag[0] != '"' || decode(&reply)[0] == 'a', "%s", tag);
	server_stop(server);
}
END_TEST

/* All that ask before the form is there wait for the same one. */
START_TEST(one_form_is_made_for_all)
{
	struct server *server = start();
	struct client *clients[CLIENTS];
	struct deadline wait = { 0 };
	const char *tag = NULL;

	usleep(OLD_MS * 1000);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = begin(server, "long0");
	for (int i = 0; i < CLIENTS; i++) {
		struct reply reply = client_reply(clients[i]);

		is_encoded(reply);
		if (tag)
			ck_assert_str_eq(reply_header(&reply, "ETag"), tag);
		tag = reply_header(&reply, "ETag");
	}
	while (server_counter(server, "compress", "forms") < 1)
		deadline_wait(&wait, "a form is counted");
	ck_assert_int_eq(server_counter(server, "compress", "forms"), 1);
	server_stop(server);
}
END_TEST

/* The level changes while a form is sent: it stays what it is, and is not mixed with another. */
START_TEST(another_level_begins_with_the_next_download)
{
	enum { LARGE = 6000000 };
	const char *const files[] = { "/conf/level", "gzip_comp_level 1;", NULL };
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = "worker_processes 1; http { types { } default_type text/html; gzip on;"
			"include level; server { listen 127.0.0.1:%PORT%; } }",
		.files = files,
	});
	struct bytes got = { memory_alloc(LARGE), 0 };
	char *noise = memory_alloc(LARGE);
	const char *gzip = "Accept-Encoding: gzip\r\n";
	uint32_t seed = 1;

	for (int i = 0; i < LARGE; i++) {
		seed = seed * 1103515245 + 12345;
		noise[i] = "0123456789abcdef"[seed >> 28];
	}
	put_bytes(server, "a", noise, LARGE);
	utime(file_path(server, "a"), &(struct utimbuf){ 99, 99 });

	struct reply first = ask(server, "/a", .fields = gzip);
	const char *tag = reply_header(&first, "ETag");
	struct client *client = client_open_slow(server);

	ck_assert_ptr_nonnull(strstr(tag, "-gz1."));
	client_send(client, memory_printf("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
					  "%s\r\n", gzip));
	got.len = client_read(client, got.data, 4096);
	put_file(server, "/conf/level", "gzip_comp_level 9;");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");

	struct reply next = ask(server, "/a", .fields = gzip);
	ck_assert_ptr_nonnull(strstr(reply_header(&next, "ETag"), "-gz9."));
	next = ask(server, "/a", .fields = memory_printf("%sRange: bytes=5-\r\nIf-Range: %s\r\n",
							 gzip, tag));
	ck_assert_int_eq(next.status, 200);
	for (size_t len; (len = client_read(client, got.data + got.len, LARGE - got.len)) > 0;)
		got.len += len;
	ck_assert_uint_gt(got.len, first.body_len);
	ck_assert_mem_eq(got.data + got.len - first.body_len, first.body, first.body_len);
	server_stop(server);
}
END_TEST

static bool has_mark(const struct reply *reply, const char *mark)
{
	const char *tag = reply_header(reply, "ETag");

	return tag && strstr(tag, mark);
}

/* A lack of descriptors, for example. Until then the file is encoded while it is sent. */
START_TEST(an_error_is_not_for_ever)
{
	/* A user whose limits the test may change without a capability. */
	struct server *server = server_start(memory_printf(
		"%s http { compress gzip; types { } default_type text/html; access_log off;"
		"server { listen 127.0.0.1:%%PORT%%; } }", geteuid() == 0 ? "user root;" : ""));
	const char *gzip = "GET /a HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
	struct client *client = client_open(server);
	struct deadline wait = { 0 };
	struct rlimit before;
	pid_t worker;

	put_text(server, "a", 100000);
	put_text(server, "b", 100000);
	usleep(OLD_MS * 1000);
	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	ck_assert_int_eq(ask(server, "/b", .fields = "Accept-Encoding: gzip\r\n").status, 200);
	ck_assert_int_eq(client_get(client, "/a").status, 200);

	ck_assert_int_eq(prlimit(worker, RLIMIT_NOFILE, NULL, &before), 0);
	struct rlimit none = { 0, before.rlim_max };
	ck_assert_int_eq(prlimit(worker, RLIMIT_NOFILE, &none, NULL), 0);
	client_send(client, gzip);
	struct reply reply = client_reply(client);
	ck_assert_str_eq(decode(&reply), file_text(server, "a"));
	ck_assert(!has_mark(&reply, "-gz"));
	ck_assert_int_eq(prlimit(worker, RLIMIT_NOFILE, &before, NULL), 0);
	do {
		deadline_wait(&wait, "the form is made");
		client_send(client, gzip);
		reply = client_reply(client);
	} while (!has_mark(&reply, "-gz1."));
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("coding queue", one_form_is_made_for_all, another_level_begins_with_the_next_download,
      an_error_is_not_for_ever, short_files_come_before_long_ones, long_files_are_not_forgotten,
      another_version_gets_no_form)
