/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of the server from its configuration to its exit status.
 */
#ifndef SKUA_PROCESS_MASTER_SERVER_H
#define SKUA_PROCESS_MASTER_SERVER_H

struct startup;

/*
 * Reads the configuration, opens what it names, goes to the background if it
 * says so, and serves. Returns the exit status; in a daemon's first process it
 * does not return.
 */
int server_run(const struct startup *startup);

#endif
