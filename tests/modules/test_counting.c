/* SPDX-License-Identifier: BSD-2-Clause */
/* A table that all workers share, a variable, and counters in `skua status`. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server *start(const char *size)
{
	return server_start(memory_printf(
		"worker_processes 2; http { server { listen 127.0.0.1:%%PORT%%;"
		"counting $arg_key keys %s; location / { return 200 $counting; } } }", size));
}

static int count(struct server *server, int key)
{
	return atoi(get(server, memory_printf("/?key=%d", key)).body);
}

static const char *status(struct server *server)
{
	FILE *output = popen(memory_printf("%s status --json -p %s -c conf/server.conf",
					   getenv("SKUA"), server->dir), "r");
	char *text = memory_alloc(1 << 16);

	text[fread(text, 1, (1 << 16) - 1, output)] = '\0';
	ck_assert_int_eq(pclose(output), 0);
	return text;
}

START_TEST(all_workers_count_together)
{
	struct server *server = start("64k");
	pid_t pids[4];

	for (int i = 1; i <= 20; i++) {
		ck_assert_int_eq(count(server, 1), i);
		ck_assert_int_eq(count(server, 2), i);
	}
	ck_assert_ptr_nonnull(strstr(status(server), "\"counting\":{\"requests\":40,\"keys\":2}"));
	/* What a worker has counted stays when it ends, and the zone stays over a reload. */
	for (int i = 0, n = server_workers(server, pids, 4); i < n; i++)
		kill(pids[i], SIGKILL);
	log_wait(server, "exited on signal 9");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert_int_eq(count(server, 1), 21);
	ck_assert_ptr_nonnull(strstr(status(server), "\"counting\":{\"requests\":41,\"keys\":2}"));
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* A client that sends ever new keys takes no more memory than the zone has. */
START_TEST(the_oldest_makes_room)
{
	struct server *server = start("1k");
	int room = 0;

	/* Key 0 is asked for again and again, so it stays. */
	for (int i = 1; i <= 100; i++) {
		ck_assert_int_eq(count(server, i), 1);
		ck_assert_int_eq(count(server, 0), i);
	}
	for (int i = 100; i > 0 && count(server, i) == 2; i--)
		room++;
	ck_assert_int_ge(room, 6);
	ck_assert_int_le(room, 30);
	server_stop(server);
}
END_TEST

START_TEST(keys_of_any_length)
{
	struct server *server = start("64k");
	char *target = memory_alloc(4096);

	memset(target, 'a', 4095);
	memcpy(target, "/?key=", 6);
	target[4095] = '\0';
	ck_assert_str_eq(get(server, target).body, "1");
	ck_assert_str_eq(get(server, target).body, "2");
	target[4094] = 'b';
	ck_assert_str_eq(get(server, target).body, "1");
	ck_assert_str_eq(get(server, "/?key=").body, "1");
	server_stop(server);
}
END_TEST

START_TEST(a_zone_that_is_too_small)
{
	const char *output;

	ck_assert_int_eq(server_fails("http { server { listen 127.0.0.1:%PORT%;"
				      "counting $uri keys 100; } }", &output), 1);
	ck_assert_msg(strstr(output, "the zone \"keys\" of 100 bytes is too small"), "%s", output);
}
END_TEST

TESTS("counting", all_workers_count_together, the_oldest_makes_room, keys_of_any_length,
      a_zone_that_is_too_small)
