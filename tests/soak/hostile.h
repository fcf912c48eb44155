/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server among hostile clients: what it must not do, whatever they do.
 *
 *  1. No connection outlives the time limits of the configuration.
 *  2. While nothing is sent, no process uses a CPU.
 *  3. The memory of a connection is bounded by the limits of the configuration.
 *  4. No process dies.
 *  5. Other clients get right answers in a bounded time, also during reloads.
 *  6. Nothing is left: neither connections nor memory.
 *
 * In rounds: a storm of clients of all kinds, during reloads, against servers with
 * short time limits (1, 4, 5, 6); then clients that hold still, against servers
 * with long ones (2); before them the memory of each kind (3), and the same storm
 * several times (6).
 */
#ifndef SOAK_HOSTILE_H
#define SOAK_HOSTILE_H

#include <stdint.h>

struct hostile_plan {
	const char *mode; /* accept_mode */
	int number; /* of the mode, from 0 on: the short form takes other clients for each */
	uint64_t seed;
	int seconds; /* for how long; 0: the short form, of one round */
};

/* Prints what was measured, and fails the test if anything was found. */
void hostile_run(const struct hostile_plan *plan);

#endif
