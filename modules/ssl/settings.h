/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the configuration of a server says about TLS: the directives fill struct ssl_conf, and
 * ssl_settings_create() makes the objects of OpenSSL from it. That happens once, in the
 * master, when a configuration is read; workers inherit the result.
 */
#ifndef SKUA_SSL_SETTINGS_H
#define SKUA_SSL_SETTINGS_H

#include <conf.h>
#include <openssl/ssl.h>

struct ssl_certificate {
	X509 *leaf;
	STACK_OF(X509) *chain; /* the others of its file */
	EVP_PKEY *key;
};

/* VERIFY_… are the values of ssl_verify_client. */
enum ssl_verify { VERIFY_OFF, VERIFY_ON, VERIFY_OPTIONAL, VERIFY_OPTIONAL_NO_CA };

enum ssl_records { RECORDS_OWN, RECORDS_OPENSSL };

struct ssl_words {
	struct conf_word *items;
	size_t count, capacity;
};

struct ssl_conf {
	struct ssl_words certificates, keys; /* paths or "data:…" */
	struct str_list passwords; /* of ssl_password_file */
	size_t passwords_room;
	unsigned protocols; /* bits: 1 << (version - TLS1_VERSION) */
	struct str ciphers, curves;
	bool prefer_server_ciphers;
	bool reject_handshake;
	int records; /* enum ssl_records */

	bool tickets;
	struct ssl_words ticket_files, ticket_secret; /* paths; of the second one at most */
	struct duration session_timeout;

	int verify; /* enum ssl_verify */
	int64_t verify_depth;
	struct str client_certificate, trusted_certificate, crl; /* paths; empty: none */
	struct ssl_words stapling_file; /* one at most */
	struct ssl_words commands; /* name, value, name, value … */

	struct size buffer_size;
	struct duration handshake_timeout;

	const struct ssl_settings *settings; /* NULL: nothing to begin a handshake with */
};

struct ssl_settings {
	SSL_CTX *context; /* servers that differ in certificates only share it */
	const struct ssl_certificate *certificates;
	size_t certificates_count;
	struct str staple; /* an OCSP response, DER; empty: none */
	/*
	 * Tells the sessions of servers apart: one that was made with other settings for the
	 * certificates of clients is not resumed.
	 */
	unsigned char session_context[32];
	bool reject;
	bool own_records;
};

/*
 * Reads the files and sets conf->settings, for a block's struct that is complete. 0, or -EINVAL
 * after conf_error(). Without ssl_certificate and ssl_reject_handshake there are no settings.
 */
int ssl_settings_create(struct conf_call *call, struct ssl_conf *conf);

/* The first error of OpenSSL's queue, as text; empties the queue. Static memory. */
const char *ssl_error_text(void);

#endif
