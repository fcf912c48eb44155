/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests/modules/scramble shows of transports in a server: what follows from the transport,
 * that waiting costs nothing, and that a killed worker leaves no state to two others. The cases
 * of other programs run over it, too: test_scrambled_*.c.
 */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/scramble.h"
#include "harness/test.h"
#include "harness/upgrade.h"

SCRAMBLED

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(scheme_and_port_are_the_transport_s)
{
	/* At the second port there is none. */
	struct server *server =
		server_with("listen localhost:%PORT2%; location /r { return 301 /x; }"
			    "location / { return 200 \"$scheme <$https>\"; }");
	struct reply reply = ask(server, "/r");

	ck_assert_str_eq(reply_header(&reply, "Location"),
			 memory_printf("https://localhost:%d/x", server->ports[0]));
	ck_assert_str_eq(get(server, "/").body, "https <on>");
	wire_type = NULL;
	reply = ask(server, "/r", .port = 1);
	ck_assert_str_eq(reply_header(&reply, "Location"),
			 memory_printf("http://localhost:%d/x", server->ports[1]));
	ck_assert_str_eq(ask(server, "/", .port = 1).body, "http <>");
	server_stop(server);
}
END_TEST

/* Also for the server that says nothing of the transport of its address, and for no other one. */
START_TEST(handlers_are_called_where_the_module_is_used)
{
	struct server *server = server_start(
		"http {\n"
		"    server { listen localhost:%PORT% scrambled; server_name a; location / { "
		"return 200 $scramble_called; } }\n"
		"    server { listen localhost:%PORT%; listen localhost:%PORT2%; server_name b;\n"
		"             location / { return 200 $scramble_called; } }\n"
		"    server { listen localhost:%PORT2% default_server; server_name c;\n"
		"             location / { return 200 $scramble_called; } }\n"
		"}");

	ck_assert_str_eq(ask(server, "/", .host = "a").body, "yes");
	ck_assert_str_eq(ask(server, "/", .host = "b").body, "yes");
	wire_type = NULL;
	ck_assert_str_eq(ask(server, "/", .host = "b", .port = 1).body, "yes");
	ck_assert_str_eq(ask(server, "/", .host = "c", .port = 1).body, "no");
	server_stop(server);
}
END_TEST

/* --- a reload that takes the transport away --- */

/* Its connections are not given to workers that would not understand them. */
static void ends_orderly_at_a_reload(const char *parameter)
{
	struct server *server = server_with("location / { return 200 $pid; }");
	struct client *idle = client_open(server), *busy = client_open(server);
	const char *text = file_text(server, "/conf/server.conf");
	const char *at = strstr(text, "scrambled");
	char body[] = "1GET / HTTP/1.1\r\nHost: a\r\n\r\n";

	client_get(idle, "/");
	client_send(busy, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
	const char *pid = client_reply(busy).body;
	put_file(server, "/conf/server.conf",
		 memory_printf("%.*s%s%s", (int)(at - text), text, parameter,
			       at + strlen("scrambled")));
	kill(server->pid, SIGHUP);
	ck_assert(client_is_closed(idle));
	ck_assert(client_saw_end(idle));
	client_send(busy, body);
	struct reply last = client_reply(busy);
	ck_assert_str_eq(last.body, pid);
	ck_assert_str_eq(reply_header(&last, "Connection"), "close");
	ck_assert(client_is_closed(busy));
	ck_assert(client_saw_end(busy));
	server_stop(server);
}

START_TEST(without_the_transport_they_end)
{
	ends_orderly_at_a_reload("");
	ends_orderly_at_a_reload("scrambled_2");
}
END_TEST

/* Idle ones, and those that were not used yet, whose client has not even sent its seed. */
START_TEST(they_go_on_in_another_program)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");
	struct client *clients[UPGRADE_CLIENTS];

	open_clients(server, clients);
	put_program();
	upgrade_check(server, 0, "hands its connections over and ends");
	upgrade_settle(server);
	check_clients(clients);
	for (int i = 0; i < UPGRADE_CLIENTS; i++)
		client_close(clients[i]);
	upgrade_stop(server);
}
END_TEST

/* --- waiting costs nothing --- */

/* CPU time of the worker in ms. */
static double cpu_ms(const struct server *server)
{
	pid_t pid;
	unsigned long long ns = 0;

	ck_assert_int_eq(server_workers(server, &pid, 1), 1);
	FILE *file = fopen(memory_printf("/proc/%d/schedstat", pid), "r");
	ck_assert_msg(file != NULL, "no /proc/PID/schedstat");
	ck_assert_int_eq(fscanf(file, "%llu", &ns), 1);
	fclose(file);
	return (double)ns / 1e6;
}

/* Once what the clients have sent has been worked off. A spin would take 300 ms. */
static void check_rests(struct server *server, const char *what)
{
	usleep(100000);
	double before = cpu_ms(server);
	usleep(300000);
	double used = cpu_ms(server) - before;
	ck_assert_msg(used < 60, "%s: %.0f ms of CPU time in 300 ms", what, used);
}

static const char large_get[] = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";

START_TEST(waiting_costs_nothing)
{
	struct server *server =
		server_with("location /wait { wait 1h; hello late; } location /drip { drip 1h; }"
			    "location = / { return 200; } location /post { client_max_body_size 1;"
			    "return 200; }");
	char *bytes = memory_alloc(9000000), byte;

	memset(bytes, 'x', 9000000);
	put_bytes(server, "large", bytes, 9000000);
	client_get(client_open(server), "/");
	check_rests(server, "idle");
	client_send(client_open(server), "GET / HTTP/1.1\r\nHo");
	check_rests(server, "in a head");
	struct client *client = client_open(server);
	client_send(client, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < 500; i++)
		client_send(client, large_get);
	check_rests(server, "requests behind one that waits");
	client = client_open(server);
	client_send(client, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
	client_half_close(client);
	check_rests(server, "a request that waits, of a client that has ended");
	client_send(client_open(server), "GET /drip HTTP/1.1\r\nHost: a\r\n\r\n");
	check_rests(server, "a body that waits");
	client = client_open_slow(server);
	client_send(client, large_get);
	ck_assert_uint_eq(client_read(client, &byte, 1), 1);
	check_rests(server, "a slow reader");
	client = client_open_slow(server);
	for (int i = 0; i < 500; i++)
		client_send(client, large_get);
	client_half_close(client);
	check_rests(server, "a slow reader that has ended");
	client = client_open(server);
	client_send(client, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
	check_rests(server, "lingering");
	server_stop_by(server, SIGTERM);
}
END_TEST

/* --- killed workers --- */

/* A connection may have moved since its last answer, so nobody knows who held it. */
static int is_a_break(enum load_fault fault, pid_t pid, long opened_ms)
{
	(void)pid, (void)opened_ms;
	return fault == FAULT_RESET || fault == FAULT_UNANSWERED || fault == FAULT_CLOSED;
}

/* If two processes went on with one state, a client would find records out of order. */
START_TEST(kills_amid_moves)
{
	struct server *server =
		server_start("worker_processes 2; events { accept_mode handoff; }\n"
			     "http { access_log off;\n"
			     "server { listen 127.0.0.1:%PORT%; return 200 ok; } }");
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0],
		.body = "ok",
		.expected = is_a_break,
		.busy = 4,
		.pausing = 32,
		.split = 8,
		.pipelined = 2,
		.fresh = 8,
	});
	unsigned seed = 1;

	for (int i = 0; i < (getenv("SOAK") ? 300 : 15); i++) {
		pid_t pids[16];
		int count;

		kill(server->pid, SIGHUP);
		usleep(rand_r(&seed) % 60000);
		count = server_workers(server, pids, 16);
		if (count > 0)
			kill(pids[rand_r(&seed) % count], SIGKILL);
		usleep(rand_r(&seed) % 60000);
	}
	struct load_result result = load_stop(load);
	load_check(&result);
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("transports", scheme_and_port_are_the_transport_s,
      handlers_are_called_where_the_module_is_used, without_the_transport_they_end,
      they_go_on_in_another_program, waiting_costs_nothing, kills_amid_moves)
