/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/tls_wire.h"

#include <check.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "harness/memory.h"

struct tls_wire {
	struct wire wire;
	SSL *ssl;
	struct wire_bytes waiting; /* to be sealed when the handshake is done */
	unsigned sealed; /* how often seal() was called */
	bool ends; /* seal_end() was called before it was */
};

/* What TEST_TLS may say. */
static const struct mode {
	const char *name, *directives;
	int idle_kib;
} modes[] = {
	{ "1.2", "ssl_protocols TLSv1.2;", 24 },
	{ "1.3", "ssl_protocols TLSv1.3; ssl_records own;", 2 },
	{ "1.3-openssl", "ssl_protocols TLSv1.3; ssl_records openssl;", 24 },
};

static const struct mode *mode;
static SSL_CTX *context; /* of all connections of the process */
static const char *certificate, *key; /* PEM, as words of a configuration */

/* PEM in one line, so that errors are reported for the lines of the test. */
static char *one_line(BIO *pem)
{
	char *text, *out, *to;
	long len = BIO_get_mem_data(pem, &text);

	to = out = malloc(2 * (size_t)len + 1);
	for (long i = 0; i < len; i++) {
		if (text[i] == '\n')
			*to++ = '\\';
		*to++ = text[i] == '\n' ? 'n' : text[i];
	}
	*to = '\0';
	BIO_free(pem);
	return out;
}

/* A certificate for all servers of this process. */
static void make_certificate(void)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *made = X509_new();
	BIO *pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());
	X509_NAME *name = X509_get_subject_name(made);

	X509_set_version(made, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
	X509_gmtime_adj(X509_getm_notBefore(made), -3600);
	X509_gmtime_adj(X509_getm_notAfter(made), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1,
				   -1, 0);
	X509_set_issuer_name(made, name);
	X509_set_pubkey(made, pair);
	ck_assert_int_gt(X509_sign(made, pair, EVP_sha256()), 0);
	PEM_write_bio_X509(pem, made);
	PEM_write_bio_PrivateKey(key_pem, pair, NULL, NULL, 0, NULL, NULL);
	certificate = one_line(pem);
	key = one_line(key_pem);
	X509_free(made);
	EVP_PKEY_free(pair);
}

static const char *conf(const char *text)
{
	static const char http[] = "http {";
	char *listening = wire_listen(text, "ssl");
	char *at = strstr(listening, http);
	const char *out = listening;

	if (!certificate)
		make_certificate();
	if (at) {
		at += strlen(http);
		out = memory_printf(
			"%.*s ssl_certificate \"data:%s\"; ssl_certificate_key \"data:%s\";"
			" %s%s",
			(int)(at - listening), listening, certificate, key, mode->directives, at);
	} else {
		out = memory_printf("%s", listening);
	}
	free(listening);
	return out;
}

static void init(struct wire *wire)
{
	struct tls_wire *tls = (struct tls_wire *)wire;

	if (!context)
		context = SSL_CTX_new(TLS_client_method());
	tls->ssl = SSL_new(context);
	ck_assert_ptr_nonnull(tls->ssl);
	SSL_set_bio(tls->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(tls->ssl);
	if (wire_type->alpn)
		SSL_set_alpn_protos(tls->ssl, (const unsigned char *)wire_type->alpn,
				    (unsigned)strlen(wire_type->alpn));
}

static void finish(struct wire *wire)
{
	struct tls_wire *tls = (struct tls_wire *)wire;

	SSL_free(tls->ssl);
	free(tls->waiting.data);
}

static int idle_kib(void)
{
	return mode->idle_kib;
}

static bool is_ready(const struct wire *wire)
{
	return SSL_is_init_finished(((const struct tls_wire *)wire)->ssl);
}

/* Moves what OpenSSL has written. */
static void take_output(struct tls_wire *tls)
{
	char *bytes;
	long len = BIO_get_mem_data(SSL_get_wbio(tls->ssl), &bytes);

	if (len <= 0)
		return;
	memcpy(wire_add_room(&tls->wire.unsent, (size_t)len), bytes, (size_t)len);
	tls->wire.unsent.len += (size_t)len;
	(void)BIO_reset(SSL_get_wbio(tls->ssl));
}

/* The server has chosen what was offered. */
static void check_alpn(const struct tls_wire *tls)
{
	const unsigned char *chosen;
	unsigned len;

	SSL_get0_alpn_selected(tls->ssl, &chosen, &len);
	if (wire_type->alpn)
		ck_assert_msg(len == strlen(wire_type->alpn + 1) &&
				      memcmp(chosen, wire_type->alpn + 1, len) == 0,
			      "the server has not chosen %s", wire_type->alpn + 1);
}

/* Goes on with the handshake, and seals what has waited for it. */
static void go_on(struct tls_wire *tls)
{
	if (!is_ready(&tls->wire)) {
		int result = SSL_do_handshake(tls->ssl);
		int reason = SSL_get_error(tls->ssl, result);

		ck_assert_msg(result == 1 || reason == SSL_ERROR_WANT_READ,
			      "the handshake has failed: %s",
			      ERR_error_string(ERR_get_error(), NULL));
		if (result == 1)
			check_alpn(tls);
	}
	if (is_ready(&tls->wire) && tls->waiting.len) {
		ck_assert_int_eq(SSL_write(tls->ssl, tls->waiting.data, (int)tls->waiting.len),
				 (int)tls->waiting.len);
		tls->waiting.len = 0;
	}
	if (is_ready(&tls->wire) && tls->ends && !(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN))
		SSL_shutdown(tls->ssl); /* a second one would read */
	take_output(tls);
}

/* With TLS 1.3 clients often replace their key, and ask the server for the same now and then. */
static void update_key(struct tls_wire *tls)
{
	if (SSL_version(tls->ssl) != TLS1_3_VERSION || !is_ready(&tls->wire) || tls->ends)
		return;
	if (++tls->sealed % 2 == 0)
		ck_assert_int_eq(SSL_key_update(tls->ssl, tls->sealed % 4 ?
								  SSL_KEY_UPDATE_REQUESTED :
								  SSL_KEY_UPDATE_NOT_REQUESTED),
				 1);
}

static void seal(struct wire *wire, const char *bytes, size_t len)
{
	struct tls_wire *tls = (struct tls_wire *)wire;

	update_key(tls);
	memcpy(wire_add_room(&tls->waiting, len), bytes, len);
	tls->waiting.len += len;
	go_on(tls);
}

static void seal_end(struct wire *wire)
{
	struct tls_wire *tls = (struct tls_wire *)wire;

	tls->ends = true;
	go_on(tls);
}

static void open_records(struct wire *wire, const char *bytes, size_t len)
{
	struct tls_wire *tls = (struct tls_wire *)wire;
	int n;

	ck_assert_msg(!wire->has_ended, "the server has sent more behind its close_notify");
	ERR_clear_error();
	ck_assert_int_eq(BIO_write(SSL_get_rbio(tls->ssl), bytes, (int)len), (int)len);
	go_on(tls);
	if (!is_ready(wire))
		return;
	while ((n = SSL_read(tls->ssl, wire_add_room(&wire->opened, 16384), 16384)) > 0)
		wire->opened.len += (size_t)n;

	int reason = SSL_get_error(tls->ssl, n);

	wire->has_ended = reason == SSL_ERROR_ZERO_RETURN;
	ck_assert_msg(wire->has_ended || reason == SSL_ERROR_WANT_READ,
		      "what the server has sent cannot be read: %s",
		      ERR_error_string(ERR_get_error(), NULL));
	if (wire->has_ended)
		ck_assert_uint_eq(BIO_pending(SSL_get_rbio(tls->ssl)), 0);
	take_output(tls);
}

static const struct wire_type tls_wire = {
	.size = sizeof(struct tls_wire),
	.scheme = "https",
	.conf = conf,
	.init = init,
	.finish = finish,
	.seal = seal,
	.seal_end = seal_end,
	.open = open_records,
	.idle_kib = idle_kib,
	.is_ready = is_ready,
};

__attribute__((constructor(102))) static void look_at_environment(void)
{
	const char *name = getenv("TEST_TLS");

	if (!name || !*name)
		return;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(name, modes[i].name) == 0)
			mode = &modes[i];
	if (!mode) {
		fprintf(stderr, "TEST_TLS=%s: 1.2, 1.3 or 1.3-openssl\n", name);
		exit(2);
	}
	wire_type = &tls_wire;
}
