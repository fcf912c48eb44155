/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls_floor PORT FILE CERTIFICATE KEY own|openssl
 *
 * The smallest epoll program that answers every request over TLS with one file: what any server of
 * one process costs at least that seals records by modules/ssl/records.c (own) or by OpenSSL. Both
 * make handshakes by OpenSSL on the loop, and send no tickets. The file is read at the start: no
 * request looks at the file system, is parsed or is logged. Own records are as long as Skua's, and
 * are sent as many at a time as takes the least CPU time.
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
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "floor_tls.h"

enum { CONNS_MAX = 65536, SEAL_MAX = 128 * 1024, ROOM = SEAL_MAX + 8 * RECORD_OVERHEAD };

struct conn {
	struct floor_tls tls;
	bool is_open; /* the handshake is done */
	size_t owed; /* bytes of the answer that are not sealed */
	uint8_t *rest; /* the beginning of a record; NULL: nothing */
	size_t rest_len;
};

static struct conn *conns[CONNS_MAX]; /* by descriptor */
static char *answer;
static size_t answer_len;
static bool own;
static int loop;
static SSL_CTX *context;

static void die(const char *what)
{
	fprintf(stderr, "tls_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_answer(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file || fseek(file, 0, SEEK_END) < 0)
		die(path);

	size_t len = (size_t)ftell(file);

	answer = malloc(512 + len);
	answer_len = (size_t)sprintf(answer,
				     "HTTP/1.1 200 OK\r\nServer: floor\r\n"
				     "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
				     "Content-Type: text/plain\r\nContent-Length: %zu\r\n"
				     "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
				     "Connection: keep-alive\r\nETag: \"6955b900-400\"\r\n"
				     "Accept-Ranges: bytes\r\n\r\n",
				     len);
	rewind(file);
	if (fread(answer + answer_len, 1, len, file) != len)
		die(path);
	answer_len += len;
	fclose(file);
}

static void watch(int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(loop, op, fd, &event) < 0)
		die("epoll_ctl");
}

static void drop(int fd)
{
	floor_tls_finish(&conns[fd]->tls);
	free(conns[fd]->rest);
	free(conns[fd]);
	conns[fd] = NULL;
	close(fd);
}

/* After floor_tls_send(). False: the connection is gone, or the socket is full. */
static bool is_sent(int fd, int result)
{
	if (result < 0)
		drop(fd);
	if (result == 0)
		watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
	return result > 0;
}

static void send_own(int fd)
{
	static uint8_t sealed[ROOM];
	struct conn *conn = conns[fd];

	while (conn->owed && !conn->tls.unsent) {
		size_t len = 0, total = 0;

		while (conn->owed && total < SEAL_MAX) {
			size_t at = (answer_len - conn->owed % answer_len) % answer_len;
			size_t n = answer_len - at < RECORD_PLAIN_MAX ? answer_len - at :
									RECORD_PLAIN_MAX;
			const struct iovec iov = { answer + at, n };

			len += (size_t)record_seal(conn->tls.suite, &conn->tls.out, RECORD_DATA,
						   &iov, 1, sealed + len);
			conn->owed -= n;
			total += n;
		}
		if (!is_sent(fd, floor_tls_send(&conn->tls, fd, sealed, len)))
			return;
	}
}

static void send_openssl(int fd)
{
	struct conn *conn = conns[fd];

	while (conn->owed) {
		size_t at = (answer_len - conn->owed % answer_len) % answer_len;
		int n = SSL_write(conn->tls.ssl, answer + at, (int)(answer_len - at));

		if (n <= 0) {
			if (SSL_get_error(conn->tls.ssl, n) == SSL_ERROR_WANT_WRITE)
				watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
			else
				drop(fd);
			return;
		}
		conn->owed -= (size_t)n;
	}
}

static void answer_one(struct conn *conn, const void *bytes, size_t len)
{
	/* A request comes in one record. */
	if (len >= 4 && memmem(bytes, len, "\r\n\r\n", 4))
		conn->owed += answer_len;
}

static void receive_own(int fd)
{
	static uint8_t bytes[2 * RECORD_MAX];
	struct conn *conn = conns[fd];
	size_t at = 0, len = conn->rest_len;

	if (len)
		memcpy(bytes, conn->rest, len);
	free(conn->rest);
	conn->rest = NULL;
	conn->rest_len = 0;

	ssize_t n = recv(fd, bytes + len, sizeof(bytes) - len, 0), record;

	if (n <= 0) {
		drop(fd);
		return;
	}
	len += (size_t)n;
	while ((record = record_length(bytes + at, len - at)) > 0) {
		enum record_type type;
		uint8_t *plain;

		n = record_open(conn->tls.suite, &conn->tls.in, bytes + at, (size_t)record, &plain,
				&type);
		if (n < 0 || type != RECORD_DATA) {
			drop(fd);
			return;
		}
		answer_one(conn, plain, (size_t)n);
		at += (size_t)record;
	}
	if (at < len) {
		conn->rest = malloc(len - at);
		memcpy(conn->rest, bytes + at, len - at);
		conn->rest_len = len - at;
	}
	send_own(fd);
}

static void receive_openssl(int fd)
{
	static char bytes[16384];
	struct conn *conn = conns[fd];
	int n = SSL_read(conn->tls.ssl, bytes, sizeof(bytes));

	if (n > 0) {
		answer_one(conn, bytes, (size_t)n);
		send_openssl(fd);
	} else if (SSL_get_error(conn->tls.ssl, n) != SSL_ERROR_WANT_READ) {
		drop(fd);
	}
}

static void shake_hands(int fd)
{
	struct conn *conn = conns[fd];
	int result = floor_tls_shake_hands(&conn->tls);

	if (result == 0)
		return;
	if (result < 0 || (own && !floor_tls_take_keys(&conn->tls))) {
		drop(fd);
		return;
	}
	conn->is_open = true;
}

static void go_on(int fd)
{
	struct conn *conn = conns[fd];

	watch(EPOLL_CTL_MOD, fd, EPOLLIN);
	if (!own) {
		send_openssl(fd);
		return;
	}
	if (is_sent(fd, floor_tls_flush(&conn->tls, fd)))
		send_own(fd);
}

static void accept_all(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *conn = conns[fd] = calloc(1, sizeof(*conn));

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		floor_tls_begin(&conn->tls, context, fd);
		watch(EPOLL_CTL_ADD, fd, EPOLLIN);
	}
}

static int listen_on(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: tls_floor PORT FILE CERTIFICATE KEY own|openssl\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	own = strcmp(argv[5], "own") == 0;
	make_answer(argv[2]);
	context = floor_tls_context(argv[3], argv[4], NULL);
	if (!context)
		die("certificate");
	loop = epoll_create1(EPOLL_CLOEXEC);

	int listener = listen_on(atoi(argv[1]));

	watch(EPOLL_CTL_ADD, listener, EPOLLIN);
	for (;;) {
		struct epoll_event events[128];
		int count = epoll_wait(loop, events, 128, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				accept_all(listener);
			else if (events[i].events & EPOLLOUT)
				go_on(fd);
			else if (!conns[fd]->is_open)
				shake_hands(fd);
			else if (own)
				receive_own(fd);
			else
				receive_openssl(fd);
		}
	}
}
