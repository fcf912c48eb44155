/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread, one epoll, level-triggered. What has come is read into one buffer
 * that all connections share and consumed at once; only a head of which the end is
 * missing is carried over in its connection.
 */
#include "clients.h"

#include "answer.h"
#include "client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	OPENING_MAX = 64, /* connections at a time without their first answer */
	OPENING_TIME = 15000, /* ms for all connections together */
	DRAINING_TIME = 10000,
	EVENTS_MAX = 128,
	HEAD_MAX = 4096,
	PIPELINED = 16,
};

const char *const client_failure_names[CLIENT_FAILURES] = {
	[CLIENT_CONNECT] = "connections refused or failed",
	[CLIENT_RESET] = "connections reset",
	[CLIENT_ENDED] = "connections ended without the whole answer",
	[CLIENT_BAD_HEAD] = "answers without a readable head",
	[CLIENT_BAD_STATUS] = "answers with an unexpected status",
	[CLIENT_BAD_LENGTH] = "answers with an unexpected length",
	[CLIENT_SURPLUS] = "connections with bytes behind the last answer",
	[CLIENT_STALLED] = "connections that never got their answer or were never ended",
};

struct conn {
	int fd;
	unsigned awaited; /* answers that are still to come */
	int64_t body_left; /* bytes to the end of this answer; -1 at a head */
	uint64_t asked_at;
	bool answered; /* since it was opened */
	bool ending; /* the server said that it ends the connection */
	bool blocked; /* not connected yet, the request waits */
	size_t carry_len; /* of a head of which the end has not come */
	char carry[HEAD_MAX];
};

struct client_tally client_tally;

static struct client_options opt;
static struct conn conns[CLIENTS_MAX];
static long opened; /* connections of which the first has been asked for */
static long greeted; /* first answers on a connection, reopened ones too */
static bool draining; /* nothing is asked any more */
static int loop;
static char request[PIPELINED * 512];
static size_t request_len;
static uint64_t now;

static void make_request(void)
{
	char one[512];
	int len = snprintf(one, sizeof one,
			   "GET %s HTTP/1.1\r\n"
			   "Host: 127.0.0.1:%ld\r\n"
			   "User-Agent: bench\r\n"
			   "Accept: */*\r\n%s\r\n",
			   opt.path, opt.port,
			   opt.mode == CLIENT_CLOSE ? "Connection: close\r\n" : "");

	for (int i = 0; i < (opt.mode == CLIENT_PIPELINE ? PIPELINED : 1); i++) {
		memcpy(request + request_len, one, (size_t)len);
		request_len += (size_t)len;
	}
}

static void watch(int op, struct conn *conn, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = conn };

	if (epoll_ctl(loop, op, conn->fd, &event) < 0)
		client_die("epoll_ctl");
}

static void conn_open(struct conn *conn)
{
	*conn = (struct conn){
		.fd = client_connect(conn - conns, opt.port), .body_left = -1, .asked_at = now,
	};
	watch(EPOLL_CTL_ADD, conn, EPOLLIN);
}

/* It stays closed: a server that fails is not asked again and again. */
static void conn_fail(struct conn *conn, enum client_failure failure)
{
	client_tally.failures[failure]++;
	close(conn->fd);
	conn->fd = -1;
}

static void conn_ask(struct conn *conn)
{
	if (opt.mode != CLIENT_CLOSE)
		conn->asked_at = now;
	ssize_t n = send(conn->fd, request, request_len, MSG_NOSIGNAL);
	if (n == (ssize_t)request_len) {
		conn->awaited = opt.mode == CLIENT_PIPELINE ? PIPELINED : 1;
		if (conn->blocked)
			watch(EPOLL_CTL_MOD, conn, EPOLLIN);
		conn->blocked = false;
	} else if (n < 0 && errno == EAGAIN && !conn->blocked) {
		conn->blocked = true;
		watch(EPOLL_CTL_MOD, conn, EPOLLOUT);
	} else {
		conn_fail(conn, conn->answered ? CLIENT_RESET : CLIENT_CONNECT);
	}
}

static void conn_reopen(struct conn *conn)
{
	close(conn->fd);
	conn->fd = -1;
	if (draining)
		return;
	conn_open(conn);
	conn_ask(conn);
}

static void count_worker(unsigned pid)
{
	for (int i = 0; i < CLIENT_WORKERS_MAX; i++) {
		if (client_tally.workers[i].pid == 0)
			client_tally.workers[i].pid = pid;
		if (client_tally.workers[i].pid == pid) {
			client_tally.workers[i].conns++;
			return;
		}
	}
}

/* Returns the length of the head, 0 when its end has not come, -1 on a failure. */
static ssize_t conn_head(struct conn *conn, const char *data, size_t len)
{
	struct answer answer;
	int found = answer_parse(data, len, &answer);

	if (found == 0 && len < HEAD_MAX) {
		memcpy(conn->carry, data, len);
		conn->carry_len = len;
		return 0;
	}
	if (found <= 0) {
		conn_fail(conn, CLIENT_BAD_HEAD);
		return -1;
	}
	if (answer.status != opt.status) {
		conn_fail(conn, CLIENT_BAD_STATUS);
		return -1;
	}
	if (opt.length < 0)
		opt.length = answer.body_len; /* of an error page: the same each time */
	if (answer.body_len != opt.length) {
		conn_fail(conn, CLIENT_BAD_LENGTH);
		return -1;
	}

	if (!conn->answered) {
		greeted++;
		count_worker(answer.worker);
	}
	conn->answered = true;
	conn->ending = answer.close;
	conn->body_left = answer.body_len;
	return (ssize_t)answer.head_len;
}

static void conn_answered(struct conn *conn)
{
	conn->body_left = -1;
	conn->awaited--;
	client_tally.answers++;
	histogram_add(&client_tally.latencies, now - conn->asked_at);
}

/* Takes what has come; with the connection failed, its descriptor is -1. */
static void conn_consume(struct conn *conn, const char *data, size_t len)
{
	while (len > 0) {
		if (conn->awaited == 0) {
			conn_fail(conn, CLIENT_SURPLUS);
			return;
		}
		if (conn->body_left < 0) {
			ssize_t head_len = conn_head(conn, data, len);
			if (head_len <= 0)
				return;
			data += head_len;
			len -= (size_t)head_len;
		}
		size_t part = len < (size_t)conn->body_left ? len : (size_t)conn->body_left;
		conn->body_left -= (int64_t)part;
		client_tally.bytes += part;
		data += part;
		len -= part;
		if (conn->body_left == 0)
			conn_answered(conn);
	}
}

/*
 * One recv() of one connection. The rest of a large body is discarded by the kernel
 * (MSG_TRUNC, tcp(7)): the client's own copying would only heat the cache. Returns
 * whether more may be there.
 */
static bool conn_receive(struct conn *conn)
{
	static char buffer[65536];
	size_t carried = conn->carry_len;
	bool discard = conn->body_left > (int64_t)sizeof buffer;
	size_t room = discard ? (size_t)conn->body_left : sizeof buffer - carried;
	ssize_t n = recv(conn->fd, discard ? NULL : buffer + carried, room,
			 discard ? MSG_TRUNC : 0);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0) {
		conn_fail(conn, conn->answered ? CLIENT_RESET : CLIENT_CONNECT);
		return false;
	}
	if (n == 0) {
		bool whole = conn->awaited == 0 && conn->answered;
		if (whole && (opt.mode == CLIENT_CLOSE || conn->ending))
			conn_reopen(conn);
		else
			conn_fail(conn, CLIENT_ENDED);
		return false;
	}

	now = client_clock();
	if (discard) {
		conn->body_left -= n;
		client_tally.bytes += (uint64_t)n;
		if (conn->body_left == 0)
			conn_answered(conn);
		return (size_t)n == room;
	}
	memcpy(buffer, conn->carry, carried);
	conn->carry_len = 0;
	conn_consume(conn, buffer, carried + (size_t)n);
	return conn->fd >= 0 && ((size_t)n == room || opt.mode == CLIENT_CLOSE);
}

/* What is to be done when nothing more can be received at the moment. */
static void conn_advance(struct conn *conn)
{
	if (conn->fd < 0 || opt.mode == CLIENT_CLOSE)
		return;
	if (conn->ending && conn->body_left < 0) {
		client_tally.reconnects++;
		conn_reopen(conn);
	} else if (conn->awaited == 0 && !draining) {
		conn_ask(conn);
	}
}

static void turn(int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(loop, events, EVENTS_MAX, timeout_ms);

	now = client_clock();
	for (int i = 0; i < count; i++) {
		struct conn *conn = events[i].data.ptr;

		if (conn->blocked) {
			conn_ask(conn);
			continue;
		}
		while (conn_receive(conn))
			;
		conn_advance(conn);
	}
}

uint64_t client_failures_total(void)
{
	uint64_t total = 0;

	for (int i = 0; i < CLIENT_FAILURES; i++)
		total += client_tally.failures[i];
	return total;
}

/* With one request a connection, the server's end of it belongs to the answer. */
static bool conn_is_waiting(const struct conn *conn)
{
	return conn->fd >= 0 && (conn->awaited > 0 || conn->blocked || opt.mode == CLIENT_CLOSE);
}

static long unanswered(void)
{
	long count = 0;

	for (long i = 0; i < opened; i++)
		count += conn_is_waiting(&conns[i]);
	return count;
}

void clients_open(const struct client_options *options)
{
	opt = *options;
	make_request();
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (loop < 0)
		client_die("epoll_create1");

	now = client_clock();
	uint64_t deadline = now + OPENING_TIME * UINT64_C(1000000);
	while ((opened < opt.count || greeted < opt.count) && client_failures_total() == 0 &&
	       now < deadline) {
		while (opened < opt.count && opened - greeted < OPENING_MAX) {
			struct conn *conn = &conns[opened++];
			conn_open(conn);
			conn_ask(conn);
		}
		turn(100);
	}
	if (now >= deadline)
		client_tally.failures[CLIENT_STALLED] += (uint64_t)unanswered();
}

void clients_run(long ms)
{
	uint64_t end = client_clock() + (uint64_t)ms * 1000000;

	do
		turn(10);
	while (now < end);
}

void clients_drain(void)
{
	uint64_t deadline = client_clock() + DRAINING_TIME * UINT64_C(1000000);

	draining = true;
	while (unanswered() > 0 && now < deadline)
		turn(10);
	client_tally.failures[CLIENT_STALLED] += (uint64_t)unanswered();
}

long client_body_length(void)
{
	return opt.length;
}
