/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A listen directive with a range of ports: each of them serves, in every way to
 * accept, and stays or goes at a reload like any other address.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <string.h>
#include <sys/resource.h>

enum { PORTS = 3 };

static int first_port;

/* %PORT% is served as well: the harness waits for it. The range is %PORT2% to %PORT4%. */
static const char *conf(const char *mode, int ports)
{
	return memory_printf("worker_processes 2; events { accept_mode %s; } http { access_log off;"
			     "server { listen 127.0.0.1:%%PORT%%; return 200 one; }"
			     "server { listen 127.0.0.1:%d-%d; return 200 $server_port; } }",
			     mode, first_port, first_port + ports - 1);
}

static struct server *start(const char *mode, int ports)
{
	first_port = ports_reserve(PORTS);
	struct server *server = server_start(conf(mode, ports));

	for (int i = 0; i < PORTS; i++)
		server->ports[1 + i] = first_port + i;
	return server;
}

static void check_ports(struct server *server, int ports)
{
	for (int i = 0; i < ports; i++)
		ck_assert_str_eq(ask(server, "/", .port = 1 + i).body,
				 memory_printf("%d", first_port + i));
}

static void reload(struct server *server, const char *text)
{
	put_file(server, "/conf/server.conf",
		 server_text(server, memory_printf("daemon off; pid %%DIR%%/server.pid;"
						   "error_log %%DIR%%/error.log info;\n%s",
						   text)));
	struct upgrade_outcome outcome = upgrade_command(server, "-s reload");
	ck_assert_msg(outcome.status == 0, "%s", outcome.text);
}

START_TEST(each_port_serves)
{
	static const char *const modes[] = { "shared", "reuseport", "handoff" };

	for (int i = 0; i < 3; i++) {
		struct server *server = start(modes[i], PORTS - 1);
		struct client *client = client_open_port(server, 2);

		check_ports(server, PORTS - 1);
		client_get(client, "/");
		reload(server, conf(modes[i], PORTS));
		check_ports(server, PORTS);
		reload(server, conf(modes[i], PORTS - 1));
		check_ports(server, PORTS - 1);
		reload(server, conf(modes[i], PORTS));
		check_ports(server, PORTS);
		/* A connection to one of the ports goes on in the new workers. */
		ck_assert_str_eq(client_get(client, "/").body,
				 memory_printf("%d", first_port + 1));
		server_stop(server);
	}
}
END_TEST

START_TEST(an_upgrade_keeps_them)
{
	struct server *server = upgrade_start("");

	first_port = ports_reserve(PORTS);
	put_file(server, "/http.conf",
		 memory_printf("server { listen 127.0.0.1:%d-%d; return 200 $server_port; }",
			       first_port, first_port + PORTS - 1));
	for (int i = 0; i < PORTS; i++)
		server->ports[1 + i] = first_port + i;
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	check_ports(server, PORTS);
	put_program();
	upgrade_check(server, 0, "serves in place");
	check_ports(server, PORTS);
	upgrade_stop(server);
}
END_TEST

/* Each is named, but none is waited for once one has been waited for. */
START_TEST(ports_that_are_taken_are_not_waited_for)
{
	enum { TAKEN = 12 };
	struct server held = { .ports = { ports_reserve(TAKEN) } };
	const char *conf = memory_printf("http { server { listen 127.0.0.1:%d-%d; } }",
					 held.ports[0], held.ports[0] + TAKEN - 1);
	const char *output;

	for (int i = 0; i < TAKEN; i++, held.ports[0]++)
		occupy_port(&held, 0);
	long before = now_ms();
	ck_assert_int_eq(server_fails(conf, &output), 1);
	ck_assert_int_lt(now_ms() - before, TAKEN * 1000 / 2);
	for (int i = 1; i <= TAKEN; i++)
		ck_assert_ptr_nonnull(strstr(
			output, memory_printf("127.0.0.1:%d failed", held.ports[0] - i)));
}
END_TEST

START_TEST(too_many_ports_are_said_once)
{
	struct rlimit limit = { 64, 64 };
	const char *output, *at;
	int count = 0;

	setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_int_eq(server_fails("http { server { listen 127.0.0.2:20000-20999; } }", &output),
			 1);
	for (at = output; (at = strstr(at, "may open no more descriptors")); at++)
		count++;
	/* To whom has started it, and in the error log. */
	ck_assert_int_eq(count, 2);
}
END_TEST

TESTS("ranges of ports", each_port_serves, an_upgrade_keeps_them,
      ports_that_are_taken_are_not_waited_for, too_many_ports_are_said_once)
