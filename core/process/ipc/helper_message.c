/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/ipc/helper_message.h"

#include <errno.h>
#include <string.h>

int helper_send_question(int channel, uint32_t number, struct str payload, int fd)
{
	if (payload.len > HELPER_QUESTION_MAX)
		return -EMSGSIZE;
	return channel_send(channel, MESSAGE_ASK, number, payload, &fd, fd >= 0);
}

int helper_send_answer(int channel, uint32_t number, const struct helper_answer *answer)
{
	const int32_t error = answer->error;
	char bytes[sizeof(error) + HELPER_ANSWER_MAX];

	if (answer->payload.len > HELPER_ANSWER_MAX)
		return -EMSGSIZE;
	memcpy(bytes, &error, sizeof(error));
	const char *end = str_put(bytes + sizeof(error), answer->payload);
	return channel_send(channel, MESSAGE_ANSWER, number, str_range(bytes, end), &answer->fd,
			    answer->fd >= 0);
}

/* The one descriptor of a message, or -1. */
static int take_fd(struct message *message)
{
	return message->fds_count ? message->fds[--message->fds_count] : -1;
}

int helper_read_question(struct message *message, struct str *payload, int *fd)
{
	if (message->type != MESSAGE_ASK || message->number >= HELPER_PENDING ||
	    message->fds_count > 1 || message->payload.len > HELPER_QUESTION_MAX)
		return -EBADMSG;
	*payload = message->payload;
	*fd = take_fd(message);
	return 0;
}

int helper_read_answer(struct message *message, struct helper_answer *answer)
{
	int32_t error;

	if (message->type != MESSAGE_ANSWER || message->number >= HELPER_PENDING ||
	    message->fds_count > 1 || message->payload.len < sizeof(error) ||
	    message->payload.len > sizeof(error) + HELPER_ANSWER_MAX)
		return -EBADMSG;
	memcpy(&error, message->payload.data, sizeof(error));
	if (error > 0)
		return -EBADMSG;
	*answer = (struct helper_answer){
		.error = error,
		.payload = str_skip(message->payload, sizeof(error)),
		.fd = take_fd(message),
	};
	return 0;
}
