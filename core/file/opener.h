/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface to the opener, a process that opens files which the sandbox does not let this
 * process open. The cache (cache.h) asks for files, and http/files/directories.c for directories;
 * process/sandbox/opening.c sends the questions and receives the answers. A process without a
 * sandbox has no opener.
 */
#ifndef SKUA_FILE_OPENER_H
#define SKUA_FILE_OPENER_H

#include <stdbool.h>

#include "file/policy.h"

/* A question. It lies in the asker's memory; the opener uses it from ask() until the answer. */
struct file_question {
	struct file_query query;
	dev_t device; /* the disk that the file lies on, as stat(2) says */
	bool is_directory; /* a directory is to be opened, not a regular file */

	/*
	 * Receives the answer, on the loop's thread: a descriptor, which the callee owns from then
	 * on, or -errno with a reason for the log ("": unknown). -EAGAIN: the path no longer leads
	 * to a file of this kind and must be looked up again.
	 */
	void (*answered)(struct file_question *question, int fd, const char *why);

	/* For process/sandbox/opening.c. */
	struct file_question *next, **link;
	bool is_sent;
};

struct file_opener {
	/* Takes a question. Calls question->answered() later, never before it has returned. */
	void (*ask)(struct file_question *question);
	/* Withdraws a question. True: there will be no answer; false: it was sent already. */
	bool (*withdraw)(struct file_question *question);
};

/* Sets the opener. NULL: there is none. */
void file_opener_use(const struct file_opener *opener);

/* The opener of this process. NULL: there is none. */
const struct file_opener *file_opener(void);

#endif
