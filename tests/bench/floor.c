/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor PORT FILE|- keep|close
 *
 * The smallest epoll program that receives and sends the same bytes as a web
 * server would for one file (or, for -, a file that is missing): what any
 * server of one process costs at least. It counts the ends of requests and
 * sends as many answers: it looks at nothing else, opens nothing, logs nothing.
 * Small answers lie in memory sixteen in a row, so that pipelined ones leave in one
 * send(); large ones leave by sendfile(), which is cheaper from 100 KiB on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COPIES_MAX = 16, SEND_MAX = 65536, CONNS_MAX = 65536, EVENTS_MAX = 128, END_LEN = 4 };

struct conn {
	size_t owed; /* answers that are not sent to the end */
	size_t sent; /* bytes of the first of them that are */
	size_t tail_len;
	char tail[END_LEN - 1]; /* last bytes received: maybe the start of an end */
	bool blocked; /* waits until the socket takes more */
};

static struct conn conns[CONNS_MAX]; /* by descriptor */
static char *answers;
static size_t answer_len;
static size_t copies; /* of the answer, one behind the other */
static int answers_file = -1; /* the same, when they are large */
static bool close_after;
static int loop;

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	if (file == NULL || fseek(file, 0, SEEK_END) < 0)
		die(path);
	*len = (size_t)ftell(file);
	rewind(file);

	char *data = malloc(*len + 1);
	if (data == NULL || fread(data, 1, *len, file) != *len)
		die(path);
	fclose(file);
	return data;
}

/* The head is as long as those of the servers it is compared with. */
static void make_answers(const char *status, const char *body, size_t body_len)
{
	char head[512];
	int head_len = snprintf(head, sizeof head,
				"HTTP/1.1 %s\r\n"
				"Server: floor\r\n"
				"Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
				"Content-Type: text/plain\r\n"
				"Content-Length: %zu\r\n"
				"Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
				"Connection: %s\r\n"
				"ETag: \"6955b900-400\"\r\n"
				"Accept-Ranges: bytes\r\n\r\n",
				status, body_len, close_after ? "close" : "keep-alive");

	answer_len = (size_t)head_len + body_len;
	copies = answer_len <= SEND_MAX ? COPIES_MAX : 1;
	answers = malloc(answer_len * copies);
	if (answers == NULL)
		die("memory for the answers");
	for (size_t i = 0; i < copies; i++) {
		memcpy(answers + i * answer_len, head, (size_t)head_len);
		memcpy(answers + i * answer_len + head_len, body, body_len);
	}
	if (answer_len <= SEND_MAX)
		return;
	answers_file = memfd_create("answers", MFD_CLOEXEC);
	if (answers_file < 0 ||
	    write(answers_file, answers, answer_len * copies) != (ssize_t)(answer_len * copies))
		die("file for the answers");
}

static int listen_on(unsigned port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

static void watch(int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(loop, op, fd, &event) < 0)
		die("epoll_ctl");
}

static void conn_accept(int listener)
{
	int fd = -1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= CONNS_MAX)
			die("more connections than expected");
		conns[fd] = (struct conn){ 0 };
		watch(EPOLL_CTL_ADD, fd, EPOLLIN);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

static void conn_block(int fd, bool blocked)
{
	if (conns[fd].blocked != blocked)
		watch(EPOLL_CTL_MOD, fd, blocked ? EPOLLOUT : EPOLLIN);
	conns[fd].blocked = blocked;
}

static ssize_t send_answers(int fd, size_t offset, size_t len)
{
	off_t file_offset = (off_t)offset;

	if (answers_file >= 0)
		return sendfile(fd, answers_file, &file_offset, len);
	return send(fd, answers + offset, len, MSG_NOSIGNAL);
}

static void conn_send(int fd)
{
	struct conn *conn = &conns[fd];

	while (conn->owed > 0) {
		size_t count = conn->owed < copies ? conn->owed : copies;
		ssize_t n = send_answers(fd, conn->sent, count * answer_len - conn->sent);
		if (n < 0 && errno == EAGAIN) {
			conn_block(fd, true);
			return;
		}
		if (n < 0) {
			close(fd);
			return;
		}
		conn->sent += (size_t)n;
		conn->owed -= conn->sent / answer_len;
		conn->sent %= answer_len;
	}
	if (close_after)
		close(fd);
	else
		conn_block(fd, false);
}

static void conn_receive(int fd)
{
	struct conn *conn = &conns[fd];
	char buffer[16384];

	memcpy(buffer, conn->tail, conn->tail_len);
	ssize_t n = recv(fd, buffer + conn->tail_len, sizeof buffer - conn->tail_len, 0);
	if (n <= 0) {
		close(fd);
		return;
	}

	const char *at = buffer, *end = buffer + conn->tail_len + n, *found = NULL;
	while ((found = memmem(at, (size_t)(end - at), "\r\n\r\n", END_LEN)) != NULL) {
		conn->owed++;
		at = found + END_LEN;
	}
	size_t rest = (size_t)(end - at);
	conn->tail_len = rest < sizeof conn->tail ? rest : sizeof conn->tail;
	memcpy(conn->tail, end - conn->tail_len, conn->tail_len);
	if (conn->owed > 0)
		conn_send(fd);
}

static void serve(int listener)
{
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		int count = epoll_wait(loop, events, EVENTS_MAX, -1);
		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				conn_accept(fd);
			else if (conns[fd].blocked)
				conn_send(fd);
			else
				conn_receive(fd);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: floor PORT FILE|- keep|close\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* sendfile() has no MSG_NOSIGNAL */
	close_after = strcmp(argv[3], "close") == 0;
	if (strcmp(argv[2], "-") == 0) {
		char missing[150];
		memset(missing, 'x', sizeof missing);
		make_answers("404 Not Found", missing, sizeof missing);
	} else {
		size_t len = 0;
		char *body = read_file(argv[2], &len);
		make_answers("200 OK", body, len);
		free(body);
	}

	loop = epoll_create1(EPOLL_CLOEXEC);
	int listener = listen_on((unsigned)atoi(argv[1]));
	watch(EPOLL_CTL_ADD, listener, EPOLLIN);
	serve(listener);
}
