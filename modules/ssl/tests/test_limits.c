/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client with TLS can make the server do: handshakes, bytes and records without an end. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <str.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tls_client.h"

static struct server *server;
static const char *certificates;

static void start(const char *http, const char *key)
{
	struct identity identity = identity_create("localhost", key, NULL);

	signal(SIGPIPE, SIG_IGN);
	certificates = scratch_create();
	identity_put(&identity, certificates, "a");
	identity_destroy(&identity);
	server = server_start(memory_printf(
		"worker_processes 1; events { worker_connections 4096; } http { access_log off; %s "
		"ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key; server {"
		"listen 127.0.0.1:%%PORT%% ssl backlog=4096; location / { return 200 hello; } } }",
		http, certificates, certificates));
}

static void stop(void)
{
	server_stop(server);
	scratch_remove(certificates);
}

static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/* --- records --- */

/* RFC 8446 section 5.2: the length in the head suffices. */
START_TEST(records_that_are_too_long)
{
	static const uint8_t head[] = { RECORD_DATA, 3, 3, 0x41, 1 };
	static const char bytes[RECORD_PLAIN_MAX + 1];

	start("", "EC");
	for (int what = 0; what < 2; what++) {
		struct record_client client =
			record_client(tls_connect(server, .version = TLS1_3_VERSION));

		if (what == 0)
			ck_assert_int_eq(send(client.fd, head, sizeof(head), 0), sizeof(head));
		else
			record_client_send(&client, RECORD_DATA, bytes, sizeof(bytes));
		ck_assert_int_eq(record_client_alert(&client), 22); /* record_overflow */
		close(client.fd);
	}
	stop();
}
END_TEST

START_TEST(a_hello_in_a_record_that_is_too_long)
{
	static uint8_t record[5 + 0x4001] = { RECORD_HANDSHAKE, 3, 1, 0x40, 1, 1, 0, 0x3f, 0xfd };
	uint8_t alert[64];

	start("", "EC");

	struct client *client = client_open(server);

	client_send_bytes(client, record, sizeof(record));

	size_t len = client_read(client, alert, sizeof(alert));

	ck_assert_uint_eq(len, 7);
	ck_assert_int_eq(alert[0], RECORD_ALERT);
	ck_assert_int_eq(alert[6], 22);
	stop();
}
END_TEST

/* --- what hostile records cost --- */

/* Milliseconds of CPU time that a process has used. */
static double cpu_ms(pid_t pid)
{
	clockid_t clock;
	struct timespec used;

	ck_assert_int_eq(clock_getcpuclockid(pid, &clock), 0);
	ck_assert_int_eq(clock_gettime(clock, &used), 0);
	return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static long memory_kib(pid_t pid)
{
	FILE *file = fopen(memory_printf("/proc/%d/status", pid), "r");
	char line[256];
	long kib = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, "VmRSS: %ld", &kib) != 1)
		continue;
	fclose(file);
	ck_assert_int_gt(kib, 0);
	return kib;
}

enum hostile { NONE, EMPTY, WARNINGS, UPDATES, PIECES, UNDECRYPTABLE, TOO_LONG, HOSTILES };

static void send_hostile(struct record_client *client, enum hostile kind)
{
	static const uint8_t too_long[] = { RECORD_DATA, 3, 3, 0x41, 1 };
	static uint8_t random[5 + 16384] = { RECORD_DATA, 3, 3, 0x40, 0 };

	switch (kind) {
	case EMPTY:
		record_client_send(client, RECORD_DATA, "", 0);
		break;
	case WARNINGS:
		record_client_send(client, RECORD_ALERT, "\1\x5a", 2);
		break;
	case UPDATES:
		record_client_send(client, RECORD_HANDSHAKE, "\x18\0\0\1\0", 5);
		record_key_update(&client->out, client->suite);
		break;
	case PIECES: /* one byte of a message in each record */
		record_client_send(client, RECORD_HANDSHAKE, "\x18", 1);
		break;
	case UNDECRYPTABLE:
		(void)!send(client->fd, random, sizeof(random), MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case TOO_LONG:
		(void)!send(client->fd, too_long, sizeof(too_long), MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	default:
		break;
	}
}

/* Connections that ask once and then send a thousand such records each. */
static double cost_ms(pid_t worker, enum hostile kind)
{
	enum { CONNECTIONS = 20, RECORDS = 1000 };
	double before = cpu_ms(worker);

	for (int i = 0; i < CONNECTIONS; i++) {
		struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION,
					      .suite = "TLS_AES_128_GCM_SHA256");
		struct record_client client = record_client(tls);

		record_client_send(&client, RECORD_DATA, request, strlen(request));
		for (int n = 0; kind != NONE && n < RECORDS; n++)
			send_hostile(&client, kind);
		shutdown(client.fd, SHUT_WR);
		/* A good client gets close_notify, the others an error or the mere end. */
		ck_assert_msg((record_client_alert(&client) == 0) == (kind == NONE), "kind %d",
			      kind);
		tls_close(tls);
	}
	return cpu_ms(worker) - before;
}

START_TEST(hostile_records_cost_little)
{
	pid_t worker;

	start("", "EC");
	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	cost_ms(worker, NONE); /* makes what is made once */

	double usual = cost_ms(worker, NONE);
	long memory = memory_kib(worker);

	for (enum hostile kind = EMPTY; kind < HOSTILES; kind++) {
		double cost = cost_ms(worker, kind);

		ck_assert_msg(cost < 3 * usual + 20, "kind %d: %.1f ms, and %.1f ms usually", kind,
			      cost, usual);
	}
	if (!server_is_sanitized)
		ck_assert_int_lt(memory_kib(worker) - memory, 2048);
	stop();
}
END_TEST

/* --- the bytes of a handshake --- */

/* Whether a client may show a certificate of about so many bytes. */
static bool takes_certificate(size_t size)
{
	struct identity identity = identity_create("client", "EC", NULL);
	char *comment = memory_alloc(size + 1);
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	memset(comment, 'a', size);
	ASN1_STRING_set(text, comment, (int)size);
	ck_assert_int_eq(X509_add1_ext_i2d(identity.certificate, NID_netscape_comment, text, 0, 0),
			 1);
	ASN1_IA5STRING_free(text);
	ck_assert_int_gt(X509_sign(identity.certificate, identity.key, EVP_sha256()), 0);

	/* With TLS 1.2 the client waits for the end of the server's handshake. */
	struct tls *tls = tls_connect(server, .version = TLS1_2_VERSION, .identity = &identity);
	bool is_taken = !tls->failed;

	if (is_taken)
		ck_assert_str_eq(tls_get(tls, "/").body, "hello");
	tls_close(tls);
	identity_destroy(&identity);
	return is_taken;
}

/* A ticket would hold the certificate, and OpenSSL makes none of more than 64 KiB. */
START_TEST(a_handshake_has_at_most_64_kib)
{
	start("ssl_verify_client optional_no_ca; ssl_session_tickets off;", "EC");
	ck_assert(takes_certificate(60 * 1024));
	ck_assert(!takes_certificate(66 * 1024));
	ck_assert(takes_certificate(1024));
	stop();
}
END_TEST

/* --- handshakes that wait --- */

/* With OpenSSL 3.0 a handshake that waits has 46 KiB, and would have 55 if it kept its buffers. */
enum { CLIENTS = 2500, WAITING_MAX = 1024, EACH_KIB_MAX = OPENSSL_VERSION_MINOR == 0 ? 52 : 72 };

/* What a client of OpenSSL sends first. NULL: it asks for no name. */
static struct str client_hello(const char *name)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;

	if (name)
		SSL_set_tlsext_host_name(ssl, name);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	ck_assert_int_eq(SSL_connect(ssl), -1);

	long len = BIO_get_mem_data(out, &bytes);
	char *copy = memory_alloc((size_t)len);

	memcpy(copy, bytes, (size_t)len);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return (struct str){ copy, (size_t)len };
}

static void allow_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < CLIENTS + 100)
		test_skip("this process may not open enough connections");
}

/*
 * The worker stands still until all have come. Its threads then have more to do than it allows,
 * since the loop reads a ClientHello much faster than a thread makes a step.
 */
START_TEST(handshakes_that_wait_are_bounded)
{
	struct client **clients = memory_alloc(CLIENTS * sizeof(struct client *));
	struct str hello = client_hello(NULL);
	int closed = 0;
	pid_t worker;

	allow_descriptors();
	start("ssl_handshake_timeout 60s;", "RSA");
	ck_assert_int_eq(server_workers(server, &worker, 1), 1);

	struct tls *established = tls_connect(server);

	ck_assert_str_eq(tls_get(established, "/").body, "hello");

	long memory = memory_kib(worker);

	kill(worker, SIGSTOP);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		client_send_bytes(clients[i], hello.data, hello.len);
	}
	kill(worker, SIGCONT);
	log_wait(server, "1024 TLS handshakes wait for the processor: further clients are refused");
	for (int i = 0; i < 5; i++) /* while others wait */
		ck_assert_str_eq(tls_get(established, "/").body, "hello");
	for (int i = 0; i < CLIENTS; i++) {
		char bytes[16];

		closed += client_read(clients[i], bytes, sizeof(bytes)) == 0;
	}
	ck_assert_int_gt(closed, 0);
	ck_assert_int_le(closed, CLIENTS - WAITING_MAX);
	/* OpenSSL's objects for those that wait for their client, with the buffers freed. */
	long each = (memory_kib(worker) - memory) / (CLIENTS - closed);

	ck_assert_msg(server_is_sanitized || each < EACH_KIB_MAX, "%ld KiB each", each);
	for (int i = 0; i < CLIENTS; i++)
		client_close(clients[i]);
	ck_assert_uint_eq(file_count(server, "/error.log", "wait for the processor"), 1);

	struct tls *late = tls_connect(server);

	ck_assert_str_eq(tls_get(late, "/").body, "hello");
	tls_close(late);
	tls_close(established);
	stop();
}
END_TEST

static bool is_served(const char *name)
{
	struct tls *tls = tls_connect(server, .name = name);
	bool is_served = !tls->failed && strcmp(tls_get(tls, "/").body, "hello") == 0;

	tls_close(tls);
	return is_served;
}

/* While the helper that reads certificates stands still. */
START_TEST(handshakes_that_wait_for_files_are_bounded)
{
	struct str hello = client_hello("missing");
	struct identity identity = identity_create("kept", "EC", NULL);

	allow_descriptors();
	signal(SIGPIPE, SIG_IGN);
	certificates = scratch_create();
	chmod(certificates, 0755);
	identity_put(&identity, certificates, "kept");
	chmod(memory_printf("%s/kept.key", certificates), 0644);
	identity_destroy(&identity);
	server = server_start(memory_printf(
		"worker_processes 1; events { worker_connections 4096; } http { access_log off;"
		"ssl_handshake_timeout 60s; ssl_certificate_cache max=10 inactive=1h valid=1h;"
		"server { listen 127.0.0.1:%%PORT%% ssl backlog=4096; return 200 hello;"
		"ssl_certificate %s/$ssl_server_name.pem;"
		"ssl_certificate_key %s/$ssl_server_name.key; } }",
		certificates, certificates));
	ck_assert(is_served("kept"));

	pid_t helper = server_helper(server, "certificates");

	kill(helper, SIGSTOP);
	for (int i = 0; i < CLIENTS; i++) {
		client_send_bytes(client_open(server), hello.data, hello.len);
		if (i % 32 == 0 && log_has(server, "1024 others wait for their certificates"))
			break;
	}
	log_wait(server, "1024 others wait for their certificates");
	/* Nobody has to wait for this one. */
	ck_assert(is_served("kept"));
	kill(helper, SIGCONT);
	server_forgive(server);
	stop();
}
END_TEST

/* --- memory that others cannot read --- */

/* The files in /proc of a process that is not dumpable belong to root: proc(5). */
static void ck_dumpable(pid_t pid, bool expected)
{
	FILE *file = fopen(memory_printf("/proc/%d/status", pid), "r");
	char line[256];
	unsigned uid = 0;
	struct stat of_files;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, "Uid: %u", &uid) != 1)
		continue;
	fclose(file);
	if (uid == 0)
		test_skip("the worker is root");
	ck_assert_int_eq(stat(memory_printf("/proc/%d/mem", pid), &of_files), 0);
	ck_assert_uint_eq(of_files.st_uid, expected ? uid : 0);
}

/* What a worker that was taken over can do with the zone that it shares: hold its lock. */
static uint32_t *map_zone(void)
{
	const char *folder = memory_printf("/proc/%d/fd", server->pid);
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	void *map = MAP_FAILED;

	ck_assert_ptr_nonnull(dir);
	while (map == MAP_FAILED && (entry = readdir(dir))) {
		const char *path = memory_printf("%s/%s", folder, entry->d_name);
		char target[64] = "";

		if (readlink(path, target, sizeof(target) - 1) < 0 || !strstr(target, "skua zone"))
			continue;
		int fd = open(path, O_RDWR);

		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	closedir(dir);
	ck_assert_ptr_ne(map, MAP_FAILED);
	return map;
}

/* Whether the response to one client has come while the handshake of another waits for the lock. */
static bool is_served_meanwhile(void)
{
	start("server { listen 127.0.0.1:%PORT2%; return 200 hello; }", "EC");

	uint32_t *holder = map_zone(), own = (uint32_t)getpid();
	struct deadline wait = { 0 };

	__atomic_store_n(holder, own, __ATOMIC_RELAXED);

	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);

	while (__atomic_load_n(holder, __ATOMIC_RELAXED) == own)
		deadline_wait(&wait, "the handshake waits for the lock");
	ck_assert_str_eq(ask(server, "/", .port = 1).body, "hello");

	bool still = __atomic_load_n(holder, __ATOMIC_RELAXED) == (own | FUTEX_WAITERS);

	tls_close(tls);
	munmap(holder, 4096);
	server_forgive(server);
	stop();
	return still;
}

/* On a busy machine the patience with the holder may end before the response is there. */
START_TEST(a_handshake_that_waits_for_the_keys_of_tickets_delays_nobody)
{
	int tries = 5;

	while (tries > 0 && !is_served_meanwhile())
		tries--;
	ck_assert_int_gt(tries, 0);
}
END_TEST

START_TEST(a_worker_is_not_dumpable)
{
	pid_t worker;

	if (server_is_sanitized)
		test_skip("the sanitizer needs it");
	for (int core = 0; core < 2; core++) {
		server = server_start(
			memory_printf("%s http { server { listen 127.0.0.1:%%PORT%%; } }",
				      core ? "worker_processes 1; worker_rlimit_core 1m;" :
					     "worker_processes 1;"));
		ck_assert_int_eq(server_workers(server, &worker, 1), 1);
		ck_dumpable(worker, core);
		server_stop(server);
	}
}
END_TEST

TESTS("limits of TLS", records_that_are_too_long, hostile_records_cost_little,
      a_hello_in_a_record_that_is_too_long, a_handshake_has_at_most_64_kib,
      handshakes_that_wait_are_bounded, handshakes_that_wait_for_files_are_bounded,
      a_handshake_that_waits_for_the_keys_of_tickets_delays_nobody, a_worker_is_not_dumpable)
