/* SPDX-License-Identifier: BSD-2-Clause */
/* The name of a request: 16 bytes by chance, made when somebody asks for it first. */
#include <sys/random.h>

#include "http/request/request_private.h"

struct str request_id(struct request *req)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[16];

	while (req->parent)
		req = req->parent;

	struct str *id = &request_core(req)->id;

	if (!str_empty(*id) || getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return *id;

	char *text = pool_alloc(req->pool, 2 * sizeof(bytes));

	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	*id = (struct str){ text, 2 * sizeof(bytes) };
	return *id;
}
