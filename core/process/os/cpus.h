/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many CPUs this process may use: `worker_processes auto`.
 */
#ifndef SKUA_PROCESS_OS_CPUS_H
#define SKUA_PROCESS_OS_CPUS_H

#include <stdbool.h>

#include <str.h>

/*
 * The number of CPUs in the scheduler's mask, or fewer if the quota of the control group
 * (version 1 or 2), or of a group around it, allows less; rounded up, at least 1.
 */
unsigned cpus_usable(void);

/*
 * The CPUs that a quota allows, rounded up: "max 100000" is no limit (0),
 * "150000 100000" is 2. Contents of cpu.max; cgroup v2, kernel documentation.
 * 0 also for any other text.
 */
unsigned cpus_of_quota(struct str text);

/*
 * The path of this process's group from /proc/self/cgroup: the line whose
 * controllers are `controller` among others (version 1), or "" for version 2.
 * False: there is no such line.
 */
bool cpus_group(struct str file, struct str controller, struct str *path);

#endif
