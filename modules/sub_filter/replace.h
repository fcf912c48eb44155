/* SPDX-License-Identifier: BSD-2-Clause */
/* A body in which texts are replaced. */
#ifndef SUB_FILTER_REPLACE_H
#define SUB_FILTER_REPLACE_H

#include <module.h>

/* One sub_filter: the text to search for, ignoring case, and its replacement. */
struct pair {
	const struct template *text, *replacement;
};

struct pairs {
	struct pair *items;
	size_t count, capacity;
};

/*
 * Wraps the body of the response in a body that replaces texts. With `once`, only the first
 * occurrence of each text is replaced. False: all texts are empty, and the body is unchanged.
 */
bool replace_in_body(struct request *req, const struct pairs *pairs, bool once);

#endif
