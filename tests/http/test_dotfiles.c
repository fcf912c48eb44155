/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `dotfiles deny`: no way leads to a file whose name, or the name of a directory
 * on the way, begins with a dot.
 */
#include "http/inproc.h"
#include "harness/test.h"

#include <string.h>

static struct server *start(const char *directives)
{
	struct server *server = inproc_with(directives);

	put_file(server, "a.html", "hello");
	put_file(server, ".env", "secret");
	put_file(server, ".git/config", "secret");
	put_file(server, "sub/.hidden/a", "secret");
	put_file(server, ".well-known/security.txt", "contact");
	put_file(server, ".well-known/.git/config", "secret");
	return server;
}

static void gets(struct server *server, int status, const char *target)
{
	struct reply reply = get(server, target);

	ck_assert_msg(reply.status == status, "%s: %d instead of %d", target, reply.status, status);
}

START_TEST(allows_them_as_nginx_does)
{
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/.env").body, "secret");
	ck_assert_str_eq(get(server, "/.git/config").body, "secret");
	server_stop(server);
}
END_TEST

START_TEST(denies_the_names)
{
	struct server *server = start("dotfiles deny; location /open/ { alias %DIR%/html/; "
				      "dotfiles allow; }");

	gets(server, 200, "/a.html");
	gets(server, 403, "/.env");
	ck_assert(log_has(server, "html/.env\" is forbidden: its name, or the name of a directory "
				  "on the way, begins with a dot"));
	gets(server, 403, "/%2eenv");
	gets(server, 403, "/.git");
	gets(server, 403, "/.git/");
	gets(server, 403, "/.git/config");
	gets(server, 403, "/sub/.hidden/a");
	gets(server, 403, "/sub/..%2f.env");
	gets(server, 403, "/.there-is-none");
	gets(server, 403, "/...");
	gets(server, 200, "/.well-known/security.txt");
	gets(server, 403, "/.well-known/.git/config");
	gets(server, 403, "/.well-known2");
	gets(server, 200, "/open/.env"); /* the same file, in this order */
	gets(server, 403, "/.env");
	server_stop(server);
}
END_TEST

START_TEST(denies_what_alias_and_variables_lead_to)
{
	struct server *server = start("dotfiles deny;"
				      "location /files { alias %DIR%/html/; }"
				      "location ~ ^/re/(.*)$ { alias %DIR%/html/$1; }"
				      "location /root/ { root %DIR%/html/$arg_d; }"
				      "location /dir/ { alias %DIR%/.site/$arg_x/; }"
				      "location = /one { alias %DIR%/.site/.one; }"
				      "location = /part { alias %DIR%/html/.$arg_n; }");

	put_file(server, "/.site/sub/a", "hello");
	put_file(server, "/.site/.one", "one");
	put_file(server, ".git/root/a", "secret");
	gets(server, 403, "/files.env");
	gets(server, 403, "/files.git/config");
	gets(server, 200, "/re/a.html");
	gets(server, 403, "/re/.env");
	gets(server, 403, "/re/.git/config");
	gets(server, 403, "/root/a?d=.git");
	gets(server, 403, "/root/a?d=sub/.git");
	gets(server, 403, "/part?n=env");
	gets(server, 200, "/dir/a?x=sub"); /* .site stands in the configuration */
	ck_assert_str_eq(get(server, "/one").body, "one");
	server_stop(server);
}
END_TEST

START_TEST(denies_what_other_handlers_lead_to)
{
	struct server *server =
		start("dotfiles deny; error_page 404 /.git/config;"
		      "location /try/ { try_files /$arg_f =404; error_page 404 /none; }"
		      "location /last/ { try_files /none /.env; }"
		      "location /sub/ { index .hidden/a; }");

	gets(server, 403, "/try/a?f=.env"); /* try_files finds what is there */
	gets(server, 200, "/try/a?f=a.html");
	gets(server, 403, "/last/a");
	gets(server, 403, "/sub/");
	gets(server, 403, "/none");
	ck_assert_ptr_null(strstr(get(server, "/none").body, "secret"));
	server_stop(server);
}
END_TEST

TESTS("dotfiles", allows_them_as_nginx_does, denies_the_names,
      denies_what_alias_and_variables_lead_to, denies_what_other_handlers_lead_to)
