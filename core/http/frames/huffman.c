/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/huffman.h"

/*
 * The characters with the shortest codes, in the order of these (RFC 7541 appendix B): codes of
 * one length are successive numbers, and the first code of each length follows the last of the
 * length before.
 */
static const struct {
	struct str characters;
	uint8_t bits;
} lengths[] = {
	{ STR_INIT("012aceiost"), 5 },
	{ STR_INIT(" %-./3456789=A_bdfghlmnpru"), 6 },
	{ STR_INIT(":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"), 7 },
	{ STR_INIT("&*,;XZ"), 8 },
};

/* By the next 8 bits: the character whose code they begin with. */
static struct code {
	uint8_t bits; /* of the code; 0: it is longer than 8 bits */
	char character;
} codes[256];

void huffman_init(void)
{
	struct code *code = codes;

	if (codes[0].bits)
		return; /* an earlier call has filled it */
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (size_t n = 0; n < lengths[i].characters.len; n++)
			for (int same = 0; same < 1 << (8 - lengths[i].bits); same++)
				*code++ = (struct code){ lengths[i].bits,
							 lengths[i].characters.data[n] };
}

char *huffman_put_usual(char *to, struct str encoded)
{
	const char *at = encoded.data, *end = at + encoded.len;
	uint64_t bits = 0; /* the next ones, from the highest on; 0 behind them */
	unsigned count = 0;
	struct code code;

	for (;;) {
		for (; count <= 56 && at < end; count += 8)
			bits |= (uint64_t)(uint8_t)*at++ << (56 - count);
		if (count < 8)
			break;
		do {
			code = codes[bits >> 56];
			if (!code.bits)
				return NULL;
			*to++ = code.character;
			bits <<= code.bits;
			count -= code.bits;
		} while (count >= 8);
	}
	/* Less than 8 bits are left: perhaps a code, and padding of ones. */
	for (;;) {
		uint8_t rest = (uint8_t)(bits >> 56 | 0xff >> count);

		if (rest == 0xff)
			return to;
		code = codes[rest];
		if (!code.bits || code.bits > count)
			return NULL;
		*to++ = code.character;
		bits <<= code.bits;
		count -= code.bits;
	}
}
