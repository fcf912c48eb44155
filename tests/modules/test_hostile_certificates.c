/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker that was taken over can ask the helper that reads certificates for. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

/* Makes the worker ask for certs/NAME.pem. */
static void ask_for_certificate(struct server *server, const char *name)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *out = BIO_new(BIO_s_mem());
	struct client *client = client_open_port(server, 1);
	char *bytes;

	SSL_set_tlsext_host_name(ssl, name);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	ck_assert_int_eq(SSL_connect(ssl), -1);

	long len = BIO_get_mem_data(out, &bytes);

	client_send_bytes(client, bytes, (size_t)len);
	log_wait(server, memory_printf("certs/%s.pem\": No such file", name));
	client_close(client);
	SSL_free(ssl);
	SSL_CTX_free(context);
}

START_TEST(wrong_questions_read_nothing)
{
	static const char *const files[] = { "/secret/a.pem", "secret\n",
					     "/secret/a.key", "secret\n",
					     "/certs/good.pem", "good ", "/certs/good.key", "key\n",
					     NULL };
	const struct server_setup setup = {
		.conf = "worker_processes 1; sandbox on; http { access_log off;"
			"server { listen 127.0.0.1:%PORT%; location / { hostile %PORT3%; }"
			"location = / { return 200 ok; } }"
			"server { listen 127.0.0.1:%PORT2% ssl; ssl_certificate_cache off;"
			"ssl_certificate %DIR%/certs/$ssl_server_name.pem;"
			"ssl_certificate_key %DIR%/certs/$ssl_server_name.key; } }",
		.files = files,
	};
	struct server *server = server_start_with(&setup);

	ck_assert_int_eq(symlink("../secret", file_path(server, "/certs/link")), 0);
	get(server, "/before");
	ask_for_certificate(server, "first");
	/* Asked for five times; a descriptor that it did not ask for changes nothing. */
	ck_assert_str_eq(get(server, "/certificates").body,
			 "good key\ngood key\ngood key\ngood key\ngood key\n");
	ck_assert_uint_eq(file_count(server, "/error.log",
				     "asked for a certificate that the configuration cannot name"),
			  1);
	ask_for_certificate(server, "second");
	ck_assert_str_eq(get(server, "/").body, "ok");
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("a hostile worker and certificates", wrong_questions_read_nothing)
