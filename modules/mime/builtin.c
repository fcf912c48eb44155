/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf/mime.types as a part of the program, so that a server without configuration
 * knows the same types. The assembler includes the file unchanged, and it is parsed
 * at the first use. It may contain only types, extensions and comments.
 */
#include "types.h"

#include <stdbool.h>

__asm__(".pushsection .rodata\n"
	".globl mime_types_begin, mime_types_end\n"
	".hidden mime_types_begin, mime_types_end\n"
	"mime_types_begin:\n"
	".incbin \"conf/mime.types\"\n"
	"mime_types_end:\n"
	".popsection\n");

extern const char mime_types_begin[], mime_types_end[];

/* The next word, or one of { } ; as a word of its own; empty at the end. */
static struct str next_word(struct str *text)
{
	for (;;) {
		*text = str_trim(*text, " \t\r\n");
		if (!str_starts(*text, STR("#")))
			break;
		str_split(text, '\n');
	}
	size_t len = 0;
	while (len < text->len && !memchr(" \t\r\n{};", text->data[len], 7))
		len++;
	if (len == 0 && text->len)
		len = 1;
	struct str word = str_head(*text, len);
	*text = str_skip(*text, len);
	return word;
}

static struct types *parse(struct str text)
{
	struct types *types = types_create(pool_create(0));
	struct str type = STR(""), word;

	while (!str_eq(word = next_word(&text), STR("{")) && word.len)
		;
	while (!str_eq(word = next_word(&text), STR("}")) && word.len) {
		if (str_eq(word, STR(";")))
			type = STR("");
		else if (str_empty(type))
			type = word;
		else
			types_add(types, word, type);
	}
	return types;
}

const struct types *types_builtin(void)
{
	static const struct types *types;

	if (!types)
		types = parse(str_range(mime_types_begin, mime_types_end));
	return types;
}
