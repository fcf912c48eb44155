/* SPDX-License-Identifier: BSD-2-Clause */
/* What listen directives become: sockets, their options, the servers behind them. */
#include "unit/http_test.h"

#include <unistd.h>

#include "config/modules.h"
#include "http/conf/listen_conf.h"

static struct listener *only_listener(const char *listen)
{
	struct http *http = good_http(memory_printf("server { %s }", listen));

	ck_assert_uint_eq(http->listeners.count, 1);
	return &http->listeners.items[0];
}

/* The default server of the address that a connection came in by. */
static struct str server_at(struct http *http, const char *local)
{
	struct request *req = request_for(http, "", "/");

	inet_pton(AF_INET, local, &req->conn->local.in.sin_addr);

	struct str name = vhosts_default(http_vhosts(req->conn))->name;

	end_request(req);
	return name;
}

START_TEST(without_listen_there_is_a_port)
{
	assert_str(only_listener("")->text, geteuid() == 0 ? "0.0.0.0:80" : "0.0.0.0:8000");
}
END_TEST

START_TEST(options_of_the_socket)
{
	const struct listener *plain = only_listener("listen 8080;");

	ck_assert_int_eq(plain->backlog, 511);
	ck_assert(plain->ipv6only && !plain->reuseport && !plain->deferred);
	ck_assert_int_eq(plain->keepalive.mode, KEEPALIVE_DEFAULT);

	const struct listener *full = only_listener(
		"listen [::1]:8080 default_server backlog=5 rcvbuf=8k sndbuf=1m ipv6only=off "
		"reuseport deferred bind so_keepalive=30m::7;");

	assert_str(full->text, "[::1]:8080");
	ck_assert_int_eq(full->backlog, 5);
	ck_assert_int_eq(full->rcvbuf, 8192);
	ck_assert_int_eq(full->sndbuf, 1 << 20);
	ck_assert(!full->ipv6only && full->reuseport && full->deferred);
	ck_assert_int_eq(full->keepalive.mode, KEEPALIVE_ON);
	ck_assert_int_eq(full->keepalive.idle_s, 1800);
	ck_assert_int_eq(full->keepalive.interval_s, 0);
	ck_assert_int_eq(full->keepalive.count, 7);

	/* 0 is the smallest buffer that the kernel has, and not the one it has by itself. */
	const struct listener *least = only_listener("listen 8080 rcvbuf=0 sndbuf=0;");
	ck_assert(least->rcvbuf == 1 && least->sndbuf == 1);
	ck_assert_int_eq(only_listener("listen 8080 so_keepalive=1m;")->keepalive.idle_s, 60);
	ck_assert_int_eq(only_listener("listen 8080 so_keepalive=:5;")->keepalive.interval_s, 5);
}
END_TEST

START_TEST(fast_open_and_multipath)
{
	const struct listener *plain = only_listener("listen 8080;");

	ck_assert_int_eq(plain->fastopen, LISTENER_FASTOPEN_DEFAULT);
	ck_assert(!plain->multipath);
	ck_assert_int_eq(only_listener("listen 8080 fastopen=0;")->fastopen, 0);

	const struct listener *both = only_listener("listen [::1]:8080 fastopen=256 multipath;");
	ck_assert_int_eq(both->fastopen, 256);
	ck_assert(both->multipath);
}
END_TEST

START_TEST(each_port_of_a_range_is_an_address)
{
	static const struct {
		const char *listen, *first, *last;
		size_t count;
	} cases[] = {
		{ "8000-8003", "0.0.0.0:8000", "0.0.0.0:8003", 4 },
		{ "8000-8000", "0.0.0.0:8000", "0.0.0.0:8000", 1 },
		{ "127.0.0.1:65534-65535", "127.0.0.1:65534", "127.0.0.1:65535", 2 },
		{ "[::1]:8000-8002", "[::1]:8000", "[::1]:8002", 3 },
		{ "*:1-2", "0.0.0.0:1", "0.0.0.0:2", 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = memory_printf("server { listen %s backlog=7; }",
						 cases[i].listen);
		struct listeners *all = &good_http(text)->listeners;

		ck_assert_uint_eq(all->count, cases[i].count);
		assert_str(all->items[0].text, cases[i].first);
		assert_str(all->items[all->count - 1].text, cases[i].last);
		ck_assert_int_eq(all->items[all->count - 1].backlog, 7);
	}
}
END_TEST

START_TEST(a_port_of_a_range_may_have_further_servers)
{
	struct http *http = good_http("server { listen 8000-8003; server_name range; }"
				      "server { listen 8002 default_server; server_name one; }");

	ck_assert_uint_eq(http->listeners.count, 4);
	ck_assert(!load_http("server { listen 8000-8003 default_server; }"
			     "server { listen 8002 default_server; }"));
	assert_says("a duplicate default server for 0.0.0.0:8002");
	ck_assert(!load_http("server { listen 8000-8003; listen 8003; }"));
	assert_says("a duplicate listen 0.0.0.0:8003 in this server");
}
END_TEST

START_TEST(servers_share_a_socket_and_one_of_them_its_options)
{
	struct http *http = good_http("server { listen 8080; server_name a; }"
				      "server { listen *:8080 backlog=9; server_name b; }"
				      "server { listen 0.0.0.0:8080; server_name c; }");

	ck_assert_uint_eq(http->listeners.count, 1);
	ck_assert_int_eq(http->listeners.items[0].backlog, 9);
}
END_TEST

START_TEST(an_address_beside_the_wildcard_has_no_socket)
{
	struct http *http = good_http("server { listen 127.0.0.2:8080; server_name two; }"
				      "server { listen 8080; server_name all; }"
				      "server { listen 127.0.0.2:8081; server_name other; }");

	ck_assert_uint_eq(http->listeners.count, 2);
	assert_str(http->listeners.items[0].text, "0.0.0.0:8080");
	assert_str(http->listeners.items[1].text, "127.0.0.2:8081");
	assert_str(server_at(http, "127.0.0.1"), "all");
	assert_str(server_at(http, "127.0.0.2"), "two");
}
END_TEST

START_TEST(an_address_with_options_has_a_socket)
{
	ck_assert_uint_eq(good_http("server { listen 127.0.0.2:8080 bind; server_name a; }"
				    "server { listen 8080; server_name b; }")
				  ->listeners.count,
			  2);
}
END_TEST

START_TEST(unix_sockets)
{
	assert_str(only_listener("listen unix:/tmp/a.sock;")->text, "unix:/tmp/a.sock");
	ck_assert(!load_http("server { listen unix:/a reuseport; }"));
	ck_assert(!load_http("server { listen unix:; }"));
}
END_TEST

START_TEST(mistakes)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "server { listen 8080; listen 0.0.0.0:8080; }",
		  "a duplicate listen 0.0.0.0:8080" },
		{ "server { listen 8080 default_server; } server { listen 8080 default_server; }",
		  "a duplicate default server for 0.0.0.0:8080" },
		{ "server { listen 8080 deferred; } server { listen 8080 backlog=5; }",
		  "duplicate options of 0.0.0.0:8080" },
		{ "server { listen 80800; }", "invalid address \"80800\"" },
		{ "server { listen [::1; }", "\"]\" is missing" },
		{ "server { listen 8003-8000; }", "the range of ports ends before it begins" },
		{ "server { listen 8000-70000; }", "a range of ports two of them" },
		{ "server { listen 0-3; }", "a range of ports two of them" },
		{ "server { listen 127.0.0.1:8000-; }", "a range of ports two of them" },
		{ "server { listen 8080 fastopen=-1; }", "invalid fastopen \"-1\"" },
		{ "server { listen unix:/a multipath; }", "cannot have \"multipath\"" },
		{ "server { listen 8080 default_sever; }", "invalid parameter \"default_sever\"" },
		{ "server { listen 8080 backlog=0; }", "invalid backlog \"0\"" },
		{ "server { listen 8080 rcvbuf=x; }", "invalid size \"x\"" },
		{ "server { listen 8080 sndbuf=2g; }", "invalid size \"2g\"" },
		{ "server { listen 8080 so_keepalive=; }", "invalid value \"\"" },
		{ "server { listen 8080 so_keepalive=::; }", "invalid value \"::\"" },
		{ "server { listen 8080 so_keepalive=1:2:999; }", "999" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(!load_http(cases[i].text), "accepted: %s", cases[i].text);
		assert_says(cases[i].message);
	}
}
END_TEST

/* A server with these addresses, all of them by quic, too; there is a warning. */
static struct http *quic_http(const char *listen)
{
	struct http *http = load_http(
		memory_printf("server { ssl_reject_handshake on; http3 on; %s }", listen));

	ck_assert_msg(http != NULL, "%s", messages);
	assert_says("HTTP/3 is not supported");
	return http;
}

static bool is_tls(const char *listen)
{
	const struct http *http = quic_http(listen);

	ck_assert_uint_eq(http->addresses_count, 1);
	ck_assert_uint_eq(http->addresses[0]->servers_count, 1);
	ck_assert(!http->addresses[0]->listener.reuseport);
	return http->addresses[0]->opening.transport != NULL;
}

START_TEST(quic_is_served_by_tcp)
{
	bool has_ssl = false;

	for (size_t i = 0; i < module_count(); i++)
		has_ssl |= strcmp(module_at(i)->name, "ssl") == 0;
	if (!has_ssl) {
		ck_assert(!load_http("server { listen 8443 quic; }"));
		assert_says("the parameter \"quic\" is not supported");
		return;
	}
	ck_assert(is_tls("listen 8443 quic reuseport; listen 8443 ssl;"));
	ck_assert(is_tls("listen 8443 ssl default_server;"
			 "listen 8443 quic reuseport default_server;"));
	ck_assert(is_tls("listen 8443 quic;"));
	ck_assert(is_tls("listen 8443 quic; listen 8443 quic;"));
	ck_assert(!is_tls("listen 8443; listen 8443 quic;"));
	ck_assert_uint_eq(quic_http("listen 8443-8445 quic; listen 8444 ssl; }"
				    "server { server_name b; ssl_reject_handshake on;"
				    "listen 8444 quic;")
				  ->addresses_count,
			  3);
	ck_assert(!load_http("server { listen 8443x quic; }"));

	/* nginx has a socket by TCP and one by UDP, each with a default server. */
	static const struct {
		const char *listen_a, *listen_b, *default_server; /* NULL: it is refused */
	} defaults[] = {
		{ "ssl default_server", "quic default_server", "a" },
		{ "quic default_server", "ssl default_server", "b" },
		{ "quic default_server", "ssl", "b" },
		{ "quic", "ssl", "b" },
		{ "quic", "quic default_server", "b" },
		{ "quic", "quic", "a" },
		{ "quic default_server", "quic default_server", NULL },
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const char *expected = defaults[i].default_server;
		struct http *http = load_http(memory_printf(
			"ssl_reject_handshake on;"
			"server { server_name a; listen 8443 %s; }"
			"server { server_name b; listen 8443 %s; }",
			defaults[i].listen_a, defaults[i].listen_b));

		ck_assert_msg(!http == !expected, "case %zu: %s", i, messages);
		if (expected)
			assert_str(vhosts_default(http->addresses[0]->vhosts)->name, expected);
		else
			assert_says("a duplicate default server for 0.0.0.0:8443");
	}
}
END_TEST

TESTS("listen", without_listen_there_is_a_port, options_of_the_socket,
      fast_open_and_multipath, each_port_of_a_range_is_an_address,
      a_port_of_a_range_may_have_further_servers,
      servers_share_a_socket_and_one_of_them_its_options,
      an_address_beside_the_wildcard_has_no_socket, an_address_with_options_has_a_socket,
      unix_sockets, mistakes,
      quic_is_served_by_tcp)
