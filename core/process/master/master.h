/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master process: it holds the sockets and the processes, and obeys
 * signals. It never sees a request.
 */
#ifndef SKUA_PROCESS_MASTER_MASTER_H
#define SKUA_PROCESS_MASTER_MASTER_H

struct generation;
struct startup;

/*
 * Serves with a first generation that has been opened, until it is told to end.
 * Owns it from then on. NULL: with the processes that another program has left
 * (takeover.h), as long as they live or until a reload. Returns the exit status.
 */
int master_run(const struct startup *startup, struct generation *first);

#endif
