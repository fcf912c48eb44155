/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fixed array, so that a process's place, and with it its slot of the counters,
 * never moves.
 */
#include "process/server/table.h"

#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stats.h"
#include "process/ipc/channel.h"

static struct process table[TABLE_SIZE];
static size_t used; /* no place behind is taken */

enum { SLOT_OF_THE_GONE = TABLE_SIZE, SLOTS };

static struct stats_slots slots = { .count = SLOTS };
static struct stats_slots before = { .count = SLOTS }; /* of a program that packed them */
static int stats_fd = -1;

void table_inherit(int fd, size_t slot_size, unsigned layout)
{
	if (fd < 0)
		return;
	if (layout == STATS_LAYOUT && slot_size == stats_stride()) {
		stats_fd = fd;
		return;
	}
	before.stride = slot_size;
	if (layout != STATS_LAYOUT || !stats_stride_is_sound(slot_size) ||
	    stats_map(&before, &fd) < 0)
		log_notice("the other program counts otherwise: the counters begin anew");
}

static struct stats *of_the_gone(void)
{
	return stats_slot(&slots, SLOT_OF_THE_GONE);
}

int table_start(void)
{
	slots.stride = stats_stride();
	int error = stats_map(&slots, &stats_fd);
	if (error < 0 && stats_fd >= 0) {
		log_notice("the counters of the other program have another size: they begin anew");
		stats_fd = -1;
		error = stats_map(&slots, &stats_fd);
	}
	if (error == 0 && before.memory)
		stats_fold(of_the_gone(), stats_slot(&before, SLOT_OF_THE_GONE));
	return error;
}

int table_enter(const struct process *self)
{
	uint32_t place = table_slot(self);

	if (stats_fd >= 0)
		close(stats_fd);
	stats_fd = -1;
	if (before.memory)
		munmap(before.memory, before.count * before.stride);
	stats_use(&slots, place);
	return self->kind == PROCESS_ACCEPTOR ? 0 : stats_keep(&slots, place);
}

int table_stats_fd(void)
{
	return stats_fd;
}

size_t table_stats_slots(void)
{
	return SLOTS;
}

void table_fold(const struct stats_slots *counted)
{
	for (size_t i = 0; i < counted->count && counted->memory; i++)
		stats_fold(of_the_gone(), stats_slot(counted, i));
}

/* The numbers go on: those that were given may still be in use. */
static void clear(struct stats *stats)
{
	uint64_t numbers = stats_get(&stats->numbers);

	memset(stats, 0, sizeof(*stats));
	stats_set(&stats->numbers, numbers);
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
 * The reader of an inbox must not write into it: nobody would read that, and descriptors in
 * it would count against the number that this user may have in flight, unix(7).
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
		.stats = stats_slot(&slots, (size_t)(process - table)),
	};
	clear(process->stats);
	return process;
}

struct process *table_restore(uint32_t slot, const struct process *given)
{
	if (slot >= TABLE_SIZE || table[slot].state != PROCESS_FREE)
		return NULL;
	if (slot >= used)
		used = slot + 1;
	table[slot] = *given;
	table[slot].stats = stats_slot(before.memory ? &before : &slots, slot);
	return &table[slot];
}

const char *process_kind_name(const struct process *process)
{
	return process->kind == PROCESS_ACCEPTOR ? "acceptor" : "worker";
}

const char *process_name(const struct process *process)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s process %u", process_kind_name(process), process->index);
	return name;
}

void table_remove(struct process *process)
{
	timer_stop(&process->timer);
	timer_stop(&process->relay);
	stats_fold(of_the_gone(), process->stats);
	clear(process->stats);
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
	stats_add_to(sum, of_the_gone());
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
