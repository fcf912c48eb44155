/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of HTTP/1 that says exactly what the test says, and checks the
 * framing of every answer it reads. Everything it returns lives until the end of
 * the test; what takes too long fails the test.
 */
#ifndef HARNESS_CLIENT_H
#define HARNESS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/server.h"

enum framing {
	FRAMING_NONE, /* HEAD, 204, 304 */
	FRAMING_LENGTH,
	FRAMING_CHUNKED,
	FRAMING_CLOSE, /* the end of the connection is the end of the body */
};

struct reply {
	int status; /* 0: the connection was closed without an answer */
	const char *head; /* status line and fields as they came */
	const char *body; /* without framing; NUL follows */
	size_t body_len;
	enum framing framing;
	bool is_whole; /* false: the connection ended too early */
	int interim; /* how many 1xx answers came before */
};

/* The value of a field, compared without case; NULL if there is none. The first of several. */
const char *reply_header(const struct reply *reply, const char *name);
int reply_headers(const struct reply *reply, const char *name); /* how many */

/* A request in parts; zero is: GET, HTTP/1.1, Host: localhost, Connection: close. */
struct ask {
	const char *method;
	const char *version; /* "1.0" */
	const char *host; /* "": no field Host */
	const char *fields; /* further field lines, each ended by CRLF */
	const char *body; /* with its Content-Length */
	/*
	 * In its place, ended by NULL: a body of unknown length (chunked), of which each piece
	 * is sent when the ones before may have been read.
	 */
	const char *const *pieces;
	bool is_cut; /* the client sends its end after the pieces, and not that of the body */
	bool keep; /* no Connection: close */
	int port; /* index: 1 is %PORT2% */
};

/* Asks on a connection of its own. ask(server, "/a", .method = "HEAD") */
struct reply get(struct server *server, const char *target);
#define ask(server, target, ...) ask_for(server, target, &(const struct ask){ __VA_ARGS__ })
struct reply ask_for(struct server *server, const char *target, const struct ask *ask);

/* Sends these bytes and reads one answer, then hangs up. */
struct reply raw(struct server *server, const char *request);

/* Sends these bytes and returns all that comes before the server closes. */
const char *raw_all(struct server *server, const char *request);

/* Fails unless these bytes get this status and the connection is closed after it. */
void refused(struct server *server, int status, const char *request);

/* A connection. It is closed when the server is stopped. */
struct client;
struct client *client_open(struct server *server);
struct client *client_open_port(struct server *server, int index);

/* As client_open(), with little room on the way for answers: a slow reader. */
struct client *client_open_slow(struct server *server);

void client_send(struct client *client, const char *text);
void client_send_urgent(struct client *client); /* a byte out of band */
void client_send_bytes(struct client *client, const void *bytes, size_t len);

/* As much as the server takes before it stops reading or closes; returns how much. */
size_t client_send_some(struct client *client, const void *bytes, size_t len);

/* The next answer. client_reply_head() is for an answer to HEAD. */
struct reply client_reply(struct client *client);
struct reply client_reply_head(struct client *client);

/* Sends a GET with keep-alive and reads the answer. */
struct reply client_get(struct client *client, const char *target);

/* Reads up to max bytes that have arrived; waits for the first. 0: closed. */
size_t client_read(struct client *client, void *bytes, size_t max);

/* Reads on and throws away until the connection is closed; returns how many bytes. */
size_t client_drain(struct client *client);

/* With harness/wire.h: the server has sent its orderly end. */
bool client_saw_end(const struct client *client);

/* How many segments with data have come. */
unsigned client_segments(const struct client *client);

/* Waits: true when the server closes without sending more, false when bytes come. */
bool client_is_closed(struct client *client);

/* Reads on as client_drain() does: true when it ends with RST. */
bool client_is_reset(struct client *client);

/* True when nothing comes and the connection stays open for that long. */
bool client_is_quiet(struct client *client, int ms);

void client_half_close(struct client *client); /* the request's direction */
void client_reset(struct client *client); /* hangs up with RST */
void client_close(struct client *client);

/* Closes all that are open; server_stop() calls it. */
void clients_close(void);

#endif
