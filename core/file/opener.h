/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to the opener: a process that opens files which this process may not open because
 * of its sandbox. The cache asks (cache.h); process/worker/ carries the questions and the
 * answers. A process without a sandbox has no opener, and asks nobody.
 */
#ifndef SKUA_FILE_OPENER_H
#define SKUA_FILE_OPENER_H

#include <stdbool.h>

#include "file/policy.h"

/* Lies in the memory of the cache, and is the opener's from ask() until it is answered. */
struct file_question {
	struct file_query query;
	struct file_question *next; /* for whoever carries it */
	unsigned tries; /* for whoever carries it: how many openers were asked */
};

/*
 * From now on questions are given to ask(), which calls file_question_answer() later, and
 * never before it has returned. NULL: there is nobody to be asked.
 */
void file_opener_use(void (*ask)(struct file_question *question));

/*
 * The answer, on the loop's thread: a descriptor, which is the cache's from now on, or -errno
 * with the reason for the log ("": none is known). -EAGAIN: what lies there is no regular file
 * any more, and is to be looked at again.
 */
void file_question_answer(struct file_question *question, int fd, const char *why);

#endif
