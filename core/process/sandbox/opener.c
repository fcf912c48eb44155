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
#include <stdlib.h>
#include <sys/syscall.h>
#include <thread.h>
#include <timer.h>
#include <unistd.h>

#include "config/config.h"
#include "event/complete.h"
#include "event/threads.h"
#include "file/mounts.h"
#include "http/conf/http.h"
#include "http/files/files.h"
#include "http/files/opener_path.h"
#include "process/sandbox/opener_files.h"
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
	struct opener_task task;
	struct disk *disk;
	bool was_moved; /* to the disk that was found when a thread was free */
	int64_t asked_ms;
	struct opening *next; /* of its disk */
	struct opener_result result;
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

static void answer(struct helper_call *call, int error, struct str payload, int fd)
{
	helper_answer(call, error, payload, fd);
	if (fd >= 0)
		close(fd);
}

static void answer_result(struct helper_call *call, enum file_question_kind kind,
			  const struct opener_result *result)
{
	bool finds = kind == FILE_LOOK || kind == FILE_STATUS;
	struct str found = { (const char *)&result->found, finds ? sizeof(result->found) : 0 };

	answer(call, result->error, result->error < 0 ? str_from(result->why) : found, result->fd);
}

/* --- quick devices --------------------------------------------------------------------- */

static bool is_quick(dev_t device)
{
	for (size_t i = 0; i < state.quick_count; i++)
		if (state.quick[i] == device)
			return true;
	return false;
}

static void work(void *data)
{
	struct opening *opening = data;

	opener_do(&opening->task, &opening->result);
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

static void append(struct disk *disk, struct opening *opening)
{
	opening->disk = disk;
	opening->next = NULL;
	*disk->end = opening;
	disk->end = &opening->next;
}

/*
 * The kernel finds no path in its memory at a moment when any file is renamed. Then a question
 * counts for the disk of a directory further up, so its disk is looked up once more.
 */
static bool belongs_elsewhere(struct opening *opening)
{
	struct disk *disk = opening->was_moved ? NULL : disk_of(&opening->task.query);

	opening->was_moved = true;
	if (!disk || disk == opening->disk)
		return false;
	append(disk, opening);
	return true;
}

static void on_look(void *data);

static void run(struct opening *opening)
{
	int error = thread_run(work, opening);

	if (error < 0) {
		answer(opening->call, error, STR(""), -1);
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
			goes_on = true;

			struct opening *opening = take_first(disk);

			if (!belongs_elsewhere(opening))
				run(opening);
		}
	}
	forget_idle_disks();
}

static void on_opened(struct completion *completion)
{
	struct opening *opening = (struct opening *)completion;
	dev_t quick = opening->result.quick;
	unsigned i = 0;

	while (state.running[i] != opening)
		i++;
	state.running[i] = state.running[--state.running_count];
	opening->disk->running--;
	if (quick && state.quick_count < QUICK_MAX && !is_quick(quick))
		state.quick[state.quick_count++] = quick;
	if (opening->call)
		answer_result(opening->call, opening->task.kind, &opening->result);
	else if (opening->result.fd >= 0)
		close(opening->result.fd);
	free(opening);
	run_waiting();
}

/* More of the path may be in the kernel's memory now, and may lead to another disk. */
static void find_disk_again(struct opening *opening)
{
	struct disk *disk = disk_of(&opening->task.query);

	if (!disk || disk == opening->disk)
		return;
	opening->disk->running--;
	disk->running++;
	opening->disk = disk;
}

static void give_up(struct opening *opening)
{
	answer(opening->call, -ETIMEDOUT, STR(""), -1);
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

/* Reads a question into *task, whose path points into `path`. 0 or -errno. */
static int read_question(struct str payload, char *path, struct opener_task *task)
{
	struct open_question question;
	int error = open_question_read(payload, &question);

	if (error < 0)
		return error;
	const struct http_location *location =
		http_location_by_number(state.conf, question.location);
	if (!location)
		return -EACCES;
	*task = (struct opener_task){
		.kind = question.kind, .offset = question.offset, .stamp = question.stamp,
	};
	return opener_path_resolve(state.conf, location, &question.path, path, &task->query);
}

/* 0: the question will be answered later; -errno: this is the answer. */
static int open_later(struct helper_call *call, const struct opener_task *task)
{
	struct opening *opening = malloc(sizeof(*opening));
	struct disk *disk = disk_of(&task->query);
	struct str path = task->query.path;

	if (!opening || !disk || is_stuck(disk)) {
		free(opening);
		return disk && opening ? -ETIMEDOUT : -ENOMEM;
	}
	*opening = (struct opening){
		.completion = { .run = on_opened },
		.call = call,
		.task = *task,
		.asked_ms = clock_ms(),
	};
	*str_put(opening->path, path) = '\0';
	opening->task.query.path.data = opening->path;
	append(disk, opening);
	run_waiting();
	return 0;
}

static void asked(struct helper_call *call)
{
	char path[PATH_MAX];
	struct opener_task task;
	int result = read_question(call->payload, path, &task);

	if (result == 0)
		result = opener_open_at_once(&task, is_quick);
	if (result == -EAGAIN) {
		result = open_later(call, &task);
		if (result == 0)
			return;
	}
	answer(call, result < 0 ? result : 0, STR(""), result);
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
	return sandbox_hides_files(conf) || mounts_has_slow();
}

static const int calls[] = { SYS_memfd_create, -1 };

const struct helper opener = {
	.name = "opener",
	.files = HELPER_ALL_FILES,
	.calls = calls,
	.is_needed = is_needed,
	.start = start,
	.asked = asked,
};
