/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What PEM_read_bio(3) would read otherwise, or perhaps not at all, is unusual here. So a text is
 * read in the same way by both, or only by OpenSSL.
 */
#include "pem.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_DIGITS = 64, /* in each line of a block but the last, RFC 7468 section 3 */
	BOUNDARY_MAX = 128, /* bytes of a line */
};

/* The next line, without what OpenSSL passes over at its end. */
static struct str take_line(struct str *text)
{
	struct str line = str_split(text, '\n');

	while (line.len > 0 && (unsigned char)line.data[line.len - 1] <= ' ')
		line.len--;
	return line;
}

/* Copies the digits of all lines; `digits` has room for the text. False: a line is unusual. */
static bool take_digits(struct str text, char *digits, size_t *len)
{
	bool is_last = false;

	*len = 0;
	while (text.len > 0) {
		struct str line = take_line(&text);

		if (is_last || line.len == 0 || line.len > LINE_DIGITS)
			return false;
		memcpy(digits + *len, line.data, line.len);
		*len += line.len;
		is_last = line.len < LINE_DIGITS;
	}
	return *len > 0;
}

/* Digits of Base64, with NUL behind them. False: they are unusual, or there is no memory. */
static bool decode(const char *digits, size_t len, struct pem_block *block)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t padding = len < 4 ? 0 : (size_t)(digits[len - 1] == '=') + (digits[len - 2] == '=');

	if (len % 4 != 0 || len > INT_MAX || strspn(digits, alphabet) != len - padding)
		return false;
	block->bytes = malloc(len / 4 * 3);
	if (!block->bytes)
		return false;
	EVP_DecodeBlock(block->bytes, (const unsigned char *)digits, (int)len);
	block->len = len / 4 * 3 - padding;
	return true;
}

/* `lines` are those between the boundaries. False: as above. */
static bool decode_lines(struct str lines, struct pem_block *block)
{
	char *digits = calloc(1, lines.len + 1);
	size_t len;
	bool is_usual = digits && take_digits(lines, digits, &len) && decode(digits, len, block);

	if (digits)
		explicit_bzero(digits, lines.len);
	free(digits);
	return is_usual;
}

/* "-----BEGIN X-----" is a boundary with the label X. False: the line is none that is usual. */
static bool is_boundary(struct str line, struct str begin, struct str *label)
{
	if (!str_starts(line, begin) || !str_ends(line, STR("-----")) ||
	    line.len <= begin.len + 5 || line.len > BOUNDARY_MAX || str_chr(line, '\0') >= 0)
		return false;
	*label = str_range(line.data + begin.len, line.data + line.len - 5);
	return true;
}

enum pem_result pem_next(struct str *text, struct pem_block *block)
{
	static const struct str begin = STR_INIT("-----BEGIN "), end = STR_INIT("-----END ");
	struct str line = { NULL, 0 }, label;

	*block = (struct pem_block){ .bytes = NULL };
	while (text->len > 0 && str_find(line, begin) < 0)
		line = take_line(text);
	if (str_find(line, begin) < 0)
		return PEM_END;

	ssize_t len = str_find(*text, end);

	if (!is_boundary(line, begin, &block->name) || len < 0)
		return PEM_UNUSUAL;

	struct str lines = str_head(*text, (size_t)len);

	*text = str_skip(*text, (size_t)len);
	if (!is_boundary(take_line(text), end, &label) || !str_eq(label, block->name) ||
	    !str_ends(lines, STR("\n")) || !decode_lines(lines, block))
		return PEM_UNUSUAL;
	return PEM_BLOCK;
}

void pem_block_free(struct pem_block *block)
{
	if (block->bytes)
		explicit_bzero(block->bytes, block->len);
	free(block->bytes);
	block->bytes = NULL;
}
