/* SPDX-License-Identifier: BSD-2-Clause */
#include "soak/crowd.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/server.h"

enum {
	TICK_MS = 5,
	SLOW_READ = 8192, /* bytes that a slow reader takes at a time … */
	SLOW_READ_MS = 25, /* … and the pause after them */
	SMALL_BUFFER = 4096, /* of the socket of a slow reader */
	LARGE_BODY = 1000000, /* more than all socket buffers hold */
	STATUS_LINE = 9, /* of which so many bytes are looked at */
};

struct actor {
	int fd; /* -1: not open */
	struct script *script;
	int step; /* script->count: it is over */
	size_t sent;
	long wake_ms; /* when the next step or piece is due */
	long acted_ms; /* when it did or received something last */
	long read_ms; /* when a slow reader reads next */
	bool is_closed; /* by the server */
	bool is_overdue; /* one that never read begins to, to see the end */
	size_t received;
	char start[STATUS_LINE];
};

struct crowd {
	struct faults *faults;
	int deadline_ms, slack_ms;
	int epoll_fd;
	struct actor *actors;
	int count, room;
	struct crowd_counts counts;
	bool acts; /* no longer after crowd_half_close() */
};

void faults_add(struct faults *faults, const char *format, ...)
{
	size_t len = strlen(faults->text);
	va_list args;

	faults->count++;
	if (len + 400 > sizeof(faults->text))
		return;
	va_start(args, format);
	len += (size_t)vsnprintf(faults->text + len, 390, format, args) < 390 ?
		       strlen(faults->text + len) :
		       389;
	va_end(args);
	snprintf(faults->text + len, 2, "\n");
}

struct crowd *crowd_create(struct faults *faults, int deadline_ms, int slack_ms)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	ck_assert_ptr_nonnull(crowd);
	crowd->faults = faults;
	crowd->deadline_ms = deadline_ms;
	crowd->slack_ms = slack_ms;
	crowd->acts = true;
	crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ck_assert_int_ge(crowd->epoll_fd, 0);
	return crowd;
}

void crowd_destroy(struct crowd *crowd)
{
	crowd_hang_up(crowd);
	for (int i = 0; i < crowd->count; i++)
		script_destroy(crowd->actors[i].script);
	close(crowd->epoll_fd);
	free(crowd->actors);
	free(crowd);
}

void crowd_start(struct crowd *crowd, struct script *script, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1, small = SMALL_BUFFER;

	if (crowd->count == crowd->room) {
		crowd->room = 2 * crowd->room + 64;
		crowd->actors = realloc(crowd->actors, sizeof(struct actor) * (size_t)crowd->room);
		ck_assert_ptr_nonnull(crowd->actors);
	}
	int index = crowd->count++;
	struct actor *actor = &crowd->actors[index];

	*actor = (struct actor){ .script = script, .acted_ms = now_ms() };
	actor->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(actor->fd, 0);
	if (script->reading != READ_AT_ONCE)
		setsockopt(actor->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(actor->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(actor->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		ck_abort_msg("connect to port %d: %s", port, strerror(errno));

	struct epoll_event event = { .events = EPOLLRDHUP, .data.u32 = (uint32_t)index };
	if (script->reading == READ_AT_ONCE)
		event.events |= EPOLLIN;
	epoll_ctl(crowd->epoll_fd, EPOLL_CTL_ADD, actor->fd, &event);
	crowd->counts.started++;
}

static bool is_open(const struct actor *actor)
{
	return actor->fd >= 0 && !actor->is_closed;
}

static void closed_by_server(struct crowd *crowd, struct actor *actor)
{
	long age = now_ms() - actor->acted_ms;

	epoll_ctl(crowd->epoll_fd, EPOLL_CTL_DEL, actor->fd, NULL);
	actor->is_closed = true;
	crowd->counts.closed++;
	if (age > crowd->counts.oldest_ms && !actor->is_overdue)
		crowd->counts.oldest_ms = age;
	if (actor->received >= STATUS_LINE && memcmp(actor->start, "HTTP/1.1 ", STATUS_LINE) != 0)
		faults_add(crowd->faults, "%s: the answer begins with \"%.9s\"",
			   actor->script->note, actor->start);
}

static void hang_up(struct actor *actor, bool with_reset)
{
	struct linger linger = { .l_onoff = 1 };

	if (actor->fd < 0)
		return;
	if (with_reset)
		setsockopt(actor->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(actor->fd);
	actor->fd = -1;
}

/* Reads what is there, at most max bytes. */
static void take(struct crowd *crowd, struct actor *actor, size_t max)
{
	static char bytes[65536];
	ssize_t n = recv(actor->fd, bytes, max < sizeof(bytes) ? max : sizeof(bytes), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		closed_by_server(crowd, actor);
		return;
	}
	if (n < 0)
		return;
	for (ssize_t i = 0; i < n && actor->received + (size_t)i < STATUS_LINE; i++)
		actor->start[actor->received + (size_t)i] = bytes[i];
	actor->received += (size_t)n;
	crowd->counts.received += (uint64_t)n;
	if (!actor->is_overdue)
		actor->acted_ms = now_ms();
	else if (actor->received > LARGE_BODY)
		faults_add(crowd->faults, "%s: was still being sent its answer",
			   actor->script->note);
}

/* --- acting --------------------------------------------------------------------- */

static void send_some(struct actor *actor, const struct step *step)
{
	size_t len = step->to - actor->sent;

	if (step->piece && len > step->piece)
		len = step->piece;
	ssize_t n = send(actor->fd, actor->script->bytes + actor->sent, len,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return; /* the server does not read: its deadline runs */
	if (n < 0) {
		actor->step = actor->script->count; /* what it closed is seen by reading */
		return;
	}
	actor->sent += (size_t)n;
	actor->wake_ms = now_ms() + step->ms;
	if (!actor->script->drips)
		actor->acted_ms = now_ms();
	if (actor->sent == step->to)
		actor->step++;
}

/* Does the next step, or a part of it. True: there may be another one due. */
static bool act(struct crowd *crowd, struct actor *actor)
{
	const struct step *step = &actor->script->steps[actor->step];

	switch (step->act) {
	case ACT_SEND:
		if (actor->sent >= step->to)
			actor->step++;
		else
			send_some(actor, step);
		return false;
	case ACT_PAUSE:
		actor->wake_ms = now_ms() + step->ms;
		break;
	case ACT_URGENT:
		send(actor->fd, "!", 1, MSG_OOB | MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case ACT_HALF_CLOSE:
		shutdown(actor->fd, SHUT_WR);
		break;
	case ACT_RESET:
	case ACT_CLOSE:
		hang_up(actor, step->act == ACT_RESET);
		actor->step = actor->script->count;
		crowd->counts.left++;
		return false;
	}
	if (!actor->script->drips)
		actor->acted_ms = now_ms();
	actor->step++;
	return true;
}

static void look_at_deadline(struct crowd *crowd, struct actor *actor, long now)
{
	long over = now - actor->acted_ms - crowd->deadline_ms;

	if (over < 0)
		return;
	if (actor->script->reading == READ_NEVER && !actor->is_overdue) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP,
					     .data.u32 = (uint32_t)(actor - crowd->actors) };

		actor->is_overdue = true;
		epoll_ctl(crowd->epoll_fd, EPOLL_CTL_MOD, actor->fd, &event);
	}
	if (over < crowd->slack_ms)
		return;
	faults_add(crowd->faults, "%s: still open %ld ms after its last act; the limit is %d ms",
		   actor->script->note, now - actor->acted_ms, crowd->deadline_ms);
	hang_up(actor, true);
}

static void look_at_clock(struct crowd *crowd)
{
	for (int i = 0; i < crowd->count; i++) {
		struct actor *actor = &crowd->actors[i];
		long now = now_ms();

		while (is_open(actor) && crowd->acts && actor->step < actor->script->count &&
		       actor->wake_ms <= now && act(crowd, actor))
			continue;
		if (is_open(actor) && crowd->acts && actor->script->reading == READ_SLOWLY &&
		    actor->read_ms <= now) {
			take(crowd, actor, SLOW_READ);
			actor->read_ms = now + SLOW_READ_MS;
		}
		if (is_open(actor) && crowd->deadline_ms)
			look_at_deadline(crowd, actor, now);
	}
}

static void on_event(struct crowd *crowd, const struct epoll_event *event)
{
	struct actor *actor = &crowd->actors[event->data.u32];

	if (!is_open(actor))
		return;
	if (actor->script->reading == READ_AT_ONCE || actor->is_overdue)
		take(crowd, actor, SIZE_MAX);
	else if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		closed_by_server(crowd, actor);
}

void crowd_run(struct crowd *crowd, int ms)
{
	long until = now_ms() + ms, looked_ms = 0;

	do {
		struct epoll_event events[64];
		int count = epoll_wait(crowd->epoll_fd, events, 64, TICK_MS);

		for (int i = 0; i < count; i++)
			on_event(crowd, &events[i]);
		if (now_ms() - looked_ms >= TICK_MS) {
			looked_ms = now_ms();
			look_at_clock(crowd);
		}
	} while (now_ms() < until);
}

int crowd_acting(const struct crowd *crowd)
{
	int count = 0;

	for (int i = 0; i < crowd->count; i++)
		count += is_open(&crowd->actors[i]) &&
			 crowd->actors[i].step < crowd->actors[i].script->count;
	return count;
}

int crowd_answered(const struct crowd *crowd)
{
	int count = 0;

	for (int i = 0; i < crowd->count; i++)
		count += crowd->actors[i].received > 0;
	return count;
}

int crowd_open(const struct crowd *crowd)
{
	int count = 0;

	for (int i = 0; i < crowd->count; i++)
		count += is_open(&crowd->actors[i]);
	return count;
}

void crowd_half_close(struct crowd *crowd)
{
	crowd->acts = false;
	for (int i = 0; i < crowd->count; i++)
		if (is_open(&crowd->actors[i]))
			shutdown(crowd->actors[i].fd, SHUT_WR);
}

void crowd_hang_up(struct crowd *crowd)
{
	for (int i = 0; i < crowd->count; i++)
		hang_up(&crowd->actors[i], true);
}

struct crowd_counts crowd_counts(const struct crowd *crowd)
{
	return crowd->counts;
}
