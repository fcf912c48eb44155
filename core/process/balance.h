/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long-lived connections may end up with few workers, after a worker has died or
 * because the kernel likes one of them. A worker that holds far more than the
 * lightest of its generation gives idle ones to it, so many a second.
 */
#ifndef SKUA_PROCESS_BALANCE_H
#define SKUA_PROCESS_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* In a worker, whose peers are in the table. 0 or -ENOMEM. */
int balance_start(const struct process *self);

/* Connections stay from now on. */
void balance_stop(void);

/*
 * How many connections a worker with `own` gives to one with `lightest` at a
 * time: 0 unless it has far more. For the tests.
 */
uint64_t balance_share(uint64_t own, uint64_t lightest);

#endif
