/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads from the socket into the buffer of the connection. */
#include "http/h1/h1.h"

#include <errno.h>

enum {
	LEAST_ROOM = 512, /* bytes of the buffer to read into */
	BODY_BUFFER = 16 * 1024, /* its size while a module reads a body */
};

static bool make_room(struct h1_busy *busy, const struct http_conf *conf)
{
	if (!busy->in) {
		busy->in = buffer_create((size_t)conf->client_header_buffer_size.bytes);
		return busy->in != NULL;
	}
	bool is_small = busy->body_is_read && busy->in->capacity < BODY_BUFFER;

	if (!is_small && busy->in->capacity - busy->in->end >= LEAST_ROOM)
		return true;

	/* Twice as much each time: bytes that drip are copied a few times, not with each one. */
	size_t held = busy->in->end - busy->in->begin;
	size_t least = busy->body_is_read ? BODY_BUFFER : LEAST_ROOM;
	struct buffer *buffer = buffer_make_room(busy->in, held > least ? held : least);

	if (buffer)
		busy->in = buffer;
	return buffer != NULL;
}

void h1_received(struct h1 *h, size_t n)
{
	struct h1_busy *busy = h->busy;

	if (busy->in->begin == busy->in->end)
		busy->head_began_us = clock_us();
	busy->in->end += n;
	conn_set_idle(h->conn, false);
	job_queue(&h->conn->respond, STAGE_RESPOND);
}

bool h1_receive_once(struct h1 *h)
{
	static int64_t said_ms;
	struct conn *conn = h->conn;
	struct h1_busy *busy = h1_become_busy(h);

	if (!busy || !make_room(busy, h->conf)) {
		/* The connection is closed, since the next try would fail with the same error. */
		if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
			log_alertx("connection closed: no memory for what it sends");
		return false;
	}

	struct buffer *in = busy->in;
	ssize_t n = conn_receive(conn, in->bytes + in->end, in->capacity - in->end);

	if (n > 0) {
		h1_received(h, (size_t)n);
	} else if (n == 0 && !conn->idle) {
		busy->eof = true;
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
	} else if (n == -EAGAIN || n == -EINTR) {
		if (conn->idle)
			h1_release_busy(h, 499);
	} else {
		return false;
	}
	return true;
}
