/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes names of files readable. A name may have any bytes. Control characters, invisible
 * characters, characters that reorder the text around them (U+202E makes "txt.exe" look like
 * "exe.txt"), and bytes that are not valid UTF-8 become escapes: \n, \x1B, \u202E.
 */
#ifndef AUTOINDEX_VISIBLE_H
#define AUTOINDEX_VISIBLE_H

#include <module.h>

enum visible {
	VISIBLE_TEXT, /* plain text; a backslash is doubled, to tell it from an escape */
	VISIBLE_TITLE, /* HTML without elements */
	VISIBLE_HTML, /* HTML; escapes are in <i>, to tell them from a backslash */
	VISIBLE_LINES, /* as VISIBLE_HTML, but line breaks and tabs are kept */
};

void visible_add(struct text *text, struct str s, enum visible how);

#endif
