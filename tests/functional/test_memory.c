/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection costs while its client means no good: a hundred of each kind are
 * held open, and the memory of the server is divided by them.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECTIONS = 100,
	HEAD_MAX = 1024 + 4 * 8192, /* client_header_buffer_size, large_client_header_buffers */

	/* KiB that a connection may cost: waiting, with one buffer, with all that a head may be. */
	SOCKET = 4,
	BUFFER = 24,
	HEAD = 160,
};

/* `count` times the text. */
static char *repeat(const char *text, size_t count)
{
	size_t len = strlen(text);
	char *all = memory_alloc(len * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(all + i * len, text, len);
	all[len * count] = '\0';
	return all;
}

/* As many lines as a head may have, and as long as they may all be. */
static char *lines(const char *name, const char *value)
{
	size_t count = (HEAD_MAX - 400) / (strlen(name) + strlen(value) + 4);

	return repeat(memory_printf("%s: %s\r\n", name, value), count < 980 ? count : 980);
}

static struct server *serve(void)
{
	struct server *server = server_start_with(&(struct server_setup){
		.conf = "worker_processes 1; events { worker_connections 500; } http {"
			" log_format f '$http_x $http_x $cookie_a $remote_user $request';"
			" access_log %DIR%/access.txt f;"
			" server { listen 127.0.0.1:%PORT% sndbuf=4k; root %DIR%/html;"
			"  error_page 404 412 /large;"
			"  location /fields { return 200 \"$http_x\"; }"
			"  location = /copied { sendfile off; alias %DIR%/html/large; }"
			"  location ~ ^/dir/[^/]*$ { alias %DIR%/html/; }"
			"  location /try { try_files $uri $uri.html $uri/ /try/$uri/a.html =404; }"
			"  location /index { index a.html b.html c.html; }"
			"  location /page { error_page 404 /err/$uri?$args; return 404; }"
			"  location ~ ^/err/ { alias %DIR%/html/large; } } }",
	});
	put_file(server, "a.html", "hello");
	put_file(server, "large", "");
	ck_assert_int_eq(truncate(file_path(server, "large"), 8 << 20), 0);
	return server;
}

/* A request with these fields for what is too much for a client that does not read. */
static const char *asking(const char *target, const char *fields)
{
	return memory_printf("GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, fields);
}

/* Sends as much as the server takes, and lets it work. */
static void hold(struct server *server, const char *request)
{
	struct client *client = client_open_slow(server);

	client_send_some(client, request, strlen(request));
	get(server, "/a.html");
}

static void costs(const char *kind, const char *request, long most_kib)
{
	struct server *server = serve();

	hold(server, request);
	for (int i = 0; i < 20; i++)
		get(server, "/a.html");

	long before = server_memory(server);

	for (int i = 0; i < CONNECTIONS; i++)
		hold(server, request);
	for (int i = 0; i < 20; i++)
		get(server, "/a.html");

	double each = (double)(server_memory(server) - before) / CONNECTIONS;

	printf("%s: %.1f KiB a connection\n", kind, each);
	ck_assert_msg(each < (double)most_kib, "%s: %.1f KiB a connection, not %ld", kind, each,
		      most_kib);
	server_stop(server);
}

START_TEST(heads)
{
	costs("silence", "", SOCKET);
	costs("the beginning of a head", "GET / HTT", BUFFER);
	costs("the longest unfinished head",
	      memory_printf("GET / HTTP/1.1\r\nHost: a\r\n%s", lines("X", repeat("x", 3000))),
	      HEAD);
	costs("many fields", asking("/large", lines("X", "")), HEAD);
	costs("long fields", asking("/large", lines("X", repeat("x", 8000))), HEAD);
	costs("many cookies", asking("/large", lines("Cookie", "a=b; c=d")), HEAD);
	costs("fields in the answer", asking("/fields", lines("X", repeat("x", 29))), HEAD);
}
END_TEST

START_TEST(conditions)
{
	const char *tag = "\"aaaaaaaaaaaaaa\"", *tags = repeat("\"a\",", 1000);

	costs("many lines of If-None-Match", asking("/large", lines("If-None-Match", tag)), HEAD);
	costs("many lines of If-Match", asking("/large", lines("If-Match", tag)), HEAD);
	costs("long lines of If-None-Match", asking("/large", lines("If-None-Match", tags)), HEAD);
}
END_TEST

/* Four requests at once; the answers are too large for the client. */
static void costs_path(const char *kind, const char *path)
{
	costs(kind, repeat(asking(path, ""), 4), HEAD);
}

START_TEST(paths)
{
	const char *names = repeat("/a", 4000);

	costs_path("a long redirect", memory_printf("/dir/%s", repeat("\xff", 8000)));
	costs_path("try_files", memory_printf("/try%s", names));
	costs_path("index", memory_printf("/index%s/", names));
	costs_path("an error page", memory_printf("/page%s", names));
}
END_TEST

START_TEST(answers)
{
	const char *ranges = memory_printf("Range: bytes=%s\r\n", repeat("1-1,", 255));

	costs("a large file", asking("/large", ""), BUFFER);
	costs("a large file without sendfile", asking("/copied", ""), BUFFER);
	costs("ranges", asking("/large", ranges), HEAD);
	costs("ranges without sendfile", asking("/copied", ranges), HEAD);
	costs("pipelined requests", repeat(asking("/a.html", ""), 800), HEAD);
	costs("pipelined misses", repeat(asking("/", ""), 900), HEAD);
}
END_TEST

#define POST "POST /large HTTP/1.1\r\nHost: a\r\n"

START_TEST(bodies)
{
	costs("a body that does not come", POST "Content-Length: 1000000\r\n\r\nbody", BUFFER);
	costs("a chunk that does not come",
	      POST "Transfer-Encoding: chunked\r\n\r\nfffff;x=y\r\nchunk", BUFFER);
	costs("trailers",
	      memory_printf(POST "Transfer-Encoding: chunked\r\n\r\n0\r\n%s", lines("X", "y")),
	      BUFFER);
}
END_TEST

TESTS("memory of connections", heads, conditions, paths, answers, bodies)
