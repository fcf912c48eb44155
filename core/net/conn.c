/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens, watches and closes connections, and keeps the lists and counters of this process. The
 * protocol of a connection reads and writes its bytes.
 */
#include "net/conn.h"

#include <errno.h>
#include <ip.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <log.h>

#include "stats/stats.h"
#include "net/preface.h"
#include "net/socket.h"
#include "net/transport.h"

struct conns conns = {
	.idle_list = LIST_EMPTY(conns.idle_list),
	.busy_list = LIST_EMPTY(conns.busy_list),
	.limit = 512,
};

/* EPOLLPRI reports an urgent byte: a read stops there, although more bytes may follow. */
static uint32_t epoll_events(const struct conn *conn)
{
	return (conn->transport ? conn->transport->watched : conn->events) | EPOLLPRI | EPOLLET;
}

/* Makes epoll report the events that are pending now, even if it has reported them before. */
static void rearm(struct conn *conn)
{
	int error = event_modify(&conn->event, epoll_events(conn));

	if (error < 0)
		log_alertc(error, "connection %llu: epoll_ctl() failed",
			   (unsigned long long)conn->number);
}

/* --- what is done with a transport --- */

/*
 * Called after each change of the transport's state or of the events that the protocol waits for:
 * asks epoll for the events that are needed, and queues the job if it can go on without an event.
 */
static void arrange(struct conn *conn)
{
	struct transport *transport = conn->transport;
	uint32_t events = transport_events(transport, conn->events);

	if (events != transport->watched) {
		transport->watched = events;
		rearm(conn);
	}
	if ((conn->events & EPOLLIN && transport_can_receive(transport)) ||
	    (conn->events & EPOLLOUT && transport_can_send(transport)) ||
	    (transport_can_flush(transport) && !job_is_queued(&conn->send)))
		job_queue(&transport->job, STAGE_RECEIVE);
}

static int close_half(struct conn *conn)
{
	if (shutdown(conn->event.fd, SHUT_WR) < 0)
		return -errno;
	conn->end_sent = true;
	return 0;
}

/*
 * Writes the bytes that the transport holds, and then closes our half of the socket if that is
 * wanted. False: close the connection.
 */
static bool flush(struct conn *conn)
{
	struct transport *transport = conn->transport;
	int error = transport_can_flush(transport) ? transport_flush(transport) : 0;

	if (error < 0 || transport_unsent(transport))
		return error == 0 || error == -EAGAIN;
	if (transport->shuts_down && !conn->end_sent && close_half(conn) < 0)
		return false;
	return !transport->closes;
}

/*
 * Called for an event and by the job: calls the protocol's functions that can make progress now.
 * `receives`: call receive() in any case, since the peer has ended its stream.
 */
static void go_on(struct conn *conn, bool receives)
{
	struct transport *transport = conn->transport;

	job_cancel(&transport->job);
	if (conn->events & EPOLLOUT && transport_can_send(transport)) {
		conn->events &= ~(uint32_t)EPOLLOUT;
		job_queue(&conn->send, STAGE_SEND); /* this flushes, too */
	} else if (!flush(conn)) {
		conn_close(conn);
		return;
	}
	arrange(conn);
	if (receives || (conn->events & EPOLLIN && transport_can_receive(transport)))
		conn->protocol->receive(conn);
}

static void on_job(struct job *job)
{
	struct transport *transport =
		(struct transport *)((char *)job - offsetof(struct transport, job));

	struct conn *conn = transport->conn;

	/* If this worker ends: it could not give the connection away during the handshake. */
	if (conns.export && conn->idle && conn_is_portable(conn) && conns.export(conn))
		return;
	go_on(conn, false);
}

static void on_transport_ready(struct conn *conn, uint32_t events)
{
	if (events & (EPOLLIN | EPOLLRDHUP))
		conn->transport->is_dry = false;
	if (events & EPOLLOUT)
		conn->transport->is_full = false;
	go_on(conn, events & EPOLLRDHUP);
}

/* --- events --- */

static void on_ready(struct event *event, uint32_t events)
{
	struct conn *conn = (struct conn *)event;

	/*
	 * EPOLLHUP is also reported when both sides have ended their streams. Closing the socket
	 * with unread bytes would then reset the connection.
	 */
	if (events & EPOLLERR || (events & EPOLLHUP && !conn->end_sent)) {
		if (conn->transport)
			conn->transport->is_broken = true; /* it need not end the stream */
		conn_close(conn); /* nothing can be sent any more */
		return;
	}
	if (events & EPOLLRDHUP)
		conn->peer_closed = true;
	if (events & EPOLLPRI)
		conn->reads_are_cut = true;
	if (conn->transport) {
		on_transport_ready(conn, events);
		return;
	}
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

/* If epoll takes no more descriptors, the connection that has been idle longest is closed. */
static int watch(struct conn *conn)
{
	int error = event_add(&conn->event, epoll_events(conn));

	if ((error == -ENOSPC || error == -ENOMEM) && conn_close_oldest_idle())
		error = event_add(&conn->event, epoll_events(conn));
	return error;
}

/* NULL: the connection was refused and its descriptor closed. */
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
	/* On a unix socket, a read also stops after bytes that were sent with a descriptor. */
	conn->reads_are_cut = listener->address.any.sa_family == AF_UNIX;
	conn->respond.run = on_respond;
	conn->send.run = on_send;
	conn->timer = (struct timer){ .expired = on_expired, .data = conn };
	conn->listener = listener;
	conn->protocol = listener->protocol;
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

static const struct opening *opening_of(struct conn *conn)
{
	static const struct opening plain;

	return conn->listener->opening_of ? conn->listener->opening_of(conn) : &plain;
}

/*
 * `error` is what transport_begin() or transport_import() has returned. Returns false if the
 * connection has no transport, and has to be closed.
 */
static bool check_transport(struct conn *conn, int error)
{
	static int64_t said_ms;

	if (error < 0) {
		if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
			log_alertc(error, "connection closed: its transport cannot begin");
		return false;
	}
	conn->transport->job.run = on_job;
	arrange(conn); /* the transport may hold bytes for which epoll reports no event */
	return true;
}

/*
 * Begins a new connection, with its preface or its transport if its address has one. Returns
 * false if that is not possible: the caller closes the connection.
 */
static bool begin(struct conn *conn)
{
	const struct opening *opening = opening_of(conn);

	if (opening->preface)
		conn->protocol = opening->protocol;
	else if (opening->transport)
		return check_transport(conn, transport_begin(conn, opening->transport, STR("")));
	return true;
}

bool conn_become(struct conn *conn, const struct protocol *protocol, struct conn_past *past)
{
	const struct transport_type *type = opening_of(conn)->transport;

	if (type && !conn->transport) {
		if (!check_transport(conn, transport_begin(conn, type, past->bytes)))
			return false;
		past->bytes = STR("");
	}
	conn->protocol->close(conn);
	conn->protocol = protocol;
	return protocol->import(conn, past);
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
	conn->started_ms = clock_ms();
	if (!begin(conn)) {
		conn_close(conn);
		return false;
	}
	conn->protocol->open(conn);
	return true;
}

/* The clock may have been set on the way, and another process may say anything. */
static int64_t age_of(const struct conn_past *past)
{
	int64_t age_ms = clock_wall_ms() - past->started_ms;

	return age_ms > 0 ? age_ms : 0;
}

bool conn_import(const struct listener *listener, int fd, const union address *peer,
		 socklen_t peer_len, const struct conn_past *past)
{
	struct conn *conn = create(listener, fd, peer, peer_len);

	if (!conn)
		return false;
	conn->number = past->number;
	conn->requests = past->requests;
	conn->started_ms = clock_ms() - age_of(past);
	const struct opening *opening = opening_of(conn);
	bool is_sealed = !str_empty(past->transport);
	bool awaits_preface = past->awaits_preface && opening->preface;

	if (awaits_preface)
		conn->protocol = opening->protocol;
	else if (past->is_switched && listener->switched)
		conn->protocol = listener->switched;
	/* The connection is older than the transport of its address, so its client speaks plain. */
	if (opening->transport && !is_sealed && !awaits_preface && !past->is_local) {
		conn_close(conn);
		return false;
	}
	if (past->is_switched == (conn->protocol == listener->switched) &&
	    conn_keep_preface(conn, past->preface) &&
	    (!is_sealed || check_transport(conn, transport_import(conn, opening->transport,
								 past->transport))) &&
	    conn->protocol->import(conn, past))
		return true;
	conn_close(conn);
	return false;
}

bool conn_is_portable(const struct conn *conn)
{
	const struct transport *transport = conn->transport;

	if (!conn->protocol->export)
		return false;
	return !transport || (transport->type->export &&
			      (!transport->type->can_move || transport->type->can_move(transport)));
}

static bool pack_transport(const struct conn *conn, struct conn_past *past)
{
	static char exported[TRANSPORT_EXPORTED_MAX];

	if (!conn->transport)
		return true;

	ssize_t len = transport_export(conn->transport, exported, sizeof(exported));

	if (len < 0)
		return false;
	past->transport = (struct str){ exported, (size_t)len };
	return true;
}

bool conn_pack(const struct conn *conn, struct conn_past *past)
{
	if (!conn_is_portable(conn))
		return false;
	*past = (struct conn_past){
		.number = conn->number,
		.requests = conn->requests,
		.started_ms = clock_wall_ms() - conn_age_ms(conn),
	};
	past->preface = conn_preface(conn);
	return conn->protocol->export(conn, past) && pack_transport(conn, past);
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
	timer_start(&conn->timer, 0); /* not closed here: the caller still uses the connection */
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
	transport_destroy(conn->transport);
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
	else if (conn->transport && conn->is_cut)
		transport_flush(conn->transport);
	else if (conn->transport)
		transport_end(conn->transport);
	close(conn->event.fd);
	destroy(conn);
}

void conn_forget(struct conn *conn)
{
	conn->protocol->close(conn);
	destroy(conn);
}

void conn_want(struct conn *conn, uint32_t events)
{
	bool changes = conn->events != events;

	conn->events = events;
	if (conn->transport)
		arrange(conn);
	else if (changes)
		rearm(conn);
}

ssize_t conn_receive(struct conn *conn, void *buffer, size_t size)
{
	ssize_t n;

	if (conn->transport) {
		job_cancel(&conn->transport->job); /* arrange() decides anew */
		n = transport_receive(conn->transport, buffer, size);
		arrange(conn);
		return n;
	}
	n = socket_receive(conn->event.fd, buffer, size);
	if ((n > 0 && conn_may_have_more(conn, n, size)) || n == -EINTR)
		rearm(conn);
	return n;
}

ssize_t conn_send(struct conn *conn, const struct iovec *iov, int count, bool more)
{
	return conn->transport ? transport_send(conn->transport, iov, count, more) :
				 socket_send(conn->event.fd, iov, count, more);
}

ssize_t conn_send_file(struct conn *conn, int fd, uint64_t offset, size_t size)
{
	return conn->transport ? transport_send_file(conn->transport, fd, offset, size) :
				 socket_send_file(conn->event.fd, fd, offset, size);
}

bool conn_sends_files(const struct conn *conn)
{
	return !conn->transport || conn->transport->type->send_file;
}

bool conn_can_send(const struct conn *conn)
{
	return !conn->transport || transport_can_send(conn->transport);
}

size_t conn_unsent(const struct conn *conn)
{
	return conn->transport ? transport_unsent(conn->transport) : 0;
}

int conn_flush(struct conn *conn)
{
	return conn->transport ? transport_flush(conn->transport) : 0;
}

bool conn_end(struct conn *conn)
{
	if (!conn->transport || transport_end(conn->transport) != -EAGAIN)
		return false;
	conn->transport->closes = true;
	conn_want(conn, 0);
	return true;
}

int conn_shutdown(struct conn *conn)
{
	int error = conn->transport ? transport_end(conn->transport) : 0;

	if (error == 0)
		return close_half(conn);
	if (error != -EAGAIN)
		return error;
	conn->transport->shuts_down = true;
	arrange(conn);
	return 0;
}

void conn_set_nodelay(struct conn *conn)
{
	int one = 1;

	if (conn->nodelay || conn->peer.any.sa_family == AF_UNIX)
		return;
	setsockopt(conn->event.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conn->nodelay = true;
}

void conn_limit_unsent(struct conn *conn, int bytes)
{
	if (conn->peer.any.sa_family != AF_UNIX)
		setsockopt(conn->event.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

int conn_tcp_info(const struct conn *conn, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	*info = (struct tcp_info){ 0 };
	return getsockopt(conn->event.fd, IPPROTO_TCP, TCP_INFO, info, &len) < 0 ? -errno : 0;
}

static bool is_secure(const struct conn *conn)
{
	const struct transport *transport = conn->transport;

	return transport && transport->type->is_secure && transport->type->is_secure(transport);
}

bool conn_is_opening(const struct conn *conn)
{
	const struct transport *transport = conn->transport;

	return transport && transport->type->is_opening && transport->type->is_opening(transport);
}

struct str conn_scheme(const struct conn *conn)
{
	return is_secure(conn) ? STR("https") : STR("http");
}

int conn_scheme_port(const struct conn *conn)
{
	return is_secure(conn) ? 443 : 80;
}

struct str conn_protocol(const struct conn *conn)
{
	const struct transport *transport = conn->transport;

	return transport && transport->type->protocol ? transport->type->protocol(transport) :
							(struct str){ NULL, 0 };
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

	/* If this connection may not be closed yet, neither may those that became idle later. */
	if (oldest->stays_until > clock_ms())
		return false;
	conn_close(oldest);
	return true;
}
