/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/frames.h"

#include <field.h>

enum {
	SETTING = 6, /* bytes of one */
	PRIORITY_PART = 5, /* bytes of a PRIORITY frame, and of what HEADERS may have of it */
	GOAWAY_PART = 8,
	UPDATED_STREAM = 4, /* what stands before the value in PRIORITY_UPDATE */
};

uint16_t read_u16(const char *bytes)
{
	return (uint16_t)((uint8_t)bytes[0] << 8 | (uint8_t)bytes[1]);
}

uint32_t read_u32(const char *bytes)
{
	return (uint32_t)read_u16(bytes) << 16 | read_u16(bytes + 2);
}

static char *put_u16(char *to, uint16_t n)
{
	to[0] = (char)(n >> 8);
	to[1] = (char)n;
	return to + 2;
}

char *put_u32(char *to, uint32_t n)
{
	return put_u16(put_u16(to, (uint16_t)(n >> 16)), (uint16_t)n);
}

struct frame frame_parse(const char *bytes)
{
	return (struct frame){
		.len = read_u32(bytes) >> 8,
		.type = (uint8_t)bytes[3],
		.flags = (uint8_t)bytes[4],
		.stream = read_u32(bytes + 5) & INT32_MAX,
	};
}

char *frame_put(char *to, struct frame frame)
{
	put_u32(to, frame.len << 8);
	to[3] = (char)frame.type;
	to[4] = (char)frame.flags;
	return put_u32(to + 5, frame.stream);
}

char *setting_put(char *to, uint16_t id, uint32_t value)
{
	return put_u32(put_u16(to, id), value);
}

uint32_t frame_first_part(const struct frame *frame)
{
	uint32_t padding = frame_is_padded(frame);

	switch (frame->type) {
	case FRAME_DATA:
		return padding;
	case FRAME_HEADERS:
		return padding + (frame->flags & FLAG_PRIORITY ? PRIORITY_PART : 0);
	case FRAME_GOAWAY:
		return GOAWAY_PART;
	case FRAME_PRIORITY:
	case FRAME_RST_STREAM:
	case FRAME_SETTINGS:
	case FRAME_PING:
	case FRAME_WINDOW_UPDATE:
	case FRAME_PRIORITY_UPDATE:
		return frame->len;
	default:
		return 0;
	}
}

/* Whether frames of this type belong to a stream, to the connection, or to either. */
static enum { OF_STREAM, OF_CONNECTION, OF_EITHER } owner_of(uint8_t type)
{
	switch (type) {
	case FRAME_DATA:
	case FRAME_HEADERS:
	case FRAME_PRIORITY:
	case FRAME_RST_STREAM:
	case FRAME_CONTINUATION:
		return OF_STREAM;
	case FRAME_SETTINGS:
	case FRAME_PING:
	case FRAME_GOAWAY:
	case FRAME_PRIORITY_UPDATE:
		return OF_CONNECTION;
	default:
		return OF_EITHER;
	}
}

static bool has_valid_length(const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_DATA:
	case FRAME_HEADERS:
		return frame->len >= frame_first_part(frame);
	case FRAME_PRIORITY:
		return frame->len == PRIORITY_PART;
	case FRAME_RST_STREAM:
	case FRAME_WINDOW_UPDATE:
		return frame->len == 4;
	case FRAME_SETTINGS:
		return frame->flags & FLAG_ACK ? frame->len == 0 : frame->len % SETTING == 0;
	case FRAME_PING:
		return frame->len == 8;
	case FRAME_GOAWAY:
		return frame->len >= GOAWAY_PART;
	case FRAME_PRIORITY_UPDATE:
		return frame->len >= UPDATED_STREAM;
	default:
		return true;
	}
}

enum h2_error frame_fault(const struct frame *frame)
{
	int owner = owner_of(frame->type);
	/* Only clients begin streams, and they use odd numbers (section 5.1.1). */
	bool is_odd = frame->stream & 1;

	if (frame->len > FRAME_MAX)
		return H2_FRAME_SIZE_ERROR;
	if (frame->type == FRAME_PUSH_PROMISE || (owner == OF_CONNECTION && frame->stream) ||
	    (owner == OF_STREAM && !is_odd) ||
	    (frame->type == FRAME_WINDOW_UPDATE && frame->stream && !is_odd))
		return H2_PROTOCOL_ERROR;
	return has_valid_length(frame) ? H2_NO_ERROR : H2_FRAME_SIZE_ERROR;
}

/* --- priorities --- */

/* "u=3": a number of one digit, which parameters may follow. */
static void read_urgency(struct str value, struct priority *priority)
{
	if (value.len > 0 && value.data[0] >= '0' && value.data[0] < '0' + URGENCIES &&
	    (value.len == 1 || value.data[1] == ';'))
		priority->urgency = (uint8_t)(value.data[0] - '0');
}

void priority_parse(struct str value, struct priority *priority)
{
	struct str member;

	while (list_next(&value, &member)) {
		if (str_starts(member, STR("u=")))
			read_urgency(str_skip(member, 2), priority);
		else if (str_eq(member, STR("i")) || str_eq(member, STR("i=?1")))
			priority->incremental = true;
		else if (str_eq(member, STR("i=?0")))
			priority->incremental = false;
	}
}
