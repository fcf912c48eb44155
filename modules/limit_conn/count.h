/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of requests under way in a zone, for each key, by all workers together.
 *
 * A worker that is killed takes nothing back. So counts are made anew all the time: time is cut
 * into periods, and at the beginning of each every worker counts the requests that it still
 * has. What nobody counts again is forgotten.
 *
 *     period 7                         period 8
 *     |------------------------------|------------------------------|
 *       first half       second half   first half       second half
 *       `before` counts  `now` counts  `before` counts  `now` counts
 *       workers count                  (`now` becomes `before`)
 *       into `now`
 */
#ifndef SKUA_LIMIT_CONN_COUNT_H
#define SKUA_LIMIT_CONN_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <str.h>
#include <zone.h>

extern const struct zone_ops count_ops;

/* A request that is counted. Its memory and that of the key must live until count_leave(). */
struct counted {
	struct zone *zone;
	struct str key;
	int64_t period; /* in which it was counted last */
	bool in_before; /* it is in `before` of that period, too */
	struct counted *next, **link; /* in the list of this process */
};

/* Counts a request, unless `most` are under way for this key already: then false. */
bool count_enter(struct counted *counted, struct zone *zone, struct str key, uint32_t most);
void count_leave(struct counted *counted);

/* Counts again, and from now on at the beginning of each period. For tests. */
void count_again(void);

enum { PERIOD_MS = 20 * 1000 };

#endif
