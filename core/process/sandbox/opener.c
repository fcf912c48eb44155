/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop receives the questions. A question that needs a thread is queued for a disk: the one
 * from which the kernel must read the next part of the path. If a link there leads to another
 * disk, this is known after the link was read; then the question is moved to that disk.
 */
#include "process/sandbox/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <thread.h>
#include <timer.h>
#include <unistd.h>

#include "config/config.h"
#include "event/complete.h"
#include "event/threads.h"
#include "http/conf/http.h"
#include "http/files/files.h"
#include "process/sandbox/open_question.h"
#include "process/sandbox/sandbox.h"

enum {
	QUICK_MAX = 32,
	LOOK_MS = 1000, /* interval of the check for questions that take too long */
};

/* A disk for which questions wait or are being worked on. */
struct disk {
	uint64_t device;
	unsigned running; /* threads that work for it */
	struct opening *first, **end; /* those that wait for a thread */
	struct disk *next;
};

/* A question that needs a thread. */
struct opening {
	struct completion completion; /* first */
	struct helper_call *call; /* NULL: it was answered before the disk has responded */
	struct file_query query;
	bool is_directory;
	struct disk *disk;
	int64_t asked_ms;
	struct opening *next; /* of its disk */
	int result; /* a descriptor or -errno */
	dev_t quick; /* the device of the file, if others on it can be opened without a thread */
	char path[PATH_MAX];
};

static struct {
	struct conf *conf;
	struct disk *disks;
	struct opening *running[OPENER_THREADS];
	unsigned running_count;
	struct timer look;
	dev_t quick[QUICK_MAX]; /* devices on which opening a file needs no network */
	size_t quick_count;
} state;

static void answer(struct helper_call *call, int result)
{
	helper_answer(call, result < 0 ? result : 0, STR(""), result);
	if (result >= 0)
		close(result);
}

/* --- opening -------------------------------------------------------------------------- */

static bool is_quick(dev_t device)
{
	for (size_t i = 0; i < state.quick_count; i++)
		if (state.quick[i] == device)
			return true;
	return false;
}

static void note_quick(dev_t device)
{
	if (device && state.quick_count < QUICK_MAX && !is_quick(device))
		state.quick[state.quick_count++] = device;
}

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

/* The status of an open file, if it has the kind that was asked for. */
static bool has_kind(int fd, bool is_directory, struct stat *status)
{
	return fstat(fd, status) == 0 &&
	       (is_directory ? S_ISDIR(status->st_mode) : S_ISREG(status->st_mode));
}

/* Opens without a thread: a descriptor or -errno. -EAGAIN: a thread is needed. */
static int open_at_once(const struct file_query *query, bool is_directory)
{
	struct stat status;
	int fd = policy_open_cached(query, O_RDONLY | (is_directory ? O_DIRECTORY : 0), is_quick);

	if (fd < 0 || has_kind(fd, is_directory, &status))
		return fd;
	close(fd);
	return -EAGAIN;
}

/*
 * Opens on a thread: a descriptor or -errno. -EAGAIN: it has another kind. The kind is looked at
 * before, because opening a device or a pipe for reading can have effects on others.
 */
static int open_kind(const struct file_query *query, bool is_directory, dev_t *quick)
{
	char why[256];
	struct stat status;
	int flags[] = { O_PATH, O_RDONLY };
	int fd = -1;

	*quick = 0;
	for (int i = 0; i < 2; i++) {
		if (fd >= 0)
			close(fd);
		fd = policy_open(query, flags[i] | (is_directory ? O_DIRECTORY : 0), why,
				 sizeof(why));
		if (fd < 0)
			return fd;
		if (!has_kind(fd, is_directory, &status)) {
			close(fd);
			return -EAGAIN;
		}
	}
	*quick = is_local(fd) ? status.st_dev : 0;
	return fd;
}

static void work(void *data)
{
	struct opening *opening = data;

	opening->result = open_kind(&opening->query, opening->is_directory, &opening->quick);
	completion_post(&opening->completion);
}

/* --- disks ------------------------------------------------------------------------------ */

/* NULL: there is no memory. */
static struct disk *disk_of(const struct file_query *query)
{
	uint64_t device = policy_device_cached(query);
	struct disk *disk = state.disks;

	while (disk && disk->device != device)
		disk = disk->next;
	if (disk || !(disk = malloc(sizeof(*disk))))
		return disk;
	*disk = (struct disk){ .device = device, .next = state.disks };
	disk->end = &disk->first;
	return state.disks = disk;
}

static void forget_idle_disks(void)
{
	struct disk **link = &state.disks;

	while (*link) {
		struct disk *disk = *link;

		if (disk->running || disk->first) {
			link = &disk->next;
			continue;
		}
		*link = disk->next;
		free(disk);
	}
}

static bool is_stuck(const struct disk *disk)
{
	for (unsigned i = 0; i < state.running_count; i++)
		if (state.running[i]->disk == disk &&
		    clock_ms() - state.running[i]->asked_ms >= OPENER_STUCK_MS)
			return true;
	return false;
}

static struct opening *take_first(struct disk *disk)
{
	struct opening *opening = disk->first;

	disk->first = opening->next;
	if (!disk->first)
		disk->end = &disk->first;
	return opening;
}

static void on_look(void *data);

static void run(struct opening *opening)
{
	int error = thread_run(work, opening);

	if (error < 0) {
		answer(opening->call, error);
		free(opening);
		return;
	}
	opening->disk->running++;
	state.running[state.running_count++] = opening;
	if (!timer_is_started(&state.look)) {
		state.look = (struct timer){ .expired = on_look };
		timer_start(&state.look, LOOK_MS);
	}
}

/* Gives free threads to the disks that use fewer than OPENER_DISK_SHARE. */
static void run_waiting(void)
{
	bool goes_on = true;

	while (goes_on && state.running_count < OPENER_THREADS) {
		goes_on = false;
		for (struct disk *disk = state.disks; disk; disk = disk->next) {
			if (!disk->first || disk->running >= OPENER_DISK_SHARE ||
			    state.running_count == OPENER_THREADS)
				continue;
			run(take_first(disk));
			goes_on = true;
		}
	}
	forget_idle_disks();
}

static void on_opened(struct completion *completion)
{
	struct opening *opening = (struct opening *)completion;
	unsigned i = 0;

	while (state.running[i] != opening)
		i++;
	state.running[i] = state.running[--state.running_count];
	opening->disk->running--;
	note_quick(opening->quick);
	if (opening->call)
		answer(opening->call, opening->result);
	else if (opening->result >= 0)
		close(opening->result);
	free(opening);
	run_waiting();
}

/* More of the path may be in the kernel's memory now, and may lead to another disk. */
static void find_disk_again(struct opening *opening)
{
	struct disk *disk = disk_of(&opening->query);

	if (!disk || disk == opening->disk)
		return;
	opening->disk->running--;
	disk->running++;
	opening->disk = disk;
}

static void give_up(struct opening *opening)
{
	answer(opening->call, -ETIMEDOUT);
	opening->call = NULL;
}

static void on_look(void *data)
{
	(void)data;
	for (unsigned i = 0; i < state.running_count; i++)
		if (clock_ms() - state.running[i]->asked_ms >= LOOK_MS)
			find_disk_again(state.running[i]);
	for (unsigned i = 0; i < state.running_count; i++) {
		struct opening *opening = state.running[i];

		if (opening->call && clock_ms() - opening->asked_ms >= OPENER_STUCK_MS)
			give_up(opening);
	}
	for (struct disk *disk = state.disks; disk; disk = disk->next)
		while (disk->first && is_stuck(disk)) {
			struct opening *opening = take_first(disk);
			give_up(opening);
			free(opening);
		}
	run_waiting();
	if (state.running_count)
		timer_start(&state.look, LOOK_MS);
}

/* --- the helper ------------------------------------------------------------------------- */

/* Reads a question into *query, whose path points into `path`. 0 or -errno. */
static int read_question(struct str payload, char *path, struct file_query *query,
			 bool *is_directory)
{
	struct open_question question;
	int error = open_question_read(payload, &question);

	if (error < 0)
		return error;
	const struct http_location *location =
		http_location_by_number(state.conf, question.location);
	if (!location)
		return -EACCES;
	*is_directory = question.is_directory;
	return file_query_resolve(state.conf, location, &question.below, path, query);
}

/* 0: the question will be answered later; -errno: this is the answer. */
static int open_later(struct helper_call *call, const struct file_query *query, bool is_directory)
{
	struct opening *opening = malloc(sizeof(*opening));
	struct disk *disk = disk_of(query);

	if (!opening || !disk || is_stuck(disk)) {
		free(opening);
		return disk && opening ? -ETIMEDOUT : -ENOMEM;
	}
	*opening = (struct opening){
		.completion = { .run = on_opened },
		.call = call,
		.query = *query,
		.is_directory = is_directory,
		.disk = disk,
		.asked_ms = clock_ms(),
	};
	str_put(opening->path, query->path);
	opening->path[query->path.len] = '\0';
	opening->query.path.data = opening->path;
	*disk->end = opening;
	disk->end = &opening->next;
	run_waiting();
	return 0;
}

static void asked(struct helper_call *call)
{
	char path[PATH_MAX];
	struct file_query query;
	bool is_directory = false;
	int result = read_question(call->payload, path, &query, &is_directory);

	if (result == 0)
		result = open_at_once(&query, is_directory);
	if (result == -EAGAIN) {
		result = open_later(call, &query, is_directory);
		if (result == 0)
			return;
	}
	answer(call, result);
}

static int start(const void *conf)
{
	(void)conf;
	state.conf = sandbox_entered();
	threads_limit(OPENER_THREADS);
	return files_module.start(scope_data(conf_main(state.conf), &files_module));
}

static bool is_needed(const void *conf)
{
	return sandbox_hides_files(conf);
}

const struct helper opener = {
	.name = "opener",
	.files = HELPER_ALL_FILES,
	.is_needed = is_needed,
	.start = start,
	.asked = asked,
};
