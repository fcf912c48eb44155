/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master process: it owns the sockets, manages the processes and handles signals. It never
 * handles a request.
 */
#ifndef SKUA_PROCESS_MASTER_MASTER_H
#define SKUA_PROCESS_MASTER_MASTER_H

struct generation;
struct startup;

/*
 * Runs the server, with a first generation that was opened, until it is told to end. Takes over
 * the generation. NULL: the processes that another program has left (takeover.h) serve, as long
 * as they live or until a reload. Returns the exit status.
 */
int master_run(const struct startup *startup, struct generation *first);

#endif
