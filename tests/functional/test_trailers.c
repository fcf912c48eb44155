/* SPDX-License-Identifier: BSD-2-Clause */
/* add_trailer and chunked_transfer_encoding: what HTTP/1 makes of the length of a body. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

/* All bytes of the response to a GET in HTTP/1.x, after which the connection ends. */
static const char *all_of(struct server *server, const char *target, const char *version)
{
	struct client *client = client_open(server);

	client_send(client, memory_printf("GET %s HTTP/%s\r\nHost: a\r\nConnection: close\r\n\r\n",
					  target, version));

	char *text = memory_alloc(4096);
	size_t len = 0, got;

	while ((got = client_read(client, text + len, 4095 - len)) > 0)
		len += got;
	text[len] = '\0';
	client_close(client);
	return text;
}

START_TEST(trailers_follow_the_body)
{
	struct server *server = server_with(
		"location / { add_trailer X-A 1; add_trailer X-Uri \"$uri $body_bytes_sent\";"
		" add_trailer X-Empty $arg_none; }"
		"location /gone { add_trailer X-A 1; add_trailer X-B 2 always; return 404 text; }"
		"location /some { add_trailer X-A 1; return 404 text; }"
		"location /split { add_trailer X-A $uri; return 200 text; }");

	put_file(server, "f", "text");

	const char *all = all_of(server, "/f", "1.1");

	ck_assert_ptr_nonnull(strstr(all, "\r\nTransfer-Encoding: chunked\r\n"));
	ck_assert_ptr_null(strstr(all, "Content-Length"));
	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\n4\r\ntext\r\n0\r\nX-A: 1\r\nX-Uri: /f "));
	ck_assert_ptr_null(strstr(all, "X-Empty"));
	all = all_of(server, "/f", "1.0");
	ck_assert_ptr_nonnull(strstr(all, "\r\nContent-Length: 4\r\n"));
	ck_assert_ptr_null(strstr(all, "X-A"));
	ck_assert_ptr_nonnull(strstr(all_of(server, "/gone", "1.1"), "0\r\nX-B: 2\r\n\r\n"));
	ck_assert_ptr_null(strstr(all_of(server, "/gone", "1.1"), "X-A"));
	ck_assert_ptr_nonnull(strstr(all_of(server, "/some", "1.1"), "Content-Length: 4"));
	all = all_of(server, "/split/%0d%0aX-Injected:y", "1.1");
	ck_assert_ptr_nonnull(strstr(all, "0\r\n\r\n"));
	ck_assert_ptr_null(strstr(all, "X-Injected"));

	struct reply reply = ask(server, "/f", .method = "HEAD");

	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "4");
	server_stop(server);
}
END_TEST

START_TEST(a_large_file_may_have_trailers)
{
	struct server *server = server_with("add_trailer X-A 1;");
	char *bytes = memory_alloc(300000);

	memset(bytes, 'x', 300000);
	put_bytes(server, "f", bytes, 300000);

	struct reply reply = get(server, "/f");

	ck_assert_int_eq(reply.framing, FRAMING_CHUNKED);
	ck_assert_uint_eq(reply.body_len, 300000);
	reply = ask(server, "/f", .fields = "Range: bytes=5-9\r\n");
	ck_assert_int_eq(reply.status, 206);
	ck_assert_str_eq(reply.body, "xxxxx");
	server_stop(server);
}
END_TEST

START_TEST(without_chunks_the_connection_ends)
{
	struct server *server = server_with("chunked_transfer_encoding off; add_trailer X-A 1;");

	put_file(server, "f", "text");

	struct reply reply = ask(server, "/f", .keep = true);

	ck_assert_int_eq(reply.framing, FRAMING_LENGTH);
	ck_assert_str_eq(reply.body, "text");
	server_stop(server);
}
END_TEST

TESTS("trailers", trailers_follow_the_body, a_large_file_may_have_trailers,
      without_chunks_the_connection_ends)
