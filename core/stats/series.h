/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Histograms with labels: what a process has counted of its requests, in its slot of the counters
 * (stats.h). A record is found by its labels, and made at the first request that has them. Their
 * number is limited: requests for which there is no more room are counted in one of the first
 * records, which stand for the hundreds of a status and no server. The labels are numbers, so no
 * text of a client or of a worker can become a label. A worker that was taken over can make up
 * labels; series_fold() and SERIES_SUMS_MAX keep it from taking the places of others.
 */
#ifndef SKUA_STATS_SERIES_H
#define SKUA_STATS_SERIES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SERIES_MAX = 384,
	/* In sums over processes there is room for several that have made up all labels. */
	SERIES_SUMS_MAX = 4 * SERIES_MAX,
	SERIES_BUCKETS = 18,
	/* The first records: of requests without room, by the hundreds of their status. */
	SERIES_RESTS = 10,
};

/* Raise it when a record changes its layout or its meaning. */
#define SERIES_LAYOUT 2

enum series_kind {
	SERIES_DURATION, /* microseconds; with all labels */
	SERIES_REQUEST_BODY, /* bytes; of requests that have a body; by server only */
	SERIES_RESPONSE_BODY, /* bytes; by server only */
	SERIES_KINDS,
};

/* The upper bounds of the buckets, in the unit of the kind. The last one is UINT64_MAX. */
extern const uint64_t series_bounds[SERIES_KINDS][SERIES_BUCKETS];

struct series_labels {
	uint64_t server; /* hash_public() of its name; 0: one of the first records */
	enum series_kind kind;
	unsigned status; /* 0: there was no response; in the first records 0, 100 … 900 */
	unsigned method; /* enum method */
	unsigned version; /* enum http_version */
};

/* One record. The buckets are not cumulated. */
struct series {
	_Atomic uint64_t server, packed; /* the labels, as numbers; packed 0: not used */
	_Atomic uint64_t sum, buckets[SERIES_BUCKETS];
};

struct series_table {
	_Atomic uint64_t layout, count;
	struct series items[SERIES_MAX];
};

/* The same as plain numbers. */
struct series_sum {
	struct series_labels labels;
	uint64_t sum, buckets[SERIES_BUCKETS];
};

/* This process counts here from now on, also in records that are there already. */
void series_use(struct series_table *table);

#define SERIES_USED (1ull << 40)

/* All labels but the server as one number. */
static inline uint64_t series_pack(enum series_kind kind, unsigned status, unsigned method,
				   unsigned version)
{
	return SERIES_USED | (uint64_t)kind << 32 | (uint64_t)version << 24 |
	       (uint64_t)method << 16 | status;
}

/* Counts a request, whose other labels are packed. Before series_use() nothing happens. */
void series_count(uint64_t server, uint64_t packed, uint64_t value);

/* Room for the sums of several tables. */
struct series_sums {
	size_t count;
	struct series_sum items[SERIES_SUMS_MAX]; /* the first `count` hold something */
};

/*
 * Adds what a table holds, which may be anything: a worker that was taken over may have written it.
 * Records whose labels are not possible are left out. sums->count begins as 0.
 */
void series_add_to(struct series_sums *sums, const struct series_table *table);

/* Whether all records of the second table have places in the first one, whatever they are. */
bool series_fits(const struct series_table *into, const struct series_table *table);

/*
 * Adds the records of a process that has ended to another table, and clears the first one. Only the
 * writer of `into` may. If that is full, a record that is among `others`, which processes count
 * that live, gets the place of the newest one that is not; the counts of that go to the first
 * records. Otherwise a process that makes up labels could take all places for good. `others` may
 * be NULL: then no record loses its place.
 */
void series_fold(struct series_table *into, struct series_table *table,
		 const struct series_sums *others);

#endif
