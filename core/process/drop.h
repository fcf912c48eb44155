/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listen addresses that the configuration does not name any more. The processes
 * that accept there are told to end, accept what waits, close their sockets and say
 * so; only then the master says that it is over:
 *
 *     master ── MESSAGE_QUIT ──> old processes ── MESSAGE_CLOSED ──> master: over
 *
 * A process that does not answer (stopped, or caught in a system call) keeps nobody
 * waiting: after a second the master shuts the sockets down, which refuses new
 * connections whoever still holds a descriptor.
 */
#ifndef SKUA_PROCESS_DROP_H
#define SKUA_PROCESS_DROP_H

#include <stdbool.h>

struct listeners;

/*
 * Closes the sockets that none of these listeners uses (NULL: all). The processes that
 * accept from them must have been told to end. over() is called once, perhaps before
 * this returns: from then on connections to those addresses are refused, unless another
 * server with the same sockets goes on with them. None may be under way.
 */
void drop_begin(const struct listeners *ruling, void (*over)(void));

/* Between drop_begin() and over(). */
bool drop_is_under_way(void);

/* A process has closed its sockets, or has ended. */
void drop_look(void);

/* Does not wait any longer; calls over() if it is under way. */
void drop_hurry(void);

#endif
