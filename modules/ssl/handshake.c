/* SPDX-License-Identifier: BSD-2-Clause */
#include "handshake.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "compressed.h"
#include "memory.h"
#include "tickets.h"

/* --- callbacks --- */

static bool use_certificate(SSL *ssl, struct ssl_certificate *certificate)
{
	const struct handshake *handshake = SSL_get_app_data(ssl);
	bool staples = !str_empty(handshake->settings->staple) &&
		       SSL_get_tlsext_status_type(ssl) == TLSEXT_STATUSTYPE_ocsp;
	X509 *leaf = certificate ? certificate_leaf(certificate) : NULL;

	if (!leaf ||
	    SSL_use_cert_and_key(ssl, leaf, certificate->key, certificate->chain, 1) != 1)
		return false;
	/* The OCSP response stands in the certificate message; the compressed forms have none. */
	if (!staples)
		compressed_use(ssl, certificate);
	return true;
}

/* SSL_CTX_set_cert_cb(3): 1; 0 to end the handshake; -1 to go on later. */
static int use_certificates(SSL *ssl, void *unused)
{
	const struct handshake *handshake = SSL_get_app_data(ssl);
	const struct ssl_settings *settings = handshake->settings;

	(void)unused;
	if (settings->pairs_count && !handshake->named)
		return handshake->lacks_named ? 0 : -1;
	for (size_t i = 0; i < settings->certificates_count; i++)
		if (!use_certificate(ssl, settings->certificates[i]))
			return 0;
	for (size_t i = 0; i < settings->pairs_count; i++)
		if (!use_certificate(ssl, named_set_get(handshake->named, i)))
			return 0;
	return 1;
}

/* SSL_CTX_set_tlsext_status_cb(3). */
static int staple(SSL *ssl, void *unused)
{
	const struct handshake *handshake = SSL_get_app_data(ssl);
	struct str bytes = handshake->settings->staple;
	unsigned char *copy = str_empty(bytes) ? NULL : OPENSSL_memdup(bytes.data, bytes.len);

	(void)unused;
	if (!copy)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (int)bytes.len);
	return SSL_TLSEXT_ERR_OK;
}

/*
 * SSL_CTX_set_alpn_select_cb(3). As in nginx, a client that offers none of these protocols is
 * refused.
 */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *offered, unsigned offered_len, void *unused)
{
	struct str ours = ((const struct handshake *)SSL_get_app_data(ssl))->protocols;
	unsigned char *chosen;

	(void)unused;
	if (SSL_select_next_proto(&chosen, out_len, (const unsigned char *)ours.data,
				  (unsigned)ours.len, offered,
				  offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

void handshake_prepare(SSL_CTX *context)
{
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
	SSL_CTX_set_tlsext_status_cb(context, staple);
	SSL_CTX_set_cert_cb(context, use_certificates, NULL);
}

/* --- beginning and end --- */

struct handshake *handshake_create(const struct ssl_settings *settings, struct str name)
{
	struct handshake *handshake = calloc(1, sizeof(*handshake));

	if (!handshake)
		return NULL;
	handshake->settings = settings;
	str_put(handshake->name, name);
	handshake->name_len = (uint8_t)name.len;
	return handshake;
}

void handshake_abandon(struct handshake *handshake)
{
	handshake->owner = NULL;
	atomic_store(&handshake->is_abandoned, true);
}

void handshake_destroy(struct handshake *handshake)
{
	if (!handshake)
		return;
	ssl_free_wiped(handshake->ssl);
	named_set_destroy(handshake->named);
	free(handshake->input);
	free(handshake->output);
	explicit_bzero(handshake, sizeof(*handshake));
	free(handshake);
}

int handshake_add(struct handshake *handshake, struct str records)
{
	size_t left = handshake->input_len - handshake->input_used;
	uint8_t *input = malloc(left + records.len);

	if (!input)
		return -ENOMEM;
	if (left)
		memcpy(input, handshake->input + handshake->input_used, left);
	memcpy(input + left, records.data, records.len);
	free(handshake->input);
	handshake->input = input;
	handshake->input_len = left + records.len;
	handshake->input_used = 0;
	return 0;
}

/* --- a step --- */

static void fail(struct handshake *handshake, const char *why)
{
	handshake->result = HANDSHAKE_FAILED;
	handshake->error = why;
}

/* Takes the records that OpenSSL has written. Returns their number, or -1 without memory. */
static int take_output(struct handshake *handshake)
{
	char *bytes;
	long len = BIO_get_mem_data(SSL_get_wbio(handshake->ssl), &bytes);
	int records = 0;

	if (len <= 0)
		return 0;

	char *output = realloc(handshake->output, handshake->output_len + (size_t)len);

	if (!output)
		return -1;
	memcpy(output + handshake->output_len, bytes, (size_t)len);
	for (size_t at = 0; at < (size_t)len; records++) {
		ssize_t record = record_length((uint8_t *)bytes + at, (size_t)len - at);

		if (record <= 0)
			break;
		at += (size_t)record;
	}
	handshake->output = output;
	handshake->output_len += (size_t)len;
	(void)BIO_reset(SSL_get_wbio(handshake->ssl));
	return records;
}

/*
 * Lets OpenSSL go on. Records that OpenSSL writes after the end of the handshake, the session
 * tickets, are sealed with the secret of application data.
 */
static void advance(struct handshake *handshake)
{
	ERR_clear_error();
	key_schedule_report(&handshake->secrets);

	int result = ssl_do_handshake_wiped(handshake->ssl);
	int reason = result == 1 ? SSL_ERROR_NONE : SSL_get_error(handshake->ssl, result);

	key_schedule_report(NULL);
	if (result == 1)
		handshake->result = HANDSHAKE_DONE;
	else if (reason == SSL_ERROR_WANT_X509_LOOKUP)
		handshake->result = HANDSHAKE_NEEDS_CERTIFICATES;
	else if (reason != SSL_ERROR_WANT_READ)
		fail(handshake, ssl_error_text());

	int records = take_output(handshake);

	if (records < 0)
		fail(handshake, "there is no memory");
	else if (result == 1)
		handshake->records_sent = (uint64_t)records;
}

/* Feeds one record to OpenSSL. */
static void take_record(struct handshake *handshake, const uint8_t *record, size_t len)
{
	if (BIO_write(SSL_get_rbio(handshake->ssl), record, (int)len) != (int)len)
		fail(handshake, "there is no memory");
	else
		advance(handshake);
}

/* Makes the SSL object. False: no memory. */
static bool start(struct handshake *handshake)
{
	const struct ssl_settings *settings = handshake->settings;
	SSL *ssl = SSL_new(settings->context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (!ssl || !in || !out ||
	    SSL_set_session_id_context(ssl, settings->session_context,
				       sizeof(settings->session_context)) != 1) {
		BIO_free(in);
		BIO_free(out);
		SSL_free(ssl);
		return false;
	}
	BIO_set_mem_eof_return(in, -1);
	BIO_set_mem_eof_return(out, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_accept_state(ssl);
	SSL_set_app_data(ssl, handshake);
	handshake->ssl = ssl;
	return true;
}

void handshake_step(struct handshake *handshake)
{
	bool has_certificates = handshake->result == HANDSHAKE_NEEDS_CERTIFICATES;

	handshake->result = HANDSHAKE_MORE;
	if (!handshake->ssl && !atomic_load(&handshake->is_abandoned) && !start(handshake)) {
		fail(handshake, "there is no memory");
		return;
	}
	if (has_certificates && !atomic_load(&handshake->is_abandoned))
		advance(handshake);
	while (handshake->result == HANDSHAKE_MORE && !atomic_load(&handshake->is_abandoned) &&
	       handshake->input_used < handshake->input_len) {
		const uint8_t *record = handshake->input + handshake->input_used;
		ssize_t len = record_length(record, handshake->input_len - handshake->input_used);

		if (len == 0)
			break;
		if (len < 0) /* OpenSSL sends the right alert */
			len = (ssize_t)(handshake->input_len - handshake->input_used);
		handshake->input_used += (size_t)len;
		take_record(handshake, record, (size_t)len);
	}
	if (handshake->ssl && handshake->result == HANDSHAKE_MORE)
		SSL_free_buffers(handshake->ssl); /* it waits for its client, perhaps for long */
}

bool handshake_is_nearly_done(const struct handshake *handshake)
{
	/* The server's secret is derived with its Finished. */
	return handshake->secrets.server.len > 0 &&
	       !ticket_keys_may_wait(SSL_get_SSL_CTX(handshake->ssl)) &&
	       (SSL_get_verify_mode(handshake->ssl) == SSL_VERIFY_NONE ||
		SSL_session_reused(handshake->ssl));
}
