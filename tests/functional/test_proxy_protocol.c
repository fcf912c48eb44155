/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that begin with a PROXY header: in each mode, over reloads and upgrades. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const modes[] = { "shared", "reuseport", "handoff" };

enum { MODES = sizeof(modes) / sizeof(modes[0]) };

#define HEADER "PROXY TCP4 192.0.2.1 192.0.2.2 4321 80\r\n"
#define ASK    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

/* The last request of its connection. */
#define ASK_LAST "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

#define TLVS                                                       \
	"\x01\0\2h2\x02\0\7a.b.org\x05\0\2id\xEA\0\3aws\x30\0\2ns" \
	"\x20\0\x1C\7\0\0\1\1\x21\0\3TLS\x22\0\2cn\x23\0\1c\x24\0\1s\x25\0\1k"

/* Parameters behind the address, and what stands in the server. */
static const char *conf(const char *events, const char *listen, const char *more)
{
	return memory_printf(
		"worker_processes 2; events { %s }\n"
		"http { access_log off; set_real_ip_from 127.0.0.0/8; set_real_ip_from unix:;\n"
		"server { listen %s; real_ip_header proxy_protocol; %s\n"
		"location / { return 200 \"$remote_addr $remote_port\"; } } }",
		events, listen, more);
}

#define PROXIED "127.0.0.1:%PORT% proxy_protocol"

static void says(struct reply reply, const char *expected)
{
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body, expected);
}

/* Wherever it is cut, and kept open for a second request. */
static void check_cuts(struct server *server)
{
	static const char all[] = HEADER ASK;

	for (size_t cut = 1; cut < sizeof(all) - 1; cut += 5) {
		struct client *client = client_open(server);

		client_send_bytes(client, all, cut);
		/* Another one is served in between, so that it arrives in two pieces. */
		says(raw(server, HEADER ASK), "192.0.2.1 4321");
		client_send(client, all + cut);
		says(client_reply(client), "192.0.2.1 4321");
		says(client_get(client, "/b"), "192.0.2.1 4321");
		client_close(client);
	}
}

START_TEST(in_each_mode)
{
	for (int i = 0; i < MODES; i++) {
		struct server *server =
			server_start(conf(memory_printf("accept_mode %s;", modes[i]), PROXIED, ""));

		check_cuts(server);
		server_stop(server);
	}
}
END_TEST

START_TEST(variables)
{
	struct server *server = server_start(conf(
		"", PROXIED,
		"location /v { return 200 \"$proxy_protocol_addr,$proxy_protocol_port,"
		"$proxy_protocol_server_addr,$proxy_protocol_server_port\"; }"
		"location /t { return 200 \"$proxy_protocol_tlv_alpn,$proxy_protocol_tlv_authority,"
		"$proxy_protocol_tlv_unique_id,$proxy_protocol_tlv_netns,$proxy_protocol_tlv_0xEA,"
		"$proxy_protocol_tlv_ssl_version,$proxy_protocol_tlv_ssl_cn,"
		"$proxy_protocol_tlv_ssl_cipher,$proxy_protocol_tlv_ssl_sig_alg,"
		"$proxy_protocol_tlv_ssl_key_alg,$proxy_protocol_tlv_ssl_0x22,"
		"$proxy_protocol_tlv_ssl_verify,$proxy_protocol_tlv_0x99\"; }"
		"location /wrong { return 200 \"<$proxy_protocol_tlv_nothing>\"; }"));
	static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x62"
				 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
				 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x10\xE1\1\xBB" TLVS;
	struct client *client = client_open(server);

	ck_assert_uint_eq(sizeof(v2) - 1, 16 + 0x62);
	client_send_bytes(client, v2, sizeof(v2) - 1);
	says(client_get(client, "/v"), "2001:db8::1,4321,2001:db8::2,443");
	says(client_get(client, "/t"), "h2,a.b.org,id,ns,aws,TLS,cn,c,s,k,cn,257,");
	says(client_get(client, "/"), "2001:db8::1 4321");
	says(client_get(client, "/wrong"), "<>");
	ck_assert(log_has(server, "no value of the PROXY header that is called \"nothing\""));
	/* Without addresses there are no values, and the client is the peer. */
	client = client_open(server);
	client_send(client, "PROXY UNKNOWN\r\n");
	says(client_get(client, "/v"), ",,,");
	says(client_get(client, "/t"), ",,,,,,,,,,,,");
	ck_assert_ptr_nonnull(strstr(client_get(client, "/").body, "127.0.0.1 "));
	/* Port 0 is none. */
	client = client_open(server);
	client_send(client, "PROXY TCP4 192.0.2.1 192.0.2.2 0 0\r\n");
	says(client_get(client, "/v"), "192.0.2.1,,192.0.2.2,");
	says(client_get(client, "/"), "192.0.2.1 ");
	server_stop(server);
}
END_TEST

START_TEST(what_is_none_is_closed)
{
	struct server *server = server_start(conf("", PROXIED, ""));

	ck_assert_str_eq(raw_all(server, ASK), "");
	log_wait(server, "the PROXY header is not valid: it is missing: \"GET /a");
	ck_assert_str_eq(raw_all(server, "PROXY TCP4 1 2 3 4\r\n" ASK), "");
	log_wait(server, "an address is missing");
	/* One header, and not two. */
	refused(server, 400, HEADER HEADER ASK);
	server_stop(server);
}
END_TEST

START_TEST(time_is_limited)
{
	struct server *server = server_start(conf("", PROXIED, "client_header_timeout 300ms;"));
	struct client *silent = client_open(server), *half = client_open(server);
	struct client *whole = client_open(server);

	client_send(half, "PROXY TCP4 192");
	client_send(whole, HEADER);
	ck_assert(client_is_closed(silent));
	ck_assert(client_is_closed(half));
	ck_assert(client_is_closed(whole));
	ck_assert(log_has(server, "client timed out while the PROXY header was read"));
	server_stop(server);
}
END_TEST

static void reload(struct server *server, const char *text)
{
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	put_file(server, "/conf/server.conf",
		 server_text(server, memory_printf("daemon off; pid %%DIR%%/server.pid;"
						   "error_log %%DIR%%/error.log info;\n%s",
						   text)));
	ck_assert_int_eq(kill(server->pid, SIGHUP), 0);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
}

static void wait_for_workers(struct server *server, int count)
{
	pid_t pids[16];
	struct deadline wait = { 0 };

	while (server_workers(server, pids, 16) != count)
		deadline_wait(&wait, "the old workers have gone");
}

START_TEST(over_a_reload)
{
	static const char all[] = HEADER ASK;
	struct client *clients[sizeof(all)];

	for (int i = 0; i < MODES; i++) {
		const char *text = conf(memory_printf("accept_mode %s;", modes[i]), PROXIED, "");
		struct server *server = server_start(text);

		for (size_t cut = 0; cut < sizeof(all) - 1; cut++) {
			clients[cut] = client_open(server);
			client_send_bytes(clients[cut], all, cut);
		}
		says(raw(server, HEADER ASK), "192.0.2.1 4321");
		reload(server, text);
		wait_for_workers(server, 2 + (i == 2));
		for (size_t cut = 0; cut < sizeof(all) - 1; cut++) {
			client_send(clients[cut], all + cut);
			says(client_reply(clients[cut]), "192.0.2.1 4321");
		}
		/* What the header said moves with a connection that is idle. */
		reload(server, text);
		wait_for_workers(server, 2 + (i == 2));
		for (size_t cut = 0; cut < sizeof(all) - 1; cut++)
			says(client_get(clients[cut], "/b"), "192.0.2.1 4321");
		server_stop(server);
	}
}
END_TEST

/* Addresses that share a socket differ, as in nginx. */
START_TEST(beside_an_address_without)
{
	struct server *server = server_start(
		"events { } http { access_log off;"
		"server { listen 0.0.0.0:%PORT%; return 200 all; }"
		"server { listen 127.0.0.1:%PORT% proxy_protocol;"
		"  return 200 $proxy_protocol_addr; }"
		"server { listen 127.0.0.1:%PORT%; server_name b;"
		"  return 200 \"b $proxy_protocol_addr\"; }"
		"server { listen 0.0.0.0:%PORT2% proxy_protocol; return 200 $proxy_protocol_addr; }"
		"server { listen 127.0.0.1:%PORT2%; return 200 one; } }");

	says(raw(server, HEADER ASK), "192.0.2.1");
	says(raw(server, HEADER "GET / HTTP/1.1\r\nHost: b\r\n\r\n"), "b 192.0.2.1");
	says(ask(server, "/", .port = 1), "one");
	server_stop(server);
}
END_TEST

/* A program that an upgrade tries out, as the master starts it; its end of the talk. */
static int start_trial(const struct server *server, pid_t *pid)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*pid = fork();
	if (*pid == 0) {
		const char *skua = getenv("SKUA") ? getenv("SKUA") : "build/skua";

		close(ends[0]);
		setenv("SKUA_TRIAL", memory_printf("%d", ends[1]), 1);
		execl(skua, skua, "-p", server->dir, "-c", file_path(server, "/conf/server.conf"),
		      NULL);
		_exit(127);
	}
	close(ends[1]);
	return ends[0];
}

/* The master asks it by a connection that begins without a header. */
START_TEST(a_program_that_is_tried_out)
{
	struct server *server = server_start(conf("", PROXIED, ""));
	static char said[1024];
	size_t len = 0;
	ssize_t n;
	pid_t pid;
	int status, fd = start_trial(server, &pid);

	ck_assert_int_eq(send(fd, ASK_LAST, strlen(ASK_LAST), 0), strlen(ASK_LAST));
	while ((n = read(fd, said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strstr(said, "HTTP/1.1 200") && strstr(said, "unix: "), "%s", said);
	server_stop(server);
}
END_TEST

START_TEST(over_an_upgrade)
{
	struct server *server = upgrade_start("");
	struct client *client;

	put_file(server, "/http.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT2% proxy_protocol;"
				     "return 200 $proxy_protocol_addr; }"));
	upgrade_check(server, 0, "");
	client = client_open_port(server, 1);
	client_send(client, HEADER ASK);
	says(client_reply(client), "192.0.2.1");

	struct client *half = client_open_port(server, 1);

	client_send_bytes(half, HEADER, 20);
	upgrade_check(server, 0, "");
	says(client_get(client, "/"), "192.0.2.1");
	client_send(half, (HEADER ASK) + 20);
	says(client_reply(half), "192.0.2.1");
	upgrade_stop(server);
}
END_TEST

static void is_refused(const char *listen, const char *message)
{
	const char *output;

	ck_assert_int_eq(server_fails(memory_printf("http { server { listen 127.0.0.1:%%PORT%% %s; "
						    "} }",
						    listen),
				      &output),
			 1);
	ck_assert_msg(strstr(output, message), "%s", output);
}

START_TEST(mistakes_are_named)
{
	is_refused("proxy_protocoll", "expected default_server, proxy_protocol, ");
	is_refused("proxy_protocol=on", "invalid parameter \"proxy_protocol=on\"");
}
END_TEST

TESTS("PROXY protocol", in_each_mode, variables, what_is_none_is_closed, time_is_limited,
      over_a_reload, beside_an_address_without,
      a_program_that_is_tried_out, over_an_upgrade, mistakes_are_named)
