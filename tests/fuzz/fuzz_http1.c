/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole connection: bytes go into a socket in pieces, requests walk through
 * the phases of all modules, answers come out. What comes back is answers. Whatever a
 * client sends, the loop comes to rest after it, and the connection ends by its
 * deadline, or when the client has closed its side.
 */
#include "fuzz/serve.h"

#include <sys/socket.h>

#include "http/h2/http2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char configuration[] =
	"http { access_log off; default_type text/plain; keepalive_requests 100000;\n"
	"  large_client_header_buffers 2 2k; client_max_body_size 10k; add_header X-A $arg_a;\n"
	"  server { listen 127.0.0.1:1; root .; error_page 404 /www/404.html;\n"
	"    location /hello { hello hello; }\n"
	"    location /gif { empty_gif; expires 1h; }\n"
	"    location /to { return 301 /www$uri; }\n"
	"    location ~ ^/(?<name>[a-z]+)\\.txt$ { return 200 \"$name $args $http_x\"; }\n"
	"    location /try { try_files $uri /www/index.html =404; }\n"
	"    location /closed { deny all; }\n"
	"    location = /drop { return 444; } } }\n";

enum {
	TURNS = 200, /* for a piece of the input, at most: a piece may hold many requests */
	ENDS_AFTER_MS = 3600 * 1000, /* longer than each limit in time */
};

/*
 * Turns the loop until it comes to rest, and reads what came back; its first bytes must be
 * a status line.
 */
static void settle(int client, size_t *answered)
{
	char buffer[65536];
	ssize_t n;

	do {
		for (int turns = 0; loop_turn(0); turns++)
			assert(turns < TURNS);
		n = recv(client, buffer, sizeof(buffer), MSG_DONTWAIT);
		assert(n <= 0 || *answered || (n > 9 && memcmp(buffer, "HTTP/1.1 ", 9) == 0));
		*answered += n > 0 ? (size_t)n : 0;
	} while (n > 0);
}

/* The first byte is the size of the pieces; where it is odd, the client closes its side. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct listener *listener;
	union address peer = { .any.sa_family = AF_UNIX };
	size_t answered = 0, piece;
	int ends[2];

	if (!listener)
		listener = serve(configuration, &http2_protocol);
	pass(1);
	if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		return 0;
	piece = (size_t)data[0] * 8 + 1;
	assert(conn_open(listener, ends[0], &peer, sizeof(peer.any)));
	for (size_t at = 1; at < size; at += piece) {
		size_t len = size - at < piece ? size - at : piece;

		if (send(ends[1], data + at, len, MSG_NOSIGNAL) < 0)
			break;
		settle(ends[1], &answered);
	}
	if (data[0] % 2)
		shutdown(ends[1], SHUT_WR);
	settle(ends[1], &answered);
	/* Several times, since a thread may be opening a file, and each state has its limit. */
	for (int i = 0; i < 200 && conns.active; i++) {
		if (data[0] % 2 == 0)
			pass(ENDS_AFTER_MS);
		loop_turn(i < 3 ? 0 : 10);
		settle(ends[1], &answered);
	}
	assert(conns.active == 0);
	close(ends[1]);
	return 0;
}
