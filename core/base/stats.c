/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps the counters. Until a process is given its slot it counts in memory of its
 * own, so that whoever counts need not ask.
 */
#include "base/stats.h"

#include <sys/mman.h>

static struct stats own;

struct stats *stats_mine = &own;

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

struct stats *stats_map(size_t slots)
{
	void *memory = mmap(NULL, slots * sizeof(struct stats), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}
