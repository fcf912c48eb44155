/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values for ranges of IPv4 and IPv6 addresses. Ranges are added in the order of the
 * configuration, and then flattened once into a sorted array. Addresses are looked up there by
 * binary search.
 */
#ifndef SKUA_GEO_RANGES_H
#define SKUA_GEO_RANGES_H

#include <module.h>

/* An IPv6 address. IPv4 addresses have the form ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2). */
typedef unsigned __int128 geo_address;

/*
 * Converts the bytes of an address (ip.h) to a number. An empty text becomes 255.255.255.255, as in
 * nginx.
 */
geo_address geo_number(struct str bytes);

/* A line of the configuration. */
struct geo_range {
	geo_address first, last;
	const struct conf_word *word; /* for messages; NULL: implied, and replaced by any line */
	struct str value;
	uint32_t number; /* in the order of the lines; geo_ranges_add() sets it */
	bool is_removal; /* `delete`: removes the same range */
};

struct geo_ranges {
	struct geo_range *items; /* allocated by the caller, with room for all ranges */
	size_t count;

	/*
	 * True for the ranges of `ranges;`: if two of them contain an address, the one on the
	 * later line is used, and partly overlapping ranges are an error. False for networks: the
	 * smaller one is used.
	 */
	bool later_counts;
};

void geo_ranges_add(struct geo_ranges *ranges, struct geo_range range);

/*
 * values[i] is the value of the addresses from firsts[i] up to, but not including, firsts[i + 1].
 * firsts[0] is 0.
 */
struct geo_steps {
	geo_address *firsts;
	struct str *values;
	size_t count;
};

/*
 * Flattens the ranges, and sorts ranges->items for that. Warns about lines that replace other
 * lines, and about lines that delete a range that does not exist. Addresses outside of all ranges
 * get the value `none`. 0, or -EINVAL after the errors were reported.
 */
int geo_ranges_flatten(struct conf_call *call, struct geo_ranges *ranges, struct str none,
		       struct geo_steps *out);

struct str geo_find(const struct geo_steps *steps, geo_address address);

#endif
