/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64. What was decoded is the same when it is encoded and decoded again, and so is
 * what was there when it is encoded first.
 */
#include <assert.h>
#include <base64.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, decoded, again;
	struct pool *pool = pool_create(0);

	if (base64_decode(pool, text, &decoded)) {
		assert(decoded.len <= size / 4 * 3 + 2);
		assert(base64_decode(pool, base64_encode(pool, decoded), &again));
		assert(str_eq(decoded, again));
	}
	assert(base64_decode(pool, base64_encode(pool, text), &again) && str_eq(text, again));
	pool_destroy(pool);
	return 0;
}
