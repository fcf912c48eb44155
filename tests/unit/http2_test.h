/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection of HTTP/2 on a pair of sockets, with a clock that the test moves. A client speaks
 * in a small language of frames, and what it hears becomes a transcript:
 *
 *     say(&client, "get 1 /; ping 12345678");
 *     hears(&client, "headers 1 200; data 1 2 end; ping ack");
 *
 * Commands are separated by ";". Their words:
 *
 *     get ID PATH                       a GET that ends its stream
 *     post ID PATH [NAME VALUE]...      a POST whose body follows
 *     headers ID FLAGS [NAME VALUE]...  a field block; FLAGS in hexadecimal, "_" is an empty value
 *     frame TYPE FLAGS ID [HEX]         any frame, numbers in hexadecimal but ID
 *     data ID FLAGS LEN                 so many bytes
 *     window ID N, reset ID CODE, ping TEXT (of 8 bytes), settings [ID VALUE]..., ack
 *     update ID VALUE                   PRIORITY_UPDATE
 */
#ifndef UNIT_HTTP2_TEST_H
#define UNIT_HTTP2_TEST_H

#include "unit/http_test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event/loop.h"
#include "http/frames/frames.h"
#include "http/frames/hpack.h"

enum { SECOND = 1000, SETTLED_AFTER = 40 /* turns */, SAID_MAX = 1 << 20 };

static struct http *http;
static int64_t now; /* what the clock says */

struct client {
	int fd;
	bool is_deaf; /* it does not read */
	bool has_ended; /* the server has sent its end */
	char in[1 << 17]; /* of frames that are not complete */
	size_t len;
	char transcript[1 << 16];
	size_t transcript_len;
	size_t body; /* bytes of DATA so far */
	struct hpack_decoder *decoder;
};

/* --- what is said --- */

static char *said, *said_end;

static inline void put_frame(uint8_t type, uint8_t flags, uint32_t stream, const void *payload,
			     size_t len)
{
	ck_assert(said_end + FRAME_HEAD + len < said + SAID_MAX);
	said_end = frame_put(said_end, (struct frame){ (uint32_t)len, type, flags, stream });
	said_end = str_put(said_end, (struct str){ payload, len });
}

static inline char *next_word(char **rest)
{
	char *word = strtok_r(NULL, " ", rest);

	return word ? word : "";
}

static inline uint32_t next_number(char **rest, int base)
{
	return (uint32_t)strtoul(next_word(rest), NULL, base);
}

static inline char *put_fields(char *to, char **rest)
{
	char *name, *value;

	while (*(name = next_word(rest))) {
		value = next_word(rest);
		to = hpack_put(to, str_from(name), str_from(strcmp(value, "_") ? value : ""));
	}
	return to;
}

static inline char *put_request(char *to, const char *method, const char *path)
{
	to = hpack_put(to, STR(":method"), str_from(method));
	to = hpack_put(to, STR(":scheme"), STR("http"));
	to = hpack_put(to, STR(":authority"), STR("small"));
	return hpack_put(to, STR(":path"), str_from(path));
}

static inline void put_command(char *command)
{
	static char payload[1 << 17];
	char *to = payload, *rest, *name = strtok_r(command, " ", &rest);
	uint32_t id, flags, type;

	if (!name)
		return;
	if (!strcmp(name, "get") || !strcmp(name, "post")) {
		bool is_get = *name == 'g';

		id = next_number(&rest, 10);
		to = put_request(to, is_get ? "GET" : "POST", next_word(&rest));
		to = put_fields(to, &rest);
		put_frame(FRAME_HEADERS, is_get ? 5 : 4, id, payload, (size_t)(to - payload));
	} else if (!strcmp(name, "headers")) {
		id = next_number(&rest, 10);
		flags = next_number(&rest, 16);
		to = put_fields(to, &rest);
		put_frame(FRAME_HEADERS, (uint8_t)flags, id, payload, (size_t)(to - payload));
	} else if (!strcmp(name, "frame")) {
		type = next_number(&rest, 16);
		flags = next_number(&rest, 16);
		id = next_number(&rest, 10);
		for (const char *hex = next_word(&rest); *hex; hex += 2)
			*to++ = (char)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		put_frame((uint8_t)type, (uint8_t)flags, id, payload, (size_t)(to - payload));
	} else if (!strcmp(name, "data")) {
		id = next_number(&rest, 10);
		flags = next_number(&rest, 16);
		memset(payload, 'x', sizeof(payload));
		put_frame(FRAME_DATA, (uint8_t)flags, id, payload, next_number(&rest, 10));
	} else if (!strcmp(name, "window") || !strcmp(name, "reset")) {
		id = next_number(&rest, 10);
		put_u32(payload, next_number(&rest, 10));
		put_frame(*name == 'w' ? FRAME_WINDOW_UPDATE : FRAME_RST_STREAM, 0, id, payload, 4);
	} else if (!strcmp(name, "ping")) {
		put_frame(FRAME_PING, 0, 0, next_word(&rest), 8);
	} else if (!strcmp(name, "ack")) {
		put_frame(FRAME_SETTINGS, FLAG_ACK, 0, "", 0);
	} else if (!strcmp(name, "settings")) {
		while ((id = next_number(&rest, 10)) != 0)
			to = setting_put(to, (uint16_t)id, next_number(&rest, 10));
		put_frame(FRAME_SETTINGS, 0, 0, payload, (size_t)(to - payload));
	} else if (!strcmp(name, "update")) {
		to = put_u32(to, next_number(&rest, 10));
		to = str_put(to, str_from(next_word(&rest)));
		put_frame(FRAME_PRIORITY_UPDATE, 0, 0, payload, (size_t)(to - payload));
	} else {
		ck_abort_msg("what is \"%s\"?", name);
	}
}

/* The bytes of some commands, valid until the next call. */
static inline struct str bytes_of(const char *commands)
{
	char *copy = strdup(commands), *rest;

	if (!said)
		said = malloc(SAID_MAX);
	said_end = said;
	for (char *at = strtok_r(copy, ";", &rest); at; at = strtok_r(NULL, ";", &rest))
		put_command(at);
	free(copy);
	return str_range(said, said_end);
}

/* --- what is heard --- */

static inline void note(struct client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static inline void note(struct client *client, const char *format, ...)
{
	va_list args;
	size_t room = sizeof(client->transcript) - client->transcript_len;

	va_start(args, format);
	int n = vsnprintf(client->transcript + client->transcript_len, room, format, args);
	va_end(args);
	client->transcript_len += (size_t)n < room ? (size_t)n : room - 1;
}

static inline void note_block(struct client *client, struct str block)
{
	struct hpack_field field;
	int result;

	while ((result = hpack_decode(client->decoder, &block, true, &field)) == 1)
		if (str_eq(field.name, STR(":status")))
			note(client, " %.*s", STR_ARG(field.value));
		else if (!str_eq(field.name, STR("date")) && !str_eq(field.name, STR("server")))
			note(client, " %.*s=%.*s", STR_ARG(field.name), STR_ARG(field.value));
	ck_assert_int_eq(result, 0);
}

static inline void note_frame(struct client *client, struct frame frame, const char *payload)
{
	const char *end = frame.flags & FLAG_END_STREAM ? " end" : "";

	ck_assert_uint_le(frame.len, FRAME_MAX);
	switch (frame.type) {
	case FRAME_DATA:
		client->body += frame.len;
		note(client, "data %u %u%s; ", frame.stream, frame.len, end);
		break;
	case FRAME_HEADERS:
		note(client, "headers %u", frame.stream);
		ck_assert(frame.flags & FLAG_END_HEADERS);
		note_block(client, (struct str){ payload, frame.len });
		note(client, "%s; ", end);
		break;
	case FRAME_RST_STREAM:
		note(client, "reset %u %u; ", frame.stream, read_u32(payload));
		break;
	case FRAME_SETTINGS:
		note(client, "settings%s; ", frame.flags & FLAG_ACK ? " ack" : "");
		break;
	case FRAME_PING:
		note(client, "ping %s%.8s; ", frame.flags & FLAG_ACK ? "ack " : "", payload);
		break;
	case FRAME_GOAWAY:
		note(client, "goaway %u %u; ", read_u32(payload), read_u32(payload + 4));
		break;
	case FRAME_WINDOW_UPDATE:
		note(client, "window %u %u; ", frame.stream, read_u32(payload));
		break;
	default:
		note(client, "frame %u; ", frame.type);
	}
}

static inline void note_frames(struct client *client)
{
	size_t at = 0;

	while (client->len - at >= FRAME_HEAD) {
		struct frame frame = frame_parse(client->in + at);

		if (client->len - at < FRAME_HEAD + frame.len)
			break;
		note_frame(client, frame, client->in + at + FRAME_HEAD);
		at += FRAME_HEAD + frame.len;
	}
	memmove(client->in, client->in + at, client->len - at);
	client->len -= at;
}

static inline bool hear(struct client *client)
{
	ssize_t n = client->is_deaf ? -1 :
				      recv(client->fd, client->in + client->len,
					   sizeof(client->in) - client->len, 0);

	if (n == 0 && !client->has_ended)
		note(client, "end.");
	client->has_ended |= n == 0;
	if (n <= 0)
		return false;
	client->len += (size_t)n;
	note_frames(client);
	return true;
}

/* --- the client --- */

/* Turns the loop until it comes to rest, as often as the client has read something. */
static inline void settle(struct client *client)
{
	do
		for (int turns = 0; loop_turn(0); turns++)
			ck_assert_msg(turns < SETTLED_AFTER, "the loop does not come to rest");
	while (hear(client));
}

static inline void say_bytes(struct client *client, struct str bytes)
{
	while (bytes.len) {
		ssize_t n = send(client->fd, bytes.data, bytes.len, MSG_NOSIGNAL);

		ck_assert_msg(n > 0 || errno == EPIPE || errno == EAGAIN, "send() failed");
		if (n < 0 && errno == EPIPE)
			return;
		bytes = str_skip(bytes, n > 0 ? (size_t)n : 0);
		settle(client);
		if (n < 0 && client->is_deaf)
			return;
	}
	settle(client);
}

static inline void say(struct client *client, const char *commands)
{
	say_bytes(client, bytes_of(commands));
}

static inline void pass(struct client *client, int64_t ms)
{
	now += ms;
	clock_stop_at(now);
	settle(client);
}

static inline bool is_open(void)
{
	return conns.active > 0;
}

static inline struct client *come_to(int listener)
{
	union address peer = { .any.sa_family = AF_UNIX };
	struct client *client = calloc(1, sizeof(*client));
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){ 4096 }, sizeof(int));
	client->fd = ends[1];
	client->decoder = hpack_decoder_create();
	ck_assert(conn_open(&http->listeners.items[listener], ends[0], &peer, sizeof(peer.any)));
	return client;
}

static inline struct client *come_raw(void)
{
	return come_to(0);
}

/* A client whose preface and settings have been exchanged; its transcript is empty. */
static inline struct client *come(void)
{
	struct client *client = come_raw();

	say_bytes(client, STR(H2_PREFACE));
	say(client, "settings; ack");
	ck_assert_str_eq(client->transcript, "settings; window 0 196609; settings ack; ");
	client->transcript_len = client->transcript[0] = 0;
	return client;
}

/* Closes it, and does not look at what becomes of the connection. */
static inline void forget(struct client *client)
{
	close(client->fd);
	hpack_decoder_destroy(client->decoder);
	free(client);
}

static inline void leave(struct client *client)
{
	shutdown(client->fd, SHUT_RDWR);
	client->is_deaf = true;
	settle(client);
	ck_assert_msg(!is_open(), "the connection outlives its client");
	forget(client);
}

/* The transcript since the last call is this text. */
static inline void hears(struct client *client, const char *text)
{
	ck_assert_str_eq(client->transcript, text);
	client->transcript_len = client->transcript[0] = 0;
}

/* It contains this text. */
static inline void hears_of(struct client *client, const char *text)
{
	ck_assert_msg(strstr(client->transcript, text) != NULL, "no \"%s\" in: %s", text,
		      client->transcript);
}

static const char configuration[] =
	"access_log off; client_header_timeout 60s; keepalive_timeout 75s; send_timeout 50s;"
	"client_body_timeout 20s; lingering_time 30s; lingering_timeout 5s; http2 on;"
	"client_header_buffer_size 256; large_client_header_buffers 2 512;"
	"client_max_body_size 200k; keepalive_requests 100000;"
	"server { listen 127.0.0.1:8080; server_name small; location / { return 200 ok; }"
	"  location /wait { wait 1h; hello waited; } location /drip { drip 1s; }"
	"  location /empty { return 204; } location /echo { echo on; }"
	"  location /count { upload count; } location /mirror { upload echo; }"
	"  location /endless { client_max_body_size 0; upload count; }"
	"  location /abrupt { lingering_close off; return 200 ok; }"
	"  location /unread { client_max_body_size 0; return 200 ok; }"
	"  location /trailer { add_trailer a b; return 200 ok; }"
	"  location /first { upload first; } location /close { return 444; }"
	"  location /large { return 200 $large; }"
	"  location /excess/ { breach_body excess; }"
	"  location /excess/end { breach_body excess_at_end; }"
	"  location /excess/none { breach_body excess_of_none; }"
	"  location /excess/memory { breach_body excess_of_memory; } }"
	"server { listen 127.0.0.1:8080; server_name other; return 200 other; }"
	"server { listen 127.0.0.1:8080; server_name ~^name-(.+)$; return 200 $1; }"
	"server { listen 127.0.0.1:8081; http2_body_preread_size 1k;"
	"  large_client_header_buffers 4 8k;"
	"  location /count { upload count; } location /wait { wait 1h; } }";

static inline void setup(void)
{
	static const struct log quiet = { .fd = -1 };
	char *large = malloc(40001), *text;

	if (!hpack_is_there())
		test_skip("the program is built without HTTP/2");
	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	ck_assert_int_eq(loop_start(), 0);
	now = 1000 * SECOND;
	clock_stop_at(now);
	memset(large, 'x', 40000);
	large[40000] = 0;
	ck_assert(asprintf(&text, "map a $large { default %s; } %s", large, configuration) > 0);
	http = good_http(text);
	free(text);
	free(large);
}

#endif
