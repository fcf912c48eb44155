/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol that is agreed on in the handshake (ALPN). */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <string.h>
#include <unistd.h>

#include "tls_client.h"

#include <config.h>

#ifdef HAVE_NGHTTP2
enum { HAS_HTTP2 = true };
#else
enum { HAS_HTTP2 = false };
#endif

static struct server *server;
static const char *certificates;

static void start(void)
{
	if (!HAS_HTTP2)
		test_skip("the program is built without HTTP/2");

	struct identity a = identity_create("localhost", "EC", NULL);

	certificates = scratch_create();
	identity_put(&a, certificates, "a");
	identity_destroy(&a);
	server = server_start(memory_printf(
		"events { } http { access_log off;\n"
		"ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;\n"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name old; return 200 old; }\n"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name new; http2 on;\n"
		"  return 200 $http2; } }",
		certificates, certificates));
}

static void stop(void)
{
	server_stop(server);
	unlink(memory_printf("%s/a.pem", certificates));
	unlink(memory_printf("%s/a.key", certificates));
	rmdir(certificates);
}

static const char *chosen(const struct tls *tls)
{
	const unsigned char *protocol;
	unsigned len;

	SSL_get0_alpn_selected(tls->ssl, &protocol, &len);
	return memory_printf("%.*s", (int)len, len ? (const char *)protocol : "");
}

#define BOTH "\x02h2\x08http/1.1"

START_TEST(the_server_chooses)
{
	static const struct {
		const char *name, *offers, *expected;
	} cases[] = {
		{ "new", BOTH, "h2" },
		{ "new", "\x08http/1.1\x02h2", "h2" },
		{ "new", "\x08http/1.1", "http/1.1" },
		{ "new", NULL, "" },
		{ "old", BOTH, "http/1.1" },
		{ NULL, BOTH, "http/1.1" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls *tls = tls_connect(server, .name = cases[i].name,
					      .protocols = cases[i].offers);

		ck_assert_msg(!tls->failed, "case %zu", i);
		ck_assert_str_eq(chosen(tls), cases[i].expected);
		if (strcmp(cases[i].expected, "h2") != 0)
			ck_assert_int_eq(tls_get(tls, "/").status, 200);
		tls_close(tls);
	}
	ck_assert(tls_connect(server, .name = "old", .protocols = "\x02h2")->failed);
}
END_TEST

/* The connection goes on with HTTP/2: it sends SETTINGS, and a response whose body is "h2". */
START_TEST(the_connection_goes_on_with_it)
{
	static const char request[] =
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
		"\0\0\x08\1\5\0\0\0\1\x82\x87\x84\x41\x03new";
	static const char body[] = "\0\0\2\0\1\0\0\0\1h2";
	struct tls *tls = tls_connect(server, .name = "new", .protocols = BOTH);
	char bytes[4096];
	size_t len = 0;

	ck_assert_int_eq(SSL_write(tls->ssl, request, sizeof(request) - 1), sizeof(request) - 1);
	while (!memmem(bytes, len, body, sizeof(body) - 1)) {
		int n = SSL_read(tls->ssl, bytes + len, (int)(sizeof(bytes) - len));

		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
	ck_assert_int_eq(bytes[3], 4); /* SETTINGS */
	tls_close(tls);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "ALPN", .setup = start, .teardown = stop }),
	 the_server_chooses, the_connection_goes_on_with_it)
