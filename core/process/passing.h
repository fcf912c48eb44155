/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives connections of this worker to others, in batches.
 *
 *     passing_begin(receivers, count);
 *     passing_add(conn) …             pack, out of epoll, into a batch
 *     refused = passing_end();        sent: forgotten here; not sent: back into epoll
 */
#ifndef SKUA_PROCESS_PASSING_H
#define SKUA_PROCESS_PASSING_H

#include <stddef.h>

struct conn;
struct receiver;

/* The receivers must stay until passing_end(). */
void passing_begin(struct receiver *receivers, size_t count);

/*
 * 0: it is on its way, and may be gone already; or it is refused, which
 * passing_end() counts. -EBUSY: something is under way on it. -EMSGSIZE: no
 * message holds what belongs to it. After an error it is as before.
 */
int passing_add(struct conn *conn);

/* Sends what is left. How many connections found no receiver: they are as before. */
unsigned passing_end(void);

/* passing_begin(), _add(), _end() for one: 1 if it is gone, 0 if it was refused, or -errno. */
int passing_one(struct receiver *receivers, size_t count, struct conn *conn);

#endif
