/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Heads of requests. However the bytes arrive, the same head is found; and what
 * its parser lets through holds no byte that could end a line elsewhere.
 */
#include <assert.h>
#include <field.h>
#include <stdlib.h>

#include "http/h1/head.h"
#include "http/request/request_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		assert(c == '\t' || (c >= 0x20 && c != 0x7f));
	}
}

static void parse(const struct head_scan *scan, const char *buffer)
{
	struct request_line request = { 0 };
	struct request_known known = { 0 };
	struct str rest = head_fields(scan, buffer);
	struct field_line line = { .is_valid = true };
	struct framing framing;
	unsigned lines = 0;

	if (request_line_parse(head_request_line(scan, buffer), &request) == 0) {
		assert(is_token(request.method_name) && request.target.len > 0);
		check_text(request.target);
	}
	while (line.is_valid && head_next_field(&rest, &line)) {
		lines++;
		if (!line.is_valid)
			break;
		assert(line.name.len + 1 + line.value.len <= scan->longest);
		assert(is_token(line.name));
		check_text(line.value);
		request_known_set(&known, line.name, line.value);
	}
	if (line.is_valid)
		assert(lines == scan->lines && rest.len <= 2);
	if (framing_find(&known, HTTP_1_1, &framing) == 0)
		assert(!known.transfer_encoding.data || !known.content_length.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct head_scan whole = { 0 }, pieces = { 0 };
	enum head_state state = head_scan(&whole, (const char *)data, size), by_bytes = HEAD_MORE;

	for (size_t len = 0; len <= size && by_bytes == HEAD_MORE; len++)
		by_bytes = head_scan(&pieces, (const char *)data, len);
	assert(state == by_bytes);
	assert(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	if (state == HEAD_COMPLETE)
		parse(&whole, (const char *)data);
	return 0;
}
