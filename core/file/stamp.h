/* SPDX-License-Identifier: BSD-2-Clause */
/* The values by which two versions of a file differ. */
#ifndef SKUA_FILE_STAMP_H
#define SKUA_FILE_STAMP_H

#include <stdbool.h>
#include <sys/stat.h>

struct file_stamp {
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	struct timespec mtime, ctime;
};

static inline struct file_stamp stamp_of(const struct stat *status)
{
	return (struct file_stamp){
		.dev = status->st_dev,
		.ino = status->st_ino,
		.mode = status->st_mode,
		.size = status->st_size,
		.mtime = status->st_mtim,
		.ctime = status->st_ctim,
	};
}

/* The reverse: a status that has the members of the stamp. */
static inline struct stat stamp_status(const struct file_stamp *stamp)
{
	return (struct stat){
		.st_dev = stamp->dev,
		.st_ino = stamp->ino,
		.st_mode = stamp->mode,
		.st_size = stamp->size,
		.st_mtim = stamp->mtime,
		.st_ctim = stamp->ctime,
	};
}

static inline bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_nsec == b.tv_nsec && a.tv_sec == b.tv_sec;
}

static inline bool same_stamp(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->ino == b->ino && same_time(a->ctime, b->ctime) && a->size == b->size &&
	       same_time(a->mtime, b->mtime) && a->dev == b->dev && a->mode == b->mode;
}

/* Whether the open file is still of this version. False also if fstat(2) fails. */
static inline bool stamp_fits(const struct file_stamp *stamp, int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return false;

	struct file_stamp now = stamp_of(&status);

	return same_stamp(stamp, &now);
}

#endif
