/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens and closes connections, watches them, keeps the lists and counters of this process.
 * What is said on a connection is up to its protocol.
 */
#include "net/conn.h"

#include <errno.h>
#include <ip.h>
#include <stdlib.h>
#include <unistd.h>

#include <log.h>

#include "base/stats.h"
#include "net/preface.h"

struct conns conns = {
	.idle_list = LIST_EMPTY(conns.idle_list),
	.busy_list = LIST_EMPTY(conns.busy_list),
	.limit = 512,
};

static void on_ready(struct event *event, uint32_t events)
{
	struct conn *conn = (struct conn *)event;

	/*
	 * EPOLLHUP also comes when both sides have sent their ends. To close then with bytes
	 * unread would reset the connection.
	 */
	if (events & EPOLLERR || (events & EPOLLHUP && !conn->end_sent)) {
		conn_close(conn); /* nothing can be sent any more */
		return;
	}
	if (events & EPOLLRDHUP)
		conn->peer_closed = true;
	if (events & EPOLLPRI)
		conn->reads_are_cut = true;
	if (events & EPOLLOUT) {
		conn_want(conn, conn->events & ~(uint32_t)EPOLLOUT);
		job_queue(&conn->send, STAGE_SEND);
	}
	if (events & (EPOLLIN | EPOLLRDHUP))
		conn->protocol->receive(conn);
}

static void on_respond(struct job *job)
{
	struct conn *conn = (struct conn *)((char *)job - offsetof(struct conn, respond));

	conn->protocol->respond(conn);
}

static void on_send(struct job *job)
{
	struct conn *conn = (struct conn *)((char *)job - offsetof(struct conn, send));

	conn->protocol->send(conn);
}

static void on_expired(void *data)
{
	struct conn *conn = data;

	conn->protocol->expired(conn);
}

static bool refuse(int fd, const char *why)
{
	static int64_t said_ms;

	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_alertx("connection closed: %s", why);
	close(fd);
	return false;
}

/* EPOLLPRI: there is an urgent byte, at which a read ends although more may follow. */
static uint32_t epoll_events(const struct conn *conn)
{
	return conn->events | EPOLLPRI | EPOLLET;
}

/* If epoll takes no more descriptors, the connection that has been idle longest is closed. */
static int watch(struct conn *conn)
{
	int error = event_add(&conn->event, epoll_events(conn));

	if ((error == -ENOSPC || error == -ENOMEM) && conn_close_oldest_idle())
		error = event_add(&conn->event, epoll_events(conn));
	return error;
}

/* NULL: it was refused and closed. */
static struct conn *create(const struct listener *listener, int fd, const union address *peer,
			   socklen_t peer_len)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn) {
		refuse(fd, "no memory for it");
		return NULL;
	}
	conn->event = (struct event){ .fd = fd, .ready = on_ready };
	conn->events = EPOLLIN | EPOLLRDHUP;
	/* On a unix socket, a read also ends behind a descriptor that was sent with the bytes. */
	conn->reads_are_cut = listener->address.any.sa_family == AF_UNIX;
	conn->respond.run = on_respond;
	conn->send.run = on_send;
	conn->timer = (struct timer){ .expired = on_expired, .data = conn };
	conn->listener = listener;
	conn->protocol = listener->protocol;
	conn->transport = &transport_plain;
	if (peer_len)
		memcpy(&conn->peer, peer, peer_len);
	conn->peer_len = peer_len;
	if (watch(conn) < 0) {
		free(conn);
		refuse(fd, "epoll does not take it");
		return NULL;
	}
	list_append(&conns.busy_list, &conn->link);
	conns.active++;
	return conn;
}

struct preface_bytes {
	size_t len;
	char bytes[];
};

struct str conn_preface(const struct conn *conn)
{
	return conn->preface ? (struct str){ conn->preface->bytes, conn->preface->len } : STR("");
}

bool conn_keep_preface(struct conn *conn, struct str bytes)
{
	if (str_empty(bytes))
		return true;
	conn->preface = malloc(sizeof(*conn->preface) + bytes.len);
	if (!conn->preface)
		return false;
	conn->preface->len = bytes.len;
	str_put(conn->preface->bytes, bytes);
	return true;
}

/* Before its protocol begins, it may have to send a preface. */
static void expect_preface(struct conn *conn)
{
	const struct preface_rule *rule =
		conn->listener->preface_of ? conn->listener->preface_of(conn) : NULL;

	if (rule)
		conn->protocol = rule->protocol;
}

bool conn_open(const struct listener *listener, int fd, const union address *peer,
	       socklen_t peer_len)
{
	if (conns.active >= conns.limit && !conn_close_oldest_idle())
		return refuse(fd, "worker_connections are not enough");

	struct conn *conn = create(listener, fd, peer, peer_len);

	if (!conn)
		return false;
	conn->number = stats_next_number();
	conn->started_ms = clock_wall_ms();
	expect_preface(conn);
	conn->protocol->open(conn);
	return true;
}

bool conn_import(const struct listener *listener, int fd, const union address *peer,
		 socklen_t peer_len, const struct conn_past *past)
{
	struct conn *conn = create(listener, fd, peer, peer_len);

	if (!conn)
		return false;
	conn->number = past->number;
	conn->requests = past->requests;
	conn->started_ms = past->started_ms;
	if (past->awaits_preface)
		expect_preface(conn);
	if (conn_keep_preface(conn, past->preface) && conn->protocol->import(conn, past))
		return true;
	conn_close(conn);
	return false;
}

bool conn_is_portable(const struct conn *conn)
{
	return conn->transport->can_export && conn->protocol->export;
}

bool conn_pack(const struct conn *conn, struct conn_past *past)
{
	if (!conn_is_portable(conn))
		return false;
	*past = (struct conn_past){
		.number = conn->number,
		.requests = conn->requests,
		.started_ms = conn->started_ms,
	};
	past->preface = conn_preface(conn);
	return conn->protocol->export(conn, past);
}

void conn_unwatch(struct conn *conn)
{
	event_remove(&conn->event);
}

void conn_watch(struct conn *conn)
{
	int error = event_add(&conn->event, epoll_events(conn));

	if (error == 0)
		return;
	log_alertc(error, "connection %llu ends: epoll does not take it again",
		   (unsigned long long)conn->number);
	timer_start(&conn->timer, 0); /* the caller still uses it */
}

static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void destroy(struct conn *conn)
{
	timer_stop(&conn->timer);
	job_cancel(&conn->respond);
	job_cancel(&conn->send);
	list_remove(&conn->link);
	conns.idle -= conn->idle;
	conns.active--;
	free(conn->preface);
	free(conn);
	if (conns.active == 0 && conns.none_left)
		conns.none_left();
}

void conn_close(struct conn *conn)
{
	event_remove(&conn->event);
	conn->protocol->close(conn);
	if (conn->reset_on_close)
		reset(conn->event.fd);
	close(conn->event.fd);
	destroy(conn);
}

void conn_forget(struct conn *conn)
{
	conn->protocol->close(conn);
	destroy(conn);
}

/* Makes epoll report what is there now, even if it has been reported before. */
static void rearm(struct conn *conn)
{
	int error = event_modify(&conn->event, epoll_events(conn));

	if (error < 0)
		log_alertc(error, "connection %llu: epoll_ctl() failed",
			   (unsigned long long)conn->number);
}

void conn_want(struct conn *conn, uint32_t events)
{
	if (conn->events == events)
		return;
	conn->events = events;
	rearm(conn);
}

ssize_t conn_receive(struct conn *conn, void *buffer, size_t size)
{
	ssize_t n = conn->transport->receive(conn, buffer, size);
	bool maybe_more =
		n == (ssize_t)size || (n > 0 && (conn->peer_closed || conn->reads_are_cut));

	if (maybe_more || n == -EINTR)
		rearm(conn);
	return n;
}

void conn_set_idle(struct conn *conn, bool is_idle)
{
	if (conn->idle == is_idle)
		return;
	list_remove(&conn->link);
	list_append(is_idle ? &conns.idle_list : &conns.busy_list, &conn->link);
	conns.idle += is_idle ? 1 : -1;
	conn->idle = is_idle;
}

const union address *conn_local(struct conn *conn)
{
	if (conn->local_len)
		return &conn->local;
	conn->local_len = sizeof(conn->local);
	if (getsockname(conn->event.fd, &conn->local.any, &conn->local_len) < 0) {
		conn->local_len = conn->listener->address_len;
		conn->local = conn->listener->address;
	}
	return &conn->local;
}

struct str conn_peer_text(struct conn *conn)
{
	if (!conn->peer_text_len) {
		const char *end = ip_put(conn->peer_text, address_bytes(&conn->peer));

		conn->peer_text_len = (uint8_t)(end - conn->peer_text);
	}
	return (struct str){ conn->peer_text, conn->peer_text_len };
}

/* Calls act() on each connection of a list; act() may close the connection. */
static void for_each(struct list *list, void (*act)(struct conn *conn))
{
	struct list *next;

	for (struct list *link = list->next; link != list; link = next) {
		next = link->next;
		act(list_item(link, struct conn, link));
	}
}

void conn_for_each(void (*act)(struct conn *conn))
{
	for_each(&conns.idle_list, act);
	for_each(&conns.busy_list, act);
}

/* As for_each(), but ends and returns false as soon as act() returns false. */
static bool for_some(struct list *list, bool (*act)(struct conn *conn))
{
	struct list *next;

	for (struct list *link = list->next; link != list; link = next) {
		next = link->next;
		if (!act(list_item(link, struct conn, link)))
			return false;
	}
	return true;
}

void conn_for_all(bool (*act)(struct conn *conn))
{
	if (for_some(&conns.idle_list, act))
		for_some(&conns.busy_list, act);
}

void conn_for_idle(bool (*act)(struct conn *conn))
{
	for_some(&conns.idle_list, act);
}

static void drain(struct conn *conn)
{
	conn->protocol->drain(conn);
}

void conn_drain_all(void)
{
	conn_for_each(drain);
}

void conn_close_all(void)
{
	conn_for_each(conn_close);
}

bool conn_close_oldest_idle(void)
{
	struct list *first = conns.idle_list.next;

	if (first == &conns.idle_list)
		return false;

	struct conn *oldest = list_item(first, struct conn, link);

	/* If this one has to stay, so do the others, which became idle later. */
	if (oldest->stays_until > clock_ms())
		return false;
	conn_close(oldest);
	return true;
}
