/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ready-made files: which one is sent to whom, with which tag, and conditions and ranges of it.
 */
#include "http/inproc.h"
#include "http/decode.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdlib.h>
#include <string.h>
#include <utime.h>

#define TEXT "A text that repeats itself, a text that repeats itself, a text."

enum { THEN = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT */
#define DATE   "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER  "Sun, 06 Nov 1994 08:49:38 GMT"
#define ACCEPT "Accept-Encoding: "
#define GZIP   ACCEPT "gzip\r\n"
#define ALL    ACCEPT "gzip, br, zstd\r\n"

static void set_time(struct server *server, const char *name, time_t time)
{
	utime(file_path(server, name), &(struct utimbuf){ time, time });
}

static void put_ready(struct server *server, const char *name, struct bytes bytes, time_t time)
{
	put_bytes(server, name, bytes.data, bytes.len);
	set_time(server, name, time);
}

/* a.txt with three ready-made files. */
static struct server *start(const char *directives)
{
	struct server *server = inproc_with(directives);

	put_file(server, "a.txt", TEXT);
	set_time(server, "a.txt", THEN);
	put_ready(server, "a.txt.gz", make_gzip(TEXT), THEN);
	put_ready(server, "a.txt.br", make_brotli(TEXT), THEN + 1);
	put_ready(server, "a.txt.zst", make_zstd(TEXT), THEN);
	return server;
}

#define EACH_STATIC "gzip_static on; brotli_static on; zstd_static on;"

static const char *coding_for(struct server *server, const char *accept)
{
	struct reply reply =
		ask(server, "/a.txt", .fields = memory_printf(ACCEPT "%s\r\n", accept));
	const char *coding = reply_header(&reply, "Content-Encoding");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(decode(&reply), TEXT);
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/plain");
	ck_assert_str_eq(reply_header(&reply, "Accept-Ranges"), "bytes");
	ck_assert_int_eq(atoi(reply_header(&reply, "Content-Length")), (int)reply.body_len);
	return coding ? coding : "plain";
}

START_TEST(chooses_by_weight_then_by_length)
{
	static const char *const cases[][2] = {
		{ "gzip, br, zstd", "br" },
		{ "gzip, zstd", "zstd" },
		{ "gzip", "gzip" },
		{ "GZip", "gzip" },
		{ "*", "br" },
		{ "*, br;q=0", "zstd" },
		{ "br;q=0.5, gzip;q=0.501", "gzip" },
		{ "br;q=0.5, *;q=0.6", "zstd" },
		{ "br;q=0, zstd;q=0.000, gzip;q=0.0", "plain" },
		{ "gzip;q=0.5, identity", "plain" },
		{ "gzip, identity", "gzip" },
		{ "identity;q=0", "plain" },
		{ "identity;q=0, *;q=0", "plain" },
		{ "deflate, compress", "plain" },
		{ "gzip;q=2", "plain" },
		{ "gzipx, xgzip", "plain" },
		{ "", "plain" },
		{ ",, ;q=1, gzip", "gzip" },
	};
	struct server *server = start(EACH_STATIC);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(strcmp(coding_for(server, cases[i][0]), cases[i][1]) == 0, "%s",
			      cases[i][0]);
	struct reply reply = get(server, "/a.txt");
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	reply = ask(server, "/a.txt", .fields = ACCEPT "deflate\r\n" GZIP);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	server_stop(server);
}
END_TEST

static const char *tag_of(struct server *server, const char *fields)
{
	struct reply reply = ask(server, "/a.txt", .fields = fields);

	return reply_header(&reply, "ETag");
}

static struct reply ask_part(struct server *server, const char *accept, const char *if_range)
{
	return ask(server, "/a.txt",
		   .fields = memory_printf("%sRange: bytes=2-9\r\nIf-Range: %s\r\n", accept,
					   if_range));
}

START_TEST(each_form_has_its_tag)
{
	static const char *const accepts[] = { "", GZIP, ACCEPT "br\r\n", ACCEPT "zstd\r\n" };
	struct server *server = start(EACH_STATIC);
	const char *tags[4];

	for (int i = 0; i < 4; i++) {
		tags[i] = tag_of(server, accepts[i]);
		ck_assert_int_eq(tags[i][0], '"');
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(tags[i], tags[j]);
	}
	ck_assert_str_eq(tags[0], memory_printf("\"2ebc98a1-%zx\"", strlen(TEXT)));
	ck_assert_ptr_nonnull(strstr(tags[1], "-gz\""));
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++) {
			struct reply reply = ask(server, "/a.txt",
						 .fields = memory_printf("%sIf-None-Match: %s\r\n",
									 accepts[i], tags[j]));

			ck_assert_int_eq(reply.status, i == j ? 304 : 200);
			ck_assert_str_eq(reply_header(&reply, "ETag"), tags[i]);
			ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
			ck_assert(reply.status == 200 || !reply_header(&reply, "Content-Encoding"));
		}
	server_stop(server);
}
END_TEST

/* The bytes of one form are never followed by those of another. */
START_TEST(goes_on_with_the_form_that_was_begun)
{
	struct server *server = start(EACH_STATIC);
	struct reply whole = ask(server, "/a.txt", .fields = GZIP), plain = get(server, "/a.txt");
	const char *tag = reply_header(&whole, "ETag");

	struct reply reply = ask_part(server, ALL, tag);
	ck_assert_int_eq(reply.status, 206);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_str_eq(reply_header(&reply, "ETag"), tag);
	ck_assert_uint_eq(reply.body_len, 8);
	ck_assert_mem_eq(reply.body, whole.body + 2, 8);

	reply = ask_part(server, ALL, reply_header(&plain, "ETag"));
	ck_assert_int_eq(reply.status, 206);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	ck_assert_mem_eq(reply.body, &TEXT[2], 8);

	ck_assert_int_eq(ask_part(server, ACCEPT "br\r\n", tag).status, 200);
	ck_assert_int_eq(ask_part(server, "", tag).status, 200);
	ck_assert_int_eq(ask_part(server, GZIP, DATE).status, 200);
	ck_assert_int_eq(ask_part(server, "", DATE).status, 200);
	reply = ask(server, "/a.txt", .fields = GZIP "Range: bytes=9999-\r\n");
	ck_assert_int_eq(reply.status, 416);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	server_stop(server);
}
END_TEST

START_TEST(head_is_that_of_get)
{
	struct server *server = start(EACH_STATIC);
	struct reply whole = ask(server, "/a.txt", .fields = GZIP),
		     head = ask(server, "/a.txt", .method = "HEAD", .fields = GZIP);

	ck_assert_int_eq(head.status, 200);
	ck_assert_uint_eq(head.body_len, 0);
	ck_assert_str_eq(reply_header(&head, "Content-Length"),
			 reply_header(&whole, "Content-Length"));
	ck_assert_str_eq(reply_header(&head, "ETag"), reply_header(&whole, "ETag"));
	ck_assert_str_eq(reply_header(&head, "Content-Encoding"), "gzip");
	server_stop(server);
}
END_TEST

START_TEST(passes_over_what_is_older)
{
	struct server *server = start(EACH_STATIC);

	set_time(server, "a.txt.br", THEN - 1);
	ck_assert_str_eq(coding_for(server, "br, gzip"), "gzip");
	ck_assert_str_eq(coding_for(server, "br"), "plain");
	log_once(server, "a.txt.br\" is 1 seconds older than ");
	set_time(server, "a.txt.br", THEN);
	ck_assert_str_eq(coding_for(server, "br, gzip"), "br");
	set_time(server, "a.txt", THEN + 5);
	set_time(server, "a.txt.zst", THEN + 5);
	ck_assert_str_eq(coding_for(server, "br, gzip"), "plain");
	log_once(server, "a.txt.br\" is 5 seconds older than ");
	log_once(server, "a.txt.gz\" is 5 seconds older than ");
	/* Times that tell nothing. */
	set_time(server, "a.txt.br", 1);
	ck_assert_str_eq(coding_for(server, "br, gzip"), "br");
	server_stop(server);
}
END_TEST

START_TEST(depends_on_nothing_where_there_is_nothing)
{
	struct server *server = start(EACH_STATIC);

	put_file(server, "b.txt", TEXT);
	put_file(server, "b.txt.gz/x", "");
	struct reply reply = ask(server, "/b.txt", .fields = ALL);
	ck_assert_str_eq(reply.body, TEXT);
	ck_assert_ptr_null(reply_header(&reply, "Vary"));
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	server_stop(server);
}
END_TEST

START_TEST(last_modified_is_that_of_the_bytes)
{
	struct server *server = start(EACH_STATIC
				      "location /own/ { alias %DIR%/html/;"
				      "add_header ETag '\"mine\"'; }"
				      "location /none/ { alias %DIR%/html/; etag off; }");
	struct reply reply = ask(server, "/a.txt", .fields = ACCEPT "br\r\n");

	ck_assert_str_eq(reply_header(&reply, "Last-Modified"), LATER);
	reply = ask(server, "/a.txt", .fields = GZIP);
	ck_assert_str_eq(reply_header(&reply, "Last-Modified"), DATE);
	reply = ask(server, "/own/a.txt", .fields = GZIP);
	ck_assert_str_eq(reply_header(&reply, "ETag"), "\"mine-gz\"");
	reply = ask(server, "/none/a.txt", .fields = GZIP);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_ptr_null(reply_header(&reply, "ETag"));
	server_stop(server);
}
END_TEST

START_TEST(always_is_for_everybody)
{
	struct server *server = start("gzip_static always; location /br/ { brotli_static on;"
				      "alias %DIR%/html/; } location /decoded/ { gunzip on;"
				      "alias %DIR%/html/; }");
	struct reply reply = ask(server, "/a.txt", .fields = ACCEPT "gzip;q=0\r\n");

	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_ptr_null(reply_header(&reply, "Vary"));
	reply = get(server, "/br/a.txt");
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	reply = ask(server, "/br/a.txt", .fields = ALL);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "br");
	reply = get(server, "/decoded/a.txt");
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	ck_assert_str_eq(reply.body, TEXT);
	server_stop(server);
}
END_TEST

/* A site of encoded files alone. */
START_TEST(needs_no_plain_file)
{
	struct server *server = start("gzip_static always; gunzip on; location /on/ {"
				      "alias %DIR%/html/; gzip_static on; gunzip off; }"
				      "location /raw/ { alias %DIR%/html/; gunzip off; }");
	struct bytes odd = make_gzip("\x89PNG\r\n\x1a\n\x01");
	const char *only = "/only.txt";

	put_ready(server, "only.txt.gz", make_gzip(TEXT), THEN);
	put_ready(server, "odd.gz", odd, THEN);
	struct reply reply = ask(server, only, .fields = GZIP);
	ck_assert_str_eq(decode(&reply), TEXT);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/plain");
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");

	reply = get(server, only);
	ck_assert_str_eq(reply.body, TEXT);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	ck_assert(strncmp(reply_header(&reply, "ETag"), "W/\"", 3) == 0);
	ck_assert_int_eq(ask(server, only, .method = "HEAD").status, 200);
	reply = ask(server, only, .fields = "Range: bytes=0-1\r\n");
	ck_assert_int_eq(reply.status, 200);

	reply = ask(server, "/on/only.txt", .fields = ACCEPT "gzip;q=0.1, identity\r\n");
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	reply = get(server, "/on/only.txt");
	ck_assert_int_eq(reply.status, 404);
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	reply = get(server, "/raw/only.txt");
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	reply = ask(server, "/odd", .fields = GZIP);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/octet-stream");
	ck_assert_int_eq(ask(server, only, .method = "POST", .fields = GZIP).status, 404);
	ck_assert_int_eq(get(server, "/missing.txt").status, 404);
	server_stop(server);
}
END_TEST

START_TEST(decodes_several_members_and_nothing_else)
{
	struct server *server = start("gzip_static always; gunzip on;");
	struct bytes first = make_gzip("first "), second = make_gzip("second");
	char both[200];

	memcpy(both, first.data, first.len);
	memcpy(both + first.len, second.data, second.len);
	put_bytes(server, "two.txt.gz", both, first.len + second.len);
	put_file(server, "none.txt.gz", "this is not gzip");
	put_bytes(server, "cut.txt.gz", first.data, first.len - 3);
	put_file(server, "empty.txt.gz", "");
	ck_assert_str_eq(get(server, "/two.txt").body, "first second");
	ck_assert_str_eq(get(server, "/empty.txt").body, "");
	ck_assert(!get(server, "/none.txt").is_whole);
	ck_assert(!get(server, "/cut.txt").is_whole);
	server_stop(server);
}
END_TEST

/* They are no transformation of what is sent (RFC 9110 section 7.7); encoding would be one. */
START_TEST(is_sent_in_spite_of_no_transform)
{
	struct server *server = start("gzip on; gzip_types text/plain; gzip_static on;"
				      "gzip_min_length 0; add_header Cache-Control no-transform;");

	ck_assert_str_eq(coding_for(server, "gzip"), "gzip");
	put_file(server, "b.txt", TEXT);
	struct reply reply = ask(server, "/b.txt", .fields = GZIP);
	ck_assert_str_eq(reply.body, TEXT);
	server_stop(server);
}
END_TEST

/* Also beside files that others choose: index, try_files, error pages. */
START_TEST(lies_beside_the_file_that_is_sent)
{
	struct server *server = start("gzip_static on; error_page 404 /a.txt; index a.txt;"
				      "location /try { try_files /none /a.txt =404; }");
	static const char *const targets[] = { "/", "/try", "/missing" };

	for (size_t i = 0; i < 3; i++) {
		struct reply reply = ask(server, targets[i], .fields = GZIP);

		ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
		ck_assert_str_eq(decode(&reply), TEXT);
		ck_assert_int_eq(reply.status, i == 2 ? 404 : 200);
	}
	server_stop(server);
}
END_TEST

TESTS("ready_made", chooses_by_weight_then_by_length, each_form_has_its_tag,
      goes_on_with_the_form_that_was_begun, head_is_that_of_get, passes_over_what_is_older,
      depends_on_nothing_where_there_is_nothing, last_modified_is_that_of_the_bytes,
      always_is_for_everybody, needs_no_plain_file, decodes_several_members_and_nothing_else,
      lies_beside_the_file_that_is_sent, is_sent_in_spite_of_no_transform)
