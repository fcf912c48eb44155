/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection of HTTP/1 on a pair of sockets, with a clock that the test moves. Whatever
 * the client does, the loop has to come to rest after a few turns.
 */
#ifndef UNIT_HTTP1_TEST_H
#define UNIT_HTTP1_TEST_H

#include "unit/http_test.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event/loop.h"

enum {
	LINE_MAX_BYTES = 512,
	HEAD_MAX_BYTES = 256 + 2 * LINE_MAX_BYTES,
	SETTLED_AFTER = 12, /* turns, for what a client has sent at once */
	SCRAMBLED_SETTLED = 3000, /* it comes byte by byte */
	SECOND = 1000,
};

static const char configuration[] =
	"access_log off; client_header_timeout 60s; keepalive_timeout 75s; send_timeout 50s;"
	"client_body_timeout 20s; lingering_time 30s; lingering_timeout 5s;"
	"client_header_buffer_size 256; large_client_header_buffers 2 512;"
	"client_max_body_size 1k; keepalive_requests 100000; keepalive_time 2h;"
	"server { listen 127.0.0.1:8080; server_name small; location / { return 200 ok; }"
	"  location /wait { wait 1h; hello waited; } location /drip { drip 1h; }"
	"  location /large { return 200 $request_uri$request_uri$request_uri$request_uri; } }"
	"server { listen 127.0.0.1:8080; server_name large; client_header_timeout 500s;"
	"  large_client_header_buffers 4 8k; return 200 ok; }"
	"server { listen 127.0.0.1:8081; server_name large; client_header_timeout 500s;"
	"  large_client_header_buffers 4 8k; return 200 ok; }"
	"server { listen 127.0.0.1:8081; server_name small; return 200 ok; }";

#define GET(path)   "GET " path " HTTP/1.1\r\nHost: small\r\n\r\n"
#define POST(field) "POST / HTTP/1.1\r\nHost: small\r\n" field "\r\n\r\n"

/* Answers of four times 400 bytes, more of them than the socket holds. */
#define TEN(text)  text text text text text text text text text text
#define LARGE_GET  GET("/large?" TEN(TEN("abcd")))
#define LARGE_GETS TEN(LARGE_GET)

/* Five requests, the last of which ends the connection. */
#define CONVERSATION                                                                              \
	GET("/") "\r\n" POST("Content-Length: 5") "hello" POST("Transfer-Encoding: chunked") \
	"5\r\nhello\r\n0\r\nX: y\r\n\r\n" GET("/")                                              \
	"GET / HTTP/1.1\r\nHost: small\r\nConnection: close\r\n\r\n"

static struct http *http;
static int64_t now; /* what the clock says */

struct client {
	int fd;
	bool is_deaf; /* it does not read */
	char answers[8192]; /* their beginning */
	size_t len;
	struct wire *wire; /* NULL: plain */
};

static inline void setup(void)
{
	static const struct log quiet = { .fd = -1 };

	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	ck_assert_int_eq(loop_start(), 0);
	now = 1000 * SECOND;
	clock_stop_at(now);
	http = good_http(configuration);
}

/* --- a client --- */

static inline struct client come_by(size_t listener)
{
	union address peer = { .any.sa_family = AF_UNIX };
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){ 4096 }, sizeof(int));
	ck_assert(conn_open(&http->listeners.items[listener], ends[0], &peer, sizeof(peer.any)));
	return (struct client){ .fd = ends[1], .wire = wire_create() };
}

static inline struct client come(void)
{
	return come_by(0);
}

static inline void send_sealed(struct client *client)
{
	const char *bytes;
	size_t len = wire_unsent(client->wire, &bytes);
	ssize_t n = send(client->fd, bytes, len, 0);

	ck_assert_msg(n >= 0 || errno == EPIPE || errno == EAGAIN, "send() failed");
	wire_sent(client->wire, n > 0 ? (size_t)n : 0);
}

static inline bool hear(struct client *client)
{
	char more[65536];
	const char *opened = more;
	ssize_t n = client->is_deaf ? 0 : recv(client->fd, more, sizeof(more), 0);
	size_t room = sizeof(client->answers) - 1 - client->len, len = n > 0 ? (size_t)n : 0;

	if (n <= 0)
		return false;
	if (client->wire) {
		len = wire_open(client->wire, more, len, &opened);
		send_sealed(client);
	}
	if (len < room)
		room = len;
	memcpy(client->answers + client->len, opened, room);
	client->len += room;
	return true;
}

/* Turns the loop until it comes to rest, as often as the client has read something. */
static inline void settle(struct client *client)
{
	do
		for (int turns = 0; loop_turn(0); turns++)
			ck_assert_msg(turns < (wire_type ? SCRAMBLED_SETTLED : SETTLED_AFTER),
				      "the loop does not come to rest");
	while (hear(client));
}

/* Sends, and leaves the loop alone. False: there is no room for all of it. */
static inline bool put(struct client *client, const char *bytes, size_t len)
{
	if (client->wire) {
		wire_seal(client->wire, bytes, len);
		send_sealed(client);
		return wire_unsent(client->wire, &bytes) == 0;
	}

	ssize_t n = send(client->fd, bytes, len, 0);

	ck_assert_msg(n == (ssize_t)len || (n < 0 && (errno == EPIPE || errno == EAGAIN)),
		      "send() failed");
	return n == (ssize_t)len;
}

static inline void say(struct client *client, const char *bytes, size_t len)
{
	put(client, bytes, len);
	settle(client);
}

static inline void half_close(struct client *client)
{
	if (client->wire) {
		wire_seal_end(client->wire);
		send_sealed(client);
	}
	shutdown(client->fd, SHUT_WR);
	settle(client);
}

static inline void pass(struct client *client, int64_t ms)
{
	now += ms;
	clock_stop_at(now);
	settle(client);
}

static inline bool is_open(void)
{
	return conns.active > 0;
}

/*
 * close() alone ends the stream later if another process holds the socket for a moment, as any
 * program does that lists /proc/PID/fd of this one.
 */
static inline void leave(struct client *client)
{
	shutdown(client->fd, SHUT_RDWR);
	close(client->fd);
	client->is_deaf = true;
	settle(client);
	ck_assert_msg(!is_open(), "the connection outlives its client");
}

/* The status of the nth answer, from 0; 0: there is none. */
static inline int status(const struct client *client, int nth)
{
	const char *at = client->answers;

	while ((at = strstr(at, "HTTP/1.1 ")) != NULL && nth-- > 0)
		at++;
	return at ? atoi(at + 9) : 0;
}

#endif
