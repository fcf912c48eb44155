/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients that act out scripts, all in one thread. What the server sends is read
 * and thrown away. What the server has closed stays open on this side until the
 * crowd hangs up, so that nothing ends by a client's help.
 */
#ifndef SOAK_CROWD_H
#define SOAK_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "soak/script.h"

/* What was found: the first messages, and how many there were. */
struct faults {
	int count;
	char text[4000];
};
void faults_add(struct faults *faults, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct crowd_counts {
	unsigned started;
	unsigned closed; /* by the server */
	unsigned left; /* by the client */
	uint64_t received; /* bytes */
	long oldest_ms; /* the longest time until that, after a last act, of those who read */
};

struct crowd;

/*
 * A connection has to be closed by the server `deadline_ms` after its client did or
 * received something last, and `slack_ms` more on a slow machine; otherwise it is
 * a fault, and the client hangs up. 0: there is no deadline.
 */
struct crowd *crowd_create(struct faults *faults, int deadline_ms, int slack_ms);
void crowd_destroy(struct crowd *crowd);

/* A connection to this port of 127.0.0.1. The script is the crowd's from now on. */
void crowd_start(struct crowd *crowd, struct script *script, int port);

/* Lets the clients act for so many milliseconds. */
void crowd_run(struct crowd *crowd, int ms);

/* How many have something to do yet; have received anything; the server has not closed. */
int crowd_acting(const struct crowd *crowd);
int crowd_answered(const struct crowd *crowd);
int crowd_open(const struct crowd *crowd);

/* All at once, whatever they were about to do. hang_up() ends with RST. */
void crowd_half_close(struct crowd *crowd);
void crowd_hang_up(struct crowd *crowd);

struct crowd_counts crowd_counts(const struct crowd *crowd);

#endif
