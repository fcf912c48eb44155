/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's way to the opener (opener.h): carries the questions of the cache (file/opener.h).
 * Of the files of one disk it asks for OPENING_DISK_SHARE at a time, so that questions about a
 * disk that does not answer leave room for others. If the opener dies, what it was asked is
 * asked once more.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPENING_H
#define SKUA_PROCESS_SANDBOX_OPENING_H

enum { OPENING_DISK_SHARE = 8 };

struct conf;

/* In a worker whose sandbox hides files. */
void opening_start(struct conf *conf);

#endif
