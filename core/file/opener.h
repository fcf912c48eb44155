/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface to the opener, a process that opens files which the sandbox does not let this
 * process open. The cache (cache.h) asks; process/sandbox/opening.c sends the questions and
 * receives the answers. A process without a sandbox has no opener.
 */
#ifndef SKUA_FILE_OPENER_H
#define SKUA_FILE_OPENER_H

#include <stdbool.h>

#include "file/policy.h"

/* A question. It lies in the cache's memory; the opener uses it from ask() until the answer. */
struct file_question {
	struct file_query query;
	dev_t device; /* the disk that the file lies on, as stat(2) says */

	/* For process/sandbox/opening.c. */
	struct file_question *next, **link;
	bool is_sent;
};

struct file_opener {
	/* Takes a question. Calls file_question_answer() later, never before it has returned. */
	void (*ask)(struct file_question *question);
	/* Withdraws a question. True: there will be no answer; false: it was sent already. */
	bool (*withdraw)(struct file_question *question);
};

/* Sets the opener. NULL: there is none. */
void file_opener_use(const struct file_opener *opener);

/*
 * Passes the answer to the cache, on the loop's thread: a descriptor, which the cache owns from
 * then on, or -errno with a reason for the log ("": unknown). -EAGAIN: the path no longer leads to
 * a regular file and must be looked up again.
 */
void file_question_answer(struct file_question *question, int fd, const char *why);

#endif
