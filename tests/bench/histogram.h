/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of latencies, from which percentiles are read. Each power of two is
 * cut into 64 buckets, so that any value is known to 1.6 %, in 30 KiB for the
 * whole range of 64 bits; adding one costs a few instructions.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_BITS = 6,
	HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS,
	HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS,
};

struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS];
	uint64_t total;
};

/*
 * Below 2 * STEPS a bucket is one value. Above, a value is shifted until its
 * highest bit is that of STEPS, and each shift has STEPS buckets of its own.
 */
static inline void histogram_add(struct histogram *hist, uint64_t value)
{
	unsigned shift = 0;

	if (value >= HISTOGRAM_STEPS)
		shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_BITS;
	hist->buckets[shift * HISTOGRAM_STEPS + (value >> shift)]++;
	hist->total++;
}

/* The value below which this share (0 to 1) of all lies; 0 when there is none. */
static inline uint64_t histogram_percentile(const struct histogram *hist, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)hist->total);
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += hist->buckets[i];
		if (seen <= wanted)
			continue;
		unsigned shift = i < HISTOGRAM_STEPS ? 0 : i / HISTOGRAM_STEPS - 1;
		return (uint64_t)(i - shift * HISTOGRAM_STEPS) << shift;
	}
	return 0;
}

#endif
