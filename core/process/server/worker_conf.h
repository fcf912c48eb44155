/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the main level says about a worker as a process of the system: its priority, its CPUs,
 * its environment.
 */
#ifndef SKUA_PROCESS_SERVER_WORKER_CONF_H
#define SKUA_PROCESS_SERVER_WORKER_CONF_H

#include <conf.h>

struct cpu_masks;
struct environment_entry;

struct worker_conf {
	int64_t priority; /* setpriority(2); 0: as it is */
	const struct cpu_masks *cpus; /* NULL: as the scheduler likes */
	struct environment_entry *environment;
	size_t environment_count, environment_capacity;
};

/* Setters of worker_priority, worker_cpu_affinity and env, in the module main. */
directive_set worker_set_priority, worker_set_cpus, worker_set_env;

/* Warns where there are not as many masks as workers. */
void worker_conf_check(struct conf_call *call, const struct worker_conf *conf, int64_t workers);

/*
 * Makes this process what the configuration says, as root where the server was started by root.
 * What the system refuses is logged, and the process goes on. `index`: among the workers; -1:
 * a process that is none, which only gets the environment.
 */
void worker_conf_apply(const struct worker_conf *conf, int index);

#endif
