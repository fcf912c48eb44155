/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file with the number of the master process.
 */
#ifndef SKUA_PROCESS_PIDFILE_H
#define SKUA_PROCESS_PIDFILE_H

#include <sys/types.h>

/*
 * Writes it under a temporary name and renames it, so that a reader never sees
 * half a number. A file from a server that is gone is replaced. 0 or -errno.
 */
int pidfile_write(const char *path, pid_t pid);

/* 0 and *pid, -errno of open() or read(), or -EINVAL when it holds no number. */
int pidfile_read(const char *path, pid_t *pid);

/* Removes it if it holds this number: another server may have taken its place. */
void pidfile_remove(const char *path, pid_t pid);

/*
 * The file of this process: writes it, and removes the one that it had before
 * under another path. 0, or -1 after a message.
 */
int pidfile_claim(const char *path);

/*
 * Renames the file of this process to PATH.oldbin, and back: a second master writes
 * PATH meanwhile. While it is aside, pidfile_claim() adds the ending, too. 0 or
 * -errno; nothing happens if this process has no file.
 */
int pidfile_set_aside(void);
int pidfile_take_back(void);

/* This path is the file of this process already: written by it before an execve(2). */
void pidfile_inherit(const char *path);

/* "" if this process has none. */
const char *pidfile_path(void);

/* Removes the file of this process, if it has one. */
void pidfile_release(void);

#endif
