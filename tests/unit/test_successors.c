/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters of another program: they are shared, and what is not understood is not used. */
#include "harness/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memfile.h"
#include "base/stats.h"
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

TESTS("successors", both_sides_see_the_same, slots_may_lie_close_together,
      what_is_not_there_is_nobody_s, what_is_not_understood_is_not_used,
      a_file_that_can_shrink_is_not_mapped)
