/* SPDX-License-Identifier: BSD-2-Clause */
/* userid. What is expected is what nginx does. */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <string.h>

#define COOKIE "fwAAAWf0vqcIAAADAwMEAg"
#define NUMBER "uid=0100007FA7BEF4670300000802040303"

static struct reply ask_with(struct server *server, const char *cookie)
{
	const char *fields = memory_printf("Cookie: %s\r\n", cookie);

	return ask(server, "/", .fields = fields);
}

START_TEST(a_client_without_a_number_gets_one)
{
	struct server *server = inproc_with("userid on; return 200 \"$uid_got|$uid_set\";");
	struct reply first = get(server, "/"), second = get(server, "/");
	const char *cookie = reply_header(&first, "Set-Cookie");

	ck_assert_uint_eq(strlen(cookie), strlen("uid=" COOKIE "==; path=/"));
	ck_assert_str_eq(cookie + 4 + strlen(COOKIE), "==; path=/");
	ck_assert_str_ne(cookie, reply_header(&second, "Set-Cookie"));
	ck_assert_int_eq(strncmp(first.body, "|uid=", 5), 0);

	/* It comes back as it was given. */
	const char *number = memory_printf("%s|", first.body + 1);

	second = ask_with(server, memory_printf("a=b; %.28s", cookie));
	ck_assert_ptr_null(reply_header(&second, "Set-Cookie"));
	ck_assert_str_eq(second.body, number);
	second = ask_with(server, "uid=" COOKIE "==");
	ck_assert_str_eq(second.body, NUMBER "|");
	server_stop(server);
}
END_TEST

START_TEST(all_responses_have_it)
{
	struct server *server = inproc_with(
		"userid on; location /404 { return 404; } location /301 { return 301 /; }"
		"location /off { userid off; } location /log { userid log; return 200 $uid_set; }");
	const char *const targets[] = { "/404", "/301", "/none" };

	for (int i = 0; i < 3; i++) {
		struct reply reply = get(server, targets[i]);

		ck_assert_int_eq(reply_headers(&reply, "Set-Cookie"), 1);
	}

	struct reply reply = get(server, "/off");

	ck_assert_ptr_null(reply_header(&reply, "Set-Cookie"));
	reply = get(server, "/log");
	ck_assert_ptr_null(reply_header(&reply, "Set-Cookie"));
	ck_assert_uint_eq(reply.body_len, 0);
	server_stop(server);
}
END_TEST

START_TEST(it_has_attributes)
{
	struct server *server =
		inproc_with("userid v1; userid_name v; userid_domain example.org; userid_path /x;"
			    "userid_expires max; userid_p3p \"CP=x\"; userid_service 258;"
			    "userid_flags secure httponly samesite=lax; return 200 $uid_set;");
	struct reply reply = get(server, "/");
	const char *cookie = reply_header(&reply, "Set-Cookie");

	ck_assert_int_eq(strncmp(cookie, "v=", 2), 0);
	ck_assert_str_eq(cookie + 2 + strlen(COOKIE),
			 "==; expires=Thu, 31-Dec-37 23:55:55 GMT; domain=example.org; path=/x; "
			 "secure; httponly; samesite=lax");
	ck_assert_str_eq(reply_header(&reply, "P3P"), "CP=x");
	ck_assert_int_eq(strncmp(reply.body, "v=00000102", 10), 0);
	server_stop(server);
	server = inproc_with("userid on; userid_expires 2d;");
	reply = get(server, "/");
	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "Set-Cookie"), "; expires="));
	server_stop(server);
}
END_TEST

START_TEST(another_mark_sends_the_number_anew)
{
	static const struct {
		const char *cookie;
		bool is_sent;
	} cases[] = {
		{ COOKIE "==", true }, { COOKIE "A=", false }, { COOKIE "B=", true },
		{ COOKIE "AA", true }, { COOKIE, true },       { COOKIE "A=more", false },
	};
	struct server *server =
		inproc_with("userid on; userid_mark A; return 200 \"$uid_got|$uid_set\";");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply reply = ask_with(server, memory_printf("uid=%s", cases[i].cookie));
		const char *cookie = reply_header(&reply, "Set-Cookie");

		ck_assert_msg((cookie != NULL) == cases[i].is_sent, "%s", cases[i].cookie);
		if (cookie)
			ck_assert_str_eq(cookie, "uid=" COOKIE "A=; path=/");
		ck_assert_str_eq(reply.body, cookie ? NUMBER "|" NUMBER : NUMBER "|");
	}
	server_stop(server);
}
END_TEST

START_TEST(a_number_is_reset)
{
	struct server *server = inproc_with("userid on; if ($arg_r) { set $uid_reset $arg_r; }"
					    "return 200 \"$uid_got|$uid_set|$uid_reset\";");
	const char *cookie = "Cookie: uid=" COOKIE "==\r\n";
	struct reply reply = ask(server, "/?r=1", .fields = cookie);

	ck_assert_ptr_nonnull(reply_header(&reply, "Set-Cookie"));
	ck_assert_ptr_null(strstr(reply_header(&reply, "Set-Cookie"), COOKIE));
	/* What the client has sent is still known. */
	ck_assert_int_eq(strncmp(reply.body, NUMBER "|uid=", strlen(NUMBER "|uid=")), 0);
	ck_assert_ptr_null(strstr(reply.body, NUMBER "|" NUMBER));
	ck_assert(!log_has(server, "was reset"));
	reply = ask(server, "/?r=log", .fields = cookie);
	ck_assert_ptr_nonnull(reply_header(&reply, "Set-Cookie"));
	ck_assert(log_has(server, "userid cookie \"" NUMBER "\" was reset"));
	reply = ask(server, "/?r=0", .fields = cookie);
	ck_assert_ptr_null(reply_header(&reply, "Set-Cookie"));
	reply = ask(server, "/", .fields = cookie);
	ck_assert_ptr_null(reply_header(&reply, "Set-Cookie"));
	ck_assert_str_eq(reply.body, NUMBER "||");
	server_stop(server);
}
END_TEST

START_TEST(what_is_no_number_is_replaced)
{
	struct server *server = inproc_with("userid on; return 200 \"$uid_got\";");
	const char *const cookies[] = { "uid=", "uid=short", "uid=!fwAAAWf0vqcIAAADAwMEAg",
					"uid",	"=x",	     ";;uid=\"" };

	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		struct reply reply = ask_with(server, cookies[i]);

		ck_assert_msg(reply_header(&reply, "Set-Cookie"), "%s", cookies[i]);
		ck_assert_str_eq(reply.body, "");
	}
	ck_assert(log_has(server, "client sent too short userid cookie \"short\""));
	ck_assert(log_has(server, "client sent invalid userid cookie"));
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_named)
{
	static const char *const cases[][2] = {
		{ "userid_name \"a b\";", "is not a name of a cookie" },
		{ "userid_path \"/;x\";", "cannot stand in a cookie" },
		{ "userid_domain \"a\nb\";", "cannot stand in a cookie" },
		{ "userid_mark ab;", "the mark is one letter" },
		{ "userid_mark ;", "takes 1 argument" },
		{ "userid_flags fast;", "unknown flag \"fast\"" },
		{ "userid_service x;", "\"x\"" },
		{ "userid yes;", "\"yes\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *output = inproc_fails(memory_printf("http { %s }", cases[i][0]));

		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
	}
}
END_TEST

TESTS("userid", a_number_is_reset, a_client_without_a_number_gets_one, all_responses_have_it,
      it_has_attributes, another_mark_sends_the_number_anew, what_is_no_number_is_replaced,
      mistakes_are_named)
