/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration of OpenSSL that demands fips=yes. OpenSSL then finds the algorithms with this
 * property only, which a provider has or lacks.
 */
#include "unit/http_test.h"

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "event/loop.h"
#include "harness/server.h"

/* --- a provider --- */

static OSSL_PROVIDER *genuine, *pretender; /* `genuine` is OpenSSL's default provider */

/*
 * What the default provider has. Its decoders and encoders have the property already. Some of its
 * functions ask for others of its name.
 */
static const OSSL_ALGORITHM *query(void *unused, int operation, int *no_store)
{
	enum { ALGORITHMS_MAX = 256 };
	static OSSL_ALGORITHM copies[OSSL_OP__HIGHEST + 1][ALGORITHMS_MAX];
	const OSSL_ALGORITHM *from = OSSL_PROVIDER_query_operation(genuine, operation, no_store);

	(void)unused;
	if (operation >= OSSL_OP_ENCODER)
		return NULL;
	for (int i = 0; from && from[i].algorithm_names && i < ALGORITHMS_MAX - 1; i++) {
		copies[operation][i] = from[i];
		copies[operation][i].property_definition = "provider=default,fips=yes";
	}
	return copies[operation];
}

static int capabilities(void *unused, const char *capability, OSSL_CALLBACK *found, void *data)
{
	(void)unused;
	return OSSL_PROVIDER_get_capabilities(genuine, capability, found, data);
}

static int init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
		const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))capabilities },
		{ 0, NULL },
	};

	(void)handle;
	(void)core;
	*out = functions;
	*provider = OSSL_PROVIDER_get0_provider_ctx(genuine);
	return 1;
}

static void add_pretender(void)
{
	genuine = OSSL_PROVIDER_load(NULL, "default");
	ck_assert_ptr_nonnull(genuine);
	ck_assert_int_eq(OSSL_PROVIDER_add_builtin(NULL, "pretender", init), 1);
	pretender = OSSL_PROVIDER_load(NULL, "pretender");
	ck_assert_ptr_nonnull(pretender);
}

static void remove_pretender(void)
{
	OSSL_PROVIDER_unload(pretender);
	OSSL_PROVIDER_unload(genuine);
}

/* --- a server in this process, and its client --- */

static const struct listener *start(void)
{
	static const struct log quiet = { .fd = -1 };

	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	ck_assert_int_eq(loop_start(), 0);

	struct http *http = good_http("access_log off; server { listen 127.0.0.1:8080 ssl;"
				      "ssl_self_signed localhost; return 200 '<$ssl_protocol>'; }");

	return &http->listeners.items[0];
}

static SSL *connect_to(const struct listener *listener)
{
	const union address from = { .any.sa_family = AF_UNIX };
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	struct deadline wait = { 0 };
	int ends[2];

	ck_assert_ptr_nonnull(ssl);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert(conn_open(listener, ends[0], &from, sizeof(from.any)));
	SSL_set_fd(ssl, ends[1]);
	while (SSL_connect(ssl) != 1) {
		ck_assert_int_eq(SSL_get_error(ssl, -1), SSL_ERROR_WANT_READ);
		loop_turn(10);
		deadline_wait(&wait, "the handshake is done");
	}
	SSL_CTX_free(context);
	return ssl;
}

static const char *reply_to(SSL *ssl)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	static char text[1024];
	struct deadline wait = { 0 };
	size_t len = 0;

	ck_assert_int_eq(SSL_write(ssl, request, (int)strlen(request)), (int)strlen(request));
	do {
		int n = SSL_read(ssl, text + len, (int)(sizeof(text) - 1 - len));

		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
		loop_turn(10);
		deadline_wait(&wait, "the response is there");
	} while (!strchr(text, '>'));
	return text;
}

static int portable;

static void count_portable(struct conn *conn)
{
	portable += conn_is_portable(conn);
}

/* Whether the connection has our own records, with which it can move. */
static bool has_own_records(void)
{
	const struct listener *listener = start();
	SSL *ssl = connect_to(listener);

	for (int i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(strstr(reply_to(ssl), "<TLSv1.3>"));
	ck_assert_uint_eq(conns.active, 1);
	portable = 0;
	conn_for_each(count_portable);
	SSL_free(ssl);
	return portable == 1;
}

START_TEST(without_demands)
{
	add_pretender();
	ck_assert(has_own_records());
	remove_pretender();
}
END_TEST

START_TEST(a_provider_has_the_property)
{
	add_pretender();
	ck_assert_int_eq(EVP_set_default_properties(NULL, "fips=yes"), 1);
	ck_assert(!has_own_records());
	remove_pretender();
}
END_TEST

START_TEST(no_provider_has_the_property)
{
	ck_assert_int_eq(EVP_set_default_properties(NULL, "fips=yes"), 1);
	ck_assert_ptr_null(load_http("server { listen 127.0.0.1:8080 ssl; ssl_self_signed a; }"));
	ck_assert_msg(strstr(messages, "its configuration demands fips=yes"), "%s", messages);
}
END_TEST

TESTS("OpenSSL with fips=yes", without_demands, a_provider_has_the_property,
      no_provider_has_the_property)
