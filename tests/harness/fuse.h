/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks for tests: mounts in a mount namespace of the test, which a server that is started
 * afterwards shares. One kind does not answer when it is told not to, as a network file system
 * whose server has gone.
 *
 *     namespace_enter();
 *     struct fuse *disk = fuse_mount(file_path(server, "/disk"));
 *     ck_assert_str_eq(get(server, "/link-to-disk/any-name").body, FUSE_TEXT);
 *     fuse_hold(disk, true);
 *     ... opening a file there waits ...
 *     fuse_hold(disk, false);
 *     fuse_unmount(disk);
 */
#ifndef HARNESS_FUSE_H
#define HARNESS_FUSE_H

#include <stdbool.h>
#include <stddef.h>

#define FUSE_TEXT "from a file system in the test"

enum { FUSE_LARGE = 300000 };

/* Skips the test where it is not allowed. */
void namespace_enter(void);

/* An empty tmpfs. The directory is made. Skips the test where it cannot be mounted. */
void tmpfs_mount(const char *path);

/*
 * A file system served by a process of the test. Each name is a file with FUSE_TEXT, except that
 * "large…" is a file of FUSE_LARGE bytes, "folder…" a directory with one file, and "none…" is not
 * there. The directory is made. Skips the test where it cannot be mounted.
 */
struct fuse *fuse_mount(const char *path);

/* From now on, opening a file there waits until this is called with false. */
void fuse_hold(struct fuse *fuse, bool holds);

/* From now on, reading the names of a directory there waits, until this is called with false. */
void fuse_hold_reading(struct fuse *fuse, bool holds);

/* From now on, every call that touches the file system waits, until this is called with false. */
void fuse_hang(struct fuse *fuse, bool hangs);

/* From now on, reading a file there is an error, until this is called with false. */
void fuse_fail(struct fuse *fuse, bool fails);

/* All files have another time of modification from now on. */
void fuse_change(struct fuse *fuse);

/* The byte of a large file at this offset. */
char fuse_large_byte(size_t offset);

/* How many readings of directories, and how many open(2) calls, have come there so far. */
unsigned fuse_readings(const struct fuse *fuse);
unsigned fuse_opens(const struct fuse *fuse);

void fuse_unmount(struct fuse *fuse);

#endif
