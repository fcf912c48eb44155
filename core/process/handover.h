/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the connections of a worker that ends go on in other workers: those that
 * are idle at once, the others each after the answer under way.
 */
#ifndef SKUA_PROCESS_HANDOVER_H
#define SKUA_PROCESS_HANDOVER_H

struct message;

/* MESSAGE_HEIRS or MESSAGE_COUNTERS has come; owns its descriptors. */
void handover_heirs(struct message *message);

/*
 * This worker ends: every connection leaves as soon as it can. One that nobody
 * takes (its listener is gone, it cannot travel) is drained: at most one more
 * answer. While all receivers are full or behind, connections stay and are
 * served here.
 */
void handover_start(void);

/* Connections may have come since handover_start(). */
void handover_again(void);

void handover_finish(void);

#endif
