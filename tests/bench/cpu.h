/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU time of a server: the sum over a process and all its descendants,
 * threads included, in nanoseconds. The set of processes is taken once, so
 * that a server that replaces a worker in the middle of a run is noticed.
 */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stdint.h>
#include <sys/types.h>

enum { CPU_PROCESSES_MAX = 256 };

struct cpu_meter {
	pid_t pids[CPU_PROCESSES_MAX];
	unsigned count;
};

/*
 * Finds root and its descendants in /proc. Returns 0, -ESRCH when root does
 * not run, -E2BIG when there are more than CPU_PROCESSES_MAX, or what
 * opendir(3) said.
 */
int cpu_meter_init(struct cpu_meter *meter, pid_t root);

/*
 * Writes the nanoseconds used so far in user and kernel mode. Returns 0, or
 * -ESRCH when one of the processes has ended: the sum means nothing then.
 */
int cpu_meter_read(const struct cpu_meter *meter, uint64_t *ns);

#endif
