/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts.h"

#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <timer.h>

struct str ssl_fact(const struct ssl_facts *facts, enum ssl_fact which)
{
	const char *bytes = facts->bytes;

	for (int i = 0; i < (int)which; i++)
		bytes += facts->lens[i];
	return (struct str){ bytes, facts->lens[which] };
}

static size_t sum_of(const uint16_t *lens)
{
	size_t sum = 0;

	for (int i = 0; i < FACTS; i++)
		sum += lens[i];
	return sum;
}

struct str ssl_facts_bytes(const struct ssl_facts *facts)
{
	return (struct str){ (const char *)facts, sizeof(*facts) + sum_of(facts->lens) };
}

int ssl_facts_verify_result(const struct ssl_facts *facts)
{
	bool has_expired = facts->has_verified && clock_wall_ms() / 1000 > facts->expires_s;

	if (facts->verify_result == X509_V_OK && has_expired)
		return X509_V_ERR_CERT_HAS_EXPIRED;
	return facts->verify_result;
}

/* Seconds since the epoch; 1, which is long past, if the certificate has no valid time. */
static int64_t end_of(const X509 *certificate)
{
	struct tm end;

	return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) ? timegm(&end) : 1;
}

/* --- groups --- */

/*
 * Groups of the IANA's registry that OpenSSL gives no NID: 3.0 does not know them, and 3.5 only as
 * those of a provider.
 */
static const struct {
	uint16_t number;
	const char *name;
} hybrid_groups[] = {
	{ 0x11eb, "SecP256r1MLKEM768" },
	{ 0x11ec, "X25519MLKEM768" },
	{ 0x11ed, "SecP384r1MLKEM1024" },
	{ 0x6399, "X25519Kyber768Draft00" },
};

const char *ssl_group_name(uint32_t group)
{
	if (!(group & TLSEXT_nid_unknown))
		return OBJ_nid2sn((int)group); /* an imported number may be unknown */
	for (size_t i = 0; i < sizeof(hybrid_groups) / sizeof(hybrid_groups[0]); i++)
		if (hybrid_groups[i].number == (group & 0xffff))
			return hybrid_groups[i].name;
	return NULL;
}

/* --- texts: each function writes one to a BIO --- */

static void put_ciphers(SSL *ssl, BIO *to)
{
	unsigned char *raw = NULL;
	size_t len = SSL_get0_raw_cipherlist(ssl, &raw);

	for (size_t i = 0; raw && i + 1 < len; i += 2) {
		const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, raw + i);

		if (i > 0)
			BIO_puts(to, ":");
		if (cipher)
			BIO_puts(to, SSL_CIPHER_get_name(cipher));
		else
			BIO_printf(to, "0x%02x%02x", raw[i], raw[i + 1]);
	}
}

static void put_curves(SSL *ssl, BIO *to)
{
	enum { CURVES_MAX = 256 };
	int nids[CURVES_MAX];
	long count = SSL_get1_groups(ssl, NULL);

	/* A client cannot offer more than fit into its ClientHello; so many are not sensible. */
	if (count <= 0 || count > CURVES_MAX)
		return;
	SSL_get1_groups(ssl, nids);
	for (long i = 0; i < count; i++) {
		const char *name = ssl_group_name((uint32_t)nids[i]);

		if (i > 0)
			BIO_puts(to, ":");
		if (name)
			BIO_puts(to, name);
		else
			BIO_printf(to, "0x%04x", (unsigned)nids[i] & 0xffff);
	}
}

/* RFC 8446 section 4.2.3. */
static void put_signature(int type, int digest, BIO *to)
{
	const char *bits = digest == NID_sha1	? "sha1" :
			   digest == NID_sha224 ? "sha224" :
			   digest == NID_sha384 ? "sha384" :
			   digest == NID_sha512 ? "sha512" :
						  "sha256";

	switch (type) {
	case EVP_PKEY_EC:
		BIO_printf(to, "ecdsa_%s%s",
			   digest == NID_sha256 ? "secp256r1_" :
			   digest == NID_sha384 ? "secp384r1_" :
			   digest == NID_sha512 ? "secp521r1_" :
						  "",
			   bits);
		break;
	case EVP_PKEY_RSA:
		BIO_printf(to, "rsa_pkcs1_%s", bits);
		break;
	case EVP_PKEY_RSA_PSS:
		BIO_printf(to, "rsa_pss_rsae_%s", bits);
		break;
	case EVP_PKEY_ED25519:
		BIO_puts(to, "ed25519");
		break;
	case EVP_PKEY_ED448:
		BIO_puts(to, "ed448");
		break;
	default:
		break;
	}
}

static void put_sigalg(SSL *ssl, BIO *to)
{
	int type, digest;

	if (SSL_get_signature_type_nid(ssl, &type) != 1)
		return;
	if (SSL_get_signature_nid(ssl, &digest) != 1)
		digest = NID_undef; /* of Ed25519 */
	put_signature(type, digest, to);
}

static void put_client_sigalg(SSL *ssl, BIO *to)
{
	int type, digest;

	if (SSL_get_peer_signature_type_nid(ssl, &type) != 1)
		return;
	if (SSL_get_peer_signature_nid(ssl, &digest) != 1)
		digest = NID_undef;
	put_signature(type, digest, to);
}

static void put_certificate(SSL *ssl, BIO *to)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	if (certificate)
		i2d_X509_bio(to, certificate);
}

/* Writes all texts behind the first two that are kept to the BIO, and their lengths to `lens`. */
static void put_all(SSL *ssl, unsigned kept, BIO *to, uint16_t *lens)
{
	static void (*const put[FACTS])(SSL *, BIO *) = {
		[FACT_CERTIFICATE] = put_certificate, [FACT_CIPHERS] = put_ciphers,
		[FACT_CURVES] = put_curves,	      [FACT_SIGALG] = put_sigalg,
		[FACT_CLIENT_SIGALG] = put_client_sigalg,
	};
	BIO *one = BIO_new(BIO_s_mem());

	for (int i = FACT_CERTIFICATE; one && i < FACTS; i++) {
		char *bytes;

		if (!(kept & 1u << i))
			continue;
		put[i](ssl, one);

		long len = BIO_get_mem_data(one, &bytes);

		if (len > 0 && len <= FACT_MAX && BIO_write(to, bytes, (int)len) == len)
			lens[i] = (uint16_t)len;
		(void)BIO_reset(one);
	}
	BIO_free(one);
}

static void describe(SSL *ssl, struct ssl_facts *facts)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	unsigned rules_len;
	const unsigned char *rules =
		SSL_SESSION_get0_id_context(SSL_get_session(ssl), &rules_len);

	facts->version = (uint16_t)SSL_version(ssl);
	facts->cipher = (uint16_t)SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl));
	facts->group = (uint32_t)SSL_get_negotiated_group(ssl);
	facts->is_resumed = SSL_session_reused(ssl);
	facts->has_verified = certificate != NULL;
	facts->expires_s = certificate ? end_of(certificate) : 0;
	facts->verify_result = (int32_t)SSL_get_verify_result(ssl);
	if (rules_len >= sizeof(facts->rules))
		memcpy(facts->rules, rules, sizeof(facts->rules));
}

struct ssl_facts *ssl_facts_create(SSL *ssl, struct str name, unsigned kept)
{
	uint16_t lens[FACTS] = { 0 };
	struct ssl_facts *facts = NULL;
	BIO *rest = NULL;
	char *bytes = NULL;
	long len = 0;
	const unsigned char *protocol;
	unsigned protocol_len;

	SSL_get0_alpn_selected(ssl, &protocol, &protocol_len);
	lens[FACT_NAME] = (uint16_t)name.len;
	lens[FACT_PROTOCOL] = (uint16_t)protocol_len;
	if (kept >> FACT_CERTIFICATE) { /* rarely: it costs more than all the others */
		rest = BIO_new(BIO_s_mem());
		if (!rest)
			return NULL;
		put_all(ssl, kept, rest, lens);
		len = BIO_get_mem_data(rest, &bytes);
	}

	size_t sum = sum_of(lens);

	if (len >= 0 && (size_t)len == sum - name.len - protocol_len)
		facts = calloc(1, sizeof(*facts) + sum);
	if (facts) {
		describe(ssl, facts);
		memcpy(facts->lens, lens, sizeof(lens));

		char *to = str_put(facts->bytes, name);

		to = str_put(to, (struct str){ (const char *)protocol, protocol_len });
		str_put(to, (struct str){ bytes, (size_t)len });
	}
	BIO_free(rest);
	return facts;
}

struct ssl_facts *ssl_facts_import(struct str bytes)
{
	struct ssl_facts head;

	if (bytes.len < sizeof(head))
		return NULL;
	memcpy(&head, bytes.data, sizeof(head));
	if (bytes.len != sizeof(head) + sum_of(head.lens))
		return NULL;

	struct ssl_facts *facts = malloc(bytes.len);

	if (facts)
		str_put((char *)facts, bytes);
	return facts;
}
