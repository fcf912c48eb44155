/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file with the number of the master process. What lies at its path and is no
 * regular file is never replaced or removed: a link stays, and the file that it leads
 * to is written, if the rule of place.h allows; a device, a pipe or a socket is not
 * touched at all.
 */
#ifndef SKUA_PROCESS_OS_PIDFILE_H
#define SKUA_PROCESS_OS_PIDFILE_H

#include <sys/types.h>

/*
 * Writes it under a temporary name and renames it, so that a reader never sees half
 * a number. A file from a server that is gone is replaced. Where the directory does
 * not allow that but the file itself may be written, the number is written into it.
 * 0 or -errno: -EEXIST is a device, a pipe or a socket, -ELOOP a link that is not
 * followed.
 */
int pidfile_write(const char *path, pid_t pid);

/*
 * 0 and *pid, -errno of open() or read(), or -EINVAL when it holds no number or is
 * no regular file.
 */
int pidfile_read(const char *path, pid_t *pid);

/*
 * Removes it if it holds this number: another server may have taken its place.
 * Where it may not be removed it is emptied.
 */
void pidfile_remove(const char *path, pid_t pid);

/*
 * The file of this process: writes it, and removes the one that it had before
 * under another path. "": it has none any longer, and neither where a device, a pipe
 * or a socket lies at the path, which is logged. 0, or -1 after a message.
 */
int pidfile_claim(const char *path);

/*
 * Renames the file of this process to PATH.oldbin, and back: a second master writes
 * PATH meanwhile. While it is aside, pidfile_claim() adds the ending, too. A file that
 * cannot be renamed (a link, or the directory does not allow it) is left to the
 * second master, and written again by pidfile_take_back(). 0 or -errno.
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
