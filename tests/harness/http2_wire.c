/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/2 beneath the tests of HTTP, which know nothing of it: requests that a test writes as text
 * of HTTP/1 become frames, and responses become the text that HTTP/1 would have. All programs of
 * tests speak so with all servers at 127.0.0.1 if the environment says
 *
 *     TEST_HTTP2=1
 *
 * With TEST_TLS beside it (harness/tls_wire.h), ALPN chooses the protocol; without, the client
 * knows that the server speaks it. A test that is about what only HTTP/1 has is skipped by
 * test_needs_http1() (harness/test.h).
 *
 * Framing is written here a second time, and HPACK is that of nghttp2, so that a fault of the
 * server's own is not repeated by its tests. The client is a strict one: it fails the test if the
 * server sends more than a window allows, a frame that has no place, or fields that HTTP/2 forbids.
 */
#include "harness/wire.h"

#include <check.h>
#include <ctype.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/http1_split.h"
#include "harness/memory.h"
#include "http/field/status.h"

enum {
	DATA,
	HEADERS,
	PRIORITY,
	RST_STREAM,
	SETTINGS,
	PUSH_PROMISE,
	PING,
	GOAWAY,
	WINDOW_UPDATE,
	CONTINUATION
};
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };
enum {
	HEAD = 9, /* bytes of a frame before its payload */
	FRAME_ROOM = 16384, /* the longest payload, on both sides */
	STREAM_WINDOW = 30000, /* as our SETTINGS say */
	CONNECTION_WINDOW = 65535, /* as the protocol says */
	FIELDS = 300, /* in a request, at most */
};

struct stream {
	uint32_t id;
	struct stream *next;
	int64_t send_window, receive_window;
	bool is_head_only; /* the request was HEAD */
	bool closes; /* the test asks for the end of the connection after this response */
	bool has_sent_all;
	bool was_reset;

	/* The response. */
	struct wire_bytes text; /* what was not given to the test yet */
	bool has_head, has_body, is_chunked;
	bool is_over;
	int64_t left; /* of Content-Length; -1: there is none */
};

struct http2_wire {
	struct wire wire;
	struct wire *below; /* TLS; NULL: none */
	bool has_begun; /* the preface was sent */
	bool is_draining; /* GOAWAY has come: no more requests are to be sent */
	bool is_ending; /* all that the test expects has come; a PING is under way */
	struct split requests;
	struct wire_bytes
		waiting; /* frames with parts of requests, the first of which may have no window */
	struct wire_bytes out; /* frames to be sent now */
	struct wire_bytes in; /* what has come of the next frame */
	struct wire_bytes block; /* the fragments of a field block */
	uint32_t block_stream; /* of which a part has come; 0: none */
	bool block_ends_stream;
	nghttp2_hd_deflater *deflater;
	nghttp2_hd_inflater *inflater;
	struct stream *first; /* in the order of the requests */
	uint32_t next_id;
	int64_t peer_window; /* SETTINGS_INITIAL_WINDOW_SIZE of the server */
	int64_t send_window, receive_window; /* of the connection */
};

static struct wire_type http2_wire;
static const struct wire_type *below; /* the transport; NULL: none */

/* --- frames ------------------------------------------------------------------- */

static void add(struct wire_bytes *to, const void *bytes, size_t len)
{
	if (len)
		memcpy(wire_add_room(to, len), bytes, len);
	to->len += len;
}

static void add_number(struct wire_bytes *to, uint32_t number, int bytes)
{
	while (bytes--)
		add(to, &(char){ (char)(number >> 8 * bytes) }, 1);
}

static uint32_t number_at(const char *bytes, int count)
{
	uint32_t number = 0;

	while (count--)
		number = number << 8 | (unsigned char)*bytes++;
	return number;
}

static void add_frame(struct wire_bytes *to, int type, int flags, uint32_t stream,
		      const void *payload, size_t len)
{
	add_number(to, (uint32_t)len, 3);
	add_number(to, (uint32_t)type, 1);
	add_number(to, (uint32_t)flags, 1);
	add_number(to, stream, 4);
	add(to, payload, len);
}

static void add_window_update(struct http2_wire *h2, uint32_t stream, int64_t by)
{
	struct wire_bytes payload = { 0 };

	add_number(&payload, (uint32_t)by, 4);
	add_frame(&h2->out, WINDOW_UPDATE, 0, stream, payload.data, payload.len);
	free(payload.data);
}

/* --- streams -------------------------------------------------------------------- */

static struct stream *find_stream(const struct http2_wire *h2, uint32_t id)
{
	struct stream *stream = h2->first;

	while (stream && stream->id != id)
		stream = stream->next;
	return stream;
}

static struct stream *begin_stream(struct http2_wire *h2)
{
	struct stream *stream = calloc(1, sizeof(*stream)), **last = &h2->first;

	ck_assert_ptr_nonnull(stream);
	stream->id = h2->next_id;
	stream->send_window = h2->peer_window;
	stream->receive_window = STREAM_WINDOW;
	stream->left = -1;
	h2->next_id += 2;
	while (*last)
		last = &(*last)->next;
	*last = stream;
	return stream;
}

static void drop_first(struct http2_wire *h2)
{
	struct stream *stream = h2->first;

	h2->first = stream->next;
	free(stream->text.data);
	free(stream);
}

/*
 * Gives the test what has come, in the order of its requests, as HTTP/1 does. Where HTTP/1 would
 * close the connection, a PING goes to the server: when it comes back, the server has done with the
 * request, and the connection counts as closed. So does one that GOAWAY has ended.
 */
static void deliver(struct http2_wire *h2)
{
	for (struct stream *stream = h2->first; stream; stream = stream->next) {
		add(&h2->wire.opened, stream->text.data, stream->text.len);
		stream->text.len = 0;
		if (!stream->is_over)
			break;
		if ((stream->closes || stream->was_reset) && !h2->is_ending) {
			h2->is_ending = true;
			add_frame(&h2->out, PING, 0, 0, "at last.", 8);
		}
	}
	while (h2->first && h2->first->is_over && h2->first->has_sent_all)
		drop_first(h2);
	h2->wire.is_over |= h2->is_draining && !h2->first;
}

/* --- requests --------------------------------------------------------------------- */

/* Fields that are about the connection (RFC 9113 section 8.2.2), which are left out. */
static bool is_of_connection(const char *name, size_t len)
{
	static const char *const names[] = { "connection",	  "proxy-connection", "keep-alive",
					     "transfer-encoding", "upgrade",	      "te" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len == strlen(names[i]) && strncasecmp(name, names[i], len) == 0)
			return true;
	return false;
}

struct fields {
	nghttp2_nv items[FIELDS];
	size_t count;
};

static void add_field(struct fields *fields, const char *name, size_t name_len, const char *value,
		      size_t value_len)
{
	ck_assert_uint_lt(fields->count, FIELDS);
	fields->items[fields->count++] = (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, name_len,
						       value_len, NGHTTP2_NV_FLAG_NONE };
}

static void add_pseudo(struct fields *fields, const char *name, const char *value, size_t value_len)
{
	add_field(fields, name, strlen(name), value, value_len);
}

/* The pseudo-header fields of a request: of the line "METHOD target HTTP/…", and of its host. */
static void translate_line(struct fields *fields, const char *line, const char *lines, size_t len)
{
	const char *method_end = strchr(line, ' '), *end = strstr(line, " HTTP/1.");
	const char *scheme = http2_wire.scheme, *host;
	size_t host_len;

	ck_assert_msg(method_end && end && end > method_end, "not a request: %s", line);

	const char *target = method_end + 1, *path = target;
	bool has_host = split_field(lines, len, "Host", &host, &host_len);

	add_pseudo(fields, ":method", line, (size_t)(method_end - line));
	if (strncmp(line, "CONNECT ", 8) == 0) {
		add_pseudo(fields, ":authority", target, (size_t)(end - target));
		return;
	}
	if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0) {
		scheme = tolower(target[4]) == 's' ? "https" : "http";
		host = strstr(target, "://") + 3;
		path = host + (host_len = strcspn(host, "/? "));
		has_host = true;
	}
	if (has_host)
		add_pseudo(fields, ":authority", host, host_len);
	add_pseudo(fields, ":scheme", scheme, strlen(scheme));
	add_pseudo(fields, ":path", path < end ? path : "/", path < end ? (size_t)(end - path) : 1);
}

/* Field lines, whose names are made lower case in place. The first Host has become :authority. */
static void translate_lines(struct fields *fields, char *lines, size_t len)
{
	bool saw_host = false;

	for (char *line = lines, *end; line < lines + len; line = end + 2) {
		char *colon = memchr(line, ':', len - (size_t)(line - lines)), *value = colon + 1;
		size_t name_len = (size_t)(colon - line);

		end = memmem(line, len - (size_t)(line - lines), "\r\n", 2);
		ck_assert_msg(colon && colon < end, "not a field: %.*s", (int)(end - line), line);
		for (char *at = line; at < colon; at++)
			*at = (char)tolower((unsigned char)*at);
		value += strspn(value, " \t");

		char *value_end = end;

		while (value_end > value && strchr(" \t", value_end[-1]))
			value_end--;
		if (is_of_connection(line, name_len))
			continue;
		if (!saw_host && name_len == 4 && memcmp(line, "host", 4) == 0)
			saw_host = true;
		else
			add_field(fields, line, name_len, value, (size_t)(value_end - value));
	}
}

/*
 * A field block becomes frames of several forms in turn: one; one that is padded; one that is
 * continued by another.
 */
static void add_block(struct http2_wire *h2, struct stream *stream, const struct fields *fields,
		      bool ends_stream)
{
	static unsigned form;
	size_t room = nghttp2_hd_deflate_bound(h2->deflater, fields->items, fields->count);
	char *block = malloc(1 + room + 10);
	ssize_t n = nghttp2_hd_deflate_hd(h2->deflater, (uint8_t *)block + 1, room, fields->items,
					  fields->count);
	size_t len = (size_t)n, first = FRAME_ROOM - 11;
	int flags = ends_stream ? END_STREAM : 0;

	ck_assert_int_ge(n, 0);
	if (++form % 3 == 0)
		first = len / 2;
	if (first > len)
		first = len;
	flags |= first == len ? END_HEADERS : 0;
	if (form % 3 == 1 && first == len) {
		block[0] = 10;
		memset(block + 1 + len, 0, 10);
		add_frame(&h2->waiting, HEADERS, flags | PADDED, stream->id, block, len + 11);
	} else {
		add_frame(&h2->waiting, HEADERS, flags, stream->id, block + 1, first);
	}
	for (size_t at = first; at < len; at += first) {
		first = len - at < FRAME_ROOM ? len - at : FRAME_ROOM;
		add_frame(&h2->waiting, CONTINUATION, at + first == len ? END_HEADERS : 0,
			  stream->id, block + 1 + at, first);
	}
	free(block);
}

/* The text as a string, from malloc(3). */
static char *copy_of(const struct split_part *part)
{
	char *copy = malloc(part->len + 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, part->text, part->len);
	copy[part->len] = '\0';
	return copy;
}

static void add_head(struct http2_wire *h2, const struct split_part *part)
{
	struct stream *stream = begin_stream(h2);
	char *line = copy_of(part), *lines = strstr(line, "\r\n") + 2;
	size_t len = strlen(lines), value_len;
	struct fields fields = { .count = 0 };
	const char *value;

	lines[-2] = '\0';
	stream->is_head_only = strncmp(line, "HEAD ", 5) == 0;
	stream->closes = strstr(line, " HTTP/1.0") != NULL;
	if (split_field(lines, len, "Connection", &value, &value_len))
		stream->closes = strncasecmp(value, "close", value_len) == 0;
	translate_line(&fields, line, lines, len);
	translate_lines(&fields, lines, len);
	add_block(h2, stream, &fields, part->is_last);
	free(line);
}

static void add_trailers(struct http2_wire *h2, struct stream *stream,
			 const struct split_part *part)
{
	char *lines = copy_of(part);
	struct fields fields = { .count = 0 };

	translate_lines(&fields, lines, part->len);
	add_block(h2, stream, &fields, true);
	free(lines);
}

static void add_body(struct http2_wire *h2, const struct stream *stream,
		     const struct split_part *part)
{
	size_t at = 0;

	do {
		size_t len = part->len - at < FRAME_ROOM ? part->len - at : FRAME_ROOM;
		bool ends = part->is_last && at + len == part->len;

		add_frame(&h2->waiting, DATA, ends ? END_STREAM : 0, stream->id, part->text + at,
			  len);
		at += len;
	} while (at < part->len);
}

/* Whether the first frame that waits may be sent now; *is_void: it is not to be sent at all. */
static bool may_send(struct http2_wire *h2, int type, int flags, uint32_t id, size_t len,
		     bool *is_void)
{
	struct stream *stream = find_stream(h2, id);

	*is_void = type == DATA && (!stream || stream->was_reset);
	if (type == DATA && !*is_void && len) {
		if (stream->send_window < (int64_t)len || h2->send_window < (int64_t)len)
			return false;
		stream->send_window -= (int64_t)len;
		h2->send_window -= (int64_t)len;
	}
	if (stream && type != CONTINUATION && flags & END_STREAM)
		stream->has_sent_all = true;
	return true;
}

static void send_waiting(struct http2_wire *h2)
{
	size_t at = 0;
	bool is_void;

	while (at < h2->waiting.len) {
		const char *frame = h2->waiting.data + at;
		size_t len = number_at(frame, 3);

		if (!may_send(h2, frame[3], frame[4], number_at(frame + 5, 4), len, &is_void))
			break;
		if (!is_void)
			add(&h2->out, frame, HEAD + len);
		at += HEAD + len;
	}
	wire_drop(&h2->waiting, at);
}

static void send_preface(struct http2_wire *h2)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	struct wire_bytes settings = { 0 };

	h2->has_begun = true;
	add(&h2->out, preface, sizeof(preface) - 1);
	add_number(&settings, 2, 2); /* SETTINGS_ENABLE_PUSH */
	add_number(&settings, 0, 4);
	add_number(&settings, 4, 2); /* SETTINGS_INITIAL_WINDOW_SIZE */
	add_number(&settings, STREAM_WINDOW, 4);
	add_frame(&h2->out, SETTINGS, 0, 0, settings.data, settings.len);
	free(settings.data);
}

/* Through the transport to what the harness sends. */
static void pass_on(struct http2_wire *h2)
{
	const char *bytes;
	size_t len;

	send_waiting(h2);
	if (!h2->below) {
		add(&h2->wire.unsent, h2->out.data, h2->out.len);
	} else {
		if (h2->out.len)
			wire_seal(h2->below, h2->out.data, h2->out.len);
		len = wire_unsent(h2->below, &bytes);
		add(&h2->wire.unsent, bytes, len);
		wire_sent(h2->below, len);
	}
	h2->out.len = 0;
}

static void seal(struct wire *wire, const char *bytes, size_t len)
{
	struct http2_wire *h2 = (struct http2_wire *)wire;
	struct split_part part;

	if (!h2->has_begun)
		send_preface(h2);
	split_add(&h2->requests, bytes, len);
	while (split_next(&h2->requests, &part)) {
		struct stream *stream = find_stream(h2, h2->next_id - 2);

		if (part.type == PART_HEAD)
			add_head(h2, &part);
		else if (stream && part.type == PART_BODY)
			add_body(h2, stream, &part);
		else if (stream)
			add_trailers(h2, stream, &part);
	}
	pass_on(h2);
}

static void seal_end(struct wire *wire)
{
	struct http2_wire *h2 = (struct http2_wire *)wire;

	if (h2->below)
		wire_seal_end(h2->below);
	pass_on(h2);
}

/* --- responses ------------------------------------------------------------------------ */

static void add_text(struct wire_bytes *to, const char *text)
{
	add(to, text, strlen(text));
}

/* "etag" is "Etag": names are compared without case. */
static void add_line(struct wire_bytes *to, const nghttp2_nv *field)
{
	bool begins = true;

	for (size_t i = 0; i < field->namelen; i++) {
		char c = (char)field->name[i];

		ck_assert_msg(!isupper((unsigned char)c), "a name in upper case: %s", field->name);
		c = begins ? (char)toupper((unsigned char)c) : c;
		begins = c == '-';
		add(to, &c, 1);
	}
	add_text(to, ": ");
	add(to, field->value, field->valuelen);
	add_text(to, "\r\n");
}

static void take_status(struct stream *stream, const nghttp2_nv *field, int *status)
{
	struct str reason;
	char line[128];

	ck_assert_msg(field->namelen == 7 && memcmp(field->name, ":status", 7) == 0 && !*status &&
			      field->valuelen == 3 && !stream->has_head,
		      "a pseudo-header field that has no place: %s", field->name);
	*status = atoi((const char *)field->value);
	reason = status_reason(*status);
	snprintf(line, sizeof(line), "HTTP/1.1 %d %.*s\r\n", *status, STR_ARG(reason));
	add_text(&stream->text, line);
}

/* Decodes the block: its fields become lines. Returns the status; 0: there is none. */
static int take_fields(struct http2_wire *h2, struct stream *stream)
{
	uint8_t *at = (uint8_t *)h2->block.data;
	size_t left = h2->block.len;
	int flags = 0, status = 0;
	bool saw_line = false, is_trailer = stream->has_head;

	while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
		nghttp2_nv field;
		ssize_t n = nghttp2_hd_inflate_hd2(h2->inflater, &field, &flags, at, left, true);

		ck_assert_msg(n >= 0, "a field block that cannot be decoded");
		at += n;
		left -= (size_t)n;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT))
			continue;
		ck_assert_msg(!is_of_connection((char *)field.name, field.namelen), "a field %s",
			      field.name);
		if (field.name[0] == ':') {
			ck_assert_msg(!saw_line, "%s behind a field", field.name);
			take_status(stream, &field, &status);
			continue;
		}
		saw_line = true;
		if (!is_trailer || stream->is_chunked)
			add_line(&stream->text, &field);
		if (field.namelen == 14 && memcmp(field.name, "content-length", 14) == 0)
			stream->left = atoll((char *)field.value);
	}
	nghttp2_hd_inflate_end_headers(h2->inflater);
	return status;
}

/* The end of the stream. */
static void end_response(struct stream *stream, bool has_trailers)
{
	ck_assert_msg(!stream->has_body || stream->left <= 0,
		      "%ld bytes of Content-Length have not come", (long)stream->left);
	if (stream->is_chunked)
		add_text(&stream->text, has_trailers ? "\r\n" : "0\r\n\r\n");
	stream->is_over = true;
}

static void take_block(struct http2_wire *h2, struct stream *stream)
{
	bool ends = h2->block_ends_stream, is_trailer = stream->has_head;

	h2->block_stream = 0;
	if (is_trailer && stream->is_chunked)
		add_text(&stream->text, "0\r\n");

	int status = take_fields(h2, stream);

	if (is_trailer) {
		ck_assert_msg(ends && !status, "trailers that do not end the stream");
		end_response(stream, true);
		return;
	}
	ck_assert_int_ge(status, 100);
	stream->has_head = status >= 200;
	stream->has_body = !stream->is_head_only && status != 204 && status != 304;
	if (stream->has_head && stream->has_body && stream->left < 0) {
		stream->is_chunked = true;
		add_text(&stream->text, "Transfer-Encoding: chunked\r\n");
	}
	if (h2->is_draining && stream->has_head)
		add_text(&stream->text, "Connection: close\r\n");
	add_text(&stream->text, "\r\n");
	ck_assert_msg(!ends || stream->has_head, "a status of %d ends the stream", status);
	if (ends)
		end_response(stream, false);
}

static void take_data(struct http2_wire *h2, struct stream *stream, const char *bytes, size_t len,
		      bool ends)
{
	char size[32];

	ck_assert_msg(stream->has_head, "DATA without a head");
	ck_assert_msg(len == 0 || stream->has_body, "a body where there is none");
	h2->receive_window -= (int64_t)len;
	stream->receive_window -= (int64_t)len;
	ck_assert_msg(h2->receive_window >= 0 && stream->receive_window >= 0,
		      "more than the window of %s allows",
		      h2->receive_window < 0 ? "the connection" : "the stream");
	if (stream->left >= 0)
		ck_assert_int_ge(stream->left -= (int64_t)len, 0);
	snprintf(size, sizeof(size), "%zx\r\n", len);
	if (stream->is_chunked && len)
		add_text(&stream->text, size);
	add(&stream->text, bytes, len);
	if (stream->is_chunked && len)
		add_text(&stream->text, "\r\n");
	if (ends)
		end_response(stream, false);
	if (h2->receive_window < CONNECTION_WINDOW / 2) {
		add_window_update(h2, 0, CONNECTION_WINDOW - h2->receive_window);
		h2->receive_window = CONNECTION_WINDOW;
	}
	if (!ends && stream->receive_window < STREAM_WINDOW / 2) {
		add_window_update(h2, stream->id, STREAM_WINDOW - stream->receive_window);
		stream->receive_window = STREAM_WINDOW;
	}
}

static void take_settings(struct http2_wire *h2, const char *bytes, size_t len)
{
	ck_assert_uint_eq(len % 6, 0);
	for (size_t at = 0; at < len; at += 6) {
		int64_t value = number_at(bytes + at + 2, 4);

		if (number_at(bytes + at, 2) != 4)
			continue;
		for (struct stream *stream = h2->first; stream; stream = stream->next)
			stream->send_window += value - h2->peer_window;
		h2->peer_window = value;
	}
	add_frame(&h2->out, SETTINGS, ACK, 0, NULL, 0);
}

static void take_window_update(struct http2_wire *h2, struct stream *stream, uint32_t id,
			       const char *bytes)
{
	int64_t by = number_at(bytes, 4);

	ck_assert_int_gt(by, 0);
	if (id == 0)
		h2->send_window += by;
	else if (stream)
		stream->send_window += by;
	ck_assert_int_le(stream ? stream->send_window : h2->send_window, INT32_MAX);
}

static void take_reset(struct http2_wire *h2, struct stream *stream, uint32_t id)
{
	ck_assert_msg(id < h2->next_id && id % 2, "RST_STREAM of a stream that was not begun");
	if (!stream)
		return;
	stream->was_reset = !stream->is_over;
	stream->is_over = stream->has_sent_all = true;
}

static void take_frame(struct http2_wire *h2, int type, int flags, uint32_t id, const char *payload,
		       size_t len)
{
	struct stream *stream = find_stream(h2, id);
	bool is_of_stream = type == DATA || type == HEADERS || type == CONTINUATION;

	ck_assert_msg(!h2->block_stream || (type == CONTINUATION && id == h2->block_stream),
		      "a frame %d within a field block", type);
	ck_assert_msg(!is_of_stream || (stream && !stream->is_over),
		      "a frame %d for stream %u, which is over", type, id);
	ck_assert_msg(!is_of_stream || !(flags & PADDED) || type == CONTINUATION,
		      "this client has not learnt padding");
	switch (type) {
	case DATA:
		take_data(h2, stream, payload, len, flags & END_STREAM);
		break;
	case HEADERS:
		h2->block_ends_stream = flags & END_STREAM;
		h2->block_stream = id;
		h2->block.len = 0;
		/* fall through */
	case CONTINUATION:
		add(&h2->block, payload, len);
		if (flags & END_HEADERS)
			take_block(h2, stream);
		break;
	case RST_STREAM:
		take_reset(h2, stream, id);
		break;
	case SETTINGS:
		if (!(flags & ACK))
			take_settings(h2, payload, len);
		break;
	case PING:
		if (!(flags & ACK))
			add_frame(&h2->out, PING, ACK, 0, payload, len);
		else
			h2->wire.is_over = true;
		break;
	case WINDOW_UPDATE:
		take_window_update(h2, stream, id, payload);
		break;
	case GOAWAY:
		ck_assert_uint_ge(len, 8);
		h2->is_draining = true;
		break;
	default:
		ck_abort_msg("the server has sent a frame of type %d", type);
	}
}

static void open_frames(struct wire *wire, const char *bytes, size_t len)
{
	struct http2_wire *h2 = (struct http2_wire *)wire;
	size_t at = 0;

	if (h2->below)
		len = wire_open(h2->below, bytes, len, &bytes);
	add(&h2->in, bytes, len);
	while (h2->in.len - at >= HEAD) {
		const char *frame = h2->in.data + at;
		size_t payload = number_at(frame, 3);

		ck_assert_msg(payload <= FRAME_ROOM, "a frame of %zu bytes", payload);
		if (h2->in.len - at < HEAD + payload)
			break;
		take_frame(h2, frame[3], frame[4], number_at(frame + 5, 4), frame + HEAD, payload);
		at += HEAD + payload;
	}
	wire_drop(&h2->in, at);
	deliver(h2);
	wire->has_ended = h2->below && wire_has_ended(h2->below);
	pass_on(h2);
}

/* --- the type ------------------------------------------------------------------------- */

static void init(struct wire *wire)
{
	struct http2_wire *h2 = (struct http2_wire *)wire;

	h2->next_id = 1;
	h2->peer_window = h2->send_window = h2->receive_window = CONNECTION_WINDOW;
	ck_assert_int_eq(nghttp2_hd_deflate_new(&h2->deflater, 4096), 0);
	ck_assert_int_eq(nghttp2_hd_inflate_new(&h2->inflater), 0);
	if (below)
		h2->below = wire_create_of(below);
}

static void finish(struct wire *wire)
{
	struct http2_wire *h2 = (struct http2_wire *)wire;

	while (h2->first)
		drop_first(h2);
	split_finish(&h2->requests);
	free(h2->waiting.data);
	free(h2->out.data);
	free(h2->in.data);
	free(h2->block.data);
	nghttp2_hd_deflate_del(h2->deflater);
	nghttp2_hd_inflate_del(h2->inflater);
	wire_destroy(h2->below);
}

static const char *conf(const char *text)
{
	static const char http[] = "http {";
	const char *at = strstr(text, http);

	if (at && !strstr(text, "http2 "))
		text = memory_printf("%.*s http2 on;%s", (int)(at - text + (long)strlen(http)),
				     text, at + strlen(http));
	return below ? below->conf(text) : text;
}

static bool is_ready(const struct wire *wire)
{
	return wire_is_ready(((const struct http2_wire *)wire)->below);
}

static int idle_kib(void)
{
	return 8 + (below && below->idle_kib ? below->idle_kib() : 0);
}

static struct wire_type http2_wire = {
	.size = sizeof(struct http2_wire),
	.scheme = "http",
	.alpn = "\2h2",
	.is_http2 = true,
	.conf = conf,
	.init = init,
	.finish = finish,
	.seal = seal,
	.seal_end = seal_end,
	.open = open_frames,
	.idle_kib = idle_kib,
	.is_ready = is_ready,
};

/* After that of harness/tls_wire.c, which has a priority. */
__attribute__((constructor)) static void look_at_environment(void)
{
	const char *wanted = getenv("TEST_HTTP2");

	if (!wanted || !*wanted)
		return;
	below = wire_type;
	if (below)
		http2_wire.scheme = below->scheme;
	wire_type = &http2_wire;
}
