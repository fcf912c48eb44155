/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files change all the time while clients fetch them by each coding, from two workers and at
 * two levels, also where links are judged: every body decodes to one version, and no strong tag
 * ever names two byte strings. Now and then they do not change for a while, so that the compressor
 * makes its forms.
 *
 *     SOAK=1               takes TAGS_SECONDS (600) in place of two seconds, with reloads
 *     TAGS_SECONDS=120
 */
#include "http/decode.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <hash.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES = 4, TAGS = 1 << 20 };

/* A version is its number, again and again; 120, 4000 or 60000 bytes of it. */
static void write_version(const struct server *server, int file, int version)
{
	static const int repeats[] = { 10, 333, 5000 };
	const char *path = file_path(server, memory_printf("%d.html", file));
	FILE *new = fopen(file_path(server, "new"), "w");

	ck_assert_ptr_nonnull(new);
	for (int i = repeats[version % 3]; i > 0; i--)
		fprintf(new, "<p>v%07d ", version);
	fclose(new);
	ck_assert_int_eq(rename(file_path(server, "new"), path), 0);
}

static pid_t start_writer(const struct server *server)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (int version = FILES;; version++) {
		write_version(server, rand() % FILES, version);
		usleep(rand() % 3 ? 500 : 100000);
		if (rand() % 100 == 0)
			sleep(4);
	}
}

static void check_is_one_version(const char *text)
{
	size_t len = strlen(text);

	ck_assert_uint_ge(len, 120);
	ck_assert_int_eq(len % 12, 0);
	ck_assert_mem_eq(text, text + 12, len - 12);
}

/* What each tag of a file has named: the hash of the body, by that of the tag. */
static struct {
	uint64_t tag, body;
} named[TAGS];

static void check_tag(const struct reply *reply, int file)
{
	const char *tag = reply_header(reply, "ETag");
	struct str body = { reply->body, reply->body_len };
	size_t place;

	if (!tag || tag[0] != '"')
		return;
	uint64_t hash = hash_public(str_from(memory_printf("%d %s", file, tag))) | 1;
	for (place = hash % TAGS; named[place].tag && named[place].tag != hash;)
		place = (place + 1) % TAGS;
	if (!named[place].tag) {
		named[place].tag = hash;
		named[place].body = hash_public(body);
	}
	ck_assert_msg(named[place].body == hash_public(body), "%s names two byte strings", tag);
}

static long seconds(void)
{
	const char *given = getenv("TAGS_SECONDS");

	if (given)
		return atoi(given);
	return getenv("SOAK") ? 600 : 2;
}

static bool is_best(const struct reply *reply)
{
	const char *tag = reply_header(reply, "ETag");

	return tag && (strstr(tag, "-gz9.") || strstr(tag, "-br11.") || strstr(tag, "-zst19."));
}

START_TEST(tags_name_one_thing)
{
	static const char *const codings[] = { "", "Accept-Encoding: gzip\r\n",
					       "Accept-Encoding: br\r\n",
					       "Accept-Encoding: zstd\r\n" };
	static const char *const places[] = { "", "/high", "/judged" };
	struct server *server = server_start(
		"worker_processes 2; compress_cache cpu=100; http { compress on;"
		"server { listen 127.0.0.1:%PORT%; root html; location /high/ { alias %DIR%/html/;"
		"gzip_comp_level 6; brotli_comp_level 4; }"
		"location /judged/ { alias %DIR%/html/; symlinks in_root; } } }");
	long began = now_ms(), until = began + seconds() * 1000, reload = began + 15000;
	int encoded = 0, best = 0, i;

	for (int file = 0; file < FILES; file++)
		write_version(server, file, file);
	pid_t writer = start_writer(server);
	for (i = 0; now_ms() < until; i++) {
		int file = rand() % FILES;
		const char *target = memory_printf("%s/%d.html", places[i % 3], file);
		struct reply reply = ask(server, target, .fields = codings[rand() % 4]);

		ck_assert_int_eq(reply.status, 200);
		ck_assert(reply.is_whole);
		check_is_one_version(decode(&reply));
		check_tag(&reply, file);
		encoded += reply_header(&reply, "Content-Encoding") != NULL;
		best += is_best(&reply);
		if (now_ms() > reload) {
			kill(server->pid, SIGHUP);
			reload = now_ms() + 15000;
		}
	}
	ck_assert_int_gt(encoded, 0);
	if (seconds() >= 60) {
		ck_assert_int_gt(best, 0);
		printf("%d responses, %d encoded, %d of them at the best level\n", i, encoded,
		       best);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	server_stop(server);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "coding versions", .timeout = 700 }), tags_name_one_thing)
