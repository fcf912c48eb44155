/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters: whose they are, and numbers that are given once. */
#include "harness/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stats/stats.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"

enum { SLOTS = 3, BLOCK_SIZE = 1 << 16 };

static struct stats_slots make(size_t stride, int *file)
{
	struct stats_slots slots = { .stride = stride, .count = SLOTS };

	*file = -1;
	ck_assert_int_eq(stats_map(&slots, file), 0);
	return slots;
}

START_TEST(numbers_are_given_once)
{
	int file;
	struct stats_slots slots = make(stats_stride(), &file);

	ck_assert_uint_eq(stats_next_number(), 1); /* without a slot */
	stats_use(&slots, 0);
	ck_assert_uint_eq(stats_next_number(), 1);
	ck_assert_uint_eq(stats_next_number(), 2);
	stats_use(&slots, 2);
	ck_assert_uint_eq(stats_next_number(), 2 * BLOCK_SIZE + 1);
	stats_use(&slots, 0);
	ck_assert_uint_eq(stats_next_number(), 3);
	/* The blocks after the first are those after the first of all. */
	stats_set(&stats_mine->numbers, BLOCK_SIZE - 1);
	ck_assert_uint_eq(stats_next_number(), BLOCK_SIZE);
	ck_assert_uint_eq(stats_next_number(), SLOTS * BLOCK_SIZE + 1);
	stats_use(&slots, 1);
	stats_set(&stats_mine->numbers, BLOCK_SIZE);
	ck_assert_uint_eq(stats_next_number(), SLOTS * BLOCK_SIZE + BLOCK_SIZE + 1);
}
END_TEST

/* The kernel says whether memory can be written, without harm to the asker. */
static bool is_writable(const struct stats *stats)
{
	return getrandom((void *)&stats->bytes, sizeof(stats->bytes), 0) > 0;
}

START_TEST(a_process_may_keep_its_own_alone)
{
	int file;
	struct stats_slots slots = make(stats_stride(), &file);

	ck_assert_int_eq(stats_keep(&slots, 1), 0);
	ck_assert(!is_writable(stats_slot(&slots, 0)));
	ck_assert(is_writable(stats_slot(&slots, 1)));
	ck_assert(!is_writable(stats_slot(&slots, 2)));
}
END_TEST

/* A program whose slots lie close together, with a worker that goes on. */
START_TEST(those_of_a_program_of_before_go_on)
{
	static const struct events_conf events;
	static struct generation generation = { .events = &events };
	struct stats_slots packed = { .stride = sizeof(struct stats), .count = TABLE_SIZE + 1 };
	const struct process worker = { .generation = &generation,
					.state = PROCESS_RUNNING,
					.channel.fd = -1,
					.inbox = { -1, -1 } };
	struct stats_sum sum;
	int file = -1;

	ck_assert_int_eq(stats_map(&packed, &file), 0);
	stats_set(&stats_slot(&packed, 7)->requests, 5);
	stats_set(&stats_slot(&packed, TABLE_SIZE)->requests, 100);
	table_inherit(file, packed.stride, STATS_LAYOUT);
	ck_assert_int_eq(table_start(), 0);
	ck_assert_int_ne(table_stats_fd(), file);
	struct process *process = table_restore(7, &worker);
	table_sum(&sum);
	ck_assert_uint_eq(sum.requests, 105);
	stats_add(&stats_slot(&packed, 7)->requests, 1);
	table_remove(process);
	table_sum(&sum);
	ck_assert_uint_eq(sum.requests, 106);
}
END_TEST

/* Where the file is mapped to be read only; NULL: nowhere. */
static void *readable_mapping(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	void *begin = NULL;

	ck_assert_ptr_nonnull(maps);
	while (!begin && fgets(line, sizeof(line), maps))
		if (strstr(line, " r--s ") && strstr(line, "skua counters"))
			sscanf(line, "%p-", &begin);
	fclose(maps);
	return begin;
}

START_TEST(all_may_be_read_and_none_written)
{
	int file;
	struct stats_slots slots = make(stats_stride(), &file);
	struct stats_sum sum = { 0 };

	stats_use(&slots, 0);
	ck_assert_int_eq(stats_view(&slots, 1, file), 0); /* another process is in slot 1 */
	ck_assert_int_eq(stats_view(&slots, 0, file), 0);
	stats_add(&stats_slot(&slots, 0)->requests, 1);
	stats_add(&stats_slot(&slots, 1)->requests, 20);
	stats_add(&stats_slot(&slots, SLOTS - 1)->requests, 300);
	ck_assert_int_eq(stats_keep(&slots, 0), 0);
	stats_add_others_to(&sum);
	ck_assert_uint_eq(sum.requests, 320);

	void *view = readable_mapping();

	ck_assert_ptr_nonnull(view);
	ck_assert(!is_writable(view));
	ck_assert_int_eq(mprotect(view, stats_stride(), PROT_READ | PROT_WRITE), -1);
	ck_assert_int_eq(errno, EACCES);
}
END_TEST

TESTS("counters", numbers_are_given_once, a_process_may_keep_its_own_alone,
      all_may_be_read_and_none_written,
      those_of_a_program_of_before_go_on)
