/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large directories: they keep nobody waiting, and clients that read slowly do not need the
 * memory of a list each.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct server *start(int count)
{
	struct server *server =
		server_start("worker_processes 1; http { access_log off; server {"
			     "listen 127.0.0.1:%PORT%; root html; autoindex on; } }");

	put_file(server, "small", "small");
	mkdir(file_path(server, "d"), 0755);
	for (int i = 0; i < count; i++) {
		int fd = open(file_path(server, memory_printf("d/%0200d", i)), O_WRONLY | O_CREAT,
			      0644);

		ck_assert_int_ge(fd, 0);
		close(fd);
	}
	return server;
}

START_TEST(many_clients_that_ask_at_once)
{
	enum { CLIENTS = 50, COUNT = 2000 };
	struct server *server = start(COUNT);
	struct client *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], "GET /d/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
	}
	/* Some give up while their directory is being read, or waits for it. */
	for (int i = 0; i < CLIENTS; i += 3)
		client_reset(clients[i]);
	ck_assert_str_eq(get(server, "/small").body, "small");
	for (int i = 0; i < CLIENTS; i++) {
		if (i % 3 == 0)
			continue;

		struct reply reply = client_reply(clients[i]);

		ck_assert_int_eq(reply.status, 200);
		ck_assert(reply.is_whole);
		ck_assert_ptr_nonnull(strstr(reply.body, ">2000 files, 0 B</p>"));
	}
	server_stop(server);
}
END_TEST

START_TEST(slow_clients_share_a_list)
{
	enum { CLIENTS = 15, COUNT = 14000 };
	struct server *server = start(COUNT);
	struct client *clients[CLIENTS];
	long before = server_memory(server);
	char byte;

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open_slow(server);
		client_send(clients[i], "GET /d/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
		/* One after the other: each is a scan of its own. */
		ck_assert_uint_eq(client_read(clients[i], &byte, 1), 1);
	}
	/* A list needs 4 MiB. The page is too large for the buffers of the sockets. */
	ck_assert_int_lt(server_memory(server) - before, 25000);
	ck_assert_str_eq(get(server, "/small").body, "small");
	server_stop(server);
}
END_TEST

TESTS("large directories", many_clients_that_ask_at_once, slow_clients_share_a_list)
