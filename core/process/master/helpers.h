/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers in the master. The first worker that needs a helper makes the master start it:
 *
 *     worker ── WANT, number of the helper ──> master ── fork ──> helper
 *     worker <── HELPER, an end of a channel ── master ── CLIENT, the other end ──> helper
 *
 * A helper serves the workers of its generation, and ends when they have ended. If it dies
 * earlier, its workers ask the master for another one.
 *
 * A program that replaces this one (upgrade.h) has another configuration, so it cannot start
 * helpers for the workers of this program. Therefore each worker gets its channels before the
 * upgrade. A helper whose master has ended serves its workers, and ends with the last of them.
 */
#ifndef SKUA_PROCESS_MASTER_HELPERS_H
#define SKUA_PROCESS_MASTER_HELPERS_H

#include <stdbool.h>
#include <stdint.h>
#include <str.h>

struct generation;
struct process;

/*
 * Handles the request of a worker for the helper with this number. `start` starts a process of the
 * table. 1, or -EPROTO if the worker must not ask for this helper.
 */
int helpers_want(struct process *worker, uint32_t number, void (*start)(struct process *));

/* To be called when a helper was started: gives the waiting workers their channels. */
void helpers_connect(struct process *helper);

/* To be called when a helper has ended, and its channels with it. */
void helpers_ended(const struct process *helper);

/*
 * Some helpers keep what others need after them (helper->pass_on). helpers_inherit(), when a helper
 * was started, lets the older processes of it pass on what they keep. helpers_succeed(), when a
 * generation serves and before the older ones end, starts the helpers for which there is something
 * to be taken over.
 */
void helpers_inherit(const struct process *helper);
void helpers_succeed(struct generation *generation, void (*start)(struct process *));

/*
 * The same between two programs. helpers_for_each_kept(), in the old one, makes a channel for each
 * of these helpers and calls act() as struct upgrade_hooks says. helpers_take(), in the new one,
 * gives the other end to the helper of this name, which is started if need be, and closes it.
 */
bool helpers_for_each_kept(bool (*act)(void *data, struct str name, int fd), void *data);
void helpers_take(struct generation *generation, struct str name, int fd,
		  void (*start)(struct process *));

/* Before another program replaces this one: starts all helpers and connects all workers. */
void helpers_connect_all(void (*start)(struct process *));

#endif
