/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls of workers that fail as they do when the whole system has run short:
 * of open files, of memory, of room on the disk. For each: what is answered, one
 * line in the log however long it lasts, and all is well when it is over.
 */
#include "harness/client.h"
#include "harness/inject.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OFTEN = 20 };

static void connections_wait(const char *main, int error)
{
	inject_into(SYS_accept4);
	struct server *server = server_serving(main, "");
	struct client *old = client_open(server);

	ck_assert_int_eq(client_get(old, "/pid").status, 200);
	inject(.call = SYS_accept4, .error = error);
	struct client *client = client_open(server);
	client_send(client, "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	inject_wait(SYS_accept4, 3);
	ck_assert_int_eq(client_get(old, "/pid").status, 200);
	inject_end(SYS_accept4);
	ck_assert_int_eq(client_reply(client).status, 200);
	log_once(server, "accept() from");
	server_forgive(server);
	server_stop(server);
}

START_TEST(connections_wait_while_the_system_has_no_descriptors)
{
	connections_wait("", ENFILE);
}
END_TEST

START_TEST(connections_wait_while_the_system_has_no_memory)
{
	connections_wait("", ENOBUFS);
}
END_TEST

START_TEST(connections_wait_for_the_acceptor)
{
	connections_wait("worker_processes 2; events { accept_mode handoff; }", ENFILE);
}
END_TEST

/* Its times are trusted at once. */
static void put_old_file(struct server *server, const char *name)
{
	put_file(server, name, "text");
	ck_assert_int_eq(utimensat(AT_FDCWD, file_path(server, name),
				   (const struct timespec[2]){ { .tv_sec = 1 }, { .tv_sec = 1 } },
				   0),
			 0);
}

static void files_are_answered_later(int error)
{
	inject_into(SYS_open, SYS_openat, SYS_openat2);
	struct server *server = server_serving("", "");
	struct client *client = client_open(server);

	for (int i = 0; i < OFTEN; i++)
		put_old_file(server, memory_printf("%d", i));
	inject(.call = SYS_open, .error = error);
	inject(.call = SYS_openat, .error = error);
	inject(.call = SYS_openat2, .error = error);
	for (int i = 0; i < OFTEN; i++)
		ck_assert_int_eq(client_get(client, memory_printf("/%d", i)).status, 503);
	inject_end(SYS_open);
	inject_end(SYS_openat);
	inject_end(SYS_openat2);
	for (int i = 0; i < OFTEN; i++)
		ck_assert_str_eq(client_get(client, memory_printf("/%d", i)).body, "text");
	log_once(server, strerror(error));
	server_forgive(server);
	server_stop(server);
}

START_TEST(files_are_answered_later_without_descriptors)
{
	files_are_answered_later(ENFILE);
}
END_TEST

START_TEST(files_are_answered_later_without_memory)
{
	files_are_answered_later(ENOMEM);
}
END_TEST

START_TEST(connections_without_events)
{
	inject_into(SYS_epoll_ctl);
	struct server *server = server_serving("", "");
	struct client *client = client_open(server);

	ck_assert_int_eq(client_get(client, "/pid").status, 200);
	inject(.call = SYS_epoll_ctl, .error = ENOSPC);
	for (int i = 0; i < OFTEN; i++)
		ck_assert(client_is_closed(client_open(server)));
	/* The idle one has made room. */
	ck_assert(client_is_closed(client));
	inject_end(SYS_epoll_ctl);
	ck_assert_int_eq(get(server, "/pid").status, 200);
	log_once(server, "epoll does not take it");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(types_are_not_guessed_without_threads)
{
	inject_into(SYS_clone, SYS_clone3);
	struct server *server = server_serving("", "");
	struct client *client = client_open(server);

	inject(.call = SYS_clone, .error = EAGAIN);
	inject(.call = SYS_clone3, .error = EAGAIN);
	for (int i = 0; i < OFTEN; i++) {
		put_file(server, memory_printf("%d", i), "%PDF-1.4");
		ck_assert_int_eq(client_get(client, memory_printf("/%d", i)).status, 200);
	}
	ck_assert_uint_gt(inject_end(SYS_clone) + inject_end(SYS_clone3), 0);
	put_file(server, "after", "%PDF-1.4");
	struct reply reply = client_get(client, "/after");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/pdf");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_log_without_room)
{
	inject_into(SYS_write, SYS_writev);
	struct server *server = server_serving("", "access_log %DIR%/access.log;");
	struct client *client = client_open(server);

	if (geteuid() != 0)
		test_skip("only root may see to which file a worker writes");
	inject(.call = SYS_write, .error = ENOSPC, .but = server->pid, .file = "/access.log");
	for (int i = 0; i < OFTEN; i++)
		ck_assert_int_eq(client_get(client, "/pid").status, 200);
	ck_assert_uint_gt(inject_end(SYS_write), 0);
	log_once(server, "access.log");
	ck_assert_int_eq(client_get(client, "/last").status, 404);
	struct deadline wait = { 0 };
	while (file_count(server, "/access.log", "/last") != 1)
		deadline_wait(&wait, "lines are written again");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(connections_without_memory)
{
	enum { MANY = 400 };
	inject_into_memory();
	struct server *server = server_serving("", "");
	struct client *clients[MANY];
	const char *pid = get(server, "/pid").body;

	inject_no_memory(.but = server->pid);
	for (int i = 0; i < MANY; i++)
		clients[i] = client_open(server);
	ck_assert(client_is_closed(clients[MANY - 1]));
	inject_memory_end();
	ck_assert_str_eq(client_get(clients[0], "/pid").body, pid);
	ck_assert_str_eq(get(server, "/pid").body, pid);
	log_once(server, "no memory for it");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_head_without_memory)
{
	inject_into_memory();
	struct server *server = server_serving("", "large_client_header_buffers 4 1m;");
	struct client *idle = client_open(server), *client = client_open(server);
	const char *pid = client_get(idle, "/pid").body;

	client_send(client, memory_printf("GET /%0400000d", 0));
	ck_assert(client_is_quiet(client, 100));
	inject_no_memory(.but = server->pid);
	client_send(client, memory_printf("%0400000d", 0));
	ck_assert(client_is_closed(client));
	inject_memory_end();
	log_once(server, "no memory for what it sends");
	ck_assert_str_eq(client_get(idle, "/pid").body, pid);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* An answer that is made in memory, of 2 MB. */
START_TEST(a_worker_that_needs_memory_is_replaced)
{
	inject_into_memory();
	char *many = memory_alloc(4000);
	for (int i = 0; i < 300; i++)
		strcpy(many + i * 12, "$request_uri");
	struct server *server = server_with(memory_printf("location /many { return 200 %s; }\n"
							  "location / { return 200 ok; }",
							  many));
	struct client *idle = client_open(server), *client = client_open(server);
	struct deadline wait = { 0 };

	log_wait(server, " serves, with ");
	ck_assert_int_eq(client_get(idle, "/").status, 200);
	inject_no_memory(.but = server->pid);
	client_send(client, memory_printf("GET /many%07000d HTTP/1.1\r\nHost: a\r\n\r\n", 0));
	ck_assert(client_is_closed(idle));
	ck_assert(client_is_closed(client));
	log_wait(server, "this process ends");
	inject_memory_end();
	while (get(server, "/").status != 200)
		deadline_wait(&wait, "another worker answers");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* Messages between processes: the kernel counts the descriptors that are on their way. */
static void connections_are_passed_later(int error)
{
	inject_into(SYS_sendmsg);
	struct server *server =
		server_serving("worker_processes 2; events { accept_mode handoff; }", "");
	const char *text = strstr(file_text(server, "/error.log"), "start acceptor process 0 ");
	struct client *clients[OFTEN];

	ck_assert_ptr_nonnull(text);
	inject(.call = SYS_sendmsg, .error = error,
	       .only = atoi(text + strlen("start acceptor process 0 ")));
	for (int i = 0; i < OFTEN; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	inject_wait(SYS_sendmsg, OFTEN);
	inject_end(SYS_sendmsg);
	for (int i = 0; i < OFTEN; i++)
		ck_assert_int_eq(client_reply(clients[i]).status, 200);
	ck_assert_uint_le(file_count(server, "/error.log", "cannot pass connections"), 1);
	server_forgive(server);
	server_stop(server);
}

START_TEST(connections_are_passed_when_fewer_are_on_their_way)
{
	connections_are_passed_later(ETOOMANYREFS);
}
END_TEST

START_TEST(connections_are_passed_when_there_is_memory)
{
	connections_are_passed_later(ENOBUFS);
}
END_TEST

START_TEST(an_old_worker_keeps_what_it_cannot_pass)
{
	inject_into(SYS_sendmsg);
	struct server *server = server_serving("", "");
	struct client *clients[OFTEN];
	pid_t old = atoi(get(server, "/pid").body);

	for (int i = 0; i < OFTEN; i++) {
		clients[i] = client_open(server);
		ck_assert_int_eq(client_get(clients[i], "/pid").status, 200);
	}
	inject(.call = SYS_sendmsg, .error = ETOOMANYREFS, .only = old);
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	inject_wait(SYS_sendmsg, OFTEN);
	inject_end(SYS_sendmsg);
	for (int i = 0; i < OFTEN; i++)
		ck_assert_int_eq(client_get(clients[i], "/pid").status, 200);
	log_wait(server, memory_printf("worker process 0 %d exited with code 0", old));
	server_stop(server);
}
END_TEST

START_TEST(files_where_sendfile_does_not_work)
{
	enum { LARGE = 300 * 1000 };
	inject_into(SYS_sendfile);
	struct server *server = server_serving("", "");
	struct client *client = client_open(server);
	char *text = memory_alloc(LARGE);

	for (int i = 0; i < LARGE; i++)
		text[i] = (char)('a' + i % 23);
	put_bytes(server, "large", text, LARGE);
	inject(.call = SYS_sendfile, .error = EINVAL);
	for (int i = 0; i < 3; i++) {
		struct reply reply = client_get(client, "/large");
		ck_assert_int_eq(reply.status, 200);
		ck_assert_uint_eq(reply.body_len, LARGE);
		ck_assert(memcmp(reply.body, text, LARGE) == 0);
	}
	ck_assert_str_eq(ask(server, "/large", .fields = "Range: bytes=23-25\r\n").body, "abc");
	/* By the first answer, which had perhaps several pieces on the way. */
	ck_assert_uint_gt(inject_count(SYS_sendfile), 0);
	unsigned failed = inject_count(SYS_sendfile);
	client_get(client, "/large");
	ck_assert_uint_eq(inject_end(SYS_sendfile), failed);
	log_once(server, "sendfile() does not work");
	server_stop(server);
}
END_TEST

TESTS("injection", connections_wait_while_the_system_has_no_descriptors,
      connections_wait_while_the_system_has_no_memory, connections_wait_for_the_acceptor,
      files_are_answered_later_without_descriptors, files_are_answered_later_without_memory,
      connections_without_events, types_are_not_guessed_without_threads, a_log_without_room,
      connections_without_memory, a_head_without_memory, a_worker_that_needs_memory_is_replaced,
      connections_are_passed_when_fewer_are_on_their_way,
      connections_are_passed_when_there_is_memory, an_old_worker_keeps_what_it_cannot_pass,
      files_where_sendfile_does_not_work)
