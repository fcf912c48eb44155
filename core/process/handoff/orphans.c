/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket is shut down first. From then on a process that sends a connection to it gets
 * an error and keeps the connection, so none can arrive after the last one was read. Messages that
 * were read, and that no worker could take, are orphans of their own, without a socket.
 */
#include "process/handoff/orphans.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <timer.h>
#include <unistd.h>

#include "process/handoff/receiver.h"
#include "process/handoff/relay.h"
#include "process/ipc/channel.h"

struct orphan {
	int inbox; /* -1: the connections are in `message` */
	uint32_t limit; /* how many connections may still be taken out of the inbox */
	struct message message; /* its payload is from malloc(3) */
	struct timer retry;
	struct orphan *next;
};

static struct {
	struct orphan *first;
	void (*none_left)(void);
} orphans;

static void destroy(struct orphan *orphan)
{
	struct orphan **link = &orphans.first;

	while (*link != orphan)
		link = &(*link)->next;
	*link = orphan->next;
	if (orphan->inbox >= 0)
		close(orphan->inbox);
	free(orphan);
	if (!orphans.first && orphans.none_left)
		orphans.none_left();
}

/* Passes on all messages of a socket. 0 or -errno as relay_pass_orphan(). */
static int pass_socket(struct orphan *orphan)
{
	int result;

	while ((result = relay_pass_orphan(orphan->inbox, orphan->limit)) > 0 || result == -EPROTO)
		orphan->limit -= result > 0 ? (uint32_t)result : 0;
	return result;
}

static bool is_passing(int error)
{
	return error == -EAGAIN || error == -ETOOMANYREFS || error == -EMFILE ||
	       error == -ENOMEM || error == -ENOBUFS;
}

/* Passes on the message, or closes its connections if that will never be possible. 0 or -errno. */
static int pass_message(struct orphan *orphan)
{
	char *payload = (char *)orphan->message.payload.data;
	size_t len = orphan->message.payload.len;
	int error = relay_pass_message(&orphan->message);

	if (is_passing(error))
		return error;
	explicit_bzero(payload, len);
	free(payload);
	message_discard(&orphan->message);
	return error == -ESHUTDOWN ? 0 : error;
}

/* Passes on what the orphan holds, and closes it when it is empty; tries again if it cannot. */
static void settle(void *data)
{
	struct orphan *orphan = data;
	int error = orphan->inbox < 0 ? pass_message(orphan) : pass_socket(orphan);

	if (is_passing(error)) {
		timer_start(&orphan->retry, RECEIVER_RETRY_MS);
		return;
	}
	if (error < 0)
		log_alertc(error, "connections that a worker has left behind are closed");
	destroy(orphan);
}

void orphans_init(void (*none_left)(void))
{
	orphans.none_left = none_left;
}

/* NULL: no memory, which was logged. */
static struct orphan *create(int inbox)
{
	struct orphan *orphan = calloc(1, sizeof(*orphan));

	if (!orphan) {
		log_alertx("no memory for what a worker has left behind: it is closed");
		return NULL;
	}
	*orphan = (struct orphan){ .inbox = inbox, .next = orphans.first };
	orphans.first = orphan;
	orphan->retry = (struct timer){ .expired = settle, .data = orphan };
	return orphan;
}

void orphans_take(int inbox, uint32_t limit)
{
	struct orphan *orphan = create(inbox);

	shutdown(inbox, SHUT_RD);
	if (!orphan) {
		close(inbox);
		return;
	}
	orphan->limit = limit;
	settle(orphan);
}

void orphans_keep(struct message *message)
{
	char *payload = malloc(message->payload.len + 1);
	struct orphan *orphan = payload ? create(-1) : NULL;

	if (orphan) {
		str_put(payload, message->payload);
		orphan->message = *message;
		orphan->message.payload.data = payload;
		timer_start(&orphan->retry, RECEIVER_RETRY_MS);
		message->fds_count = 0;
	} else {
		free(payload);
	}
	message_wipe(message);
	message_discard(message);
}

/* Puts the message of an orphan into a socket, so that it can be given to another program. */
static bool put_into_socket(struct orphan *orphan)
{
	struct message *message = &orphan->message;
	int ends[2];

	if (channel_pair(ends) < 0)
		return false;

	int error = channel_send(ends[1], (enum message_type)message->type, message->number,
				 message->payload, message->fds, message->fds_count);

	close(ends[1]);
	if (error < 0) {
		close(ends[0]);
		return false;
	}

	char *payload = (char *)message->payload.data;

	orphan->limit = (uint32_t)message->fds_count;
	orphan->inbox = ends[0];
	message_wipe(message);
	message_discard(message);
	free(payload);
	return true;
}

bool orphans_for_each(bool (*act)(void *data, int inbox, uint32_t limit), void *data)
{
	for (struct orphan *orphan = orphans.first; orphan; orphan = orphan->next)
		if ((orphan->inbox < 0 && !put_into_socket(orphan)) ||
		    !act(data, orphan->inbox, orphan->limit))
			return false;
	return true;
}

bool orphans_are_left(void)
{
	return orphans.first;
}
