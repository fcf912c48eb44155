/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long-lived connections may end up with few workers, after a worker has died or
 * because the kernel likes one of them. The master asks a worker that holds far more than
 * the lightest of its generation for idle ones, so many a second, which go there.
 */
#ifndef SKUA_PROCESS_BALANCE_H
#define SKUA_PROCESS_BALANCE_H

#include <stdint.h>

struct generation;

/* As master, once: heir() is that of supervisor.h. */
void balance_start(struct generation *(*heir)(void));

/* The workers of a generation may have to be looked after now. */
void balance_watch(void);

/*
 * How many connections a worker with `own` gives to one with `lightest` at a
 * time: 0 unless it has far more. For the tests.
 */
uint64_t balance_share(uint64_t own, uint64_t lightest);

#endif
