/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked for, and by which method: forms of targets, decoding, who refuses methods. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static struct server *server;

static void setup(void)
{
	server =
		server_start("http { access_log off;"
			     "server { listen 127.0.0.1:%PORT%; server_name one;"
			     "  location /any { return 200 \"$uri $args $request_uri\"; } }"
			     "server { listen 127.0.0.1:%PORT%; server_name two;"
			     "  return 200 \"two $host $uri\"; }"
			     "server { listen 127.0.0.1:%PORT%; server_name raw; merge_slashes off;"
			     "  return 200 $uri; }"
			     "server { listen 127.0.0.1:%PORT%; server_name shut; return 403; } }");
	put_file(server, "a.txt", "a file");
	put_file(server, "b/a.txt", "another");
	put_file(server, "with space%20.txt", "odd name");
}

static void teardown(void)
{
	server_stop(server);
}

/* $uri of a target. */
static const char *uri(const char *target)
{
	struct reply reply = get(server, target);

	ck_assert_msg(reply.status == 200, "%d for %s", reply.status, target);
	return memory_printf("%.*s", (int)strcspn(reply.body, " "), reply.body);
}

START_TEST(targets_are_normalized)
{
	ck_assert_str_eq(uri("/any"), "/any");
	ck_assert_str_eq(uri("/any/%61%2fb"), "/any/a/b");
	ck_assert_str_eq(uri("//any///x"), "/any/x");
	ck_assert_str_eq(uri("/any/./x/../y"), "/any/y");
	ck_assert_str_eq(uri("/any/x/.."), "/any/");
	ck_assert_str_eq(uri("/any/x/."), "/any/x/");
	ck_assert_str_eq(uri("/any/%2e%2e/any/x"), "/any/x");
	ck_assert_str_eq(uri("/any/..x/.y./z.."), "/any/..x/.y./z..");
	ck_assert_str_eq(uri("/any/%2541"), "/any/%41");
	ck_assert_str_eq(uri("/any/%c3%a9"), "/any/\xc3\xa9");
	ck_assert_str_eq(uri("/any/%3F%23"), "/any/?#");
	ck_assert_str_eq(uri("/any/a%0d%0ab"), "/any/a\r\nb");
	ck_assert_str_eq(ask(server, "//a///b", .host = "raw").body, "//a///b");
}
END_TEST

START_TEST(arguments_are_left_alone)
{
	ck_assert_str_eq(get(server, "/any?a=%20/../b?c").body,
			 "/any a=%20/../b?c /any?a=%20/../b?c");
	ck_assert_str_eq(get(server, "/any?").body, "/any  /any?");
}
END_TEST

START_TEST(absolute_targets_name_the_host)
{
	ck_assert_str_eq(get(server, "http://two/x").body, "two two /x");
	ck_assert_str_eq(get(server, "HTTP://Two:80/x").body, "two two /x");
	ck_assert_str_eq(get(server, "http://two?a").body, "two two /");
	ck_assert_str_eq(ask(server, "http://two/x", .host = "one").body, "two two /x");
	ck_assert_str_eq(ask(server, "/x", .host = "tWo:123").body, "two two /x");
	ck_assert_str_eq(raw(server, "GET http://two/x HTTP/1.0\r\n\r\n").body, "two two /x");
	refused(server, 400, "GET http://two/x HTTP/1.1\r\n\r\n");
	refused(server, 400, "GET http://two/x HTTP/1.1\r\nHost: a b\r\n\r\n");
	refused(server, 400, "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(server, 400, "GET ftp://two/x HTTP/1.1\r\nHost: a\r\n\r\n");
}
END_TEST

START_TEST(files_have_any_name)
{
	ck_assert_str_eq(get(server, "/with%20space%2520.txt").body, "odd name");
	ck_assert_int_eq(get(server, "/with%20space%20.txt").status, 404);
	ck_assert_str_eq(get(server, "/b/../a.txt").body, "a file");
	ck_assert_str_eq(get(server, "/b/%2e./a.txt").body, "a file");
}
END_TEST

static struct reply by(const char *method, const char *target)
{
	return ask(server, target, .method = method);
}

START_TEST(files_are_only_read)
{
	static const char *const methods[] = { "POST",	"PUT",	   "DELETE",
					       "PATCH", "OPTIONS", "PROPFIND" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct reply reply = by(methods[i], "/a.txt");
		ck_assert_int_eq(reply.status, 405);
		ck_assert_str_eq(reply_header(&reply, "Allow"), "GET, HEAD");
	}
	ck_assert_int_eq(by("POST", "/missing").status, 404);
	ck_assert_str_eq(by("POST", "/any").body, "/any  /any");
	ck_assert_str_eq(by("WHATEVER", "/any").body, "/any  /any");
}
END_TEST

START_TEST(head_has_the_head_of_get)
{
	static const char *const targets[] = { "/a.txt", "/missing", "/any", "/b" };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct reply of_get = by("GET", targets[i]), of_head = by("HEAD", targets[i]);
		const char *date = strstr(of_get.head, "Date: "),
			   *other = strstr(of_head.head, "Date: ");
		ck_assert_ptr_nonnull(date);
		ck_assert_ptr_nonnull(other);
		memcpy((char *)other, date, 35); /* the second may have changed in between */
		ck_assert_str_eq(of_head.head, of_get.head);
	}
}
END_TEST

START_TEST(trace_and_connect_are_for_others)
{
	ck_assert_int_eq(by("TRACE", "/any").status, 405);
	ck_assert_int_eq(by("TRACE", "/a.txt").status, 405);
	ck_assert_int_eq(ask(server, "/", .method = "TRACE", .host = "two").status, 405);
	int status = raw(server, "CONNECT one:80 HTTP/1.1\r\nHost: one:80\r\n\r\n").status;
	ck_assert_msg(status == 405 || status == 400, "it says %d", status);
}
END_TEST

START_TEST(options_of_the_server)
{
	struct client *client = client_open(server);

	client_send(client, "OPTIONS * HTTP/1.1\r\nHost: one\r\n\r\n"
			    "GET /a.txt HTTP/1.1\r\nHost: one\r\n\r\n");
	struct reply reply = client_reply(client);
	ck_assert_int_eq(reply.status, 204);
	ck_assert_str_eq(reply_header(&reply, "Allow"), "GET, HEAD");
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	ck_assert_str_eq(client_reply(client).body, "a file");
	/* What a server says to everything it says to this, too. */
	ck_assert_int_eq(ask(server, "*", .method = "OPTIONS", .host = "shut").status, 403);
	refused(server, 400, "GET * HTTP/1.1\r\nHost: one\r\n\r\n");
	refused(server, 400, "OPTIONS *a HTTP/1.1\r\nHost: one\r\n\r\n");
	refused(server, 400, "OPTIONS * HTTP/1.1\r\n\r\n");
}
END_TEST

START_TEST(methods_are_case_sensitive)
{
	ck_assert_int_eq(by("get", "/a.txt").status >= 400, 1);
}
END_TEST

/* nginx refuses a target before it has come to Host, and a bad line behind Host after that. */
START_TEST(the_named_server_refuses_targets)
{
	struct server *two = server_start(
		"http { access_log off; server { listen 127.0.0.1:%PORT%; server_name a;"
		"  error_page 400 /400; location = /400 { return 200 a; } }"
		"server { listen 127.0.0.1:%PORT%; server_name b;"
		"  error_page 400 /400; location = /400 { return 200 b; } } }");

	ck_assert_str_eq(ask(two, "/%zz", .host = "b").body, "b");
	ck_assert_str_eq(ask(two, "/../x", .host = "b").body, "b");
	ck_assert_str_eq(ask(two, "http://b/%00", .host = "a").body, "b");
	ck_assert_str_eq(ask(two, "/\1", .host = "b").body, "a");
	ck_assert_str_eq(ask(two, "no-slash", .host = "b").body, "a");
	ck_assert_str_eq(ask(two, "/", .host = "b", .fields = "no field\r\n").body, "a");
	server_stop(two);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "targets", .setup = setup, .teardown = teardown }),
	 targets_are_normalized, arguments_are_left_alone, absolute_targets_name_the_host,
	 files_have_any_name, files_are_only_read, head_has_the_head_of_get,
	 trace_and_connect_are_for_others, options_of_the_server, methods_are_case_sensitive,
	 the_named_server_refuses_targets)
