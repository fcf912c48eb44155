/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the opener does with the file of a question. All but opener_open_at_once() runs on threads.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPENER_FILES_H
#define SKUA_PROCESS_SANDBOX_OPENER_FILES_H

#include "process/sandbox/open_question.h"

/* What is asked of a file. */
struct opener_task {
	struct file_query query; /* points into memory of the caller */
	enum file_question_kind kind;
	uint64_t offset;
	struct file_stamp stamp;
};

struct opener_result {
	int error; /* 0 or -errno */
	int fd; /* owned by the caller; -1: none */
	struct open_found found; /* FILE_LOOK, FILE_STATUS */
	dev_t quick; /* the device, if other files on it can be opened without a thread; or 0 */
	char why[256]; /* "": unknown */
};

/*
 * Opens a file without a thread, if that needs no wait for a disk. is_quick() says which devices
 * are known for that. A descriptor or -errno; -EAGAIN: a thread is needed.
 */
int opener_open_at_once(const struct opener_task *task, bool (*is_quick)(dev_t device));

void opener_do(const struct opener_task *task, struct opener_result *result);

#endif
