/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that are killed while connections move to other workers, at a reload and at an upgrade,
 * before each of their system calls that sends or receives a message. A connection may be lost, but
 * no two processes may have its keys: each would seal a record with the same number.
 */
#include "harness/inject.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tls_client.h"

enum { CLIENTS = 3, STEPS_MAX = 100 };

enum victim { MASTER, GIVER, TAKER };

static bool read_exactly(int fd, uint8_t *bytes, size_t len)
{
	return recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

/*
 * Reads until the connection ends. Each record must have been sealed as the next one, and nothing
 * may follow close_notify: a second holder of the keys would seal one, too.
 */
static void ck_one_holder(struct record_client *client)
{
	static uint8_t record[RECORD_MAX];
	bool has_ended = false;

	while (read_exactly(client->fd, record, RECORD_HEAD)) {
		size_t len = (size_t)(record[3] << 8 | record[4]);
		enum record_type type;
		uint8_t *plain;

		ck_assert_uint_le(len, RECORD_BODY_MAX);
		if (!read_exactly(client->fd, record + RECORD_HEAD, len))
			return;
		ck_assert_int_ge(record_open(client->suite, &client->in, record, RECORD_HEAD + len,
					     &plain, &type),
				 0);
		ck_assert(!has_ended);
		has_ended = type == RECORD_ALERT;
	}
}

static const char *certificates;

static void setup(void)
{
	struct identity identity = identity_create("localhost", "EC", NULL);
	char *dir = memory_printf("/tmp/skua-certificates-XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(dir));
	certificates = dir;
	identity_put(&identity, dir, "a");
	identity_destroy(&identity);
}

static void teardown(void)
{
	unlink(memory_printf("%s/a.pem", certificates));
	unlink(memory_printf("%s/a.key", certificates));
	rmdir(certificates);
}

static struct server *start(void)
{
	return server_start(
		memory_printf("http { ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;"
			      "server { listen 127.0.0.1:%%PORT%% ssl; return 200 $pid; } }",
			      certificates, certificates));
}

static void inject_kill(const struct server *server, enum victim victim, pid_t giver, int call,
			unsigned skip)
{
	struct injection injection = { .call = call, .kills = true, .skip = skip, .count = 1 };

	if (victim == MASTER)
		injection.only = server->pid;
	else if (victim == GIVER)
		injection.only = giver;
	else
		injection.but = server->pid; /* the worker that gives sends first: see its `skip` */
	inject_start(&injection);
}

/* Whether the worker has gone, and the master knows. */
static bool is_over(struct server *server, int way, pid_t giver)
{
	return kill(giver, 0) < 0 &&
	       (way == SIGHUP || log_has(server, "this program serves in place of the old one"));
}

/* Returns whether a process was killed: it has made more than `skip` of these calls. */
static bool kill_at(enum victim victim, int way, int call, unsigned skip)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	struct record_client clients[CLIENTS];
	struct deadline wait = { 0 };
	struct server *server = start();
	pid_t giver = 0;

	for (int i = 0; i < CLIENTS; i++) {
		struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);

		ck_assert(!tls->failed);
		clients[i] = record_client(tls);
	}
	ck_assert_int_eq(server_workers(server, &giver, 1), 1);
	inject_kill(server, victim, giver, call, skip);
	kill(server->pid, way);
	while (inject_count(call) == 0 && !is_over(server, way, giver))
		deadline_wait(&wait, "the worker has ended, or a process was killed");

	bool was_killed = inject_end(call) > 0;

	for (int i = 0; i < CLIENTS; i++) {
		record_client_send(&clients[i], RECORD_DATA, request, strlen(request));
		shutdown(clients[i].fd, SHUT_WR);
		ck_one_holder(&clients[i]);
		close(clients[i].fd);
	}
	server_forgive(server);
	if (victim == MASTER && was_killed)
		server_abandon(server);
	else
		server_stop(server);
	return was_killed;
}

/* `way`: the signal HUP for a reload, USR2 for an upgrade in the same process. */
static void kill_at_each_step(enum victim victim, int way)
{
	static const int calls[] = { SYS_sendmsg, SYS_recvmsg, SYS_recvfrom };
	unsigned killed = 0;

	signal(SIGPIPE, SIG_IGN);
	inject_into(SYS_sendmsg, SYS_recvmsg, SYS_recvfrom);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		unsigned skip = 0;

		while (kill_at(victim, way, calls[i], skip)) {
			skip++;
			ck_assert_uint_lt(skip, STEPS_MAX);
		}
		killed += skip;
	}
	ck_assert_uint_gt(killed, 0);
}

START_TEST(the_master_is_killed)
{
	kill_at_each_step(MASTER, SIGHUP);
}
END_TEST

START_TEST(the_worker_that_gives_is_killed)
{
	kill_at_each_step(GIVER, SIGHUP);
}
END_TEST

START_TEST(workers_are_killed)
{
	kill_at_each_step(TAKER, SIGHUP);
}
END_TEST

/* The trial of the new program makes such calls, too, so there are many steps. */
START_TEST(all_are_killed_in_an_upgrade)
{
	for (enum victim victim = MASTER; victim <= TAKER; victim++)
		kill_at_each_step(victim, SIGUSR2);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "TLS and killed processes",
				.setup = setup,
				.teardown = teardown,
				.timeout = 300 }),
	 the_master_is_killed, the_worker_that_gives_is_killed, workers_are_killed,
	 all_are_killed_in_an_upgrade)
