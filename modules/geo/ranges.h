/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values for ranges of addresses of both versions of IP. Ranges are added in the order of the
 * configuration, then flattened once into a sorted array, in which an address is found by a
 * binary search.
 */
#ifndef SKUA_GEO_RANGES_H
#define SKUA_GEO_RANGES_H

#include <module.h>

/* An address of IPv6, or one of IPv4 as ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2). */
typedef unsigned __int128 geo_address;

/* The bytes of an address (ip.h) as a number. No bytes are 255.255.255.255, as in nginx. */
geo_address geo_number(struct str bytes);

/* A line of the configuration. */
struct geo_range {
	geo_address first, last;
	const struct conf_word *word; /* for messages; NULL: counts where no other line is */
	struct str value;
	uint32_t number; /* in the order of the lines; geo_ranges_add() sets it */
	bool is_removal; /* `delete`: removes the same range */
};

struct geo_ranges {
	struct geo_range *items; /* room for all of them, the caller's */
	size_t count;

	/*
	 * Of two ranges that contain an address, the later one counts; one that lies partly in
	 * another is an error. Otherwise ranges are networks, and the smaller one counts.
	 */
	bool later_counts;
};

void geo_ranges_add(struct geo_ranges *ranges, struct geo_range range);

/* The value of all addresses from `firsts` on, up to the next one's. The first begins at 0. */
struct geo_steps {
	geo_address *firsts;
	struct str *values;
	size_t count;
};

/*
 * Flattens the ranges, whose order becomes another one. Warns of lines that replace others, and
 * of removals of nothing. Addresses in no range have the value `none`. 0, or -EINVAL after
 * the errors were reported.
 */
int geo_ranges_flatten(struct conf_call *call, struct geo_ranges *ranges, struct str none,
		       struct geo_steps *out);

struct str geo_find(const struct geo_steps *steps, geo_address address);

#endif
