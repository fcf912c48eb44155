/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The question of a worker to the opener: the number of a location, whether a directory or a
 * regular file is to be opened, and the members of struct file_below. Both processes belong to the
 * same generation of the same program, so the numbers of locations are equal. The answer is the
 * descriptor of a regular file or directory, or an errno.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPEN_QUESTION_H
#define SKUA_PROCESS_SANDBOX_OPEN_QUESTION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/files/files.h"

#define OPEN_QUESTION_MAX (4 * sizeof(uint32_t) + PATH_MAX)

struct open_question {
	uint32_t location;
	bool is_directory;
	struct file_below below;
};

/* Writes a question. Returns its length, at most OPEN_QUESTION_MAX bytes, or -ENAMETOOLONG. */
int open_question_put(char *to, const struct open_question *question);

/* Reads a question; its path points into `text`. 0, or -EBADMSG if it is malformed. */
int open_question_read(struct str text, struct open_question *question);

#endif
