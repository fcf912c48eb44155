/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listings of directories: nginx's formats byte for byte, the page for people, and what must
 * not be listed.
 */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <base64.h>
#include <fcntl.h>
#include <digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define TIME "Sun, 06 Nov 1994 08:49:37 GMT"

static void put_old(struct server *server, const char *name, const char *text)
{
	put_file(server, name, text);
	ck_assert_int_eq(utime(file_path(server, name), &(struct utimbuf){ 784111777, 784111777 }),
			 0);
}

static void make_folder(struct server *server, const char *name)
{
	mkdir(file_path(server, name), 0755);
	utime(file_path(server, name), &(struct utimbuf){ 784111777, 784111777 });
}

static void make_link(struct server *server, const char *target, const char *name)
{
	const struct timespec times[2] = { { .tv_sec = 784111777 }, { .tv_sec = 784111777 } };

	ck_assert_int_eq(symlink(target, file_path(server, name)), 0);
	utimensat(AT_FDCWD, file_path(server, name), times, AT_SYMLINK_NOFOLLOW);
}

static struct server *with_odd_names(const char *directives)
{
	struct server *server = inproc_with(directives);

	put_old(server, "d/b\"<&>'\\.txt", "12345");
	put_old(server, "d/c\x01\t\n\r\b\f\x1f\x7f", "");
	put_old(server, "d/inv\xff", "1");
	put_old(server, "d/a10", "");
	put_old(server, "d/a9", "");
	put_old(server, "d/.hidden", "");
	make_folder(server, "d/z");
	make_link(server, "nothing", "d/lost");
	return server;
}

/* Fails unless the body has the text. */
static void has(const struct reply *reply, const char *text)
{
	ck_assert_msg(strstr(reply->body, text), "no %s in:\n%s", text, reply->body);
}

static void has_not(const struct reply *reply, const char *text)
{
	ck_assert_msg(!strstr(reply->body, text), "%s in:\n%s", text, reply->body);
}

/* --- nginx's formats ------------------------------------------------------------------- */

static const char odd_json[] =
	"[\r\n"
	"{ \"name\":\"z\", \"type\":\"directory\", \"mtime\":\"" TIME "\" },\r\n"
	"{ \"name\":\"a10\", \"type\":\"file\", \"mtime\":\"" TIME "\", \"size\":0 },\r\n"
	"{ \"name\":\"a9\", \"type\":\"file\", \"mtime\":\"" TIME "\", \"size\":0 },\r\n"
	"{ \"name\":\"b\\\"<&>'\\\\.txt\", \"type\":\"file\", \"mtime\":\"" TIME
	"\", \"size\":5 },\r\n"
	"{ \"name\":\"c\\u0001\\t\\n\\r\\b\\f\\u001F\x7f\", \"type\":\"file\", \"mtime\":\"" TIME
	"\", \"size\":0 },\r\n"
	"{ \"name\":\"inv\xff\", \"type\":\"file\", \"mtime\":\"" TIME "\", \"size\":1 },\r\n"
	"{ \"name\":\"lost\", \"type\":\"other\", \"mtime\":\"" TIME "\" }\r\n"
	"]";

static const char odd_xml[] =
	"<?xml version=\"1.0\"?>\r\n"
	"<list>\r\n"
	"<directory mtime=\"1994-11-06T08:49:37Z\">z</directory>\r\n"
	"<file mtime=\"1994-11-06T08:49:37Z\" size=\"0\">a10</file>\r\n"
	"<file mtime=\"1994-11-06T08:49:37Z\" size=\"0\">a9</file>\r\n"
	"<file mtime=\"1994-11-06T08:49:37Z\" size=\"5\">b&quot;&lt;&amp;&gt;'\\.txt</file>\r\n"
	"<file mtime=\"1994-11-06T08:49:37Z\" size=\"0\">c\x01\t\n\r\b\f\x1f\x7f</file>\r\n"
	"<file mtime=\"1994-11-06T08:49:37Z\" size=\"1\">inv\xff</file>\r\n"
	"<other mtime=\"1994-11-06T08:49:37Z\">lost</other>\r\n"
	"</list>\r\n";

START_TEST(json_is_that_of_nginx)
{
	struct server *server = with_odd_names("autoindex on; autoindex_format json;");
	struct reply reply = get(server, "/d/");

	ck_assert_str_eq(reply.body, odd_json);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/json");
	ck_assert_ptr_null(reply_header(&reply, "X-Content-Type-Options"));
	ck_assert_ptr_null(reply_header(&reply, "Content-Security-Policy"));
	ck_assert_str_eq(get(server, "/d/z/").body, "[\r\n]");
	server_stop(server);
}
END_TEST

START_TEST(jsonp_is_that_of_nginx)
{
	struct server *server = with_odd_names("autoindex on; autoindex_format jsonp;");
	struct reply reply = get(server, "/d/?callback=a.B_1");
	char many[200];

	ck_assert_str_eq(reply.body, memory_printf("/* callback */\r\na.B_1(%s);", odd_json));
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/javascript");
	ck_assert_str_eq(get(server, "/d/?x=1&CALLBACK=y&callback=z").body,
			 memory_printf("/* callback */\r\ny(%s);", odd_json));
	reply = get(server, "/d/?callback=");
	ck_assert_str_eq(reply.body, odd_json);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/json");
	ck_assert_str_eq(get(server, "/d/").body, odd_json);
	ck_assert_int_eq(get(server, "/d/?callback=a(b").status, 400);
	ck_assert_int_eq(get(server, "/d/?callback=a%2eb").status, 400);
	ck_assert_int_eq(get(server, "/d/?callback=a;b").status, 400);
	ck_assert_int_eq(get(server, "/d/?callback=%00").status, 400);
	ck_assert_int_eq(get(server, "/d/?callback=<script>").status, 400);
	snprintf(many, sizeof(many), "/d/?callback=%0128d", 1);
	ck_assert_int_eq(get(server, many).status, 200);
	snprintf(many, sizeof(many), "/d/?callback=%0129d", 1);
	ck_assert_int_eq(get(server, many).status, 400);
	server_stop(server);
}
END_TEST

START_TEST(xml_is_that_of_nginx)
{
	struct server *server = with_odd_names("autoindex on; autoindex_format xml;");
	struct reply reply = get(server, "/d/");

	ck_assert_str_eq(reply.body, odd_xml);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/xml; charset=utf-8");
	ck_assert_str_eq(get(server, "/d/z/").body,
			 "<?xml version=\"1.0\"?>\r\n<list>\r\n</list>\r\n");
	server_stop(server);
}
END_TEST

/* --- the page -------------------------------------------------------------------------- */

/* The hash of what stands in the only element of this name, as the policy writes it. */
static const char *hash_of(const struct reply *reply, const char *element)
{
	const char *begin = strstr(reply->body, memory_printf("<%s>", element));
	const char *end = strstr(reply->body, memory_printf("</%s>", element));
	struct pool *pool = pool_create(0);
	unsigned char digest[SHA256_SIZE];

	ck_assert_ptr_nonnull(begin);
	ck_assert_ptr_nonnull(end);
	ck_assert_ptr_null(strstr(end + 1, memory_printf("</%s>", element)));
	sha256_of(str_range(begin + strlen(element) + 2, end), digest);

	struct str text = base64_encode(pool, (struct str){ (char *)digest, sizeof(digest) });
	const char *hash = memory_printf("'sha256-%.*s'", STR_ARG(text));

	pool_destroy(pool);
	return hash;
}

START_TEST(the_page_allows_itself_alone)
{
	struct server *server = with_odd_names("autoindex on;");
	struct reply reply = get(server, "/d/");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/html; charset=utf-8");
	ck_assert_str_eq(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
	ck_assert_str_eq(reply_header(&reply, "Content-Security-Policy"),
			 memory_printf("default-src 'none'; style-src %s; script-src %s; "
				       "img-src 'self'; base-uri 'none'; form-action 'none'",
				       hash_of(&reply, "style"), hash_of(&reply, "script")));
	has_not(&reply, "http:");
	has_not(&reply, "https:");
	has_not(&reply, "src=");
	has_not(&reply, "style=");
	server_stop(server);
}
END_TEST

START_TEST(the_page_lists_any_name)
{
	struct server *server = with_odd_names("autoindex on; location /exact/ { }"
					       "location /d/ { autoindex_exact_size off; }");
	put_old(server, "d/javascript:alert(1)", "");
	put_old(server, "d/exe\u202etxt", "");
	put_old(server, "d/\xc2\x85\u200b\ufeff\U000e0041|\u00fc\u65e5\U0001f600|", "");
	put_old(server, "d/%41?#", "");
	put_old(server, "exact/a", "1234567");
	ck_assert_int_eq(truncate(file_path(server, "exact/a"), 1234567), 0);

	struct reply reply = get(server, "/d/");

	has(&reply, "<title>Index of /d/</title>");
	has(&reply, "<td class=\"u\"><a href=\"../\">..</a>");
	has(&reply, "<td class=\"d\"><a href=\"./z/\"><bdi>z</bdi>/</a><td>"
		    "<td data-n=\"784111777\">1994-11-06<small> 08:49</small>\n");
	has(&reply, "<a href=\"./b%22%3C%26%3E'%5C.txt\"><bdi>b\"&lt;&amp;&gt;'\\.txt</bdi></a>"
		    "<td data-n=\"5\">5 B<td");
	has(&reply, "<a href=\"./c%01%09%0A%0D%08%0C%1F%7F\"><bdi>c<i>\\x01</i><i>\\t</i><i>\\n</i>"
		    "<i>\\r</i><i>\\x08</i><i>\\x0C</i><i>\\x1F</i><i>\\x7F</i></bdi></a>");
	has(&reply, "<a href=\"./inv%FF\"><bdi>inv<i>\\xFF</i></bdi></a>");
	has(&reply, "<a href=\"./javascript%3Aalert(1)\"><bdi>javascript:alert(1)</bdi></a>");
	has(&reply, "<bdi>exe<i>\\u202E</i>txt</bdi>");
	has(&reply, "<bdi><i>\\u0085</i><i>\\u200B</i><i>\\uFEFF</i><i>\\uE0041</i>|"
		    "\u00fc\u65e5\U0001f600|</bdi>");
	has(&reply, "<a href=\"./%2541%3F%23\">");
	has(&reply, "<td class=\"o\"><bdi>lost</bdi><td>");
	has_not(&reply, "hidden\"");
	has(&reply, "<p role=\"status\">1 folder, 10 files, 6 B</p>");
	ck_assert(strstr(reply.body, "./a10") > strstr(reply.body, "./a9"));
	ck_assert(strstr(reply.body, "./a9") > strstr(reply.body, "./z/"));
	reply = get(server, "/exact/");
	has(&reply, "<td data-n=\"1234567\">1234567<td");
	has(&reply, "<p role=\"status\">1 file, 1.2 MiB</p>");
	reply = get(server, "/d/z/");
	has(&reply, "<h1><span>Index of</span> <bdi><a href=\"../../\">/</a><a href=\"../\">d</a>"
		    "<span>/</span>z</bdi></h1>");
	has(&reply, "<p role=\"status\">This folder is empty.</p>");
	reply = get(server, "/");
	ck_assert_int_eq(reply.status, 200);
	has_not(&reply, "href=\"../\"");
	server_stop(server);
}
END_TEST

START_TEST(times_are_those_of_the_server_if_asked_for)
{
	setenv("TZ", "Europe/Berlin", 1);
	tzset();

	struct server *server =
		inproc_with("autoindex on; location /l/ { autoindex_localtime on; }");

	put_old(server, "l/a", "");
	put_old(server, "u/a", "");

	struct reply reply = get(server, "/l/");

	has(&reply, "1994-11-06<small> 09:49</small>");
	has_not(&reply, "(UTC)");
	reply = get(server, "/u/");
	has(&reply, "1994-11-06<small> 08:49</small>");
	has(&reply, "(UTC)");
	server_stop(server);
}
END_TEST

/* As many slashes as a request may have cost no more than as many other characters. */
START_TEST(a_path_of_slashes_stays_short)
{
	struct server *server = inproc_with("autoindex on; merge_slashes off;");
	char *target = memory_alloc(4001);

	put_file(server, "a", "");
	memset(target, '/', 4000);
	target[4000] = '\0';

	struct reply reply = get(server, target);

	ck_assert_int_eq(reply.status, 200);
	ck_assert_uint_lt(reply.body_len, 30000);
	make_folder(server, "1");
	put_file(server, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/a",
		 "");
	reply = get(server,
		    "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/");
	has(&reply, "<bdi><a href=\"../\">..</a><span>/\u2026/</span><a href=\"");
	has(&reply, "<a href=\"../\">25</a><span>/</span>26</bdi>");
	has_not(&reply, ">2</a>");
	server_stop(server);
}
END_TEST

/* --- what the client or the configuration chooses --------------------------------------- */

START_TEST(clients_choose_a_format_if_allowed)
{
	struct server *server = with_odd_names("autoindex on;"
					       "location /d/ { autoindex_query on; }");
	put_old(server, "off/a", "");

	struct reply reply = get(server, "/d/?format=text");

	ck_assert_str_eq(reply.body, "z/\na9\na10\nb\"<&>'\\\\.txt\n"
				     "c\\x01\\t\\n\\r\\x08\\x0C\\x1F\\x7F\ninv\\xFF\nlost\n");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/plain; charset=utf-8");
	ck_assert_str_eq(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
	ck_assert_str_eq(get(server, "/d/?format=json").body, odd_json);
	reply = get(server, "/d/?format=xml");
	has(&reply, "<!doctype html>");
	reply = get(server, "/off/?format=json");
	has(&reply, "<!doctype html>");
	server_stop(server);
}
END_TEST

START_TEST(compressed_forms_are_left_out_if_asked_for)
{
	struct server *server = inproc_with("autoindex on; autoindex_query on;"
					    "location /c/ { autoindex_omit_compressed on; }");
	const char *names[] = {
		"a.js", "a.js.gz", "a.js.br", "a.js.zst", "alone.gz", "d.gz", ".gz"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		put_file(server, memory_printf("c/%s", names[i]), "");
		put_file(server, memory_printf("o/%s", names[i]), "");
	}
	make_folder(server, "c/d");
	ck_assert_str_eq(get(server, "/c/?format=text").body, "d/\na.js\nalone.gz\nd.gz\n");
	ck_assert_str_eq(get(server, "/o/?format=text").body,
			 "a.js\na.js.br\na.js.gz\na.js.zst\nalone.gz\nd.gz\n");

	struct reply reply = get(server, "/c/");

	has(&reply, ">1 folder, 3 files,");
	server_stop(server);
}
END_TEST

START_TEST(shows_a_readme_if_asked_for)
{
	struct server *server = inproc_with("autoindex on; autoindex_readme README.md README;"
					    "location /none/ { autoindex_readme off; }"
					    "location = /denied/README.md { deny all; }"
					    "location ~ /secret { deny all; }");
	char *large = memory_alloc(200001);

	put_file(server, "d/README.md", "one <b>\r\n\ttwo & \x1b[31m\xff\n");
	put_file(server, "d/README", "other");
	put_file(server, "e/README", "other");
	put_file(server, "none/README", "none");
	put_file(server, "denied/README.md", "secret");
	memset(large, 'x', 200000);
	large[200000] = '\0';
	put_file(server, "large/README", large);
	put_file(server, "dir/README.md/a", "");

	struct reply reply = get(server, "/d/");

	has(&reply,
	    "<section>\n<h2>README.md</h2>\n<pre>one &lt;b&gt;\n\ttwo &amp; <i>\\x1B</i>[31m"
	    "<i>\\xFF</i>\n</pre>\n</section>");
	has_not(&reply, "other");
	reply = get(server, "/e/");
	has(&reply, "<h2>README</h2>\n<pre>other</pre>");
	reply = get(server, "/none/");
	has_not(&reply, "<pre>");
	reply = get(server, "/denied/");
	ck_assert_int_eq(reply.status, 200);
	has_not(&reply, "<pre>");
	reply = get(server, "/dir/");
	has_not(&reply, "<pre>");
	reply = get(server, "/large/");
	has(&reply, "xxx\u2026</pre>");
	ck_assert_uint_lt(reply.body_len, 64 * 1024 + 20000);
	server_stop(server);
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { autoindex_readme a/b; }"),
				     "\"a/b\" is no name of a file in the directory"));
}
END_TEST

/* --- policies, access, statuses --------------------------------------------------------- */

START_TEST(policies_hold)
{
	struct server *server = inproc_with("autoindex on; autoindex_query on; symlinks in_root;"
					    "autoindex_readme README;"
					    "location /follow/ { symlinks follow; }"
					    "location /closed/ { dotfiles deny; }");

	put_file(server, "/outside/file", "secret");
	put_file(server, "d/in", "");
	make_link(server, "in", "d/link-in");
	make_link(server, "../../outside", "d/link-out");
	make_link(server, "../../outside/file", "d/README");
	put_file(server, "follow/a", "");
	make_link(server, "../../outside", "follow/link-out");
	put_file(server, "closed/.git/config", "");
	make_link(server, "../outside", "out");
	ck_assert_str_eq(get(server, "/d/?format=text").body, "in\nlink-in\n");
	ck_assert_str_eq(get(server, "/follow/?format=text").body, "link-out/\na\n");

	struct reply reply = get(server, "/d/");

	has_not(&reply, "secret");
	ck_assert_int_eq(get(server, "/out/").status, 403);
	ck_assert_int_eq(get(server, "/closed/.git/").status, 403);
	ck_assert_str_eq(get(server, "/closed/?format=text").body, "");
	server_stop(server);
}
END_TEST

START_TEST(nothing_is_listed_around_access)
{
	struct server *server =
		inproc_with("autoindex on; error_page 404 /denied/; error_page 403 /denied/x/;"
			    "location /denied/ { deny all; }"
			    "location /alias { alias %DIR%/html/denied; }"
			    "location /try/ { try_files $uri$arg_x /denied/; }"
			    "location /index/ { index ../denied/; }"
			    "location /internal/ { internal; }");

	put_file(server, "denied/secret", "");
	put_file(server, "denied/x/secret", "");
	put_file(server, "index/a", "");
	put_file(server, "internal/secret", "");

	const char *targets[] = { "/denied/",	"/denied/x/",	 "/denied//",
				  "//denied/",	"/%64enied/",	 "/a/../denied/",
				  "/nothing",	"/try/a",	 "/try/?x=../denied/",
				  "/internal/", "/./denied/%2e/" };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct reply reply = get(server, targets[i]);

		ck_assert_msg(reply.status == 403 || reply.status == 404, "%s: %d", targets[i],
			      reply.status);
		has_not(&reply, "secret");
	}
	/* What alias is for. */
	struct reply reply = get(server, "/alias/");

	has(&reply, "secret");
	server_stop(server);
}
END_TEST

START_TEST(answers_what_nginx_answers)
{
	struct server *server = inproc_with("autoindex on; autoindex_format json;"
					    "location /off/ { autoindex off; }"
					    "location /index/ { index a; }");

	put_file(server, "d/a", "");
	put_file(server, "off/a", "");
	put_file(server, "index/a", "file");
	put_file(server, "file", "");
	ck_assert_int_eq(get(server, "/d").status, 301);
	ck_assert_int_eq(get(server, "/off/").status, 403);
	ck_assert_int_eq(get(server, "/none/").status, 404);
	ck_assert_int_eq(get(server, "/file/").status, 404);
	ck_assert_int_eq(ask(server, "/d/", .method = "POST", .body = "x").status, 403);
	ck_assert_int_eq(ask(server, "/d/", .method = "PUT", .body = "x").status, 405);
	ck_assert_str_eq(get(server, "/index/").body, "file");

	struct reply reply = ask(server, "/d/", .method = "HEAD");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/json");
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	ck_assert_uint_eq(reply.body_len, 0);
	server_stop(server);
}
END_TEST

START_TEST(a_folder_that_cannot_be_read)
{
	if (geteuid() == 0)
		test_skip("root may read everything");

	struct server *server = inproc_with("autoindex on;");

	put_file(server, "d/a", "");
	chmod(file_path(server, "d"), 0311);
	ck_assert_int_eq(get(server, "/d/").status, 403);
	ck_assert(log_has(server, "html/d/\" cannot be read (13: Permission denied)"));
	chmod(file_path(server, "d"), 0755);
	server_stop(server);
}
END_TEST

/* Over the borders of many pieces. */
START_TEST(lists_many)
{
	enum { COUNT = 3000 };
	struct server *server = inproc_with("autoindex on; autoindex_query on;");
	char *expected = memory_alloc(COUNT * 32), *end = expected;

	for (int i = 0; i < COUNT; i++) {
		put_file(server, memory_printf("d/file number %d", i), "");
		end += sprintf(end, "file number %d\n", i);
	}
	ck_assert_str_eq(get(server, "/d/?format=text").body, expected);

	struct reply reply = get(server, "/d/");

	ck_assert(reply.is_whole);
	has(&reply, ">3000 files, 0 B</p>");
	has(&reply, "</html>\n");
	server_stop(server);
}
END_TEST

TESTS("autoindex", json_is_that_of_nginx, jsonp_is_that_of_nginx, xml_is_that_of_nginx,
      the_page_allows_itself_alone, the_page_lists_any_name,
      times_are_those_of_the_server_if_asked_for, a_path_of_slashes_stays_short,
      clients_choose_a_format_if_allowed, compressed_forms_are_left_out_if_asked_for,
      shows_a_readme_if_asked_for, policies_hold, nothing_is_listed_around_access,
      answers_what_nginx_answers, a_folder_that_cannot_be_read, lists_many)
