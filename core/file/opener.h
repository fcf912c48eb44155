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
	dev_t device; /* the disk that the file lies on, as stat(2) says */

	/* For whoever carries it. */
	struct file_question *next, **link;
	bool is_sent;
};

struct file_opener {
	/* Takes a question, and calls file_question_answer() later, after it has returned. */
	void (*ask)(struct file_question *question);
	/* Nobody wants the answer any more. True: it will not come; false: the question is sent. */
	bool (*withdraw)(struct file_question *question);
};

/* From now on this opener is asked. NULL: there is none. */
void file_opener_use(const struct file_opener *opener);

/*
 * The answer, on the loop's thread: a descriptor, which is the cache's from now on, or -errno
 * with the reason for the log ("": none is known). -EAGAIN: what lies there is no regular file
 * any more, and is to be looked at again.
 */
void file_question_answer(struct file_question *question, int fd, const char *why);

#endif
