/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients with TLS send that is slow, in pieces, or not allowed. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_client.h"

static struct server *server;
static const char *certificates;

static struct server *start(const char *rest)
{
	return server_start(memory_printf("http { ssl_certificate %s/a.pem;"
					  "ssl_certificate_key %s/a.key;"
					  "server { listen 127.0.0.1:%%PORT%% ssl; %s } }",
					  certificates, certificates, rest));
}

static void setup(void)
{
	struct identity identity = identity_create("localhost", "EC", NULL);

	signal(SIGPIPE, SIG_IGN);
	certificates = scratch_create();
	identity_put(&identity, certificates, "a");
	identity_destroy(&identity);
	server = start("");
	put_file(server, "a.txt", "hello");
}

static void teardown(void)
{
	server_stop(server);
	scratch_remove(certificates);
}

START_TEST(a_handshake_has_a_time_limit)
{
	server_stop(server);
	server = start("ssl_handshake_timeout 300ms;");
	for (int sends = 0; sends < 2; sends++) {
		struct client *client = client_open(server);

		if (sends)
			client_send_bytes(client, "\x16\3\1\2\0\1\0", 7);
		ck_assert_uint_eq(client_drain(client), 0);
	}
}
END_TEST

START_TEST(a_hello_in_pieces)
{
	/* OpenSSL's client splits its messages into records of this size. */
	struct tls *tls = tls_connect(server, .name = "localhost", .fragment = 512);

	ck_assert(!tls->failed);
	ck_assert_str_eq(tls_get(tls, "/a.txt").body, "hello");
	tls_close(tls);
}
END_TEST

static struct record_client hostile(void)
{
	return record_client(tls_connect(server, .version = TLS1_3_VERSION));
}

static const char request[] = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n";

START_TEST(records_that_bring_nothing)
{
	static const struct {
		enum record_type type;
		const char *bytes;
		size_t len;
	} cases[] = {
		{ RECORD_DATA, "", 0 },
		{ RECORD_ALERT, "\1\x5a", 2 }, /* user_canceled */
		{ RECORD_HANDSHAKE, "\x18\0\0\1\0", 5 }, /* KeyUpdate */
		{ RECORD_HANDSHAKE, "\x18\0\0\1\1", 5 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record_client client = hostile();

		for (int n = 0; n < 100; n++) {
			record_client_send(&client, cases[i].type, cases[i].bytes, cases[i].len);
			if (cases[i].type == RECORD_HANDSHAKE)
				record_key_update(&client.out, client.suite);
		}
		ck_assert_int_eq(record_client_alert(&client), 10);
		close(client.fd);
	}
}
END_TEST

START_TEST(key_updates_with_records_of_openssl)
{
	static const char big[1 << 20];

	server_stop(server);
	server = start("ssl_records openssl;");
	put_bytes(server, "big", big, sizeof(big));

	struct record_client client = hostile();
	static const char get_big[] = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
	static char bytes[65536];
	size_t received = 0;

	for (int n = 0; n < 100; n++) {
		record_client_send(&client, RECORD_HANDSHAKE, "\x18\0\0\1\0", 5);
		record_key_update(&client.out, client.suite);
	}
	record_client_send(&client, RECORD_DATA, get_big, strlen(get_big));
	for (ssize_t n; (n = recv(client.fd, bytes, sizeof(bytes), 0)) > 0;) {
		received += (size_t)n;
		ck_assert_uint_lt(received, sizeof(bytes)); /* a ticket at most */
	}
	close(client.fd);
}
END_TEST

START_TEST(messages_that_are_not_allowed)
{
	static const struct {
		enum record_type type;
		const char *bytes;
		size_t len;
		int alert;
	} cases[] = {
		{ RECORD_HANDSHAKE, "\1\0\0\1\0", 5, 10 }, /* ClientHello: renegotiation */
		{ RECORD_HANDSHAKE, "\x18\0\0\1\2", 5, 47 },
		{ RECORD_HANDSHAKE, "\x18\0\0\2", 4, 10 },
		{ RECORD_HANDSHAKE, "\x18\0\1\1", 4, 10 },
		{ RECORD_HANDSHAKE, "\4", 1, 10 },
		{ RECORD_HANDSHAKE, "\x18\0\0\1\0\x18\0\0\1\0", 10, 10 },
		{ RECORD_HANDSHAKE, "", 0, 10 },
		{ RECORD_CHANGE_CIPHER_SPEC, "\1", 1, 10 },
		{ 99, "abc", 3, 10 },
		{ RECORD_ALERT, "", 0, 10 },
		{ RECORD_ALERT, "\1", 1, 50 },
		{ RECORD_ALERT, "\1\0\1\0", 4, 50 },
		{ RECORD_ALERT, "\2\x28", 2, -1 }, /* handshake_failure: just the end */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record_client client = hostile();

		record_client_send(&client, cases[i].type, cases[i].bytes, cases[i].len);
		ck_assert_msg(record_client_alert(&client) == cases[i].alert, "case %zu", i);
		close(client.fd);
	}
}
END_TEST

/* Splits a KeyUpdate after each byte; with `between`, a record stands between its parts. */
static void send_split_update(struct record_client *client, size_t at, bool between)
{
	static const char update[] = "\x18\0\0\1\0";

	record_client_send(client, RECORD_HANDSHAKE, update, at);
	if (between)
		record_client_send(client, RECORD_DATA, request, strlen(request));
	record_client_send(client, RECORD_HANDSHAKE, update + at, 5 - at);
	record_key_update(&client->out, client->suite);
}

START_TEST(a_key_update_in_pieces)
{
	struct record_client client = hostile();

	for (size_t at = 1; at < 5; at++)
		send_split_update(&client, at, false);
	record_client_send(&client, RECORD_DATA, request, strlen(request));
	record_client_send(&client, RECORD_ALERT, "\1\0", 2);
	ck_assert_int_eq(record_client_alert(&client), 0); /* after the response */
	close(client.fd);
	for (size_t at = 1; at < 5; at++) {
		client = hostile();
		send_split_update(&client, at, true);
		ck_assert_int_eq(record_client_alert(&client), 10);
		close(client.fd);
	}
	/* Pieces do not evade the budget. */
	client = hostile();
	for (int n = 0; n < 100; n++)
		send_split_update(&client, 2, false);
	ck_assert_int_eq(record_client_alert(&client), 10);
	close(client.fd);
}
END_TEST

/* The rest of the message comes to another process. */
START_TEST(a_key_update_in_pieces_and_a_reload)
{
	struct record_client client = hostile();

	record_client_send(&client, RECORD_HANDSHAKE, "\x18\0\0", 3);
	usleep(50 * 1000);
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	record_client_send(&client, RECORD_HANDSHAKE, "\1\0", 2);
	record_key_update(&client.out, client.suite);
	record_client_send(&client, RECORD_DATA, request, strlen(request));
	record_client_send(&client, RECORD_ALERT, "\1\0", 2);
	ck_assert_int_eq(record_client_alert(&client), 0);
	close(client.fd);
}
END_TEST

START_TEST(flipped_and_repeated_records)
{
	for (int what = 0; what < 4; what++) {
		struct record_client client = hostile();
		uint8_t record[256];
		const struct iovec iov = { (void *)request, strlen(request) };
		ssize_t len = record_seal(client.suite, &client.out, RECORD_DATA, &iov, 1, record);

		if (what == 0)
			record[10] ^= 1;
		else if (what == 1)
			record[len - 1] ^= 0x80;
		else if (what == 2)
			record[4]--;
		(void)!send(client.fd, record, (size_t)len, MSG_NOSIGNAL);
		if (what == 3) /* the first one is good */
			(void)!send(client.fd, record, (size_t)len, MSG_NOSIGNAL);
		ck_assert_int_eq(record_client_alert(&client), 20);
		close(client.fd);
	}
}
END_TEST

START_TEST(records_arrive_in_pieces)
{
	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);
	struct record_client client = record_client(tls);
	uint8_t records[1024];
	size_t len = 0;

	/* One request in as many records as it has bytes, sent byte by byte. */
	for (size_t i = 0; i < strlen(request); i++) {
		const struct iovec iov = { (void *)(request + i), 1 };

		if (len + 64 > sizeof(records)) {
			(void)!send(client.fd, records, len, MSG_NOSIGNAL);
			len = 0;
		}
		len += (size_t)record_seal(client.suite, &client.out, RECORD_DATA, &iov, 1,
					   records + len);
	}
	for (size_t i = 0; i < len; i++)
		(void)!send(client.fd, records + i, 1, MSG_NOSIGNAL);
	ck_assert_str_eq(tls_reply(tls).body, "hello");
	tls_close(tls);
}
END_TEST

static struct tls *connect_for_short_records(int version)
{
	struct tls *tls = tls_connect(server, .version = version,
				      .max_fragment = TLSEXT_max_fragment_length_512);

	ck_assert(!tls->failed);
	return tls;
}

/* The client must keep to it, too. */
static void ck_record_overflow(void)
{
	struct record_client client = record_client(connect_for_short_records(TLS1_3_VERSION));
	char line[600] = "GET /";

	memset(line + 5, 'x', sizeof(line) - 5);
	record_client_send(&client, RECORD_DATA, line, 512);
	record_client_send(&client, RECORD_DATA, line, 513);
	ck_assert_int_eq(record_client_alert(&client), 22);
	close(client.fd);
}

/* RFC 6066 section 4: OpenSSL's client ends the connection at a record that is longer. */
START_TEST(a_client_wants_short_records)
{
	static const char *const directives[] = { "", "ssl_buffer_size 512;", "ssl_buffer_size 8k;",
						  "ssl_records openssl;" };
	static char big[50000];

	memset(big, 'x', sizeof(big));
	for (int i = 0; i < 4; i++) {
		server_stop(server);
		server = start(directives[i]);
		put_bytes(server, "big", big, sizeof(big));
		for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
			struct tls *tls = connect_for_short_records(version);

			ck_assert(tls_get(tls, "/big").is_whole);
			tls_close(tls);
		}
		ck_record_overflow();
	}
}
END_TEST

START_TEST(a_client_wants_short_records_after_a_reload)
{
	static char big[50000];
	struct tls *tls = connect_for_short_records(TLS1_3_VERSION);

	put_bytes(server, "big", big, sizeof(big));
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert(tls_get(tls, "/big").is_whole);
	tls_close(tls);
}
END_TEST

/* Returns when the server has sent as many bytes as the sockets hold. */
static void wait_until_full(const struct tls *tls)
{
	for (int before = -1, now = 0; now != before; usleep(50 * 1000)) {
		before = now;
		ck_assert_int_eq(ioctl(tls->fd, FIONREAD, &now), 0);
	}
}

/* A record with one byte of the response has thirty: what waits for the socket stays bounded. */
START_TEST(tiny_records_for_clients_that_do_not_read)
{
	enum { CLIENTS = 8, KIB_MAX = 256 /* for each of them */ };

	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		server_stop(server);
		server = start("ssl_records openssl; ssl_buffer_size 1;");
		put_large(server);

		struct tls *clients[CLIENTS];

		for (int i = 0; i < CLIENTS; i++) {
			clients[i] = tls_connect(server, .version = version);
			ck_assert_int_eq(tls_get(clients[i], "/none").status, 404);
		}

		long before = server_memory(server);

		for (int i = 0; i < CLIENTS; i++) {
			tls_send(clients[i], "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
			wait_until_full(clients[i]);
		}
		ck_assert_int_lt(server_memory(server) - before, CLIENTS * KIB_MAX);
		for (int i = 0; i < CLIENTS; i++)
			close(clients[i]->fd);
	}
}
END_TEST

/* What is logged is the error of the socket, not that OpenSSL could not write. */
START_TEST(clients_that_reset_their_connections)
{
	static const struct linger now = { .l_onoff = 1 };
	static char bytes[64 * 1024];

	server_stop(server);
	server = start("ssl_buffer_size 100;");
	put_large(server);
	for (int i = 0; i < 100; i++) {
		struct tls *tls = tls_connect(server, .version = TLS1_2_VERSION);

		tls_send(tls, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
		for (ssize_t n, left = 200 * 1000 + 10 * 1000 * i; left > 0; left -= n) {
			n = recv(tls->fd, bytes, sizeof(bytes), 0);
			ck_assert_int_gt(n, 0);
		}
		setsockopt(tls->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(tls->fd);
	}
	ck_assert(!log_has(server, "Protocol error"));
}
END_TEST

TESTS_IN((&(struct test_suite){
		 .name = "records of clients with TLS", .setup = setup, .teardown = teardown }),
	 a_handshake_has_a_time_limit, a_hello_in_pieces, records_that_bring_nothing,
	 key_updates_with_records_of_openssl, messages_that_are_not_allowed, a_key_update_in_pieces,
	 a_key_update_in_pieces_and_a_reload, flipped_and_repeated_records,
	 records_arrive_in_pieces, a_client_wants_short_records,
	 a_client_wants_short_records_after_a_reload, tiny_records_for_clients_that_do_not_read,
	 clients_that_reset_their_connections)
