/* SPDX-License-Identifier: BSD-2-Clause */
#include "floor_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void key_logged(const SSL *ssl, const char *line)
{
	struct floor_tls *tls = SSL_get_app_data(ssl);
	const char *hex = strrchr(line, ' ') + 1;
	uint8_t *to = strncmp(line, "CLIENT_TRAFFIC_SECRET_0", 23) == 0 ? tls->client :
		      strncmp(line, "SERVER_TRAFFIC_SECRET_0", 23) == 0 ? tls->server :
									  NULL;

	for (size_t i = 0; to && hex[2 * i] && i < RECORD_SECRET_MAX; i++)
		to[i] = (uint8_t)strtoul((char[]){ hex[2 * i], hex[2 * i + 1], 0 }, NULL, 16);
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *in, unsigned in_len, void *alpn)
{
	const unsigned char *ours = alpn;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, out_len, ours, ours[0] + 1u, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *floor_tls_context(const char *certificate, const char *key, const char *alpn)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	SSL_CTX_set_keylog_callback(context, key_logged);
	if (alpn)
		SSL_CTX_set_alpn_select_cb(context, choose_protocol, (void *)alpn);
	if (SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return NULL;
	return context;
}

void floor_tls_begin(struct floor_tls *tls, SSL_CTX *context, int fd)
{
	tls->ssl = SSL_new(context);
	SSL_set_fd(tls->ssl, fd);
	SSL_set_app_data(tls->ssl, tls);
}

int floor_tls_shake_hands(struct floor_tls *tls)
{
	int result = SSL_accept(tls->ssl);

	if (result == 1)
		return 1;
	return SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool floor_tls_take_keys(struct floor_tls *tls)
{
	tls->suite = record_suite(
		(uint16_t)SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(tls->ssl)));
	if (!tls->suite || record_key_init(&tls->in, tls->suite, tls->client, 0) < 0 ||
	    record_key_init(&tls->out, tls->suite, tls->server, 0) < 0)
		return false;
	SSL_free(tls->ssl);
	tls->ssl = NULL;
	return true;
}

int floor_tls_send(struct floor_tls *tls, int fd, const uint8_t *bytes, size_t len)
{
	ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

	if (n == (ssize_t)len)
		return 1;
	if (n < 0 && errno != EAGAIN)
		return -1;

	size_t sent = n < 0 ? 0 : (size_t)n;

	tls->unsent_len = len - sent;
	tls->unsent = malloc(tls->unsent_len);
	memcpy(tls->unsent, bytes + sent, tls->unsent_len);
	return 0;
}

int floor_tls_flush(struct floor_tls *tls, int fd)
{
	uint8_t *unsent = tls->unsent;

	tls->unsent = NULL;

	int result = unsent ? floor_tls_send(tls, fd, unsent, tls->unsent_len) : 1;

	free(unsent);
	return result;
}

void floor_tls_finish(struct floor_tls *tls)
{
	SSL_free(tls->ssl);
	free(tls->unsent);
}
