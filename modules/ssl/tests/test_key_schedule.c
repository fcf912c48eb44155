/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSL's handshakes with our key schedule, against clients with OpenSSL's own, which log their
 * secrets.
 */
#include "harness/memory.h"
#include "harness/test.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <pthread.h>
#include <string.h>

#include "key_schedule.h"
#include "tls_client.h"

static struct key_schedule_secrets logged; /* by the client */

static size_t parse_hex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	ck_assert_uint_le(len, HKDF_HASH_MAX);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)strtoul((char[]){ hex[2 * i], hex[2 * i + 1], 0 }, NULL, 16);
	return len;
}

static void key_logged(const SSL *ssl, const char *line)
{
	const char *hex = strrchr(line, ' ') + 1;

	(void)ssl;
	if (strncmp(line, "CLIENT_TRAFFIC_SECRET_0", 23) == 0)
		logged.client.len = parse_hex(hex, logged.client.secret);
	else if (strncmp(line, "SERVER_TRAFFIC_SECRET_0", 23) == 0)
		logged.server.len = parse_hex(hex, logged.server.secret);
}

static SSL_CTX *context_of_server(void)
{
	SSL_CTX *context = SSL_CTX_new_ex(NULL, key_schedule_query(), TLS_server_method());
	struct identity identity = identity_create("localhost", "EC", NULL);

	ck_assert_int_eq(
		SSL_CTX_use_cert_and_key(context, identity.certificate, identity.key, NULL, 1), 1);
	identity_destroy(&identity);
	return context;
}

static SSL_CTX *context_of_client(void)
{
	SSL_CTX *context = SSL_CTX_new_ex(NULL, "provider=default", TLS_client_method());

	SSL_CTX_set_keylog_callback(context, key_logged);
	return context;
}

/* Two ends whose bytes go through memory. */
struct pair {
	SSL *server, *client;
	struct key_schedule_secrets reported; /* by the server */
};

static struct pair create_pair(SSL_CTX *server, SSL_CTX *client)
{
	struct pair pair = { .server = SSL_new(server), .client = SSL_new(client) };
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());

	BIO_up_ref(up);
	BIO_up_ref(down);
	SSL_set_bio(pair.server, up, down);
	SSL_set_bio(pair.client, down, up);
	return pair;
}

static void destroy_pair(struct pair *pair)
{
	SSL_free(pair->server);
	SSL_free(pair->client);
}

static void shake_hands(struct pair *pair)
{
	int done = 0;

	logged = (struct key_schedule_secrets){ .client.len = 0 };
	for (int turn = 0; turn < 10 && done != 2; turn++) {
		done = SSL_connect(pair->client) == 1;
		key_schedule_report(&pair->reported);
		done += SSL_accept(pair->server) == 1;
		key_schedule_report(NULL);
	}
	ck_assert_int_eq(done, 2);
}

static void check_secrets(const struct pair *pair, size_t len)
{
	uint8_t ours[64], theirs[64];

	ck_assert_uint_eq(logged.client.len, len);
	ck_assert_uint_eq(pair->reported.client.len, len);
	ck_assert_uint_eq(pair->reported.server.len, len);
	ck_assert_mem_eq(pair->reported.client.secret, logged.client.secret, len);
	ck_assert_mem_eq(pair->reported.server.secret, logged.server.secret, len);
	ck_assert_int_eq(SSL_export_keying_material(pair->server, ours, sizeof(ours), "EXPORTER-a",
						    10, NULL, 0, 0), 1);
	ck_assert_int_eq(SSL_export_keying_material(pair->client, theirs, sizeof(theirs),
						    "EXPORTER-a", 10, NULL, 0, 0), 1);
	ck_assert_mem_eq(ours, theirs, sizeof(ours));
}

/* The reported key and iv are those that follow from the secret. */
static void check_keys(const struct key_schedule_secret *secret)
{
	const struct record_suite *suite =
		record_suite(secret->len == 48 ? 0x1302 : secret->key_len == 16 ? 0x1301 : 0x1303);
	struct record_key key;

	ck_assert_int_eq(record_key_init(&key, suite, secret->secret, 0), 0);
	ck_assert_uint_eq(secret->key_len, record_suite_key_len(suite));
	ck_assert_uint_eq(secret->iv_len, sizeof(key.iv));
	ck_assert_mem_eq(secret->key, key.key, secret->key_len);
	ck_assert_mem_eq(secret->iv, key.iv, secret->iv_len);
}

/* Each end sends a byte to the other: the client reads its tickets. */
static void talk(struct pair *pair)
{
	char byte = 0;

	ck_assert_int_eq(SSL_write(pair->server, "a", 1), 1);
	ck_assert_int_eq(SSL_read(pair->client, &byte, 1), 1);
	ck_assert_int_eq(byte, 'a');
	ck_assert_int_eq(SSL_write(pair->client, "b", 1), 1);
	ck_assert_int_eq(SSL_read(pair->server, &byte, 1), 1);
	ck_assert_int_eq(byte, 'b');
}

static const struct {
	const char *suite;
	size_t len;
} suites[] = {
	{ "TLS_AES_128_GCM_SHA256", 32 },
	{ "TLS_AES_256_GCM_SHA384", 48 },
	{ "TLS_CHACHA20_POLY1305_SHA256", 32 },
	{ "TLS_AES_128_CCM_SHA256", 32 },
};

START_TEST(secrets_of_full_and_resumed_handshakes)
{
	SSL_CTX *server = context_of_server(), *client = context_of_client();

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		SSL_CTX_set_ciphersuites(server, suites[i].suite);
		SSL_CTX_set_ciphersuites(client, suites[i].suite);

		struct pair full = create_pair(server, client);

		shake_hands(&full);
		check_secrets(&full, suites[i].len);
		talk(&full);

		struct pair resumed = create_pair(server, client);

		SSL_set_session(resumed.client, SSL_get0_session(full.client));
		shake_hands(&resumed);
		ck_assert(SSL_session_reused(resumed.server));
		check_secrets(&resumed, suites[i].len);
		check_keys(&full.reported.client);
		check_keys(&full.reported.server);
		check_keys(&resumed.reported.client);
		check_keys(&resumed.reported.server);
		ck_assert_mem_ne(resumed.reported.server.secret, full.reported.server.secret,
				 suites[i].len);
		talk(&resumed);
		destroy_pair(&full);
		destroy_pair(&resumed);
	}
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}
END_TEST

START_TEST(secrets_after_a_second_client_hello)
{
	SSL_CTX *server = context_of_server(), *client = context_of_client();
	struct pair pair = create_pair(server, client);

	SSL_set1_groups_list(pair.server, "P-384");
	SSL_set1_groups_list(pair.client, "X25519:P-384");
	shake_hands(&pair);
	check_secrets(&pair, 48);
	SSL_key_update(pair.server, SSL_KEY_UPDATE_REQUESTED);
	talk(&pair);
	talk(&pair);
	destroy_pair(&pair);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}
END_TEST

static void *shake_hands_on_thread(void *pair)
{
	shake_hands(pair);
	return NULL;
}

/* Older versions derive no such secrets, and those of other threads are not reported. */
START_TEST(nothing_else_is_reported)
{
	SSL_CTX *server = context_of_server(), *client = context_of_client();
	struct pair pair = create_pair(server, client);

	SSL_set_max_proto_version(pair.client, TLS1_2_VERSION);
	shake_hands(&pair);
	ck_assert_uint_eq(pair.reported.client.len, 0);
	ck_assert_uint_eq(pair.reported.server.len, 0);
	destroy_pair(&pair);

	struct key_schedule_secrets unused = { .client.len = 0 };
	pthread_t thread;

	pair = create_pair(server, client);
	key_schedule_report(&unused);
	ck_assert_int_eq(pthread_create(&thread, NULL, shake_hands_on_thread, &pair), 0);
	pthread_join(thread, NULL);
	key_schedule_report(NULL);
	ck_assert_uint_eq(unused.client.len + unused.server.len, 0);
	ck_assert_uint_ne(pair.reported.client.len, 0);
	destroy_pair(&pair);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}
END_TEST

/* --- what a caller may not ask --- */

static int derive_by(const char *query, const char *provider, const OSSL_PARAM *params,
		     uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", query);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);

	ck_assert_str_eq(OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(kdf)), provider);

	int result = EVP_KDF_derive(context, out, len, params);

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return result;
}

static int derive(const OSSL_PARAM *params, size_t len)
{
	uint8_t out[64];

	return derive_by(key_schedule_query(), "skua", params, out, len);
}

START_TEST(parameters_that_are_missing_or_wrong)
{
	int expand = EVP_KDF_HKDF_MODE_EXPAND_ONLY, extract = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
	int both = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
	uint8_t key[64] = { 1 };
	const OSSL_PARAM good[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &expand),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, (void *)"tls13 ", 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, (void *)"key", 3),
		OSSL_PARAM_construct_end(),
	};
	const OSSL_PARAM wrong[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &both),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &extract), /* not of "key" */
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"none", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, 31),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, (void *)"dtls13", 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, key, 250),
	};

	ck_assert_int_eq(derive(good, 16), 1);
	for (int i = 0; i < 5; i++) {
		OSSL_PARAM params[6];

		memcpy(params, good, sizeof(good));
		memmove(params + i, params + i + 1, sizeof(params[0]) * (size_t)(5 - i));
		ck_assert_msg(derive(params, 16) != 1, "without parameter %d", i);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		OSSL_PARAM params[6];

		memcpy(params, good, sizeof(good));
		for (int k = 0; k < 5; k++)
			if (strcmp(params[k].key, wrong[i].key) == 0)
				params[k] = wrong[i];
		ck_assert_msg(derive(params, 32) != 1, "wrong parameter %zu", i);
	}
	ck_assert_int_ne(derive(NULL, 16), 1);
}
END_TEST

/* As of suites that OpenSSL may have besides those of RFC 8446. */
START_TEST(another_digest)
{
	int expand = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	uint8_t key[64] = { 1 }, ours[64], theirs[64];
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &expand),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA512", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, 64),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, (void *)"tls13 ", 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, (void *)"key", 3),
		OSSL_PARAM_construct_end(),
	};

	ck_assert_int_eq(derive_by(key_schedule_query(), "skua", params, ours, 64), 1);
	ck_assert_int_eq(derive_by("provider=default", "default", params, theirs, 64), 1);
	ck_assert_mem_eq(ours, theirs, 64);
}
END_TEST

TESTS("key schedule", secrets_of_full_and_resumed_handshakes, secrets_after_a_second_client_hello,
      nothing_else_is_reported, parameters_that_are_missing_or_wrong,
      another_digest)
