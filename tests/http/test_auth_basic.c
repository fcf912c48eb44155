/* SPDX-License-Identifier: BSD-2-Clause */
/* auth_basic and satisfy: who is asked for a password, and which passwords are right. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <base64.h>

/* joe's is "secret", ann's "a:b", max's stored in a form that is unknown. */
#define USERS                                                                   \
	"joe:$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7\n" \
	"ann:{PLAIN}a:b\nann2:{PLAIN}a\nmax:$99$x\nempty:{PLAIN}\n"

static struct server *start(const char *directives)
{
	struct server *server = inproc_with(directives);

	put_file(server, "/conf/users", USERS);
	put_file(server, "a", "in");
	put_file(server, "open/a", "in");
	return server;
}

static const char *basic(struct str pair)
{
	struct pool *pool = pool_create(0);
	struct str text = base64_encode(pool, pair);
	const char *field = memory_printf("Authorization: Basic %.*s\r\n", STR_ARG(text));

	pool_destroy(pool);
	return field;
}

static int status(struct server *server, const char *target, struct str pair)
{
	return ask(server, target, .fields = basic(pair)).status;
}

START_TEST(only_right_passwords_are_let_in)
{
	struct server *server = start("auth_basic \"The \\\"inner\\\" part\";"
				      "auth_basic_user_file users;"
				      "location /open/ { auth_basic off; }");
	struct reply reply = get(server, "/a");

	ck_assert_int_eq(reply.status, 401);
	ck_assert_str_eq(reply_header(&reply, "WWW-Authenticate"),
			 "Basic realm=\"The \\\"inner\\\" part\"");
	ck_assert_int_eq(get(server, "/open/a").status, 200);
	ck_assert_int_eq(status(server, "/a", STR("joe:secret")), 200);
	reply = ask(server, "/a", .fields = basic(STR("joe:secret")));
	ck_assert_ptr_null(reply_header(&reply, "WWW-Authenticate"));
	reply = ask(server, "/a", .fields = basic(STR("joe:wrong")));
	ck_assert_int_eq(reply.status, 401);
	ck_assert_ptr_nonnull(reply_header(&reply, "WWW-Authenticate"));
	ck_assert(log_has(server, "user \"joe\": password mismatch"));
	ck_assert_int_eq(status(server, "/a", STR("nobody:secret")), 401);
	ck_assert(log_has(server, "user \"nobody\" was not found in \""));
	ck_assert_int_eq(status(server, "/a", STR("max:secret")), 401);
	ck_assert(log_has(server, "is stored in a form that is not known"));
	ck_assert_int_eq(status(server, "/missing", STR("joe:secret")), 404);
	ck_assert_int_eq(status(server, "/missing", STR("joe:x")), 401);
	server_stop(server);
}
END_TEST

START_TEST(hostile_credentials)
{
	static const struct str pairs[] = {
		STR_INIT("joe:secret\0"),
		STR_INIT("joe:secret\0x"),
		STR_INIT("joe\0:secret"),
		STR_INIT("joe:secre"),
		STR_INIT("joe:Secret"),
		STR_INIT("joe:"),
		STR_INIT("joe"),
		STR_INIT(":secret"),
		STR_INIT(":"),
		STR_INIT(""),
		STR_INIT(" joe:secret"),
		STR_INIT("joe:secret "),
		STR_INIT("JOE:secret"),
		STR_INIT("joe:secret\n"),
		STR_INIT("joe:$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7"),
		STR_INIT("joe\nann:a"),
		STR_INIT("#:"),
		STR_INIT("max:$99$x"),
		STR_INIT("max:"),
		STR_INIT("ann:a:b"),
		STR_INIT("empty:x"),
	};
	static const char *const fields[] = {
		"Authorization: Basic\r\n",
		"Authorization: Basic \r\n",
		"Authorization:\r\n",
		"Authorization: Basic am9lOnNlY3Jl\r\n",
		"Authorization: Basic !!!!\r\n",
		"Authorization: Bearer am9lOnNlY3JldA==\r\n",
		"Authorization: am9lOnNlY3JldA==\r\n",
		"Authorization: Basic am9lOnNlY3JldA== x\r\n",
		"Authorization: Basic x\r\nAuthorization: Basic am9lOnNlY3JldA==\r\n",
		"Proxy-Authorization: Basic am9lOnNlY3JldA==\r\n",
	};
	struct server *server = start("auth_basic x; auth_basic_user_file users;");
	struct reply reply;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		ck_assert_msg(status(server, "/a", pairs[i]) == 401, "%.*s", STR_ARG(pairs[i]));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int found = ask(server, "/a", .fields = fields[i]).status;

		ck_assert_msg(found == 401, "%s: %d", fields[i], found);
	}
	/* As in nginx: the scheme in any case, blanks before the pair, no padding. */
	reply = ask(server, "/a", .fields = "Authorization: bASIC   am9lOnNlY3JldA\r\n");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_int_eq(status(server, "/a", STR("empty:")), 200);
	server_stop(server);
}
END_TEST

START_TEST(the_file_decides_anew)
{
	struct server *server = start("auth_basic x; auth_basic_user_file users;"
				      "location /none/ { auth_basic_user_file none; }"
				      "location /dir/ { auth_basic_user_file .; }");

	ck_assert_int_eq(status(server, "/a", STR("joe:secret")), 200);
	put_file(server, "/conf/users", "joe:{PLAIN}other\n");
	ck_assert_int_eq(status(server, "/a", STR("joe:secret")), 401);
	ck_assert_int_eq(status(server, "/a", STR("joe:other")), 200);
	ck_assert_int_eq(status(server, "/none/a", STR("joe:other")), 403);
	ck_assert(log_has(server, "cannot be read (2: No such file or directory)"));
	ck_assert_int_eq(get(server, "/none/a").status, 401);
	ck_assert_int_eq(status(server, "/dir/a", STR("joe:other")), 500);
	ck_assert(log_has(server, "[crit]"));
	ck_assert_int_eq(unlink(file_path(server, "/conf/users")), 0);
	ck_assert_int_eq(status(server, "/a", STR("joe:other")), 403);
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(variables)
{
	struct server *server = start("auth_basic $arg_realm; auth_basic_user_file users-$arg_file;"
				      "location /whole/ { auth_basic_user_file $arg_file; }"
				      "location /own/ { auth_basic x;"
				      "  auth_basic_user_file users-$remote_user.txt; }");

	put_file(server, "/conf/users-1", "one:{PLAIN}1\n");
	put_file(server, "/conf/users-2", "two:{PLAIN}2\n");
	ck_assert_int_eq(status(server, "/a?realm=x&file=1", STR("one:1")), 200);
	ck_assert_int_eq(status(server, "/a?realm=x&file=2", STR("one:1")), 401);
	ck_assert_int_eq(status(server, "/a?realm=x&file=2", STR("two:2")), 200);
	ck_assert_int_eq(get(server, "/a?realm=off").status, 200);
	ck_assert_int_eq(get(server, "/a?realm=offf").status, 401);
	ck_assert_int_eq(status(server, "/a?realm=x&file=/../users-1", STR("one:1")), 403);
	ck_assert(log_has(server, "a variable has brought \"..\" or a NUL into its path"));
	/* A NUL would make it the file users-1. */
	ck_assert_int_eq(status(server, "/own/a", STR("1\0:1")), 403);
	ck_assert_int_eq(status(server, "/whole/a?realm=x&file=../conf/users-1", STR("one:1")),
			 403);

	struct reply reply = get(server, "/a?realm=a%0d%0aX-Evil:1");

	ck_assert_int_eq(reply.status, 401);
	ck_assert_ptr_null(reply_header(&reply, "X-Evil"));
	server_stop(server);
}
END_TEST

/* nginx lets everybody in without a file as well; -t says so. */
START_TEST(without_a_file)
{
	struct server *server = start("auth_basic x;");

	ck_assert_int_eq(get(server, "/a").status, 200);
	server_stop(server);
}
END_TEST

START_TEST(satisfied_by_all_or_any)
{
	struct server *server =
		start("auth_basic x; auth_basic_user_file users; error_page 401 /401;"
		      "location = /401 { auth_basic off; return 200 \"ask\"; }"
		      "location /all-in/ { allow all; }"
		      "location /all-out/ { deny all; }"
		      "location /any-in/ { satisfy any; allow all; }"
		      "location /any-out/ { satisfy any; deny all; }"
		      "location /any-none/ { satisfy any; allow 10.0.0.1; }"
		      "location /methods/ { auth_basic off;"
		      "  limit_except GET { auth_basic x; auth_basic_user_file users; } }");
	static const struct {
		const char *path;
		int without, with;
	} cases[] = {
		{ "all-in/a", 401, 200 },  { "all-out/a", 403, 403 },  { "any-in/a", 200, 200 },
		{ "any-out/a", 401, 200 }, { "any-none/a", 401, 200 }, { "methods/a", 200, 200 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *target = memory_printf("/%s", cases[i].path);

		put_file(server, cases[i].path, "in");
		ck_assert_int_eq(get(server, target).status, cases[i].without);
		ck_assert_int_eq(status(server, target, STR("joe:secret")), cases[i].with);
		ck_assert_int_eq(status(server, target, STR("joe:x")), cases[i].without);
	}

	struct reply reply = get(server, "/a");

	ck_assert_str_eq(reply.body, "ask");
	ck_assert_ptr_nonnull(reply_header(&reply, "WWW-Authenticate"));
	reply = get(server, "/any-in/a");
	ck_assert_ptr_null(reply_header(&reply, "WWW-Authenticate"));
	ck_assert_int_eq(ask(server, "/methods/a", .method = "POST").status, 401);
	server_stop(server);
}
END_TEST

/* Whatever leads to a file, the rules of the location that it lies in apply. */
START_TEST(nothing_leads_around_it)
{
	static const char *const targets[] = {
		"/private/a", "//private//a", "/%70rivate/a", "/%2e/private/a", "/private/./a",
		"/x/../private/a", "/private/sub/../a", "/private/a?", "/private/a?x=/open/a",
		"/private/", "/private/sub/", "/private/none", "/private/a%00", "/private/a/",
		"/try/a", "/fallback/none", "/page/none", "/index/", "/named/a",
		"/nested/private/a", "/private/.%2fa", "/private%2fa", "/PRIVATE/a",
		"/alias/../private/a", "/private/a.",
	};
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "OPTIONS", "FOO" };
	struct server *server = start(
		"auth_basic_user_file users; autoindex on;"
		"location /private/ { auth_basic x; }"
		"location /nested/ { alias %DIR%/html/;"
		"  location /nested/private/ { alias %DIR%/html/private/; auth_basic x; } }"
		"location /try/ { try_files /none /private/a; }"
		"location /fallback/ { try_files $uri /private/a; }"
		"location /page/ { error_page 404 =200 /private/a; }"
		"location /index/ { alias %DIR%/html/; index none /private/a; }"
		"location /named/ { try_files /none @members; }"
		"location @members { auth_basic x; try_files /private/a =404; }"
		"location /alias/ { alias %DIR%/html/open/; }");

	put_file(server, "private/a", "SECRET");
	put_file(server, "private/sub/b", "SECRET");
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		for (size_t j = 0; j < sizeof(methods) / sizeof(methods[0]); j++) {
			struct reply reply = ask(server, targets[i], .method = methods[j],
						 .fields = "Range: bytes=0-99\r\n");

			ck_assert_msg(reply.status >= 400, "%s %s: %d", methods[j], targets[i],
				      reply.status);
			ck_assert_msg(!strstr(reply.body, "SECRET"), "%s", targets[i]);
		}
	ck_assert_int_eq(status(server, "/try/a", STR("joe:secret")), 200);
	ck_assert_int_eq(status(server, "/named/a", STR("joe:secret")), 200);
	ck_assert_int_eq(status(server, "/nested/private/a", STR("joe:secret")), 200);
	server_stop(server);
}
END_TEST

/* Any 401 of ACCESS is late, and nothing else. */
START_TEST(a_refusal_is_delayed)
{
	struct server *server = start("auth_basic x; auth_basic_user_file users; auth_delay 300ms;"
				      "error_page 401 /401; location = /401 { auth_basic off; }"
				      "location /any/ { satisfy any; deny all; }"
				      "location /out/ { deny all; }");
	struct reply reply;
	long began = now_ms();

	put_file(server, "401", "ask");
	reply = get(server, "/a");
	ck_assert_int_eq(reply.status, 401);
	ck_assert_str_eq(reply.body, "ask");
	ck_assert_int_ge(now_ms() - began, 290);
	began = now_ms();
	ck_assert_int_eq(status(server, "/any/a", STR("joe:x")), 401);
	ck_assert_int_ge(now_ms() - began, 290);
	server_stop(server);
	/* What would wait for an hour if it did. */
	server = start("auth_basic x; auth_basic_user_file users; auth_delay 1h;"
		       "location /out/ { deny all; }");
	ck_assert_int_eq(status(server, "/a", STR("joe:secret")), 200);
	ck_assert_int_eq(get(server, "/out/a").status, 403);
	server_stop(server);
}
END_TEST

TESTS("auth_basic", only_right_passwords_are_let_in, hostile_credentials,
      the_file_decides_anew, variables, without_a_file, satisfied_by_all_or_any,
      nothing_leads_around_it, a_refusal_is_delayed)
