/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dates: what was read is written and read as the same second; what is written
 * of any second can be read.
 */
#include <assert.h>
#include <date.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_second(time_t second)
{
	char text[DATE_HTTP_LEN];
	time_t again;

	assert(date_put_http(text, second) == text + sizeof(text));
	assert(date_parse_http((struct str){ text, sizeof(text) }, &again) == 0);
	if (second >= -62167219200 && second <= 253402300799)
		assert(again == second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	time_t second;

	if (date_parse_http((struct str){ (const char *)data, size }, &second) == 0)
		check_second(second);
	if (size >= sizeof(second)) {
		memcpy(&second, data, sizeof(second));
		check_second(second);
	}
	return 0;
}
