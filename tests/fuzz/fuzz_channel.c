/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between processes, as they come: bytes with descriptors on them, into
 * a reader of channels and of inboxes. The first byte says how many descriptors
 * and who reads. None may stay open, and nothing may be read beyond the message.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <log.h>

#include "process/ipc/channel.h"
#include "process/handoff/successors.h"
#include "process/ipc/inbox.h"
#include "process/handoff/relay.h"
#include "process/server/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned sum;

static void take(const struct passed_conn *conn)
{
	assert(conn->peer_len <= sizeof(conn->peer));
	for (size_t i = 0; i < conn->past.bytes.len; i++)
		sum += (unsigned char)conn->past.bytes.data[i];
	for (size_t i = 0; i < conn->past.preface.len; i++)
		sum += (unsigned char)conn->past.preface.data[i];
	close(conn->fd);
}

/* The lowest free number: it grows when a descriptor stays open. */
static int lowest_free(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void send_raw(int fd, const uint8_t *data, size_t size, size_t count)
{
	char room[CMSG_SPACE(sizeof(int) * 128)] = { 0 };
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		msg.msg_control = room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int) * count);
		for (size_t i = 0; i < count; i++)
			memcpy(CMSG_DATA(head) + i * sizeof(int), &fd, sizeof(int));
	}
	sendmsg(fd, &msg, MSG_DONTWAIT);
}

static void read_successors(int fd)
{
	struct successors successors = { 0 };
	struct message message;

	if (channel_receive(fd, &message) == 1) {
		successors_receive(&successors, &message);
		sum += successors.listeners_count + successors_are_left(&successors);
	}
	successors_forget(&successors);
}

static struct generation *nobody(void)
{
	return NULL;
}

/* As the master does with what a process has left behind. */
static void pass_on(int fd)
{
	unsigned type;

	if (channel_next(fd, &type) != 1)
		return;
	sum += type;
	relay_pass_orphan(fd, 10);
	inbox_receive(fd, 10, take);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct log nowhere = { .fd = -1 };
	static bool begun;
	int ends[2];

	if (size == 0)
		return 0;
	log_process = &nowhere;
	if (!begun)
		assert(table_start() == 0);
	relay_init(nobody, message_discard);
	begun = true;
	int before = lowest_free();
	assert(channel_pair(ends) == 0);
	send_raw(ends[0], data + 1, size - 1, data[0] / 4 * 2);
	switch (data[0] % 4) {
	case 0:
		inbox_receive(ends[1], 10, take);
		break;
	case 1:
		read_successors(ends[1]);
		break;
	case 2:
		pass_on(ends[1]);
		break;
	default:
		inbox_fits(ends[1]);
		inbox_receive(ends[1], 10, take);
	}
	close(ends[0]);
	close(ends[1]);
	assert(lowest_free() == before);
	return 0;
}
