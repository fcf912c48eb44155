/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/help/wrap.h"

enum { WIDTH = 79 };

void wrap_line(struct wrap *wrap)
{
	fprintf(wrap->to, "\n%*s", (int)wrap->indent, "");
	wrap->column = wrap->indent;
	wrap->separate = false;
}

void wrap_word(struct wrap *wrap, struct str word)
{
	unsigned columns = 0;

	/* All bytes of UTF-8 but those that go on with a character. */
	for (size_t i = 0; i < word.len; i++)
		columns += ((unsigned char)word.data[i] & 0xC0) != 0x80;
	if (wrap->separate && wrap->column + 1 + columns > WIDTH)
		wrap_line(wrap);
	if (wrap->separate) {
		fputc(' ', wrap->to);
		wrap->column++;
	}
	fwrite(word.data, 1, word.len, wrap->to);
	wrap->column += columns;
	wrap->separate = true;
}

void wrap_text(struct wrap *wrap, struct str text)
{
	while (!str_empty(text)) {
		struct str word = str_split(&text, ' ');

		if (!str_empty(word))
			wrap_word(wrap, word);
	}
}
