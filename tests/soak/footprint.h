/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much private memory of the workers a connection costs, for each kind of
 * connection that a client can hold open.
 */
#ifndef SOAK_FOOTPRINT_H
#define SOAK_FOOTPRINT_H

#include "harness/server.h"
#include "soak/crowd.h"

/* The limits of the server at the port that is given, which footprint_conf sets. */
enum {
	FOOTPRINT_BUFFER = 1024,
	FOOTPRINT_LARGE = 8192,
	FOOTPRINT_LARGE_COUNT = 4,
	FOOTPRINT_FIELDS = 1000,
	FOOTPRINT_HEAD = FOOTPRINT_BUFFER + FOOTPRINT_LARGE_COUNT * FOOTPRINT_LARGE,
};

/*
 * Opens `connections` of each kind whose number is `part` modulo `parts`, several
 * times, and prints what each costs. It is a fault when that is more than its bound, or
 * when each time costs more than the one before: then something is left of it. With
 * the address sanitizer the numbers are only printed. The server has to have
 * `processes` children and no connections, /large.bin, and time limits of a minute.
 */
void footprint_check(const struct server *server, int port, int processes, int connections,
		     int part, int parts, struct faults *faults);

#endif
