/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A closed-loop client: a number of connections, each asks again as soon as it
 * is answered, and beside it the CPU meter of the server. Every answer's status
 * and length is checked; whatever else happens is an error, which is counted,
 * told on stderr, and never retried silently.
 *
 * First all connections are opened, at most OPENING_MAX at a time so that no
 * queue of the server overflows; then it warms up; then it measures; then it waits
 * for what has been asked. One line comes out, separated by tabs:
 *
 *     CPU µs per answer, answers/s, median µs, 99th percentile µs, errors,
 *     connections that the server ended politely, share of each worker in %
 *
 * Answers are counted by their bytes, so that those which the end of the
 * measurement cuts in two count by the part that was seen. A latency runs from the
 * sending of the request (of all sixteen when pipelined; from connect() when the
 * connection serves one request only) to the last byte of the answer.
 */
#include "answer.h"
#include "cpu.h"
#include "histogram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNS_MAX = 20000,
	OPENING_MAX = 64,
	OPENING_TIME = 15000, /* ms for all connections together */
	DRAINING_TIME = 10000,
	EVENTS_MAX = 128,
	HEAD_MAX = 4096,
	PIPELINED = 16,
	WORKERS_MAX = 64,
	SOURCES = 50,
};

enum mode { KEEP, CLOSE, PIPELINE };

enum failure {
	CONNECT,
	RESET,
	ENDED,
	BAD_HEAD,
	BAD_STATUS,
	BAD_LENGTH,
	SURPLUS,
	STALLED,
	FAILURES
};

static const char *const failure_names[FAILURES] = {
	[CONNECT] = "connections refused or failed",
	[RESET] = "connections reset",
	[ENDED] = "connections ended without the whole answer",
	[BAD_HEAD] = "answers without a readable head",
	[BAD_STATUS] = "answers with an unexpected status",
	[BAD_LENGTH] = "answers with an unexpected length",
	[SURPLUS] = "connections with bytes behind the last answer",
	[STALLED] = "connections that never got their answer or were never ended",
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

struct worker {
	unsigned pid;
	uint64_t conns;
};

static struct options {
	const char *path;
	long port, server, conns, status, length, warm_ms, run_ms;
	enum mode mode;
} opt = { .path = "/", .conns = 64, .status = 200, .length = -1, .warm_ms = 100, .run_ms = 1000 };

static struct conn conns[CONNS_MAX];
static long opened; /* connections of which the first has been asked for */
static long greeted; /* those with their first answer */
static bool draining; /* nothing is asked any more */
static int loop;
static char request[PIPELINED * 512];
static size_t request_len;
static uint64_t now;

static struct histogram latencies;
static uint64_t answers, bytes, reconnects;
static uint64_t failures[FAILURES];
static struct worker workers[WORKERS_MAX];

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void make_request(void)
{
	char one[512];
	int len = snprintf(one, sizeof one,
			   "GET %s HTTP/1.1\r\n"
			   "Host: 127.0.0.1:%ld\r\n"
			   "User-Agent: bench\r\n"
			   "Accept: */*\r\n%s\r\n",
			   opt.path, opt.port, opt.mode == CLOSE ? "Connection: close\r\n" : "");

	for (int i = 0; i < (opt.mode == PIPELINE ? PIPELINED : 1); i++) {
		memcpy(request + request_len, one, (size_t)len);
		request_len += (size_t)len;
	}
}

/*
 * A server that ends connections itself keeps their pairs of addresses for a
 * minute. Many source addresses make many pairs.
 */
static int connect_from(long source)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 +
							     (uint32_t)(source % SOURCES)) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)opt.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
	    (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS))
		die("connect");
	return fd;
}

static void watch(int op, struct conn *conn, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = conn };

	if (epoll_ctl(loop, op, conn->fd, &event) < 0)
		die("epoll_ctl");
}

static void conn_open(struct conn *conn)
{
	*conn = (struct conn){ .fd = connect_from(conn - conns), .body_left = -1, .asked_at = now };
	watch(EPOLL_CTL_ADD, conn, EPOLLIN);
}

/* It stays closed: a server that fails is not asked again and again. */
static void conn_fail(struct conn *conn, enum failure failure)
{
	failures[failure]++;
	close(conn->fd);
	conn->fd = -1;
}

static void conn_ask(struct conn *conn)
{
	if (opt.mode != CLOSE)
		conn->asked_at = now;
	ssize_t n = send(conn->fd, request, request_len, MSG_NOSIGNAL);
	if (n == (ssize_t)request_len) {
		conn->awaited = opt.mode == PIPELINE ? PIPELINED : 1;
		if (conn->blocked)
			watch(EPOLL_CTL_MOD, conn, EPOLLIN);
		conn->blocked = false;
	} else if (n < 0 && errno == EAGAIN && !conn->blocked) {
		conn->blocked = true;
		watch(EPOLL_CTL_MOD, conn, EPOLLOUT);
	} else {
		conn_fail(conn, conn->answered ? RESET : CONNECT);
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
	for (int i = 0; i < WORKERS_MAX; i++) {
		if (workers[i].pid == 0)
			workers[i].pid = pid;
		if (workers[i].pid == pid) {
			workers[i].conns++;
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
		conn_fail(conn, BAD_HEAD);
		return -1;
	}
	if (answer.status != opt.status) {
		conn_fail(conn, BAD_STATUS);
		return -1;
	}
	if (opt.length < 0)
		opt.length = answer.body_len; /* of an error page: the same each time */
	if (answer.body_len != opt.length) {
		conn_fail(conn, BAD_LENGTH);
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
	answers++;
	histogram_add(&latencies, now - conn->asked_at);
}

/* Takes what has come; with the connection failed, its descriptor is -1. */
static void conn_consume(struct conn *conn, const char *data, size_t len)
{
	while (len > 0) {
		if (conn->awaited == 0) {
			conn_fail(conn, SURPLUS);
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
		bytes += part;
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
		conn_fail(conn, conn->answered ? RESET : CONNECT);
		return false;
	}
	if (n == 0) {
		bool whole = conn->awaited == 0 && conn->answered;
		if (whole && (opt.mode == CLOSE || conn->ending))
			conn_reopen(conn);
		else
			conn_fail(conn, ENDED);
		return false;
	}

	now = clock_ns();
	if (discard) {
		conn->body_left -= n;
		bytes += (uint64_t)n;
		if (conn->body_left == 0)
			conn_answered(conn);
		return (size_t)n == room;
	}
	memcpy(buffer, conn->carry, carried);
	conn->carry_len = 0;
	conn_consume(conn, buffer, carried + (size_t)n);
	return conn->fd >= 0 && ((size_t)n == room || opt.mode == CLOSE);
}

/* What is to be done when nothing more can be received at the moment. */
static void conn_advance(struct conn *conn)
{
	if (conn->fd < 0 || opt.mode == CLOSE)
		return;
	if (conn->ending && conn->body_left < 0) {
		reconnects++;
		conn_reopen(conn);
	} else if (conn->awaited == 0 && !draining) {
		conn_ask(conn);
	}
}

static void turn(int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(loop, events, EVENTS_MAX, timeout_ms);

	now = clock_ns();
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

static uint64_t failures_total(void)
{
	uint64_t total = 0;

	for (int i = 0; i < FAILURES; i++)
		total += failures[i];
	return total;
}

static void open_all(void)
{
	uint64_t deadline = clock_ns() + OPENING_TIME * UINT64_C(1000000);

	now = clock_ns();
	while (greeted < opt.conns && failures_total() == 0 && now < deadline) {
		while (opened < opt.conns && opened - greeted < OPENING_MAX) {
			struct conn *conn = &conns[opened++];
			conn_open(conn);
			conn_ask(conn);
		}
		turn(100);
	}
	failures[STALLED] += now >= deadline ? (uint64_t)(opt.conns - greeted) : 0;
}

static void run_for(long ms)
{
	uint64_t end = clock_ns() + (uint64_t)ms * 1000000;

	do
		turn(10);
	while (now < end);
}

/* With one request a connection, the server's end of it belongs to the answer. */
static bool conn_is_waiting(const struct conn *conn)
{
	return conn->fd >= 0 && (conn->awaited > 0 || conn->blocked || opt.mode == CLOSE);
}

static long unanswered(void)
{
	long count = 0;

	for (long i = 0; i < opened; i++)
		count += conn_is_waiting(&conns[i]);
	return count;
}

static void drain(void)
{
	uint64_t deadline = clock_ns() + DRAINING_TIME * UINT64_C(1000000);

	draining = true;
	while (unanswered() > 0 && now < deadline)
		turn(10);
	failures[STALLED] += (uint64_t)unanswered();
}

static void print_workers(void)
{
	uint64_t total = 0;

	for (int i = 0; i < WORKERS_MAX && workers[i].conns > 0; i++)
		total += workers[i].conns;
	if (workers[0].pid == 0)
		total = 0; /* the server doesn't say who answers */
	for (int i = 0; i < WORKERS_MAX && workers[i].conns > 0 && total > 0; i++)
		printf("%s%.0f", i > 0 ? "/" : "", (double)workers[i].conns * 100 / (double)total);
	printf("%s\n", total > 0 ? "" : "-");
}

/* What has come between two moments: the server's time and the client's. */
struct measurement {
	struct histogram latencies;
	double answers, seconds, cpu_us;
};

static void measure(const struct cpu_meter *meter, struct measurement *out)
{
	uint64_t cpu_before = 0, cpu_after = 0;

	memset(&latencies, 0, sizeof latencies);
	answers = bytes = 0;
	uint64_t start = clock_ns();
	int err = cpu_meter_read(meter, &cpu_before);
	run_for(opt.run_ms);
	if (err == 0)
		err = cpu_meter_read(meter, &cpu_after);
	if (err < 0) {
		errno = -err;
		die("a process of the server has ended during the measurement");
	}
	*out = (struct measurement){
		.latencies = latencies,
		.answers = opt.length > 0 ? (double)bytes / (double)opt.length : (double)answers,
		.seconds = (double)(clock_ns() - start) / 1e9,
		.cpu_us = (double)(cpu_after - cpu_before) / 1000,
	};
}

static void print_measurement(const struct measurement *run)
{
	printf("%.3f\t%.1f\t%.1f\t%.1f\t%llu\t%llu\t",
	       run->answers > 0 ? run->cpu_us / run->answers : 0, run->answers / run->seconds,
	       (double)histogram_percentile(&run->latencies, 0.5) / 1000,
	       (double)histogram_percentile(&run->latencies, 0.99) / 1000,
	       (unsigned long long)failures_total(), (unsigned long long)reconnects);
	print_workers();
}

static void usage(void)
{
	fprintf(stderr,
		"usage: load -p PORT -P PID [-u PATH] [-c CONNECTIONS] [-m keep|close|pipeline]\n"
		"            [-s STATUS] [-l LENGTH] [-w WARM_MS] [-t RUN_MS]\n");
	exit(2);
}

static enum mode mode_of(const char *name)
{
	static const char *const names[] = {
		[KEEP] = "keep", [CLOSE] = "close", [PIPELINE] = "pipeline"
	};

	for (enum mode mode = KEEP; mode <= PIPELINE; mode++) {
		if (strcmp(name, names[mode]) == 0)
			return mode;
	}
	usage();
	return KEEP;
}

static void parse_options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "p:P:u:c:m:s:l:w:t:")) != -1;) {
		switch (c) {
		case 'p':
			opt.port = atol(optarg);
			break;
		case 'P':
			opt.server = atol(optarg);
			break;
		case 'u':
			opt.path = optarg;
			break;
		case 'c':
			opt.conns = atol(optarg);
			break;
		case 'm':
			opt.mode = mode_of(optarg);
			break;
		case 's':
			opt.status = atol(optarg);
			break;
		case 'l':
			opt.length = atol(optarg);
			break;
		case 'w':
			opt.warm_ms = atol(optarg);
			break;
		case 't':
			opt.run_ms = atol(optarg);
			break;
		default:
			usage();
		}
	}
	if (opt.port <= 0 || opt.server <= 0 || opt.conns < 1 || opt.conns > CONNS_MAX ||
	    strlen(opt.path) > 256)
		usage();
}

int main(int argc, char **argv)
{
	struct cpu_meter meter;
	static struct measurement run;

	parse_options(argc, argv);
	int err = cpu_meter_init(&meter, (pid_t)opt.server);
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (err < 0 || loop < 0) {
		errno = err < 0 ? -err : errno;
		die("the server's processes");
	}

	make_request();
	open_all();
	if (failures_total() == 0) {
		run_for(opt.warm_ms);
		measure(&meter, &run);
		drain();
		print_measurement(&run);
	}
	for (int i = 0; i < FAILURES; i++) {
		if (failures[i] > 0)
			fprintf(stderr, "load: %llu %s\n", (unsigned long long)failures[i],
				failure_names[i]);
	}
	return failures_total() > 0;
}
