/* SPDX-License-Identifier: BSD-2-Clause */
/* The zone of limit_req: all workers count in it, and it stays when they end. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <signal.h>
#include <string.h>

/* A minute for each request beyond the burst: no test lasts so long. */
#define ZONE  "limit_req_zone $arg_key zone=all:64k rate=1r/m; "
#define LIMIT "limit_req zone=all burst=19 nodelay; limit_req_status 429; "

enum { ALLOWED = 20 }; /* the burst and one more */

static void is_used_up(struct server *server, const char *target)
{
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(get(server, target).status, 429);
}

static void use_up(struct server *server, const char *target)
{
	for (int i = 0; i < ALLOWED; i++)
		ck_assert_int_eq(get(server, target).status, 200);
	is_used_up(server, target);
}

START_TEST(all_workers_count_together)
{
	struct server *server = server_start("worker_processes 4; http { access_log off; " ZONE
					     "server { listen 127.0.0.1:%PORT%; " LIMIT " } }");
	struct client *clients[8];
	int refused = 0;

	put_file(server, "a", "in");
	use_up(server, "/a?key=1");
	/* Of those that ask at the same time as many are refused. */
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 8; i++) {
			clients[i] = client_open(server);
			client_send(clients[i], "GET /a?key=2 HTTP/1.0\r\n\r\n");
		}
		for (int i = 0; i < 8; i++) {
			refused += client_reply(clients[i]).status == 429;
			client_close(clients[i]);
		}
	}
	ck_assert_int_eq(refused, 4 * 8 - ALLOWED);
	server_stop(server);
}
END_TEST

START_TEST(it_survives_deaths_and_reloads)
{
	struct server *server = server_start("worker_processes 2; http { access_log off; " ZONE
					     "server { listen 127.0.0.1:%PORT%; " LIMIT " } }");
	struct deadline p = { 0 };
	pid_t pids[4];

	put_file(server, "a", "in");
	use_up(server, "/a?key=1");
	for (int i = 0, n = server_workers(server, pids, 4); i < n; i++)
		kill(pids[i], SIGKILL);
	log_wait(server, "exited on signal 9");
	while (get(server, "/a?key=2").status == 0)
		deadline_wait(&p, "the server answers again");
	is_used_up(server, "/a?key=1");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	is_used_up(server, "/a?key=1");
	server_forgive(server);
	server_stop(server);
}
END_TEST

static int ask_by(struct server *server, const char *target)
{
	struct client *client = client_open_port(server, 1);
	int status = client_get(client, target).status;

	client_close(client);
	return status;
}

START_TEST(it_survives_an_upgrade)
{
	struct server *server = upgrade_start("worker_processes 2;");

	put_file(server, "a", "in");
	put_file(server, "/http.conf",
		 server_text(server, ZONE "server { listen 127.0.0.1:%PORT2%; " LIMIT "}"));
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	for (int i = 0; i < ALLOWED; i++)
		ck_assert_int_eq(ask_by(server, "/a?key=1"), 200);
	ck_assert_int_eq(ask_by(server, "/a?key=1"), 429);
	upgrade_check(server, 0, "serves in place");
	ck_assert_int_eq(ask_by(server, "/a?key=1"), 429);
	ck_assert_int_eq(ask_by(server, "/a?key=2"), 200);
	upgrade_stop(server);
}
END_TEST

TESTS("limit_req of all workers", all_workers_count_together, it_survives_deaths_and_reloads,
      it_survives_an_upgrade)
