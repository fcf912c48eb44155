/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: one loop that serves connections. It comes from the master by fork,
 * or is the only process (master_process off).
 */
#ifndef SKUA_PROCESS_WORKER_WORKER_H
#define SKUA_PROCESS_WORKER_WORKER_H

#include <stdbool.h>

#include "process/worker/child_ops.h"

struct generation;

/* The place of this worker in the server. */
struct worker_place {
	struct generation *generation;
	unsigned index; /* 0 … generation->workers - 1 */
	int inbox; /* its read end; -1: none */
	bool accepts; /* takes connections from the listening sockets itself */
};

/* A worker that the master has forked. */
extern const struct child_ops worker_ops;

/* Makes the process ready to serve, in its loop. 0, or -errno after a message. */
int worker_start(const struct worker_place *place);

/*
 * Stops taking new connections, hands over existing ones (handover.h), completes the responses in
 * progress, then stops the loop.
 */
void worker_quit(void);

/* Closes all connections and stops the loop. */
void worker_stop(void);

/* To be called after the loop: ends the modules, and logs what was left open. */
void worker_finish(void);

/* The one process of `master_process off`. Returns the exit status. */
int single_run(struct generation *generation);

#endif
