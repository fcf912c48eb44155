/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tells a client whether its copy of a file is still good: ETag and
 * Last-Modified, made of what a stat says. All numbers are hexadecimal.
 *
 *     sec-size            of the last modification: nginx's tag
 *     sec-size-ns         the same of a file that was modified less than 2 s ago
 *     sec-size-ns-hash    the same of one whose bytes are at hand; equal in all processes
 *     sec-size-ns-inode   of the last change, where a modification time of 0 or 1 says nothing
 *
 * Two versions that one second saw have different tags so, and the short tag belongs to the
 * one that outlived that second. A client that holds a longer tag gets the whole once more
 * when it asks later. As in nginx, versions can share the short tag where modification times
 * are set, or where versions that were made within a second are swapped later.
 *
 * There is no tag where the next version might have the same: a large file whose time may not
 * have moved on yet, and one with a modification time of 0 or 1 that changed less than 2 s
 * ago.
 */
#ifndef SKUA_FILE_VALIDATORS_H
#define SKUA_FILE_VALIDATORS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include <file.h>

enum {
	/*
	 * The coarsest clock of a file system counts in twos of seconds (FAT). A file
	 * that was looked at sooner after its last change may change again without
	 * another time.
	 */
	VALIDATORS_YOUNG_S = 2,
	ETAG_ROOM = 80,
};

/*
 * Whether the file had changed (st_ctim, which nobody can set) less than VALIDATORS_YOUNG_S
 * before `now`: its tag will be another one, and the times don't show yet whether its bytes
 * stay. `now` is that of CLOCK_REALTIME_COARSE, from which inodes have their times, and was
 * asked for before the bytes were read.
 */
bool file_is_young(const struct stat *status, struct timespec now);

/*
 * Writes the tag of a file to etag (ETAG_ROOM bytes); the result lies there, and is empty
 * where there is none. The content, if there is one, is that of this version.
 */
struct str etag_put(char *etag, const struct stat *status, struct str content,
		    struct timespec now);

/* The time of the last modification, or -1 for one that says nothing: 0 or 1, or before them. */
time_t modification_time(const struct stat *status);

#endif
