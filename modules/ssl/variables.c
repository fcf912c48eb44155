/* SPDX-License-Identifier: BSD-2-Clause */
#include "variables.h"

#include <module.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "connection.h"
#include "facts.h"
#include "settings.h"

/* Begins the getter of a variable that has no value without TLS. */
#define FACTS_OR_NONE                                    \
	const struct ssl_facts *facts = ssl_facts_of(req); \
	(void)rest;                                      \
	(void)data;                                      \
	if (!facts)                                      \
		return false

/* --- the connection --- */

static bool get_protocol(struct request *req, struct str rest, const void *data, struct str *out)
{
	static const char *const names[] = { "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3" };

	FACTS_OR_NONE;
	if (facts->version < TLS1_VERSION || facts->version > TLS1_3_VERSION)
		return false;
	*out = str_from(names[facts->version - TLS1_VERSION]);
	return true;
}

static bool get_cipher(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct ssl_conf *conf = data;

	/* A reload may have taken the cipher of a connection that has moved from the settings. */
	static const char *const names_1_3[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
						 "TLS_CHACHA20_POLY1305_SHA256" };

	FACTS_OR_NONE;
	if (facts->cipher >= 0x1301 && facts->cipher <= 0x1303) {
		*out = str_from(names_1_3[facts->cipher - 0x1301]);
		return true;
	}
	if (!conf->settings)
		return false;

	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(conf->settings->context);

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

		if (SSL_CIPHER_get_protocol_id(cipher) == facts->cipher) {
			*out = str_from(SSL_CIPHER_get_name(cipher));
			return true;
		}
	}
	return false;
}

static bool get_curve(struct request *req, struct str rest, const void *data, struct str *out)
{
	FACTS_OR_NONE;
	if (!facts->group)
		return false;

	const char *name = ssl_group_name(facts->group);

	if (name)
		*out = str_from(name);
	else if (facts->group & TLSEXT_nid_unknown)
		*out = pool_printf(req->pool, "0x%04x", facts->group & 0xffff);
	else
		return false;
	return true;
}

static bool get_server_name(struct request *req, struct str rest, const void *data,
			    struct str *out)
{
	(void)rest;
	(void)data;
	*out = ssl_name_of(req);
	return out->len > 0;
}

static bool get_session_reused(struct request *req, struct str rest, const void *data,
			       struct str *out)
{
	FACTS_OR_NONE;
	*out = facts->is_resumed ? STR("r") : STR(".");
	return true;
}

static bool get_alpn_protocol(struct request *req, struct str rest, const void *data,
			      struct str *out)
{
	FACTS_OR_NONE;
	*out = ssl_fact(facts, FACT_PROTOCOL);
	return out->len > 0;
}

/* For variables that are the texts of facts. */
#define FACT_GETTER(name_, which_)                                                        \
	static bool name_(struct request *req, struct str rest, const void *data,        \
			  struct str *out)                                                \
	{                                                                                 \
		FACTS_OR_NONE;                                                            \
		*out = ssl_fact(facts, which_);                                           \
		return out->len > 0;                                                      \
	}

FACT_GETTER(get_ciphers, FACT_CIPHERS)
FACT_GETTER(get_curves, FACT_CURVES)
FACT_GETTER(get_sigalg, FACT_SIGALG)
FACT_GETTER(get_client_sigalg, FACT_CLIENT_SIGALG)

/* --- the client's certificate --- */

static bool get_client_verify(struct request *req, struct str rest, const void *data,
			      struct str *out)
{
	FACTS_OR_NONE;
	if (!facts->has_verified)
		*out = STR("NONE");
	else if (ssl_facts_verify_result(facts) == X509_V_OK)
		*out = STR("SUCCESS");
	else
		*out = pool_printf(req->pool, "FAILED:%s",
				   X509_verify_cert_error_string(ssl_facts_verify_result(facts)));
	return true;
}

static void free_certificate(void *certificate)
{
	X509_free(certificate);
}

/* Returns the certificate, which lives as long as the request. NULL: there is none. */
static X509 *client_certificate(struct request *req)
{
	const struct ssl_facts *facts = ssl_facts_of(req);
	struct str bytes = facts ? ssl_fact(facts, FACT_CERTIFICATE) : STR("");
	const unsigned char *at = (const unsigned char *)bytes.data;
	X509 *certificate = bytes.len ? d2i_X509(NULL, &at, (long)bytes.len) : NULL;

	if (certificate)
		pool_cleanup(req->pool, free_certificate, certificate);
	return certificate;
}

/* Returns the bytes in a BIO as a text that lives as long as the request. */
static struct str take_text(struct request *req, BIO *bio)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);
	struct str text = pool_strdup(req->pool, (struct str){ bytes, len > 0 ? (size_t)len : 0 });

	BIO_free(bio);
	return text;
}

static bool get_pem(struct request *req, struct str *out)
{
	X509 *certificate = client_certificate(req);
	BIO *bio = certificate ? BIO_new(BIO_s_mem()) : NULL;

	if (!bio)
		return false;
	PEM_write_bio_X509(bio, certificate);
	*out = take_text(req, bio);
	return true;
}

static bool get_raw_certificate(struct request *req, struct str rest, const void *data,
				struct str *out)
{
	(void)rest;
	(void)data;
	return get_pem(req, out);
}

static bool get_escaped_certificate(struct request *req, struct str rest, const void *data,
				    struct str *out)
{
	struct str pem;

	(void)rest;
	(void)data;
	if (!get_pem(req, &pem))
		return false;
	*out = uri_escape_component(req->pool, pem);
	return true;
}

/* Each line but the first begins with a tab, so that it can be the value of a field. */
static bool get_certificate(struct request *req, struct str rest, const void *data,
			    struct str *out)
{
	struct text text = { .pool = req->pool };
	struct str pem;

	(void)rest;
	(void)data;
	if (!get_pem(req, &pem))
		return false;
	pem = str_trim(pem, "\n");
	while (pem.len > 0) {
		text_add(&text, str_split(&pem, '\n'));
		if (pem.len > 0)
			text_add(&text, STR("\n\t"));
	}
	*out = text_str(&text);
	return true;
}

static bool get_name(struct request *req, X509_NAME *(*name_of)(const X509 *), unsigned long flags,
		     struct str *out)
{
	X509 *certificate = client_certificate(req);
	BIO *bio = certificate ? BIO_new(BIO_s_mem()) : NULL;

	if (!bio)
		return false;
	X509_NAME_print_ex(bio, name_of(certificate), 0, flags);
	*out = take_text(req, bio);
	return true;
}

static bool get_subject(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	(void)data;
	return get_name(req, X509_get_subject_name, XN_FLAG_RFC2253, out);
}

static bool get_issuer(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	(void)data;
	return get_name(req, X509_get_issuer_name, XN_FLAG_RFC2253, out);
}

static bool get_oneline(struct request *req, X509_NAME *(*name_of)(const X509 *), struct str *out)
{
	X509 *certificate = client_certificate(req);
	char *text = certificate ? X509_NAME_oneline(name_of(certificate), NULL, 0) : NULL;

	if (!text)
		return false;
	*out = pool_strdup(req->pool, str_from(text));
	OPENSSL_free(text);
	return true;
}

static bool get_subject_legacy(struct request *req, struct str rest, const void *data,
			       struct str *out)
{
	(void)rest;
	(void)data;
	return get_oneline(req, X509_get_subject_name, out);
}

static bool get_issuer_legacy(struct request *req, struct str rest, const void *data,
			      struct str *out)
{
	(void)rest;
	(void)data;
	return get_oneline(req, X509_get_issuer_name, out);
}

static bool get_serial(struct request *req, struct str rest, const void *data, struct str *out)
{
	X509 *certificate = client_certificate(req);
	BIO *bio = certificate ? BIO_new(BIO_s_mem()) : NULL;

	(void)rest;
	(void)data;
	if (!bio)
		return false;
	i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(certificate));
	*out = take_text(req, bio);
	return true;
}

/* SHA-1, as in nginx. */
static bool get_fingerprint(struct request *req, struct str rest, const void *data,
			    struct str *out)
{
	X509 *certificate = client_certificate(req);
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct text text = { .pool = req->pool };
	unsigned len;

	(void)rest;
	(void)data;
	if (!certificate || X509_digest(certificate, EVP_sha1(), digest, &len) != 1)
		return false;
	for (unsigned i = 0; i < len; i++)
		text_printf(&text, "%02x", digest[i]);
	*out = text_str(&text);
	return true;
}

static bool get_time(struct request *req, const ASN1_TIME *(*time_of)(const X509 *),
		     struct str *out)
{
	X509 *certificate = client_certificate(req);
	BIO *bio = certificate ? BIO_new(BIO_s_mem()) : NULL;

	if (!bio)
		return false;
	ASN1_TIME_print(bio, time_of(certificate));
	*out = take_text(req, bio);
	return true;
}

static bool get_begin(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	(void)data;
	return get_time(req, X509_get0_notBefore, out);
}

static bool get_end(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	(void)data;
	return get_time(req, X509_get0_notAfter, out);
}

/* The number of days, or 0 if the certificate has expired. */
static bool get_remaining(struct request *req, struct str rest, const void *data, struct str *out)
{
	X509 *certificate = client_certificate(req);
	int days, seconds;

	(void)rest;
	(void)data;
	if (!certificate ||
	    !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)))
		return false;
	*out = pool_printf(req->pool, "%d", days > 0 ? days : 0);
	return true;
}

static bool get_nothing(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)req;
	(void)rest;
	(void)data;
	(void)out;
	return false;
}

const struct variable ssl_variables[] = {
	{ "ssl_protocol", get_protocol, "The version of TLS: \"TLSv1.3\".\n\n"
	  "    log_format tls \"$ssl_protocol $ssl_cipher\";", VARIABLE_PLAIN },
	{ "ssl_cipher", get_cipher, "OpenSSL's name of the cipher.\n\n"
	  "    log_format tls \"$ssl_protocol $ssl_cipher\";",
	  VARIABLE_PLAIN },
	{ "ssl_ciphers", get_ciphers,
	  "The ciphers that the client has offered, separated by colons; unknown ones as "
	  "numbers.\n\n"
	  "    log_format offers \"$ssl_ciphers $ssl_curves\";",
	  VARIABLE_PLAIN },
	{ "ssl_curves", get_curves,
	  "The groups that the client has offered for the key exchange, separated by colons; "
	  "unknown ones as numbers.\n\n    log_format offers \"$ssl_ciphers $ssl_curves\";",
	  VARIABLE_PLAIN },
	{ "ssl_sigalg", get_sigalg,
	  "The algorithm by which the server has signed the handshake, such as "
	  "ecdsa_secp256r1_sha256. A resumed session has none.\n\n"
	  "    log_format signed \"$ssl_sigalg\";",
	  VARIABLE_PLAIN },
	{ "ssl_client_sigalg", get_client_sigalg,
	  "The algorithm by which the client has signed, if it has a certificate.\n\n"
	  "    log_format signed \"$ssl_client_sigalg\";",
	  VARIABLE_PLAIN },
	{ "ssl_ech_status", get_nothing,
	  "No value: OpenSSL does not support encrypted ClientHellos yet.\n\n"
	  "    log_format ech \"$ssl_ech_status\";",
	  VARIABLE_PLAIN },
	{ "ssl_ech_outer_server_name", get_nothing,
	  "No value: see $ssl_ech_status.\n\n"
	  "    log_format ech \"$ssl_ech_outer_server_name\";",
	  VARIABLE_PLAIN },
	{ "ssl_curve", get_curve, "The group of the key exchange.\n\n"
	  "    log_format curves \"$ssl_curve\";", VARIABLE_PLAIN },
	{ "ssl_server_name", get_server_name,
	  "The name of the server that the client has sent in the handshake (SNI).\n\n"
	  "    root /srv/sites/$ssl_server_name;", 0 },
	{ "ssl_session_reused", get_session_reused,
	  "\"r\" if a session was resumed, otherwise \".\".\n\n"
	  "    log_format resumed \"$ssl_session_reused $request\";", VARIABLE_PLAIN },
	{ "ssl_session_id", get_nothing,
	  "No value: sessions are resumed with tickets, and have no identifier.\n\n"
	  "    log_format sessions \"$ssl_session_id\";", VARIABLE_PLAIN },
	{ "ssl_early_data", get_nothing, "No value: early data is not accepted.\n\n"
	  "    log_format early \"$ssl_early_data $request\";", VARIABLE_PLAIN },
	{ "ssl_alpn_protocol", get_alpn_protocol,
	  "The protocol that was negotiated in the handshake (ALPN).\n\n"
	  "    log_format alpn \"$ssl_alpn_protocol\";", 0 },
	{ "ssl_client_verify", get_client_verify,
	  "The result of the check of the client's certificate: SUCCESS, NONE, or FAILED: and the "
	  "reason.\n\n"
	  "    if ($ssl_client_verify != SUCCESS) { return 403; }", 0 },
	{ "ssl_client_cert", get_certificate,
	  "The client's certificate in PEM. All lines except the first are indented with a tab.\n\n"
	  "    log_format certificates escape=json \"$ssl_client_cert\";",
	  0 },
	{ "ssl_client_raw_cert", get_raw_certificate, "The client's certificate in PEM.\n\n"
	  "    log_format certificates escape=json \"$ssl_client_raw_cert\";", 0 },
	{ "ssl_client_escaped_cert", get_escaped_certificate,
	  "The client's certificate in PEM, percent-encoded.\n\n"
	  "    add_header X-Certificate $ssl_client_escaped_cert;", VARIABLE_PLAIN },
	{ "ssl_client_s_dn", get_subject,
	  "The subject of the client's certificate, in the format of RFC 2253.\n\n"
	  "    log_format clients \"$ssl_client_s_dn $request\";", 0 },
	{ "ssl_client_i_dn", get_issuer,
	  "The issuer of the client's certificate, in the format of RFC 2253.\n\n"
	  "    log_format issuers \"$ssl_client_i_dn\";", 0 },
	{ "ssl_client_s_dn_legacy", get_subject_legacy,
	  "The subject of the client's certificate, in the older format with slashes.\n\n"
	  "    log_format clients \"$ssl_client_s_dn_legacy\";", 0 },
	{ "ssl_client_i_dn_legacy", get_issuer_legacy,
	  "The issuer of the client's certificate, in the older format with slashes.\n\n"
	  "    log_format issuers \"$ssl_client_i_dn_legacy\";", 0 },
	{ "ssl_client_serial", get_serial,
	  "The serial number of the client's certificate, in hexadecimal.\n\n"
	  "    log_format serials \"$ssl_client_serial $request\";",
	  VARIABLE_PLAIN },
	{ "ssl_client_fingerprint", get_fingerprint,
	  "The SHA-1 digest of the client's certificate, in hexadecimal.\n\n"
	  "    map $ssl_client_fingerprint $user { include users.map; }", VARIABLE_PLAIN },
	{ "ssl_client_v_start", get_begin,
	  "The time from which the client's certificate is valid.\n\n"
	  "    log_format validity \"$ssl_client_v_start $ssl_client_v_end\";",
	  VARIABLE_PLAIN },
	{ "ssl_client_v_end", get_end, "The time at which the client's certificate expires.\n\n"
	  "    log_format validity \"$ssl_client_v_start $ssl_client_v_end\";",
	  VARIABLE_PLAIN },
	{ "ssl_client_v_remain", get_remaining,
	  "How many days are left until the client's certificate expires.\n\n"
	  "    add_header X-Days-Left $ssl_client_v_remain;", VARIABLE_PLAIN },
	{ 0 }
};

unsigned ssl_variables_facts(struct conf_call *call)
{
	static const struct {
		const char *name;
		enum ssl_fact fact;
	} others[] = {
		{ "ssl_ciphers", FACT_CIPHERS },
		{ "ssl_curves", FACT_CURVES },
		{ "ssl_sigalg", FACT_SIGALG },
		{ "ssl_client_sigalg", FACT_CLIENT_SIGALG },
	};
	unsigned facts = 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (variable_slot(call, str_from(others[i].name)))
			facts |= 1u << others[i].fact;
	for (const struct variable *one = ssl_variables; one->name; one++) {
		struct str name = str_from(one->name);

		if (str_starts(name, STR("ssl_client_")) &&
		    !str_eq(name, STR("ssl_client_verify")) &&
		    !str_eq(name, STR("ssl_client_sigalg")) && variable_slot(call, name))
			facts |= 1u << FACT_CERTIFICATE;
	}
	return facts;
}
