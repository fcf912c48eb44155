/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files as clients get them: what is found and what is refused, redirects to
 * directories, changes that are seen at once, links that lead out.
 */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

START_TEST(answers_with_a_file_and_its_validators)
{
	struct server *server = inproc_with("location /plain/ { etag off; }");
	put_file(server, "a.html", "hello");
	put_file(server, "plain/a.html", "hello");
	utime(file_path(server, "a.html"), &(struct utimbuf){ 784111777, 784111777 });

	struct reply reply = get(server, "/a.html");
	ck_assert_str_eq(reply.body, "hello");
	ck_assert_str_eq(reply_header(&reply, "ETag"), "\"2ebc98a1-5\"");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/html");
	ck_assert_str_eq(reply_header(&reply, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
	reply = ask(server, "/a.html", .method = "HEAD");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "5");
	reply = get(server, "/plain/a.html");
	ck_assert_ptr_null(reply_header(&reply, "ETag"));
	server_stop(server);
}
END_TEST

/* The same file under several locations, each of which has other fields for it. */
struct face {
	const char *path, *says, *type;
	bool has_etag, has_ranges, has_nosniff, has_extra;
};

static const struct face faces[] = {
	{ "/plain", "", "text/html", true, true, false, false },
	{ "/typed", "types { } default_type text/x-a;", "text/x-a", true, true, false, false },
	{ "/charset", "charset utf-8;", "text/html; charset=utf-8", true, true, false, false },
	{ "/other", "charset utf-7;", "text/html; charset=utf-7", true, true, false, false },
	{ "/untagged", "etag off;", "text/html", false, true, false, false },
	{ "/whole", "max_ranges 0;", "text/html", true, false, false, false },
	{ "/text", "types { } default_type text/plain;", "text/plain", true, true, false, false },
	{ "/guessed", "types { } default_type magic;", "text/plain", true, true, true, false },
	{ "/more", "add_header X-More x;", "text/html", true, true, false, true },
	{ "/whole-more", "max_ranges 0; add_header X-More x;", "text/html", true, false, false,
	  true },
};

enum { FACES = sizeof(faces) / sizeof(faces[0]) };

/* NULL: there must be no such field; otherwise there must be one. */
static void check_field(const struct reply *reply, const char *name, const char *value)
{
	ck_assert_int_eq(reply_headers(reply, name), value != NULL);
	if (value)
		ck_assert_str_eq(reply_header(reply, name), value);
}

static void check_face(struct server *server, const struct face *face, int file, size_t len,
		       const char *method)
{
	const char *target = memory_printf("%s?f=%d", face->path, file);
	struct reply reply = ask(server, target, .method = method);
	const char *etag = memory_printf("\"2ebc98a1-%zx\"", len);

	ck_assert_int_eq(reply.status, 200);
	check_field(&reply, "Content-Type", face->type);
	check_field(&reply, "Content-Length", memory_printf("%zu", len));
	check_field(&reply, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
	check_field(&reply, "ETag", face->has_etag ? etag : NULL);
	check_field(&reply, "Accept-Ranges", face->has_ranges ? "bytes" : NULL);
	check_field(&reply, "X-Content-Type-Options", face->has_nosniff ? "nosniff" : NULL);
	check_field(&reply, "X-More", face->has_extra ? "x" : NULL);
}

/* Responses that are not the whole file have fields of their own. */
static void check_parts(struct server *server, int file)
{
	const char *target = memory_printf("/plain?f=%d", file);
	struct reply reply = get(server, target);
	const char *etag = reply_header(&reply, "ETag");

	reply = ask(server, target, .fields = "Range: bytes=1-3\r\n");
	ck_assert_int_eq(reply.status, 206);
	check_field(&reply, "Content-Length", "3");
	check_field(&reply, "Content-Range", "bytes 1-3/5");
	check_field(&reply, "ETag", etag);
	reply = ask(server, target, .fields = memory_printf("If-None-Match: %s\r\n", etag));
	ck_assert_int_eq(reply.status, 304);
	check_field(&reply, "Content-Length", NULL);
	check_field(&reply, "Content-Type", NULL);
	check_field(&reply, "ETag", etag);
}

static void put_face(struct server *server, int file, const char *content)
{
	const char *name = memory_printf("%d.html", file);

	put_file(server, name, content);
	utime(file_path(server, name), &(struct utimbuf){ 784111777, 784111777 });
}

START_TEST(fields_of_one_file_differ_by_location)
{
	const char *conf = "types { text/html html; }";

	for (int i = 0; i < FACES; i++)
		conf = memory_printf("%s location = %s { %s try_files /$arg_f.html =404; }", conf,
				     faces[i].path, faces[i].says);

	struct server *server = inproc_with(conf);

	for (int file = 0; file < FACES; file++)
		put_face(server, file, "hello");
	nanosleep(&(struct timespec){ 2, 100000000 }, NULL); /* younger files are read each time */
	for (int file = 0; file < FACES; file++) { /* each is asked for first in another place */
		for (int i = 0; i < 2 * FACES; i++)
			check_face(server, &faces[(file + i) % FACES], file, 5,
				   i % 2 ? "HEAD" : "GET");
		check_parts(server, file);
		put_face(server, file, "hello again");
		for (int i = 0; i < FACES; i++)
			check_face(server, &faces[i], file, 11, "GET");
	}
	server_stop(server);
}
END_TEST

START_TEST(finds_names_of_all_kinds)
{
	struct server *server = inproc_with("");
	put_file(server, "a b.txt", "blank");
	put_file(server, "100%.txt", "percent");
	put_file(server, "a+b&c.txt", "plus");
	put_file(server, "\xc3\xbc.txt", "umlaut");
	put_file(server, "..dots", "dots");
	put_file(server, "empty.txt", "");
	ck_assert_str_eq(get(server, "/a%20b.txt").body, "blank");
	ck_assert_str_eq(get(server, "/100%25.txt").body, "percent");
	ck_assert_str_eq(get(server, "/a+b&c.txt").body, "plus");
	ck_assert_str_eq(get(server, "/%C3%BC.txt").body, "umlaut");
	ck_assert_str_eq(get(server, "/..dots").body, "dots");
	struct reply reply = get(server, "/empty.txt");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "0");
	server_stop(server);
}
END_TEST

START_TEST(tells_what_is_not_there)
{
	struct server *server = inproc_with("location /quiet/ { log_not_found off; }");
	put_file(server, "a.html", "hello");
	mkdir(file_path(server, "dir"), 0755);
	mkfifo(file_path(server, "pipe"), 0644);
	ck_assert_int_eq(get(server, "/none").status, 404);
	ck_assert(log_has(server, "html/none\" failed (2: No such file or directory)"));
	ck_assert_int_eq(get(server, "/a.html/").status, 404);
	ck_assert_int_eq(get(server, "/a.html/b").status, 404);
	ck_assert_int_eq(get(server, "/none/").status, 404);
	ck_assert_int_eq(get(server, "/pipe").status, 404);
	ck_assert(log_has(server, "html/pipe\" is not a regular file"));
	ck_assert_int_eq(get(server, "/dir/").status, 403);
	ck_assert_int_eq(get(server, "/quiet/none").status, 404);
	ck_assert(!log_has(server, "quiet/none"));
	server_stop(server);
}
END_TEST

START_TEST(refuses_other_methods)
{
	struct server *server = inproc_with("");
	put_file(server, "a.html", "hello");
	struct reply reply = ask(server, "/a.html", .method = "POST", .body = "x");
	ck_assert_int_eq(reply.status, 405);
	ck_assert_str_eq(reply_header(&reply, "Allow"), "GET, HEAD");
	ck_assert_int_eq(ask(server, "/a.html", .method = "DELETE").status, 405);
	ck_assert_int_eq(ask(server, "/none", .method = "POST", .body = "x").status, 404);
	ck_assert_int_eq(ask(server, "/none", .method = "PUT", .body = "x").status, 405);
	server_stop(server);
}
END_TEST

/* Fails unless the redirect leads to this path of the server itself. */
static void redirects(struct server *server, const char *target, const char *path)
{
	struct reply reply = get(server, target);
	const char *expected =
		server_text(server, memory_printf("%%SCHEME%%://localhost:%%PORT%%%s", path));

	ck_assert_msg(reply.status == 301, "%s: %d", target, reply.status);
	ck_assert_str_eq(reply_header(&reply, "Location"), expected);
}

START_TEST(redirects_to_the_name_with_a_slash)
{
	struct server *server = inproc_with("merge_slashes off;");
	mkdir(file_path(server, "dir"), 0755);
	mkdir(file_path(server, "a b"), 0755);
	mkdir(file_path(server, "\\evil.example"), 0755);
	redirects(server, "/dir", "/dir/");
	redirects(server, "/dir?x=1&y=%20", "/dir/?x=1&y=%20");
	redirects(server, "/a%20b", "/a%20b/");
	redirects(server, "//dir", "/dir/");
	redirects(server, "///dir", "/dir/");
	redirects(server, "/%5cevil.example", "/%5Cevil.example/");
	server_stop(server);
}
END_TEST

START_TEST(sees_every_change)
{
	struct server *server = inproc_with("");
	char text[32];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "version %04d", i);
		put_file(server, "a.txt", text);
		ck_assert_str_eq(get(server, "/a.txt").body, text);
	}
	ck_assert_int_eq(unlink(file_path(server, "a.txt")), 0);
	ck_assert_int_eq(get(server, "/a.txt").status, 404);
	put_file(server, "b.txt", "renamed");
	char *from = strdup(file_path(server, "b.txt"));
	ck_assert_int_eq(rename(from, file_path(server, "a.txt")), 0);
	free(from);
	ck_assert_str_eq(get(server, "/a.txt").body, "renamed");
	server_stop(server);
}
END_TEST

START_TEST(sends_what_is_beyond_four_gigabytes)
{
	struct server *server = inproc_with("");
	put_file(server, "big", "");
	FILE *file = fopen(file_path(server, "big"), "r+");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseeko(file, 5000000000, SEEK_SET), 0);
	fputs("the end", file);
	fclose(file);

	struct reply reply = ask(server, "/big", .method = "HEAD");
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "5000000007");
	reply = ask(server, "/big", .fields = "Range: bytes=4999999998-5000000002\r\n");
	ck_assert_int_eq(reply.status, 206);
	ck_assert_int_eq(reply.body_len, 5);
	ck_assert_int_eq(memcmp(reply.body, "\0\0the", 5), 0);
	server_stop(server);
}
END_TEST

/* The sandbox would confine links as well. */
static struct server *without_walls(const char *directives)
{
	return inproc_start(memory_printf("sandbox_allow %%DIR%%; http { access_log off;"
					  "server { listen 127.0.0.1:%%PORT%%; %s } }",
					  directives));
}

START_TEST(links_are_followed_by_default)
{
	struct server *server = without_walls("");
	put_file(server, "/secret", "secret");
	ck_assert_int_eq(symlink("../secret", file_path(server, "link")), 0);
	ck_assert_str_eq(get(server, "/link").body, "secret");
	server_stop(server);
}
END_TEST

START_TEST(in_root_refuses_what_leads_out)
{
	struct server *server =
		without_walls("symlinks in_root; location /all/ { symlinks follow; }");
	put_file(server, "/secret", "secret");
	put_file(server, "file", "file");
	put_file(server, "all/file", "");
	ck_assert_int_eq(symlink("../secret", file_path(server, "out")), 0);
	ck_assert_int_eq(symlink("../../secret", file_path(server, "all/out")), 0);
	ck_assert_int_eq(symlink("file", file_path(server, "in")), 0);
	char *target = strdup(file_path(server, "file"));
	ck_assert_int_eq(symlink(target, file_path(server, "absolute")), 0);
	free(target);
	ck_assert_int_eq(symlink("..", file_path(server, "up")), 0);

	ck_assert_str_eq(get(server, "/in").body, "file");
	ck_assert_str_eq(get(server, "/absolute").body, "file");
	ck_assert_int_eq(get(server, "/out").status, 403);
	ck_assert(log_has(server, "html/out\" points to \"../secret\""));
	ck_assert(log_has(server, "symlinks follow"));
	ck_assert_int_eq(get(server, "/up/secret").status, 403);
	ck_assert_int_eq(get(server, "/up").status, 403);
	ck_assert_str_eq(get(server, "/all/out").body, "secret");

	/* The answer changes with the link. */
	ck_assert_int_eq(unlink(file_path(server, "in")), 0);
	ck_assert_int_eq(symlink("../secret", file_path(server, "in")), 0);
	ck_assert_int_eq(get(server, "/in").status, 403);
	server_stop(server);
}
END_TEST

START_TEST(an_alias_is_a_root_of_its_own)
{
	struct server *server = inproc_with("location /i/ { alias %DIR%/img/; symlinks in_root; }"
					    "location /j { alias %DIR%/img/; }"
					    "location ~ ^/k/(.*)$ { alias %DIR%/img/$arg_f; }");
	put_file(server, "/img/a.txt", "a");
	put_file(server, "/secret", "secret");
	ck_assert_int_eq(symlink("../secret", file_path(server, "/img/out")), 0);
	ck_assert_str_eq(get(server, "/i/a.txt").body, "a");
	ck_assert_int_eq(get(server, "/i/out").status, 403);
	ck_assert_str_eq(get(server, "/j/a.txt").body, "a");
	ck_assert_int_eq(get(server, "/j../secret").status, 403);
	ck_assert_str_eq(get(server, "/k/x?f=a.txt").body, "a");
	ck_assert_int_eq(get(server, "/k/x?f=../secret").status, 403);
	server_stop(server);
}
END_TEST

TESTS("static files", answers_with_a_file_and_its_validators,
      fields_of_one_file_differ_by_location, finds_names_of_all_kinds,
      tells_what_is_not_there, refuses_other_methods, redirects_to_the_name_with_a_slash,
      sees_every_change, sends_what_is_beyond_four_gigabytes, links_are_followed_by_default,
      in_root_refuses_what_leads_out, an_alias_is_a_root_of_its_own)
