/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the name that somebody has probably meant who has written another one. */
#ifndef SKUA_BASE_NEAREST_H
#define SKUA_BASE_NEAREST_H

#include <str.h>

struct pool;

/* The search: zeroed except for `wanted`. */
struct nearest {
	struct str wanted;
	unsigned distance; /* of the best so far; 0 while there is none */
	const char *best; /* a candidate; NULL: none is near enough to be meant */
	struct pool *pool; /* for the caller, if candidates do not last until the end */
};

/* Offers a candidate, which must stay valid; keeps the nearest one, or the first of these. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
