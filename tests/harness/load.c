/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One epoll, a state for each connection, a clock that is looked at every few
 * milliseconds for those that pause. A connection that ends is opened anew, in
 * whatever way it has ended: only the count remembers.
 */
#include "harness/load.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/memory.h"
#include "harness/wire.h"
#include "harness/server.h"

enum {
	TICK_MS = 2,
	PAUSE_MS = 40, /* at most */
	REOPEN_MS = 5, /* after a fault, and between fresh connections */
	BUFFER = 8192,
	PIPELINE = 4,
};

enum kind { BUSY, PAUSING, SPLIT, PIPELINED, FRESH };

struct user {
	enum kind kind;
	int fd; /* -1: not open */
	int due; /* answers that are missing */
	const char *rest; /* of the head, to be sent later; NULL: nothing */
	long wake_ms; /* when it goes on; 0: it waits for the server */
	long opened_ms, asked_ms;
	bool closing; /* an answer has said Connection: close */
	pid_t pid;
	struct wire *wire; /* NULL: plain */
	char bytes[BUFFER];
	size_t len;
};

struct load {
	struct load_plan plan;
	struct load_result result;
	struct user *users;
	int count;
	int epoll_fd;
	long hung_ms;
	unsigned seed;
	const char *request, *requests; /* one, and PIPELINE of them */
	pthread_t thread;
	atomic_bool stopped;
	_Atomic uint64_t answers;
};

static void hang_up(struct load *load, struct user *user)
{
	/* No TIME_WAIT: a client that opens thousands would run out of ports. */
	struct linger linger = { .l_onoff = 1 };

	epoll_ctl(load->epoll_fd, EPOLL_CTL_DEL, user->fd, NULL);
	setsockopt(user->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(user->fd);
	wire_destroy(user->wire);
	user->wire = NULL;
	user->fd = -1;
}

static void fault(struct load *load, struct user *user, enum load_fault fault)
{
	if (load->plan.expected && load->plan.expected(fault, user->pid, user->opened_ms))
		load->result.expected++;
	else
		load->result.faults[fault]++;
	if (user->fd >= 0)
		hang_up(load, user);
	user->wake_ms = now_ms() + REOPEN_MS;
}

static void open_one(struct load *load, struct user *user)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)load->plan.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = user };

	user->due = 0;
	user->rest = NULL;
	user->len = 0;
	user->closing = false;
	user->pid = 0;
	user->opened_ms = now_ms();
	user->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(user->fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(user->fd);
		user->fd = -1;
		fault(load, user, FAULT_REFUSED);
		return;
	}
	user->wire = wire_create();
	load->result.connections++;
	epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, user->fd, &event);
}

static void fault_of_errno(struct load *load, struct user *user)
{
	fault(load, user, errno == ECONNRESET || errno == EPIPE ? FAULT_RESET : FAULT_UNANSWERED);
}

/* What is sealed and was not sent; valid until more is sealed. */
static size_t take_sealed(struct user *user, const char **bytes)
{
	size_t len = wire_unsent(user->wire, bytes);

	wire_sent(user->wire, len);
	return len;
}

/* Small enough for any socket's buffer. */
static bool send_text(struct load *load, struct user *user, const char *text, size_t len)
{
	user->asked_ms = now_ms();
	user->wake_ms = 0;
	if (user->wire) {
		wire_seal(user->wire, text, len);
		len = take_sealed(user, &text);
	}
	if (send(user->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len)
		return true;
	fault_of_errno(load, user);
	return false;
}

static void ask(struct load *load, struct user *user)
{
	size_t len = strlen(load->request), half = len / 2;

	if (user->fd < 0)
		open_one(load, user);
	if (user->fd < 0)
		return;
	switch (user->kind) {
	case SPLIT:
		user->due = 1;
		if (user->wire && user->wire->type->is_http2) { /* nothing is sent of a half */
			send_text(load, user, load->request, len);
			return;
		}
		if (!send_text(load, user, load->request, half))
			return;
		user->rest = load->request + half;
		user->wake_ms = now_ms() + rand_r(&load->seed) % PAUSE_MS;
		return;
	case PIPELINED:
		user->due = PIPELINE;
		send_text(load, user, load->requests, strlen(load->requests));
		return;
	default:
		user->due = 1;
		send_text(load, user, load->request, len);
	}
}

/* Its time has come. */
static void go_on(struct load *load, struct user *user)
{
	const char *rest = user->rest;

	user->rest = NULL;
	if (rest)
		send_text(load, user, rest, strlen(rest));
	else
		ask(load, user);
}

static void all_answered(struct load *load, struct user *user)
{
	if (user->kind == FRESH || user->closing) {
		load->result.announced += user->closing;
		hang_up(load, user);
		user->wake_ms = now_ms() + (user->kind == FRESH ? REOPEN_MS : 0);
		return;
	}
	if (user->kind == BUSY || user->kind == PIPELINED)
		ask(load, user);
	else
		user->wake_ms = now_ms() + rand_r(&load->seed) % PAUSE_MS;
}

static const char *field(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at ? at + strlen(name) : NULL;
}

/* Takes one whole answer off the front: 1; 0: it isn't there yet; -1: it is wrong. */
static int take_answer(struct load *load, struct user *user)
{
	user->bytes[user->len] = '\0';
	char *end = strstr(user->bytes, "\r\n\r\n");
	if (!end)
		return 0;
	*end = '\0';
	const char *length = field(user->bytes, "\r\nContent-Length: ");
	const char *pid = field(user->bytes, "\r\nX-Pid: ");
	size_t whole = (size_t)(end + 4 - user->bytes) + (length ? strtoul(length, NULL, 10) : 0);
	bool right = strncmp(user->bytes, "HTTP/1.1 200 ", 13) == 0;

	user->closing |= field(user->bytes, "\r\nConnection: close") != NULL;
	*end = '\r';
	if (user->len < whole && right)
		return 0;
	user->pid = pid ? atoi(pid) : 0;
	if (right && load->plan.body)
		right = memmem(end + 4, whole - (size_t)(end + 4 - user->bytes), load->plan.body,
			       strlen(load->plan.body)) != NULL;
	if (!right)
		return -1;
	memmove(user->bytes, user->bytes + whole, user->len - whole);
	user->len -= whole;
	return 1;
}

static void take_answers(struct load *load, struct user *user)
{
	int taken;

	while (user->due && (taken = take_answer(load, user)) != 0) {
		if (taken < 0) {
			fault(load, user, FAULT_WRONG);
			return;
		}
		atomic_fetch_add(&load->answers, 1);
		if (now_ms() - user->asked_ms > load->result.slowest_ms)
			load->result.slowest_ms = now_ms() - user->asked_ms;
		user->due--;
		/* What was sent behind it need not be answered, says RFC 9112, 9.6. */
		if (user->closing)
			user->due = 0;
	}
	if (!user->due)
		all_answered(load, user);
}

/* Puts what has come behind what is there; where it was asked for a grant, it sends that. */
static void take_bytes(struct user *user, const char *bytes, size_t len)
{
	const char *answer;

	if (user->wire) {
		len = wire_open(user->wire, bytes, len, &bytes);
		size_t answer_len = take_sealed(user, &answer);
		if (answer_len)
			send(user->fd, answer, answer_len, MSG_NOSIGNAL);
	}
	ck_assert_uint_lt(len, sizeof(user->bytes) - user->len);
	memcpy(user->bytes + user->len, bytes, len);
	user->len += len;
	user->closing |= wire_is_over(user->wire);
}

static void on_ready(struct load *load, struct user *user)
{
	char bytes[BUFFER / 2]; /* as many may be in the beginning of a record */
	size_t room = BUFFER - 1 - user->len;
	ssize_t n = recv(user->fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes),
			 MSG_DONTWAIT);

	if (n > 0) {
		take_bytes(user, bytes, (size_t)n);
		take_answers(load, user);
		if (user->due && wire_is_over(user->wire))
			fault(load, user, FAULT_UNANSWERED);
	} else if (n == 0) {
		fault(load, user, user->due ? FAULT_UNANSWERED : FAULT_CLOSED);
	} else if (errno != EAGAIN && errno != EINTR) {
		fault_of_errno(load, user);
	}
}

static void look_at_clock(struct load *load)
{
	long now = now_ms();

	for (int i = 0; i < load->count; i++) {
		struct user *user = &load->users[i];

		if (user->wake_ms && user->wake_ms <= now)
			go_on(load, user);
		else if (!user->wake_ms && user->due && now - user->asked_ms > load->hung_ms)
			fault(load, user, FAULT_HUNG);
	}
}

static void *run(void *data)
{
	struct load *load = data;
	long looked_ms = 0;

	while (!atomic_load(&load->stopped)) {
		struct epoll_event events[64];
		int count = epoll_wait(load->epoll_fd, events, 64, TICK_MS);

		for (int i = 0; i < count; i++)
			on_ready(load, events[i].data.ptr);
		if (now_ms() - looked_ms >= TICK_MS) {
			looked_ms = now_ms();
			look_at_clock(load);
		}
	}
	return NULL;
}

static void add_users(struct load *load, enum kind kind, int count)
{
	for (int i = 0; i < count; i++)
		load->users[load->count++] =
			(struct user){ .kind = kind, .fd = -1, .wake_ms = now_ms() + i % PAUSE_MS };
}

struct load *load_start(const struct load_plan *plan)
{
	struct load *load = memory_alloc(sizeof(*load));
	int count = plan->busy + plan->pausing + plan->split + plan->pipelined + plan->fresh;

	*load = (struct load){ .plan = *plan, .seed = 1, .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	load->hung_ms = test_seconds() * 1000L;
	load->request = memory_printf("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
				      plan->target ? plan->target : "/");
	load->requests = memory_printf("%s%s%s%s", load->request, load->request, load->request,
				       load->request);
	load->users = memory_alloc(sizeof(*load->users) * (size_t)count);
	add_users(load, BUSY, plan->busy);
	add_users(load, PAUSING, plan->pausing);
	add_users(load, SPLIT, plan->split);
	add_users(load, PIPELINED, plan->pipelined);
	add_users(load, FRESH, plan->fresh);
	ck_assert_int_eq(pthread_create(&load->thread, NULL, run, load), 0);
	return load;
}

uint64_t load_answers(const struct load *load)
{
	return atomic_load(&load->answers);
}

struct load_result load_stop(struct load *load)
{
	atomic_store(&load->stopped, true);
	pthread_join(load->thread, NULL);
	for (int i = 0; i < load->count; i++)
		if (load->users[i].fd >= 0)
			hang_up(load, &load->users[i]);
	close(load->epoll_fd);
	load->result.answers = load_answers(load);
	return load->result;
}

void load_check(const struct load_result *result)
{
	static const char *const names[FAULTS] = { "refused", "reset",	 "unanswered",
						   "closed",  "wrong",	 "hung" };
	uint64_t sum = 0;
	char *text = memory_printf("%llu answers", (unsigned long long)result->answers);

	for (int i = 0; i < FAULTS; i++) {
		sum += result->faults[i];
		text = memory_printf("%s, %llu %s", text, (unsigned long long)result->faults[i],
				     names[i]);
	}
	ck_assert_msg(sum == 0 && result->answers > 0, "%s", text);
	if (getenv("SOAK"))
		printf("%s, %llu connections, %llu ended as announced\n", text,
		       (unsigned long long)result->connections,
		       (unsigned long long)result->announced);
}
