/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fixed array, so that a process's place, and with it its slot of the counters,
 * never moves.
 */
#include "process/table.h"

#include <errno.h>
#include <log.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stats.h"
#include "process/channel.h"

static struct process table[TABLE_SIZE];
static size_t used; /* no place behind is taken */
static struct stats *slots; /* as many, and one for those that have gone */
static int stats_fd = -1;

enum { SLOT_OF_THE_GONE = TABLE_SIZE, SLOTS };

void table_inherit(int fd, size_t slot_size, unsigned layout)
{
	if (fd >= 0 && slot_size == sizeof(struct stats) && layout == STATS_LAYOUT)
		stats_fd = fd;
	else if (fd >= 0)
		log_notice("the other program counts otherwise: the counters begin anew");
}

int table_start(void)
{
	slots = stats_map(SLOTS, &stats_fd);
	if (!slots && stats_fd >= 0) {
		log_notice("the counters of the other program have another size: they begin anew");
		stats_fd = -1;
		slots = stats_map(SLOTS, &stats_fd);
	}
	return slots ? 0 : -errno;
}

int table_stats_fd(void)
{
	return stats_fd;
}

size_t table_stats_slots(void)
{
	return SLOTS;
}

void table_fold(const struct stats *counted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stats_fold(&slots[SLOT_OF_THE_GONE], &counted[i]);
}

static struct process *free_place(void)
{
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		if (table[i].state != PROCESS_FREE)
			continue;
		if (i >= used)
			used = i + 1;
		return &table[i];
	}
	errno = EAGAIN;
	return NULL;
}

/*
 * Nothing goes the other way: what its reader could put in there would lie unread, and
 * the descriptors with it count against those that the others may have on their way.
 */
static int make_inbox(int inbox[2])
{
	int error = channel_pair(inbox);

	if (error == 0)
		shutdown(inbox[0], SHUT_WR);
	return error;
}

struct process *table_add(enum process_kind kind, struct generation *generation, unsigned index)
{
	int inbox[2] = { -1, -1 };
	struct process *process = free_place();
	int error = process && kind == PROCESS_WORKER ? make_inbox(inbox) : 0;

	if (error < 0)
		errno = -error;
	if (error < 0 || !process)
		return NULL;
	*process = (struct process){
		.channel.fd = -1,
		.kind = kind,
		.state = PROCESS_WAITING,
		.generation = generation,
		.index = index,
		.inbox = { inbox[0], inbox[1] },
		.stats = &slots[process - table],
	};
	memset(process->stats, 0, sizeof(*process->stats));
	return process;
}

struct process *table_restore(uint32_t slot, const struct process *given)
{
	if (slot >= TABLE_SIZE || table[slot].state != PROCESS_FREE)
		return NULL;
	if (slot >= used)
		used = slot + 1;
	table[slot] = *given;
	table[slot].stats = &slots[slot];
	return &table[slot];
}

void table_remove(struct process *process)
{
	timer_stop(&process->timer);
	timer_stop(&process->relay);
	stats_fold(&slots[SLOT_OF_THE_GONE], process->stats);
	memset(process->stats, 0, sizeof(*process->stats));
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
	stats_add_to(sum, &slots[SLOT_OF_THE_GONE]);
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		stats_add_to(sum, process->stats);
}

struct process *table_next(const struct process *process)
{
	for (size_t i = process ? (size_t)(process - table) + 1 : 0; i < used; i++)
		if (table[i].state != PROCESS_FREE)
			return &table[i];
	return NULL;
}

uint32_t table_slot(const struct process *process)
{
	return (uint32_t)(process - table);
}

struct stats *table_stats(uint32_t slot)
{
	return slot < TABLE_SIZE ? &slots[slot] : NULL;
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
