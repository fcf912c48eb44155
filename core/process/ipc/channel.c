/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sendmsg(2) and recvmsg(2) with SCM_RIGHTS, unix(7). All descriptors of a message are noted
 * before it is checked, so that none stays open unnoticed.
 */
#include "process/ipc/channel.h"

#include <errno.h>
#include <log.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <timer.h>
#include <unistd.h>

enum {
	VERSION = 1,
	FDS_MAX = 253, /* SCM_MAX_FD: the kernel takes no more with one message */
};

struct message_head {
	uint16_t version;
	uint16_t type;
	uint32_t number;
	uint32_t len; /* of the payload */
	uint32_t fds_count;
};

/*
 * Room for one control message with as many descriptors as there can be, aligned for its
 * head. So if descriptors are missing, this process could not open that many.
 */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

int channel_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0 ?
		       -errno :
		       0;
}

static void attach(struct msghdr *msg, union control *control, const int *fds, size_t count)
{
	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(sizeof(int) * count);
	struct cmsghdr *head = CMSG_FIRSTHDR(msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
}

int channel_send(int fd, enum message_type type, uint32_t number, struct str payload,
		 const int *fds, size_t fds_count)
{
	struct message_head head = {
		.version = VERSION,
		.type = (uint16_t)type,
		.number = number,
		.len = (uint32_t)payload.len,
		.fds_count = (uint32_t)fds_count,
	};
	struct iovec iov[] = {
		{ &head, sizeof(head) },
		{ (void *)payload.data, payload.len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	union control control;

	if (payload.len > CHANNEL_PAYLOAD || fds_count > CHANNEL_FDS)
		return -EMSGSIZE;
	if (fds_count)
		attach(&msg, &control, fds, fds_count);
	while (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

void message_discard(struct message *message)
{
	for (size_t i = 0; i < message->fds_count; i++)
		close(message->fds[i]);
	message->fds_count = 0;
}

void message_wipe(struct message *message)
{
	explicit_bzero((char *)message->payload.data, message->payload.len);
	message->payload = STR("");
}

/* Notes the descriptors that have come, and closes those that do not fit. */
static void detach(struct msghdr *msg, struct message *message)
{
	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
			if (message->fds_count < CHANNEL_FDS)
				message->fds[message->fds_count++] = fd;
			else
				close(fd);
		}
	}
}

/* Logs at most one message a minute, since the sender may send many. */
static int drop(struct message *message, const char *why)
{
	static int64_t said_ms;

	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_alertx("a message between processes was dropped with %zu descriptors: %s",
			   message->fds_count, why);
	message_discard(message);
	return -EBADMSG;
}

static const char *fault(const struct message_head *head, const struct msghdr *msg, size_t len,
			 const struct message *message)
{
	if (msg->msg_flags & MSG_CTRUNC)
		return "not all of its descriptors could be taken";
	if (msg->msg_flags & MSG_TRUNC)
		return "it is too long";
	if (len < sizeof(*head))
		return "it is too short";
	if (head->version < VERSION)
		return "its version is unknown";
	if (head->len != len - sizeof(*head))
		return "its length is wrong";
	if (head->fds_count != message->fds_count)
		return "the number of its descriptors is wrong";
	return NULL;
}

/*
 * ECONNRESET is reported once when the other process has ended with messages unread. What it
 * had sent before can still be read by the next call.
 */
static bool is_passing(int error)
{
	return error == EINTR || error == ECONNRESET;
}

static int receive(int fd, struct message *message, int flags)
{
	static char payload[CHANNEL_PAYLOAD];
	struct message_head head = { 0 };
	struct iovec iov[] = { { &head, sizeof(head) }, { payload, sizeof(payload) } };
	union control control;
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	message->fds_count = 0;
	message->lacks_fds = false;
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && is_passing(errno));
	if (n < 0)
		return -errno;
	detach(&msg, message);
	if (n == 0 && message->fds_count == 0)
		return 0;
	if (flags & MSG_PEEK && msg.msg_flags & MSG_CTRUNC) {
		message_discard(message);
		return -EMFILE;
	}
	message->type = head.type;
	message->number = head.number;
	message->lacks_fds = msg.msg_flags & MSG_CTRUNC && (size_t)n >= sizeof(head);
	const char *why = fault(&head, &msg, (size_t)n, message);
	if (why)
		return drop(message, why);
	message->payload = (struct str){ payload, head.len };
	return 1;
}

int channel_receive(int fd, struct message *message)
{
	return receive(fd, message, 0);
}

/* The call gives the kernel no buffer for descriptors, so none are opened. */
int channel_next(int fd, unsigned *type)
{
	struct message_head head = { 0 };
	struct iovec iov = { &head, sizeof(head) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_PEEK);
	while (n < 0 && is_passing(errno));
	if (n < 0)
		return -errno;
	if (n == 0 && !(msg.msg_flags & MSG_CTRUNC))
		return 0;
	if (n < (ssize_t)sizeof(head)) {
		channel_drop(fd);
		return -EBADMSG;
	}
	*type = head.type;
	return 1;
}

int channel_peek(int fd, struct message *message)
{
	int result = receive(fd, message, MSG_PEEK);

	if (result == -EBADMSG)
		channel_drop(fd);
	return result;
}

void channel_drop(int fd)
{
	char byte;

	/* recv(2) has no buffer for descriptors, so the kernel closes them. */
	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) < 0 && is_passing(errno))
		;
}
