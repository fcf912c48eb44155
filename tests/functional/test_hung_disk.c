/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system that does not answer any call, as one of a network whose server has gone. The
 * requests for its files wait, then they are refused; all others are served meanwhile. It holds
 * with the sandbox and without.
 */
#include "harness/client.h"
#include "harness/fuse.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "http/decode.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct server *start(const char *main, const char *directives)
{
	const char *const files[] = { "/html/a",  "local", "/html/b",	  "local",
				      "/other/x", "",	   "/html/sub/x", "",	   NULL };
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = memory_printf("%s worker_processes 1; http { access_log off; types { }"
				      "default_type text/plain; server {"
				      "listen 127.0.0.1:%%PORT%%; %s } }",
				      main, directives),
		.files = files,
	});

	log_wait(server, "generation 1 of the configuration serves");
	ck_assert_int_eq(symlink("../html/disk", file_path(server, "/other/link")), 0);
	ck_assert_int_eq(symlink("../other/link", file_path(server, "/html/link")), 0);
	return server;
}

static void serves_others(struct server *server)
{
	long began = now_ms();

	ck_assert_str_eq(get(server, "/a").body, "local");
	ck_assert_str_eq(get(server, "/b").body, "local");
	ck_assert_int_eq(get(server, memory_printf("/none-%ld", began)).status, 404);
	ck_assert_int_lt(now_ms() - began, 5000);
}

/* Cold files, files that were served before, a missing one, by two ways. */
static const char *const uris[] = {
	"/disk/a", "/disk/b", "/disk/new", "/disk/none",  "/disk/folder",   "/link/a",
	"/link/c", "/try/a",  "/if/a",	   "/disk/large", "/disk/none-new",
};

enum { URIS = sizeof(uris) / sizeof(uris[0]) };

static int status_of(const char *uri)
{
	return strstr(uri, "none") ? 404 : strstr(uri, "folder") ? 301 : 200;
}

static const char locations[] = "location /try/ { try_files /disk/none /disk/t =405; }"
				"location /if/ { set $n x; if (-f %DIR%/html/disk/$n) { set $n y; }"
				"if (-f %DIR%/html/disk/none) { set $n wrong; } return 200 $n; }";

static void hangs(const char *main)
{
	struct client *clients[3 * URIS];

	namespace_enter();
	struct server *server = start(main, locations);
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(get(server, uris[i == 2 ? 0 : i]).status,
				 status_of(uris[i == 2 ? 0 : i]));
	fuse_hang(disk, true);
	for (int i = 0; i < 3 * URIS; i++) {
		clients[i] = client_open(server);
		client_send(clients[i],
			    memory_printf("GET %s HTTP/1.1\r\nHost: a\r\n\r\n", uris[i % URIS]));
		if (i % URIS == 0)
			serves_others(server);
	}
	serves_others(server);
	fuse_hang(disk, false);
	for (int i = 0; i < 3 * URIS; i++) {
		struct reply reply = client_reply(clients[i]);
		const char *uri = uris[i % URIS];

		ck_assert_msg(reply.status == status_of(uri), "%s: %d", uri, reply.status);
		if (strstr(uri, "/if/"))
			ck_assert_str_eq(reply.body, "y");
		else if (reply.status == 200 && !strstr(uri, "large"))
			ck_assert_str_eq(reply.body, FUSE_TEXT);
	}
	fuse_unmount(disk);
	server_stop(server);
}

START_TEST(others_are_served)
{
	hangs("");
}
END_TEST

START_TEST(others_are_served_without_a_sandbox)
{
	hangs("sandbox off;");
}
END_TEST

/* Requests are refused after ten seconds, then at once, and the log says it once. */
START_TEST(waiting_has_an_end)
{
	namespace_enter();
	struct server *server = start("", "");
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));
	struct client *clients[20];
	struct deadline wait = { 0 };

	ck_assert_str_eq(get(server, "/disk/a").body, FUSE_TEXT);
	fuse_hang(disk, true);
	for (int i = 0; i < 20; i++) {
		clients[i] = client_open(server);
		client_send(clients[i],
			    memory_printf("GET /disk/%c HTTP/1.1\r\nHost: a\r\n\r\n", 'a' + i / 4));
	}
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(client_reply(clients[i]).status, 503);
	ck_assert_uint_eq(file_count(server, "/error.log", "does not answer"), 1);
	for (long began = 0; now_ms() - began > 3000;) {
		deadline_wait(&wait, "a request is refused at once");
		began = now_ms();
		ck_assert_int_eq(get(server, "/disk/z").status, 503);
	}
	serves_others(server);
	fuse_hang(disk, false);
	while (get(server, "/disk/a").status != 200)
		deadline_wait(&wait, "the disk is used again");
	fuse_unmount(disk);
	server_stop(server);
}
END_TEST

static void check_large(struct reply *reply, size_t from, size_t len)
{
	ck_assert_uint_eq(reply->body_len, len);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(reply->body[i], fuse_large_byte(from + i));
}

START_TEST(large_files)
{
	namespace_enter();
	struct server *server = start("", "");
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));

	for (int i = 0; i < 2; i++) {
		struct reply reply = get(server, "/disk/large");

		ck_assert_int_eq(reply.status, 200);
		check_large(&reply, 0, FUSE_LARGE);
		reply = ask(server, "/disk/large", .fields = "Range: bytes=131000-131100\r\n");
		ck_assert_int_eq(reply.status, 206);
		check_large(&reply, 131000, 101);
		reply = ask(server, "/disk/large", .method = "HEAD");
		ck_assert_int_eq(reply.status, 200);
		reply = ask(server, "/disk/large", .fields = "Range: bytes=0-9,299990-299999\r\n");
		ck_assert_int_eq(reply.status, 206);
		ck_assert(reply.is_whole);
		fuse_change(disk);
	}
	fuse_unmount(disk);
	server_stop(server);
}
END_TEST

/* What was begun cannot be ended: the connection is closed, and the client sees that. */
START_TEST(a_large_file_that_changes)
{
	namespace_enter();
	struct server *server = start("", "");
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));
	struct client *client = client_open(server);
	char byte;

	ck_assert_int_eq(get(server, "/disk/large").status, 200);
	fuse_hold(disk, true);
	client_send(client, "GET /disk/large HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_uint_eq(client_read(client, &byte, 1), 1);
	fuse_change(disk);
	fuse_hold(disk, false);
	log_wait(server, "the file has changed while it was sent");
	ck_assert_int_eq(get(server, "/disk/large").status, 200);
	serves_others(server);
	fuse_unmount(disk);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* By one request for all; a short file is not encoded. */
static void check_forms(const char *directives)
{
	struct server *server = start("", directives);
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));
	const char *gzip = "Accept-Encoding: gzip\r\n", *tag = "";

	for (int version = 1; version <= 3; version++) {
		struct reply reply = ask(server, "/disk/large", .fields = gzip), plain = reply;

		ck_assert_str_ne(reply_header(&reply, "ETag"), tag);
		tag = reply_header(&reply, "ETag");
		ck_assert_ptr_nonnull(strstr(tag, "-gz1."));
		ck_assert_int_eq(atoi(reply_header(&reply, "Content-Length")), (int)reply.body_len);
		plain.body = decode(&reply);
		plain.body_len = FUSE_LARGE;
		check_large(&plain, 0, FUSE_LARGE);

		unsigned opens = fuse_opens(disk);
		plain = ask(server, "/disk/large", .method = "HEAD", .fields = gzip);
		ck_assert_str_eq(reply_header(&plain, "ETag"), tag);
		plain = ask(server, "/disk/large",
			    .fields = memory_printf("%sRange: bytes=100-109\r\n", gzip));
		ck_assert_int_eq(plain.status, 206);
		ck_assert_mem_eq(plain.body, reply.body + 100, 10);
		ck_assert_uint_eq(fuse_opens(disk), opens);
		fuse_change(disk);
	}
	ck_assert_str_eq(ask(server, "/disk/a", .fields = gzip).body, FUSE_TEXT);

	struct client *clients[4];

	fuse_hold(disk, true);
	for (int i = 0; i < 4; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], memory_printf("GET /disk/large HTTP/1.1\r\nHost: a\r\n"
						      "%s\r\n", gzip));
	}
	serves_others(server);
	fuse_hold(disk, false);
	for (int i = 0; i < 4; i++) {
		struct reply reply = client_reply(clients[i]);

		ck_assert_ptr_nonnull(strstr(reply_header(&reply, "ETag"), "-gz1."));
	}
	struct deadline wait = { 0 };
	while (server_counter(server, "compress", "forms") < 4)
		deadline_wait(&wait, "four forms are counted");
	ck_assert_int_eq(server_counter(server, "compress", "forms"), 4);
	fuse_unmount(disk);
	server_stop(server);
}

START_TEST(forms_are_kept)
{
	namespace_enter();
	check_forms("gzip on; gzip_min_length 256; gzip_types text/plain;");
	check_forms("gzip on; gzip_min_length 256; gzip_types text/plain; symlinks in_root;");
}
END_TEST

/* A file that changes while it is read to be encoded: the next request gets the next version. */
START_TEST(a_form_that_cannot_be_made)
{
	namespace_enter();
	struct server *server = start("", "gzip on; gzip_types text/plain;");
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));
	struct client *client = client_open(server);
	const char *get_large = "GET /disk/large HTTP/1.1\r\nHost: a\r\n"
				"Accept-Encoding: gzip\r\n\r\n";
	struct deadline wait = { 0 };
	struct reply reply;

	ck_assert_int_eq(get(server, "/disk/large").status, 200);

	unsigned opens = fuse_opens(disk);
	fuse_hold(disk, true);
	client_send(client, get_large);
	while (fuse_opens(disk) == opens)
		deadline_wait(&wait, "the file is being read");
	fuse_change(disk);
	fuse_hold(disk, false);
	client_is_closed(client);
	reply = ask(server, "/disk/large", .fields = "Accept-Encoding: gzip\r\n");
	ck_assert_int_eq(reply.status, 200);
	ck_assert(reply.is_whole);
	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "ETag"), "-gz1."));
	serves_others(server);
	fuse_unmount(disk);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* The room for files that are read to be encoded (8 MiB) is given back when reading fails. */
START_TEST(errors_take_no_room_from_other_forms)
{
	enum { FILES = 30 }; /* of FUSE_LARGE bytes */

	namespace_enter();
	struct server *server = start("", "gzip on; gzip_types text/plain;");
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));
	struct reply reply;

	fuse_fail(disk, true);
	for (int i = 0; i < FILES; i++) {
		struct client *client = client_open(server);

		client_send(client, memory_printf("GET /disk/large%d HTTP/1.1\r\nHost: a\r\n"
						  "Accept-Encoding: gzip\r\n\r\n", i));
		client_is_closed(client);
		client_close(client);
	}
	fuse_fail(disk, false);
	reply = ask(server, "/disk/large", .fields = "Accept-Encoding: gzip\r\n");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "ETag"), "-gz1."));
	fuse_unmount(disk);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* A change is seen by the next request, and what is unchanged is not read again. */
static void check_versions(const char *directives)
{
	struct server *server = start("", directives);
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));

	struct reply first = get(server, "/disk/a");
	unsigned opens = fuse_opens(disk);
	for (int i = 0; i < 5; i++)
		ck_assert_str_eq(get(server, "/disk/a").body, FUSE_TEXT);
	ck_assert_uint_eq(fuse_opens(disk), opens);
	fuse_change(disk);
	struct reply second = get(server, "/disk/a");
	ck_assert_str_ne(reply_header(&first, "ETag"), reply_header(&second, "ETag"));
	ck_assert_str_ne(reply_header(&first, "Last-Modified"),
			 reply_header(&second, "Last-Modified"));
	/* A mount that has gone. */
	fuse_unmount(disk);
	ck_assert_int_eq(get(server, "/disk/a").status, 404);
	put_file(server, "/html/disk/a", "local");
	ck_assert_str_eq(get(server, "/disk/a").body, "local");
	server_stop(server);
}

START_TEST(versions_are_compared)
{
	namespace_enter();
	check_versions("");
	check_versions("symlinks in_root;");
	check_versions("disable_symlinks if_not_owner;");
}
END_TEST

/* Workers end although requests wait. */
START_TEST(a_reload_meanwhile)
{
	namespace_enter();
	struct server *server = start("worker_shutdown_timeout 2s;", "");
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));
	struct client *client = client_open(server);
	struct deadline wait = { 0 };
	pid_t before;

	ck_assert_int_eq(get(server, "/disk/a").status, 200);
	ck_assert_int_eq(server_workers(server, &before, 1), 1);
	fuse_hang(disk, true);
	client_send(client, "GET /disk/a HTTP/1.1\r\nHost: a\r\n\r\n");
	usleep(50000);
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	serves_others(server);
	log_wait(server, memory_printf("worker process 0 %d exited with code 0", before));
	fuse_hang(disk, false);
	while (get(server, "/disk/a").status != 200)
		deadline_wait(&wait, "the disk is used again");
	fuse_unmount(disk);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* Directories are listed on threads of the worker; those of other disks need not wait. */
START_TEST(other_directories_are_listed)
{
	struct client *clients[6];
	struct deadline wait = { 0 };

	namespace_enter();
	struct server *server = start("", "index none; autoindex on; autoindex_format json;");
	struct fuse *disk = fuse_mount(file_path(server, "/html/disk"));

	ck_assert_ptr_nonnull(strstr(get(server, "/disk/folder/").body, "\"a\""));
	fuse_hang(disk, true);
	for (int i = 0; i < 6; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], memory_printf("GET /disk/folder%d/ HTTP/1.1\r\nHost: a"
						      "\r\n\r\n", i));
	}
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(get(server, "/sub/").status, 200);
	fuse_hang(disk, false);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(client_reply(clients[i]).status, 200);
	/* While they are being read. */
	unsigned before = fuse_readings(disk);
	fuse_hold_reading(disk, true);
	for (int i = 0; i < 6; i++)
		client_send(clients[i], memory_printf("GET /disk/folder%d/ HTTP/1.1\r\nHost: a"
						      "\r\n\r\n", i));
	while (fuse_readings(disk) == before)
		deadline_wait(&wait, "a directory is being read");
	for (int i = 0; i < 4; i++) {
		usleep(20000);
		ck_assert_int_eq(get(server, "/sub/").status, 200);
	}
	fuse_hold_reading(disk, false);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(client_reply(clients[i]).status, 200);
	fuse_unmount(disk);
	server_stop(server);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "hung disk", .timeout = 120 }), others_are_served,
	 others_are_served_without_a_sandbox, waiting_has_an_end, large_files,
	 a_large_file_that_changes, forms_are_kept, a_form_that_cannot_be_made,
	 errors_take_no_room_from_other_forms, versions_are_compared, a_reload_meanwhile,
	 other_directories_are_listed)
