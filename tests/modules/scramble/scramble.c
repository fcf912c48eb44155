/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transport that is as inconvenient as a transport may be:
 *
 *     listen 8080 scrambled;
 *
 *   - what it reads comes in records, and it gives their bytes in odd pieces, while the
 *     socket has nothing more to report
 *   - after every third record it has to write before it reads on, and says so once even
 *     when there is room
 *   - it takes more than it writes: sealed bytes stay here although the socket has room
 *   - after 256 KiB it has to read a grant before it sends on; what the client has sent
 *     before the grant is kept
 *   - it cannot send files, and its end is a record
 *   - all of that moves to another process
 */
#include <module.h>

#include <errno.h>
#include <stdlib.h>

#include "wire.h"

extern const struct module scramble_module;

enum {
	READ_MAX = RECORD_HEAD + RECORD_MAX,
	UNSENT_MAX = 20000, /* with so much it takes nothing more */
	WRITE_MAX = 10007, /* bytes that one call writes */
	RECEIVED_MAX = 4 << 20, /* bytes that are kept while it waits for a grant */
};

/* Bytes from `begin` to `end` of memory that grows. */
struct bytes {
	char *data;
	size_t begin, end, room;
};

/* What is exported as it is; then come the three sorts of bytes. */
struct kept {
	struct key in, out;
	uint32_t seed_len; /* bytes of the seed that have come */
	uint32_t records; /* of the client */
	uint32_t pieces; /* given to the protocol */
	uint32_t writes;
	uint64_t granted; /* bytes of data that may still be sent */
	uint8_t has_ended, must_write, has_said_so, has_asked, has_sent_end;
};

struct scramble {
	struct kept kept;
	struct bytes raw; /* read, not unscrambled: a part of a record, or some of them */
	struct bytes received; /* for the protocol */
	struct bytes unsent; /* sealed */
};

static struct scramble *state_of(const struct transport *transport)
{
	return transport_state(transport);
}

static size_t length(const struct bytes *bytes)
{
	return bytes->end - bytes->begin;
}

/* Room for len more bytes behind the others; NULL: there is no memory. */
static char *add_room(struct bytes *bytes, size_t len)
{
	size_t held = length(bytes);

	if (held && bytes->begin)
		memmove(bytes->data, bytes->data + bytes->begin, held);
	bytes->begin = 0;
	bytes->end = held;
	if (held + len > bytes->room) {
		char *data = realloc(bytes->data, 2 * (held + len));

		if (!data)
			return NULL;
		bytes->data = data;
		bytes->room = 2 * (held + len);
	}
	return bytes->data + held;
}

static bool add(struct bytes *bytes, struct str more)
{
	char *to = more.len ? add_room(bytes, more.len) : NULL;

	if (!to)
		return more.len == 0;
	str_put(to, more);
	bytes->end += more.len;
	return true;
}

static void clear(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

static bool seal(struct scramble *s, enum record_type type, const void *data, size_t len)
{
	char *to = add_room(&s->unsent, RECORD_HEAD + len);

	if (!to)
		return false;
	s->unsent.end += record_put(&s->kept.out, to, type, data, len);
	return true;
}

/* --- reading --- */

static bool has_record(const struct scramble *s)
{
	size_t held = length(&s->raw), len;

	if (held < RECORD_HEAD || s->kept.seed_len < SEED_LEN)
		return false;
	record_head(&s->kept.in, s->raw.data + s->raw.begin, &len);
	return held >= RECORD_HEAD + len || len > RECORD_MAX;
}

/* Opens the record at the front. 0 or -errno. */
static int open_record(struct scramble *s)
{
	struct kept *kept = &s->kept;
	size_t len;
	char *from = s->raw.data + s->raw.begin;
	enum record_type type = record_head(&kept->in, from, &len);

	if (len > RECORD_MAX || kept->has_ended)
		return -EBADMSG;
	key_apply(&kept->in, from, RECORD_HEAD + len);
	s->raw.begin += RECORD_HEAD + len;
	switch (type) {
	case RECORD_DATA:
		if (!add(&s->received, (struct str){ from + RECORD_HEAD, len }))
			return -ENOMEM;
		break;
	case RECORD_GRANT:
		kept->granted = GRANT_BYTES;
		kept->has_asked = false;
		break;
	case RECORD_END:
		kept->has_ended = true;
		break;
	default:
		return -EBADMSG;
	}
	if (++kept->records % ACK_EVERY || kept->has_sent_end)
		return 0;
	kept->must_write = true;
	return seal(s, RECORD_ACK, &kept->records, sizeof(kept->records)) ? 0 : -ENOMEM;
}

/* Reads once from the socket. As recv(2). */
static ssize_t read_raw(struct transport *transport)
{
	struct scramble *s = state_of(transport);
	struct kept *kept = &s->kept;

	if (kept->seed_len < SEED_LEN) {
		ssize_t n = transport_read_socket(transport,
						  (char *)&kept->in.seed + kept->seed_len,
						  SEED_LEN - kept->seed_len);

		if (n > 0)
			kept->seed_len += (uint32_t)n;
		kept->out.seed = kept->in.seed;
		return n;
	}

	char *to = add_room(&s->raw, READ_MAX);
	ssize_t n = to ? transport_read_socket(transport, to, READ_MAX) : -ENOMEM;

	if (n > 0)
		s->raw.end += (size_t)n;
	return n;
}

/* Opens one more record, and reads for it. 1: there is one; 0: the end; or as receive(). */
static int next_record(struct transport *transport)
{
	struct scramble *s = state_of(transport);

	while (!has_record(s)) {
		ssize_t n = s->kept.has_ended ? 0 : read_raw(transport);

		if (n == -EAGAIN)
			return TRANSPORT_NEEDS_BYTES;
		if (n <= 0)
			return (int)n;
	}

	int error = open_record(s);

	return error < 0 ? error : 1;
}

/* Writes a part of what is sealed: all but each third time. 0 or -errno. */
static int write_some(struct transport *transport)
{
	struct scramble *s = state_of(transport);
	size_t len = length(&s->unsent);

	if (++s->kept.writes % 3 == 0 && len > 1)
		len /= 2;
	if (len == 0)
		return 0;

	ssize_t n = transport_write_socket(transport, s->unsent.data + s->unsent.begin,
					   len < WRITE_MAX ? len : WRITE_MAX, false);

	if (n > 0)
		s->unsent.begin += (size_t)n;
	return n < 0 && n != -EAGAIN ? (int)n : 0;
}

/* Before it reads on it has to write. 0; or as receive(). */
static int write_first(struct transport *transport)
{
	struct scramble *s = state_of(transport);

	if (!s->kept.must_write)
		return 0;
	if (!s->kept.has_said_so) {
		s->kept.has_said_so = true;
		return TRANSPORT_NEEDS_ROOM;
	}

	int error = write_some(transport);

	if (error < 0)
		return error;
	if (length(&s->unsent))
		return TRANSPORT_NEEDS_ROOM;
	s->kept.must_write = s->kept.has_said_so = false;
	return 0;
}

static ssize_t scramble_receive(struct transport *transport, void *buffer, size_t size)
{
	static const size_t pieces[] = { 1, 700, 2, RECORD_MAX, 3, 5, 100 };
	struct scramble *s = state_of(transport);

	for (;;) {
		int result = write_first(transport);

		if (result < 0)
			return result;
		if (length(&s->received))
			break;
		result = next_record(transport);
		if (result <= 0)
			return result;
	}

	size_t len = pieces[s->kept.pieces++ % (sizeof(pieces) / sizeof(pieces[0]))];

	len = len < length(&s->received) ? len : length(&s->received);
	len = len < size ? len : size;
	memcpy(buffer, s->received.data + s->received.begin, len);
	s->received.begin += len;
	return (ssize_t)len;
}

static bool scramble_has_bytes(const struct transport *transport)
{
	const struct scramble *s = state_of(transport);

	return length(&s->received) || has_record(s) || s->kept.has_ended;
}

/* --- writing --- */

static size_t scramble_unsent(const struct transport *transport)
{
	return length(&state_of(transport)->unsent);
}

/* Data may be sent: 0; or as send(). A client that has ended cannot grant anything. */
static int wait_for_grant(struct transport *transport)
{
	struct scramble *s = state_of(transport);

	if (!s->kept.has_asked && !seal(s, RECORD_ASK, NULL, 0))
		return -ENOMEM;
	s->kept.has_asked = true;
	while (!s->kept.granted) {
		int result = length(&s->received) > RECEIVED_MAX ? -ENOMEM : next_record(transport);

		if (result == TRANSPORT_NEEDS_BYTES) {
			int error = write_some(transport);

			return error < 0 ? error : result;
		}
		if (result < 0)
			return result;
		if (result == 0)
			s->kept.granted = UINT64_MAX;
	}
	return 0;
}

static ssize_t seal_all(struct scramble *s, const struct iovec *iov, int count)
{
	size_t sum = 0;

	for (int i = 0; i < count; i++)
		for (size_t at = 0; at < iov[i].iov_len;) {
			size_t len = iov[i].iov_len - at;

			len = len < RECORD_MAX ? len : RECORD_MAX;
			len = len < s->kept.granted ? len : (size_t)s->kept.granted;
			if (len == 0 || length(&s->unsent) >= UNSENT_MAX)
				return (ssize_t)sum;
			if (!seal(s, RECORD_DATA, (char *)iov[i].iov_base + at, len))
				return -ENOMEM;
			s->kept.granted -= len;
			sum += len;
			at += len;
		}
	return (ssize_t)sum;
}

static ssize_t scramble_send(struct transport *transport, const struct iovec *iov, int count,
			     bool more)
{
	struct scramble *s = state_of(transport);
	ssize_t sum = 0;

	(void)more;
	if (count && length(&s->unsent) < UNSENT_MAX) {
		int result = s->kept.granted ? 0 : wait_for_grant(transport);

		if (result < 0)
			return result;
		sum = seal_all(s, iov, count);
		if (sum < 0)
			return sum;
	}

	int error = write_some(transport);

	if (error < 0)
		return error;
	return count && sum == 0 ? TRANSPORT_NEEDS_ROOM : sum;
}

static void scramble_end(struct transport *transport)
{
	struct scramble *s = state_of(transport);

	if (s->kept.seed_len == SEED_LEN)
		s->kept.has_sent_end = seal(s, RECORD_END, NULL, 0);
}

/* --- its life --- */

static int scramble_init(struct transport *transport)
{
	struct kept *kept = &state_of(transport)->kept;

	kept->out.direction = FROM_SERVER;
	kept->granted = GRANT_BYTES;
	return 0;
}

static void scramble_finish(struct transport *transport)
{
	struct scramble *s = state_of(transport);

	clear(&s->raw);
	clear(&s->received);
	clear(&s->unsent);
}

static char *put_bytes(char *to, const struct bytes *bytes)
{
	uint32_t len = (uint32_t)length(bytes);

	memcpy(to, &len, sizeof(len));
	to += sizeof(len);
	return len ? str_put(to, (struct str){ bytes->data + bytes->begin, len }) : to;
}

static ssize_t scramble_export(const struct transport *transport, char *to, size_t room)
{
	const struct scramble *s = state_of(transport);
	size_t len = sizeof(s->kept) + 3 * sizeof(uint32_t) + length(&s->raw) +
		     length(&s->received) + length(&s->unsent);

	if (len > room)
		return -EMSGSIZE;
	memcpy(to, &s->kept, sizeof(s->kept));
	to = put_bytes(to + sizeof(s->kept), &s->raw);
	to = put_bytes(to, &s->received);
	put_bytes(to, &s->unsent);
	return (ssize_t)len;
}

static bool take_bytes(struct str *from, struct bytes *bytes)
{
	uint32_t len;

	if (from->len < sizeof(len))
		return false;
	memcpy(&len, from->data, sizeof(len));
	*from = str_skip(*from, sizeof(len));
	if (len > from->len || !add(bytes, str_head(*from, len)))
		return false;
	*from = str_skip(*from, len);
	return true;
}

static int scramble_import(struct transport *transport, struct str state)
{
	struct scramble *s = state_of(transport);

	if (state.len < sizeof(s->kept))
		return -EBADMSG;
	memcpy(&s->kept, state.data, sizeof(s->kept));
	state = str_skip(state, sizeof(s->kept));
	if (take_bytes(&state, &s->raw) && take_bytes(&state, &s->received) &&
	    take_bytes(&state, &s->unsent) && s->kept.seed_len <= SEED_LEN)
		return 0;
	scramble_finish(transport);
	return -EBADMSG;
}

static bool always(const struct transport *transport)
{
	(void)transport;
	return true;
}

#define SCRAMBLING(version)                                                             \
	{                                                                               \
		.name = "scrambling " version, .size = sizeof(struct scramble),         \
		.is_secure = always, .init = scramble_init, .finish = scramble_finish,    \
		.receive = scramble_receive, .has_bytes = scramble_has_bytes,           \
		.send = scramble_send, .unsent = scramble_unsent, .end = scramble_end,  \
		.export = scramble_export, .import = scramble_import,                   \
	}

/* The other one is the same for clients, but the server must not know. */
static const struct transport_type scrambling = SCRAMBLING("1"), other = SCRAMBLING("2");

/* --- requests --- */

/* Whether the handler was called for the request. */
struct context {
	bool was_called;
};

static verdict note_call(struct request *req, const void *conf)
{
	struct context *context = request_context(req, &scramble_module);

	(void)conf;
	context->was_called = true;
	return PASS;
}

static bool get_called(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct context *context = request_context(req, &scramble_module);

	(void)rest;
	(void)data;
	*out = context->was_called ? STR("yes") : STR("no");
	return true;
}

const struct module scramble_module = {
	.name = "scramble",
	.summary = "scrambles the bytes of connections",
	.context_size = sizeof(struct context),
	.variables = (const struct variable[]) {
		{ "scramble_called", get_called, "yes, if the module's handler was called.",
		  VARIABLE_PLAIN },
		{ 0 }
	},
	.on[PHASE_SERVER_REWRITE] = note_call,
	.if_listened = true,
	.listen_parameters =
		(const struct listen_parameter[]){
			{ "scrambled", .doc = "the bytes of connections are scrambled",
			  .transport = &scrambling },
		{ "scrambled_2", .doc = "the same by another transport", .transport = &other },
			{ 0 } },
};
