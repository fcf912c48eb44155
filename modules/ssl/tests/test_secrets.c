/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stays in the memory of the server's processes of the secrets of a connection: nothing once
 * they are not used any more, be it that the keys were updated, that the connection has moved to
 * another process, or that it has ended.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tls_client.h"

static struct server *server;
static const char *certificates;

/* Workers that may write core dumps may be looked at by their user: see README.md of the module. */
static void start(const char *records)
{
	struct identity identity = identity_create("localhost", "EC", NULL);

	signal(SIGPIPE, SIG_IGN);
	certificates = scratch_create();
	identity_put(&identity, certificates, "a");
	identity_destroy(&identity);
	server = server_start(memory_printf(
		"worker_processes 1; worker_rlimit_core 1m; http { ssl_certificate %s/a.pem;"
		"ssl_certificate_key %s/a.key; ssl_records %s; server {"
		"listen 127.0.0.1:%%PORT%% ssl; return 200 $pid; } }",
		certificates, certificates, records));
	if (server_is_sanitized) {
		server_stop(server);
		test_skip("the sanitizer keeps memory that was freed");
	}
}

static void setup(void)
{
	start("own");
}

static void teardown(void)
{
	server_stop(server);
	scratch_remove(certificates);
}

/* --- the memory of a process --- */

static bool is_in_range(pid_t pid, unsigned long from, unsigned long to, const void *bytes,
			size_t len)
{
	enum { CHUNK = 1 << 20 };
	static char chunk[CHUNK];

	for (unsigned long at = from; at + len <= to; at += CHUNK - len) {
		struct iovec here = { chunk, to - at < CHUNK ? to - at : CHUNK };
		struct iovec there = { (void *)at, here.iov_len };
		ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

		if (n > 0 && memmem(chunk, (size_t)n, bytes, len))
			return true;
	}
	return false;
}

static bool is_in_memory(pid_t pid, const void *bytes, size_t len)
{
	FILE *maps = fopen(memory_printf("/proc/%d/maps", pid), "r");
	char line[512], mode[8];
	unsigned long from, to;
	bool found = false;

	if (!maps)
		test_skip("the memory of the server's processes cannot be read");
	while (!found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[1] == 'w')
			found = is_in_range(pid, from, to, bytes, len);
	fclose(maps);
	return found;
}

/* --- a connection --- */

/* The secrets of both directions, with the keys that follow from them. */
struct secrets {
	const struct record_suite *suite;
	struct record_key client, server;
};

static struct secrets secrets_of(const struct tls *tls)
{
	struct secrets secrets = {
		.suite = record_suite(
			(uint16_t)SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(tls->ssl))),
	};

	ck_assert_ptr_nonnull(secrets.suite);
	record_key_init(&secrets.client, secrets.suite, tls->client_secret, 0);
	record_key_init(&secrets.server, secrets.suite, tls->server_secret, 0);
	return secrets;
}

static void update(struct secrets *secrets)
{
	record_key_update(&secrets->client, secrets->suite);
	record_key_update(&secrets->server, secrets->suite);
}

/* How many of the secrets and keys are in the memory: 0 to 4. */
static int count_in_memory(pid_t pid, const struct secrets *secrets)
{
	size_t secret_len = record_suite_secret_len(secrets->suite);
	size_t key_len = record_suite_key_len(secrets->suite);

	return is_in_memory(pid, secrets->client.secret, secret_len) +
	       is_in_memory(pid, secrets->server.secret, secret_len) +
	       is_in_memory(pid, secrets->client.key, key_len) +
	       is_in_memory(pid, secrets->server.key, key_len);
}

static pid_t ask_worker(struct tls *tls)
{
	const char *body = tls_get(tls, "/").body;

	ck_assert_ptr_nonnull(body);
	return atoi(body);
}

static const char *const suites[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
				      "TLS_CHACHA20_POLY1305_SHA256" };

enum { SUITES = sizeof(suites) / sizeof(suites[0]) };

static void ck_updates(void)
{
	for (int i = 0; i < SUITES; i++) {
		struct tls *tls = tls_connect(server, .suite = suites[i]);
		struct secrets secrets = secrets_of(tls);
		pid_t worker = ask_worker(tls);

		ck_assert_int_eq(count_in_memory(worker, &secrets), 4);
		SSL_key_update(tls->ssl, SSL_KEY_UPDATE_REQUESTED);
		ask_worker(tls);
		ck_assert_int_eq(count_in_memory(worker, &secrets), 0);
		update(&secrets);
		ck_assert_int_eq(count_in_memory(worker, &secrets), 4);
		tls_close(tls);
	}
}

/* OpenSSL keeps secrets and keys elsewhere, and derives a key anew. */
static void restart_with_openssl(void)
{
	teardown();
	start("openssl");
}

START_TEST(keys_are_updated)
{
	ck_updates();
	restart_with_openssl();
	ck_updates();
}
END_TEST

static void ck_ends(void)
{
	for (int i = 0; i < SUITES; i++) {
		struct tls *tls = tls_connect(server, .suite = suites[i]);
		struct secrets secrets = secrets_of(tls);
		pid_t worker = ask_worker(tls);
		struct deadline wait = { 0 };

		ck_assert_int_eq(count_in_memory(worker, &secrets), 4);
		tls_close(tls);
		while (count_in_memory(worker, &secrets) > 0)
			deadline_wait(&wait, "the secrets are wiped");
	}
}

START_TEST(a_connection_ends)
{
	ck_ends();
	restart_with_openssl();
	ck_ends();
}
END_TEST

/* Of TLS 1.3: what a ticket resumes. */
static size_t master_secret(const struct tls *tls, unsigned char secret[SSL_MAX_MASTER_KEY_LENGTH])
{
	size_t len = SSL_SESSION_get_master_key(SSL_get0_session(tls->ssl), secret,
						SSL_MAX_MASTER_KEY_LENGTH);

	ck_assert_uint_ge(len, 32);
	return len;
}

/* The connection, its ticket, and the connection that the ticket resumes leave nothing behind. */
static void ck_session(int version)
{
	SSL_SESSION *session = NULL;

	for (int i = 0; i < 3; i++) {
		struct tls *tls = tls_connect(server, .version = version, .session = session);
		unsigned char secret[SSL_MAX_MASTER_KEY_LENGTH];
		pid_t worker = ask_worker(tls);
		size_t len = master_secret(tls, secret);
		struct deadline wait = { 0 };

		ck_assert_int_eq(SSL_session_reused(tls->ssl), session != NULL);
		if (version == TLS1_2_VERSION)
			ck_assert(is_in_memory(worker, secret, len));
		SSL_SESSION_free(session);
		session = SSL_get1_session(tls->ssl);
		tls_close(tls);
		while (is_in_memory(worker, secret, len))
			deadline_wait(&wait, "the secret of the session is wiped");
	}
	SSL_SESSION_free(session);
}

START_TEST(a_session_ends)
{
	for (int i = 0; i < 2; i++) {
		ck_session(TLS1_2_VERSION);
		ck_session(TLS1_3_VERSION);
		if (i == 0)
			restart_with_openssl();
	}
}
END_TEST

START_TEST(a_connection_moves)
{
	struct tls *tls = tls_connect(server, .suite = suites[0]);
	struct secrets secrets = secrets_of(tls);
	pid_t worker = ask_worker(tls);

	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");

	pid_t next = ask_worker(tls);

	ck_assert_int_ne(next, worker);
	ck_assert_int_eq(count_in_memory(server->pid, &secrets), 0);
	ck_assert_int_eq(count_in_memory(next, &secrets), 4);
	tls_close(tls);
}
END_TEST

TESTS_IN((&(struct test_suite){
		 .name = "secrets in memory", .setup = setup, .teardown = teardown }),
	 keys_are_updated, a_connection_ends, a_session_ends, a_connection_moves)
