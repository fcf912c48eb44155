/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters: a slot for each process, in memory that the master maps before it forks. Each
 * slot has pages of its own, and a worker can write into its own slot only, so that it cannot
 * falsify what others count. All processes read all slots (stats_view()); the master and the
 * acceptor also write `dealt` and `unavailable`. There are no locks. The numbers are shown, and a
 * worker is chosen by them, but no process uses them as an address or a size, since a worker may
 * write anything into its slot. The last slot belongs to no process: in it the master adds up what
 * processes have counted that have ended.
 */
#ifndef SKUA_STATS_STATS_H
#define SKUA_STATS_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1xx to 5xx stand at 1 to 5; at 0 requests that ended without a response. */
#define STATS_CLASSES 6

struct series_table;
struct stats_slots;

/* Raise it when a member of a slot changes its place or its meaning. */
#define STATS_LAYOUT 1

/* One slot. */
struct stats {
	_Atomic uint64_t accepted; /* connections that it has taken from a listening socket */
	_Atomic uint64_t handed_off; /* connections that it has given to another process */
	_Atomic uint64_t requests;
	_Atomic uint64_t responses[STATS_CLASSES]; /* by the hundreds of their status */
	_Atomic uint64_t bytes; /* of responses, heads included, that were sent */
	_Atomic uint64_t active; /* connections that are open now */
	_Atomic uint64_t idle; /* those of them that wait for a request */
	_Atomic uint64_t writing; /* those with a response under way */
	_Atomic uint64_t limit; /* how many connections it may have open; 0: not known yet */
	_Atomic uint64_t dealt; /* connections that anyone has put into this process's inbox */
	_Atomic uint64_t taken; /* connections that it has taken out of its inbox */
	_Atomic uint64_t numbers; /* how many numbers it has given to connections */
	/* Set to 1 by the master while the process does not serve; cleared by it when it does. */
	_Atomic uint64_t unavailable;
	_Atomic uint64_t places; /* in the last slot: how many of the first ones were ever used */
} __attribute__((aligned(128)));

enum { STATS_MODULES_MAX = 256 };

/*
 * The counters of modules, behind those of the core in each slot. What they mean depends on
 * the modules of a program, which the signature stands for: counters in a slot with another
 * signature, or none, are not read.
 */
struct stats_modules {
	_Atomic uint64_t signature;
	_Atomic uint64_t values[STATS_MODULES_MAX];
};

static inline struct stats_modules *stats_modules_of(struct stats *slot)
{
	return (struct stats_modules *)(slot + 1);
}

/* Behind them: what the process has counted by server, method, status and protocol. */
static inline struct series_table *stats_series_of(struct stats *slot)
{
	return (struct series_table *)(stats_modules_of(slot) + 1);
}

enum { STATS_STATES = 5, STATS_PROCESS_KINDS = 2 + 32 };

/*
 * What the master tells all workers, in the last slot behind all counters. Workers can only read
 * it.
 */
struct stats_server {
	_Atomic uint64_t is_draining; /* the server was told to quit */
	/* Grow before and after the counts of a process that has ended are moved to another slot:
	   if they differ, or have changed meanwhile, a sum over the slots may be wrong. */
	_Atomic uint64_t folds_begun, folds_ended;
	_Atomic uint64_t started_ms; /* wall clock */
	_Atomic uint64_t generation, generation_since_ms; /* of the configuration that serves */
	_Atomic uint64_t reloads, reloads_failed;
	_Atomic uint64_t starts; /* of processes */
	/* By kind (worker, acceptor, then helpers by their number) and state (status.h). */
	_Atomic uint64_t processes[STATS_PROCESS_KINDS][STATS_STATES];
};

/*
 * Calls visit(data, slot) for each slot that was ever used, if this process can read them, and else
 * for its own one. The last slot is among them.
 */
void stats_visit(void (*visit)(void *data, struct stats *slot), void *data);

/* For a process that serves without a master: its own memory has the series, too (series.h). */
void stats_use_alone(void);

/* What the master tells this process; before stats_view(), memory of this process. Never NULL. */
extern const struct stats_server *stats_server;

/* For the master, which writes it; slots NULL: the one of a process that serves alone. */
struct stats_server *stats_use_server(const struct stats_slots *slots);

/* Declares the counters of this program's modules. Call it once, before a slot is used. */
void stats_declare_modules(uint64_t signature, const bool is_gauge[STATS_MODULES_MAX]);

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

/* The slot of this process; never NULL: before stats_use() it is memory of its own. */
extern struct stats *stats_mine;

/* From now on this process counts in slot `i`. */
void stats_use(const struct stats_slots *slots, size_t i);

/* Hides all slots but slot `i` from this process, for good. 0 or -errno. */
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

/*
 * Notes that slot i is used, and lets this process read all slots, also after stats_keep(). They
 * are mapped a second time, from a descriptor that is open for reading only, so that no process
 * can make that mapping writable. 0 or -errno.
 */
int stats_view(const struct stats_slots *slots, size_t i, int fd);

/* Adds what all slots but that of this process hold now; nothing without stats_view(). */
void stats_add_others_to(struct stats_sum *sum);

/* Adds the counts of a process that has ended to another slot; only that slot's writer may. */
void stats_fold(struct stats *into, const struct stats *slot);

/* The same for the counters of modules; sums has STATS_MODULES_MAX members. */
void stats_add_modules_to(uint64_t *sums, struct stats *slot);
void stats_fold_modules(struct stats *into, struct stats *slot);

/* Whether the slot has the signature of this program's modules. */
bool stats_has_our_modules(struct stats *slot);

/* Sets the counters of a slot to zero, but the numbers of connections: they go on. */
void stats_clear(struct stats *slot);
void stats_clear_modules(struct stats *slot);

/* Of a process that has died: what it has counted as present has ended with it. */
void stats_clear_gauges(struct stats *slot);

/* Counts a response that has ended, and its bytes; status 0: there was no response. */
void stats_count_response(int status, uint64_t bytes);

/* Bytes from one slot to the next in files that this program makes: whole pages. */
size_t stats_stride(void);

/* Whether a file of another version of this program may have its slots this far apart. */
bool stats_stride_is_sound(size_t stride);

/*
 * Maps slots->count slots, slots->stride apart, shared with the children: zeroed ones in
 * a new file (memfile.h) whose descriptor *fd becomes, or if there can be no such file, in
 * memory that no other program can map, and *fd becomes -errno. If *fd is such a file already,
 * that one is mapped with what it holds. 0 or -errno; then slots->memory is NULL.
 */
int stats_map(struct stats_slots *slots, int *fd);

/* For the only writer of a counter; neither needs a locked instruction. */
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
