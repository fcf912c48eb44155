/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/sandbox/opening.h"

#include <errno.h>
#include <helper.h>
#include <pool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log_format.h"
#include "event/loop.h"
#include "file/mounts.h"
#include "file/opener.h"
#include "http/conf/http.h"
#include "http/files/opener_path.h"
#include "process/sandbox/open_question.h"
#include "process/sandbox/opener.h"

enum {
	TRIES = 2, /* how many openers are asked the same question at most */
	WAITING_MAX = 1024, /* questions for one disk that are not sent yet */
};

/* A disk whose files the opener is asked for. */
struct disk {
	dev_t device;
	unsigned sent; /* how many questions were sent and not answered */
	unsigned waiting; /* how many were not sent yet */
	struct file_question *first, **end; /* not sent yet, in order */
	struct disk *next;
};

/* A question to the opener. */
struct opening {
	struct helper_question question; /* first */
	struct file_question *asked;
	struct disk *disk;
	unsigned tries;
	size_t len; /* of the text */
	char text[];
};

static struct {
	struct conf *conf;
	struct disk *disks;
	struct job job; /* sends waiting questions after the caller has returned */
} state;

static struct disk *disk_of(dev_t device)
{
	struct disk *disk = state.disks;

	while (disk && disk->device != device)
		disk = disk->next;
	if (disk)
		return disk;
	disk = heap_alloc(sizeof(*disk));
	*disk = (struct disk){ .device = device, .next = state.disks };
	disk->end = &disk->first;
	return state.disks = disk;
}

static void forget_idle_disks(void)
{
	struct disk **link = &state.disks;

	while (*link) {
		struct disk *disk = *link;

		if (disk->sent || disk->first) {
			link = &disk->next;
			continue;
		}
		*link = disk->next;
		free(disk);
	}
}

static void refuse(struct file_question *question, int error, const char *why)
{
	question->answered(question,
			   &(const struct file_answer){ .error = error, .why = why, .fd = -1 });
}

/* The root begins with a variable, so only a path of sandbox_allow could allow the file. */
static void refuse_unknown(struct file_question *question)
{
	struct str path = question->query.path;
	char why[1024];

	log_format(why, sizeof(why),
		   "its root begins with a variable, and the sandbox allows only what is named; "
		   "\"sandbox_allow %.*s\" would allow it",
		   (int)directory_len(path), path.data);
	refuse(question, -EACCES, why);
}

static void answer_error(struct file_question *question, const struct helper_answer *given)
{
	char why[HELPER_ANSWER_MAX + 1];

	switch (given->error) {
	case -ENOTCONN:
		if (question->kind == FILE_OPEN || question->kind == FILE_OPEN_DIRECTORY)
			refuse(question, -EACCES,
			       "it lies outside of what the sandbox allows, and the master "
			       "process has no opener for this worker now");
		else
			refuse(question, -ECONNRESET,
			       "it lies on a network or FUSE file system, and the master process "
			       "has no opener for this worker now");
		break;
	case -ECONNRESET:
		refuse(question, -ECONNRESET, "the opener has ended while it opened the file");
		break;
	case -ETIMEDOUT:
		refuse(question, -ETIMEDOUT, "the disk that it lies on does not answer");
		break;
	default:
		log_format(why, sizeof(why), "%.*s", STR_ARG(given->payload));
		refuse(question, given->error, why);
	}
}

/* Checks that the answer has what its kind demands. */
static void answer(struct file_question *question, const struct helper_answer *given)
{
	struct file_answer answer = { .why = "", .fd = given->fd };
	struct open_found found = { 0 };
	bool finds = question->kind == FILE_LOOK || question->kind == FILE_STATUS;

	if (given->error < 0) {
		if (given->fd >= 0)
			close(given->fd);
		answer_error(question, given);
		return;
	}
	if (given->payload.len != (finds ? sizeof(found) : 0) || (!finds && given->fd < 0)) {
		if (given->fd >= 0)
			close(given->fd);
		refuse(question, -EBADMSG, "");
		return;
	}
	if (finds) {
		memcpy(&found, given->payload.data, sizeof(found));
		answer.is_same = found.is_same;
		answer.stamp = found.stamp;
	}
	question->answered(question, &answer);
}

static void send_soon(void)
{
	if (!job_is_queued(&state.job))
		job_queue(&state.job, STAGE_SEND);
}

static void on_answer(struct helper_question *question, const struct helper_answer *given)
{
	struct opening *opening = (struct opening *)question;

	if (given->error == -ECONNRESET && ++opening->tries < TRIES) {
		helper_ask(&opener, question, (struct str){ opening->text, opening->len }, -1);
		return;
	}
	opening->disk->sent--;
	answer(opening->asked, given);
	free(opening);
	send_soon();
}

static void send_question(struct disk *disk, struct file_question *asked)
{
	const struct http_location *location =
		http_location_by_number(state.conf, asked->query.location);
	struct open_question question = {
		.location = asked->query.location,
		.kind = asked->kind,
		.offset = asked->offset,
		.stamp = asked->stamp,
	};
	char text[OPEN_QUESTION_MAX];

	if (!location || !opener_path_make(state.conf, location, &asked->query, &question.path)) {
		refuse_unknown(asked);
		return;
	}
	int len = open_question_put(text, &question);
	struct opening *opening = len < 0 ? NULL : malloc(sizeof(*opening) + (size_t)len);
	if (!opening) {
		refuse(asked, len < 0 ? len : -ENOMEM, "");
		return;
	}
	*opening = (struct opening){
		.question.answered = on_answer,
		.asked = asked,
		.disk = disk,
		.len = (size_t)len,
	};
	memcpy(opening->text, text, (size_t)len);
	asked->is_sent = true;
	disk->sent++;
	helper_ask(&opener, &opening->question, (struct str){ opening->text, opening->len }, -1);
}

static void unlink_waiting(struct file_question *question)
{
	struct disk *disk = disk_of(question->device);

	*question->link = question->next;
	if (question->next)
		question->next->link = question->link;
	else
		disk->end = question->link;
	disk->waiting--;
}

/* The requests that have waited for the least time are refused if they are too many. */
static void refuse_too_many(struct disk *disk)
{
	while (disk->waiting > WAITING_MAX + OPENING_DISK_SHARE) {
		char *link = (char *)disk->end;
		struct file_question *last =
			(void *)(link - offsetof(struct file_question, next));

		unlink_waiting(last);
		refuse(last, -ETIMEDOUT, "too many requests wait for the disk that it lies on");
	}
}

static void send_waiting(struct job *job)
{
	(void)job;
	for (struct disk *disk = state.disks; disk; disk = disk->next) {
		refuse_too_many(disk);
		while (disk->first && disk->sent < OPENING_DISK_SHARE) {
			struct file_question *question = disk->first;
			unlink_waiting(question);
			send_question(disk, question);
		}
	}
	forget_idle_disks();
}

static void ask(struct file_question *question)
{
	struct disk *disk = disk_of(question->device);

	question->is_sent = false;
	question->next = NULL;
	question->link = disk->end;
	*disk->end = question;
	disk->end = &question->next;
	disk->waiting++;
	send_soon();
}

static bool withdraw(struct file_question *question)
{
	if (question->is_sent)
		return false;
	unlink_waiting(question);
	return true;
}

static bool knows(const struct file_query *query)
{
	const struct http_location *location = http_location_by_number(state.conf, query->location);
	struct opener_path path;

	return location && opener_path_make(state.conf, location, query, &path);
}

int opening_start(struct conf *conf, bool hides_files)
{
	static struct file_opener ops = { .ask = ask, .withdraw = withdraw, .knows = knows };

	state.conf = conf;
	state.job = (struct job){ .run = send_waiting };
	ops.opens_forbidden = hides_files;
	file_opener_use(&ops);
	return mounts_start();
}
