/* SPDX-License-Identifier: BSD-2-Clause */
/* A body in which texts are replaced. */
#ifndef SUB_FILTER_REPLACE_H
#define SUB_FILTER_REPLACE_H

#include <module.h>

/* One sub_filter: what is looked for, without regard to case, and what takes its place. */
struct pair {
	const struct template *text, *replacement;
};

struct pairs {
	struct pair *items;
	size_t count, capacity;
};

/*
 * Wraps the body of the response in one that replaces; with `once` each text is replaced once.
 * False: there is nothing to look for, since all texts are empty.
 */
bool replace_in_body(struct request *req, const struct pairs *pairs, bool once);

#endif
