/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker/helper_passing.h"

#include <errno.h>
#include <helper.h>
#include <log.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/ipc/channel.h"

static struct {
	const struct helper *helper;
	struct event to; /* fd -1: nothing is being sent */
	size_t place; /* of the next item */
	void (*done)(void);
	struct event from; /* fd -1: nothing is being received */
} passing = { .to.fd = -1, .from.fd = -1 };

static void end(struct event *event)
{
	if (event->fd < 0)
		return;
	event_remove(event);
	close(event->fd);
	event->fd = -1;
}

static void on_writable(struct event *event, uint32_t events)
{
	struct str payload;
	int fd, error = 0;

	(void)events;
	while (error == 0 && passing.helper->pass_on(passing.place, &payload, &fd)) {
		error = channel_send(event->fd, MESSAGE_ITEM, 0, payload, &fd, fd >= 0);
		passing.place += error == 0;
	}
	if (error == -EAGAIN)
		return;
	if (error < 0 && error != -EPIPE && error != -ECONNRESET)
		log_warnc(error, "the new %s gets no more of what this one keeps",
			  passing.helper->name);
	end(event);
	passing.done();
}

void helper_passing_start(const struct helper *helper, int fd, void (*done)(void))
{
	end(&passing.to);
	passing.helper = helper;
	passing.place = 0;
	passing.done = done;
	passing.to = (struct event){ .fd = fd, .ready = on_writable };
	if (event_add(&passing.to, EPOLLOUT) < 0) {
		close(fd);
		passing.to.fd = -1;
	}
}

bool helper_passing_is_busy(void)
{
	return passing.to.fd >= 0;
}

static void on_item(struct event *event, uint32_t events)
{
	struct message message;
	int result;

	(void)events;
	while ((result = channel_receive(event->fd, &message)) == 1) {
		if (message.type == MESSAGE_ITEM && message.fds_count <= 1 &&
		    message.payload.len <= HELPER_ANSWER_MAX)
			passing.helper->take_over(message.payload,
						  message.fds_count ? message.fds[0] : -1);
		else
			message_discard(&message);
	}
	if (result == 0)
		end(event);
}

void helper_taking_start(const struct helper *helper, int fd)
{
	end(&passing.from);
	passing.helper = helper;
	passing.from = (struct event){ .fd = fd, .ready = on_item };
	if (event_add(&passing.from, EPOLLIN) < 0) {
		close(fd);
		passing.from.fd = -1;
	}
}

void helper_passing_finish(void)
{
	end(&passing.to);
	end(&passing.from);
}
