/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How connections of a worker go on in other workers: it gives them to the master when
 * that asks for them (relay.h). One that ends gives those that are idle at once, the
 * others each after the answer under way.
 */
#ifndef SKUA_PROCESS_HANDOVER_H
#define SKUA_PROCESS_HANDOVER_H

#include <stdint.h>

#include <str.h>

/*
 * MESSAGE_LISTENERS has come: the ids of the listeners whose connections others take, of
 * one that ends. Empty: nobody takes any, as when there is no master any more.
 */
void handover_listeners(struct str ids);

/* MESSAGE_GIVE has come: there is room for so many more. */
void handover_give(uint32_t count);

/*
 * This worker ends: every connection leaves as soon as it can. One that nobody
 * takes (its listener is gone, it cannot travel) is drained: at most one more
 * answer. While others have no room for them, connections stay and are served here.
 */
void handover_start(void);

/* Connections may have come since handover_start(). */
void handover_again(void);

void handover_finish(void);

#endif
