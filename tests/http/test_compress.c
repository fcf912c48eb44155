/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responses that are encoded while they are sent: which ones, for whom, and what they say.
 */
#include "http/inproc.h"
#include "http/decode.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <utime.h>

#define TEN(text) text text text text text text text text text text
#define HUNDRED	  TEN(TEN("A text that repeats itself. "))
#define ACCEPT	  "Accept-Encoding: "
#define GZIP	  ACCEPT "gzip\r\n"

enum { THEN = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT */
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define TAG  "\"2ebc98a1-af0\"" /* of HUNDRED */

static struct server *start(const char *directives)
{
	struct server *server = inproc_with(directives);

	put_file(server, "a.txt", HUNDRED);
	put_file(server, "a.html", HUNDRED);
	put_file(server, "a.css", HUNDRED);
	utime(file_path(server, "a.txt"), &(struct utimbuf){ THEN, THEN });
	utime(file_path(server, "a.html"), &(struct utimbuf){ THEN, THEN });
	return server;
}

static struct reply ask_with(struct server *server, const char *target, const char *accept)
{
	return ask(server, target, .fields = memory_printf(ACCEPT "%s\r\n", accept));
}

/* The coding of the response, after a look at its body; "plain" if it has none. */
static const char *coding(struct server *server, const char *target, const char *accept)
{
	struct reply reply = ask_with(server, target, accept);
	const char *name = reply_header(&reply, "Content-Encoding");

	ck_assert_int_ne(reply.status, 0);
	if (reply.status == 200)
		ck_assert_str_eq(decode(&reply), HUNDRED);
	return name ? name : "plain";
}

START_TEST(encodes_with_each_coding)
{
	struct server *server = start("gzip on; brotli on; zstd on; gzip_types text/plain;"
				      "brotli_types text/plain text/css; zstd_types *;");

	ck_assert_str_eq(coding(server, "/a.txt", "gzip, br, zstd"), "br");
	ck_assert_str_eq(coding(server, "/a.txt", "gzip, zstd"), "zstd");
	ck_assert_str_eq(coding(server, "/a.txt", "gzip"), "gzip");
	ck_assert_str_eq(coding(server, "/a.txt", "gzip;q=1, br;q=0.9"), "gzip");
	ck_assert_str_eq(coding(server, "/a.txt", "deflate"), "plain");
	ck_assert_str_eq(coding(server, "/a.txt", "identity;q=0"), "plain");
	ck_assert_str_eq(coding(server, "/a.html", "gzip"), "gzip");
	ck_assert_str_eq(coding(server, "/a.css", "gzip"), "plain");
	ck_assert_str_eq(coding(server, "/a.css", "br, gzip"), "br");
	ck_assert_str_eq(coding(server, "/a.css", "zstd, gzip"), "zstd");
	server_stop(server);
}
END_TEST

/* Strong tags of forms that are kept begin like the plain one's. */
static bool is_tag_of(const char *tag, const char *begin)
{
	return tag && strncmp(tag, begin, strlen(begin)) == 0 && strcmp(tag, TAG) != 0;
}

START_TEST(says_what_it_depends_on)
{
	struct server *server = start("gzip on; gzip_vary off; expires 1h;");
	struct reply plain = get(server, "/a.html"), reply = ask(server, "/a.html", .fields = GZIP);

	ck_assert_str_eq(reply_header(&plain, "Vary"), "Accept-Encoding");
	ck_assert_str_eq(reply_header(&plain, "ETag"), TAG);
	ck_assert_str_eq(reply_header(&plain, "Accept-Ranges"), "bytes");
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	ck_assert(is_tag_of(reply_header(&reply, "ETag"), "\"2ebc98a1-af0-gz1."));
	ck_assert_str_eq(reply_header(&reply, "Last-Modified"), DATE);
	ck_assert_str_eq(reply_header(&reply, "Accept-Ranges"), "bytes");
	ck_assert_int_eq(atoi(reply_header(&reply, "Content-Length")), (int)reply.body_len);
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "max-age=3600");
	reply = get(server, "/a.txt");
	ck_assert_ptr_null(reply_header(&reply, "Vary"));
	server_stop(server);
}
END_TEST

START_TEST(head_is_that_of_get)
{
	struct server *server = start("gzip on; location /text { default_type text/html;"
				      "return 200 '" HUNDRED "'; }");
	struct reply head = ask(server, "/a.html", .method = "HEAD", .fields = GZIP),
		     whole = ask(server, "/a.html", .fields = GZIP);

	ck_assert_str_eq(reply_header(&head, "Content-Encoding"), "gzip");
	ck_assert_str_eq(reply_header(&head, "ETag"), reply_header(&whole, "ETag"));
	ck_assert_str_eq(reply_header(&head, "Content-Length"),
			 reply_header(&whole, "Content-Length"));
	head = ask(server, "/text", .method = "HEAD", .fields = GZIP);
	ck_assert_str_eq(reply_header(&head, "Content-Encoding"), "gzip");
	ck_assert_ptr_null(reply_header(&head, "Content-Length"));
	server_stop(server);
}
END_TEST

static struct reply ask_part(struct server *server, const char *target, const char *accept,
			     const char *if_range)
{
	return ask(server, target,
		   .fields = memory_printf("%sRange: bytes=2-5\r\nIf-Range: %s\r\n", accept,
					   if_range));
}

/* Each form can be read in parts, and is never mixed with another. */
START_TEST(parts_are_of_one_form)
{
	struct server *server = start("gzip on; brotli on; location /nine/ { gzip_comp_level 9;"
				      "alias %DIR%/html/; }");
	struct reply whole = ask(server, "/a.html", .fields = GZIP), reply;
	const char *tag = reply_header(&whole, "ETag"), *all = ACCEPT "gzip, br\r\n";

	reply = ask(server, "/a.html", .fields = "Range: bytes=2-5\r\n");
	ck_assert_int_eq(reply.status, 206);
	ck_assert_str_eq(reply.body, "text");
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	reply = ask_part(server, "/a.html", all, tag);
	ck_assert_int_eq(reply.status, 206);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_mem_eq(reply.body, whole.body + 2, 4);
	reply = ask_part(server, "/a.html", all, TAG);
	ck_assert_int_eq(reply.status, 206);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_str_eq(reply.body, "text");
	ck_assert_int_eq(ask_part(server, "/a.html", all, DATE).status, 200);
	ck_assert_int_eq(ask_part(server, "/a.html", "", DATE).status, 200);
	ck_assert_int_eq(ask_part(server, "/a.html", "", tag).status, 200);

	/* Another level makes other bytes. */
	reply = ask(server, "/nine/a.html", .fields = GZIP);
	ck_assert(is_tag_of(reply_header(&reply, "ETag"), "\"2ebc98a1-af0-gz9."));
	ck_assert_int_eq(ask_part(server, "/nine/a.html", GZIP, tag).status, 200);
	tag = reply_header(&reply, "ETag");
	ck_assert_int_eq(ask_part(server, "/nine/a.html", GZIP, tag).status, 206);
	server_stop(server);
}
END_TEST

/* Also before this server has made the form. */
START_TEST(knows_what_the_client_has)
{
	struct server *server = start("gzip on;");
	struct reply whole = ask(server, "/a.html", .fields = GZIP), reply;
	const char *tag = reply_header(&whole, "ETag");
	const char *fields = memory_printf(GZIP "If-None-Match: \"x\", %s\r\n", tag);

	for (int i = 0; i < 3; i++) {
		reply = ask(server, "/a.html", .fields = fields);
		ck_assert_int_eq(reply.status, 304);
		ck_assert_str_eq(reply_header(&reply, "ETag"), tag);
		ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
		ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
		/* A new version of the cached file: nothing is kept of it. */
		put_file(server, "a.html", HUNDRED);
		utime(file_path(server, "a.html"), &(struct utimbuf){ THEN, THEN });
	}
	reply = ask(server, "/a.html", .fields = memory_printf("If-None-Match: %s\r\n", tag));
	ck_assert_int_eq(reply.status, 200);
	reply = ask(server, "/a.html", .fields = memory_printf("%sIf-Match: \"x\"\r\n", fields));
	ck_assert_int_eq(reply.status, 412);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	server_stop(server);
}
END_TEST

START_TEST(keeps_a_form_of_each_version)
{
	struct server *server = start("gzip on; location /r { default_type text/html; }");

	for (int i = 0; i < 20; i++) {
		const char *text = memory_printf("%d " HUNDRED, i);

		put_file(server, "a.html", text);
		for (int j = 0; j < 3; j++) {
			struct reply reply = ask(server, "/a.html", .fields = GZIP);

			ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
			ck_assert_str_eq(decode(&reply), text);
		}
	}
	server_stop(server);
}
END_TEST

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* The cache has one of each large file; what is kept of it needs none. */
START_TEST(keeps_no_descriptors)
{
	struct server *server = inproc_with("gzip on;");
	char *text = memory_alloc(50001);
	enum { FILES = 20 };

	memset(text, 'a', 50000);
	text[50000] = '\0';
	int before = descriptors();
	for (int i = 0; i < FILES; i++) {
		const char *name = memory_printf("/%d.html", i);

		put_file(server, name + 1, text);
		struct reply reply = ask(server, name, .fields = GZIP);
		ck_assert_str_eq(decode(&reply), text);
	}
	ck_assert_int_lt(descriptors() - before, FILES + 10);
	server_stop(server);
}
END_TEST

/* What does not become shorter is sent as it is, and what is too large while it is encoded. */
START_TEST(keeps_what_is_of_use)
{
	struct server *server = inproc_with("gzip on;");
	enum { LARGE = 9 << 20 };
	char *noise = memory_alloc(LARGE + 1);
	unsigned seed = 1;

	for (size_t i = 0; i < LARGE; i++) {
		seed = seed * 1103515245 + 12345;
		noise[i] = (char)(1 + seed / 65536 % 255);
	}
	noise[LARGE] = 0;
	put_bytes(server, "noise.html", noise, 5000);
	struct reply reply = ask(server, "/noise.html", .fields = GZIP);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "5000");
	ck_assert_str_eq(reply_header(&reply, "Accept-Ranges"), "bytes");

	memset(noise, 'a', LARGE);
	put_bytes(server, "large.html", noise, LARGE);
	reply = ask(server, "/large.html", .method = "HEAD", .fields = GZIP);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	const char *tag = reply_header(&reply, "ETag");
	ck_assert(!tag || strncmp(tag, "W/", 2) == 0);
	reply = ask(server, "/large.html", .fields = GZIP);
	ck_assert(reply.is_whole && reply.body_len < LARGE / 100);
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	server_stop(server);
}
END_TEST

START_TEST(leaves_alone_what_it_must)
{
	struct server *server = start(
		"gzip on; gzip_types text/plain;"
		"location /kept/ { alias %DIR%/html/; add_header Cache-Control no-transform; }"
		"location /coded/ { alias %DIR%/html/; add_header Content-Encoding gzip; }"
		"location /short { gzip_min_length 3000; alias %DIR%/html/; }"
		"location /off/ { gzip off; alias %DIR%/html/; }"
		"location = /201 { return 201 'a text of more than twenty letters'; }"
		"location = /404 { return 404; } location = /403 { return 403; }"
		"location = /500 { return 500; }"
		"location = /20 { return 200 12345678901234567890; }"
		"location = /19 { return 200 1234567890123456789; }");
	static const char *const kept[] = { "/kept/a.txt", "/coded/a.txt", "/short/a.txt",
					    "/off/a.txt",  "/201",	   "/500",
					    "/19" };
	static const char *const encoded[] = { "/20", "/404", "/403" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct reply reply = ask(server, kept[i], .fields = GZIP);

		ck_assert_msg(reply_headers(&reply, "Content-Encoding") == (i == 1), "%s", kept[i]);
		ck_assert_ptr_null(reply_header(&reply, "Vary"));
	}
	for (size_t i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++) {
		struct reply reply = ask(server, encoded[i], .fields = GZIP);

		ck_assert_msg(reply_header(&reply, "Content-Encoding") != NULL, "%s", encoded[i]);
		ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
		ck_assert_uint_ge(strlen(decode(&reply)), 20);
	}
	server_stop(server);
}
END_TEST

/* What becomes of a response that a later filter refuses. */
START_TEST(errors_are_not_those_of_the_encoded_form)
{
	struct server *server =
		start("gzip_static always; expires 1h; add_header X-Late x;"
		      "error_page 412 /page; location = /page { return 200 page; }");
	struct bytes bytes = make_gzip(HUNDRED);

	put_bytes(server, "b.html.gz", bytes.data, bytes.len);
	struct reply reply = ask(server, "/b.html", .fields = "Range: bytes=99999-\r\n");
	ck_assert_int_eq(reply.status, 416);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_ptr_null(reply_header(&reply, "Cache-Control"));
	ck_assert_ptr_null(reply_header(&reply, "Expires"));
	ck_assert_ptr_null(reply_header(&reply, "X-Late"));
	ck_assert_ptr_nonnull(strstr(reply.body, "416"));
	reply = ask(server, "/b.html", .fields = "If-Match: \"x\"\r\n");
	ck_assert_int_eq(reply.status, 412);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_ptr_null(reply_header(&reply, "Cache-Control"));
	ck_assert_str_eq(reply.body, "page");
	server_stop(server);
}
END_TEST

#define BASIC "Authorization: Basic eDp5\r\n"

START_TEST(keeps_secrets)
{
	struct server *server =
		start("gzip on; gzip_types text/plain; location /text { return 200 '" HUNDRED "'; }"
		      "location /cookie { add_header Set-Cookie a=b; return 200 '" HUNDRED "'; }"
		      "location /all { compress_private on; add_header Set-Cookie a=b;"
		      "return 200 '" HUNDRED "'; }");

	ck_assert_str_eq(coding(server, "/text", "gzip"), "gzip");
	ck_assert_str_eq(coding(server, "/text", "gzip\r\n" BASIC "X: y"), "plain");
	ck_assert_str_eq(coding(server, "/cookie", "gzip"), "plain");
	ck_assert_str_eq(coding(server, "/all", "gzip\r\n" BASIC "X: y"), "gzip");
	ck_assert_str_eq(coding(server, "/a.txt", "gzip\r\n" BASIC "X: y"), "gzip");
	server_stop(server);
}
END_TEST

START_TEST(asks_the_client)
{
	struct server *server =
		start("gzip on; gzip_types text/plain; gzip_disable msie6 'foo|ba+r';");
	const char *ie6 = "gzip\r\nUser-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)";

	ck_assert_str_eq(coding(server, "/a.txt", ie6), "plain");
	ck_assert_str_eq(coding(server, "/a.txt", memory_printf("%s; SV1", ie6)), "gzip");
	ck_assert_str_eq(coding(server, "/a.txt", "gzip\r\nUser-Agent: baAar/1"), "plain");
	ck_assert_str_eq(coding(server, "/a.txt", "gzip\r\nUser-Agent: MSIE 7.0"), "gzip");
	server_stop(server);
}
END_TEST

START_TEST(asks_the_version)
{
	test_needs_http1("only HTTP/1 has clients of another version");

	struct server *server =
		start("gzip on; gzip_types text/plain;"
		      "location /old/ { gzip_http_version 1.0; alias %DIR%/html/; }");
	struct reply reply = ask(server, "/a.txt", .version = "1.0", .fields = GZIP);

	ck_assert_str_eq(reply.body, HUNDRED);
	reply = ask(server, "/old/a.txt", .version = "1.0", .fields = GZIP);
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_str_eq(decode(&reply), HUNDRED);
	server_stop(server);
}
END_TEST

START_TEST(asks_for_proxies)
{
	static const struct {
		const char *rules, *directives, *fields, *coding;
	} cases[] = {
		{ "off", "", "", "plain" },
		{ "any", "expires 1h;", "", "gzip" },
		{ "any off", "", "", "plain" },
		{ "expired", "expires 1h;", "", "plain" },
		{ "expired", "expires epoch;", "", "gzip" },
		{ "expired", "", "", "gzip" },
		{ "no-cache", "expires epoch;", "", "plain" },
		{ "no-cache", "add_header Cache-Control 'private, no-cache';", "", "gzip" },
		{ "no-store", "add_header Cache-Control 'private, no-cache';", "", "plain" },
		{ "no-store private", "add_header Cache-Control private;", "", "gzip" },
		{ "auth", "expires 1h;", BASIC, "gzip" },
		{ "auth", "expires 1h;", "", "plain" },
		{ "no_etag", "", "", "plain" },
		{ "no_etag", "etag off;", "", "gzip" },
		{ "no_last_modified", "", "", "plain" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server =
			start(memory_printf("gzip on; gzip_types text/plain; gzip_proxied %s; %s",
					    cases[i].rules, cases[i].directives));
		const char *accept = memory_printf("gzip\r\n%sVia: 1.1 proxy", cases[i].fields);
		const char *got = coding(server, "/a.txt", accept);

		ck_assert_msg(strcmp(got, cases[i].coding) == 0, "%zu: %s", i, got);
		ck_assert_str_eq(coding(server, "/a.txt", "gzip"), "gzip");
		server_stop(server);
	}
}
END_TEST

START_TEST(compress_turns_all_on)
{
	struct server *server =
		start("compress on; location /two/ { compress gzip zstd; alias %DIR%/html/; }"
		      "location /off/ { compress off; alias %DIR%/html/; }"
		      "location /both/ { gzip on; gzip_types image/png; alias %DIR%/html/; }");

	put_file(server, "a.png", HUNDRED);
	put_file(server, "a.svg", HUNDRED);
	put_file(server, "a.json", HUNDRED);
	put_file(server, "short.txt", "A short text.");
	ck_assert_str_eq(coding(server, "/a.txt", "gzip, br, zstd"), "br");
	ck_assert_str_eq(coding(server, "/a.css", "gzip"), "gzip");
	ck_assert_str_eq(coding(server, "/a.svg", "gzip"), "gzip");
	ck_assert_str_eq(coding(server, "/a.json", "zstd"), "zstd");
	ck_assert_str_eq(coding(server, "/a.png", "gzip, br, zstd"), "plain");
	ck_assert_str_eq(coding(server, "/both/a.png", "gzip, br, zstd"), "gzip");
	ck_assert_str_eq(coding(server, "/two/a.txt", "gzip, br, zstd"), "zstd");
	ck_assert_str_eq(coding(server, "/off/a.txt", "gzip, br, zstd"), "plain");
	struct reply reply = ask(server, "/short.txt", .fields = GZIP);
	ck_assert_str_eq(reply.body, "A short text.");
	ck_assert_ptr_null(reply_header(&reply, "Vary"));
	server_stop(server);
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { compress br deflate; }"),
				     "\"deflate\" is no coding of this server"));
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
	static const size_t lengths[] = { 0, 1, 255, 4096, 16383, 65536, 131072, 1000000 };
	char *text = memory_alloc(1000001);
	unsigned seed = 1;

	for (size_t i = 0; i < 1000000; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = i % 100000 < 30000 ? (char)('a' + seed / 65536 % 26) : "text "[i % 5];
	}
	for (size_t l = 0; l < 3; l++) {
		struct server *server = inproc_with(memory_printf(
			"gzip on; brotli on; zstd on; gzip_min_length 0; brotli_min_length 0;"
			"zstd_min_length 0; %s",
			levels[l]));

		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			const char *content = text + 1000000 - lengths[i];

			put_file(server, "b.html", content);
			for (int c = 0; c < 3; c++) {
				const char *name = c == 0 ? "gzip" : c == 1 ? "br" : "zstd";
				struct reply reply = ask_with(server, "/b.html", name);

				const char *coding = reply_header(&reply, "Content-Encoding");

				ck_assert(lengths[i] < 4096 || strcmp(coding, name) == 0);
				ck_assert(reply.is_whole && strcmp(decode(&reply), content) == 0);
			}
		}
		server_stop(server);
	}
}
END_TEST

START_TEST(says_how_much_shorter)
{
	struct server *server = inproc_start("http { log_format ratio '$gzip_ratio $zstd_ratio "
					     "$brotli_ratio';"
					     "access_log %DIR%/ratio.log ratio; gzip on; zstd on;"
					     "brotli on;"
					     "server { listen 127.0.0.1:%PORT%; root html; } }");

	put_file(server, "a.html", HUNDRED);
	struct reply reply = ask(server, "/a.html", .fields = GZIP);
	size_t ratio = (strlen(HUNDRED) * 1000 / reply.body_len + 5) / 10;
	ask(server, "/a.html", .fields = ACCEPT "zstd\r\n");
	ask(server, "/a.html", .fields = ACCEPT "br\r\n");
	get(server, "/a.html");

	struct deadline p = { 0 };

	while (file_count(server, "/ratio.log", "\n") < 4)
		deadline_wait(&p, "four lines in the log");
	ck_assert_ptr_nonnull(strstr(file_text(server, "/ratio.log"),
				     memory_printf("%zu.%02zu - -\n- ", ratio / 100, ratio % 100)));
	ck_assert_ptr_nonnull(strstr(file_text(server, "/ratio.log"), " -\n- - "));
	ck_assert_ptr_nonnull(strstr(file_text(server, "/ratio.log"), "\n- - -\n"));
	server_stop(server);
}
END_TEST

/* Without memory for a further encoder the response is sent as it is. */
START_TEST(memory_is_limited)
{
	struct server *server = inproc_start("compress_memory 50k; http { gunzip on; gzip on;"
					     "server { listen 127.0.0.1:%PORT%; root html;"
					     "gzip_static always; default_type text/html;"
					     "location /text { return 200 '" HUNDRED "'; } } }");
	struct bytes bytes = make_gzip(HUNDRED);

	struct reply reply = ask(server, "/text", .fields = GZIP);
	ck_assert_str_eq(reply.body, HUNDRED);
	ck_assert_ptr_null(reply_header(&reply, "Content-Encoding"));
	ck_assert_str_eq(reply_header(&reply, "Vary"), "Accept-Encoding");
	log_wait(server, "compress_memory allows 50");
	put_bytes(server, "only.html.gz", bytes.data, bytes.len);
	ck_assert_int_eq(get(server, "/only.html").status, 503);
	ck_assert_int_eq(ask(server, "/only.html", .method = "HEAD").status, 200);
	server_stop(server);
}
END_TEST

TESTS("compress", encodes_with_each_coding, says_what_it_depends_on, head_is_that_of_get,
      parts_are_of_one_form, knows_what_the_client_has, keeps_a_form_of_each_version,
      keeps_no_descriptors, keeps_what_is_of_use, leaves_alone_what_it_must,
      errors_are_not_those_of_the_encoded_form, keeps_secrets, asks_the_client, asks_the_version,
      asks_for_proxies, compress_turns_all_on, arrives_as_it_was, says_how_much_shorter,
      memory_is_limited)
