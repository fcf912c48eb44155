/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's side of the compressor (compressor.h): asks it for the best form of files that are
 * requested more than once, and maps the results. All workers map the same memory. A worker has no
 * descriptor for each result, except for a few long ones (see best.c).
 */
#ifndef SKUA_HTTP_CODING_BEST_H
#define SKUA_HTTP_CODING_BEST_H

#include "http/coding/coding.h"

struct best_form {
	int level;
	struct str bytes;
	int fd; /* of a file with these bytes, which is cheaper to send from; -1: there is none */
};

/* Begins to use the compressor as the configuration says. */
void best_start(const struct compress_cache *conf);

/* The process ends: asks nothing more. */
void best_stop(void);

/*
 * The level of the form that the compressor can make of this file, or 0 if it makes none, or none
 * that is better than this level.
 */
int best_level(const struct file *file, const struct coding_entry *entry, int level);

/* The best form, which is valid as long as the file is held, or NULL if it is not there. */
const struct best_form *best_find(struct file *file, const struct coding_entry *entry, int level);

/*
 * To be called each time when a form of this level, which this worker has made, was used. At the
 * second time the best form is asked for. When it is there, the other one is dropped after a while.
 * `location` is the number of a location that serves the file, for the opener (file/policy.h).
 */
void best_want(struct file *file, uint32_t location, const struct coding_entry *entry, int level);

#endif
