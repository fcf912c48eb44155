/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <timer.h>

struct str ssl_facts_name(const struct ssl_facts *facts)
{
	return (struct str){ facts->bytes, facts->name_len };
}

struct str ssl_facts_protocol(const struct ssl_facts *facts)
{
	return (struct str){ facts->bytes + facts->name_len, facts->protocol_len };
}

struct str ssl_facts_certificate(const struct ssl_facts *facts)
{
	return (struct str){ facts->bytes + facts->name_len + facts->protocol_len,
			     facts->certificate_len };
}

struct str ssl_facts_bytes(const struct ssl_facts *facts)
{
	return (struct str){ (const char *)facts, sizeof(*facts) + facts->name_len +
							  facts->protocol_len +
							  facts->certificate_len };
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

struct ssl_facts *ssl_facts_create(SSL *ssl, struct str name, bool keeps_certificate)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	int certificate_len = certificate && keeps_certificate ? i2d_X509(certificate, NULL) : 0;
	const unsigned char *protocol;
	unsigned protocol_len;

	SSL_get0_alpn_selected(ssl, &protocol, &protocol_len);
	if (certificate_len < 0 || certificate_len > FACTS_CERTIFICATE_MAX)
		certificate_len = 0;

	unsigned rules_len;
	const unsigned char *rules =
		SSL_SESSION_get0_id_context(SSL_get_session(ssl), &rules_len);
	size_t len = name.len + protocol_len + (size_t)certificate_len;
	struct ssl_facts *facts = calloc(1, sizeof(*facts) + len);

	if (!facts)
		return NULL;
	facts->version = (uint16_t)SSL_version(ssl);
	facts->cipher = (uint16_t)SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl));
	facts->group = (uint32_t)SSL_get_negotiated_group(ssl);
	facts->is_resumed = SSL_session_reused(ssl);
	facts->has_verified = certificate != NULL;
	facts->expires_s = certificate ? end_of(certificate) : 0;
	facts->verify_result = (int32_t)SSL_get_verify_result(ssl);
	if (rules_len >= sizeof(facts->rules))
		memcpy(facts->rules, rules, sizeof(facts->rules));
	facts->name_len = (uint16_t)name.len;
	facts->protocol_len = (uint16_t)protocol_len;
	facts->certificate_len = (uint16_t)certificate_len;

	char *to = str_put(facts->bytes, name);

	to = str_put(to, (struct str){ (const char *)protocol, protocol_len });
	if (certificate_len)
		i2d_X509(certificate, &(unsigned char *){ (unsigned char *)to });
	return facts;
}

struct ssl_facts *ssl_facts_import(struct str bytes)
{
	struct ssl_facts head;

	if (bytes.len < sizeof(head))
		return NULL;
	memcpy(&head, bytes.data, sizeof(head));
	if (bytes.len != sizeof(head) + head.name_len + head.protocol_len + head.certificate_len)
		return NULL;

	struct ssl_facts *facts = malloc(bytes.len);

	if (facts)
		str_put((char *)facts, bytes);
	return facts;
}
