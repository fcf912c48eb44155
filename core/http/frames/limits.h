/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection may ask for beyond requests. Each of the functions counts one event, and
 * returns false if there were too many: then the connection ends with ENHANCE_YOUR_CALM. The
 * numbers are far above what clients do, and so low that the work stays small.
 */
#ifndef SKUA_HTTP_FRAMES_LIMITS_H
#define SKUA_HTTP_FRAMES_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Rises by one for each event, and falls with time. */
struct bucket {
	uint32_t level; /* in thousandths */
	int64_t at_ms; /* clock_ms() when it was computed */
};

struct limits {
	struct bucket resets, controls;
	uint32_t empty_frames; /* in a row */
	int64_t window_updates; /* how many more may come */
	uint64_t frame_bytes; /* received and sent */
	uint64_t payload_bytes; /* of them: fields, as they are decoded, and data */
};

void limits_init(struct limits *limits);

/* A stream was reset by the client, or by us for an error of the client. */
bool limits_reset(struct limits *limits);

/* A frame has come that wants an answer but is not part of a request: PING, SETTINGS. */
bool limits_control(struct limits *limits);

/* A frame without content has come that does not end anything. Others end the row. */
bool limits_empty(struct limits *limits, bool is_empty);

/* A WINDOW_UPDATE has come. What is sent, and each new stream, allow for further ones. */
bool limits_window_update(struct limits *limits);
void limits_allow_window_updates(struct limits *limits, unsigned count);

/* Whether the frames so far are in proportion to what they have carried. */
bool limits_in_proportion(const struct limits *limits);

#endif
