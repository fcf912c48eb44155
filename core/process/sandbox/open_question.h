/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker asks the opener: the number of a location, what the path is below, length of
 * the root's rest, and the path (struct file_below). Both are processes of one generation of
 * one program, so they count locations alike. The answer is the descriptor of a regular file,
 * or an errno.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPEN_QUESTION_H
#define SKUA_PROCESS_SANDBOX_OPEN_QUESTION_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "http/files/files.h"

#define OPEN_QUESTION_MAX (3 * sizeof(uint32_t) + PATH_MAX)

struct open_question {
	uint32_t location;
	struct file_below below;
};

/* Writes OPEN_QUESTION_MAX bytes at most: how many, or -ENAMETOOLONG. */
int open_question_put(char *to, const struct open_question *question);

/* The path lies in `text` afterwards. 0; -EBADMSG: a worker does not send this. */
int open_question_read(struct str text, struct open_question *question);

#endif
