/* SPDX-License-Identifier: BSD-2-Clause */
/* Many files that are requested for the first time wait for a thread that encodes them. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "http/decode.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LONG = 4000000, SHORT = 5000, CLIENTS = 12, SHORTS = 60 };

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

TESTS("coding queue", short_files_come_before_long_ones, long_files_are_not_forgotten,
      another_version_gets_no_form)
