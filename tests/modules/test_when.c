/* SPDX-License-Identifier: BSD-2-Clause */
/* A module opens a block from its directive and enters it at run time (include/block.h). */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static const char *body_of(struct server *server, const char *target)
{
	return get(server, target).body;
}

START_TEST(settings_are_those_of_the_block)
{
	struct server *server =
		server_with("location / { when REWRITE $arg_a { root other; mark in; expires 1h; }"
			    " when REWRITE $arg_b { deny all; } when PREACCESS $arg_c { deny all; }"
			    " error_page 404 =200 /page; mark out; }"
			    "location = /page { return 200 page; }");

	put_file(server, "f", "outside");
	put_file(server, "/other/f", "inside");

	struct reply reply = get(server, "/f?a=0");

	ck_assert_str_eq(reply.body, "outside");
	ck_assert_str_eq(reply_header(&reply, "X-Mark"), "out");
	ck_assert_ptr_null(reply_header(&reply, "Expires"));
	reply = get(server, "/f?a=1");
	ck_assert_str_eq(reply.body, "inside");
	ck_assert_str_eq(reply_header(&reply, "X-Mark"), "in");
	ck_assert_ptr_nonnull(reply_header(&reply, "Expires"));
	/* What it does not set is the location's. */
	ck_assert_str_eq(body_of(server, "/none?a=1"), "page");
	ck_assert_int_eq(get(server, "/f?b=1").status, 403);
	ck_assert_int_eq(get(server, "/f?c=1").status, 403);
	server_stop(server);
}
END_TEST

START_TEST(handlers_are_those_behind_the_one_that_enters)
{
	struct server *server =
		server_with("location /a { when REWRITE $arg_a { mark in; hello in; } hello out; }"
			    "location /b { mark out; when REWRITE $arg_a { hello in; } hello out; }"
			    "location /c { when REWRITE $arg_a { return 200 unseen; } hello out; }"
			    "location /d { return 200 seen; when REWRITE $arg_a { } }"
			    "location /e { when REWRITE $arg_a { when REWRITE 1 { } hello in; } }");

	/* The handlers of `mark` and `rewrite` stand before that of `when`. */
	struct reply reply = get(server, "/a?a=1");

	ck_assert_str_eq(reply.body, "in");
	ck_assert_int_eq(reply_headers(&reply, "X-Came-By"), 0);
	reply = get(server, "/a");
	ck_assert_str_eq(reply.body, "out");
	ck_assert_int_eq(reply_headers(&reply, "X-Came-By"), 0);
	reply = get(server, "/b?a=1");
	ck_assert_str_eq(reply.body, "in");
	ck_assert_int_eq(reply_headers(&reply, "X-Came-By"), 1);
	ck_assert_str_eq(body_of(server, "/c?a=1"), "out");
	ck_assert_str_eq(body_of(server, "/d?a=1"), "seen");
	ck_assert_str_eq(body_of(server, "/e?a=1"), "in");
	server_stop(server);
}
END_TEST

/* As in nginx: a block without content of its own leaves what has been there. */
START_TEST(the_last_block_with_content_answers)
{
	struct server *server = server_with(
		"location / { hello location;"
		" when REWRITE $arg_a { hello a; mark a; }"
		" when REWRITE $arg_b { mark b; }"
		" when REWRITE $arg_c { empty_gif; } }"
		"location /gif { empty_gif; when REWRITE $arg_a { hello a; } }"
		"location /files/ { when REWRITE $arg_a { hello a; }"
		" when REWRITE $arg_b { mark b; } location /files/in { } }");

	put_file(server, "files/f", "file");
	put_file(server, "files/in", "in");
	ck_assert_str_eq(body_of(server, "/"), "location");
	ck_assert_str_eq(body_of(server, "/?b=1"), "location");
	ck_assert_str_eq(body_of(server, "/?a=1"), "a");

	struct reply reply = get(server, "/?a=1&b=1");

	ck_assert_str_eq(reply.body, "a");
	ck_assert_str_eq(reply_header(&reply, "X-Mark"), "b");
	ck_assert_int_eq(strncmp(body_of(server, "/?a=1&c=1"), "GIF", 3), 0);
	ck_assert_int_eq(strncmp(body_of(server, "/gif"), "GIF", 3), 0);
	ck_assert_str_eq(body_of(server, "/gif?a=1"), "a");
	ck_assert_str_eq(body_of(server, "/files/f"), "file");
	ck_assert_str_eq(body_of(server, "/files/f?b=1"), "file");
	ck_assert_str_eq(body_of(server, "/files/f?a=1&b=1"), "a");
	ck_assert_str_eq(body_of(server, "/files/in?a=1"), "in");
	server_stop(server);
}
END_TEST

/* Rules of access that stand behind the block hold in it as well. */
START_TEST(what_stands_behind_the_block_is_inherited)
{
	struct server *server =
		server_with("location / { when REWRITE $arg_a { mark in; } deny all; }");

	put_file(server, "f", "secret");
	ck_assert_int_eq(get(server, "/f").status, 403);
	ck_assert_int_eq(get(server, "/f?a=1").status, 403);
	server_stop(server);
}
END_TEST

START_TEST(a_redirect_leaves_the_block)
{
	struct server *server = server_with(
		"location / { when REWRITE $arg_a { hello in; error_page 403 /page; deny all; } }"
		"location = /page { }"
		"location /named { when REWRITE $arg_a { hello in; error_page 403 @n; deny all; } }"
		"location @n { try_files /page =404; }");

	put_file(server, "page", "page");
	ck_assert_str_eq(body_of(server, "/?a=1"), "page");
	ck_assert_str_eq(body_of(server, "/named?a=1"), "page");
	server_stop(server);
}
END_TEST

START_TEST(breaches_are_refused)
{
	static const char *const too_late[] = { "POST_READ",  "SERVER_REWRITE", "ACCESS",
						"PRECONTENT", "CONTENT",	"FILTER" };
	const char *locations = "when POST_READ $arg_a { } when SERVER_REWRITE $arg_b { }"
				"location /POST_READ { } location /SERVER_REWRITE { }"
				"location /LOG { hello log; when LOG 1 { } }"
				"location /wait { when REWRITE 1 wait { } }"
				"location /foreign { when REWRITE 1 foreign { } }";

	for (int i = 2; i < 6; i++)
		locations = memory_printf("%s location /%s { hello x; when %s 1 { deny all; } }",
					  locations, too_late[i], too_late[i]);

	struct server *server = server_with(locations);

	for (int i = 0; i < 6; i++) {
		const char *target = memory_printf("/%s?a=%d&b=%d", too_late[i], i == 0, i == 1);

		ck_assert_msg(get(server, target).status == 500, "%s", target);
		ck_assert_msg(log_has(server, memory_printf("PASS in the phase %s, but has entered "
							    "a block in a phase",
							    too_late[i])),
			      "%s", target);
	}
	ck_assert_int_eq(get(server, "/foreign").status, 500);
	ck_assert_int_eq(get(server, "/wait").status, 500);
	ck_assert(
		log_has(server, "WAIT in the phase REWRITE, but has entered a block"));
	ck_assert_str_eq(body_of(server, "/LOG"), "log");
	log_wait(server, "has returned PASS in the phase LOG, but has entered a block");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(mistakes_have_a_place)
{
	static const struct {
		const char *conf, *says;
	} cases[] = {
		{ "server { location / { when REWRITE 1 { location /a { } } } }",
		  "location \"/a\" cannot be inside this block" },
		{ "server { location / { when REWRITE 1 { expires nonsense; } } }", "nonsense" },
		{ "when REWRITE 1 { } server { }", "this block has to stand in a server" },
	};
	const char *output;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(server_fails(memory_printf("http { %s }", cases[i].conf), &output),
				 1);
		ck_assert_msg(strstr(output, cases[i].says), "%s", output);
	}
}
END_TEST

TESTS("blocks of a module", settings_are_those_of_the_block,
      handlers_are_those_behind_the_one_that_enters, the_last_block_with_content_answers,
      what_stands_behind_the_block_is_inherited, a_redirect_leaves_the_block, breaches_are_refused,
      mistakes_have_a_place)
