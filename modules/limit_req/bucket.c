/* SPDX-License-Identifier: BSD-2-Clause */
#include "bucket.h"

#include <stdbool.h>

#include <timer.h>

/*
 * Other processes write to it as well, so its members are copied and checked before they are used.
 */
struct bucket {
	int64_t excess;
	int64_t last_ms; /* clock_ms() of the last request; 0: no request yet */
};

const struct zone_ops bucket_ops = {
	.layout = "limit_req-1",
	.record_size = sizeof(struct bucket),
};

enum { EXCESS_MAX = 2 * RATE_MAX };

/*
 * Each process reads the clock once per turn of its event loop, so the times of processes that
 * share a zone may differ slightly. As in nginx, a time that is far in the future is not trusted:
 * one millisecond counts as passed.
 */
static int64_t passed_ms(int64_t last_ms, int64_t now_ms)
{
	if (last_ms > now_ms)
		return last_ms - now_ms > 60 * 1000 ? 1 : 0;
	return now_ms - last_ms;
}

static int64_t excess_at(struct bucket bucket, int64_t rate, int64_t now_ms)
{
	int64_t limit = (int64_t)EXCESS_MAX * REQUEST, excess = bucket.excess;

	if (bucket.last_ms <= 0)
		return 0;
	excess = excess < 0 ? 0 : excess > limit ? limit : excess;

	int64_t ms = passed_ms(bucket.last_ms, now_ms);

	/* After this time the bucket is empty. This check also keeps the product below in range. */
	if (ms / 1000 > (excess + REQUEST) / rate)
		return 0;
	excess += REQUEST - rate * ms / 1000;
	return excess < 0 ? 0 : excess;
}

int64_t bucket_add(struct zone *zone, struct str key, int64_t rate, int64_t most)
{
	struct bucket *bucket = zone_lock_record(zone, key, NULL);
	int64_t now_ms = clock_ms(), excess = excess_at(*bucket, rate, now_ms);

	if (most == BUCKET_ANY || excess <= most)
		*bucket = (struct bucket){ excess, now_ms };
	zone_unlock(zone);
	return excess;
}
