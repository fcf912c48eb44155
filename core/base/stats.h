/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters that all processes see: a slot for each process in memory that the
 * master maps before it forks. A slot is written by its process alone (but
 * `dealt` and `away`) and read by all, without locks. Nobody follows what he reads here:
 * these are numbers to show and to choose by. The last slot is no process's: the
 * master adds up in it what those have counted that have gone.
 */
#ifndef SKUA_BASE_STATS_H
#define SKUA_BASE_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* 1xx to 5xx stand at 1 to 5; at 0 what was closed without an answer. */
#define STATS_CLASSES 6

/* To be raised when a field of a slot changes its place or its meaning. */
#define STATS_LAYOUT 1

/* One slot. Its own cache lines: a neighbour's counting must not slow this one. */
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
	_Atomic uint64_t numbers; /* in the last slot: of connections, given by all */
	_Atomic uint64_t away; /* 1: nobody serves now; the master's word, until it serves again */
} __attribute__((aligned(128)));

/*
 * The next number for a connection: small, and unique among all processes that
 * share the counters.
 */
uint64_t stats_next_number(void);

/* The slot of this process. There is always one, if only in its own memory. */
extern struct stats *stats_mine;

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

/*
 * Maps `slots` zeroed slots, shared with the children, in a file (memfile.h) whose
 * descriptor *fd becomes. If *fd is such a file already (not -1), that one is
 * mapped with what it holds. NULL: errno.
 */
struct stats *stats_map(size_t slots, int *fd);

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
