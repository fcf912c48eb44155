/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The question of a worker to the opener: the number of a location, the members of struct
 * opener_path, and what is to be done with the file (file/opener.h). Both processes belong to the
 * same generation of the same program, so the numbers of locations are equal. The answer is a
 * descriptor, an errno with a reason as its payload, or a struct open_found as its payload.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPEN_QUESTION_H
#define SKUA_PROCESS_SANDBOX_OPEN_QUESTION_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "file/opener.h"
#include "http/files/opener_path.h"

#define OPEN_QUESTION_MAX (128 + PATH_MAX)

struct open_question {
	uint32_t location;
	enum file_question_kind kind;
	uint64_t offset;
	struct file_stamp stamp;
	struct opener_path path;
};

/* The payload of the answer to FILE_LOOK and FILE_STATUS. */
struct open_found {
	uint64_t is_same; /* 0 or 1 */
	struct file_stamp stamp;
};

/* Writes a question. Returns its length, at most OPEN_QUESTION_MAX bytes, or -ENAMETOOLONG. */
int open_question_put(char *to, const struct open_question *question);

/* Reads a question; its path points into `text`. 0, or -EBADMSG if it is malformed. */
int open_question_read(struct str text, struct open_question *question);

#endif
