/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves connections of this worker to other workers: it gives them to the master when the
 * master asks for them (relay.h). A worker that ends gives its idle connections away at
 * once, and each of the others after the response that is being sent.
 */
#ifndef SKUA_PROCESS_WORKER_HANDOVER_H
#define SKUA_PROCESS_WORKER_HANDOVER_H

#include <stdint.h>

/* Once in a worker. */
void handover_init(void);

/* The list of listeners whose connections other workers take has changed (giving.h). */
void handover_takers_changed(void);

/* MESSAGE_GIVE has come: this worker may give `count` more connections to the master. */
void handover_give(uint32_t count);

/*
 * This worker ends: each connection is given away as soon as no response is under way on it.
 * A connection that no other worker can take (its listener is closed, or its state fits
 * into no message) gets at most one more response and is closed. While other workers have no
 * room, connections stay and are served here.
 */
void handover_start(void);

/* Connections may have come since handover_start(). */
void handover_again(void);

void handover_finish(void);

#endif
