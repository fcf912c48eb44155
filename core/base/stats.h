/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters: a slot for each process in memory that the master maps before it forks.
 * Each slot has pages of its own, and a worker has its own alone: what it writes there
 * is its own affair. The master and the acceptor read all slots, and write `dealt` and
 * `away`; there are no locks. Nobody follows what he reads here: these are numbers to show
 * and to choose by. The last slot is no process's: the master adds up in it what those
 * have counted that have gone.
 */
#ifndef SKUA_BASE_STATS_H
#define SKUA_BASE_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1xx to 5xx stand at 1 to 5; at 0 what was closed without an answer. */
#define STATS_CLASSES 6

/* To be raised when a field of a slot changes its place or its meaning. */
#define STATS_LAYOUT 1

/* One slot. */
struct stats {
	_Atomic uint64_t accepted; /* connections that it has taken from a listening socket */
	_Atomic uint64_t handed_off; /* connections that it has given to another process */
	_Atomic uint64_t requests;
	_Atomic uint64_t responses[STATS_CLASSES]; /* by the hundreds of their status */
	_Atomic uint64_t bytes; /* of answers, heads included, that were sent */
	_Atomic uint64_t active; /* connections that are open now */
	_Atomic uint64_t idle; /* those of them that wait for a request */
	_Atomic uint64_t writing; /* those with a request that is being answered */
	_Atomic uint64_t limit; /* how many connections it may have open; 0: not known yet */
	_Atomic uint64_t dealt; /* connections put into this process's inbox, by anyone */
	_Atomic uint64_t taken; /* and those it has taken out */
	_Atomic uint64_t numbers; /* how many it has given to connections */
	_Atomic uint64_t away; /* 1: nobody serves now; the master's word, until it serves again */
} __attribute__((aligned(128)));

/* The slots of a file of counters. */
struct stats_slots {
	char *memory; /* NULL: there are none */
	size_t stride; /* from one slot to the next, in bytes */
	size_t count;
};

static inline struct stats *stats_slot(const struct stats_slots *slots, size_t i)
{
	return (struct stats *)(slots->memory + i * slots->stride);
}

/* The slot of this process. There is always one, if only in its own memory. */
extern struct stats *stats_mine;

/* This process counts in a slot from now on. */
void stats_use(const struct stats_slots *slots, size_t i);

/* Puts all slots but one out of reach of this process, for good. 0 or -errno. */
int stats_keep(const struct stats_slots *slots, size_t i);

/*
 * The next number for a connection: small, and unique among all processes that share
 * the counters. A process gives numbers of its own blocks.
 */
uint64_t stats_next_number(void);

/* The same as plain numbers: one slot's, or the sum of several. */
struct stats_sum {
	uint64_t accepted, handed_off, requests, responses[STATS_CLASSES], bytes;
	uint64_t active, idle, writing;
};

/* Adds what a slot holds now. */
void stats_add_to(struct stats_sum *sum, const struct stats *slot);

/* Adds what a process has counted that has gone to another slot, whose only writer calls this. */
void stats_fold(struct stats *into, const struct stats *slot);

/* An answer is over; status 0: there was none. */
void stats_count_answer(int status, uint64_t bytes);

/* From one slot to the next in files that are made here: whole pages. */
size_t stats_stride(void);

/* Whether there may be slots so far apart; those of a program of before were. */
bool stats_stride_is_sound(size_t stride);

/*
 * Maps slots->count slots, slots->stride apart, shared with the children: zeroed ones in
 * a new file (memfile.h) whose descriptor *fd becomes, or if there can be no such file, in
 * memory that no other program can map, and *fd stays -1. If *fd is such a file already,
 * that one is mapped with what it holds. 0 or -errno; then slots->memory is NULL.
 */
int stats_map(struct stats_slots *slots, int *fd);

/* By the only writer of a counter: neither is a locked instruction. */
static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

static inline void stats_set(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline uint64_t stats_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
