/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a process gives connections to others: it knows the listeners whose connections other
 * processes take, sends connections to the master, and tries again when a receiver is behind.
 * Acceptor (acceptor.h) and workers (handover.h) use it.
 */
#ifndef SKUA_PROCESS_WORKER_GIVING_H
#define SKUA_PROCESS_WORKER_GIVING_H

#include <stdbool.h>
#include <stdint.h>
#include <str.h>

struct batch;

/* Once in a process. again() is called after giving_retry(). */
void giving_init(void (*again)(void));

/*
 * Sets the ids (uint32_t) of the listeners whose connections other processes take, from
 * MESSAGE_LISTENERS. Empty: they take none, as after the end of the master.
 */
void giving_set_listeners(struct str ids);

/* Whether other processes take connections of any listener, and of this one. */
bool giving_has_takers(void);
bool giving_is_taken(uint32_t listener);

/*
 * Sends the connections in the batch to the master, and counts them as handed off. 0, or -errno
 * as batch_send(): then the batch is unchanged.
 */
int giving_send(struct batch *batch);

/* Calls again() in a moment, since a receiver, or the master, is behind. */
void giving_retry(void);

/* Whether again() will be called. */
bool giving_waits(void);

void giving_finish(void);

#endif
