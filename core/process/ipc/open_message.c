/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/ipc/open_message.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct open_head {
	uint32_t location;
	uint32_t base;
	uint32_t root_len;
};

int open_ask(int fd, uint32_t number, const struct open_question *question)
{
	const struct open_head head = { question->location, question->base,
					 (uint32_t)question->root_len };
	char payload[sizeof(head) + PATH_MAX];

	if (question->path.len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(payload, &head, sizeof(head));
	str_put(payload + sizeof(head), question->path);
	return channel_send(fd, MESSAGE_OPEN, number,
			    (struct str){ payload, sizeof(head) + question->path.len }, NULL, 0);
}

int open_read_question(const struct message *message, struct open_question *question)
{
	struct open_head head;

	if (message->type != MESSAGE_OPEN || message->fds_count ||
	    message->payload.len < sizeof(head) ||
	    message->payload.len >= sizeof(head) + PATH_MAX)
		return -EBADMSG;
	memcpy(&head, message->payload.data, sizeof(head));
	*question = (struct open_question){
		.location = head.location,
		.base = head.base,
		.root_len = head.root_len,
		.path = str_skip(message->payload, sizeof(head)),
	};
	return 0;
}

int open_answer(int fd, uint32_t number, int file)
{
	int32_t error = file < 0 ? -file : 0;
	struct str payload = { (char *)&error, sizeof(error) };

	return channel_send(fd, MESSAGE_OPENED, number, payload, &file, file >= 0);
}

int open_read_answer(struct message *message)
{
	int32_t error;

	if (message->type != MESSAGE_OPENED || message->payload.len < sizeof(error))
		return -EBADMSG;
	memcpy(&error, message->payload.data, sizeof(error));
	if (error > 0 && message->fds_count == 0)
		return -error;
	if (error || message->fds_count != 1)
		return -EBADMSG;
	message->fds_count = 0;
	return message->fds[0];
}
