/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file with the number of the master process. Only a regular file is ever replaced or
 * removed: a symbolic link stays, and the file that it leads to is written if the rule of
 * place.h allows that; a device, a pipe or a socket at the path is not touched at all.
 */
#ifndef SKUA_PROCESS_OS_PIDFILE_H
#define SKUA_PROCESS_OS_PIDFILE_H

#include <sys/types.h>

/*
 * Writes the file under a temporary name and renames it, so that a reader never sees half
 * a number. A file that a server has left behind is replaced. Where the directory does
 * not allow that but the file itself may be written, the number is written into it.
 * 0 or -errno: -EEXIST is a device, a pipe or a socket, -ELOOP a link that is not
 * followed.
 */
int pidfile_write(const char *path, pid_t pid);

/*
 * Reads the number. 0 and *pid; -errno of open() or read(); -EINVAL: the file holds no
 * number or is no regular file.
 */
int pidfile_read(const char *path, pid_t *pid);

/*
 * Removes the file if it holds this number: another server may have replaced it since. If
 * the directory does not allow that, the file is emptied.
 */
void pidfile_remove(const char *path, pid_t pid);

/*
 * Writes the file of this process, and removes the one that it had before under another
 * path. "": it has none any longer. If a device, a pipe or a socket lies at the path, it has
 * none either, which is logged. 0, or -errno after a message.
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

/* Notes that this process has written the file at this path already, before an execve(2). */
void pidfile_inherit(const char *path);

/* The path of the file of this process; "" if it has none. */
const char *pidfile_path(void);

/* Removes the file of this process, if it has one. */
void pidfile_release(void);

#endif
