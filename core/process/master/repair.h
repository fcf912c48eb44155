/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processes share can be shut down by each of them for all: the listening
 * sockets, where workers accept themselves, and an inbox by its two users. The master
 * looks once a second, and replaces what was shut down.
 */
#ifndef SKUA_PROCESS_MASTER_REPAIR_H
#define SKUA_PROCESS_MASTER_REPAIR_H

struct generation;

/*
 * In the master, once. active() gives the generation that serves, or NULL; respawn() replaces
 * all its processes, which get new inboxes and the sockets there are now. `why` is for the
 * log. What lies in a dead inbox is still received by its reader, so no connection is lost.
 */
void repair_start(struct generation *(*active)(void), void (*respawn)(const char *why));

#endif
