/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long-lived connections may end up with few workers, after a worker has died or
 * because the kernel prefers one of them. When a worker has far more connections than the
 * one with the fewest in its generation, the master asks it repeatedly for a few idle ones
 * and gives those to that one.
 */
#ifndef SKUA_PROCESS_HANDOFF_BALANCE_H
#define SKUA_PROCESS_HANDOFF_BALANCE_H

#include <stdint.h>

struct generation;

/* In the master, once. active() is that of struct handoff_hooks. */
void balance_init(struct generation *(*active)(void));

/* Call it when a generation begins to serve: starts the checks if it is to be balanced. */
void balance_watch(void);

/*
 * How many connections a worker with `own` gives to one with `lightest` at a
 * time: 0 unless it has far more. For the tests.
 */
uint64_t balance_share(uint64_t own, uint64_t lightest);

#endif
