/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends the questions of file/opener.h from a worker to the opener (opener.h). It asks for at most
 * OPENING_DISK_SHARE files of one disk at a time, so that a disk that does not answer leaves room
 * for questions about others, and lets a limited number of questions wait for one disk. If the
 * opener dies, its unanswered questions are asked once more.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPENING_H
#define SKUA_PROCESS_SANDBOX_OPENING_H

#include <stdbool.h>

enum { OPENING_DISK_SHARE = 8 };

struct conf;

/*
 * To be called in a worker. `hides_files`: its sandbox forbids it files that the opener may open.
 * 0 or -errno.
 */
int opening_start(struct conf *conf, bool hides_files);

#endif
