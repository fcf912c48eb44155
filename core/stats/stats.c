/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps the counters. Until a process is given its slot it counts in memory of its own, so
 * that stats_mine can always be written to.
 */
#include "stats/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memfile.h"
#include "stats/series.h"

enum { BLOCK = 1 << 16 }; /* numbers that a process gives in a row */

static struct {
	struct stats before; /* where this process counts until it is given a slot */
	struct stats_modules modules_before;
	struct series_table series_before;
	struct stats_server alone; /* of a process that cannot read that of the master */
	size_t slot, slots; /* which slot it counts in, of how many */
	struct stats_slots view; /* of stats_view() */
	uint64_t signature; /* of the counters of modules */
	bool is_gauge[STATS_MODULES_MAX];
} own = { .slots = 1 };

void stats_declare_modules(uint64_t signature, const bool is_gauge[STATS_MODULES_MAX])
{
	own.signature = signature;
	memcpy(own.is_gauge, is_gauge, sizeof(own.is_gauge));
}

struct stats *stats_mine = &own.before;
const struct stats_server *stats_server = &own.alone;

static struct stats_server *server_of(const struct stats_slots *slots)
{
	return (struct stats_server *)(stats_series_of(stats_slot(slots, slots->count - 1)) + 1);
}

struct stats_server *stats_use_server(const struct stats_slots *slots)
{
	struct stats_server *server = slots ? server_of(slots) : &own.alone;

	if (slots)
		own.view = *slots;
	stats_server = server;
	return server;
}

void stats_use(const struct stats_slots *slots, size_t i)
{
	stats_mine = stats_slot(slots, i);
	series_use(stats_series_of(stats_mine));
	own.slot = i;
	own.slots = slots->count;
}

/* The blocks go round the slots: the first block of each slot, then the second of each … */
uint64_t stats_next_number(void)
{
	uint64_t given = stats_get(&stats_mine->numbers);

	stats_set(&stats_mine->numbers, given + 1);
	return (given / BLOCK * own.slots + own.slot) * BLOCK + given % BLOCK + 1;
}

void stats_count_response(int status, uint64_t bytes)
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

bool stats_has_our_modules(struct stats *slot)
{
	return stats_get(&stats_modules_of(slot)->signature) == own.signature;
}

void stats_add_modules_to(uint64_t *sums, struct stats *slot)
{
	for (size_t i = 0; stats_has_our_modules(slot) && i < STATS_MODULES_MAX; i++)
		sums[i] += stats_get(&stats_modules_of(slot)->values[i]);
}

void stats_fold_modules(struct stats *into, struct stats *slot)
{
	_Atomic uint64_t *to = stats_modules_of(into)->values;

	for (size_t i = 0; stats_has_our_modules(slot) && i < STATS_MODULES_MAX; i++)
		if (!own.is_gauge[i])
			stats_add(&to[i], stats_get(&stats_modules_of(slot)->values[i]));
}

void stats_clear_gauges(struct stats *slot)
{
	for (size_t i = 0; stats_has_our_modules(slot) && i < STATS_MODULES_MAX; i++)
		if (own.is_gauge[i])
			stats_set(&stats_modules_of(slot)->values[i], 0);
}

void stats_clear(struct stats *slot)
{
	uint64_t numbers = stats_get(&slot->numbers);

	memset(slot, 0, sizeof(*slot));
	stats_set(&slot->numbers, numbers);
}

void stats_clear_modules(struct stats *slot)
{
	memset(stats_modules_of(slot), 0, sizeof(struct stats_modules));
	stats_set(&stats_modules_of(slot)->signature, own.signature);
}

size_t stats_stride(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = sizeof(struct stats) + sizeof(struct stats_modules) +
		      sizeof(struct series_table) + sizeof(struct stats_server);

	return (size + page - 1) / page * page;
}

bool stats_stride_is_sound(size_t stride)
{
	return stride >= sizeof(struct stats) && stride % _Alignof(struct stats) == 0 &&
	       stride <= 1 << 20;
}

int stats_map(struct stats_slots *slots, int *fd)
{
	size_t size = slots->count * slots->stride;
	int file = *fd >= 0 ? *fd : memfile_create("skua counters", size);
	void *memory;

	slots->memory = NULL;
	if (file < 0) {
		/* RLIMIT_FSIZE allows no file of this size, or the system has no descriptor. */
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			      0);
		if (memory == MAP_FAILED)
			return -errno;
		slots->memory = memory;
		*fd = file;
		return 0;
	}

	int error = memfile_map(file, size, &memory);

	slots->memory = memory;
	if (error == 0)
		*fd = file;
	else if (file != *fd)
		close(file);
	return error;
}

/*
 * The addresses stay reserved, so that no other mapping takes them: a process that writes
 * beyond its own slot ends by SIGSEGV.
 */
static int hide(char *from, char *to)
{
	if (from == to)
		return 0;
	void *hidden = mmap(from, (size_t)(to - from), PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	return hidden == MAP_FAILED ? -errno : 0;
}

int stats_keep(const struct stats_slots *slots, size_t i)
{
	char *mine = slots->memory + i * slots->stride;

	/* This process can only read the slots by a mapping of its own: stats_view(). */
	if (own.view.memory == slots->memory)
		own.view.memory = NULL;
	if (!own.view.memory)
		stats_server = &own.alone;

	int error = hide(slots->memory, mine);

	return error < 0 ? error :
			   hide(mine + slots->stride, slots->memory + slots->count * slots->stride);
}

/* Several processes may do this at once. */
static void note_place(struct stats *last, uint64_t places)
{
	uint64_t known = stats_get(&last->places);

	while (known < places && !atomic_compare_exchange_weak(&last->places, &known, places))
		;
}

int stats_view(const struct stats_slots *slots, size_t i, int fd)
{
	char path[32];

	note_place(stats_slot(slots, slots->count - 1), i + 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

	int readable = open(path, O_RDONLY | O_CLOEXEC);

	if (readable < 0)
		return -errno;

	void *memory =
		mmap(NULL, slots->count * slots->stride, PROT_READ, MAP_SHARED, readable, 0);
	int error = memory == MAP_FAILED ? -errno : 0;

	close(readable);
	own.view = *slots;
	own.view.memory = error ? NULL : memory;
	if (error == 0)
		stats_server = server_of(&own.view);
	return error;
}

void stats_visit(void (*visit)(void *data, struct stats *slot), void *data)
{
	if (!own.view.memory) {
		visit(data, stats_mine);
		return;
	}

	size_t last = own.view.count - 1;
	struct stats *of_ended = stats_slot(&own.view, last);
	uint64_t places = stats_get(&of_ended->places);

	for (size_t i = 0; i < last && i < places; i++)
		visit(data, stats_slot(&own.view, i));
	visit(data, of_ended);
}

void stats_use_alone(void)
{
	series_use(stats_series_of(stats_mine));
}

/* Slots that were never used are not touched, since that would give them memory. */
void stats_add_others_to(struct stats_sum *sum)
{
	if (!own.view.memory)
		return;

	size_t last = own.view.count - 1;
	const struct stats *of_ended = stats_slot(&own.view, last);
	uint64_t places = stats_get(&of_ended->places);

	for (size_t i = 0; i < last && i < places; i++)
		if (i != own.slot)
			stats_add_to(sum, stats_slot(&own.view, i));
	stats_add_to(sum, of_ended);
}
