/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a large configuration: what is kept of it, and what a reload leaves behind. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

enum {
	LINES = 20000,
	RELOADS = 8,
	LINE_BYTES = 120, /* in each process: the text of a line, and its place in the map */
	GROWTH_KIB = 700,
};

static struct server *mapping(int count)
{
	size_t size = (size_t)count * 32 + 1, len = 0;
	char *lines = memory_alloc(size);

	lines[0] = '\0';
	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(lines + len, size - len, "key%d value%d;\n", i, i);
	return server_start(memory_printf("http { map $arg_k $found { default none;\n%s}\n"
					  "server { listen 127.0.0.1:%%PORT%%;\n"
					  "return 200 $found; } }",
					  lines));
}

START_TEST(the_tree_of_directives_is_not_kept)
{
	struct server *small = mapping(1);
	long before = server_memory(small);

	server_stop(small);

	struct server *large = mapping(LINES);
	long lines = server_memory(large) - before;

	ck_assert_str_eq(get(large, "/?k=key19999").body, "value19999");
	ck_assert_msg(lines * 1024 / 2 / LINES < LINE_BYTES, "%ld bytes for a line",
		      lines * 1024 / 2 / LINES);
	server_stop(large);
}
END_TEST

START_TEST(reloads_leave_nothing_behind)
{
	struct server *server = mapping(LINES);
	long before = server_memory(server), after;
	struct deadline p = { 0 };
	pid_t workers[8];

	for (int i = 0; i < RELOADS; i++) {
		kill(server->pid, SIGHUP);
		log_wait(server, memory_printf("generation %d of the configuration serves", i + 2));
		while (server_workers(server, workers, 8) != 1)
			deadline_wait(&p, "the old worker has ended");
	}
	ck_assert_str_eq(get(server, "/?k=key7").body, "value7");
	after = server_memory(server);
	ck_assert_msg(after - before < GROWTH_KIB, "%ld KiB, then %ld KiB", before, after);
	server_stop(server);
}
END_TEST

TESTS("memory of configurations", the_tree_of_directives_is_not_kept, reloads_leave_nothing_behind)
