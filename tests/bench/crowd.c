/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread, one level-triggered epoll. A head must come in one piece, as that of
 * a small file over loopback does; nothing is carried over.
 */
#include "crowd.h"

#include "answer.h"
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 128, RUSH_MAX = 16, MILLISECOND = 1000000 };

struct crowd crowd;

static int loop;
static long port;
static char request[512], last_request[512];
static int request_len, last_request_len;
static uint64_t now;

void crowd_start(long to, const char *path)
{
	static const char form[] = "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\n"
				   "User-Agent: bench\r\nAccept: */*\r\n%s\r\n";

	port = to;
	request_len = snprintf(request, sizeof request, form, path, to, "");
	last_request_len = snprintf(last_request, sizeof last_request, form, path, to,
				    "Connection: close\r\n");
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (loop < 0)
		client_die("epoll_create1");
	now = client_clock();
}

static void watch(int op, struct caller *caller, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = caller };

	if (epoll_ctl(loop, op, caller->fd, &event) < 0)
		client_die("epoll_ctl");
}

void crowd_hang_up(struct caller *caller)
{
	crowd.waiting -= caller->waiting;
	caller->waiting = false;
	if (caller->fd >= 0)
		close(caller->fd);
	caller->fd = -1;
}

static void fail(struct caller *caller)
{
	crowd.failures++;
	crowd_hang_up(caller);
}

static void send_request(struct caller *caller)
{
	ssize_t wanted = caller->once ? last_request_len : request_len;
	ssize_t n = send(caller->fd, caller->once ? last_request : request, (size_t)wanted,
			 MSG_NOSIGNAL);

	if (n == wanted) {
		if (caller->blocked)
			watch(EPOLL_CTL_MOD, caller, EPOLLIN);
		caller->blocked = false;
	} else if (n < 0 && errno == EAGAIN && !caller->blocked) {
		caller->blocked = true;
		watch(EPOLL_CTL_MOD, caller, EPOLLOUT);
	} else {
		fail(caller);
	}
}

void crowd_ask(struct caller *caller)
{
	caller->asked_at = now;
	caller->body_left = -1;
	caller->waiting = true;
	crowd.waiting++;
	send_request(caller);
}

static void come(bool once)
{
	if (crowd.count == CROWD_MAX) {
		errno = ENOSPC;
		client_die("more callers");
	}
	struct caller *caller = &crowd.callers[crowd.count++];
	*caller = (struct caller){ .fd = client_connect(crowd.count, port), .once = once };
	watch(EPOLL_CTL_ADD, caller, EPOLLIN);
	crowd_ask(caller);
}

static void complete(struct caller *caller)
{
	caller->waiting = false;
	crowd.waiting--;
	crowd.answers++;
	caller->took = now - caller->asked_at;
	histogram_add(&crowd.latencies, caller->took);
	if (caller->once)
		crowd_hang_up(caller);
	if (crowd.answered)
		crowd.answered(caller);
}

/* Returns how many bytes of it are the head's; -1: this is not what was asked for. */
static ssize_t read_head(struct caller *caller, const char *data, size_t len)
{
	struct answer answer;

	if (!caller->waiting || answer_parse(data, len, &answer) != 1 || answer.status != 200 ||
	    answer.close != caller->once)
		return -1;
	caller->worker = answer.worker;
	caller->body_left = answer.body_len;
	return (ssize_t)answer.head_len;
}

static void receive(struct caller *caller)
{
	static char buffer[65536];
	ssize_t n = recv(caller->fd, buffer, sizeof buffer, 0);
	ssize_t head_len = 0;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0 && caller->body_left < 0)
		head_len = read_head(caller, buffer, (size_t)n);
	if (n <= 0 || head_len < 0 || n - head_len > caller->body_left) {
		fail(caller);
		return;
	}
	caller->body_left -= n - head_len;
	if (caller->body_left > 0)
		return;
	caller->body_left = -1;
	complete(caller);
}

static void turn(int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(loop, events, EVENTS_MAX, timeout_ms);

	now = client_clock();
	for (int i = 0; i < count; i++) {
		struct caller *caller = events[i].data.ptr;

		if (caller->blocked)
			send_request(caller);
		else
			receive(caller);
	}
}

void crowd_come(long count, long rate, long one_in)
{
	uint64_t step = 1000 * UINT64_C(1000000) / (uint64_t)rate;
	uint64_t due = client_clock();

	for (long i = 0; i < count;) {
		if (due + RUSH_MAX * step < now)
			due = now - RUSH_MAX * step;
		for (; i < count && due <= now; i++, due += step)
			come(one_in > 0 && i % one_in == 0);
		turn(1);
	}
}

void crowd_run(long ms)
{
	uint64_t end = client_clock() + (uint64_t)ms * MILLISECOND;

	while (client_clock() < end)
		turn(10);
}

void crowd_settle(long ms)
{
	uint64_t end = client_clock() + (uint64_t)ms * MILLISECOND;

	while (crowd.waiting > 0 && client_clock() < end)
		turn(10);
}

static int by_pid(const void *a, const void *b)
{
	const struct crowd_worker *one = a, *other = b;

	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

int crowd_workers(struct crowd_worker *workers)
{
	int count = 0;

	for (long c = 0; c < crowd.count; c++) {
		const struct caller *caller = &crowd.callers[c];
		int i = 0;

		if (caller->fd < 0 || caller->worker == 0)
			continue;
		while (i < count && workers[i].pid != caller->worker)
			i++;
		if (i == CROWD_WORKERS_MAX)
			continue;
		if (i == count)
			workers[count++] = (struct crowd_worker){ .pid = caller->worker };
		workers[i].holds++;
	}
	qsort(workers, (size_t)count, sizeof *workers, by_pid);
	return count;
}

void crowd_give_up_on_failures(const char *program, const char *when)
{
	crowd.failures += (uint64_t)crowd.waiting;
	if (crowd.failures == 0)
		return;
	fprintf(stderr, "%s: %llu callers got no or no good answer or were hung up on, %s\n",
		program, (unsigned long long)crowd.failures, when);
	exit(1);
}
