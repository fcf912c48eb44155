/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends the questions of the file cache (file/opener.h) from a worker to the opener (opener.h). It
 * asks for at most OPENING_DISK_SHARE files of one disk at a time, so that a disk that does not
 * answer leaves room for questions about others. If the opener dies, its unanswered questions are
 * asked once more.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPENING_H
#define SKUA_PROCESS_SANDBOX_OPENING_H

enum { OPENING_DISK_SHARE = 8 };

struct conf;

/* To be called in a worker whose sandbox restricts files. */
void opening_start(struct conf *conf);

#endif
