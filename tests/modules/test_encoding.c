/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoding of bodies that other modules make and change. */
#include "http/inproc.h"
#include "http/decode.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdlib.h>
#include <string.h>

#define GZIP "Accept-Encoding: gzip\r\n"
#define PAGE "<!-- a comment --> What is left is long enough."

/* The content is changed first: a ready-made file of the unchanged one is of no use then. */
START_TEST(changed_content_is_encoded_anew)
{
	struct server *server = inproc_with("gzip_static on; gzip on; strip on;"
					    "location /raw/ { strip off; alias %DIR%/html/; }");
	struct bytes bytes = make_gzip("ready-made");

	put_file(server, "a.html", PAGE);
	put_bytes(server, "a.html.gz", bytes.data, bytes.len);
	struct reply reply = ask(server, "/a.html", .fields = GZIP);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_str_eq(decode(&reply), " What is left is long enough.");
	ck_assert_ptr_null(reply_header(&reply, "ETag"));
	ck_assert_ptr_null(reply_header(&reply, "Last-Modified"));
	ck_assert_str_eq(get(server, "/a.html").body, " What is left is long enough.");
	reply = ask(server, "/raw/a.html", .fields = GZIP);
	ck_assert_str_eq(decode(&reply), "ready-made");
	server_stop(server);
}
END_TEST

START_TEST(parts_of_other_responses_are_plain)
{
	struct server *server = inproc_with("gzip_static always; gzip on;"
					    "location /outer { include_from /a.html; }");
	struct bytes bytes = make_gzip(PAGE);

	put_file(server, "a.html", PAGE);
	put_bytes(server, "a.html.gz", bytes.data, bytes.len);
	struct reply reply = ask(server, "/outer", .fields = GZIP);
	ck_assert_str_eq(decode(&reply), PAGE);
	ck_assert_str_eq(get(server, "/outer").body, PAGE);
	server_stop(server);
}
END_TEST

/* What a slow body has given can be decoded before the rest comes. */
START_TEST(pieces_can_be_decoded_as_they_come)
{
	static const char *const codings[] = { "gzip", "br", "zstd" };
	struct server *server =
		server_with("gzip on; brotli on; zstd on; gzip_types *;"
			    "brotli_types *; zstd_types *; location /a { drip 1ms; }"
			    "location /b { drip 1h; }");

	for (int i = 0; i < 3; i++) {
		const char *fields = memory_printf("Accept-Encoding: %s\r\n", codings[i]);
		struct reply reply = ask(server, "/a", .fields = fields);
		struct client *client = client_open(server);
		char some[2000], *body = NULL;
		size_t len = 0, size = 0;

		ck_assert_str_eq(decode(&reply), "xxxxx");
		client_send(client, memory_printf("GET /b HTTP/1.1\r\nHost: a\r\n%s\r\n", fields));
		while (!body || (size_t)(some + len - body) < size) {
			size_t n = client_read(client, some + len, sizeof(some) - 1 - len);
			ck_assert_uint_gt(n, 0);
			some[len += n] = '\0';
			char *head_end = strstr(some, "\r\n\r\n");
			if (head_end && strstr(head_end + 4, "\r\n")) {
				size = strtoul(head_end + 4, &body, 16);
				body += 2;
			}
		}
		reply.body = body;
		reply.body_len = size;
		ck_assert_str_eq(decode_some(&reply, false), "x");
		client_reset(client);
	}
	server_stop(server);
}
END_TEST

/* Noise and text and zeroes, of many lengths, at each level: what arrives is what was sent. */
START_TEST(arrives_as_it_was)
{
	static const char *const levels[] = {
		"gzip_comp_level 1; brotli_comp_level 0; zstd_comp_level 1;",
		"gzip_comp_level 6; brotli_comp_level 5; zstd_comp_level 3;",
		"gzip_comp_level 9; brotli_comp_level 9; zstd_comp_level 19;",
	};
	static const char *const codings[] = { "gzip", "br", "zstd" };
	static const size_t lengths[] = { 0, 1, 255, 4096, 16383, 65536, 131072, 1000000 };
	char *text = memory_alloc(1000001);
	unsigned seed = 1;

	for (size_t i = 0; i < 1000000; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = i % 100000 < 30000 ? (char)('a' + seed / 65536 % 26) : "text "[i % 5];
	}
	for (size_t l = 0; l < 3; l++) {
		struct server *server = inproc_with(memory_printf(
			"strip on; gzip on; brotli on; zstd on; gzip_min_length 0;"
			"brotli_min_length 0; zstd_min_length 0; %s", levels[l]));

		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			const char *content = text + 1000000 - lengths[i];

			put_file(server, "b.html", content);
			for (int c = 0; c < 3; c++) {
				struct reply reply = ask(server, "/b.html",
							 .fields = memory_printf(
								 "Accept-Encoding: %s\r\n",
								 codings[c]));

				ck_assert_str_eq(reply_header(&reply, "Content-Encoding"),
						 codings[c]);
				ck_assert(reply.is_whole && strcmp(decode(&reply), content) == 0);
			}
		}
		server_stop(server);
	}
}
END_TEST

TESTS("encoding", arrives_as_it_was, changed_content_is_encoded_anew,
      parts_of_other_responses_are_plain, pieces_can_be_decoded_as_they_come)
