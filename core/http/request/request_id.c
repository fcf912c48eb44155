/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name of a request: 16 random bytes, made at the first use. The kernel is asked for the
 * bytes of many requests at once. Only workers have requests, so no two processes share the rest.
 */
#include <sys/random.h>

#include "http/request/request_private.h"

enum { ID_SIZE = 16, AT_ONCE = 16 };

/* NULL: the kernel gives none. */
static const uint8_t *take_random(void)
{
	static uint8_t bytes[AT_ONCE * ID_SIZE];
	static size_t left;

	if (!left && getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes))
		left = AT_ONCE;
	return left ? bytes + --left * ID_SIZE : NULL;
}

struct str request_id(struct request *req)
{
	static const char digits[] = "0123456789abcdef";

	while (req->parent)
		req = req->parent;

	struct str *id = &request_core(req)->id;

	if (!str_empty(*id))
		return *id;

	const uint8_t *bytes = take_random();

	if (!bytes)
		return *id;

	char *text = pool_alloc(req->pool, 2 * ID_SIZE);

	for (size_t i = 0; i < ID_SIZE; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	*id = (struct str){ text, 2 * ID_SIZE };
	return *id;
}
