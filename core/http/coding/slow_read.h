/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a whole file on a slow file system (file/mounts.h) into memory, to encode it. This process
 * must not touch such a file, so the opener reads it, one piece after another.
 */
#ifndef SKUA_HTTP_CODING_SLOW_READ_H
#define SKUA_HTTP_CODING_SLOW_READ_H

#include <module.h>

/* Whether only the opener can read the bytes of this regular file. */
bool slow_is(const struct file *file);

/*
 * Begins to read this version of the file. done(data, bytes) is called once, later, on the loop's
 * thread: `bytes` are all file->size bytes, which the callee frees; or NULL if they cannot be read,
 * for example because the file has changed. Nobody need hold the file meanwhile.
 */
void slow_read(struct request *req, const struct file *file,
	       void (*done)(void *data, char *bytes), void *data);

#endif
