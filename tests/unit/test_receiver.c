/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets the next connection, by numbers that others have written. */
#include "harness/test.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "stats/stats.h"
#include "event/loop.h"
#include "process/ipc/inbox.h"
#include "process/handoff/receiver.h"

enum { COUNT = 3 };

static struct stats slots[COUNT];
static struct receiver receivers[COUNT];

/* Inboxes that nobody writes to. */
static void begin(uint64_t first, uint64_t second, uint64_t third)
{
	const uint64_t active[COUNT] = { first, second, third };

	clock_update();
	for (int i = 0; i < COUNT; i++) {
		memset(&slots[i], 0, sizeof(slots[i]));
		stats_set(&slots[i].active, active[i]);
		receivers[i] = (struct receiver){ .inbox = 0, .stats = &slots[i], .limit = 100 };
	}
}

/* Which is chosen; -1: none. */
static int chosen(bool displace)
{
	struct receiver *receiver = receiver_choose(receivers, COUNT, displace);

	return receiver ? (int)(receiver - receivers) : -1;
}

START_TEST(the_least_loaded)
{
	begin(5, 3, 4);
	ck_assert_int_eq(chosen(false), 1);
	stats_set(&slots[1].dealt, 1); /* on its way */
	ck_assert_int_eq(chosen(false), 2);
	receivers[2].planned = 1;
	ck_assert_int_eq(chosen(false), 0);
	stats_set(&slots[1].taken, 1);
	ck_assert_int_eq(chosen(false), 1);
}
END_TEST

START_TEST(one_that_is_unavailable_comes_last)
{
	begin(5, 3, 100);
	stats_set(&slots[1].unavailable, 1);
	ck_assert_int_eq(chosen(false), 0);
	stats_set(&slots[0].active, 100);
	ck_assert_int_eq(chosen(false), 1);
}
END_TEST

static void time_passes(void)
{
	usleep((RECEIVER_LATE_MS + 1) * 1000);
	clock_update();
}

/* However little it has to do: it may hang. */
START_TEST(one_that_takes_nothing_comes_last)
{
	begin(50, 0, 90);
	stats_set(&slots[1].dealt, 1);
	ck_assert_int_eq(chosen(false), 1);
	time_passes();
	ck_assert_int_eq(chosen(false), 0);
	stats_set(&slots[0].active, 100);
	stats_set(&slots[2].active, 100);
	ck_assert_int_eq(chosen(false), 1);
	stats_set(&slots[0].active, 50);
	stats_set(&slots[1].dealt, 3);
	stats_set(&slots[1].taken, 1); /* it goes on, and has two more */
	ck_assert_int_eq(chosen(false), 1);
	time_passes();
	ck_assert_int_eq(chosen(false), 0);
	stats_set(&slots[1].taken, 3);
	ck_assert_int_eq(chosen(false), 1);
	time_passes();
	ck_assert_int_eq(chosen(false), 1);
}
END_TEST

START_TEST(it_is_known_when_one_took_something)
{
	begin(1, 2, 3);
	chosen(false);
	ck_assert(!receiver_took_within(&receivers[0], 60000));
	stats_set(&slots[0].dealt, 1);
	stats_set(&slots[0].taken, 1);
	chosen(false);
	ck_assert(receiver_took_within(&receivers[0], 0));
	ck_assert(!receiver_took_within(&receivers[1], 60000));
	time_passes();
	ck_assert(!receiver_took_within(&receivers[0], RECEIVER_LATE_MS));
}
END_TEST

START_TEST(full_is_full)
{
	begin(100, 99, 100);
	ck_assert_int_eq(chosen(false), 1);
	ck_assert(!receiver_is_full(&receivers[1]));
	receivers[1].planned = 1;
	ck_assert_int_eq(chosen(false), -1);
	ck_assert(receiver_is_full(&receivers[1]));
}
END_TEST

START_TEST(a_new_connection_displaces_idle_ones)
{
	begin(100, 100, 100);
	stats_set(&slots[2].idle, 1);
	ck_assert_int_eq(chosen(true), 2);
	ck_assert_int_eq(chosen(false), -1);
	stats_set(&slots[2].idle, UINT64_MAX);
	ck_assert_int_eq(chosen(true), 2);
}
END_TEST

START_TEST(its_own_limit_counts_if_it_is_lower)
{
	begin(50, 60, 70);
	stats_set(&slots[0].limit, 50);
	ck_assert_int_eq(chosen(false), 1);
	stats_set(&slots[1].limit, 5000);
	stats_set(&slots[1].active, 100);
	ck_assert_int_eq(chosen(false), 2);
}
END_TEST

START_TEST(credit_has_an_end)
{
	begin(0, 50, 50);
	receivers[0].limit = 1000;
	stats_set(&slots[0].dealt, INBOX_CREDIT);
	ck_assert_int_ne(chosen(false), 0);
	stats_set(&slots[0].taken, INBOX_CREDIT);
	ck_assert_int_eq(chosen(false), 0);
}
END_TEST

START_TEST(nonsense_is_survived)
{
	begin(UINT64_MAX, UINT64_MAX, UINT64_MAX);
	for (int i = 0; i < COUNT; i++)
		memset(&slots[i], 0xff, sizeof(slots[i]));
	ck_assert_int_eq(chosen(false), -1);
	begin(1, 1, 1);
	stats_set(&slots[0].taken, 5); /* more than it was sent */
	ck_assert_uint_eq(receiver_on_the_way(&receivers[0]), 0);
}
END_TEST

START_TEST(one_whose_inbox_is_shut_is_forgotten)
{
	static struct batch batch;
	struct passed_conn conn = { .fd = -1 };
	int fds[2];

	begin(1, 2, 3);
	ck_assert_int_eq(channel_pair(fds), 0);
	receivers[0].inbox = fds[1];
	close(fds[0]);
	conn.fd = dup(0);
	batch_add(&batch, &conn);
	ck_assert_int_eq(receiver_send(&receivers[0], &batch), -EPIPE);
	ck_assert_uint_eq(batch.count, 1);
	receivers_unblock(receivers, COUNT);
	ck_assert_int_eq(chosen(false), 1);
	close(conn.fd);
}
END_TEST

TESTS("receiver", the_least_loaded, one_that_is_unavailable_comes_last,
      one_that_takes_nothing_comes_last, it_is_known_when_one_took_something, full_is_full,
      a_new_connection_displaces_idle_ones, its_own_limit_counts_if_it_is_lower, credit_has_an_end,
      nonsense_is_survived, one_whose_inbox_is_shut_is_forgotten)
