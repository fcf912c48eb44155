/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For a file on a fast file system, the worker gets its descriptor. For one on a slow file system
 * it gets the bytes in memory, made by memfd_create(2), which nobody can change afterwards but the
 * worker itself.
 */
#include "process/sandbox/opener_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/exact.h"
#include "base/log_format.h"
#include "base/memfile.h"
#include "file/entry.h"

/* File systems of this machine, by f_type of statfs(2). All others may be slow. */
static bool is_local(int fd)
{
	static const unsigned long types[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		TMPFS_MAGIC, SQUASHFS_MAGIC, RAMFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
		0x2fc12fc1 /* ZFS */,
	};
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((unsigned long)status.f_type == types[i])
			return true;
	return false;
}

/* --- opening -------------------------------------------------------------------------- */

/* The status of an open file, if it has the kind that was asked for. */
static bool has_kind(int fd, const struct opener_task *task, struct stat *status)
{
	return fstat(fd, status) == 0 && (task->kind == FILE_OPEN_DIRECTORY ?
						  S_ISDIR(status->st_mode) :
						  S_ISREG(status->st_mode));
}

static int open_flags(const struct opener_task *task)
{
	return task->kind == FILE_OPEN_DIRECTORY ? O_RDONLY | O_DIRECTORY : O_RDONLY;
}

int opener_open_at_once(const struct opener_task *task, bool (*is_quick)(dev_t device))
{
	struct stat status;

	if (task->kind != FILE_OPEN && task->kind != FILE_OPEN_DIRECTORY)
		return -EAGAIN;
	int fd = policy_open_cached(&task->query, open_flags(task), is_quick);
	if (fd < 0 || has_kind(fd, task, &status))
		return fd;
	close(fd);
	return -EAGAIN;
}

/*
 * A descriptor or -errno. -EAGAIN: the file has another kind. The kind is looked at before, because
 * opening a device or a pipe for reading can have effects on others.
 */
static int open_kind(const struct opener_task *task, struct opener_result *result,
		     struct stat *status)
{
	const int flags[] = { O_PATH | (open_flags(task) & O_DIRECTORY), open_flags(task) };
	int fd = -1;

	for (int i = 0; i < 2; i++) {
		if (fd >= 0)
			close(fd);
		fd = policy_open(&task->query, flags[i], result->why, sizeof(result->why));
		if (fd < 0)
			return fd;
		if (!has_kind(fd, task, status)) {
			close(fd);
			return -EAGAIN;
		}
	}
	return fd;
}

static void open_file(const struct opener_task *task, struct opener_result *result)
{
	struct stat status;

	result->fd = open_kind(task, result, &status);
	if (result->fd < 0)
		result->error = result->fd;
	else if (is_local(result->fd))
		result->quick = status.st_dev;
}

/* --- bytes in memory -------------------------------------------------------------------- */

static void finish(struct opener_result *result, int fd)
{
	result->error = fd < 0 ? fd : 0;
	result->fd = fd < 0 ? -1 : fd;
}

/* Whether the path leads, under its policy, to the version that the worker has. */
static bool is_same_version(const struct opener_task *task, const struct stat *found)
{
	char why[256];
	struct stat status = *found;

	if (task->stamp.ino == 0)
		return false;
	if (task->query.symlinks != SYMLINKS_FOLLOW &&
	    policy_stat(&task->query, &status, why, sizeof(why)) < 0)
		return false;
	struct file_stamp stamp = stamp_of(&status);
	return same_stamp(&stamp, &task->stamp);
}

/* The cache's own way of reading a file is used: content and stamp belong together. */
static void look(const struct opener_task *task, struct opener_result *result)
{
	struct file_look found = file_look(&task->query);

	result->error = -found.error;
	if (found.error)
		return;
	result->found.is_same = is_same_version(task, &found.status);
	if (result->found.is_same)
		return;

	struct file_entry *entry = entry_create(&task->query, 0, &found);

	result->error = -entry->file.error;
	result->found.stamp = entry->stamp;
	log_format(result->why, sizeof(result->why), "%.*s", STR_ARG(entry->file.refusal));
	if (result->error == 0 && entry->file.content.len)
		finish(result, memfile_with("skua", entry->file.content));
	entry_unref(entry);
}

static void get_status(const struct opener_task *task, struct opener_result *result)
{
	struct stat status;

	result->error = policy_stat(&task->query, &status, result->why, sizeof(result->why));
	if (result->error == 0)
		result->found.stamp = stamp_of(&status);
}

/* 0 or -errno; -ESTALE: the file has another version now. */
static int read_piece(const struct opener_task *task, int fd, char *bytes, size_t *len)
{
	struct stat status;
	uint64_t size = (uint64_t)task->stamp.size;
	uint64_t left = task->offset < size ? size - task->offset : 0;

	*len = left < FILE_PIECE ? (size_t)left : FILE_PIECE;
	int error = read_exactly(fd, bytes, task->offset, *len);
	if (fstat(fd, &status) < 0)
		return -errno;
	struct file_stamp stamp = stamp_of(&status);
	return *len && same_stamp(&stamp, &task->stamp) ? error : -ESTALE;
}

static void read_file(const struct opener_task *task, struct opener_result *result)
{
	struct stat status;
	char *bytes = malloc(FILE_PIECE);
	size_t len;
	int fd = bytes ? open_kind(task, result, &status) : -ENOMEM;
	int error = fd < 0 ? fd : read_piece(task, fd, bytes, &len);

	finish(result, error < 0 ? error : memfile_with("skua", (struct str){ bytes, len }));
	if (fd >= 0)
		close(fd);
	free(bytes);
}

void opener_do(const struct opener_task *task, struct opener_result *result)
{
	static void (*const tasks[])(const struct opener_task *, struct opener_result *) = {
		[FILE_OPEN] = open_file,  [FILE_OPEN_DIRECTORY] = open_file,
		[FILE_LOOK] = look,	  [FILE_STATUS] = get_status,
		[FILE_READ] = read_file,
	};

	*result = (struct opener_result){ .fd = -1 };
	tasks[task->kind](task, result);
}
