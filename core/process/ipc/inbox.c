/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packs what is known of connections into the payload of a message, and unpacks it. Records
 * are copied, since they may lie unaligned, and checked, since the sender is not trusted.
 */
#include "process/ipc/inbox.h"

#include <errno.h>
#include <log.h>
#include <preface.h>
#include <timer.h>
#include <unistd.h>

#include "net/transport.h"

/* In record.preface_len, beside the length. */
enum {
	AWAITS_PREFACE = UINT16_MAX, /* in place of it: the preface is not complete */
	IS_SWITCHED = 0x4000, /* the connection has changed its protocol */
};

/*
 * Binaries of different versions exchange it, so its layout is fixed. The address of the peer,
 * the preface and the bytes received so far follow it. Where the listener's id has a mark, the
 * length (uint32_t) and the bytes of the state of the transport come before those received; the
 * length is 0 if there is none, which only connections have that have changed their protocol.
 */
struct record {
	uint32_t len; /* of the record and what follows it */
	uint32_t listener; /* transport_listener_id() */
	uint64_t number;
	int64_t started_ms;
	int64_t deadline_ms;
	int64_t began_ms;
	uint32_t requests;
	uint16_t peer_len;
	uint16_t preface_len; /* AWAITS_PREFACE: the bytes are its beginning */
};

bool batch_add(struct batch *batch, const struct passed_conn *conn)
{
	uint32_t transport_len = (uint32_t)conn->past.transport.len;
	uint16_t preface_len = (uint16_t)conn->past.preface.len;
	bool has_mark = transport_len || conn->past.is_switched;

	if (conn->past.awaits_preface)
		preface_len = AWAITS_PREFACE;
	else if (conn->past.is_switched)
		preface_len |= IS_SWITCHED;

	struct record record = {
		.listener = conn->listener,
		.number = conn->past.number,
		.started_ms = conn->past.started_ms,
		.deadline_ms = conn->past.deadline_ms,
		.began_ms = conn->past.began_ms,
		.requests = conn->past.requests,
		.peer_len = (uint16_t)conn->peer_len,
		.preface_len = preface_len,
	};
	size_t len = sizeof(record) + conn->peer_len + conn->past.preface.len +
		     (has_mark ? sizeof(transport_len) + transport_len : 0) + conn->past.bytes.len;
	char *to = batch->payload + batch->len;

	if (batch->count == CHANNEL_FDS || len > sizeof(batch->payload) - batch->len)
		return false;
	record.len = (uint32_t)len;
	memcpy(to, &record, sizeof(record));
	memcpy(to + sizeof(record), &conn->peer, conn->peer_len);
	to = str_put(to + sizeof(record) + conn->peer_len, conn->past.preface);
	if (has_mark) {
		memcpy(to, &transport_len, sizeof(transport_len));
		to = str_put(to + sizeof(transport_len), conn->past.transport);
	}
	str_put(to, conn->past.bytes);
	batch->len += len;
	batch->fds[batch->count++] = conn->fd;
	return true;
}

void batch_clear(struct batch *batch)
{
	explicit_bzero(batch->payload, batch->len);
	batch->count = batch->len = 0;
}

int batch_send(struct batch *batch, int inbox)
{
	int error = channel_send(inbox, MESSAGE_CONNECTIONS, (uint32_t)batch->count,
				 (struct str){ batch->payload, batch->len }, batch->fds,
				 batch->count);

	if (error < 0)
		return error;
	for (size_t i = 0; i < batch->count; i++)
		close(batch->fds[i]);
	batch_clear(batch);
	return 0;
}

/* A time that can be added to others without overflow; 0 in place of others. */
static int64_t sound_time(int64_t ms)
{
	return ms < 0 || ms > INT64_MAX / 4 ? 0 : ms;
}

/* Takes the state of a transport off the front. False: it is not whole, or missing. */
static bool take_transport(struct str *rest, bool is_needed, struct str *transport)
{
	uint32_t len;

	if (rest->len < sizeof(len))
		return false;
	memcpy(&len, rest->data, sizeof(len));
	*rest = str_skip(*rest, sizeof(len));
	if ((len == 0 && is_needed) || len > rest->len)
		return false;
	*transport = str_head(*rest, len);
	*rest = str_skip(*rest, len);
	return true;
}

int inbox_decode(struct str *payload, struct passed_conn *conn)
{
	struct record record;

	if (payload->len < sizeof(record))
		return -EBADMSG;
	memcpy(&record, payload->data, sizeof(record));
	bool awaits_preface = record.preface_len == AWAITS_PREFACE;
	bool is_switched = !awaits_preface && record.preface_len & IS_SWITCHED;
	size_t preface_len = awaits_preface ? 0 : record.preface_len & ~IS_SWITCHED;
	if (record.len > payload->len || record.peer_len > sizeof(conn->peer) ||
	    preface_len > PREFACE_MAX ||
	    record.len < sizeof(record) + record.peer_len + preface_len)
		return -EBADMSG;
	memset(conn, 0, sizeof(*conn));
	conn->fd = -1;
	conn->listener = record.listener & ((1u << LISTENER_ID_BITS) - 1);
	conn->past = (struct conn_past){
		.number = record.number,
		.requests = record.requests,
		.started_ms = sound_time(record.started_ms),
		.deadline_ms = sound_time(record.deadline_ms),
		.began_ms = sound_time(record.began_ms),
		.awaits_preface = awaits_preface,
		.is_switched = is_switched,
	};
	conn->peer_len = record.peer_len;
	const char *peer = payload->data + sizeof(record);
	memcpy(&conn->peer, peer, record.peer_len);
	conn->past.preface = (struct str){ peer + record.peer_len, preface_len };
	conn->past.bytes =
		str_range(peer + record.peer_len + preface_len, payload->data + record.len);
	if (record.listener != conn->listener &&
	    !take_transport(&conn->past.bytes, !is_switched, &conn->past.transport))
		return -EBADMSG;
	*payload = str_skip(*payload, record.len);
	return 0;
}

/* Logs at most one message a minute, since the sender of a bad message may send many. */
static void log_rarely(const char *what)
{
	static int64_t said_ms;

	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_alertx("%s", what);
}

/* Each descriptor goes to take(), or is closed when its record is not sound. */
static unsigned unpack(struct message *message, void (*take)(const struct passed_conn *conn))
{
	struct str payload = message->payload;
	unsigned count = 0;

	while (count < message->fds_count) {
		struct passed_conn conn;

		if (inbox_decode(&payload, &conn) < 0) {
			log_rarely("an inbox held a connection without its record, closed");
			break;
		}
		conn.fd = message->fds[count++];
		take(&conn);
	}
	for (size_t i = count; i < message->fds_count; i++)
		close(message->fds[i]);
	message_wipe(message);
	return (unsigned)message->fds_count;
}

int inbox_next(int fd)
{
	struct message message;
	int result = channel_peek(fd, &message);

	if (result != 1)
		return result == -EMFILE ? result : 0;
	int count = (int)message.fds_count;
	message_wipe(&message);
	message_discard(&message);
	return count;
}

bool inbox_fits(int fd)
{
	return inbox_next(fd) != -EMFILE;
}

unsigned inbox_receive(int fd, unsigned messages, void (*take)(const struct passed_conn *conn))
{
	unsigned count = 0;

	while (messages-- > 0) {
		struct message message;
		int result = channel_receive(fd, &message);

		if (result == -EBADMSG)
			continue;
		if (result <= 0)
			break;
		if (message.type == MESSAGE_CONNECTIONS) {
			count += unpack(&message, take);
			continue;
		}
		log_rarely("an inbox takes connections only: another message was dropped");
		message_discard(&message);
	}
	return count;
}
