/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that are made with variables: what a client puts into root, alias, try_files,
 * index or error_page stays below what the configuration has written.
 */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>
#include <unistd.h>

/* A site in www/ with a directory for each user, beside what nobody may see. */
static struct server *with(const char *directives)
{
	struct server *server = inproc_start_with(&(struct server_setup){
		.conf = memory_printf("http { access_log off; server {"
				      " listen 127.0.0.1:%%PORT%%; %s } }", directives),
		.files = (const char *const[]){
			"/x", "secret", "/u/.._x", "secret", "/www-secret/x", "secret",
			"/www/x", "below", "/www/u/._x", "below",
			"/www/a/x", "ax", "/www/a/u/a_x", "au", "/www/a/b/x", "abx",
			"/www/common/x", "common", NULL } });

	return server;
}

/* What a GET shows: "403", or the body of a 200. */
static const char *shown(struct server *server, const char *target)
{
	struct reply reply = get(server, target);

	return reply.status == 200 ? reply.body : memory_printf("%d", reply.status);
}

#define assert_shows(server, target, expected)                                          \
	do {                                                                            \
		const char *shown_ = shown(server, target);                             \
		ck_assert_msg(strcmp(shown_, expected) == 0, "%s: \"%s\", not \"%s\"", target, \
			      shown_, expected);                                        \
	} while (0)

static const char *const policies[] = { "follow", "in_root" };

START_TEST(a_capture_in_a_root)
{
	for (int i = 0; i < 2; i++) {
		struct server *server = with(memory_printf(
			"symlinks %s; location ~ ^/u/([^/]*)_(.*)$ { root %%DIR%%/www/$1; }",
			policies[i]));

		assert_shows(server, "/u/a_x", "au");
		assert_shows(server, "/u/.._x", "403");
		assert_shows(server, "/u/._x", "403");
		assert_shows(server, "/u/a%2F.._x", "404"); /* is another path */
		ck_assert(log_has(server, "/www/../u/.._x\" is forbidden: a variable"));
		server_stop(server);
	}
}
END_TEST

START_TEST(any_variable_in_a_root)
{
	struct server *server = with("root %DIR%/www/$arg_d; location = /x { }"
				     "location /cookie/ { alias %DIR%/www/$cookie_d/; }"
				     "location /field { alias %DIR%/www/$http_d; }");

	assert_shows(server, "/x?d=a", "ax");
	assert_shows(server, "/x?d=a/b", "abx");
	assert_shows(server, "/x?d=a/b/", "abx");
	assert_shows(server, "/x?d=", "below");
	assert_shows(server, "/x?d=..", "403");
	assert_shows(server, "/x?d=../", "403");
	assert_shows(server, "/x?d=a/../..", "403");
	assert_shows(server, "/x?d=a/..", "403");
	assert_shows(server, "/x?d=.", "403");
	assert_shows(server, "/x?d=a/.", "403");
	assert_shows(server, "/x?d=./a", "403");
	assert_shows(server, "/x?d=a/b/...", "404");
	ck_assert_int_eq(ask(server, "/cookie/x", .fields = "Cookie: d=a\r\n").status, 200);
	ck_assert_int_eq(ask(server, "/cookie/x", .fields = "Cookie: d=..\r\n").status, 403);
	ck_assert_int_eq(ask(server, "/field/x", .fields = "D: a\r\n").status, 200);
	ck_assert_int_eq(ask(server, "/field/x", .fields = "D: ..\r\n").status, 403);
	ck_assert_int_eq(ask(server, "/field./x", .fields = "D: .\r\n").status, 403);
	server_stop(server);
}
END_TEST

/* Two values, or a value and a letter, are one name; what the file says itself stays. */
START_TEST(names_that_are_put_together)
{
	struct server *server = with(
		"location /one/ { alias %DIR%/www/$arg_a.$arg_b/; }"
		"location /two/ { alias %DIR%/www/.$arg_a/; }"
		"location /whole { location ~ ^/whole/(.*)$ { alias %DIR%/www/$arg_a/$1; } }"
		"location /literal/ { alias %DIR%/www/../www/$arg_a/; }"
		"location /behind/ { alias %DIR%/www/$arg_a/../common/; }"
		"location /open { alias %DIR%/www; }");

	assert_shows(server, "/one/x?a=.", "403");
	assert_shows(server, "/one/x", "403");
	assert_shows(server, "/one/x?a=a", "404");
	assert_shows(server, "/two/x?a=.", "403");
	assert_shows(server, "/two/x", "403");
	assert_shows(server, "/whole/x?a=a", "ax");
	assert_shows(server, "/whole/b/x?a=a", "abx");
	assert_shows(server, "/whole/x?a=..", "403");
	assert_shows(server, "/literal/x?a=a", "ax");
	assert_shows(server, "/literal/x?a=..", "403");
	assert_shows(server, "/behind/x?a=a", "common");
	assert_shows(server, "/open/x", "below");
	assert_shows(server, "/open-secret/x", "secret"); /* as in nginx: the alias says so */
	assert_shows(server, "/open/../x", "404");
	server_stop(server);
}
END_TEST

static void link_to(struct server *server, const char *target, const char *name)
{
	ck_assert_int_eq(symlink(target, file_path(server, name)), 0);
}

/* With in_root a value may go through a link, but not out of what the file has written. */
START_TEST(links_that_a_value_names)
{
	struct server *server =
		with("symlinks in_root; location = /x { root %DIR%/www/$arg_d; }"
		     "location /img { alias %DIR%/www/a/img; }"
		     "location ~ ^/whole/(.*)$ { alias %DIR%/www/$1; }");

	put_file(server, "/www/a/imgs/x", "image");
	link_to(server, "..", "/www/out");
	link_to(server, "a", "/www/inside");
	link_to(server, "../..", "/www/a/out");
	link_to(server, "../b", "/www/a/imgs/b");
	link_to(server, "../../common", "/www/a/imgs/common");
	link_to(server, "../x", "/www/a/b/up");
	link_to(server, "../../../x", "/www/a/b/out");
	assert_shows(server, "/x?d=a", "ax");
	assert_shows(server, "/x?d=inside", "ax");
	assert_shows(server, "/x?d=out", "403");
	ck_assert(log_has(server, "/www/out\" points to \"..\", which is outside of"));
	assert_shows(server, "/x?d=a/out", "403");
	assert_shows(server, "/imgs/x", "image");
	assert_shows(server, "/imgs/b/x", "abx");
	assert_shows(server, "/imgs/common/x", "403");
	assert_shows(server, "/whole/a/b/up", "ax");
	assert_shows(server, "/whole/a/b/out", "403");
	assert_shows(server, "/whole/a/out/x", "403");
	server_stop(server);
}
END_TEST

START_TEST(the_uris_of_try_files)
{
	struct server *server = with("root %DIR%/www; location /admin/ { deny all; }"
				     "location /f { try_files $arg_f /a/$arg_f =404; }"
				     "location /last { try_files /none /a/$arg_f?$arg_g; }"
				     "location /bare { try_files /none $arg_f; }"
				     "location /literal { try_files /none /common/.//../admin/x; }"
				     "location /above { try_files /none /../x; }"
				     "location = /a/args { return 200 $args; }");

	put_file(server, "/www/admin/x", "secret");
	assert_shows(server, "/f?f=x", "ax");
	assert_shows(server, "/f?f=b/x", "abx");
	assert_shows(server, "/f?f=../x", "404");
	assert_shows(server, "/f?f=b/../x", "404");
	assert_shows(server, "/f?f=./x", "404");
	assert_shows(server, "/f?f=-secret/x", "404");
	assert_shows(server, "/last?f=x", "ax");
	assert_shows(server, "/last?f=../x", "404");
	assert_shows(server, "/last?f=../admin/x", "404");
	assert_shows(server, "/last?f=./x", "404");
	assert_shows(server, "/last?f=args&g=../x", "../x");
	assert_shows(server, "/last?f=args%3f../x", "404"); /* "%3f" is no "?" */
	assert_shows(server, "/bare?f=/a/x", "ax");
	assert_shows(server, "/bare?f=//admin/x", "403");
	assert_shows(server, "/bare?f=/../x", "404");
	assert_shows(server, "/bare?f=-secret/x", "404");
	ck_assert(log_has(server, "the URI \"-secret/x\" names no file: it does not begin with a "
				  "slash, client: "));
	assert_shows(server, "/literal", "403");
	assert_shows(server, "/above", "404");
	server_stop(server);
}
END_TEST

START_TEST(the_pages_of_errors)
{
	struct server *server = with("root %DIR%/www; location /admin/ { internal; }"
				     "location /page { error_page 404 /a/$arg_p; return 404; }"
				     "location /at { error_page 404 @$arg_p; return 404; }"
				     "location /away { error_page 404 $arg_p; return 404; }"
				     "location @there { return 200 there; }");

	put_file(server, "/www/admin/x", "secret");
	ck_assert_str_eq(get(server, "/page?p=b/x").body, "abx");
	ck_assert_ptr_null(strstr(get(server, "/page?p=../admin/x").body, "secret"));
	ck_assert(log_has(server, "\"/a/../admin/x\""));
	ck_assert_int_eq(get(server, "/page?p=../admin/x").status, 404);
	ck_assert_str_eq(get(server, "/at?p=there").body, "there");
	struct reply reply = get(server, "/away?p=http://a/../b");
	ck_assert_str_eq(reply_header(&reply, "Location"),
			 "http://a/../b");
	server_stop(server);
}
END_TEST

START_TEST(the_names_of_index)
{
	struct server *server = with("root %DIR%/www; location /a/ { index $arg_i ../x x; }"
				     "location /alias/ { alias %DIR%/www/a/; index ../x b/../x; }"
				     "location /above/ { alias %DIR%/www/a/; index ../../x; }"
				     "location = / { index ../x; }");

	assert_shows(server, "/a/?i=b/x", "abx");
	assert_shows(server, "/a/b/?i=none", "ax");
	assert_shows(server, "/a/?i=../../x", "below");
	assert_shows(server, "/a/?i=./b/x", "below");
	assert_shows(server, "/alias/", "ax");
	assert_shows(server, "/alias/b/", "ax");
	assert_shows(server, "/above/", "404");
	assert_shows(server, "/", "404");
	server_stop(server);
}
END_TEST

/* $realpath_root asks the disk. */
START_TEST(the_real_path_of_a_root)
{
	struct server *server = with("root %DIR%/www/$arg_d; location = /p { return 200 "
				     "\"$realpath_root;$document_root\"; }");

	ck_assert_ptr_nonnull(strstr(get(server, "/p?d=a").body, "/www/a;"));
	ck_assert_int_eq(get(server, "/p?d=../..").body[0], ';');
	server_stop(server);
}
END_TEST

/*
 * The name of a user may have a NUL. nginx ends a path there, and gives the file of that name in
 * each of these places, also one beside the root.
 */
START_TEST(a_nul_cuts_off_no_path)
{
	static const char *const places[] = {
		"root %DIR%/html/$remote_user/public;",
		"alias %DIR%/html/$remote_user.d/;",
		"try_files /$remote_user/none /$remote_user.none =404;",
		"index $remote_user.none /$remote_user.none;",
		"if (-f %DIR%/html/$remote_user.none) { return 200 secret; } return 404;",
		"error_page 404 /$remote_user.none; return 404;",
		"rewrite ^ /$remote_user.none break;",
		"set $x $remote_user; try_files /$x.none =404;",
		"root %DIR%/html/$remote_user; return 200 $realpath_root;",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct server *server =
			inproc_with(memory_printf("location / { %s }", places[i]));

		put_file(server, "secret.txt", "secret");
		for (int j = 0; j < 2; j++) {
			struct reply reply = ask(
				server, j ? "/" : "/x", /* secret.txt NUL :x */
				.fields = "Authorization: Basic c2VjcmV0LnR4dAA6eA==\r\n");

			ck_assert_msg(!strstr(reply.body, "secret"), "%s: %s", places[i],
				      reply.body);
		}
		server_stop(server);
	}
}
END_TEST

TESTS("paths with variables", a_capture_in_a_root, any_variable_in_a_root,
      names_that_are_put_together, links_that_a_value_names, the_uris_of_try_files,
      the_pages_of_errors, the_names_of_index, the_real_path_of_a_root,
      a_nul_cuts_off_no_path)
