/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves connections of this worker to other workers: it gives them to the master when the
 * master asks for them (relay.h). A worker that ends gives its idle connections away at
 * once, and each of the others after the answer that is being sent.
 */
#ifndef SKUA_PROCESS_WORKER_HANDOVER_H
#define SKUA_PROCESS_WORKER_HANDOVER_H

#include <stdint.h>

#include <str.h>

/*
 * MESSAGE_LISTENERS has come, which a worker that ends gets: the ids (uint32_t) of the
 * listeners whose connections other workers take. Empty: no worker takes any, also when
 * the master has ended.
 */
void handover_listeners(struct str ids);

/* MESSAGE_GIVE has come: this worker may give `count` more connections to the master. */
void handover_give(uint32_t count);

/*
 * This worker ends: each connection is given away as soon as no answer is under way on it.
 * A connection that no other worker can take (its listener is closed, or its state fits
 * into no message) gets at most one more answer and is closed. While other workers have no
 * room, connections stay and are served here.
 */
void handover_start(void);

/* Connections may have come since handover_start(). */
void handover_again(void);

void handover_finish(void);

#endif
