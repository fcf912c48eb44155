/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker/opening.h"

#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <timer.h>
#include <unistd.h>

#include "base/log_format.h"
#include "event/loop.h"
#include "file/cache.h"
#include "file/opener.h"
#include "http/conf/http.h"
#include "http/request/files.h"
#include "process/ipc/open_message.h"
#include "process/server/table.h"
#include "process/worker/master_channel.h"

enum {
	TRIES = 2, /* openers that are asked the same */
	PAUSE_MS = 1000, /* before the master is asked again where it had no opener */
};

static struct {
	struct conf *conf;
	struct event channel; /* fd -1: there is none */
	bool is_asked_for; /* the master was asked for a channel */
	int64_t refused_ms; /* when the master had no opener */
	struct file_question *first, **end; /* not sent yet, in order */
	struct file_question *sent[OPEN_PENDING]; /* by number; NULL: the number is free */
	unsigned sent_count;
	struct job job; /* sends what waits, after the caller has returned */
} opening = { .channel.fd = -1, .end = &opening.first };

static void append(struct file_question *question)
{
	question->next = NULL;
	*opening.end = question;
	opening.end = &question->next;
}

static struct file_question *take_first(void)
{
	struct file_question *question = opening.first;

	opening.first = question->next;
	if (!opening.first)
		opening.end = &opening.first;
	return question;
}

/* The way to the opener is closed: what is not sent yet gets this answer. */
static void refuse_all(int error, const char *why)
{
	while (opening.first)
		file_question_answer(take_first(), error, why);
}

/* What is to be sent can be sent, or is answered here, by which one of the two. */
static int name(const struct file_question *question, struct open_question *out)
{
	const struct http_location *location =
		http_location_by_number(opening.conf, question->query.location);
	struct file_below below;

	if (!location || !file_query_name(opening.conf, location, &question->query, &below))
		return -EACCES;
	*out = (struct open_question){
		.location = question->query.location,
		.base = below.base,
		.root_len = below.root_len,
		.path = below.path,
	};
	return 0;
}

/* Nothing of its root is known: only sandbox_allow can name it. */
static void refuse_unknown(struct file_question *question)
{
	struct str path = question->query.path;
	char why[1024];

	log_format(why, sizeof(why),
		   "its root begins with a variable, and the sandbox allows only what is named; "
		   "\"sandbox_allow %.*s\" would allow it",
		   (int)directory_len(path), path.data);
	file_question_answer(question, -EACCES, why);
}

/* The lowest number that is free; there is one. */
static uint32_t free_number(void)
{
	uint32_t number = 0;

	while (opening.sent[number])
		number++;
	return number;
}

static void lose_channel(void);

static void send_waiting(struct job *job)
{
	(void)job;
	while (opening.first && opening.sent_count < OPEN_PENDING) {
		struct open_question question;

		if (name(opening.first, &question) < 0) {
			refuse_unknown(take_first());
			continue;
		}
		if (opening.channel.fd < 0)
			break;
		uint32_t number = free_number();
		int error = open_ask(opening.channel.fd, number, &question);
		if (error == -EPIPE || error == -ECONNRESET) {
			lose_channel();
			return;
		}
		if (error < 0) {
			file_question_answer(take_first(), error, "");
			continue;
		}
		opening.sent[number] = take_first();
		opening.sent[number]->tries++;
		opening.sent_count++;
	}
	if (!opening.first || opening.channel.fd >= 0 || opening.is_asked_for)
		return;
	if (opening.refused_ms && clock_ms() - opening.refused_ms < PAUSE_MS) {
		refuse_all(-EACCES, "it lies outside of what the sandbox allows, and the master "
				    "process has no opener for this worker now");
		return;
	}
	opening.is_asked_for = master_channel_send(MESSAGE_WANT, HELPER_OPENER) == 0;
	if (!opening.is_asked_for)
		refuse_all(-ECONNRESET, "there is no opener, since the master process has gone");
}

static void send_soon(void)
{
	if (!job_is_queued(&opening.job))
		job_queue(&opening.job, STAGE_SEND);
}

/* The opener has died, or does not want this worker any more. */
static void lose_channel(void)
{
	event_remove(&opening.channel);
	close(opening.channel.fd);
	opening.channel.fd = -1;
	opening.sent_count = 0;
	for (size_t i = 0; i < OPEN_PENDING; i++) {
		struct file_question *question = opening.sent[i];

		opening.sent[i] = NULL;
		if (question && question->tries < TRIES)
			append(question);
		else if (question)
			file_question_answer(question, -ECONNRESET,
					     "the opener has ended while it opened the file");
	}
	send_soon();
}

/* False: this is no answer to a question. */
static bool take(struct message *message)
{
	struct file_question *question = message->number < OPEN_PENDING ?
						 opening.sent[message->number] :
						 NULL;

	if (!question)
		return false;
	int fd = open_read_answer(message);
	if (fd == -EBADMSG)
		return false;
	opening.sent[message->number] = NULL;
	opening.sent_count--;
	file_question_answer(question, fd, "");
	return true;
}

static void on_answer(struct event *event, uint32_t events)
{
	struct message message;
	int result = 0;

	(void)events;
	while (event->fd >= 0 && (result = channel_receive(event->fd, &message)) == 1) {
		if (take(&message))
			continue;
		message_discard(&message);
		result = -EBADMSG;
		break;
	}
	/* Also when there was no descriptor left for a file: then there is one after this. */
	if (result == -EBADMSG)
		file_cache_trim();
	if (result != -EAGAIN)
		lose_channel();
	else if (opening.first)
		send_soon();
}

static void ask(struct file_question *question)
{
	append(question);
	send_soon();
}

void opening_start(struct conf *conf)
{
	opening.conf = conf;
	opening.job = (struct job){ .run = send_waiting };
	file_opener_use(ask);
}

void opening_connect(int fd)
{
	opening.is_asked_for = false;
	opening.refused_ms = fd < 0 ? clock_ms() : 0;
	if (fd >= 0 && opening.channel.fd >= 0) {
		close(fd);
		return;
	}
	if (fd >= 0) {
		opening.channel = (struct event){ .fd = fd, .ready = on_answer };
		if (event_add(&opening.channel, EPOLLIN) < 0) {
			close(fd);
			opening.channel.fd = -1;
			opening.refused_ms = clock_ms();
		}
	}
	send_soon();
}

void opening_finish(void)
{
	file_opener_use(NULL);
	job_cancel(&opening.job);
	if (opening.channel.fd >= 0) {
		for (size_t i = 0; i < OPEN_PENDING; i++)
			if (opening.sent[i])
				opening.sent[i]->tries = TRIES;
		lose_channel();
		job_cancel(&opening.job);
	}
	refuse_all(-ECONNRESET, "this worker ends");
}
