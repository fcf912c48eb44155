/* SPDX-License-Identifier: BSD-2-Clause */
/* Who the client is behind a proxy: set_real_ip_from, real_ip_header, real_ip_recursive. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

/* A request without further fields says who is asking; the peer's port is left out. */
#define SAY "add_header X-Client \"$remote_addr $remote_port from $realip_remote_addr\" always;"

static struct server *server_for(const char *directives)
{
	struct server *server = inproc_with(memory_printf(
		"%s " SAY
		" error_log %%DIR%%/error.log info; location /closed/ { deny 192.0.2.9; }",
		directives));

	put_file(server, "a", "a");
	put_file(server, "closed/a", "a");
	return server;
}

/* `expected` is the client's address and port. */
static void check(struct server *server, const char *fields, const char *expected)
{
	struct reply reply = ask(server, "/a", .fields = fields);
	const char *said = reply_header(&reply, "X-Client");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_msg(strcmp(said, memory_printf("%s from 127.0.0.1", expected)) == 0,
		      "%s gives \"%s\" and not \"%s\"", fields, said, expected);
}

/* The client is the peer, whose port may be any. */
static void check_peer(struct server *server, const char *fields)
{
	struct reply reply = ask(server, "/a", .fields = fields);
	const char *said = reply_header(&reply, "X-Client");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_msg(strncmp(said, "127.0.0.1 ", 10) == 0 && said[10] >= '1' && said[10] <= '9',
		      "%s gives \"%s\"", fields, said);
}

START_TEST(x_real_ip)
{
	struct server *server = server_for("set_real_ip_from 127.0.0.1;");

	check(server, "X-Real-IP: 192.0.2.1\r\n", "192.0.2.1 ");
	check(server, "x-real-ip: 192.0.2.1:4321\r\n", "192.0.2.1 4321");
	check(server, "X-Real-IP: 2001:DB8::1\r\n", "2001:db8::1 ");
	check(server, "X-Real-IP: [2001:db8::1]:80\r\n", "2001:db8::1 80");
	check(server, "X-Real-IP: [192.0.2.1]:80\r\n", "192.0.2.1 80");
	check(server, "X-Real-IP: 192.0.2.1, 192.0.2.2\r\n", "192.0.2.2 ");
	check(server, "X-Real-IP: ,192.0.2.2\r\n", "192.0.2.2 ");
	check(server, "X-Real-IP: 192.0.2.1, 192.0.2.2 , \r\n", "192.0.2.2 ");
	check(server, "X-Real-IP: 192.0.2.1\r\nX-Real-IP: 192.0.2.2\r\n", "192.0.2.1 ");
	check_peer(server, "X-Forwarded-For: 192.0.2.1\r\n");
	check_peer(server, "");
	server_stop(server);
}
END_TEST

START_TEST(what_is_no_address)
{
	static const char *const values[] = {
		"", ",", " , ", "x", "192.0.2", "192.0.2.256", "192.0.02.1", "192.0.2.1:",
		"192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:80:80", "192.0.2.1:x",
		"[2001:db8::1", "[2001:db8::1]", "[192.0.2.1]", "1:2:3:4:5:6:7:8:80",
		"[2001:db8::1]80", "[2001:db8::1]:", "2001:db8::1]", "[]", "[]:80", ":80",
		"unix:", "192.0.2.1\tx", "192.0.2.1, x", "fe80::1%lo", "192.0.2.1/32"
	};
	struct server *server = server_for("set_real_ip_from 127.0.0.1;"
					   "real_ip_header X-Forwarded-For; real_ip_recursive on;");

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_peer(server, memory_printf("X-Forwarded-For: %s\r\n", values[i]));
	server_stop(server);
}
END_TEST

START_TEST(x_forwarded_for)
{
	struct server *server =
		server_for("set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;"
			   "real_ip_header X-Forwarded-For;");

	check(server, "X-Forwarded-For: 192.0.2.1, 10.0.0.1\r\n", "10.0.0.1 ");
	check(server, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n", "192.0.2.2 ");
	check_peer(server, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: x\r\n");
	check_peer(server, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For:\r\n");
	server_stop(server);
}
END_TEST

START_TEST(recursive)
{
	struct server *server =
		server_for("set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;"
			   "set_real_ip_from 2001:db8::/32;"
			   "real_ip_header X-Forwarded-For; real_ip_recursive on;");

	check(server, "X-Forwarded-For: 192.0.2.1, 192.0.2.2, 10.0.0.1\r\n", "192.0.2.2 ");
	check(server, "X-Forwarded-For: 192.0.2.1, 192.0.2.2,10.0.0.1:5 10.0.0.2\r\n",
	      "192.0.2.2 ");
	check(server, "X-Forwarded-For: 192.0.2.1:7, [2001:db8::1]:80, ::ffff:10.0.0.1\r\n",
	      "192.0.2.1 7");
	check(server, "X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", "10.0.0.1 ");
	check(server, "X-Forwarded-For: x, 10.0.0.2\r\n", "10.0.0.2 ");
	/* Several fields are one list. */
	check(server,
	      "X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\nX-Forwarded-For: 10.0.0.1\r\n"
	      "X-Forwarded-For: 10.0.0.2, 10.0.0.3\r\n",
	      "192.0.2.2 ");
	check(server,
	      "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For:\r\nX-Forwarded-For: 10.0.0.2\r\n",
	      "10.0.0.2 ");
	server_stop(server);
}
END_TEST

START_TEST(a_field_of_another_name)
{
	struct server *server =
		server_for("set_real_ip_from 127.0.0.1; real_ip_header CF-Connecting-IP;");

	check(server, "cf-connecting-ip: 192.0.2.1\r\n", "192.0.2.1 ");
	check_peer(server, "X-Real-IP: 192.0.2.1\r\n");
	server_stop(server);
}
END_TEST

START_TEST(only_those_that_are_trusted)
{
	struct server *server = server_for("set_real_ip_from 10.0.0.0/8; set_real_ip_from unix:;"
					   "location /a { set_real_ip_from 127.0.0.0/8; }"
					   "location /b { }");

	put_file(server, "b", "b");
	check(server, "X-Real-IP: 192.0.2.1\r\n", "192.0.2.1 ");

	struct reply reply = ask(server, "/b", .fields = "X-Real-IP: 192.0.2.1\r\n");

	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "X-Client"), "127.0.0.1 "));
	server_stop(server);
}
END_TEST

START_TEST(everybody_sees_it)
{
	struct server *server = server_for("set_real_ip_from 127.0.0.1;"
					   "access_log %DIR%/access.log;");

	ck_assert_int_eq(ask(server, "/closed/a", .fields = "X-Real-IP: 192.0.2.9\r\n").status,
			 403);
	ck_assert_int_eq(ask(server, "/closed/a", .fields = "X-Real-IP: 192.0.2.8\r\n").status,
			 200);
	log_wait(server, "access forbidden by rule, client: 192.0.2.9, server:");

	struct deadline wait = { 0 };

	while (file_count(server, "/access.log", "\n192.0.2.8 - - [") == 0)
		deadline_wait(&wait, "the access log names the client");
	server_stop(server);
}
END_TEST

/* The first word counts: neither a redirect nor a location asks again by the new address. */
START_TEST(once_in_a_request)
{
	struct server *server = server_for(
		"set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"
		"location /a { set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.1;"
		"              real_ip_header X-Real-IP; try_files /none /again; }"
		"location /again { set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.1;"
		"              set_real_ip_from 192.0.2.1; try_files /a =404; }"
		"location /late { set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;"
		"              try_files /none /again; }");
	struct reply reply;

	check(server, "X-Forwarded-For: 192.0.2.1, 10.0.0.1\r\nX-Real-IP: 192.0.2.2\r\n",
	      "10.0.0.1 ");
	reply = ask(server, "/late", .fields = "X-Real-IP: 192.0.2.1, 10.0.0.1\r\n");
	ck_assert_str_eq(reply_header(&reply, "X-Client"), "10.0.0.1  from 127.0.0.1");
	server_stop(server);
}
END_TEST

START_TEST(hosts_are_looked_up)
{
	struct server *server = server_for("set_real_ip_from localhost;");

	check(server, "X-Real-IP: 192.0.2.1\r\n", "192.0.2.1 ");
	server_stop(server);
}
END_TEST

static void is_refused(const char *directive, const char *message)
{
	const char *output = inproc_fails(memory_printf("http { server { %s } }", directive));

	ck_assert_msg(strstr(output, message), "%s", output);
}

START_TEST(mistakes_are_named)
{
	is_refused("set_real_ip_from 1.2.3;", "\"1.2.3\" is not an address");
	is_refused("set_real_ip_from 1.2;", "\"1.2\" is not an address");
	is_refused("set_real_ip_from 0x7f;", "\"0x7f\" is not an address");
	is_refused("set_real_ip_from a/8;", "\"a/8\" is not an address");
	is_refused("set_real_ip_from no..host;", "the host \"no..host\" was not found: ");
	is_refused("set_real_ip_from no..host;", "/etc/hosts, DNS");
	is_refused("set_real_ip_from all;", "set_real_ip_from");
	is_refused("real_ip_header \"X Y\";", "not the name of a field");
	is_refused("real_ip_header X-Real-IP; real_ip_header X-Y;", "duplicate");
	is_refused("real_ip_recursive yes;", "on");
}
END_TEST

TESTS("real IP", hosts_are_looked_up, x_real_ip, what_is_no_address, x_forwarded_for,
      recursive, a_field_of_another_name,
      only_those_that_are_trusted, everybody_sees_it, once_in_a_request, mistakes_are_named)
