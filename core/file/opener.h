/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface to the opener, a process that opens what this process must not open: what its
 * sandbox forbids, and what lies on a file system that may keep a process waiting (mounts.h). The
 * cache (cache.h) asks for files, and http/files/directories.c for directories;
 * process/sandbox/opening.c sends the questions and receives the answers. A process without a
 * master has no opener.
 */
#ifndef SKUA_FILE_OPENER_H
#define SKUA_FILE_OPENER_H

#include <stdbool.h>

#include "file/policy.h"
#include "file/stamp.h"

/*
 * The descriptor of a file on a slow file system would be of no use, since each call with it may
 * wait, even close(2). So the opener gives a copy of the bytes, in memory.
 */
enum file_question_kind {
	FILE_OPEN, /* the descriptor of a regular file */
	FILE_OPEN_DIRECTORY, /* the descriptor of a directory */
	FILE_LOOK, /* the stamp, with the bytes of a regular file of up to 32 KiB */
	FILE_STATUS, /* the stamp alone; the file need not be readable */
	FILE_READ, /* the bytes from `offset` on, at most FILE_PIECE, of the version `stamp` */
	FILE_QUESTION_KINDS
};

enum { FILE_PIECE = 128 << 10 };

struct file_answer {
	int error; /* 0 or -errno. -EAGAIN after FILE_OPEN and FILE_OPEN_DIRECTORY: the path no
		      longer leads to a file of this kind and must be looked up again. -ESTALE after
		      FILE_READ: the file has changed */
	const char *why; /* for the log, if there is an error; "": unknown */
	int fd; /* of the file, or of memory with its bytes; the callee owns it; -1: none */
	bool is_same; /* FILE_LOOK: the file is still of the version `stamp` */
	struct file_stamp stamp; /* FILE_LOOK, if it is not; FILE_STATUS */
};

/* A question. It lies in the asker's memory; the opener uses it from ask() until the answer. */
struct file_question {
	struct file_query query;
	dev_t device; /* the disk that the file lies on, if it is known */
	enum file_question_kind kind;
	struct file_stamp stamp; /* FILE_LOOK: a version that the asker has; ino 0: none */
	uint64_t offset;

	/* Receives the answer, on the loop's thread. */
	void (*answered)(struct file_question *question, const struct file_answer *answer);

	/* For process/sandbox/opening.c. */
	struct file_question *next, **link;
	bool is_sent;
};

/* Copies the path of the query to `room`: path.len + 1 bytes that live as long as the question. */
static inline void file_question_keep_path(struct file_question *question, char *room)
{
	*str_put(room, question->query.path) = '\0';
	question->query.path.data = room;
}

struct file_opener {
	/* Takes a question. Calls question->answered() later, never before it has returned. */
	void (*ask)(struct file_question *question);
	/* Withdraws a question. True: there will be no answer; false: it was sent already. */
	bool (*withdraw)(struct file_question *question);
	/* Whether the opener knows the root of this query. */
	bool (*knows)(const struct file_query *query);
	bool opens_forbidden; /* the sandbox forbids this process files that the opener may open */
};

/* Sets the opener. NULL: there is none. */
void file_opener_use(const struct file_opener *opener);

/* The opener of this process. NULL: there is none. */
const struct file_opener *file_opener(void);

#endif
