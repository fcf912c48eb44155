/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an idle connection keeps in memory when it has received a body and has sent a large file:
 * with the records of Skua two keys, with those of OpenSSL its objects, and in neither case a
 * buffer.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tls_client.h"

enum {
	CONNECTIONS = 100,
	LARGE = 2 << 20,

	/* KiB for each connection. With OpenSSL 3.0 there are 3 and 15. */
	OWN_MAX = 8,
	OPENSSL_MAX = OPENSSL_VERSION_MINOR == 0 ? 24 : 36,
};

static const char *dir;

static void setup(void)
{
	struct identity own = identity_create("localhost", "EC", NULL);

	signal(SIGPIPE, SIG_IGN);
	dir = scratch_create();
	identity_put(&own, dir, "a");
	identity_destroy(&own);
}

static void teardown(void)
{
	scratch_remove(dir);
}

static struct server *serve(const char *records)
{
	static const char bytes[LARGE];
	struct server *server = server_start(memory_printf(
		"worker_processes 1; events { worker_connections 500; } http { access_log off;"
		"ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key; ssl_records %s;"
		"server { listen 127.0.0.1:%%PORT%% ssl; root %%DIR%%/html; } }",
		dir, dir, records));

	put_bytes(server, "large", bytes, sizeof(bytes));
	return server;
}

/* Sends a body in full records, reads all of the response, and keeps nothing. */
static void exchange(struct tls *tls)
{
	static char bytes[64 * 1024];
	size_t len = 0, wanted = LARGE;

	tls_send(tls, memory_printf("GET /large HTTP/1.1\r\nHost: localhost\r\n"
				    "Content-Length: %zu\r\n\r\n",
				    sizeof(bytes)));
	ck_assert_int_eq(SSL_write(tls->ssl, bytes, sizeof(bytes)), sizeof(bytes));
	while (len < wanted) {
		int n = SSL_read(tls->ssl, bytes, sizeof(bytes) - 1);

		ck_assert_int_gt(n, 0);
		if (len == 0) {
			bytes[n] = '\0';
			ck_assert_ptr_nonnull(strstr(bytes, "\r\n\r\n"));
			wanted += (size_t)(strstr(bytes, "\r\n\r\n") + 4 - bytes);
		}
		len += (size_t)n;
	}
	ck_assert_uint_eq(len, wanted);
}

static void ck_kept(const char *records, int version, int most_kib)
{
	struct server *server = serve(records);
	long before = 0;

	/* One after another. The first ones bring memory that all have in common. */
	for (int i = -10; i < CONNECTIONS; i++) {
		exchange(tls_connect(server, .version = version));
		if (i == -1)
			before = server_memory(server);
	}

	double each = (double)(server_memory(server) - before) / CONNECTIONS;

	printf("ssl_records %s, version %x: %.1f KiB a connection\n", records, (unsigned)version,
	       each);
	ck_assert_msg(each < most_kib, "ssl_records %s, version %x: %.1f KiB a connection, not %d",
		      records, (unsigned)version, each, most_kib);
	server_stop(server);
}

START_TEST(an_idle_connection_keeps_no_buffer)
{
	ck_kept("own", TLS1_3_VERSION, OWN_MAX);
	ck_kept("openssl", TLS1_3_VERSION, OPENSSL_MAX);
	ck_kept("own", TLS1_2_VERSION, OPENSSL_MAX);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "idle memory", .setup = setup, .teardown = teardown }),
	 an_idle_connection_keeps_no_buffer)
