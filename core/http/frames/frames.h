/* SPDX-License-Identifier: BSD-2-Clause */
/* The syntax of HTTP/2 frames (RFC 9113 sections 4 and 6): pure functions, without a connection. */
#ifndef SKUA_HTTP_FRAMES_FRAMES_H
#define SKUA_HTTP_FRAMES_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <str.h>

enum frame_type {
	FRAME_DATA = 0,
	FRAME_HEADERS = 1,
	FRAME_PRIORITY = 2,
	FRAME_RST_STREAM = 3,
	FRAME_SETTINGS = 4,
	FRAME_PUSH_PROMISE = 5,
	FRAME_PING = 6,
	FRAME_GOAWAY = 7,
	FRAME_WINDOW_UPDATE = 8,
	FRAME_CONTINUATION = 9,
	FRAME_PRIORITY_UPDATE = 16, /* RFC 9218 section 7.1 */
};

enum {
	FLAG_END_STREAM = 0x1,
	FLAG_ACK = 0x1,
	FLAG_END_HEADERS = 0x4,
	FLAG_PADDED = 0x8,
	FLAG_PRIORITY = 0x20,
};

/* Section 7. */
enum h2_error {
	H2_NO_ERROR = 0,
	H2_PROTOCOL_ERROR = 1,
	H2_INTERNAL_ERROR = 2,
	H2_FLOW_CONTROL_ERROR = 3,
	H2_SETTINGS_TIMEOUT = 4,
	H2_STREAM_CLOSED = 5,
	H2_FRAME_SIZE_ERROR = 6,
	H2_REFUSED_STREAM = 7,
	H2_CANCEL = 8,
	H2_COMPRESSION_ERROR = 9,
	H2_CONNECT_ERROR = 10,
	H2_ENHANCE_YOUR_CALM = 11,
	H2_INADEQUATE_SECURITY = 12,
	H2_HTTP_1_1_REQUIRED = 13,
};

/* Section 6.5.2, and RFC 9218 section 2.1. */
enum {
	SETTING_HEADER_TABLE_SIZE = 1,
	SETTING_ENABLE_PUSH = 2,
	SETTING_MAX_CONCURRENT_STREAMS = 3,
	SETTING_INITIAL_WINDOW_SIZE = 4,
	SETTING_MAX_FRAME_SIZE = 5,
	SETTING_MAX_HEADER_LIST_SIZE = 6,
	SETTING_NO_RFC7540_PRIORITIES = 9,
};

enum {
	FRAME_HEAD = 9, /* bytes */
	FRAME_MAX = 16384, /* the longest payload that every endpoint accepts */
	FRAME_MAX_LIMIT = (1 << 24) - 1,
	TABLE_SIZE = 4096, /* SETTINGS_HEADER_TABLE_SIZE before it is set */
	WINDOW_INITIAL = 65535,
};

#define WINDOW_MAX INT32_MAX

struct frame {
	uint32_t len; /* of the payload */
	uint8_t type, flags;
	uint32_t stream;
};

/* What the client sends first (section 3.4). */
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* Reads the head of a frame: FRAME_HEAD bytes. */
struct frame frame_parse(const char *bytes);

/*
 * The error that a frame from a client is because of its head alone: H2_NO_ERROR if it is none.
 * The error concerns the connection, but that of a PRIORITY frame only the stream. A frame is
 * padded, or has a priority, only if its flags are ones of its type.
 */
enum h2_error frame_fault(const struct frame *frame);

static inline bool frame_is_padded(const struct frame *frame)
{
	return frame->flags & FLAG_PADDED &&
	       (frame->type == FRAME_DATA || frame->type == FRAME_HEADERS);
}

/*
 * How many bytes of the payload have to be there before it can be handled: all of a frame whose
 * payload is short and has a structure; of DATA and HEADERS what stands before the data or the
 * fields; 0 for those whose bytes are handled as they come.
 */
uint32_t frame_first_part(const struct frame *frame);

/* Write at `to`, in network order, and return the new end. */
char *put_u32(char *to, uint32_t n);
char *frame_put(char *to, struct frame frame); /* FRAME_HEAD bytes */
char *setting_put(char *to, uint16_t id, uint32_t value); /* 6 bytes */

/* Read in network order. */
uint16_t read_u16(const char *bytes);
uint32_t read_u32(const char *bytes);

/* RFC 9218 section 4. */
struct priority {
	uint8_t urgency; /* 0, the most urgent, to 7 */
	bool incremental;
};

enum { URGENCIES = 8, URGENCY_DEFAULT = 3 };

/* Reads a field Priority: members that are not there, or not valid, leave *priority as it is. */
void priority_parse(struct str value, struct priority *priority);

#endif
