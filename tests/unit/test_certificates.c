/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and keys: the forms that files have, and what is wrong with them. */
#include "unit/http_test.h"

#include <openssl/pem.h>
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

static const struct ssl_certificate *certificate_of(struct http *http, const char *host)
{
	struct request *req = request_for(http, host, "/");

	request_set_location(
		req, request_find_server(req, http_vhosts(request_core(req)->pub.conn))->top);

	const struct ssl_conf *conf = request_conf(req, &ssl_module);

	end_request(req);
	ck_assert_uint_eq(conf->settings->certificates_count, 1);
	return conf->settings->certificates[0];
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

		ck_assert_ptr_nonnull(strstr(key, form == PKCS8     ? "BEGIN PRIVATE KEY" :
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
		ck_assert_ptr_null(load_http(memory_printf(
			"server { ssl_password_file %s; %s %s", path, server + 8, server)));
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
	struct ssl_certificate made = { NULL, NULL, NULL };

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
      servers_with_the_same_files_share_them, an_expired_self_signed_certificate_is_made_anew)
