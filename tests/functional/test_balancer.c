/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two servers behind HAProxy, with the configuration of conf/examples: what a client sees of their
 * restarts, reloads and upgrades, and that both give the same.
 */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROXIED, TLS, DIRECT }; /* the ports of a server, by their index */

static struct server *servers[2];
static pid_t haproxy;
static int http_port, https_port;
static const char *folder;

static const char conf[] =
	"worker_processes 2; drain_delay 1s; http { access_log off; compress on;"
	"ssl_self_signed localhost; ssl_session_ticket_secret %s;"
	"server { listen 127.0.0.1:%%PORT%% proxy_protocol; listen 127.0.0.1:%%PORT2%% ssl"
	" proxy_protocol; listen 127.0.0.1:%%PORT3%%; root %%DIR%%/html;"
	" set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;"
	" add_header X-Replica %d; add_header X-Client $remote_addr;"
	" location = /readyz { readiness; } location = / { return 200 ok; } } }";

static void put_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void start_servers(void)
{
	const char *secret = memory_printf("%s/ticket.secret", folder);

	upgrade_install();
	put_text(secret, "a secret that both of the servers know and nobody else does");
	for (int i = 0; i < 2; i++) {
		const struct server_setup setup = {
			.conf = memory_printf(conf, secret, i),
			.program = program,
		};

		servers[i] = server_start_with(&setup);
	}
}

static const char *read_example(void)
{
	char *text = memory_alloc(1 << 16);
	FILE *file = fopen("conf/examples/haproxy.cfg", "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, (1 << 16) - 1, file)] = '\0';
	fclose(file);

	char *retries = strstr(text, "retries 3");

	/* The servers themselves lose nothing: nothing has to be tried again. */
	ck_assert_ptr_nonnull(retries);
	retries[8] = '0';
	return text;
}

/* The text, in which each port of the example stands for one of the test's. */
static const char *with_ports(const char *text)
{
	const struct { const char *old; int new; } ports[] = {
		{ ":8080", http_port = port_reserve() },
		{ ":8443", https_port = port_reserve() },
		{ ":8081", servers[0]->ports[PROXIED] }, { " 8081", servers[0]->ports[PROXIED] },
		{ ":8082", servers[1]->ports[PROXIED] }, { " 8082", servers[1]->ports[PROXIED] },
		{ ":8444", servers[0]->ports[TLS] }, { ":8445", servers[1]->ports[TLS] },
	};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		const char *done = "", *at;

		for (; (at = strstr(text, ports[i].old)); text = at + strlen(ports[i].old))
			done = memory_printf("%s%.*s%c%d", done, (int)(at - text), text,
					     ports[i].old[0], ports[i].new);
		text = memory_printf("%s%s", done, text);
	}
	return text;
}

static void start_haproxy(void)
{
	const char *path = memory_printf("%s/haproxy.cfg", folder);

	put_text(path, with_ports(read_example()));
	haproxy = fork();
	if (haproxy == 0) {
		execlp("haproxy", "haproxy", "-db", "-q", "-f", path, (char *)NULL);
		_exit(127);
	}
}

static struct reply ask_balancer(void)
{
	static struct server balancer;

	balancer.ports[0] = http_port;
	return get(&balancer, "/");
}

static void setup(void)
{
	struct deadline wait = { 0 };

	if (access("/usr/sbin/haproxy", X_OK) != 0)
		test_skip("haproxy is not installed");
	folder = scratch_create();
	start_servers();
	start_haproxy();
	while (system(memory_printf("python3 -c 'import socket; socket.create_connection("
				    "(\"127.0.0.1\", %d))' 2>/dev/null", https_port)) != 0)
		deadline_wait(&wait, "haproxy listens");
}

static void finish(void)
{
	kill(haproxy, SIGTERM);
	waitpid(haproxy, NULL, 0);
	for (int i = 0; i < 2; i++)
		server_stop_by(servers[i], SIGINT);
	scratch_remove(folder);
	scratch_remove(memory_printf("%.*s", (int)(strrchr(program, '/') - program), program));
}

/* --- what clients see of changes ------------------------------------------------------ */

static void restart(struct server *server)
{
	struct deadline wait = { 0 };
	int status;

	kill(server->pid, SIGQUIT);
	ck_assert_int_eq(waitpid(server->pid, &status, 0), server->pid);
	ck_assert_int_eq(status, 0);
	server->pid = fork();
	if (server->pid == 0) {
		execl(program, program, "-p", server->dir, "-c", "conf/server.conf", (char *)NULL);
		_exit(127);
	}
	while (file_count(server, "/error.log", " serves, with ") < 2)
		deadline_wait(&wait, "the server is there again");
	usleep(1500 * 1000); /* the balancer checks it twice */
}

static void reload(struct server *server)
{
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
}

static void upgrade(struct server *server)
{
	put_program();
	upgrade_check(server, 0, "serves in place");
}

START_TEST(no_request_fails)
{
	static void (*const changes[])(struct server *) = { restart, reload, upgrade };

	setup();
	struct load *load = load_start(&(const struct load_plan){
		.port = http_port, .body = "ok", .busy = 4, .pausing = 8, .fresh = 2 });

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		for (int j = 0; j < 2; j++)
			changes[i](servers[j]);
	struct load_result result = load_stop(load);

	load_check(&result);
	finish();
}
END_TEST

/* --- that both give the same ---------------------------------------------------------- */

static struct reply direct(int i, const char *target, const char *fields)
{
	return ask(servers[i], target, .fields = fields, .port = DIRECT);
}

static void put_both(const char *name, const char *text)
{
	const struct timespec times[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };

	for (int i = 0; i < 2; i++) {
		put_file(servers[i], name, text);
		ck_assert_int_eq(utimensat(AT_FDCWD, file_path(servers[i], name), times, 0), 0);
	}
}

static const char *lines(void)
{
	const char *text = "";

	for (int i = 0; i < 300; i++)
		text = memory_printf("%sline %d of a text that becomes shorter\n", text, i * 7);
	return text;
}

START_TEST(both_give_the_same_bytes_and_tags)
{
	static const char *const codings[] = { "", "Accept-Encoding: gzip\r\n",
					       "Accept-Encoding: zstd\r\n",
					       "Accept-Encoding: br\r\n" };
	struct deadline wait = { 0 };

	setup();
	put_both("a.txt", lines());
	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]);) {
		struct reply one = direct(0, "/a.txt", codings[i]);
		struct reply other = direct(1, "/a.txt", codings[i]);
		const char *tag = reply_header(&one, "ETag");

		ck_assert_ptr_nonnull(tag);
		/* One of them may have the better form of the compressor already. */
		if (strcmp(tag, reply_header(&other, "ETag")) != 0) {
			deadline_wait(&wait, "both have the same form");
			continue;
		}
		ck_assert_uint_eq(one.body_len, other.body_len);
		ck_assert_mem_eq(one.body, other.body, one.body_len);
		i++;
	}
	finish();
}
END_TEST

START_TEST(the_client_is_known)
{
	bool seen[2] = { false, false };

	setup();
	for (int i = 0; i < 10; i++) {
		struct reply reply = ask_balancer();

		ck_assert_str_eq(reply_header(&reply, "X-Client"), "127.0.0.1");
		seen[atoi(reply_header(&reply, "X-Replica")) != 0] = true;
	}
	ck_assert(seen[0] && seen[1]);
	finish();
}
END_TEST

/* Until a session of one of them was resumed at the other. */
static const char resume[] =
	"import socket, ssl, sys\n"
	"context = ssl.create_default_context()\n"
	"context.check_hostname = False\n"
	"context.verify_mode = ssl.CERT_NONE\n"
	"def ask(session):\n"
	"    s = context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))),\n"
	"                            session=session)\n"
	"    s.sendall(b'GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n')\n"
	"    answer = b''\n"
	"    while True:\n"
	"        piece = s.recv(4096)\n"
	"        if not piece: break\n"
	"        answer += piece\n"
	"    return answer.split(b'X-Replica: ')[1][:1], s.session, s.session_reused\n"
	"for i in range(20):\n"
	"    one, session, _ = ask(None)\n"
	"    other, _, is_resumed = ask(session)\n"
	"    if one != other: sys.exit(0 if is_resumed else 1)\n"
	"sys.exit(2)\n";

START_TEST(a_session_is_resumed_at_the_other_one)
{
	setup();
	put_text(memory_printf("%s/resume.py", folder), resume);
	ck_assert_int_eq(system(memory_printf("timeout 60 python3 %s/resume.py %d", folder,
					      https_port)), 0);
	finish();
}
END_TEST

TESTS("balancer", no_request_fails, both_give_the_same_bytes_and_tags, the_client_is_known,
      a_session_is_resumed_at_the_other_one)
