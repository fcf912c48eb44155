/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunked bodies. The first byte says where the rest is cut in two; cut or not,
 * the same data, the same end, the same verdict.
 */
#include <assert.h>
#include <stdlib.h>

#include "http/h1/chunked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	struct chunked body;
	enum chunked_event event;
	char *data;
	size_t len, left;
};

static void feed(struct result *result, struct str input)
{
	struct str span;

	while ((result->event = chunked_read(&result->body, &input, &span)) == CHUNKED_DATA) {
		assert(span.len > 0);
		memcpy(result->data + result->len, span.data, span.len);
		result->len += span.len;
	}
	assert(result->event != CHUNKED_MORE || input.len == 0);
	result->left += input.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;

	struct str input = { (const char *)data + 1, size - 1 };
	struct result whole = { .data = malloc(size) }, cut = { .data = malloc(size) };

	feed(&whole, input);
	feed(&cut, str_head(input, data[0]));
	feed(&cut, str_skip(input, data[0]));
	assert(whole.event == cut.event && whole.left == cut.left && whole.len == cut.len);
	assert(memcmp(whole.data, cut.data, whole.len) == 0);
	free(whole.data);
	free(cut.data);
	return 0;
}
