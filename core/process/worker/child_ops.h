/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kind of child process does. child.c runs a child through these functions, so the
 * worker and the acceptor need not know how a child is started and told what to do.
 */
#ifndef SKUA_PROCESS_WORKER_CHILD_OPS_H
#define SKUA_PROCESS_WORKER_CHILD_OPS_H

#include <stdbool.h>
#include <stdint.h>

struct process;

struct child_ops {
	bool outlives_master; /* it serves on for others when the master has gone */

	/* Makes it ready to serve, in its loop. 0, or -errno after a message. */
	int (*start)(struct process *self);
	/* Takes no new connections, and stops the loop when those that it has are done. */
	void (*quit)(void);
	/* Stops the loop at once. */
	void (*stop)(void);
	/* After the loop: closes and frees everything. */
	void (*finish)(void);
	/* The result of giving_is_taken() has changed. NULL: it is called anew each time. */
	void (*takers_changed)(void);
	/* It may give so many more connections to the master. NULL: it gives without that. */
	void (*give)(uint32_t count);
	/*
	 * A worker: the end of a channel to the helper with this number, which it owns; -1: there
	 * is none.
	 */
	void (*helper)(uint32_t number, int fd);
	/* A helper: the end of a channel to the worker at this place of the table. */
	void (*client)(uint32_t place, int fd);
};

#endif
