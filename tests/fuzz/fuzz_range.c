/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Range, and the lists of entity tags. The first eight bytes are the length of
 * the file. What is to be sent lies in the file, and is never more than it.
 */
#include <assert.h>
#include <field.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_range(struct str value, uint64_t length)
{
	struct range ranges[8];
	uint64_t total = 0;
	size_t count;

	if (range_parse(value, length, ranges, 8, &count) != RANGE_PARTIAL)
		return;
	assert(count >= 1 && count <= 8);
	for (size_t i = 0; i < count; i++) {
		assert(ranges[i].first <= ranges[i].last && ranges[i].last < length);
		total += ranges[i].last - ranges[i].first + 1;
	}
	assert(total <= length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t length;

	if (size < sizeof(length))
		return 0;
	memcpy(&length, data, sizeof(length));

	struct str value = { (const char *)data + sizeof(length), size - sizeof(length) };
	check_range(value, length & INT64_MAX);
	if (etag_list_has(value, STR("\"a\""), true))
		assert(etag_list_has(value, STR("\"a\""), false));
	if_range_holds(value, STR("\"a\""), (time_t)length, 0);
	return 0;
}
