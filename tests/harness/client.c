/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/client.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/memory.h"
#include "harness/wire.h"

struct client {
	int fd;
	char *buffer; /* what has arrived and was not asked for yet */
	size_t len, room;
	bool ended; /* the server has closed its side */
	bool was_reset; /* … with RST */
	struct wire *wire; /* NULL: plain */
	struct client *next;
};

static struct client *clients;

enum { READY_MS = 2000 }; /* until a server should have answered the beginning of a transport */

/* --- bytes -------------------------------------------------------------------- */

static void wait_for(struct client *client, short events, const char *what)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = events };
	int ready;

	do
		ready = poll(&poll_fd, 1, test_seconds() * 1000);
	while (ready < 0 && errno == EINTR);
	ck_assert_msg(ready > 0, "waited for this in vain: %s", what);
}

static struct client *open_port(const struct server *server, int index, int receive_buffer)
{
	int port = server->ports[index];
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)port) };
	struct client *client = memory_alloc(sizeof(*client));
	int on = 1;

	ck_assert_msg(!server->kind, "this server has no sockets: use server_start() and the like");
	*client = (struct client){ .room = 16384, .next = clients };
	client->buffer = malloc(client->room);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(client->fd, 0);
	if (receive_buffer)
		setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(int));
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		ck_abort_msg("connect to port %d: %s", port, strerror(errno));
	client->wire = wire_create();
	clients = client;
	return client;
}

struct client *client_open(struct server *server)
{
	return open_port(server, 0, 0);
}

struct client *client_open_port(struct server *server, int index)
{
	return open_port(server, index, 0);
}

struct client *client_open_slow(struct server *server)
{
	return open_port(server, 0, 4096);
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	free(client->buffer);
	wire_destroy(client->wire);
	client->wire = NULL;
	client->buffer = NULL;
	client->len = client->room = 0;
}

void client_reset(struct client *client)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	client_close(client);
}

/* Returns how much was sent before the server has closed. */
static size_t send_raw(struct client *client, const char *bytes, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		ssize_t n = send(client->fd, bytes + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			wait_for(client, POLLOUT, "the server reads what is sent");
			continue;
		}
		/* Who closes early may do so before all is sent; what it said can be read. */
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	return sent;
}

static void send_sealed(struct client *client)
{
	const char *sealed;
	size_t len = wire_unsent(client->wire, &sealed);

	wire_sent(client->wire, send_raw(client, sealed, len));
}

static void append(struct client *client, const char *bytes, size_t len)
{
	if (client->len + len > client->room) {
		client->room = 2 * (client->len + len);
		client->buffer = realloc(client->buffer, client->room);
		ck_assert_ptr_nonnull(client->buffer);
	}
	memcpy(client->buffer + client->len, bytes, len);
	client->len += len;
}

/* Reads once and appends what is for the test. A reset is an end, too. */
static void fill_once(struct client *client)
{
	static char bytes[65536];
	const char *opened = bytes;
	ssize_t n = recv(client->fd, bytes, sizeof(bytes), 0);

	client->ended = n <= 0;
	client->was_reset = n < 0 && errno == ECONNRESET;
	if (n > 0 && client->wire) {
		n = (ssize_t)wire_open(client->wire, bytes, (size_t)n, &opened);
		send_sealed(client);
		client->ended = wire_is_over(client->wire);
	}
	if (n > 0)
		append(client, opened, (size_t)n);
}

/* Sends all that is sealed, and waits a while if the server has to answer before that. */
static void send_all_sealed(struct client *client)
{
	long until = now_ms() + READY_MS;

	send_sealed(client);
	while (!wire_is_ready(client->wire) && !client->ended) {
		struct pollfd poll_fd = { .fd = client->fd, .events = POLLIN };
		long left = until - now_ms();

		if (left <= 0 || poll(&poll_fd, 1, (int)left) == 0)
			return;
		fill_once(client);
	}
}

void client_half_close(struct client *client)
{
	if (client->wire) {
		wire_seal_end(client->wire);
		send_all_sealed(client);
	}
	/* ENOTCONN: the server was quicker. */
	if (shutdown(client->fd, SHUT_WR) < 0)
		ck_assert_int_eq(errno, ENOTCONN);
}

void clients_close(void)
{
	for (; clients; clients = clients->next)
		client_close(clients);
}

void client_send_bytes(struct client *client, const void *bytes, size_t len)
{
	if (!client->wire) {
		send_raw(client, bytes, len);
		return;
	}
	wire_seal(client->wire, bytes, len);
	send_all_sealed(client);
}

void client_send_urgent(struct client *client)
{
	ck_assert_int_eq(send(client->fd, "!", 1, MSG_OOB), 1);
}

void client_send(struct client *client, const char *text)
{
	client_send_bytes(client, text, strlen(text));
}

static size_t send_some(struct client *client, const char *bytes, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		struct pollfd poll_fd = { .fd = client->fd, .events = POLLOUT };
		if (poll(&poll_fd, 1, 200) <= 0)
			break;
		ssize_t n = send(client->fd, bytes + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	return sent;
}

/* False: a part of what is sealed is left. */
static bool send_some_sealed(struct client *client)
{
	const char *sealed;
	size_t len = wire_unsent(client->wire, &sealed);
	size_t sent = send_some(client, sealed, len);

	wire_sent(client->wire, sent);
	return sent == len;
}

size_t client_send_some(struct client *client, const void *bytes, size_t len)
{
	size_t sent = 0;

	if (!client->wire)
		return send_some(client, bytes, len);
	send_all_sealed(client);
	while (sent < len && send_some_sealed(client)) {
		size_t some = len - sent < 1000 ? len - sent : 1000;

		wire_seal(client->wire, (const char *)bytes + sent, some);
		sent += some;
	}
	return send_some_sealed(client) ? sent : sent - 1;
}

/* Appends what arrives; false at the end. */
static bool fill(struct client *client)
{
	size_t before = client->len;

	while (!client->ended && client->len == before) {
		wait_for(client, POLLIN, "the server answers");
		fill_once(client);
	}
	return client->len > before;
}

static void consume(struct client *client, size_t len)
{
	client->len -= len;
	memmove(client->buffer, client->buffer + len, client->len);
}

size_t client_read(struct client *client, void *bytes, size_t max)
{
	if (client->len == 0)
		fill(client);
	size_t len = client->len < max ? client->len : max;
	memcpy(bytes, client->buffer, len);
	consume(client, len);
	return len;
}

size_t client_drain(struct client *client)
{
	size_t sum = client->len;

	for (client->len = 0; fill(client); client->len = 0)
		sum += client->len;
	return sum;
}

bool client_is_closed(struct client *client)
{
	return client->len == 0 && !fill(client);
}

bool client_saw_end(const struct client *client)
{
	return wire_has_ended(client->wire);
}

unsigned client_segments(const struct client *client)
{
	struct tcp_info info = { 0 };

	ck_assert_int_eq(getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info,
				    &(socklen_t){ sizeof(info) }),
			 0);
	return info.tcpi_data_segs_in;
}

bool client_is_reset(struct client *client)
{
	client_drain(client);
	return client->was_reset;
}

bool client_is_quiet(struct client *client, int ms)
{
	long until = now_ms() + ms;

	while (client->len == 0 && !client->ended) {
		struct pollfd poll_fd = { .fd = client->fd, .events = POLLIN };
		long left = until - now_ms();

		if (poll(&poll_fd, 1, left > 0 ? (int)left : 0) == 0)
			return true;
		if (!client->wire)
			return false;
		fill_once(client);
	}
	return false;
}

/* --- answers ------------------------------------------------------------------ */

/* Where the head ends that begins the buffer, after its empty line; 0: it was cut off. */
static size_t head_end(struct client *client)
{
	for (size_t from = 0;;) {
		const char *end = client->len < 4 ? NULL :
						    memmem(client->buffer + from,
							   client->len - from, "\r\n\r\n", 4);
		if (end)
			return (size_t)(end - client->buffer) + 4;
		from = client->len < 4 ? 0 : client->len - 3;
		if (!fill(client))
			return 0;
	}
}

static const char *field(const char *head, const char *name, int number)
{
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':' || number-- > 0)
			continue;
		const char *value = line + len + 1 + strspn(line + len + 1, " \t");
		return memory_printf("%.*s", (int)strcspn(value, "\r"), value);
	}
	return NULL;
}

const char *reply_header(const struct reply *reply, const char *name)
{
	return field(reply->head, name, 0);
}

int reply_headers(const struct reply *reply, const char *name)
{
	int count = 0;

	while (field(reply->head, name, count))
		count++;
	return count;
}

/* Waits until so many bytes have arrived; false when the connection ends before. */
static bool need(struct client *client, size_t len)
{
	while (client->len < len)
		if (!fill(client))
			return false;
	return true;
}

static void take(struct client *client, struct reply *reply, char **body, size_t *room, size_t len)
{
	if (reply->body_len + len + 1 > *room) {
		*room = 2 * (reply->body_len + len + 1);
		*body = realloc(*body, *room);
		ck_assert_ptr_nonnull(*body);
	}
	memcpy(*body + reply->body_len, client->buffer, len);
	reply->body_len += len;
	consume(client, len);
}

/* The length of the line at the front, without CRLF; -1: the connection ended in it. */
static ssize_t line_length(struct client *client)
{
	for (;;) {
		const char *end = client->len ? memmem(client->buffer, client->len, "\r\n", 2) :
						NULL;
		if (end)
			return end - client->buffer;
		if (!fill(client))
			return -1;
	}
}

static bool read_chunked(struct client *client, struct reply *reply, char **body, size_t *room)
{
	for (;;) {
		ssize_t len = line_length(client);
		if (len < 0)
			return false;
		char *line = memory_printf("%.*s", (int)len, client->buffer), *end;
		unsigned long size = strtoul(line, &end, 16);
		ck_assert_msg(end > line && *end == '\0', "not the size of a chunk: \"%s\"", line);
		consume(client, (size_t)len + 2);
		if (size == 0)
			break;
		if (!need(client, size + 2))
			return false;
		take(client, reply, body, room, size);
		ck_assert_msg(memcmp(client->buffer, "\r\n", 2) == 0, "no CRLF after a chunk");
		consume(client, 2);
	}
	for (;;) { /* trailers */
		ssize_t len = line_length(client);
		if (len < 0)
			return false;
		consume(client, (size_t)len + 2);
		if (len == 0)
			return true;
	}
}

static bool read_until(struct client *client, struct reply *reply, char **body, size_t *room,
		       size_t length)
{
	while (reply->body_len < length) {
		if (client->len == 0 && !fill(client))
			return false;
		size_t rest = length - reply->body_len;
		take(client, reply, body, room, client->len < rest ? client->len : rest);
	}
	return true;
}

static void read_body(struct client *client, struct reply *reply)
{
	const char *length = reply_header(reply, "Content-Length");
	size_t room = 0;
	char *body = NULL;

	if (reply->framing == FRAMING_CHUNKED)
		reply->is_whole = read_chunked(client, reply, &body, &room);
	else if (reply->framing == FRAMING_LENGTH)
		reply->is_whole =
			read_until(client, reply, &body, &room, strtoull(length, NULL, 10));
	else
		reply->is_whole = !read_until(client, reply, &body, &room, SIZE_MAX);
	char *copy = memory_alloc(reply->body_len + 1);
	memcpy(copy, body ? body : "", reply->body_len);
	copy[reply->body_len] = '\0';
	free(body);
	reply->body = copy;
}

static enum framing framing_of(const struct reply *reply, bool is_head)
{
	const char *coding = reply_header(reply, "Transfer-Encoding");
	const char *length = reply_header(reply, "Content-Length");

	ck_assert_msg(!coding || !length, "both Transfer-Encoding and Content-Length:\n%s",
		      reply->head);
	ck_assert_int_le(reply_headers(reply, "Content-Length"), 1);
	if (is_head || reply->status == 204 || reply->status == 304)
		return FRAMING_NONE;
	if (coding)
		ck_assert_str_eq(coding, "chunked");
	return coding ? FRAMING_CHUNKED : length ? FRAMING_LENGTH : FRAMING_CLOSE;
}

/* What every head has to be like. */
static void check_head(const char *head)
{
	ck_assert_msg(strncmp(head, "HTTP/1.1 ", 9) == 0, "not a status line: %.80s", head);
	for (const char *at = head; *at; at++) {
		if (*at == '\r')
			ck_assert_msg(at[1] == '\n', "a CR without LF in the head:\n%s", head);
		if (*at == '\n')
			ck_assert_msg(at > head && at[-1] == '\r', "a LF without CR:\n%s", head);
	}
	for (const char *line = strstr(head, "\r\n") + 2; *line != '\r';
	     line = strstr(line, "\r\n") + 2)
		ck_assert_msg(strcspn(line, ":") < strcspn(line, " \t\r"), "not a field: %.80s",
			      line);
}

static struct reply read_reply(struct client *client, bool is_head)
{
	struct reply reply = { .head = "", .body = "" };

	for (;;) {
		size_t len = head_end(client);
		if (len == 0)
			return reply;
		reply.head = memory_printf("%.*s", (int)len, client->buffer);
		consume(client, len);
		check_head(reply.head);
		reply.status = atoi(reply.head + 9);
		if (reply.status >= 200)
			break;
		reply.interim++;
	}
	reply.framing = framing_of(&reply, is_head);
	reply.is_whole = true;
	if (reply.framing != FRAMING_NONE)
		read_body(client, &reply);
	return reply;
}

struct reply client_reply(struct client *client)
{
	return read_reply(client, false);
}

struct reply client_reply_head(struct client *client)
{
	return read_reply(client, true);
}

struct reply client_get(struct client *client, const char *target)
{
	client_send(client, memory_printf("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target));
	return client_reply(client);
}

/* --- on a connection of their own ------------------------------------------------ */

static void send_pieces(struct client *client, const struct ask *ask)
{
	for (const char *const *piece = ask->pieces; *piece; piece++) {
		usleep(1000);
		client_send(client, memory_printf("%zx\r\n%s\r\n", strlen(*piece), *piece));
	}
	if (ask->is_cut)
		client_half_close(client);
	else
		client_send(client, "0\r\n\r\n");
}

struct reply ask_for(struct server *server, const char *target, const struct ask *ask)
{
	if (server->kind)
		return server->kind->respond(server, target, ask);

	const char *method = ask->method ? ask->method : "GET";
	const char *host = ask->host ? ask->host : "localhost";
	struct client *client = client_open_port(server, ask->port);

	client_send(client, memory_printf("%s %s HTTP/%s\r\n", method, target,
					  ask->version ? ask->version : "1.1"));
	if (*host)
		client_send(client, memory_printf("Host: %s\r\n", host));
	if (!ask->keep)
		client_send(client, "Connection: close\r\n");
	if (ask->body)
		client_send(client, memory_printf("Content-Length: %zu\r\n", strlen(ask->body)));
	if (ask->pieces)
		client_send(client, "Transfer-Encoding: chunked\r\n");
	client_send(client, memory_printf("%s\r\n%s", ask->fields ? ask->fields : "",
					  ask->body ? ask->body : ""));
	if (ask->pieces)
		send_pieces(client, ask);
	struct reply reply = read_reply(client, strcmp(method, "HEAD") == 0);
	if (!ask->keep)
		ck_assert_msg(client_is_closed(client), "more came after the answer to %s", target);
	client_close(client);
	return reply;
}

struct reply get(struct server *server, const char *target)
{
	return ask(server, target);
}

struct reply raw(struct server *server, const char *request)
{
	struct client *client = client_open(server);

	client_send(client, request);
	struct reply reply = client_reply(client);
	client_close(client);
	return reply;
}

const char *raw_all(struct server *server, const char *request)
{
	struct client *client = client_open(server);

	client_send(client, request);
	while (fill(client))
		continue;
	const char *all = memory_printf("%.*s", (int)client->len, client->buffer);
	client_close(client);
	return all;
}

void refused(struct server *server, int status, const char *request)
{
	struct client *client = client_open(server);

	client_send(client, request);
	struct reply reply = client_reply(client);
	ck_assert_msg(reply.status == status, "%d instead of %d for:\n%s", reply.status, status,
		      request);
	ck_assert_msg(client_is_closed(client), "the connection stays open after:\n%s", request);
	client_close(client);
}
