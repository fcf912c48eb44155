/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and keys: the forms that files have, and what is wrong with them. */
#include "unit/http_test.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <unistd.h>

#include "../../modules/ssl/connection_private.h"
#include "../../modules/ssl/self_signed.h"

struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

static struct identity ec, rsa, ed25519;

static struct identity identity_of(EVP_PKEY *key, const EVP_MD *digest)
{
	struct identity made = { key, X509_new() };

	X509_gmtime_adj(X509_getm_notBefore(made.certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(made.certificate), 86400);
	ck_assert_int_eq(X509_set_pubkey(made.certificate, key), 1);
	ck_assert_int_gt(X509_sign(made.certificate, key, digest), 0);
	return made;
}

static void free_identity(struct identity *identity)
{
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
}

static void make_identities(void)
{
	if (ec.key)
		return;
	ec = identity_of(EVP_EC_gen("P-256"), EVP_sha256());
	rsa = identity_of(EVP_RSA_gen(2048), EVP_sha256());
	ed25519 = identity_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
}

static const char *take_text(BIO *bio)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);
	const char *text = memory_printf("%.*s", (int)len, bytes);

	BIO_free(bio);
	return text;
}

static const char *certificate_text(const struct identity *identity)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, identity->certificate);
	return take_text(bio);
}

enum form { PKCS8, TRADITIONAL, ENCRYPTED_PKCS8, ENCRYPTED_TRADITIONAL };

static const char *key_text(const struct identity *identity, enum form form)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const EVP_CIPHER *cipher = form < ENCRYPTED_PKCS8 ? NULL : EVP_aes_128_cbc();
	unsigned char *password = cipher ? (unsigned char *)"secret" : NULL;

	if (form == PKCS8 || form == ENCRYPTED_PKCS8)
		PEM_write_bio_PKCS8PrivateKey(bio, identity->key, cipher, NULL, 0, NULL, password);
	else
		PEM_write_bio_PrivateKey_traditional(bio, identity->key, cipher, password,
						     cipher ? 6 : 0, NULL, NULL);
	return take_text(bio);
}

static const char *server_text(const char *certificate, const char *key)
{
	return memory_printf("server { listen 127.0.0.1:8080 ssl; ssl_certificate \"data:%s\";"
			     "ssl_certificate_key \"data:%s\"; }",
			     certificate, key);
}

static const struct ssl_settings *settings_of(struct http *http, const char *host)
{
	struct request *req = request_for(http, host, "/");

	request_set_location(
		req, request_find_server(req, http_vhosts(request_core(req)->pub.conn))->top);

	const struct ssl_conf *conf = request_conf(req, &ssl_module);

	end_request(req);
	return conf->settings;
}

static struct ssl_certificate *certificate_of(struct http *http, const char *host)
{
	const struct ssl_settings *settings = settings_of(http, host);

	ck_assert_uint_eq(settings->certificates_count, 1);
	return settings->certificates[0];
}

static void ck_key(struct http *http, const struct identity *identity)
{
	const struct ssl_certificate *certificate = certificate_of(http, "");

	ck_assert_int_eq(EVP_PKEY_eq(certificate->key, identity->key), 1);
	ck_assert_int_eq(X509_check_private_key(identity->certificate, certificate->key), 1);
}

/* More than once: what was read before must not matter. */
START_TEST(forms_of_keys)
{
	const struct identity *const identities[] = { &ec, &rsa, &ed25519 };

	make_identities();
	for (int i = 0; i < 9; i++) {
		const struct identity *identity = identities[i % 3];
		enum form form = i % 2 && identity != &ed25519 ? TRADITIONAL : PKCS8;
		const char *key = key_text(identity, form);

		ck_assert_ptr_nonnull(strstr(key, form == PKCS8	  ? "BEGIN PRIVATE KEY" :
						  identity == &ec ? "BEGIN EC PRIVATE KEY" :
								    "BEGIN RSA PRIVATE KEY"));
		ck_key(good_http(server_text(certificate_text(identity), key)), identity);
	}
}
END_TEST

START_TEST(blocks_before_the_key)
{
	static const char parameters[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
					 "-----END EC PARAMETERS-----\n";

	make_identities();

	const char *certificate = certificate_text(&ec), *key = key_text(&ec, TRADITIONAL);

	ck_key(good_http(server_text(certificate, memory_printf("%s%s", parameters, key))), &ec);
	ck_key(good_http(server_text(certificate, memory_printf("%s%s", certificate, key))), &ec);
	ck_key(good_http(server_text(certificate, memory_printf("# a remark\n%s", key))), &ec);
	/* The first key counts. */
	key = memory_printf("%s%s", key_text(&ec, PKCS8), key_text(&rsa, PKCS8));
	ck_key(good_http(server_text(certificate, key)), &ec);
}
END_TEST

START_TEST(keys_with_passwords)
{
	char path[] = "/tmp/skua-passwords-XXXXXX";
	int fd = mkstemp(path);

	make_identities();
	ck_assert_int_eq(write(fd, "wrong\nsecret\n", 13), 13);
	close(fd);
	for (enum form form = PKCS8; form <= ENCRYPTED_TRADITIONAL; form++) {
		const char *server = server_text(certificate_text(&rsa), key_text(&rsa, form));

		ck_key(good_http(memory_printf("ssl_password_file %s; %s", path, server)), &rsa);
		if (form < ENCRYPTED_PKCS8)
			continue;
		ck_assert_ptr_null(load_http(server));
		assert_says("a key with a password needs ssl_password_file");
		/* It was read for the first of the servers, which has the passwords. */
		ck_assert_ptr_null(load_http(memory_printf("server { ssl_password_file %s; %s %s",
							   path, server + 8, server)));
		assert_says("a key with a password needs ssl_password_file");
	}
	unlink(path);
}
END_TEST

START_TEST(what_is_no_key)
{
	make_identities();

	const char *certificate = certificate_text(&ec), *key = key_text(&ec, PKCS8);
	char *broken = memory_printf("%s", key);

	memset(strchr(broken, '\n') + 30, 'A', 20);

	const char *const cases[] = { "", "nothing", certificate, broken,
				      memory_printf("%.*s", (int)strlen(key) - 30, key) };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(!load_http(server_text(certificate, cases[i])), "case %zu", i);
		assert_says("this is not a private key that can be read: ");
		ck_key(good_http(server_text(certificate, key)), &ec);
	}
	ck_assert_ptr_null(load_http(server_text(certificate, key_text(&rsa, PKCS8))));
	assert_says("this is not the key of the certificate");
}
END_TEST

START_TEST(servers_with_the_same_files_share_them)
{
	make_identities();

	const char *pair = memory_printf("ssl_certificate \"data:%s\"; ssl_certificate_key "
					 "\"data:%s\";",
					 certificate_text(&ec), key_text(&ec, PKCS8));
	struct http *http = good_http(memory_printf(
		"server { listen 127.0.0.1:8080 ssl; server_name a; %s }"
		"server { listen 127.0.0.1:8080 ssl; server_name b; %s }"
		"server { listen 127.0.0.1:8080 ssl; server_name c; ssl_certificate \"data:%s\";"
		"ssl_certificate_key \"data:%s\"; }",
		pair, pair, certificate_text(&rsa), key_text(&rsa, PKCS8)));

	ck_assert_ptr_eq(certificate_of(http, "a"), certificate_of(http, "b"));
	ck_assert_ptr_ne(certificate_of(http, "a"), certificate_of(http, "c"));
}
END_TEST

/* --- texts that OpenSSL reads, too --- */

static const struct str_list no_passwords = { NULL, 0 };

static enum certificate_result parse(const char *chain, const char *key,
				     struct ssl_certificate *out)
{
	const char *reason;

	return certificate_parse(str_from(chain), str_from(key), &no_passwords, NULL, out, &reason);
}

/* What OpenSSL's usual functions make of the same texts. *leaf is the caller's. */
static enum certificate_result parse_by_openssl(const char *chain, const char *key, X509 **leaf)
{
	BIO *bio = BIO_new_mem_buf(chain, -1), *key_bio = BIO_new_mem_buf(key, -1);
	EVP_PKEY *private_key = NULL;
	enum certificate_result result = CERTIFICATE_USABLE;

	*leaf = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	if (!*leaf)
		result = CERTIFICATE_WRONG_CHAIN;
	else if (!(private_key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, "")))
		result = CERTIFICATE_WRONG_KEY;
	else if (X509_check_private_key(*leaf, private_key) != 1)
		result = CERTIFICATE_OTHER_KEY;
	EVP_PKEY_free(private_key);
	BIO_free(bio);
	BIO_free(key_bio);
	ERR_clear_error();
	return result;
}

/* Returns what both make of it. */
static enum certificate_result ck_as_openssl(const char *chain, const char *key)
{
	struct ssl_certificate certificate;
	X509 *expected;
	enum certificate_result wanted = parse_by_openssl(chain, key, &expected);
	enum certificate_result result = parse(chain, key, &certificate);

	ck_assert_msg(result == wanted, "%d, and by OpenSSL %d:\n%s%s", result, wanted, chain, key);
	if (result == CERTIFICATE_USABLE) {
		X509 *leaf = certificate_leaf(&certificate);

		ck_assert_ptr_nonnull(leaf);
		ck_assert_int_eq(X509_cmp(leaf, expected), 0);
		ck_assert_int_eq(X509_check_private_key(leaf, certificate.key), 1);
	}
	X509_free(expected);
	certificate_free(&certificate);
	return result;
}

static const char *pem_of(const unsigned char *bytes, int len)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio(bio, "CERTIFICATE", "", bytes, len);
	return take_text(bio);
}

/* Flips the bits in each byte of the certificate. */
static void ck_flipped(const struct identity *identity, unsigned char bits)
{
	const char *key = key_text(identity, PKCS8);
	unsigned char *bytes = NULL;
	int len = i2d_X509(identity->certificate, &bytes), usable = 0;

	for (int i = 0; i < len; i++) {
		bytes[i] ^= bits;
		usable += ck_as_openssl(pem_of(bytes, len), key) == CERTIFICATE_USABLE;
		bytes[i] ^= bits;
	}
	/* The signature is not checked, and the names may be any. */
	ck_assert_int_gt(usable, len / 8);
	ck_assert_int_lt(usable, len);
	OPENSSL_free(bytes);
}

START_TEST(each_byte_of_a_certificate_is_flipped)
{
	make_identities();
	ck_flipped(&ec, 1);
	ck_flipped(&ec, 0x80);
	ck_flipped(&rsa, 1);
}
END_TEST

START_TEST(each_byte_of_a_text_is_changed)
{
	static const char others[] = "\n A=-";

	make_identities();

	const char *key = key_text(&ec, PKCS8);
	char *text = memory_printf("a remark\n%s", certificate_text(&ec));

	for (size_t i = 0; text[i]; i++) {
		char before = text[i];

		text[i] = others[i % (sizeof(others) - 1)];
		ck_as_openssl(text, key);
		text[i] = before;
	}
}
END_TEST

START_TEST(keys_of_others)
{
	make_identities();

	struct identity other_ec = identity_of(EVP_EC_gen("P-256"), EVP_sha256());
	struct identity p384 = identity_of(EVP_EC_gen("P-384"), EVP_sha256());
	struct identity other_rsa = identity_of(EVP_RSA_gen(2048), EVP_sha256());
	const struct identity *const all[] = { &ec, &other_ec, &p384, &rsa, &other_rsa, &ed25519 };

	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++)
			ck_assert_int_eq(ck_as_openssl(certificate_text(all[i]),
						       key_text(all[j], PKCS8)),
					 i == j ? CERTIFICATE_USABLE : CERTIFICATE_OTHER_KEY);
	free_identity(&other_ec);
	free_identity(&p384);
	free_identity(&other_rsa);
}
END_TEST

/* The certificate has one coordinate of the point, and the key both or none. */
START_TEST(a_compressed_point)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *plain = EVP_PKEY_dup(key);

	ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(
				 key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
			 1);

	struct identity identity = identity_of(key, EVP_sha256());

	ck_assert_int_eq(ck_as_openssl(certificate_text(&identity),
				       key_text(&(struct identity){ plain, NULL }, PKCS8)),
			 CERTIFICATE_USABLE);
	ck_assert_int_eq(ck_as_openssl(certificate_text(&identity), key_text(&identity, PKCS8)),
			 CERTIFICATE_USABLE);
	free_identity(&identity);
	EVP_PKEY_free(plain);
}
END_TEST

/* A "TRUSTED CERTIFICATE" has more than the certificate in its block. */
START_TEST(other_blocks)
{
	BIO *bio = BIO_new(BIO_s_mem());

	make_identities();
	PEM_write_bio_X509_AUX(bio, ec.certificate);

	const char *key = key_text(&ec, PKCS8), *usual = certificate_text(&ec);
	const char *trusted = take_text(bio);
	const char *const cases[] = {
		trusted,
		memory_printf("%s%s", key, usual),
		memory_printf("%s%s", certificate_text(&rsa), usual),
		memory_printf("\xef\xbb\xbf%s%s", usual, certificate_text(&rsa)),
		memory_printf("%s%s", usual, "-----BEGIN CERTIFICATE-----\nAAAA\n"),
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (i < 4) {
			ck_as_openssl(cases[i], key);
		} else { /* a broken issuer */
			struct ssl_certificate certificate;

			ck_assert_int_eq(parse(cases[i], key, &certificate),
					 CERTIFICATE_WRONG_CHAIN);
			certificate_free(&certificate);
		}
}
END_TEST

/* --- what is made later, and once --- */

static void *leaf_of(void *certificate)
{
	return certificate_leaf(certificate);
}

START_TEST(a_leaf_is_made_when_it_is_needed)
{
	const struct identity *const identities[] = { &ec, &rsa };

	make_identities();
	for (int i = 0; i < 2; i++) {
		struct ssl_certificate *certificate =
			certificate_of(good_http(server_text(certificate_text(identities[i]),
							     key_text(identities[i], PKCS8))),
				       "");
		pthread_t threads[4];
		void *leaf, *first = NULL;

		ck_assert_ptr_null(certificate->leaf);
		ck_assert_int_gt(certificate->expires, time(NULL));
		for (int t = 0; t < 4; t++)
			ck_assert_int_eq(pthread_create(&threads[t], NULL, leaf_of, certificate),
					 0);
		for (int t = 0; t < 4; t++) {
			pthread_join(threads[t], &leaf);
			ck_assert(leaf && (!first || leaf == first));
			first = leaf;
		}
		ck_assert_ptr_eq(certificate->leaf, first);
		ck_assert_int_eq(X509_cmp(first, identities[i]->certificate), 0);
	}
}
END_TEST

START_TEST(issuers_are_shared)
{
	make_identities();

	const char *issuer = certificate_text(&ed25519);
	const char *servers = memory_printf(
		"server { listen 127.0.0.1:8080 ssl; server_name a; ssl_certificate \"data:%s%s\";"
		"ssl_certificate_key \"data:%s\"; }"
		"server { listen 127.0.0.1:8080 ssl; server_name b; ssl_certificate \"data:%s%s\";"
		"ssl_certificate_key \"data:%s\"; }",
		certificate_text(&ec), issuer, key_text(&ec, PKCS8), certificate_text(&rsa), issuer,
		key_text(&rsa, PKCS8));
	struct http *http = good_http(servers);
	STACK_OF(X509) *a = certificate_of(http, "a")->chain, *b = certificate_of(http, "b")->chain;

	ck_assert_int_eq(sk_X509_num(a), 1);
	ck_assert_int_eq(sk_X509_num(b), 1);
	ck_assert_ptr_eq(sk_X509_value(a, 0), sk_X509_value(b, 0));
	ck_assert_int_eq(X509_cmp(sk_X509_value(a, 0), ed25519.certificate), 0);
}
END_TEST

START_TEST(ciphers_that_are_none)
{
	static const char *const words[] = { "\"\"", "none", "TLS_AES_128_GCM_SHA256" };

	for (int i = 0; i < 3; i++) {
		bool is_known = load_http(memory_printf("server { listen 127.0.0.1:8080 ssl;"
							"ssl_self_signed a; ssl_ciphers %s; }",
							words[i]));

		/* As in nginx: suites of TLS 1.3 alone are not enough. */
		ck_assert_msg(!is_known && strstr(messages, "OpenSSL knows no cipher"), "%s: %s",
			      words[i], messages);
	}
}
END_TEST

/* Connections keep the certificate of their client only if the configuration needs it. */
START_TEST(what_of_a_client_is_kept)
{
	static const struct {
		const char *text;
		bool is_kept;
	} cases[] = {
		{ "return 200 $ssl_client_verify;", false },
		{ "return 200 '$ssl_cipher $ssl_server_name';", false },
		{ "return 200 $ssl_client_s_dn;", true },
		{ "add_header X-Id $ssl_client_fingerprint;", true },
	};

	make_identities();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *server = server_text(certificate_text(&ec), key_text(&ec, PKCS8));
		struct http *http = good_http(
			memory_printf("%.*s %s }", (int)strlen(server) - 1, server, cases[i].text));

		ck_assert_msg(!!(settings_of(http, "")->kept_facts & 1u << FACT_CERTIFICATE) ==
				      cases[i].is_kept,
			      "%s", cases[i].text);
	}
}
END_TEST

/* A self-signed certificate for these names, as another program passes it on. */
static void take_over(const char *names, const struct identity *identity)
{
	unsigned char *leaf = NULL, *key = NULL;
	int leaf_len = i2d_X509(identity->certificate, &leaf);
	int key_len = i2d_PrivateKey(identity->key, &key);
	const char *head = memory_printf("%zu %d %d\n%s", strlen(names), leaf_len, key_len, names);
	size_t len = strlen(head);
	char *bytes = memory_alloc(len + (size_t)(leaf_len + key_len));

	memcpy(bytes, head, len);
	memcpy(bytes + len, leaf, (size_t)leaf_len);
	memcpy(bytes + len + leaf_len, key, (size_t)key_len);
	OPENSSL_free(leaf);
	OPENSSL_free(key);
	self_signed_take_over((struct str){ bytes, len + (size_t)(leaf_len + key_len) });
}

/* The self-signed certificate for a name. It stays valid. */
static X509 *self_signed(const char *name)
{
	struct conf_word word = { .text = str_from(name) };
	const struct ssl_words names = { .items = &word, .count = 1 };
	struct ssl_certificate made = { .leaf = NULL };

	ck_assert(self_signed_create(&names, &made));

	X509 *leaf = made.leaf;

	certificate_free(&made);
	return leaf;
}

START_TEST(an_expired_self_signed_certificate_is_made_anew)
{
	make_identities();

	struct identity expired = identity_of(EVP_EC_gen("P-256"), EVP_sha256());

	X509_gmtime_adj(X509_getm_notAfter(expired.certificate), -1);
	ck_assert_int_gt(X509_sign(expired.certificate, expired.key, EVP_sha256()), 0);
	take_over("DNS:valid", &ec);
	take_over("DNS:expired", &expired);
	ck_assert_int_eq(X509_cmp(self_signed("valid"), ec.certificate), 0);

	X509 *anew = self_signed("expired");

	ck_assert_int_ne(X509_cmp(anew, expired.certificate), 0);
	ck_assert_int_gt(X509_cmp_current_time(X509_get0_notAfter(anew)), 0);
	ck_assert_ptr_eq(self_signed("expired"), anew);
	X509_free(expired.certificate);
	EVP_PKEY_free(expired.key);
}
END_TEST

TESTS("certificates", forms_of_keys, blocks_before_the_key, keys_with_passwords, what_is_no_key,
      servers_with_the_same_files_share_them, each_byte_of_a_certificate_is_flipped,
      each_byte_of_a_text_is_changed, keys_of_others, a_compressed_point, other_blocks,
      a_leaf_is_made_when_it_is_needed, issuers_are_shared, ciphers_that_are_none,
      what_of_a_client_is_kept, an_expired_self_signed_certificate_is_made_anew)
