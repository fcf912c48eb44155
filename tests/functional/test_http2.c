/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/2 and the running server: the access log, files, and what becomes of connections at a
 * reload. Frames and states are tests/unit/test_http2*.c.
 */
#include "harness/client.h"
#include "harness/inject.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/frames/frames.h"
#include "http/frames/hpack.h"

static const char configuration[] =
	"events { }\n"
	"http { log_format all '$server_protocol $http2 $connection_requests $status "
	"$request_length $body_bytes_sent $request';\n"
	"access_log %DIR%/access.log all; http2 on;\n"
	"server { listen 127.0.0.1:%PORT%; root %DIR%/html;\n"
	"location /who { return 200 \"$pid $connection $connection_requests\"; }\n"
	"location /slow { alias %DIR%/html/; limit_rate 30k; } } }";

static void send_get_with(struct client *client, uint32_t id, const char *path, const char *name,
			  const char *value)
{
	char bytes[512], *block = bytes + FRAME_HEAD, *to = block;

	to = hpack_put(to, STR(":method"), STR("GET"));
	to = hpack_put(to, STR(":scheme"), STR("http"));
	to = hpack_put(to, STR(":authority"), STR("localhost"));
	to = hpack_put(to, STR(":path"), str_from(path));
	if (name)
		to = hpack_put(to, str_from(name), str_from(value));
	frame_put(bytes, (struct frame){ (uint32_t)(to - block), FRAME_HEADERS,
					 FLAG_END_STREAM | FLAG_END_HEADERS, id });
	client_send_bytes(client, bytes, (size_t)(to - bytes));
}

static void send_get(struct client *client, uint32_t id, const char *path)
{
	send_get_with(client, id, path, NULL, NULL);
}

static struct server *start(void)
{
	if (!hpack_is_there())
		test_skip("the program is built without HTTP/2");
	return server_start(configuration);
}

static struct client *come(struct server *server)
{
	static const char begin[] = H2_PREFACE "\0\0\0\4\0\0\0\0\0";
	struct client *client = client_open(server);

	client_send_bytes(client, begin, sizeof(begin) - 1);
	return client;
}

static void read_all(struct client *client, void *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = client_read(client, (char *)bytes + at, len - at);

		ck_assert_msg(n > 0, "the server has ended the connection");
		at += n;
	}
}

/* Reads frames until the stream ends. Returns its body; *goaways counts those that came. */
static const char *read_body(struct client *client, uint32_t id, int *goaways)
{
	static char body[1 << 20], payload[FRAME_MAX];
	size_t len = 0;
	struct frame frame;

	do {
		char head[FRAME_HEAD];

		read_all(client, head, sizeof(head));
		frame = frame_parse(head);
		read_all(client, payload, frame.len);
		*goaways += frame.type == FRAME_GOAWAY;
		if (frame.type == FRAME_PING && !(frame.flags & FLAG_ACK)) {
			frame_put(head, (struct frame){ 8, FRAME_PING, FLAG_ACK, 0 });
			client_send_bytes(client, head, sizeof(head));
			client_send_bytes(client, payload, 8);
		}
		if (frame.type == FRAME_DATA && frame.stream == id) {
			memcpy(body + len, payload, frame.len);
			len += frame.len;
		}
	} while (frame.stream != id || frame.type > FRAME_HEADERS ||
		 !(frame.flags & FLAG_END_STREAM));
	body[len] = 0;
	return body;
}

struct who {
	int pid;
	unsigned long connection;
	unsigned requests;
};

static struct who ask_who(struct client *client, uint32_t id, int *goaways)
{
	struct who who = { 0 };

	send_get(client, id, "/who");
	ck_assert_int_eq(sscanf(read_body(client, id, goaways), "%d %lu %u", &who.pid,
				&who.connection, &who.requests),
			 3);
	return who;
}

static void reload(struct server *server)
{
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	ck_assert_int_eq(kill(server->pid, SIGHUP), 0);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
}

START_TEST(an_idle_connection_moves)
{
	struct server *server = start();
	struct client *client = come(server);
	int goaways = 0;
	struct who before = ask_who(client, 1, &goaways), after;

	for (uint32_t id = 3; id < 9; id += 2) {
		reload(server);
		after = ask_who(client, id, &goaways);
		ck_assert_int_ne(after.pid, before.pid);
		ck_assert_uint_eq(after.connection, before.connection);
		ck_assert_uint_eq(after.requests, (id + 1) / 2);
		before = after;
	}
	ck_assert_int_eq(goaways, 0);
	client_close(client);
	server_stop(server);
}
END_TEST

/* It is told to end, and what has begun is served. */
START_TEST(a_busy_connection_is_served_to_its_end)
{
	struct server *server = start();
	struct client *client = come(server);
	int goaways = 0;
	char *text = memory_alloc(40001);

	memset(text, 'x', 40000);
	text[40000] = 0;
	put_file(server, "/html/large", text);
	send_get(client, 1, "/slow/large");
	ask_who(client, 3, &goaways);
	reload(server);
	ck_assert_uint_eq(strlen(read_body(client, 1, &goaways)), 40000);
	client_close(client);
	server_stop(server);
}
END_TEST

START_TEST(the_access_log)
{
	struct server *server = start();
	struct client *client = come(server);
	int goaways = 0;
	struct deadline wait = { 0 };

	put_file(server, "/html/a.txt", "hello");
	send_get(client, 1, "/a.txt?b=c");
	ck_assert_str_eq(read_body(client, 1, &goaways), "hello");
	send_get(client, 3, "/who");
	read_body(client, 3, &goaways);
	client_close(client);
	while (file_count(server, "/access.log", "\n") < 2)
		deadline_wait(&wait, "the lines of the access log");
	ck_assert_int_eq((int)file_count(server, "/access.log",
					 "HTTP/2.0 h2c 1 200 67 5 GET /a.txt?b=c HTTP/2.0\n"),
			 1);
	ck_assert_int_eq((int)file_count(server, "/access.log", "HTTP/2.0 h2c 2 200 "), 1);
	server_stop(server);
}
END_TEST

/* From the second request on, the server is known by the same authority. */
START_TEST(fields_with_unusual_names_are_ignored)
{
	static const char *const names[] = { "x_a", "x!a", "x.a" };
	struct server *server = start();
	struct client *client = come(server);
	int goaways = 0;

	send_get_with(client, 1, "/who", "x-a1", "1");
	read_body(client, 1, &goaways);
	ck_assert(!log_has(server, "invalid header line"));
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		send_get_with(client, 3 + 2 * i, "/who", names[i], "1");
		read_body(client, 3 + 2 * i, &goaways);
		log_wait(server, memory_printf("invalid header line: \"%s\"", names[i]));
	}
	client_close(client);
	server_stop(server);
}
END_TEST

/* RFC 9218: of a response that is less urgent, little lies in the socket already. */
START_TEST(a_late_urgent_request_overtakes)
{
	static const char begin[] = H2_PREFACE "\0\0\6\4\0\0\0\0\0\0\4\x7f\xff\xff\xff"
				      "\0\0\4\10\0\0\0\0\0\x7f\0\0\0";
	struct server *server = start();
	struct client *client = client_open_slow(server);
	char payload[FRAME_MAX], head[FRAME_HEAD];
	struct frame frame;
	size_t before = 0;

	put_file(server, "/html/large", "");
	ck_assert_int_eq(truncate(file_path(server, "/html/large"), 16 << 20), 0);
	client_send_bytes(client, begin, sizeof(begin) - 1);
	send_get(client, 1, "/large");
	usleep(300 * 1000); /* the socket is full */
	send_get_with(client, 3, "/who", "priority", "u=0");
	usleep(300 * 1000); /* it has come */
	do {
		read_all(client, head, sizeof(head));
		frame = frame_parse(head);
		read_all(client, payload, frame.len);
		if (frame.stream == 1)
			before += frame.len;
	} while (frame.stream != 3 || frame.type != FRAME_DATA);
	ck_assert_msg(before < 1 << 20, "%zu bytes came before", before);
	client_close(client);
	server_stop(server);
}
END_TEST

/* For parts as short as frames, sendfile(2) takes more time than a copy. */
START_TEST(frames_of_files_are_copied)
{
	enum { LARGE = 300 * 1000 };
	char windows[2][FRAME_HEAD + 4], *text = memory_alloc(LARGE + 1);

	inject_into(SYS_sendfile);

	struct server *server = start();
	struct client *client = come(server);
	int goaways = 0;

	inject(.call = SYS_sendfile, .error = EPIPE);
	for (int i = 0; i < LARGE; i++)
		text[i] = (char)('a' + i % 23);
	text[LARGE] = 0;
	put_file(server, "/html/large", text);
	send_get(client, 1, "/large");
	for (uint32_t id = 0; id < 2; id++) {
		frame_put(windows[id], (struct frame){ 4, FRAME_WINDOW_UPDATE, 0, id });
		memcpy(windows[id] + FRAME_HEAD, "\0\x10\0", 4);
	}
	client_send_bytes(client, windows, sizeof(windows));
	ck_assert_str_eq(read_body(client, 1, &goaways), text);
	ck_assert_uint_eq(inject_end(SYS_sendfile), 0);
	client_close(client);
	server_stop(server);
}
END_TEST

TESTS("HTTP/2 of the running server", a_late_urgent_request_overtakes, an_idle_connection_moves,
      fields_with_unusual_names_are_ignored, frames_of_files_are_copied,
      a_busy_connection_is_served_to_its_end, the_access_log)
