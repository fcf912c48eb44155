/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of processes: all children of the master, and those that it will start again.
 * A process keeps its place, and its slot of the counters, when it is replaced.
 *
 *                  fork                READY              QUIT
 *     WAITING ───────────> STARTING ───────────> RUNNING ──────> RETIRING
 *        ^                    │                     │                │
 *        └──── it has died ───┴─────────────────────┘           removed
 */
#ifndef SKUA_PROCESS_SERVER_TABLE_H
#define SKUA_PROCESS_SERVER_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <timer.h>

#include "event/loop.h"
#include "process/server/main_conf.h"
#include "process/server/respawn.h"

struct generation;
struct stats;
struct stats_server;
struct stats_slots;
struct stats_sum;

/* Enough for two generations of workers with their acceptors. */
#define TABLE_SIZE (4 * WORKERS_MAX)

enum process_kind {
	PROCESS_WORKER,
	PROCESS_ACCEPTOR,
	PROCESS_HELPER, /* it serves the workers of its generation (helpers.h) */
};

enum process_state {
	PROCESS_FREE, /* the place is not taken */
	PROCESS_WAITING, /* its timer will start it */
	PROCESS_STARTING,
	PROCESS_RUNNING,
	PROCESS_RETIRING,
};

struct process {
	struct event channel; /* the master's end; fd -1: none. Must be the first member */
	enum process_kind kind;
	enum process_state state;
	struct generation *generation;
	unsigned index; /* among those of its kind and generation; of a helper: helper_number() */
	pid_t pid; /* 0: not running */
	int inbox[2]; /* of a worker: read end, write end; or -1 */
	bool accepts; /* it has listening sockets open, as far as the master knows */
	int64_t started_ms;
	struct respawn respawn;
	struct timer timer; /* starts it, in state WAITING */
	uint32_t granted; /* connections that it may give to the master, and has not yet */
	uint64_t may_give; /* once it ends: how many connections it will be asked for until then */
	struct timer relay; /* reads its channel again when a worker may have room (relay.h) */
	int64_t second_ms; /* since when its messages are counted */
	unsigned messages; /* of this second */
	/* Of a worker, a bit for each helper: it has asked for a channel to it and has not got one;
	   it has one, as far as the master knows. */
	uint32_t helpers_wanted, helpers_connected;
	bool is_restored; /* another program has started it, maybe of another version */
	bool is_old; /* its version lets workers give connections to each other (successors.h) */
	struct stats *stats;
};

/* Maps the counters; call it once, before any process is added. 0 or -errno. */
int table_start(void);

/*
 * Gives table_start(), which is called afterwards, the counters of the program before, a
 * file for stats_map(); -1: there are none. It is used if its slots have the layout of those
 * here and there are as many; if they lie closer together, processes that go on use it, and
 * those that are started here do not. Otherwise the counters begin anew, and the log says
 * so. The descriptor stays the caller's unless table_stats_fd() gives it afterwards.
 */
void table_inherit(int fd, size_t slot_size, unsigned layout);

/*
 * In the process that was forked for this place: counts in its slot from now on. A worker
 * cannot reach the slots of others any more. 0 or -errno.
 */
int table_enter(const struct process *self);

/* The file of the counters; -1: there is none. */
int table_stats_fd(void);

/* What the master tells its workers. */
struct stats_server *table_server(void);

/*
 * Whether the slot of the process has counters of modules. Those of a program of before, whose
 * slots lie closer together, have none.
 */
bool table_has_modules(const struct process *process);

/* How many slots are in it. */
size_t table_stats_slots(void);

/*
 * Takes this place for a process that runs already, as a copy of `given`; its counters are
 * those of the place. NULL: the place is not free.
 */
struct process *table_restore(uint32_t slot, const struct process *given);

/*
 * Takes a new place, with an inbox for a worker. 0 and *out, or -errno: -EAGAIN the table is
 * full, -EMFILE there are no descriptors.
 */
int table_add(enum process_kind kind, struct generation *generation, unsigned index,
	      struct process **out);

/* "worker", "acceptor", or the name of a helper */
const char *process_kind_name(const struct process *process);

/* "worker process 2", for messages. Valid until the next call. */
const char *process_name(const struct process *process);

/* Frees the place and closes what belongs to the process. Its counts stay in the sum. */
void table_remove(struct process *process);

/* Sums up what all processes have counted, those that have ended included. */
void table_sum(struct stats_sum *sum);

/* The same for the counters of modules, STATS_MODULES_MAX of them. */
void table_sum_modules(uint64_t *sums);

/* Adds what the processes of another program have counted, which has ended. */
void table_fold(const struct stats_slots *slots);

/* Walks through all places that are taken: NULL gives the first; NULL after the last. */
struct process *table_next(const struct process *process);

/* The number of its slot of the counters. */
uint32_t table_slot(const struct process *process);

/* The process with this pid, or NULL. */
struct process *table_by_pid(pid_t pid);

/* How many places are taken by processes of this generation; NULL: of any. */
unsigned table_count(const struct generation *generation);

#endif
