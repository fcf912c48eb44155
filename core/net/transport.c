/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/transport.h"

#include <assert.h>
#include <config.h>
#include <errno.h>
#include <hash.h>
#include <stdlib.h>
#include <string.h>

#include "net/conn.h"
#include "net/socket.h"

/* --- what modules call --- */

void *transport_state(const struct transport *transport)
{
	return (void *)transport->state;
}

static size_t take_early(struct transport *transport, void *buffer, size_t size)
{
	size_t left = transport->early_len - transport->early_used;
	size_t n = left < size ? left : size;

	memcpy(buffer, transport->early + transport->early_used, n);
	transport->early_used += n;
	if (n == left) {
		free(transport->early);
		transport->early = NULL;
	}
	return n;
}

ssize_t transport_read_socket(struct transport *transport, void *buffer, size_t size)
{
	const struct conn *conn = transport->conn;

	if (transport->early)
		return (ssize_t)take_early(transport, buffer, size);

	ssize_t n;

	do
		n = socket_receive(conn->event.fd, buffer, size);
	while (n == -EINTR);
	transport->is_dry = n == -EAGAIN || (n > 0 && !conn_may_have_more(conn, n, size));
	return n;
}

ssize_t transport_write_socket(struct transport *transport, const void *bytes, size_t len,
			       bool more)
{
	const struct iovec iov = { (void *)bytes, len };
	ssize_t n;

	do
		n = socket_send(transport->conn->event.fd, &iov, 1, more);
	while (n == -EINTR);
	if (n == -EAGAIN || (n >= 0 && (size_t)n < len))
		transport->is_full = true;
	return n;
}

void transport_wake(struct transport *transport)
{
	transport->waits = false;
	job_queue(&transport->job, STAGE_RECEIVE);
}

/* --- create, move, destroy --- */

/* NULL: no memory. */
static struct transport *create(struct conn *conn, const struct transport_type *type,
				struct str early)
{
	struct transport *transport = calloc(1, sizeof(*transport) + type->size);

	if (!transport)
		return NULL;
	transport->type = type;
	transport->conn = conn;
	transport->watched = conn->events;
	if (str_empty(early))
		return transport;
	transport->early = malloc(early.len);
	if (!transport->early) {
		free(transport);
		return NULL;
	}
	str_put(transport->early, early);
	transport->early_len = early.len;
	return transport;
}

static void release(struct transport *transport)
{
	free(transport->early);
	free(transport);
}

static int keep(struct conn *conn, struct transport *transport, int error)
{
	if (error < 0)
		release(transport);
	else
		conn->transport = transport;
	return error;
}

int transport_begin(struct conn *conn, const struct transport_type *type, struct str early)
{
	struct transport *transport = create(conn, type, early);

	if (!transport)
		return -ENOMEM;
	return keep(conn, transport, type->init ? type->init(transport) : 0);
}

void transport_destroy(struct transport *transport)
{
	if (!transport)
		return;
	job_cancel(&transport->job);
	if (transport->type->finish)
		transport->type->finish(transport);
	release(transport);
}

/* The head of an exported transport. Its name, the early bytes and its state follow. */
struct exported {
	uint16_t name_len;
	uint16_t early_len;
};

ssize_t transport_export(const struct transport *transport, char *to, size_t room)
{
	const struct transport_type *type = transport->type;
	struct str name = str_from(type->name);
	struct str early = transport->early ? str_range(transport->early + transport->early_used,
							transport->early + transport->early_len) :
					      STR("");
	struct exported head = { (uint16_t)name.len, (uint16_t)early.len };
	size_t len = sizeof(head) + name.len + early.len;

	if (!type->export || transport->is_broken || transport->has_ended)
		return -EAGAIN;
	if (early.len > UINT16_MAX || len > room)
		return -EMSGSIZE;
	memcpy(to, &head, sizeof(head));
	str_put(str_put(to + sizeof(head), name), early);
	room = room - len < TRANSPORT_STATE_MAX ? room - len : TRANSPORT_STATE_MAX;

	ssize_t n = type->export(transport, to + len, room);

	assert(n <= (ssize_t)room);
	return n < 0 ? n : (ssize_t)len + n;
}

int transport_import(struct conn *conn, const struct transport_type *type, struct str exported)
{
	struct exported head;

	if (exported.len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, exported.data, sizeof(head));
	exported = str_skip(exported, sizeof(head));
	if (exported.len < (size_t)head.name_len + head.early_len)
		return -EBADMSG;
	if (!type || !type->import ||
	    !str_eq(str_head(exported, head.name_len), str_from(type->name)))
		return -EPROTONOSUPPORT;
	exported = str_skip(exported, head.name_len);

	struct transport *transport = create(conn, type, str_head(exported, head.early_len));

	if (!transport)
		return -ENOMEM;
	return keep(conn, transport, type->import(transport, str_skip(exported, head.early_len)));
}

uint32_t transport_listener_id(uint32_t listener, const struct transport_type *type,
			       const char *state_name)
{
	uint64_t hash = 0;

	if (!type && !state_name)
		return listener;
	if (type)
		hash = hash_public(str_from(type->name));
	if (state_name)
		hash = 31 * hash + hash_public(str_from(state_name));
	return listener | (0x80 | (uint32_t)(hash & 0x7F)) << LISTENER_ID_BITS;
}

size_t transport_listener_ids(const struct listener *listener, uint32_t *ids, size_t max)
{
	size_t count = 0;

	if (max)
		ids[count++] = listener->id;
	for (size_t i = 0; i < listener->transports_count && count < max; i++)
		ids[count++] = transport_listener_id(listener->id, listener->transports[i], NULL);
	if (!listener->switched_state)
		return count;
	if (count < max)
		ids[count++] = transport_listener_id(listener->id, NULL, listener->switched_state);
	for (size_t i = 0; i < listener->transports_count && count < max; i++)
		ids[count++] = transport_listener_id(listener->id, listener->transports[i],
						     listener->switched_state);
	return count;
}

/* --- bytes --- */

static ssize_t result(struct transport *transport, ssize_t n)
{
	if (n == TRANSPORT_NEEDS_BYTES || n == TRANSPORT_NEEDS_ROOM || n == TRANSPORT_WAITS)
		return -EAGAIN;
	transport->is_broken |= n < 0;
	return n;
}

ssize_t transport_receive(struct transport *transport, void *buffer, size_t size)
{
	ssize_t n = transport->type->receive(transport, buffer, size);

	transport->receive_needs_room = n == TRANSPORT_NEEDS_ROOM;
	transport->waits = n == TRANSPORT_WAITS;
	transport->send_needs_bytes = false;
	if (n == TRANSPORT_NEEDS_BYTES) {
		assert(!SKUA_DEBUG ||
		       (transport->is_dry && !transport->type->has_bytes(transport)));
		transport->is_dry = true; /* without this, a defect would keep the loop busy */
	}
	return result(transport, n);
}

ssize_t transport_send(struct transport *transport, const struct iovec *iov, int count, bool more)
{
	ssize_t n = transport->type->send(transport, iov, count, more);

	transport->send_needs_bytes = n == TRANSPORT_NEEDS_BYTES;
	return result(transport, n);
}

ssize_t transport_send_file(struct transport *transport, int fd, uint64_t offset, size_t size)
{
	ssize_t n = transport->type->send_file(transport, fd, offset, size);

	if (n == -EAGAIN || (n >= 0 && (size_t)n < size))
		transport->is_full = true;
	return n;
}

int transport_flush(struct transport *transport)
{
	if (!transport_unsent(transport))
		return 0;

	ssize_t n = result(transport, transport->type->send(transport, NULL, 0, false));

	if (n < 0)
		return (int)n;
	return transport_unsent(transport) ? -EAGAIN : 0;
}

int transport_end(struct transport *transport)
{
	if (!transport->has_ended && !transport->is_broken && transport->type->end)
		transport->type->end(transport);
	transport->has_ended = true;
	return transport_flush(transport);
}

/* --- whether the protocol can make progress --- */

bool transport_can_receive(const struct transport *transport)
{
	if (transport->waits)
		return false;
	if (transport->receive_needs_room)
		return !transport->is_full;
	return !transport->is_dry || transport->type->has_bytes(transport);
}

bool transport_can_send(const struct transport *transport)
{
	return transport->send_needs_bytes ? !transport->is_dry : !transport->is_full;
}

bool transport_can_flush(const struct transport *transport)
{
	return !transport->is_full && transport_unsent(transport);
}

uint32_t transport_events(const struct transport *transport, uint32_t wanted)
{
	/*
	 * Also while it waits for a thread: bytes that come then wake the loop in vain, once for
	 * each packet, but few clients send any, and epoll need not be told twice.
	 */
	bool receives = wanted & EPOLLIN;
	bool sends = wanted & EPOLLOUT;
	bool needs_bytes = (receives && !transport->receive_needs_room) ||
			   (sends && transport->send_needs_bytes);
	bool needs_room = (receives && transport->receive_needs_room) ||
			  (sends && !transport->send_needs_bytes) || transport_unsent(transport);

	return (wanted & EPOLLRDHUP) | (needs_bytes ? EPOLLIN : 0) |
	       (needs_room && transport->is_full ? EPOLLOUT : 0);
}
