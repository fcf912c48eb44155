/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of files for people to read: any bytes, as text that shows what it is. Control
 * characters, characters that nobody sees or that reorder the text around them (U+202E makes
 * "exe.txt" of "txt.exe"), and bytes that are no UTF-8 are shown as escapes: \n, \x1B, \u202E.
 */
#ifndef AUTOINDEX_VISIBLE_H
#define AUTOINDEX_VISIBLE_H

#include <module.h>

enum visible {
	VISIBLE_TEXT, /* plain text; a backslash is doubled, so that the name can be told */
	VISIBLE_TITLE, /* HTML without elements */
	VISIBLE_HTML, /* HTML; escapes stand in <i>, so that they differ from a backslash */
	VISIBLE_LINES, /* the same for text of several lines: line breaks and tabs stay */
};

void visible_add(struct text *text, struct str s, enum visible how);

#endif
