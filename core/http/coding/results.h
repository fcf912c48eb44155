/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms that the compressor has made, each in a sealed memfd. They are limited in number and in
 * bytes; beyond the limits, those are dropped that were not used for the longest time.
 */
#ifndef SKUA_HTTP_CODING_RESULTS_H
#define SKUA_HTTP_CODING_RESULTS_H

#include "http/coding/form_key.h"

struct result {
	struct form_key key;
	int fd; /* the memfd; -1: there is no form */
	int error; /* -errno if there is no form: -ENODATA, it would be hardly shorter */
	uint64_t length;
	struct result *chain; /* in the slot of the table */
	struct result *newer, *older; /* in the order of use */
};

void results_limit(size_t count, uint64_t bytes);

/* The result of this key, which counts as used now; or NULL. */
const struct result *results_find(const struct form_key *key);

/*
 * Adds a form, and takes over the descriptor; with fd -1, that there is none, for this -errno.
 * A form that is there already stays, and the descriptor is closed.
 */
void results_add(const struct form_key *key, int fd, uint64_t length, int error);

/*
 * The result at this place in the order of use, from the least recently used one on; or NULL. If
 * results were used or dropped since the call for the place before, the one after that is meant.
 */
const struct result *results_at(size_t place);

#endif
