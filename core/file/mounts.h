/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file systems may keep a process waiting: those that another computer or another process
 * answers for, such as NFS, CIFS, 9p and FUSE. They are found in the table of mounts of this
 * process (proc_pid_mountinfo(5)), which the kernel makes without asking any of them. A mount that
 * is made later is noticed at once.
 *
 * A worker does not touch such files itself, because a call that waits stops all of its requests.
 * Its questions go to the opener (file/opener.h).
 *
 * To be used on the loop's thread only.
 */
#ifndef SKUA_FILE_MOUNTS_H
#define SKUA_FILE_MOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

#include <str.h>

/*
 * Opens the table of mounts, before the sandbox forbids it. If that is not possible, all file
 * systems count as fast.
 */
void mounts_open(void);

/* Reads the table, and watches it for changes. 0 or -errno. */
int mounts_start(void);

/* Whether there is a slow file system now. Needs neither of the functions above. */
bool mounts_has_slow(void);

/* Changes with each change of the table. What was found out by an older version may be wrong. */
extern unsigned mounts_version;

extern bool mounts_are_slow; /* there is a slow one in the table */

/* Reads a table of mounts in the form of the kernel. mounts_start() does it by itself. */
void mounts_read(struct str table);

/*
 * Whether looking a path up may wait for such a file system. False, without any system call, if
 * there is none. Does not wait itself: it looks only at names that the kernel has in memory, and at
 * directories of fast file systems. *device: of the file system, if it is known. A NUL follows the
 * path.
 */
bool mounts_may_wait(struct str path, dev_t *device);

#endif
