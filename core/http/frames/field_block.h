/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The field block of a response or of its trailers: fields by HPACK, and the heads of the frames
 * that carry them. What depends on a file alone is encoded once, and kept in the entry of the file.
 */
#ifndef SKUA_HTTP_FRAMES_FIELD_BLOCK_H
#define SKUA_HTTP_FRAMES_FIELD_BLOCK_H

#include <pool.h>
#include <stdbool.h>
#include <str.h>

#include "http/frames/frames.h"

struct request;

/* A block that is being written. The head of its frame comes in front of it. */
struct field_block {
	struct pool *pool;
	char *begin, *to, *limit;
};

/* An empty block, in memory of the pool that is enough for most responses. */
struct field_block field_block_begin(struct pool *pool);

/* Adds a field, unless it is one that HTTP/2 does not have (RFC 9113 section 8.2.2). */
void field_block_put(struct field_block *block, struct str name, struct str value);

/* Adds the status and all fields of the response, of which it removes what must not be sent. */
void field_block_put_response(struct field_block *block, struct request *req);

/* Bytes of the block, without the heads of frames. */
static inline size_t field_block_len(const struct field_block *block)
{
	return (size_t)(block->to - block->begin) - FRAME_HEAD;
}

/* Whether the block is one frame, behind which, at block->to, the head of another one fits. */
static inline bool field_block_has_room(const struct field_block *block)
{
	return field_block_len(block) <= FRAME_MAX && block->limit - block->to >= FRAME_HEAD;
}

/*
 * The block as HEADERS, and CONTINUATION if it is longer than FRAME_MAX, in memory of its pool.
 * flags: FLAG_END_STREAM or 0. No field can be added after that.
 */
struct str field_block_frames(struct field_block *block, uint32_t stream, uint8_t flags);

#endif
