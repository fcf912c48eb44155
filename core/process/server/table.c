/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fixed array, so that the place of a process, and its slot of the counters with it, never
 * moves.
 */
#include "process/server/table.h"

#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/modules.h"
#include "process/ipc/channel.h"
#include "stats/series.h"
#include "stats/stats.h"

enum { SLOT_OF_ENDED = TABLE_SIZE, SLOTS };

static struct {
	struct process places[TABLE_SIZE];
	size_t used; /* no place from this index on is taken */
	struct stats_slots slots; /* one for each place, and one for processes that have ended */
	struct stats_slots before; /* the same of a program whose slots lie closer together */
	int stats_fd; /* of the file behind `slots`; negative: there is none; -errno: why */
} table = { .slots.count = SLOTS, .before.count = SLOTS, .stats_fd = -1 };

void table_inherit(int fd, size_t slot_size, unsigned layout)
{
	if (fd < 0)
		return;
	if (layout == STATS_LAYOUT && slot_size == stats_stride()) {
		table.stats_fd = fd;
		return;
	}
	table.before.stride = slot_size;
	if (layout != STATS_LAYOUT || !stats_stride_is_sound(slot_size) ||
	    stats_map(&table.before, &fd) < 0)
		log_notice(
			"the counters of the other program have another layout: they begin anew");
}

static struct stats *of_ended(void)
{
	return stats_slot(&table.slots, SLOT_OF_ENDED);
}

int table_start(void)
{
	table.slots.stride = stats_stride();
	int error = stats_map(&table.slots, &table.stats_fd);
	if (error < 0 && table.stats_fd >= 0) {
		log_notice("the counters of the other program have another size: they begin anew");
		table.stats_fd = -1;
		error = stats_map(&table.slots, &table.stats_fd);
	}
	if (error < 0)
		return error;
	struct stats_server *server = stats_use_server(&table.slots);

	stats_set(&server->is_draining, 0);
	/* Another program may have ended in between. */
	stats_set(&server->folds_ended, stats_get(&server->folds_begun));
	if (table.before.memory)
		stats_fold(of_ended(), stats_slot(&table.before, SLOT_OF_ENDED));
	/* The file is new, or of a program with other modules. */
	if (!stats_has_our_modules(of_ended()))
		stats_clear_modules(of_ended());
	return 0;
}

int table_enter(const struct process *self)
{
	uint32_t place = table_slot(self);
	int viewed = table.stats_fd < 0 ? table.stats_fd :
					  stats_view(&table.slots, place, table.stats_fd);

	/* Only one worker logs it. Without the counters of others server_count() gives its own. */
	if (viewed < 0 && self->kind == PROCESS_WORKER && self->index == 0)
		log_warnc(viewed,
			  "workers cannot read the counters of each other and of the master "
			  "process: \"readiness\" responds with 200 also while the server is to "
			  "quit, and \"metrics\" and \"stub_status\" have the counts of one "
			  "worker. %s, and start the server again",
			  table.stats_fd >= 0 ? "Mount /proc" :
			  viewed == -EFBIG    ? "Raise the limit of the size of files (ulimit -f)" :
						"Raise the limit of descriptors (ulimit -n)");
	if (table.stats_fd >= 0)
		close(table.stats_fd);
	table.stats_fd = -1;
	if (table.before.memory)
		munmap(table.before.memory, table.before.count * table.before.stride);
	stats_use(&table.slots, place);
	return self->kind == PROCESS_ACCEPTOR ? 0 : stats_keep(&table.slots, place);
}

int table_stats_fd(void)
{
	return table.stats_fd;
}

struct stats_server *table_server(void)
{
	return stats_use_server(&table.slots);
}

size_t table_stats_slots(void)
{
	return SLOTS;
}

/* Slots that lie closer together have no room for the counters of modules. */
static bool has_modules(const struct stats *stats)
{
	return (const char *)stats >= table.slots.memory &&
	       (const char *)stats < table.slots.memory + SLOTS * table.slots.stride;
}

/* What all workers but that of this slot have counted by labels. */
static const struct series_sums *series_of_others(const struct stats *slot)
{
	static struct series_sums sums;

	sums.count = 0;
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->kind == PROCESS_WORKER && process->stats != slot &&
		    has_modules(process->stats))
			series_add_to(&sums, stats_series_of(process->stats));
	return &sums;
}

static void fold(struct stats *slot, bool is_alike)
{
	struct series_table *into = stats_series_of(of_ended()), *from = stats_series_of(slot);

	stats_fold(of_ended(), slot);
	if (!is_alike)
		return;
	stats_fold_modules(of_ended(), slot);
	series_fold(into, from, series_fits(into, from) ? NULL : series_of_others(slot));
}

/*
 * The counters of modules and by labels are not touched in slots that were never used, since that
 * would give them memory. A program of another version may not have noted which were.
 */
void table_fold(const struct stats_slots *counted)
{
	bool is_alike = counted->stride == stats_stride();
	size_t last = counted->count - 1;

	if (!counted->memory)
		return;
	atomic_fetch_add(&table_server()->folds_begun, 1);
	uint64_t places = stats_get(&stats_slot(counted, last)->places);

	for (size_t i = 0; i <= last; i++)
		fold(stats_slot(counted, i), is_alike && (i < places || i == last));
	atomic_fetch_add(&table_server()->folds_ended, 1);
}

bool table_has_modules(const struct process *process)
{
	return has_modules(process->stats);
}

int table_add(enum process_kind kind, struct generation *generation, unsigned index,
	      struct process **out)
{
	int inbox[2] = { -1, -1 };
	size_t place = 0;

	while (place < TABLE_SIZE && table.places[place].state != PROCESS_FREE)
		place++;
	if (place == TABLE_SIZE)
		return -EAGAIN;
	int error = kind == PROCESS_WORKER ? channel_pair(inbox) : 0;
	if (error < 0)
		return error;
	/*
	 * The reader of an inbox must not write into it: nobody would read that, and
	 * descriptors in it would count against the number that this user may have in
	 * flight, unix(7).
	 */
	if (kind == PROCESS_WORKER)
		shutdown(inbox[0], SHUT_WR);
	if (place >= table.used)
		table.used = place + 1;
	*out = &table.places[place];
	**out = (struct process){
		.channel.fd = -1,
		.kind = kind,
		.state = PROCESS_WAITING,
		.generation = generation,
		.index = index,
		.inbox = { inbox[0], inbox[1] },
		.stats = stats_slot(&table.slots, place),
	};
	stats_clear((*out)->stats);
	stats_clear_modules((*out)->stats);
	return 0;
}

struct process *table_restore(uint32_t slot, const struct process *given)
{
	if (slot >= TABLE_SIZE || table.places[slot].state != PROCESS_FREE)
		return NULL;
	const struct stats_slots *slots = table.before.memory ? &table.before : &table.slots;
	struct process *process = &table.places[slot];

	if (slot >= table.used)
		table.used = slot + 1;
	*process = *given;
	process->stats = stats_slot(slots, slot);
	return process;
}

const char *process_kind_name(const struct process *process)
{
	static const char *const names[] = {
		[PROCESS_WORKER] = "worker",
		[PROCESS_ACCEPTOR] = "acceptor",
	};

	if (process->kind == PROCESS_HELPER)
		return helper_module(process->index)->helper->name;
	return names[process->kind];
}

const char *process_name(const struct process *process)
{
	static char name[64];

	if (process->kind == PROCESS_HELPER)
		snprintf(name, sizeof(name), "%s process", process_kind_name(process));
	else
		snprintf(name, sizeof(name), "%s process %u", process_kind_name(process),
			 process->index);
	return name;
}

void table_remove(struct process *process)
{
	timer_stop(&process->timer);
	timer_stop(&process->relay);
	atomic_fetch_add(&table_server()->folds_begun, 1);
	fold(process->stats, has_modules(process->stats));
	if (has_modules(process->stats))
		stats_clear_modules(process->stats);
	stats_clear(process->stats);
	atomic_fetch_add(&table_server()->folds_ended, 1);
	if (process->channel.fd >= 0) {
		event_remove(&process->channel);
		close(process->channel.fd);
	}
	for (int i = 0; i < 2; i++)
		if (process->inbox[i] >= 0)
			close(process->inbox[i]);
	process->state = PROCESS_FREE;
}

void table_sum(struct stats_sum *sum)
{
	*sum = (struct stats_sum){ 0 };
	stats_add_to(sum, of_ended());
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		stats_add_to(sum, process->stats);
}

void table_sum_modules(uint64_t *sums)
{
	memset(sums, 0, STATS_MODULES_MAX * sizeof(*sums));
	stats_add_modules_to(sums, of_ended());
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (has_modules(process->stats))
			stats_add_modules_to(sums, process->stats);
}

struct process *table_next(const struct process *process)
{
	for (size_t i = process ? (size_t)(process - table.places) + 1 : 0; i < table.used; i++)
		if (table.places[i].state != PROCESS_FREE)
			return &table.places[i];
	return NULL;
}

uint32_t table_slot(const struct process *process)
{
	return (uint32_t)(process - table.places);
}

struct process *table_by_pid(pid_t pid)
{
	struct process *process = NULL;

	while ((process = table_next(process)))
		if (process->pid == pid)
			return process;
	return NULL;
}

unsigned table_count(const struct generation *generation)
{
	unsigned count = 0;

	for (struct process *process = table_next(NULL); process; process = table_next(process))
		count += !generation || process->generation == generation;
	return count;
}
