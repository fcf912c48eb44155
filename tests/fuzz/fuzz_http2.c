/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole connection of HTTP/2: bytes go into a socket in pieces, behind the preface and
 * settings of the client. What comes back are whole frames, and field blocks that can be decoded.
 * Whatever a client sends, the loop comes to rest after it, and the connection ends by its
 * deadlines, or when the client has closed its side. It is moved to another process (in this
 * one) whenever it can be.
 */
#include "fuzz/serve.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "http/frames/frames.h"
#include "http/frames/hpack.h"
#include "http/h2/http2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char configuration[] =
	"http { access_log off; default_type text/plain; keepalive_requests 100000;\n"
	"  large_client_header_buffers 2 2k; client_max_body_size 10k; add_header X-A $arg_a;\n"
	"  http2 on; http2_max_concurrent_streams 8;\n"
	"  server { listen 127.0.0.1:1; root .; error_page 404 /www/404.html;\n"
	"    location /hello { hello hello; }\n"
	"    location /gif { empty_gif; expires 1h; }\n"
	"    location /slow { limit_rate 1k; root .; }\n"
	"    location ~ ^/(?<name>[a-z]+)\\.txt$ { return 200 \"$name $args $http_x\"; }\n"
	"    location = /drop { return 444; } } }\n";

enum {
	TURNS = 300, /* for a piece of the input, at most */
	ENDS_AFTER_MS = 3600 * 1000, /* longer than each limit in time */
};

static struct {
	int fd;
	char bytes[1 << 18];
	size_t len;
	struct hpack_decoder *decoder;
} client;

static void check_frame(struct frame frame, const char *payload)
{
	struct str block = { payload, frame.len };
	struct hpack_field field;
	int result;

	assert(frame.len <= FRAME_MAX);
	if (frame.type != FRAME_HEADERS)
		return;
	assert(frame.flags & FLAG_END_HEADERS);
	while ((result = hpack_decode(client.decoder, &block, true, &field)) == 1)
		continue;
	assert(result == 0);
}

static void check_frames(void)
{
	size_t at = 0;

	while (client.len - at >= FRAME_HEAD) {
		struct frame frame = frame_parse(client.bytes + at);

		if (client.len - at < FRAME_HEAD + frame.len)
			break;
		check_frame(frame, client.bytes + at + FRAME_HEAD);
		at += FRAME_HEAD + frame.len;
	}
	memmove(client.bytes, client.bytes + at, client.len - at);
	client.len -= at;
}

/* Turns the loop until it comes to rest, and reads what came back. */
static void settle(void)
{
	ssize_t n;

	do {
		for (int turns = 0; loop_turn(0); turns++)
			assert(turns < TURNS);
		n = recv(client.fd, client.bytes + client.len, sizeof(client.bytes) - client.len,
			 MSG_DONTWAIT);
		client.len += n > 0 ? (size_t)n : 0;
		check_frames();
	} while (n > 0);
}

static void say(const void *bytes, size_t len)
{
	if (send(client.fd, bytes, len, MSG_NOSIGNAL) >= 0)
		settle();
}

/* The input is a state that another process has sent, which may be anything. */
static bool import(const struct listener *listener, int fd, struct str state)
{
	union address peer = { .any.sa_family = AF_UNIX };
	struct conn_past past = { .number = 1, .is_switched = true, .bytes = state };

	return conn_import(listener, fd, &peer, sizeof(peer.any), &past);
}

/*
 * The first byte is the size of the pieces; where it is odd, the client closes its side. 0: the
 * rest is a state to be imported.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char begin[] = H2_PREFACE "\0\0\0\x04\0\0\0\0\0";
	static const struct listener *listener;
	union address peer = { .any.sa_family = AF_UNIX };
	int ends[2];

	if (!listener)
		listener = serve(configuration, &http2_protocol);
	pass(1);
	if (!hpack_is_there() || size < 2 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		return 0;
	client.fd = ends[1];
	client.len = 0;
	client.decoder = hpack_decoder_create();
	assert(client.decoder);
	if (data[0] == 0) {
		import(listener, ends[0], (struct str){ (const char *)data + 1, size - 1 });
		settle();
	} else {
		assert(conn_open(listener, ends[0], &peer, sizeof(peer.any)));
		say(begin, sizeof(begin) - 1);
		for (size_t at = 1, piece = (size_t)data[0] * 8 + 1; at < size; at += piece)
			say(data + at, size - at < piece ? size - at : piece);
	}
	if (data[0] % 2)
		shutdown(client.fd, SHUT_WR);
	if (data[0] % 4 == 2)
		conn_drain_all();
	settle();
	/* Several times, since a thread may be opening a file, and each state has its limit. */
	for (int i = 0; i < 200 && conns.active; i++) {
		if (data[0] % 2 == 0 || i > 50)
			pass(ENDS_AFTER_MS);
		loop_turn(i < 3 ? 0 : 10);
		settle();
	}
	assert(conns.active == 0);
	hpack_decoder_destroy(client.decoder);
	close(client.fd);
	return 0;
}
