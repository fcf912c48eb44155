/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts, in a zone and for each key, the requests that all workers together are serving.
 *
 * A worker that is killed does not remove its requests from the counts. So the counts are renewed:
 * time is divided into periods, and at the beginning of each period every worker counts the
 * requests that it still serves. Requests that no worker counts again drop out. In the first half
 * of a period workers may not have counted again yet, so the limit is compared with the count of
 * the period before.
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

/* A request that is counted. The struct and the bytes of the key must live until count_leave(). */
struct counted {
	struct zone *zone;
	struct str key;
	int64_t period; /* the period in which the request was counted last */
	bool in_before; /* the request is also in `before` of that period */
	struct counted *next, **link; /* in the list of this process */
};

/*
 * Counts a request. False: `most` requests with this key are being served already, and the request
 * is not counted.
 */
bool count_enter(struct counted *counted, struct zone *zone, struct str key, uint32_t most);
void count_leave(struct counted *counted);

/*
 * Counts the requests of this process again, as a timer does at the beginning of each period. For
 * tests.
 */
void count_again(void);

enum { PERIOD_MS = 20 * 1000 };

#endif
