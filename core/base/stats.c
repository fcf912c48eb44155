/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps the counters. Until a process is given its slot it counts in memory of its
 * own, so that whoever counts need not ask.
 */
#include "base/stats.h"

#include <errno.h>
#include <unistd.h>

#include "base/memfile.h"

static struct stats own;

struct stats *stats_mine = &own;

static struct stats *last = &own;

uint64_t stats_next_number(void)
{
	return atomic_fetch_add_explicit(&last->numbers, 1, memory_order_relaxed) + 1;
}

void stats_count_answer(int status, uint64_t bytes)
{
	int class = status / 100;

	stats_add(&stats_mine->responses[class > 0 && class < STATS_CLASSES ? class : 0], 1);
	stats_add(&stats_mine->bytes, bytes);
}

void stats_add_to(struct stats_sum *sum, const struct stats *slot)
{
	sum->accepted += stats_get(&slot->accepted);
	sum->handed_off += stats_get(&slot->handed_off);
	sum->requests += stats_get(&slot->requests);
	for (int i = 0; i < STATS_CLASSES; i++)
		sum->responses[i] += stats_get(&slot->responses[i]);
	sum->bytes += stats_get(&slot->bytes);
	sum->active += stats_get(&slot->active);
	sum->idle += stats_get(&slot->idle);
	sum->writing += stats_get(&slot->writing);
}

void stats_fold(struct stats *into, const struct stats *slot)
{
	stats_add(&into->accepted, stats_get(&slot->accepted));
	stats_add(&into->handed_off, stats_get(&slot->handed_off));
	stats_add(&into->requests, stats_get(&slot->requests));
	for (int i = 0; i < STATS_CLASSES; i++)
		stats_add(&into->responses[i], stats_get(&slot->responses[i]));
	stats_add(&into->bytes, stats_get(&slot->bytes));
}

struct stats *stats_map(size_t slots, int *fd)
{
	size_t size = slots * sizeof(struct stats);
	int file = *fd >= 0 ? *fd : memfile_create("skua counters", size);

	if (file < 0) {
		errno = -file;
		return NULL;
	}
	struct stats *memory = memfile_map(file, size);
	if (memory) {
		*fd = file;
		last = &memory[slots - 1];
	} else if (file != *fd) {
		int error = errno;

		close(file);
		errno = error;
	}
	return memory;
}
