/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the server's processes use, seen from outside, and what the server says of
 * its connections. Nothing here is kept until the test ends, as the harness does:
 * it can be called for hours.
 */
#ifndef SOAK_WATCH_H
#define SOAK_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "harness/server.h"

enum { WATCH_PROCESSES = 64 };

/* The children of the master at one moment. */
struct processes {
	pid_t pids[WATCH_PROCESSES];
	int count;
};
void watch_processes(const struct server *server, struct processes *out);

/*
 * Waits until there are so many, so that those that end have ended; false when that
 * takes longer than this.
 */
bool watch_wait_for(const struct server *server, int count, int ms);

bool watch_are_same(const struct processes *a, const struct processes *b);

/*
 * The most that one of the processes, or the master, used of a CPU during so many
 * milliseconds in which the caller does nothing, in percent.
 */
double watch_cpu(const struct server *server, int ms);

/* Private_Dirty of all children together, in bytes (proc(5), smaps_rollup). */
long watch_memory(const struct server *server);

/* The same of one process. */
long watch_memory_of(pid_t pid);

/* One of the totals that `skua status --json` names: "active", "writing". */
long watch_total(const struct server *server, const char *name);

/* Waits until there are so many connections at most; false when that takes longer than this. */
bool watch_settle(const struct server *server, long connections, int ms);

/* `skua -s reload`: true when it says that the new configuration serves. */
bool watch_reload(const struct server *server);

#endif
