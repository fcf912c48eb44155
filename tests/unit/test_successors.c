/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What another program says of its workers and their counters: it is used if it is sound, and
 * dropped otherwise.
 */
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memfile.h"
#include "stats/stats.h"
#include "process/ipc/channel.h"
#include "process/handoff/receiver.h"
#include "process/handoff/successors.h"

enum { SLOTS = 3 };

static struct message receive(int file, size_t slots)
{
	static struct message message;
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	ck_assert_int_eq(successors_send_counters(ends[0], file, slots), 0);
	ck_assert_int_eq(channel_receive(ends[1], &message), 1);
	ck_assert_uint_eq(message.type, MESSAGE_COUNTERS);
	close(ends[0]);
	close(ends[1]);
	return message;
}

/* Slots as they are made here; the descriptor of their file. */
static struct stats_slots make(int *file)
{
	struct stats_slots slots = { .stride = stats_stride(), .count = SLOTS };

	*file = -1;
	ck_assert_int_eq(stats_map(&slots, file), 0);
	return slots;
}

START_TEST(both_sides_see_the_same)
{
	int file;
	struct stats_slots here = make(&file);
	struct successors successors = { 0 };
	struct message message = receive(file, SLOTS);

	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	stats_set(&stats_slot(&here, 1)->active, 7);
	ck_assert_uint_eq(stats_get(&successors_stats(&successors, 1)->active), 7);
	receiver_count_dealt(successors_stats(&successors, 2), 5);
	ck_assert_uint_eq(stats_get(&stats_slot(&here, 2)->dealt), 5);
	successors_forget(&successors);
}
END_TEST

/* As programs of before had them. */
START_TEST(slots_may_lie_close_together)
{
	const struct stats_slots packed = { .stride = sizeof(struct stats), .count = SLOTS };
	struct stats_slots here = packed;
	struct successors successors = { 0 };
	int file = -1, ends[2];
	uint32_t shape[2] = { sizeof(struct stats), SLOTS };
	static struct message message;

	ck_assert_int_eq(stats_map(&here, &file), 0);
	ck_assert_int_eq(channel_pair(ends), 0);
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_COUNTERS, STATS_LAYOUT,
				      (struct str){ (char *)shape, sizeof(shape) }, &file, 1),
			 0);
	ck_assert_int_eq(channel_receive(ends[1], &message), 1);
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	stats_set(&stats_slot(&here, 1)->active, 7);
	ck_assert_uint_eq(stats_get(&successors_stats(&successors, 1)->active), 7);
}
END_TEST

START_TEST(what_is_not_there_is_nobody_s)
{
	int file;
	struct successors successors = { 0 };

	ck_assert_ptr_eq(successors_stats(&successors, 0), &receiver_unknown);
	make(&file);
	struct message message = receive(file, SLOTS);
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	ck_assert_ptr_eq(successors_stats(&successors, SLOTS), &receiver_unknown);
	ck_assert_ptr_eq(successors_stats(&successors, UINT32_MAX), &receiver_unknown);
	receiver_count_dealt(successors_stats(&successors, SLOTS), 5);
	ck_assert_uint_eq(stats_get(&receiver_unknown.dealt), 0);
	successors_forget(&successors);
	ck_assert_ptr_eq(successors_stats(&successors, 0), &receiver_unknown);
}
END_TEST

static bool is_understood(int file, size_t slots, uint32_t layout)
{
	struct successors successors = { 0 };
	struct message message = receive(file, slots);

	message.number = layout;
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	bool is_known = successors_stats(&successors, 0) != &receiver_unknown;
	successors_forget(&successors);
	return is_known;
}

START_TEST(what_is_not_understood_is_not_used)
{
	int file, ends[2];

	make(&file);
	ck_assert(is_understood(file, SLOTS, STATS_LAYOUT));
	ck_assert(!is_understood(file, SLOTS, STATS_LAYOUT + 1));
	ck_assert(!is_understood(file, SLOTS + 1, STATS_LAYOUT));
	ck_assert(!is_understood(file, 0, STATS_LAYOUT));
	ck_assert(!is_understood(file, SIZE_MAX, STATS_LAYOUT));
	ck_assert_int_eq(channel_pair(ends), 0);
	ck_assert(!is_understood(ends[0], SLOTS, STATS_LAYOUT));
}
END_TEST

/* Its reader would die when it is shrunk. */
START_TEST(a_file_that_can_shrink_is_not_mapped)
{
	FILE *file = tmpfile();
	void *memory;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(ftruncate(fileno(file), 4096), 0);
	ck_assert_int_eq(memfile_map(fileno(file), 4096, &memory), -EINVAL);
	ck_assert_ptr_null(memory);
	fclose(file);
	int fd = memfile_create("test", 4096);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_lt(ftruncate(fd, 0), 0);
	ck_assert_int_eq(memfile_map(fd, 8192, &memory), -EINVAL);
	ck_assert_int_eq(memfile_map(fd, 4096, &memory), 0);
	ck_assert_ptr_nonnull(memory);
}
END_TEST

/* --- workers ------------------------------------------------------------------------- */

/* A message of two listeners and so many workers, in 32-bit words. */
static struct message name_workers(uint32_t *words, uint32_t workers, uint32_t number)
{
	struct message message = { .type = MESSAGE_SUCCESSORS, .number = number };
	uint32_t *to = words;

	*to++ = 2;
	*to++ = workers;
	*to++ = 3;
	*to++ = 9;
	for (uint32_t i = 0; i < workers; i++) {
		*to++ = UINT32_MAX;
		*to++ = 100 + i;
	}
	for (uint32_t i = 0; i < workers; i++)
		*to++ = i;
	message.payload = (struct str){ (char *)words, (size_t)(to - words) * sizeof(*words) };
	for (uint32_t i = 0; i < workers; i++)
		message.fds[message.fds_count++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return message;
}

START_TEST(workers_come_in_several_messages)
{
	int file;
	uint32_t words[32];
	struct successors successors = { 0 };

	make(&file);
	struct message message = receive(file, SLOTS);
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	message = name_workers(words, 2, 0);
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	ck_assert_uint_eq(message.fds_count, 0);
	message = name_workers(words, 1, 2);
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	ck_assert_uint_eq(successors.count, 3);
	ck_assert_uint_eq(successors.receivers[1].limit, 101);
	ck_assert_ptr_eq(successors.receivers[1].stats, successors_stats(&successors, 1));
	ck_assert_ptr_ne(successors.receivers[1].stats, &receiver_unknown);
	ck_assert(successors_know(&successors, 3) && successors_know(&successors, 9));
	ck_assert(!successors_know(&successors, 4));
	int inbox = successors.receivers[0].inbox;
	/* The first message of the next time replaces them. */
	message = name_workers(words, 0, 0);
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	ck_assert(!successors_are_left(&successors));
	ck_assert_int_lt(fcntl(inbox, F_GETFD), 0);
	successors_forget(&successors);
}
END_TEST

/* As programs of before sent it. */
START_TEST(slots_may_be_left_out)
{
	uint32_t words[32];
	struct successors successors = { 0 };
	struct message message = name_workers(words, 2, 0);

	message.payload.len -= sizeof(words[0]);
	ck_assert_int_eq(successors_receive(&successors, &message), 0);
	ck_assert_uint_eq(successors.count, 2);
	ck_assert_ptr_eq(successors.receivers[1].stats, &receiver_unknown);
	successors_forget(&successors);
}
END_TEST

static void check_dropped(uint32_t listeners, uint32_t workers, size_t len)
{
	uint32_t words[32];
	struct successors successors = { 0 };
	struct message message = name_workers(words, 2, 0);
	int first = message.fds[0];

	words[0] = listeners;
	words[1] = workers;
	message.payload.len = len;
	ck_assert_int_eq(successors_receive(&successors, &message), -EBADMSG);
	ck_assert_uint_eq(successors.count, 0);
	ck_assert_int_lt(fcntl(first, F_GETFD), 0);
	successors_forget(&successors);
}

START_TEST(broken_messages_are_dropped)
{
	const size_t whole = 8 * sizeof(uint32_t); /* without slots */

	check_dropped(2, 2, 0);
	check_dropped(2, 2, sizeof(uint32_t));
	check_dropped(2, 2, whole - 1);
	check_dropped(2, 1, whole);
	check_dropped(2, 3, whole);
	check_dropped(3, 2, whole);
	check_dropped(UINT32_MAX, 2, whole);
}
END_TEST

TESTS("successors", both_sides_see_the_same, slots_may_lie_close_together,
      what_is_not_there_is_nobody_s, what_is_not_understood_is_not_used,
      a_file_that_can_shrink_is_not_mapped, workers_come_in_several_messages,
      slots_may_be_left_out, broken_messages_are_dropped)
