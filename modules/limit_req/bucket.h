/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaky buckets in a zone: for each key, by how much the requests so far exceed a rate. All
 * numbers of requests are in thousandths.
 */
#ifndef SKUA_LIMIT_REQ_BUCKET_H
#define SKUA_LIMIT_REQ_BUCKET_H

#include <stdint.h>

#include <zone.h>

enum {
	REQUEST = 1000, /* one, in thousandths */
	RATE_MAX = 1000 * 1000 * 1000, /* requests in a second, and in a burst */
};

extern const struct zone_ops bucket_ops;

/*
 * By how much the rate (thousandths of a request in a second) would be exceeded by one more
 * request for this key now. `most` -1: the request counts. Otherwise it counts if the result is
 * not more than `most`; with BUCKET_PEEK it does not.
 */
#define BUCKET_ANY  (-1)
#define BUCKET_PEEK (-2)
int64_t bucket_add(struct zone *zone, struct str key, int64_t rate, int64_t most);

#endif
