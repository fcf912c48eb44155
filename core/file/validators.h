/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the validators of a file, ETag and Last-Modified, from the result of stat(2). With them a
 * client checks whether its copy is up to date. The tag has one of these forms; all numbers are
 * hexadecimal.
 *
 *     sec-size            of the last modification: nginx's tag
 *     sec-size-ns         the same of a file that was modified less than 2 s ago
 *     sec-size-ns-hash    the same, if the content is in memory; equal in all processes
 *     sec-size-ns-inode   of the last change (st_ctim), if the modification time is 0 or 1
 *
 * So two versions of a file that were written within one second have different tags, and
 * only a version modified at least 2 s ago gets the short tag. A client that holds a longer
 * tag receives the whole file once more when it asks again later. As in nginx, two versions
 * can have the same short tag if somebody sets the modification time, or replaces one by
 * another that was written in the same second.
 *
 * A file has no tag if its next version might get the same one: a large file that was
 * modified so recently that the clock of the file system may not have advanced since, and
 * a file with a modification time of 0 or 1 that changed less than 2 s ago.
 */
#ifndef SKUA_FILE_VALIDATORS_H
#define SKUA_FILE_VALIDATORS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include <file.h>

enum {
	/*
	 * In seconds. The coarsest times are those of FAT, which counts in steps of two
	 * seconds: a file that changed less than two seconds ago may change again and
	 * keep the same time.
	 */
	VALIDATORS_YOUNG_S = 2,
	ETAG_ROOM = 80,
};

/*
 * Whether the file changed less than VALIDATORS_YOUNG_S before `now`, by st_ctim, which
 * nobody can set. Such a file will get another tag, and may change without a change of its
 * times. `now` is read from CLOCK_REALTIME_COARSE, the clock that the kernel sets the times
 * of inodes by, before the content of the file is read.
 */
bool file_is_young(const struct stat *status, struct timespec now);

/*
 * Writes the quoted tag of a file to `etag`, which has ETAG_ROOM bytes. The result points
 * into `etag`, and is empty if the file has no tag. `content` is the content of this version
 * of the file, or data NULL if it is not in memory.
 */
struct str etag_put(char *etag, const struct stat *status, struct str content,
		    struct timespec now);

/* The time of the last modification; -1 if that is 0 or 1 or earlier, which tells nothing. */
time_t modification_time(const struct stat *status);

#endif
