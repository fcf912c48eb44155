/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A site of some hundred files of all kinds and names, one of them beyond 4 GiB,
 * is served byte by byte as it lies on the disk: whole, by HEAD, in ranges, in
 * every accept mode, by one worker and by eight. SOAK=1: more files and rounds.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the sparse file: some text at these offsets, zeroes between. */
#define HUGE (5ull << 30)
static const unsigned long long marks[] = { 0, 1ull << 31, (1ull << 32) - 2, HUGE - 10 };

struct item {
	const char *name; /* on the disk */
	const char *bytes;
	size_t len;
};

static struct item *items;
static int count;

static int long_form(int of_soak, int otherwise)
{
	return getenv("SOAK") ? of_soak : otherwise;
}

/* Bytes that differ from file to file and never repeat at a power of two. */
static char *make_bytes(size_t len, unsigned seed)
{
	char *bytes = memory_alloc(len + 1);
	unsigned state = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (char)(state >> 24);
	}
	return bytes;
}

static void add(struct server *server, const char *name, size_t len)
{
	struct item *item = &items[count];

	*item = (struct item){ name, make_bytes(len, (unsigned)count), len };
	put_bytes(server, name, item->bytes, len);
	count++;
}

static void make_site(struct server *server)
{
	static const char *const kinds[] = { "html", "css",   "js",   "png",
					     "svg",  "woff2", "json", "txt" };
	static const char *const odd[] = {
		"with space.html",
		"two  spaces .txt",
		"100%.html",
		"%41.html",
		"a%2fb.txt",
		"plus+and&.txt",
		"question?.html",
		"hash#.html",
		"semi;colon.css",
		"quote\".js",
		"apostrophe'.js",
		"back\\slash.txt",
		"..dots",
		"dots...",
		".hidden",
		"tab\there.txt",
		"caf\xc3\xa9.html",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.html",
		"\xff\xfe.bin",
		"~tilde",
		"a:b.txt",
		"[brackets].txt",
		"no-extension",
		"UPPER.HTML",
		"very.many.dots.in.it.tar.gz",
	};
	int plain = long_form(1000, 200);

	items = memory_alloc(sizeof(*items) * 2000);
	count = 0;
	for (int i = 0; i < plain; i++)
		add(server, memory_printf("%d/page-%d.%s", i % 13, i, kinds[i % 8]),
		    (size_t)(i * i * 17 % 40000));
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		add(server, odd[i], 100 + i);
	add(server, "empty.html", 0);
	add(server, "one.html", 1);
	add(server, "deep/er/and/deep/er/still/index.html", 500);
	for (size_t len = 4095; len <= 4097; len++)
		add(server, memory_printf("near-4k/%zu", len), len);
	for (size_t len = 32767; len <= 32769; len++)
		add(server, memory_printf("near-32k/%zu", len), len);
	for (size_t len = 131071; len <= 131073; len++)
		add(server, memory_printf("near-128k/%zu", len), len);
	add(server, "large.bin", 3 * 1024 * 1024 + 1);
}

static const char *mark(int i)
{
	return memory_printf("mark %d ok", i);
}

static void make_huge(struct server *server)
{
	int fd = open(file_path(server, "huge.bin"), O_WRONLY | O_CREAT, 0644);

	if (fd < 0 || ftruncate(fd, (off_t)HUGE) < 0)
		test_skip("there is no room for a sparse file of 5 GiB");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pwrite(fd, mark(i), 9, (off_t)marks[i]), 9);
	close(fd);
}

/* Every byte that could mean something is encoded. */
static const char *target(const char *name)
{
	char *out = memory_alloc(strlen(name) * 3 + 2), *at = out;

	*at++ = '/';
	for (; *name; name++)
		at += sprintf(at,
			      strchr("%?#\"\\ \t;+&<>", *name) || (*name & 0x80) ? "%%%02X" : "%c",
			      (unsigned char)*name);
	*at = '\0';
	return out;
}

static void send_for(struct client *client, const char *method, const struct item *item,
		     const char *fields)
{
	client_send(client, memory_printf("%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method,
					  target(item->name), fields));
}

static void check_whole(struct client *client, const struct item *item)
{
	send_for(client, "GET", item, "");
	struct reply reply = client_reply(client);
	ck_assert_msg(reply.status == 200, "%d for %s", reply.status, item->name);
	ck_assert_msg(reply.body_len == item->len &&
			      memcmp(reply.body, item->bytes, item->len) == 0,
		      "other bytes in %s", item->name);
}

static void check_head(struct client *client, const struct item *item)
{
	send_for(client, "HEAD", item, "");
	struct reply reply = client_reply_head(client);
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), memory_printf("%zu", item->len));
}

static void check_range(struct client *client, const struct item *item)
{
	size_t first = item->len / 3, last = item->len / 3 * 2;

	send_for(client, "GET", item, memory_printf("Range: bytes=%zu-%zu\r\n", first, last));
	struct reply reply = client_reply(client);
	ck_assert_int_eq(reply.status, item->len ? 206 : 200);
	if (item->len == 0)
		return; /* of nothing there is no part, so it is sent whole */
	ck_assert_str_eq(reply_header(&reply, "Content-Range"),
			 memory_printf("bytes %zu-%zu/%zu", first, last, item->len));
	ck_assert_uint_eq(reply.body_len, last - first + 1);
	ck_assert_mem_eq(reply.body, item->bytes + first, reply.body_len);
}

/* The text that was written there, and a range across it of several parts. */
static void check_huge(struct server *server)
{
	struct reply reply = ask(server, "/huge.bin", .method = "HEAD");

	ck_assert_str_eq(reply_header(&reply, "Content-Length"), memory_printf("%llu", HUGE));
	for (int i = 0; i < 4; i++) {
		const char *range =
			memory_printf("Range: bytes=%llu-%llu\r\n", marks[i], marks[i] + 8);
		reply = ask(server, "/huge.bin", .fields = range);
		ck_assert_int_eq(reply.status, 206);
		ck_assert_str_eq(reply.body, mark(i));
	}
	reply = ask(server, "/huge.bin", .fields = "Range: bytes=-10\r\n");
	ck_assert_mem_eq(reply.body, mark(3), 9);
	reply = ask(server, "/huge.bin",
		    .fields = "Range: bytes=0-8,2147483648-2147483656,5368709110-\r\n");
	ck_assert_int_eq(reply.status, 206);
	for (int i = 0; i < 4; i++)
		if (i != 2)
			ck_assert_ptr_nonnull(memmem(reply.body, reply.body_len, mark(i), 9));
	reply = ask(server, "/huge.bin", .fields = "Range: bytes=5368709120-\r\n");
	ck_assert_int_eq(reply.status, 416);
}

static void serve_all(const char *mode, int workers)
{
	struct server *server = server_start(memory_printf(
		"worker_processes %d; events { accept_mode %s; }"
		"http { access_log off; keepalive_requests 100000; include %s/conf/mime.types;"
		"server { listen 127.0.0.1:%%PORT%%; } }",
		workers, mode, getcwd(memory_alloc(4096), 4096)));
	struct client *clients[8];

	make_site(server);
	make_huge(server);
	for (int i = 0; i < 8; i++)
		clients[i] = client_open(server);
	for (int round = 0; round < long_form(10, 2); round++)
		for (int i = 0; i < count; i++) {
			check_whole(clients[i % 8], &items[i]);
			check_head(clients[(i + 1) % 8], &items[i]);
			check_range(clients[(i + 2) % 8], &items[i]);
		}
	check_huge(server);
	server_stop(server);
}

START_TEST(shared_by_one)
{
	serve_all("shared", 1);
}
END_TEST

START_TEST(shared_by_eight)
{
	serve_all("shared", 8);
}
END_TEST

START_TEST(reuseport_by_one)
{
	serve_all("reuseport", 1);
}
END_TEST

START_TEST(reuseport_by_eight)
{
	serve_all("reuseport", 8);
}
END_TEST

START_TEST(handoff_by_one)
{
	serve_all("handoff", 1);
}
END_TEST

START_TEST(handoff_by_eight)
{
	serve_all("handoff", 8);
}
END_TEST

START_TEST(more_than_two_gigabytes_in_one_answer)
{
	if (!getenv("SOAK"))
		test_skip("5 GiB are sent with SOAK=1 only");
	struct server *server = server_with("");
	struct client *client = client_open(server);

	make_huge(server);
	client_send(client, "GET /huge.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	ck_assert_uint_gt(client_drain(client), HUGE);
	server_stop(server);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "files", .timeout = 600 }), shared_by_one, shared_by_eight,
	 reuseport_by_one, reuseport_by_eight, handoff_by_one, handoff_by_eight,
	 more_than_two_gigabytes_in_one_answer)
