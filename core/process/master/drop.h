/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Closes listen addresses that the configuration no longer names. The processes that
 * accept there have been told to end: each accepts the connections that wait in its
 * sockets, closes the sockets and reports that to the master. When all have reported, the
 * addresses are closed:
 *
 *     master ── MESSAGE_QUIT ──> old processes ── MESSAGE_CLOSED ──> master: over
 *
 * If a process does not report within a second (it is stopped, or blocked in a system call),
 * the master shuts the sockets down. New connections are refused then, even while that
 * process still has a descriptor.
 */
#ifndef SKUA_PROCESS_MASTER_DROP_H
#define SKUA_PROCESS_MASTER_DROP_H

struct listeners;

/*
 * Closes the sockets that none of these listeners uses (NULL: all). The processes that
 * accept from them must have been told to end. over() is called once, perhaps before
 * this returns: from then on connections to those addresses are refused, unless another
 * server shares the sockets and goes on. Must not be called again before that.
 */
void drop_begin(const struct listeners *active, void (*over)(void));

/* Call it when a process has closed its sockets or has ended: checks whether all have. */
void drop_look(void);

/* Stops waiting: closes the sockets and calls over() at once, if a drop is under way. */
void drop_hurry(void);

#endif
