/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker/helper_asker.h"

#include <errno.h>
#include <helper.h>
#include <timer.h>
#include <unistd.h>

#include "config/modules.h"
#include "event/loop.h"
#include "file/cache.h"
#include "net/conn.h"
#include "process/ipc/channel.h"
#include "process/ipc/helper_message.h"
#include "process/worker/master_channel.h"

enum {
	/* The wait before the master is asked again, if it had no helper, or if its reply was lost
	   because this process had no free descriptor. */
	PAUSE_MS = 1000,
};

/* The state of one number for questions. */
struct place {
	struct helper_question *question; /* NULL: it was withdrawn, or the number is free */
	bool is_taken; /* the helper has not answered yet */
};

struct helper_asker {
	struct event channel; /* first; fd -1: there is none */
	const struct helper *helper;
	bool is_wanted; /* the master was asked for a channel */
	int64_t refused_ms; /* when the master has said that it has no helper; 0: it has not */
	struct helper_question *first, **end; /* not sent yet, in order */
	struct place places[HELPER_PENDING];
	unsigned taken;
	struct job job; /* sends waiting questions after the caller has returned */
	struct timer pause;
};

static struct {
	struct helper_asker items[HELPERS_MAX]; /* by number */
	bool is_finished;
} askers;

/* --- the questions that wait ----------------------------------------------------------- */

static void append(struct helper_asker *asker, struct helper_question *question)
{
	question->asker = asker;
	question->next = NULL;
	question->link = asker->end;
	*asker->end = question;
	asker->end = &question->next;
}

static void unlink_waiting(struct helper_question *question)
{
	*question->link = question->next;
	if (question->next)
		question->next->link = question->link;
	else
		question->asker->end = question->link;
	question->link = NULL;
}

static void give(struct helper_question *question, const struct helper_answer *answer)
{
	question->asker = NULL;
	question->answered(question, answer);
}

static void fail(struct helper_question *question, int error)
{
	give(question, &(const struct helper_answer){ .error = error, .fd = -1 });
}

/* Questions that answered() asks again are queued after those that wait now. */
static void fail_waiting(struct helper_asker *asker, int error)
{
	size_t count = 0;

	for (struct helper_question *at = asker->first; at; at = at->next)
		count++;
	while (count-- && asker->first) {
		struct helper_question *question = asker->first;

		unlink_waiting(question);
		fail(question, error);
	}
}

/* --- sending ------------------------------------------------------------------------- */

static void send_soon(struct helper_asker *asker)
{
	if (!job_is_queued(&asker->job))
		job_queue(&asker->job, STAGE_SEND);
}

static void lose_channel(struct helper_asker *asker);

/* The lowest number that is free; there is one. */
static uint32_t free_number(const struct helper_asker *asker)
{
	uint32_t number = 0;

	while (asker->places[number].is_taken)
		number++;
	return number;
}

/* False: the channel was lost. */
static bool send_first(struct helper_asker *asker)
{
	struct helper_question *question = asker->first;
	uint32_t number = free_number(asker);
	int error = helper_send_question(asker->channel.fd, number, question->payload,
					 question->fd);

	if (error == -EPIPE || error == -ECONNRESET) {
		lose_channel(asker);
		return false;
	}
	unlink_waiting(question);
	if (error < 0) {
		fail(question, error);
		return true;
	}
	question->number = number;
	asker->places[number] = (struct place){ question, true };
	asker->taken++;
	return true;
}

static void want_channel(struct helper_asker *asker)
{
	if (asker->is_wanted)
		return;
	if (asker->refused_ms && clock_ms() - asker->refused_ms < PAUSE_MS) {
		fail_waiting(asker, -ENOTCONN);
		return;
	}
	asker->is_wanted =
		master_channel_send(MESSAGE_WANT, helper_number(asker->helper)) == 0;
	if (asker->is_wanted)
		timer_start(&asker->pause, PAUSE_MS);
	else
		fail_waiting(asker, -ENOTCONN);
}

static void send_waiting(struct job *job)
{
	struct helper_asker *asker =
		(struct helper_asker *)((char *)job - offsetof(struct helper_asker, job));

	while (asker->channel.fd >= 0 && asker->first && asker->taken < HELPER_PENDING)
		if (!send_first(asker))
			return;
	if (asker->channel.fd < 0 && asker->first)
		want_channel(asker);
}

static void on_pause(void *data)
{
	struct helper_asker *asker = data;

	asker->is_wanted = false;
	send_soon(asker);
}

/* Called when the helper has died, or has closed the channel of this worker. */
static void lose_channel(struct helper_asker *asker)
{
	event_remove(&asker->channel);
	close(asker->channel.fd);
	asker->channel.fd = -1;
	asker->taken = 0;
	for (size_t i = 0; i < HELPER_PENDING; i++) {
		struct helper_question *question = asker->places[i].question;

		asker->places[i] = (struct place){ 0 };
		if (question)
			fail(question, -ECONNRESET);
	}
	send_soon(asker);
}

/* --- answers ------------------------------------------------------------------------- */

/* Frees the number. NULL: nobody waits for the answer. */
static struct helper_question *take_place(struct helper_asker *asker, uint32_t number)
{
	struct helper_question *question = asker->places[number].question;

	asker->places[number] = (struct place){ 0 };
	asker->taken--;
	return question;
}

/* Handles an answer. False: it is malformed, or nothing was asked with this number. */
static bool take_answer(struct helper_asker *asker, struct message *message)
{
	struct helper_answer answer;

	if (helper_read_answer(message, &answer) < 0)
		return false;
	if (!asker->places[message->number].is_taken) {
		if (answer.fd >= 0)
			close(answer.fd);
		return false;
	}
	struct helper_question *question = take_place(asker, message->number);
	if (question)
		give(question, &answer);
	else if (answer.fd >= 0)
		close(answer.fd);
	return true;
}

/*
 * Handles an answer whose descriptor was lost because this process had no free one. Closes cached
 * files or an idle connection, so that the next answer can be received.
 */
static void take_without_fd(struct helper_asker *asker, const struct message *message)
{
	if (!file_cache_trim())
		conn_close_oldest_idle();
	if (message->number >= HELPER_PENDING || !asker->places[message->number].is_taken)
		return;
	struct helper_question *question = take_place(asker, message->number);
	if (question)
		fail(question, -EMFILE);
}

static void on_answer(struct event *event, uint32_t events)
{
	struct helper_asker *asker = (struct helper_asker *)event;
	struct message message = { 0 };
	int result = 0;

	(void)events;
	while (event->fd >= 0 && (result = channel_receive(event->fd, &message)) != -EAGAIN) {
		if (result == -EBADMSG && message.lacks_fds) {
			take_without_fd(asker, &message);
			continue;
		}
		if (result == 1 && take_answer(asker, &message))
			continue;
		if (result == 1)
			message_discard(&message);
		lose_channel(asker);
		return;
	}
	if (asker->first)
		send_soon(asker);
}

/* --- the worker's ------------------------------------------------------------------------- */

/* NULL: there is no helper with this number. */
static struct helper_asker *asker_of(uint32_t number)
{
	struct helper_asker *asker = number < helper_count() ? &askers.items[number] : NULL;

	if (asker && !asker->helper) {
		asker->helper = helper_module(number)->helper;
		asker->channel.fd = -1;
		asker->end = &asker->first;
		asker->job = (struct job){ .run = send_waiting };
		asker->pause = (struct timer){ .expired = on_pause, .data = asker };
	}
	return asker;
}

void helper_ask(const struct helper *helper, struct helper_question *question, struct str payload,
		int fd)
{
	struct helper_asker *asker = asker_of(helper_number(helper));

	question->payload = payload;
	question->fd = fd;
	append(asker, question);
	if (!askers.is_finished)
		send_soon(asker);
}

void helper_withdraw(struct helper_question *question)
{
	if (!question->asker)
		return;
	if (question->link)
		unlink_waiting(question);
	else
		question->asker->places[question->number].question = NULL;
	question->asker = NULL;
}

/* An upgrade connects workers that have not asked yet (master/helpers.h). */
void helper_connected(uint32_t number, int fd)
{
	struct helper_asker *asker = asker_of(number);

	if (!asker || (fd >= 0 && asker->channel.fd >= 0)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	timer_stop(&asker->pause);
	asker->is_wanted = false;
	if (fd >= 0) {
		asker->channel = (struct event){ .fd = fd, .ready = on_answer };
		if (event_add(&asker->channel, EPOLLIN) < 0) {
			close(fd);
			asker->channel.fd = fd = -1;
		}
	}
	asker->refused_ms = fd < 0 ? clock_ms() : 0;
	send_soon(asker);
}

static bool has_awaited(const struct helper_asker *asker)
{
	for (const struct helper_question *at = asker->first; at; at = at->next)
		if (at->is_awaited)
			return true;
	for (size_t i = 0; i < HELPER_PENDING; i++)
		if (asker->places[i].question && asker->places[i].question->is_awaited)
			return true;
	return false;
}

void helper_askers_wait(int64_t ms)
{
	const int64_t deadline = clock_ms() + ms;

	for (size_t i = 0; i < HELPERS_MAX; i++) {
		struct helper_asker *asker = &askers.items[i];

		while (asker->helper && has_awaited(asker) && clock_ms() < deadline)
			loop_turn((int)(deadline - clock_ms()));
	}
}

void helper_askers_finish(void)
{
	askers.is_finished = true;
	for (size_t i = 0; i < HELPERS_MAX; i++) {
		struct helper_asker *asker = &askers.items[i];

		if (!asker->helper)
			continue;
		timer_stop(&asker->pause);
		if (asker->channel.fd >= 0)
			lose_channel(asker);
		job_cancel(&asker->job);
		while (asker->first)
			fail_waiting(asker, -ECONNRESET);
	}
}
