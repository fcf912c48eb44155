/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks by what a worker may ask the opener for. */
#include "hostile.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* As core/process/ipc/ has it. */
struct question {
	uint16_t version, type;
	uint32_t number, len, fds_count;
	uint32_t location, base, root_len;
	char path[300];
};

enum { OPEN = 18, LOCATIONS = 12, BASES = 6, HEAD = 28, MANY = 2000 };

static bool known[DESCRIPTORS]; /* the sockets to others before there was an opener */

/* A file that the request names: what the worker's own sandbox lets it open. */
void attack_read(struct report *report)
{
	int fd = open(pool_cstr(report->req->pool, report->req->args), O_RDONLY);

	tried(report, "open", fd);
	if (fd >= 0)
		close(fd);
}

void attack_before(struct report *report)
{
	(void)report;
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		known[fd] = is_message_socket(fd);
}

static int find_opener(struct report *report)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_message_socket(fd) && !known[fd])
			return fd;
	note(report, "there is no channel to the opener\n");
	return -1;
}

static long send_question(int opener, const struct question *given, const char *path, size_t len)
{
	struct question question = *given;

	question.version = 1;
	question.type = OPEN;
	question.number = 7;
	question.len = (uint32_t)(HEAD - 16 + len);
	memcpy(question.path, path, len);
	return send(opener, &question, HEAD + len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The descriptor of the answer, or -1. */
static int receive_answer(int opener)
{
	struct pollfd ready = { .fd = opener, .events = POLLIN };
	char bytes[64], room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
				  .msg_controllen = sizeof(room) };
	int fd = -1;

	if (poll(&ready, 1, 2000) != 1 || recvmsg(opener, &message, MSG_DONTWAIT) <= 0)
		return -1;
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	if (control && control->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

/* Each path below each location and base, with each length of a root; notes what was opened. */
void attack_opener(struct report *report)
{
	static const struct {
		const char *path;
		size_t len;
	} paths[] = {
#define PATH(text) { text, sizeof(text) - 1 }
		PATH("/../secret/a"), PATH("../secret/a"), PATH("/x/../../secret/a"),
		PATH("/./../secret/a"), PATH("//../secret/a"), PATH("/.."), PATH(".."),
		PATH(""), PATH("/"), PATH("/\0/../secret/a"), PATH("-beside/a"), PATH("beside/a"),
		PATH("/folder/../secret/a"), PATH("secret/a"), PATH("/secret/a"), PATH("/pipe"),
		PATH("/link"),
	};
	int opener = find_opener(report);

	if (opener < 0)
		return;
	for (uint32_t i = 0; i < LOCATIONS * BASES * 4; i++) {
		const struct question question = {
			.location = i / 4 / BASES,
			.base = i / 4 % BASES,
			.root_len = (i % 4) * (i % 4) * 1000,
		};
		for (size_t j = 0; j < sizeof(paths) / sizeof(paths[0]); j++) {
			send_question(opener, &question, paths[j].path, paths[j].len);
			int fd = receive_answer(opener);
			if (fd < 0)
				continue;
			char text[16] = "";
			if (pread(fd, text, sizeof(text) - 1, 0) < 0)
				note(report, "cannot be read: ");
			note(report, "%u %s: %s\n", question.location, paths[j].path, text);
			close(fd);
		}
	}
}

/* More than it may ask, and nothing is read. */
void attack_opener_flood(struct report *report)
{
	int opener = find_opener(report);

	for (int i = 0; opener >= 0 && i < MANY; i++)
		if (send_question(opener, &(struct question){ 0 }, "/link", 5) < 0)
			usleep(100);
}
