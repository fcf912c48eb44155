/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that change: the next request sees it, and what is being sent is of one
 * version, never a mixture, never padded.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 12 * 1000 * 1000 };

static struct server *server;

static void setup(void)
{
	/* One test has links to where the sandbox would not let it go. */
	server = server_start("sandbox_allow %DIR%; http { access_log off;"
			      "server { listen 127.0.0.1:%PORT%; } }");
}

static void teardown(void)
{
	server_stop(server);
}

static void put_filled(const char *name, char byte, size_t len)
{
	char *bytes = memory_alloc(len);

	memset(bytes, byte, len);
	put_bytes(server, name, bytes, len);
}

/* A client that has asked, seen the beginning, and reads no further: most is not sent yet. */
static struct client *begun(const char *target)
{
	struct client *client = client_open(server);
	char some[300];

	client_send(client, memory_printf("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
					  target));
	ck_assert_uint_gt(client_read(client, some, sizeof(some)), 0);
	return client;
}

START_TEST(every_change_is_seen)
{
	struct client *client = client_open(server);

	for (int i = 0; i < 100; i++) {
		const char *text = memory_printf("version %d", i);
		put_file(server, "a.txt", text);
		ck_assert_str_eq(client_get(client, "/a.txt").body, text);
	}
}
END_TEST

START_TEST(a_file_of_the_same_length_put_in_its_place)
{
	struct client *client = client_open(server);

	for (int i = 0; i < 100; i++) {
		const char *text = memory_printf("version %03d", i);
		put_file(server, "new.txt", text);
		ck_assert_int_eq(rename(file_path(server, "new.txt"), file_path(server, "a.txt")),
				 0);
		ck_assert_str_eq(client_get(client, "/a.txt").body, text);
	}
}
END_TEST

START_TEST(coming_and_going)
{
	struct client *client = client_open(server);

	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(client_get(client, "/a.txt").status, 404);
		put_file(server, "a.txt", "here");
		ck_assert_str_eq(client_get(client, "/a.txt").body, "here");
		ck_assert_int_eq(unlink(file_path(server, "a.txt")), 0);
	}
}
END_TEST

START_TEST(a_folder_in_place_of_another)
{
	put_file(server, "v1/a.txt", "one");
	put_file(server, "v2/a.txt", "two");
	ck_assert_int_eq(symlink("v1", file_path(server, "now")), 0);
	ck_assert_str_eq(get(server, "/now/a.txt").body, "one");
	ck_assert_int_eq(symlink("v2", file_path(server, "next")), 0);
	ck_assert_int_eq(rename(file_path(server, "next"), file_path(server, "now")), 0);
	ck_assert_str_eq(get(server, "/now/a.txt").body, "two");
	ck_assert_int_eq(rename(file_path(server, "v1"), file_path(server, "v3")), 0);
	ck_assert_int_eq(get(server, "/v1/a.txt").status, 404);
	ck_assert_str_eq(get(server, "/v3/a.txt").body, "one");
}
END_TEST

START_TEST(replaced_while_it_is_sent)
{
	put_filled("a.txt", 'a', LARGE);
	struct client *client = begun("/a.txt");

	put_filled("new.txt", 'b', LARGE / 2);
	ck_assert_int_eq(rename(file_path(server, "new.txt"), file_path(server, "a.txt")), 0);
	char *bytes = memory_alloc(65536);
	for (size_t n; (n = client_read(client, bytes, 65536)) > 0;)
		ck_assert_msg(!memchr(bytes, 'b', n), "a byte of the other version");
	ck_assert_uint_eq(get(server, "/a.txt").body_len, LARGE / 2);
}
END_TEST

START_TEST(shortened_while_it_is_sent)
{
	put_filled("a.txt", 'a', LARGE);
	struct client *client = begun("/a.txt");

	ck_assert_int_eq(truncate(file_path(server, "a.txt"), 1000), 0);
	ck_assert_uint_lt(client_drain(client), LARGE);
	ck_assert(log_has(server, "/a.txt\" has become shorter while it was sent, the connection "
				  "is closed, client: "));
	ck_assert_uint_eq(get(server, "/a.txt").body_len, 1000);
}
END_TEST

START_TEST(longer_while_it_is_sent)
{
	put_filled("a.txt", 'a', LARGE);
	struct client *client = client_open(server);

	client_send(client, "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(truncate(file_path(server, "a.txt"), LARGE + 5000), 0);
	size_t len = client_reply(client).body_len;
	ck_assert_msg(len == LARGE || len == LARGE + 5000, "%zu bytes", len);
	ck_assert_uint_eq(client_get(client, "/a.txt").body_len, LARGE + 5000);
}
END_TEST

START_TEST(deleted_while_it_is_sent)
{
	put_filled("a.txt", 'a', LARGE);
	struct client *client = begun("/a.txt");

	ck_assert_int_eq(unlink(file_path(server, "a.txt")), 0);
	ck_assert_uint_ge(client_drain(client), LARGE - 300);
	ck_assert_int_eq(get(server, "/a.txt").status, 404);
}
END_TEST

START_TEST(slow_readers_cost_little_memory)
{
	put_filled("a.bin", 'a', 50 * 1000 * 1000);
	get(server, "/nothing");
	long before = server_memory(server);
	for (int i = 0; i < 50; i++)
		begun("/a.bin");
	ck_assert_int_lt(server_memory(server) - before, 20000);
}
END_TEST

START_TEST(slow_readers_without_sendfile_cost_little_memory)
{
	struct server *other = server_with("sendfile off;");
	char some[300];

	put_bytes(other, "a.bin", memory_alloc(20000000), 20000000);
	long before = server_memory(other);
	for (int i = 0; i < 50; i++) {
		struct client *client = client_open_slow(other);
		client_send(client, "GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_uint_gt(client_read(client, some, sizeof(some)), 0);
	}
	/* At most what is asked for in a turn: half a MiB each. */
	ck_assert_int_lt(server_memory(other) - before, 50 * 600);
	server_stop(other);
}
END_TEST

START_TEST(links_are_followed)
{
	put_file(server, "a.txt", "a file");
	put_file(server, "/outside/b.txt", "outside");
	ck_assert_int_eq(symlink("a.txt", file_path(server, "link.txt")), 0);
	ck_assert_int_eq(symlink(file_path(server, "/outside"), file_path(server, "out")), 0);
	ck_assert_int_eq(symlink("nowhere", file_path(server, "dangling.txt")), 0);
	ck_assert_int_eq(symlink("loop", file_path(server, "loop")), 0);
	ck_assert_str_eq(get(server, "/link.txt").body, "a file");
	ck_assert_str_eq(get(server, "/out/b.txt").body, "outside");
	ck_assert_int_eq(get(server, "/dangling.txt").status, 404);
	ck_assert_int_ge(get(server, "/loop").status, 400);
}
END_TEST

TESTS_IN((&(struct test_suite){
		 .name = "files that change", .setup = setup, .teardown = teardown }),
	 every_change_is_seen, a_file_of_the_same_length_put_in_its_place, coming_and_going,
	 a_folder_in_place_of_another, replaced_while_it_is_sent, shortened_while_it_is_sent,
	 longer_while_it_is_sent, deleted_while_it_is_sent, slow_readers_cost_little_memory,
	 slow_readers_without_sendfile_cost_little_memory, links_are_followed)
