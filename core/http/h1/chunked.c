/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A state machine that looks at one byte at a time, except in the data:
 *
 *     SIZE_FIRST -> SIZE [-> BLANK] [-> EXTENSION] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF
 *         ^                                              |                             |
 *         +----------------------------------------------|-----------------------------+
 *                                      the size was zero v
 *                     TRAILER_FIRST -> TRAILER -> TRAILER_LF -> TRAILER_FIRST -> LAST_LF -> END
 */
#include "http/h1/chunked.h"

enum state {
	SIZE_FIRST, /* 0: a zeroed struct is ready */
	SIZE,
	BLANK,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_FIRST,
	TRAILER,
	TRAILER_LF,
	LAST_LF,
	END,
	BAD,
};

/* RFC 9110 section 5.5: what may stand in an extension or a trailer. */
static bool is_text(char c)
{
	return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

static enum state in_size(struct chunked *body, char c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		if (body->left > INT64_MAX >> 4)
			return BAD;
		body->left = body->left << 4 | (uint64_t)digit;
		return SIZE;
	}
	if (body->state == SIZE_FIRST)
		return BAD;
	if (c == '\r')
		return SIZE_LF;
	if (c == ';')
		return EXTENSION;
	return c == ' ' || c == '\t' ? BLANK : BAD;
}

static enum state in_trailer(struct chunked *body, char c)
{
	if (c == '\r')
		return body->state == TRAILER_FIRST ? LAST_LF : TRAILER_LF;
	if (body->state == TRAILER_FIRST && (c == ' ' || c == '\t'))
		return BAD;
	return is_text(c) && ++body->trailers <= CHUNKED_TRAILER_MAX ? TRAILER : BAD;
}

static enum state next_state(struct chunked *body, char c)
{
	if (body->state <= EXTENSION && ++body->line > CHUNKED_LINE_MAX)
		return BAD;

	switch ((enum state)body->state) {
	case SIZE_FIRST:
	case SIZE:
		return in_size(body, c);
	case BLANK:
		if (c == ';')
			return EXTENSION;
		return c == ' ' || c == '\t' ? BLANK : BAD;
	case EXTENSION:
		if (c == '\r')
			return SIZE_LF;
		return is_text(c) && ++body->extensions <= CHUNKED_EXTENSION_MAX ? EXTENSION : BAD;
	case SIZE_LF:
		if (c != '\n')
			return BAD;
		body->line = 0;
		return body->left > 0 ? DATA : TRAILER_FIRST;
	case DATA_CR:
		return c == '\r' ? DATA_LF : BAD;
	case DATA_LF:
		return c == '\n' ? SIZE_FIRST : BAD;
	case TRAILER_FIRST:
	case TRAILER:
		return in_trailer(body, c);
	case TRAILER_LF:
		return c == '\n' ? TRAILER_FIRST : BAD;
	case LAST_LF:
		return c == '\n' ? END : BAD;
	case DATA:
	case END:
	case BAD:
		break;
	}
	return BAD;
}

enum chunked_event chunked_read(struct chunked *body, struct str *input, struct str *data)
{
	while (input->len > 0 && body->state != END && body->state != BAD) {
		if (body->state != DATA) {
			body->state = next_state(body, input->data[0]);
			*input = str_skip(*input, 1);
			continue;
		}
		*data = str_head(*input, body->left);
		*input = str_skip(*input, data->len);
		body->left -= data->len;
		if (body->left == 0)
			body->state = DATA_CR;
		return CHUNKED_DATA;
	}
	if (body->state == END)
		return CHUNKED_END;
	return body->state == BAD ? CHUNKED_BAD : CHUNKED_MORE;
}
