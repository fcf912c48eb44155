/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaky buckets in a zone. For each key a bucket stores by how much the requests so far exceed a
 * rate. All numbers of requests are in thousandths.
 */
#ifndef SKUA_LIMIT_REQ_BUCKET_H
#define SKUA_LIMIT_REQ_BUCKET_H

#include <stdint.h>

#include <zone.h>

enum {
	REQUEST = 1000, /* one request, in thousandths */
	RATE_MAX = 1000 * 1000 * 1000, /* requests in a second, and in a burst */
};

extern const struct zone_ops bucket_ops;

/*
 * Returns by how much one more request for this key would exceed the rate (thousandths of a
 * request per second) now. The request is counted if the result is at most `most`. With BUCKET_ANY
 * it is always counted, with BUCKET_PEEK never.
 */
#define BUCKET_ANY  (-1)
#define BUCKET_PEEK (-2)
int64_t bucket_add(struct zone *zone, struct str key, int64_t rate, int64_t most);

#endif
