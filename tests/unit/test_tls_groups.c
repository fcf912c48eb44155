/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of groups, of those above all that OpenSSL does not know. */
#include "unit/http_test.h"

#include <signal.h>

#include "event/loop.h"
#include "unit/tls_peer.h"

static const struct {
	uint32_t group;
	const char *name;
} cases[] = {
	{ TLSEXT_nid_unknown | 0x11eb, "SecP256r1MLKEM768" },
	{ TLSEXT_nid_unknown | 0x11ec, "X25519MLKEM768" },
	{ TLSEXT_nid_unknown | 0x11ed, "SecP384r1MLKEM1024" },
	{ TLSEXT_nid_unknown | 0x6399, "X25519Kyber768Draft00" },
	{ TLSEXT_nid_unknown | 0x7a7a, "0x7a7a" },
	{ NID_X25519, "X25519" },
	{ NID_X9_62_prime256v1, "prime256v1" },
	{ 0xffffff, "" }, /* from a process with another OpenSSL */
};

START_TEST(of_the_key_exchange)
{
	static const struct log quiet = { .fd = -1 };
	static char state[TRANSPORT_EXPORTED_MAX];

	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	ck_assert_int_eq(loop_start(), 0);
	clock_stop_at(1000000);

	struct http *http = good_http("access_log off; server { " TLS_PEER_SERVER
				      " location / { return 200 <$ssl_curve>; } }");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_peer peer = { .group = cases[i].group };
		size_t len = tls_peer_state(&peer, state, sizeof(state));
		const char *request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
		char text[4096] = "";
		uint8_t record[512];

		ck_assert(tls_peer_connect(&peer, &http->listeners.items[0],
					   (struct str){ state, len }));
		len = tls_peer_seal(&peer, RECORD_DATA, request, strlen(request), 0, record);
		ck_assert_int_eq(send(peer.fd, record, len, 0), (int)len);
		while (loop_turn(0))
			continue;
		tls_peer_read(&peer, text, sizeof(text));
		ck_assert_msg(strstr(text, memory_printf("<%s>", cases[i].name)) != NULL,
			      "case %zu: %s", i, text);
		close(peer.fd);
	}
}
END_TEST

static SSL_CTX *context_of_server(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	ck_assert_int_eq(SSL_CTX_use_cert_and_key(context, certificate, key, NULL, 1), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

/*
 * A ClientHello of OpenSSL whose second and third group are replaced. The server answers it, and
 * knows all that the client has offered.
 */
START_TEST(that_a_client_offers)
{
	static const uint8_t offered[] = { 0, 0x1d, 0, 0x19, 0, 0x1e };
	static const uint8_t replaced[] = { 0, 0x1d, 0x11, 0xec, 0x7a, 0x7a };
	SSL_CTX *server_context = context_of_server();
	SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(server_context), *client = SSL_new(client_context);
	BIO *hello = BIO_new(BIO_s_mem());
	char *bytes;

	SSL_set1_groups_list(client, "X25519:P-521:X448");
	SSL_set_bio(client, BIO_new(BIO_s_mem()), hello);
	ck_assert_int_eq(SSL_connect(client), -1);

	long len = BIO_get_mem_data(hello, &bytes);
	char *groups = memmem(bytes, (size_t)len, offered, sizeof(offered));

	ck_assert_ptr_nonnull(groups);
	memcpy(groups, replaced, sizeof(replaced));
	/* It would ask for a share of X25519MLKEM768 first if it knew that group. */
	SSL_set1_groups_list(server, "X25519");
	SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	BIO_write(SSL_get_rbio(server), bytes, (int)len);
	ck_assert_int_eq(SSL_accept(server), -1);

	struct ssl_facts *facts = ssl_facts_create(server, STR(""), 1u << FACT_CURVES);

	ck_assert_ptr_nonnull(facts);
	assert_str(ssl_fact(facts, FACT_CURVES), "X25519:X25519MLKEM768:0x7a7a");
	free(facts);
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(server_context);
	SSL_CTX_free(client_context);
}
END_TEST

TESTS("groups of TLS", of_the_key_exchange, that_a_client_offers)
