/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many connections a new program takes out of what processes of the old one have left behind.
 * The state comes as text, as another program writes it.
 */
#include "harness/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memfile.h"
#include "event/loop.h"
#include "harness/memory.h"
#include "net/listener.h"
#include "process/handoff/orphans.h"
#include "process/handoff/relay.h"
#include "process/ipc/inbox.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "process/upgrade/takeover.h"

static const struct events_conf events = { .worker_connections = 1000 };
static struct listener item = { .id = 9 };
static struct listeners listeners = { .items = &item, .count = 1 };
static struct generation new = { .events = &events, .listeners = &listeners };

static struct generation *active(void)
{
	return &new;
}

static void take(const struct passed_conn *conn)
{
	close(conn->fd);
}

/* A socket with so many messages of one connection each. */
static int socket_with(unsigned count)
{
	static struct batch batch;
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	for (unsigned i = 0; i < count; i++) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		ck_assert(batch_add(&batch, &(struct passed_conn){ .fd = fd, .listener = 9 }));
		ck_assert_int_eq(batch_send(&batch, ends[1]), 0);
	}
	close(ends[1]);
	return ends[0];
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The process of a program that starts with this line of a state. Returns what its worker gets. */
static unsigned taken_over(const char *line)
{
	const char *text =
		memory_printf("skua-state 1\nhow instead\ngeneration 3\n%s\n", line);
	static struct generation *old; /* its processes may be in the table until the test ends */
	struct process *worker;
	unsigned number;
	int state = memfile_with("skua state", str_from(text));

	ck_assert_int_ge(state, 0);
	setenv("SKUA_STATE", memory_printf("%d", state), 1);
	ck_assert_int_eq(takeover_begin(), 0);
	ck_assert_int_eq(loop_start(), 0);
	ck_assert_int_eq(table_start(), 0);
	relay_init(active, orphans_keep);
	old = takeover_processes(&number);
	ck_assert_ptr_nonnull(old);
	ck_assert_uint_eq(number, 3);
	ck_assert_int_eq(table_add(PROCESS_WORKER, &new, 0, &worker), 0);
	takeover_settle();
	ck_assert(!orphans_are_left());

	unsigned before = open_descriptors();
	unsigned count = inbox_receive(worker->inbox[0], 100, take);

	ck_assert_uint_eq(open_descriptors(), before);
	return count;
}

START_TEST(an_orphan_keeps_its_limit)
{
	ck_assert_uint_eq(taken_over(memory_printf("left %d 2", socket_with(3))), 2);
}
END_TEST

START_TEST(an_orphan_that_may_give_nothing_gives_nothing)
{
	ck_assert_uint_eq(taken_over(memory_printf("left %d 0", socket_with(3))), 0);
}
END_TEST

START_TEST(an_orphan_of_an_older_program_has_no_limit)
{
	ck_assert_uint_eq(taken_over(memory_printf("left %d", socket_with(3))), 3);
}
END_TEST

/* The pid is that of no child: it has ended. */
START_TEST(a_process_that_has_ended_meanwhile_keeps_its_limit)
{
	ck_assert_uint_eq(taken_over(memory_printf("process 5 worker 0 retiring %d %d -1 -1 1 2",
						   getpid(), socket_with(3))),
			  2);
}
END_TEST

START_TEST(a_process_of_an_older_program_has_no_limit)
{
	ck_assert_uint_eq(taken_over(memory_printf("process 5 worker 0 retiring %d %d -1 -1 1",
						   getpid(), socket_with(3))),
			  3);
}
END_TEST

TESTS("takeover", an_orphan_keeps_its_limit, an_orphan_that_may_give_nothing_gives_nothing,
      an_orphan_of_an_older_program_has_no_limit,
      a_process_that_has_ended_meanwhile_keeps_its_limit,
      a_process_of_an_older_program_has_no_limit)
