/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/limits.h"

#include <timer.h>

enum {
	RESETS = 256,
	RESETS_PER_SECOND = 33,
	CONTROLS = 100,
	CONTROLS_PER_SECOND = 10,
	EMPTY_IN_A_ROW = 16,
	WINDOW_UPDATES = 100,
	WINDOW_UPDATES_MAX = 1 << 20,
	BYTES_PER_BYTE = 8,
	BYTES_FREE = 8 << 20,
};

void limits_init(struct limits *limits)
{
	*limits = (struct limits){ .window_updates = WINDOW_UPDATES };
}

static bool count(struct bucket *bucket, unsigned per_second, unsigned most)
{
	int64_t now = clock_ms();
	int64_t level = bucket->level - (now - bucket->at_ms) * per_second;

	bucket->level = (uint32_t)(level > 0 ? level : 0) + 1000;
	bucket->at_ms = now;
	return bucket->level <= most * 1000;
}

bool limits_reset(struct limits *limits)
{
	return count(&limits->resets, RESETS_PER_SECOND, RESETS);
}

bool limits_control(struct limits *limits)
{
	return count(&limits->controls, CONTROLS_PER_SECOND, CONTROLS);
}

bool limits_empty(struct limits *limits, bool is_empty)
{
	limits->empty_frames = is_empty ? limits->empty_frames + 1 : 0;
	return limits->empty_frames <= EMPTY_IN_A_ROW;
}

bool limits_window_update(struct limits *limits)
{
	return limits->window_updates-- > 0;
}

void limits_allow_window_updates(struct limits *limits, unsigned count_)
{
	limits->window_updates += count_;
	if (limits->window_updates > WINDOW_UPDATES_MAX)
		limits->window_updates = WINDOW_UPDATES_MAX;
}

bool limits_in_proportion(const struct limits *limits)
{
	return limits->frame_bytes <= BYTES_PER_BYTE * limits->payload_bytes + BYTES_FREE;
}
