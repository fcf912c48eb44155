/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of a kind of child process: worker, acceptor or helper. child.c starts a child and
 * receives the commands of the master, and calls these functions.
 */
#ifndef SKUA_PROCESS_WORKER_CHILD_OPS_H
#define SKUA_PROCESS_WORKER_CHILD_OPS_H

#include <stdbool.h>
#include <stdint.h>
#include <str.h>

struct process;

struct child_ops {
	bool outlives_master; /* it continues to serve other processes when the master has ended */

	/* Makes it ready to serve, in its loop. 0, or -errno after a message. */
	int (*start)(struct process *self);
	/* Stops taking new connections, and stops the loop when its connections have ended. */
	void (*quit)(void);
	/* Stops the loop at once. */
	void (*stop)(void);
	/* After the loop: closes and frees everything. */
	void (*finish)(void);
	/* Called when results of giving_is_taken() have changed. NULL: it asks again each time. */
	void (*takers_changed)(void);
	/* Allows so many more connections to be given to the master. NULL: there is no limit. */
	void (*give)(uint32_t count);
	/*
	 * For workers: passes one end of a channel to the helper with this number, which the
	 * callee owns; -1: there is no helper.
	 */
	void (*helper)(uint32_t number, int fd);
	/* For helpers: passes one end of a channel to the worker at this place of the table. */
	void (*client)(uint32_t place, int fd);
	/* For helpers: an end of a channel to another process of the helper of this name. */
	void (*pass_on)(struct str name, int fd);
	void (*take_over)(int fd);
};

#endif
