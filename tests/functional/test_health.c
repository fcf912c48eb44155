/* SPDX-License-Identifier: BSD-2-Clause */
/* health and readiness, and the time in which a server drains. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define LOCATIONS                                                         \
	"location = /livez { health; } location = /readyz { readiness; }" \
	"location = /denied { readiness; deny all; } location /v { return 200 served; }"

static struct server *start(const char *main, const char *directives)
{
	return server_start(memory_printf("%s http { %s server { listen 127.0.0.1:%%PORT%%;"
					  " root %%DIR%%/html; " LOCATIONS "} }",
					  main, directives));
}

START_TEST(both_say_ok)
{
	struct server *server = start("", "");
	struct reply reply = get(server, "/livez");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body, "ok\n");
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "no-store");
	ck_assert_int_eq(get(server, "/readyz").status, 200);
	ck_assert_int_eq(ask(server, "/readyz", .method = "HEAD").status, 200);
	ck_assert_int_eq(ask(server, "/livez", .method = "POST", .body = "x").status, 405);
	ck_assert_int_eq(get(server, "/denied").status, 403);
	server_stop(server);
}
END_TEST

START_TEST(checks_are_neither_limited_nor_logged)
{
	struct server *server =
		start("", "limit_req_zone $remote_addr zone=r:64k rate=1r/m; limit_req zone=r;"
			  "limit_conn_zone $remote_addr zone=c:64k; limit_conn c 1;"
			  "log_format path $uri; access_log %DIR%/access.log path;");

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(get(server, "/livez").status, 200);
		ck_assert_int_eq(get(server, "/readyz").status, 200);
	}
	ck_assert_int_eq(get(server, "/none").status, 404);
	ck_assert_int_eq(get(server, "/none").status, 503);
	file_becomes(server, "/access.log", "/none\n/none\n");
	server_stop(server);
}
END_TEST

/* What an error page of a check leads to is a request like others. */
START_TEST(a_redirect_ends_the_check)
{
	struct server *server =
		start("", "limit_req_zone $remote_addr zone=r:64k rate=1r/m; limit_req zone=r;"
			  "error_page 405 =200 /page;");

	put_file(server, "/html/page", "page");
	ck_assert_str_eq(ask(server, "/livez", .method = "POST", .body = "x").body, "page");
	ck_assert_int_eq(ask(server, "/livez", .method = "POST", .body = "x").status, 503);
	ck_assert_int_eq(get(server, "/livez").status, 200);
	server_stop(server);
}
END_TEST

/* From the command to quit on it is not ready, yet alive and serving, also for new connections. */
static void drains(struct server *server, int signal)
{
	struct client *client = client_open(server);
	struct deadline wait = { 0 };

	ck_assert_int_eq(client_get(client, "/readyz").status, 200);
	kill(server->pid, signal);
	while (client_get(client, "/readyz").status != 503)
		deadline_wait(&wait, "readiness fails");
	ck_assert_str_eq(get(server, "/readyz").body, "draining\n");
	ck_assert_int_eq(get(server, "/livez").status, 200);
	ck_assert_str_eq(get(server, "/v").body, "served");
}

START_TEST(is_not_ready_while_it_drains)
{
	struct server *server = start("worker_processes 2; drain_delay 1h;", "");

	drains(server, SIGQUIT);
	/* A reload does not end it, nor make it ready. */
	kill(server->pid, SIGHUP);
	ck_assert_int_eq(get(server, "/readyz").status, 503);
	kill(server->pid, SIGQUIT); /* the second one does not wait */
	server_stop_by(server, SIGQUIT);
}
END_TEST

START_TEST(drains_for_a_time)
{
	struct server *server = start("drain_delay 300ms;", "");

	drains(server, SIGQUIT);
	server_stop_by(server, SIGCONT);
}
END_TEST

START_TEST(drains_alone)
{
	struct server *server = start("master_process off; drain_delay 1h;", "");

	drains(server, SIGQUIT);
	server_stop_by(server, SIGQUIT);
}
END_TEST

START_TEST(term_may_mean_quit)
{
	struct server *server = start("drain_delay 1h; term_signal quit;", "");

	drains(server, SIGTERM);
	server_stop_by(server, SIGINT);
	server = start("master_process off; drain_delay 1h; term_signal quit;", "");
	drains(server, SIGTERM);
	server_stop_by(server, SIGTERM);
}
END_TEST

/* Workers that are new in a drain know of it. */
START_TEST(a_worker_that_dies_in_a_drain_is_replaced)
{
	struct server *server = start("drain_delay 1h;", "");
	pid_t pids[4];

	drains(server, SIGQUIT);
	ck_assert_int_eq(server_workers(server, pids, 4), 1);
	server_forgive(server);
	kill(pids[0], SIGKILL);
	log_wait(server, "exited on signal 9");
	ck_assert_int_eq(get(server, "/readyz").status, 503);
	server_stop_by(server, SIGTERM);
}
END_TEST

START_TEST(is_ready_after_a_reload)
{
	struct server *server = start("worker_processes 2; drain_delay 1h;", "");

	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(get(server, "/readyz").status, 200);
	server_stop_by(server, SIGTERM);
}
END_TEST

/* The counters are no file then, which alone can be read by workers. */
START_TEST(says_that_workers_cannot_know)
{
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1 << 20, 1 << 20 }), 0);
	struct server *server = start("worker_processes 2;", "");

	log_wait(server, "\"readiness\" responds with 200 also while");
	log_wait(server, "ulimit -f");
	ck_assert_int_eq(get(server, "/readyz").status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("health", both_say_ok, checks_are_neither_limited_nor_logged, a_redirect_ends_the_check,
      is_not_ready_while_it_drains, drains_for_a_time, drains_alone, term_may_mean_quit,
      a_worker_that_dies_in_a_drain_is_replaced, is_ready_after_a_reload,
      says_that_workers_cannot_know)
