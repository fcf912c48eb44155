/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process can shut down a socket that it shares with others for all of them: a listening socket,
 * if workers accept by themselves, or an inbox. The master checks once a second, and replaces the
 * sockets that were shut down.
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
