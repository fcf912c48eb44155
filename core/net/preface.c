/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/preface.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>

#include "net/conn.h"

enum { SHOWN = 128 }; /* bytes of a refused preface in the log */

/* conn->state; NULL: nothing has come. */
struct pending {
	bool draining; /* the worker stops */
	size_t len;
	char bytes[];
};

static const struct opening *opening_of(struct conn *conn)
{
	return conn->listener->opening_of(conn);
}

static const struct log *log_of(struct conn *conn)
{
	const struct log *log = opening_of(conn)->log;

	return log ? log : log_process;
}

/* Keeps the bytes until more come. Returns false if there is no memory. */
static bool hold(struct conn *conn, struct str bytes)
{
	struct pending *old = conn->state;
	struct pending *pending = realloc(old, sizeof(*pending) + bytes.len);

	if (!pending)
		return false;
	conn->state = pending;
	if (!old)
		*pending = (struct pending){ 0 };
	pending->len = bytes.len;
	str_put(pending->bytes, bytes);
	if (bytes.len)
		conn_set_idle(conn, false);
	return true;
}

static bool refuse(struct conn *conn, struct str bytes, const char *why)
{
	const char *what = opening_of(conn)->preface->what;

	log_write(log_of(conn), LEVEL_ERROR, 0, conn->number,
		  "connection closed: %s is not valid: %s: \"%.*s\", client: %.*s", what, why,
		  STR_ARG(str_head(bytes, bytes.len < SHOWN ? bytes.len : SHOWN)),
		  STR_ARG(conn_peer_text(conn)));
	return false;
}

/*
 * The first `len` bytes are the preface, and the protocol begins behind it. Returns false if
 * there is no memory: close the connection. True: it may have ended already, or have moved.
 */
static bool begin_protocol(struct conn *conn, struct str bytes, size_t len)
{
	struct pending *pending = conn->state;
	bool draining = pending && pending->draining;
	struct conn_past past = {
		.deadline_ms = conn->timer.deadline,
		.began_ms = clock_wall_ms(),
		.bytes = str_skip(bytes, len),
	};

	if (!conn_keep_preface(conn, str_head(bytes, len)) ||
	    !conn_become(conn, conn->listener->protocol, &past))
		return false;
	if (draining)
		conn->protocol->drain(conn);
	else if (conns.export && conn->idle)
		conns.export(conn);
	return true;
}

/* Results as of begin_protocol(). */
static bool examine(struct conn *conn, struct str bytes)
{
	const struct preface *preface = opening_of(conn)->preface;
	const char *why = "it is malformed";
	size_t len = 0;
	enum preface_verdict result = preface->read(bytes, &len, &why);

	if (result == PREFACE_DONE && len <= bytes.len)
		return begin_protocol(conn, bytes, len);
	if (result == PREFACE_MORE && bytes.len >= PREFACE_MAX)
		return refuse(conn, bytes, "it is longer than 4096 bytes");
	if (result == PREFACE_MORE) {
		if (!hold(conn, bytes))
			return false;
		if (conns.export)
			conns.export(conn);
		return true;
	}
	if (result != PREFACE_REFUSED)
		log_alertx("a module returned %d for %zu bytes, and %zu of %zu bytes as %s: that "
			   "is a defect of the module",
			   (int)result, bytes.len, len, bytes.len, preface->what);
	return refuse(conn, bytes, why);
}

/* Results as of begin_protocol(); also false if the client has closed the connection. */
static bool receive_once(struct conn *conn)
{
	static char bytes[PREFACE_MAX];
	const struct pending *pending = conn->state;
	size_t held = pending ? pending->len : 0;

	if (held)
		memcpy(bytes, pending->bytes, held);

	ssize_t n = conn_receive(conn, bytes + held, sizeof(bytes) - held);

	if (n > 0)
		return examine(conn, (struct str){ bytes, held + (size_t)n });
	if (n == 0 && held)
		log_write(log_of(conn), LEVEL_INFO, 0, conn->number,
			  "client closed the connection within %s",
			  opening_of(conn)->preface->what);
	/* A worker that stops does not wait for the first byte. */
	return (n == -EAGAIN || n == -EINTR) && !(pending && pending->draining && !held);
}

static void on_receive(struct conn *conn)
{
	if (!receive_once(conn))
		conn_close(conn);
}

static void on_open(struct conn *conn)
{
	conn_set_idle(conn, true);
	timer_start(&conn->timer, opening_of(conn)->timeout_ms);
	on_receive(conn);
}

static bool on_import(struct conn *conn, const struct conn_past *past)
{
	conn_set_idle(conn, true);
	timer_start(&conn->timer, past->deadline_ms ? past->deadline_ms - clock_ms() :
						      opening_of(conn)->timeout_ms);
	if (past->bytes.len > PREFACE_MAX)
		return refuse(conn, past->bytes, "it is longer than 4096 bytes");
	return str_empty(past->bytes) || examine(conn, past->bytes);
}

static bool on_export(const struct conn *conn, struct conn_past *past)
{
	const struct pending *pending = conn->state;

	if (pending && pending->draining)
		return false;
	past->awaits_preface = true;
	past->deadline_ms = conn->timer.deadline;
	past->began_ms = clock_wall_ms() - conn_age_ms(conn);
	if (pending)
		past->bytes = (struct str){ pending->bytes, pending->len };
	return true;
}

static void on_expired(struct conn *conn)
{
	if (conn->state)
		log_write(log_of(conn), LEVEL_INFO, 0, conn->number,
			  "client timed out while %s was read, the connection is closed",
			  opening_of(conn)->preface->what);
	conn_close(conn);
}

/*
 * Called when the worker stops. A connection that has sent bytes may still get one response, any
 * other is closed.
 */
static void on_drain(struct conn *conn)
{
	struct pending *pending;

	if (!conn->state && !hold(conn, STR(""))) {
		conn_close(conn);
		return;
	}
	pending = conn->state;
	pending->draining = true;
	if (conn->idle)
		on_receive(conn);
}

static void on_close(struct conn *conn)
{
	free(conn->state);
	conn->state = NULL;
}

/* .respond and .send are never queued. */
const struct protocol preface_protocol = {
	.name = "preface",
	.open = on_open,
	.import = on_import,
	.export = on_export,
	.receive = on_receive,
	.expired = on_expired,
	.drain = on_drain,
	.close = on_close,
};
