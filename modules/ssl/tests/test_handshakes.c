/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handshake agrees on, what comes with it, and how connections end. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_client.h"

static struct identity ec, rsa;
static struct server *server;
static const char *dir;

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	dir = scratch_create();
	ec = identity_create("localhost", "EC", NULL);
	rsa = identity_create("localhost", "RSA", NULL);
	identity_put(&ec, dir, "ec");
	identity_put(&rsa, dir, "rsa");
}

static void teardown(void)
{
	server_stop(server);
	identity_destroy(&ec);
	identity_destroy(&rsa);
	scratch_remove(dir);
}

static const char *files_of(const char *name)
{
	return memory_printf("ssl_certificate %s/%s.pem; ssl_certificate_key %s/%s.key;", dir, name,
			     dir, name);
}

/* A server with the certificate "ec". */
static void start(const char *rest)
{
	if (server)
		server_stop(server);
	server = server_start(memory_printf("http { %s server { listen 127.0.0.1:%%PORT%% ssl;"
					    "%s } }",
					    files_of("ec"), rest));
}

static void reload(void)
{
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
}

/* --- certificates --- */

static void ck_shown(const struct identity *identity, const struct tls_setup *how)
{
	struct tls *tls = tls_open(server, how);

	ck_assert(!tls->failed);
	ck_assert_int_eq(X509_cmp(SSL_get0_peer_certificate(tls->ssl), identity->certificate), 0);
	ck_assert_str_eq(tls_get(tls, "/").body, "x");
	tls_close(tls);
}

START_TEST(the_client_chooses_between_ecdsa_and_rsa)
{
	/* The directives of the server take the place of those of http. */
	start(memory_printf("%s return 200 x;", files_of("rsa")));
	ck_shown(&rsa, &(struct tls_setup){ .version = TLS1_3_VERSION });
	start(memory_printf("%s %s return 200 x;", files_of("ec"), files_of("rsa")));
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		ck_shown(&ec, &(struct tls_setup){ .version = version,
						   .signatures = "ECDSA+SHA256:RSA-PSS+SHA256" });
		ck_shown(&ec,
			 &(struct tls_setup){ .version = version, .signatures = "ECDSA+SHA256" });
		ck_shown(&rsa,
			 &(struct tls_setup){ .version = version, .signatures = "RSA-PSS+SHA256" });
	}
}
END_TEST

START_TEST(names_are_exact_wildcards_or_patterns)
{
	static const struct {
		const char *name;
		bool is_rsa;
	} cases[] = {
		{ "a.wild.example", true },	{ "A.WILD.example", true },
		{ "wild.example", false },	{ "a.dot.example", true },
		{ "dot.example", true },	{ "r12.pattern.example", true },
		{ "r.pattern.example", false }, { "mail.end", true },
	};

	start(memory_printf("return 200 x; } server { listen 127.0.0.1:%%PORT%% ssl;"
			    "server_name *.wild.example .dot.example mail.* "
			    "~^r\\d+\\.pattern\\.example$; %s return 200 x;",
			    files_of("rsa")));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_shown(cases[i].is_rsa ? &rsa : &ec,
			 &(struct tls_setup){ .name = cases[i].name });
}
END_TEST

/* The ClientHello of OpenSSL with a share of this group, of `len` bytes, of which none is kept. */
static void ck_share_refused(const char *group, uint16_t number, uint16_t len)
{
	const uint8_t head[] = { (uint8_t)(number >> 8), (uint8_t)number, (uint8_t)(len >> 8),
				 (uint8_t)len };
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	struct client *client = client_open(server);
	uint8_t answer[64] = { 0 };
	char *bytes;

	SSL_set1_groups_list(ssl, group);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	ck_assert_int_eq(SSL_connect(ssl), -1);

	long hello_len = BIO_get_mem_data(SSL_get_wbio(ssl), &bytes);
	char *share = memmem(bytes, (size_t)hello_len, head, sizeof(head));

	ck_assert_ptr_nonnull(share);
	memset(share + sizeof(head), 0, len);
	client_send_bytes(client, bytes, (size_t)hello_len);
	ck_assert_uint_eq(client_read(client, answer, sizeof(answer)), 7);
	ck_assert_int_eq(answer[0], RECORD_ALERT);
	ck_assert_int_eq(answer[5], 2); /* fatal */
	ck_assert_uint_eq(client_drain(client), 0);
	SSL_free(ssl);
	SSL_CTX_free(context);
}

/* RFC 8446 section 7.4.2, and 4.2.8.2 for what is no point of the curve. */
START_TEST(a_share_that_gives_no_secret)
{
	start("return 200 x;");
	ck_share_refused("X25519", 0x1d, 32);
	ck_share_refused("P-256", 0x17, 65);
	ck_shown(&ec, &(struct tls_setup){ .version = TLS1_3_VERSION });
}
END_TEST

/* --- records --- */

/* Own records are for suites that this module knows. */
START_TEST(a_suite_without_own_records)
{
	start("ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256; return 200 $ssl_cipher;");

	struct tls *tls = tls_connect(server, .suite = "TLS_AES_128_CCM_SHA256");

	ck_assert(!tls->failed);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(tls_get(tls, "/").body, "TLS_AES_128_CCM_SHA256");
	/* OpenSSL's records do not move to another process. */
	reload();
	ck_assert(tls_ends_orderly(tls));
	tls_close(tls);
}
END_TEST

/* Records without padding are own ones, which move to another process. */
START_TEST(a_padding_that_is_none)
{
	static const char *const values[] = { "0", "1", "512; ssl_conf_command RecordPadding 0" };

	for (int i = 0; i < 3; i++) {
		start(memory_printf("ssl_conf_command RecordPadding %s; return 200 x;", values[i]));

		struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);

		ck_assert_str_eq(tls_get(tls, "/").body, "x");
		reload();
		ck_assert_str_eq(tls_get(tls, "/").body, "x");
		tls_close(tls);
	}
}
END_TEST

static SSL_SESSION *session_of(int version)
{
	struct tls *tls = tls_connect(server, .version = version);

	ck_assert_int_eq(tls_get(tls, "/").status, 200);

	SSL_SESSION *session = SSL_get1_session(tls->ssl);

	tls_close(tls);
	return session;
}

START_TEST(early_data_is_refused)
{
	static const char early[] = "GET /early HTTP/1.1\r\nHost: a\r\n\r\n";

	start("return 200 \"$request_uri $ssl_session_reused\";");

	SSL_SESSION *session = session_of(TLS1_3_VERSION);
	struct tls *tls = tls_connect(server, .session = session, .early_data = early);

	ck_assert(!tls->failed);
	ck_assert_int_eq(SSL_get_early_data_status(tls->ssl), SSL_EARLY_DATA_REJECTED);
	/* Nobody has read it. */
	ck_assert_str_eq(tls_get(tls, "/late").body, "/late r");
	tls_close(tls);
	SSL_SESSION_free(session);
}
END_TEST

static void send_all(SSL *ssl, struct client *client)
{
	char *bytes;
	long len = BIO_get_mem_data(SSL_get_wbio(ssl), &bytes);

	if (len > 0)
		client_send_bytes(client, bytes, (size_t)len);
	(void)BIO_reset(SSL_get_wbio(ssl));
}

static void receive_some(SSL *ssl, struct client *client)
{
	char bytes[4096];
	size_t len = client_read(client, bytes, sizeof(bytes));

	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(BIO_write(SSL_get_rbio(ssl), bytes, (int)len), (int)len);
}

/* A client whose first bytes stand in the same segment as the last message of its handshake. */
struct early {
	SSL_CTX *context;
	SSL *ssl;
	struct client *client;
	char reply[1024];
	size_t len;
};

static struct early *early_open(int version, SSL_SESSION *session)
{
	struct early *early = memory_alloc(sizeof(*early));

	*early = (struct early){ .context = SSL_CTX_new(TLS_client_method()),
				 .client = client_open(server) };
	SSL_CTX_set_min_proto_version(early->context, version);
	SSL_CTX_set_max_proto_version(early->context, version);
	early->ssl = SSL_new(early->context);
	SSL_set_bio(early->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (session)
		SSL_set_session(early->ssl, session);
	while (SSL_connect(early->ssl) != 1) {
		send_all(early->ssl, early->client);
		receive_some(early->ssl, early->client);
	}
	ck_assert_int_eq(SSL_session_reused(early->ssl), session != NULL);
	return early;
}

static void early_send(struct early *early, const char *text)
{
	ck_assert_int_eq(SSL_write(early->ssl, text, (int)strlen(text)), (int)strlen(text));
	send_all(early->ssl, early->client);
}

/* Reads until the reply holds the text. */
static void early_read(struct early *early, const char *text)
{
	while (!strstr(early->reply, text)) {
		int n = SSL_read(early->ssl, early->reply + early->len,
				 (int)(sizeof(early->reply) - 1 - early->len));

		if (n > 0)
			early->len += (size_t)n;
		else
			receive_some(early->ssl, early->client);
		ck_assert_uint_lt(early->len, sizeof(early->reply) - 1);
	}
}

static void early_close(struct early *early)
{
	SSL_free(early->ssl);
	SSL_CTX_free(early->context);
	client_close(early->client);
}

static const char early_request[] = "GET /at-once HTTP/1.1\r\nHost: a\r\n\r\n";

/* Returns how many segments the server has sent, and how long it took to respond. */
static unsigned ck_request_behind_handshake(int version, SSL_SESSION *session, long *took_ms)
{
	struct early *early = early_open(version, session);
	long began = now_ms();

	early_send(early, early_request);
	early_read(early, "\r\n\r\n/at-once");
	*took_ms = now_ms() - began;

	unsigned segments = client_segments(early->client);

	early_close(early);
	return segments;
}

START_TEST(a_request_comes_with_the_handshake)
{
	static const char *const records[] = { "own", "openssl" };
	long took;

	for (int i = 0; i < 2; i++) {
		start(memory_printf("ssl_records %s; return 200 $request_uri;", records[i]));
		ck_request_behind_handshake(TLS1_3_VERSION, NULL, &took);
		for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
			SSL_SESSION *session = session_of(version);

			ck_request_behind_handshake(version, session, &took);
			SSL_SESSION_free(session);
		}
	}
}
END_TEST

START_TEST(tickets_leave_with_the_first_response)
{
	start("return 200 $request_uri;");

	SSL_SESSION *session = session_of(TLS1_3_VERSION);
	long took;

	ck_assert_uint_eq(ck_request_behind_handshake(TLS1_3_VERSION, NULL, &took), 2);
	ck_assert_uint_eq(ck_request_behind_handshake(TLS1_3_VERSION, session, &took), 2);
	SSL_SESSION_free(session);
}
END_TEST

START_TEST(tickets_do_not_wait_for_a_request)
{
	start("return 200 x;");
	/* A thread makes all steps of the first one, with the keys of tickets. */
	for (int i = 0; i < 3; i++) {
		struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);
		struct pollfd ticket = { .fd = tls->fd, .events = POLLIN };

		ck_assert_int_eq(poll(&ticket, 1, 1000 * test_seconds()), 1);
		ck_assert_str_eq(tls_get(tls, "/").body, "x");
		ck_assert_int_eq(SSL_SESSION_has_ticket(SSL_get0_session(tls->ssl)), 1);
		tls_close(tls);
	}
}
END_TEST

/* The client has its ticket before it has sent its whole request, which it does then. */
static void ck_ticket_comes(struct early *early, const char *target, const char *rest)
{
	char none;
	struct deadline wait = { 0 };

	while (!SSL_SESSION_has_ticket(SSL_get0_session(early->ssl))) {
		receive_some(early->ssl, early->client);
		ck_assert_int_eq(SSL_read(early->ssl, &none, 1), -1);
		deadline_wait(&wait, "the ticket comes");
	}
	early_send(early, rest);
	early_read(early, memory_printf("\r\n\r\n%s", target));
	early_close(early);
}

START_TEST(tickets_do_not_wait_for_the_whole_request)
{
	struct early *early;

	start("return 200 $request_uri;");
	SSL_SESSION_free(session_of(TLS1_3_VERSION)); /* the keys of tickets are there */

	early = early_open(TLS1_3_VERSION, NULL);
	early_send(early, "GET /half ");
	ck_ticket_comes(early, "/half", "HTTP/1.1\r\nHost: a\r\n\r\n");

	/* The answer to the update comes before the response. */
	early = early_open(TLS1_3_VERSION, NULL);
	ck_assert_int_eq(SSL_key_update(early->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
	early_send(early, "GET /update ");
	ck_ticket_comes(early, "/update", "HTTP/1.1\r\nHost: a\r\n\r\n");

	early = early_open(TLS1_3_VERSION, NULL);
	early_send(early, "GET /reload ");
	reload();
	ck_ticket_comes(early, "/reload", "HTTP/1.1\r\nHost: a\r\n\r\n");
}
END_TEST

/* A request that has come as a whole may have to wait, too. */
START_TEST(tickets_do_not_wait_for_a_late_response)
{
	start("location / { return 200 x; } location /slow { limit_req zone=slow burst=9; } }"
	      "limit_req_zone all zone=slow:1m rate=1r/m; server {"
	      "listen 127.0.0.1:%PORT2%; ");
	put_file(server, "slow", "/slow");
	SSL_SESSION_free(session_of(TLS1_3_VERSION));

	for (int i = 0; i < 2; i++) {
		struct early *early = early_open(TLS1_3_VERSION, NULL);

		early_send(early, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
		if (i == 0)
			early_read(early, "\r\n\r\n/slow");
		else
			receive_some(early->ssl, early->client); /* a response takes a minute */
		early_close(early);
	}
}
END_TEST

/*
 * The client has not acknowledged the ticket when the first response is sent: its kernel waits 40
 * ms for something to send with the acknowledgement.
 */
START_TEST(the_first_response_does_not_wait)
{
	enum { TRIES = 10 };
	long shortest = 1000, took;

	/* The ticket has a segment of its own. */
	start("ssl_records openssl; return 200 $request_uri;");
	for (int i = 0; i < TRIES; i++) {
		ck_request_behind_handshake(TLS1_3_VERSION, NULL, &took);
		if (took < shortest)
			shortest = took;
	}
	ck_assert_int_lt(shortest, 30);
}
END_TEST

/* --- ends --- */

static const struct tls_setup kinds[] = {
	{ .version = TLS1_2_VERSION },
	{ .version = TLS1_3_VERSION },
	{ .suite = "TLS_AES_128_CCM_SHA256" }, /* with OpenSSL's records */
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* The connection of each kind, after a response. */
static void open_kinds(struct tls *of[KINDS])
{
	for (int i = 0; i < KINDS; i++) {
		of[i] = tls_open(server, &kinds[i]);
		ck_assert(!of[i]->failed);
		ck_assert_str_eq(tls_get(of[i], "/").body, "x");
	}
}

static void ck_end(struct tls *of[KINDS], const char *how)
{
	for (int i = 0; i < KINDS; i++) {
		ck_assert_msg(tls_ends_orderly(of[i]), "%s: connection %d", how, i);
		tls_close(of[i]);
	}
}

static void start_for_ends(const char *rest)
{
	start(memory_printf("ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:"
			    "TLS_AES_128_CCM_SHA256; location / { return 200 x; } %s",
			    rest));
}

START_TEST(each_orderly_end_is_announced)
{
	static const char *const lasts[] = {
		"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", /* 400 */
	};
	struct tls *of[KINDS];

	start_for_ends("keepalive_timeout 300ms;");
	open_kinds(of);
	ck_end(of, "keepalive_timeout");
	start_for_ends("keepalive_requests 1;");
	open_kinds(of);
	ck_end(of, "keepalive_requests");
	start_for_ends("");
	for (size_t last = 0; last < sizeof(lasts) / sizeof(lasts[0]); last++) {
		open_kinds(of);
		for (int i = 0; i < KINDS; i++) {
			tls_send(of[i], lasts[last]);
			ck_assert_int_eq(tls_reply(of[i]).status, last == 2 ? 400 : 200);
		}
		ck_end(of, lasts[last]);
	}
	open_kinds(of);
	kill(server->pid, SIGQUIT);
	ck_end(of, "QUIT");
}
END_TEST

/* --- sessions --- */

START_TEST(any_worker_resumes_a_session)
{
	struct deadline wait = { 0 };

	server = server_start(
		memory_printf("worker_processes 3; events { accept_mode handoff; } http {"
			      "server { listen 127.0.0.1:%%PORT%% ssl; %s"
			      "return 200 \"$pid $ssl_session_reused\"; } }",
			      files_of("ec")));
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls *tls = tls_connect(server, .version = version);
		int pid = atoi(tls_get(tls, "/").body), other;
		SSL_SESSION *session = SSL_get1_session(tls->ssl);

		do {
			struct tls *again =
				tls_connect(server, .version = version, .session = session);
			const char *body = tls_get(again, "/").body;

			ck_assert_msg(strstr(body, " r") != NULL, "%s", body);
			other = atoi(body);
			tls_close(again);
		} while (other == pid && deadline_wait(&wait, "another worker serves"));
		tls_close(tls);
		SSL_SESSION_free(session);
	}
}
END_TEST

/* A server whose tickets are sealed with the key of this name. */
static void start_with_key(const char *name)
{
	const char *path = memory_printf("%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "%-80s", name);
	fclose(file);
	start(memory_printf("ssl_session_ticket_key %s; return 200 $pid;", path));
}

static int threads_of(int pid)
{
	DIR *tasks = opendir(memory_printf("/proc/%d/task", pid));
	int count = -2; /* "." and ".." */

	ck_assert_ptr_nonnull(tasks);
	while (readdir(tasks))
		count++;
	closedir(tasks);
	return count;
}

/* How many threads a new server with this key has after handshakes with the session. */
static int threads_after(int handshakes, const char *key, SSL_SESSION *session, bool resumes)
{
	int pid = 0;

	start_with_key(key);
	for (int i = 0; i < handshakes; i++) {
		SSL_SESSION *copy = SSL_SESSION_dup(session); /* OpenSSL uses each once */
		struct tls *tls = tls_connect(server, .session = copy);

		ck_assert_int_eq(SSL_session_reused(tls->ssl), resumes);
		pid = atoi(tls_get(tls, "/").body);
		SSL_SESSION_free(copy);
	}
	return threads_of(pid);
}

/* A session whose ticket has the name of the key, and is not valid. */
static SSL_SESSION *forged(SSL_SESSION *session)
{
	uint8_t copy[4096], *end = copy;
	const uint8_t *ticket, *begin = copy;
	size_t len;
	int size = i2d_SSL_SESSION(session, NULL);

	ck_assert(size > 0 && (size_t)size <= sizeof(copy));
	i2d_SSL_SESSION(session, &end);
	SSL_SESSION_get0_ticket(session, &ticket, &len);

	uint8_t *found = memmem(copy, (size_t)size, ticket, len);

	ck_assert_ptr_nonnull(found);
	found[len - 1] ^= 1;

	SSL_SESSION *changed = d2i_SSL_SESSION(NULL, &begin, size);

	ck_assert_ptr_nonnull(changed);
	return changed;
}

/* On a busy machine the loop may have something else to do, or a second may pass between two. */
START_TEST(a_quiet_loop_resumes_sessions_without_a_thread)
{
	struct deadline wait = { 0 };

	start_with_key("one");

	SSL_SESSION *session = session_of(TLS1_3_VERSION), *bad = forged(session);

	while (threads_after(3, "one", session, true) > 1)
		deadline_wait(&wait, "the loop resumes sessions");
	ck_assert_int_gt(threads_after(1, "two", session, false), 1);
	/* A client that pretends to resume is believed once a second. */
	while (threads_after(1, "one", bad, false) > 1)
		deadline_wait(&wait, "the loop believes a ticket with the name of the key");
	while (threads_after(2, "one", bad, false) == 1)
		deadline_wait(&wait, "a thread makes the handshake of a client that pretends");
	SSL_SESSION_free(session);
	SSL_SESSION_free(bad);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "handshakes", .setup = setup, .teardown = teardown }),
	 the_client_chooses_between_ecdsa_and_rsa, names_are_exact_wildcards_or_patterns,
	 a_share_that_gives_no_secret, a_suite_without_own_records, a_padding_that_is_none,
	 early_data_is_refused, a_request_comes_with_the_handshake,
	 tickets_leave_with_the_first_response, tickets_do_not_wait_for_a_request,
	 tickets_do_not_wait_for_the_whole_request, tickets_do_not_wait_for_a_late_response,
	 the_first_response_does_not_wait, each_orderly_end_is_announced,
	 any_worker_resumes_a_session, a_quiet_loop_resumes_sessions_without_a_thread)
