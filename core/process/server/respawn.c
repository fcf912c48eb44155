/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/server/respawn.h"

enum {
	SHORTEST_MS = 200,
	LONGEST_MS = 5000,
	HOPELESS = 3, /* failures in a row of a configuration that is not proven */
};

/*
 * In milliseconds. The delay doubles with each failure from the third on. The first one,
 * which may be chance, has none.
 */
static int64_t delay(unsigned failures, bool is_needed)
{
	int64_t ms = failures > 1 ? SHORTEST_MS : 0;

	for (unsigned i = 2; i < failures && ms < LONGEST_MS && !is_needed; i++)
		ms *= 2;
	return ms < LONGEST_MS ? ms : LONGEST_MS;
}

int64_t respawn_after(struct respawn *respawn, enum respawn_cause cause, struct respawn_place place)
{
	if (cause == RESPAWN_SERVED && place.is_proven) {
		respawn->failures = 0;
		return 0;
	}
	if (cause == RESPAWN_NOT_FORKED) {
		respawn->not_forked++;
		if (!place.is_proven && respawn->not_forked >= HOPELESS)
			return RESPAWN_NEVER;
		return delay(respawn->not_forked + 1, place.is_needed);
	}
	respawn->failures++;
	if (!place.is_proven && (cause == RESPAWN_UNABLE || respawn->failures >= HOPELESS))
		return RESPAWN_NEVER;
	return delay(respawn->failures, place.is_needed);
}

void respawn_forked(struct respawn *respawn)
{
	respawn->not_forked = 0;
}
