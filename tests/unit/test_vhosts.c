/* SPDX-License-Identifier: BSD-2-Clause */
/* Which server a host belongs to. The expectations are what nginx does. */
#include "unit/http_test.h"

#define SERVER(names) "server { listen 8080; server_name " names "; } "

/* The name of the server that is found for a host. */
static const char *found(struct http *http, const char *host)
{
	struct request *req = request_for(http, host, "/");
	const struct http_server *server = request_find_server(req, http_vhosts(req->conn));
	const char *name = memory_printf("%.*s", STR_ARG(server->name));

	end_request(req);
	return name;
}

START_TEST(an_exact_name_wins_over_all)
{
	struct http *http = good_http(SERVER("first") SERVER("~^a\\.b$") SERVER("a.*") SERVER("*.b")
					      SERVER("a.b"));

	ck_assert_str_eq(found(http, "a.b"), "a.b");
}
END_TEST

START_TEST(wildcards_win_over_expressions_front_before_tail)
{
	struct http *http = good_http(SERVER("first") SERVER("~b") SERVER("a.*") SERVER("*.b"));

	ck_assert_str_eq(found(http, "a.b"), "*.b");
	ck_assert_str_eq(found(http, "a.c"), "a.*");
	ck_assert_str_eq(found(http, "ab"), "~b");
	ck_assert_str_eq(found(http, "x"), "first");
}
END_TEST

START_TEST(the_longest_wildcard_wins)
{
	struct http *http = good_http(SERVER("first") SERVER("*.c") SERVER("*.b.c")
					      SERVER("*.a.b.c") SERVER("w.*") SERVER("w.x.*"));

	ck_assert_str_eq(found(http, "z.a.b.c"), "*.a.b.c");
	ck_assert_str_eq(found(http, "y.z.a.b.c"), "*.a.b.c");
	ck_assert_str_eq(found(http, "a.b.c"), "*.b.c");
	ck_assert_str_eq(found(http, "b.c"), "*.c");
	ck_assert_str_eq(found(http, "w.x.y.z"), "w.x.*");
	ck_assert_str_eq(found(http, "w.y.z"), "w.*");
}
END_TEST

START_TEST(an_asterisk_stands_for_something)
{
	struct http *http = good_http(SERVER("first") SERVER("*.a.b") SERVER("w.*"));

	ck_assert_str_eq(found(http, "a.b"), "first");
	ck_assert_str_eq(found(http, ".a.b"), "first");
	ck_assert_str_eq(found(http, "xa.b"), "first");
	ck_assert_str_eq(found(http, "w"), "first");
	ck_assert_str_eq(found(http, "w."), "first");
}
END_TEST

START_TEST(a_leading_dot_is_the_name_and_all_below)
{
	struct http *http = good_http(SERVER("first") SERVER(".a.b") SERVER("www.a.b"));

	ck_assert_str_eq(found(http, "a.b"), "a.b");
	ck_assert_str_eq(found(http, "x.y.a.b"), "a.b");
	ck_assert_str_eq(found(http, "www.a.b"), "www.a.b");
	ck_assert_str_eq(found(http, "xa.b"), "first");
}
END_TEST

START_TEST(expressions_are_tried_in_order)
{
	struct http *http = good_http(SERVER("first") SERVER("~^a") SERVER("~b$") SERVER("~^A"));

	ck_assert_str_eq(found(http, "ab"), "~^a");
	ck_assert_str_eq(found(http, "cb"), "~b$");
}
END_TEST

START_TEST(an_expression_that_is_given_up_finds_nobody)
{
	struct http *http = good_http(SERVER("first") SERVER("~^(a+)+$") SERVER("~."));
	static const struct log quiet = { .fd = -1 };
	struct request *req =
		request_for(http, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", "/");

	log_process = &quiet;
	ck_assert_ptr_null(request_find_server(req, http_vhosts(req->conn)));
	ck_assert_str_eq(found(http, "b"), "~.");
	end_request(req);
}
END_TEST

START_TEST(captures_of_a_name_are_the_requests)
{
	struct http *http = good_http(
		"server { listen 8080; server_name ~^(?<user>\\w+)\\.(u)$; root $user; }");
	struct request *req = request_for(http, "joe.u", "/");

	request_find_server(req, http_vhosts(req->conn));
	assert_str(req->captures[2], "u");
	assert_str(variable_text(req, STR("user")), "joe");
	end_request(req);
}
END_TEST

START_TEST(no_host_is_a_name_of_its_own)
{
	struct http *http = good_http(SERVER("first") SERVER("\"\" other") SERVER("~.*"));

	ck_assert_str_eq(found(http, ""), "");
	ck_assert_str_eq(found(http, "other"), "");
	ck_assert_str_eq(found(good_http(SERVER("first") SERVER("~.*")), ""), "first");
}
END_TEST

START_TEST(names_are_lower_case)
{
	struct http *http = good_http(SERVER("first") SERVER("A.Example") SERVER("*.B.Example"));

	ck_assert_str_eq(found(http, "a.example"), "a.example");
	ck_assert_str_eq(found(http, "x.b.example"), "*.b.example");
}
END_TEST

START_TEST(default_server_takes_the_rest)
{
	struct http *http = good_http(
		SERVER("first") "server { listen 8080 default_server; server_name second; }");

	ck_assert_str_eq(found(http, "nobody"), "second");
	ck_assert_str_eq(found(http, "first"), "first");
}
END_TEST

START_TEST(a_name_that_is_taken_is_ignored)
{
	struct http *http = load_http(SERVER("one same") SERVER("two same") SERVER("three *.x")
					      SERVER("four .x"));

	assert_says("conflicting server name \"same\" on 0.0.0.0:8080, ignored");
	assert_says("conflicting server name \".x\"");
	ck_assert_str_eq(found(http, "same"), "one");
	ck_assert_str_eq(found(http, "a.x"), "three");
}
END_TEST

START_TEST(a_server_that_is_alone_may_repeat_itself)
{
	good_http(SERVER("a a .a"));
}
END_TEST

START_TEST(wrong_names_are_errors)
{
	static const char *const wrong[] = { "*", "*.", ".", "*a.b", "~", "~(" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!load_http(memory_printf("server { server_name %s; }", wrong[i])),
			      "%s is accepted", wrong[i]);
}
END_TEST

/* A server that has its addresses for itself responds whatever its name is. */
START_TEST(some_names_are_wrong_beside_others)
{
	static const char *const wrong[] = { "a.*.b", "a*", "*.a.*", "..a", "a..b", "*.*" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *text =
			memory_printf("server { listen 8080; server_name %s; }", wrong[i]);
		struct http *http = load_http(text);

		ck_assert_msg(http, "%s is not accepted", wrong[i]);
		assert_says(memory_printf("test.conf:1:53: the server name \"%s\" can "
					  "never match",
					  wrong[i]));
		ck_assert_str_eq(found(http, "first"), wrong[i] + (wrong[i][0] == '.'));
		ck_assert(load_http(memory_printf("%s server { listen 8081; }", text)));
		ck_assert_msg(!load_http(memory_printf("%s " SERVER("first"), text)),
			      "%s is accepted", wrong[i]);
		assert_says(memory_printf("invalid server name \"%s\"", wrong[i]));
		ck_assert(!load_http(memory_printf("server { listen 8081; listen 8080; server_name "
						   "%s; } " SERVER("first"),
						   wrong[i])));
	}
}
END_TEST

/* nginx takes them everywhere. */
START_TEST(some_names_find_nobody)
{
	static const char *const names[] = { ".*", ".a.*", ".*.a" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct http *http = load_http(memory_printf(
			SERVER("first") "server { listen 8080; server_name %s a; }", names[i]));

		ck_assert_msg(http, "%s is not accepted", names[i]);
		assert_says("can never match");
		ck_assert_str_eq(found(http, "a.b"), "first");
		ck_assert_str_eq(found(http, "x.a"), "first");
		ck_assert_str_eq(found(http, "a"), names[i] + 1);
	}
}
END_TEST

/* More labels than any wildcard has cost nothing. */
START_TEST(a_host_may_have_thousands_of_labels)
{
	struct http *http = good_http(SERVER("first") SERVER("*.b.c") SERVER("a.*"));
	char *host = memory_alloc(20010);

	for (int i = 0; i < 10000; i++)
		memcpy(host + 2 * i, "x.", 2);
	memcpy(host + 20000, "b.c", 4);
	ck_assert_str_eq(found(http, host), "*.b.c");
	host[0] = 'a';
	host[20000] = 'd';
	ck_assert_str_eq(found(http, host), "a.*");
}
END_TEST

START_TEST(twenty_thousand_servers)
{
	struct pool *pool = pool_create(0);
	struct vhosts *vhosts = vhosts_create(pool);
	struct http_server *servers = pool_array(pool, struct http_server, 20000);
	static const char *const forms[] = { "h%d.example", "*.w%d.example", "t%d.*",
					     ".d%d.example" };

	for (int i = 0; i < 20000; i++) {
		struct server_name name = { .text = pool_printf(pool, forms[i % 4], i) };

		ck_assert_ptr_null(vhosts_add(vhosts, &name, &servers[i]));
	}
	for (int i = 0; i < 20000; i++) {
		static const char *const hosts[] = { "h%d.example", "a.b.w%d.example", "t%d.a.b",
						     "d%d.example" };
		struct str host = pool_printf(pool, hosts[i % 4], i);

		ck_assert_ptr_eq(vhosts_find(vhosts, host, NULL), &servers[i]);
	}
	ck_assert_ptr_null(vhosts_find(vhosts, STR("h20000.example"), NULL));
	pool_destroy(pool);
}
END_TEST

TESTS("vhosts", an_exact_name_wins_over_all, wildcards_win_over_expressions_front_before_tail,
      the_longest_wildcard_wins, an_asterisk_stands_for_something,
      a_leading_dot_is_the_name_and_all_below, expressions_are_tried_in_order,
      captures_of_a_name_are_the_requests, an_expression_that_is_given_up_finds_nobody,
      no_host_is_a_name_of_its_own, names_are_lower_case, default_server_takes_the_rest,
      a_name_that_is_taken_is_ignored, a_server_that_is_alone_may_repeat_itself,
      wrong_names_are_errors, some_names_are_wrong_beside_others, some_names_find_nobody,
      a_host_may_have_thousands_of_labels, twenty_thousand_servers)
