/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers in the master. The first worker that needs a helper makes the master start it:
 *
 *     worker ── WANT, number of the helper ──> master ── fork ──> helper
 *     worker <── HELPER, an end of a channel ── master ── CLIENT, the other end ──> helper
 *
 * A helper serves the workers of its generation, and ends when they have ended. When it dies
 * before, its workers ask the master for another one.
 *
 * Another program that replaces this one (upgrade.h) cannot start helpers for the workers of
 * this one, since it has another configuration. So each worker gets its channels before: a
 * helper whose master has gone serves the workers that it has, and ends with the last of them.
 */
#ifndef SKUA_PROCESS_MASTER_HELPERS_H
#define SKUA_PROCESS_MASTER_HELPERS_H

#include <stdint.h>

struct process;

/*
 * A worker needs the helper with this number. `start` starts a process that the table has. 1,
 * or -EPROTO: it must not ask for that.
 */
int helpers_want(struct process *worker, uint32_t number, void (*start)(struct process *));

/* The helper was started: workers that wait for it get their channels. */
void helpers_connect(struct process *helper);

/* The helper has ended, and its channels with it. */
void helpers_ended(const struct process *helper);

/* Before another program replaces this one: starts all helpers and connects all workers. */
void helpers_connect_all(void (*start)(struct process *));

#endif
