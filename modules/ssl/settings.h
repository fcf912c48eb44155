/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLS settings of a server. The directives fill struct ssl_conf, and ssl_settings_create()
 * makes the OpenSSL objects from it. That happens once, in the master, when the configuration is
 * read; workers inherit the result.
 */
#ifndef SKUA_SSL_SETTINGS_H
#define SKUA_SSL_SETTINGS_H

#include <conf.h>
#include <openssl/ssl.h>

#include "certificate.h"

struct named_cache;
struct named_pair;
struct named_pairs;
struct named_path;

/* VERIFY_… are the values of ssl_verify_client. */
enum ssl_verify { VERIFY_OFF, VERIFY_ON, VERIFY_OPTIONAL, VERIFY_OPTIONAL_NO_CA };

enum ssl_records { RECORDS_OWN, RECORDS_OPENSSL };

struct ssl_words {
	struct conf_word *items;
	size_t count, capacity;
};

/* A file of ssl_certificate or ssl_certificate_key, or "data:…". */
struct ssl_file {
	struct conf_word word;
	struct named_path *path; /* NULL: the word has no variable */
};

struct ssl_files {
	struct ssl_file *items;
	size_t count, capacity;
};

struct ssl_conf {
	const struct named_pairs *pairs; /* of the whole configuration */
	bool on; /* `ssl on`: all addresses of the server use TLS */
	struct ssl_files certificates, keys;
	struct named_cache *cache; /* ssl_certificate_cache; NULL: the default */
	struct ssl_words self_signed; /* names and addresses; none: no such certificate */
	struct str_list passwords; /* of ssl_password_file */
	size_t passwords_room;
	unsigned protocols; /* bits: 1 << (version - TLS1_VERSION) */
	struct str ciphers, curves;
	bool prefer_server_ciphers;
	bool compresses_certificates;
	bool reject_handshake;
	int records; /* enum ssl_records */

	bool tickets;
	struct ssl_words ticket_files, ticket_secret; /* paths; ticket_secret has at most one */
	struct duration session_timeout;

	int verify; /* enum ssl_verify */
	int64_t verify_depth;
	struct str client_certificate, trusted_certificate, crl; /* paths; empty: none */
	struct ssl_words stapling_file; /* at most one path */
	struct ssl_words commands; /* name, value, name, value … */

	struct size buffer_size;
	struct duration handshake_timeout;

	const struct ssl_settings *settings; /* NULL: handshakes are not possible */
};

struct ssl_settings {
	SSL_CTX *context; /* shared by servers that differ only in their certificates */
	struct ssl_certificate *const *certificates; /* servers with the same files share them */
	size_t certificates_count;
	const struct named_pair *const *pairs; /* whose paths have variables (named.h) */
	size_t pairs_count;
	struct named_cache *cache; /* for `pairs` */
	struct str staple; /* an OCSP response, DER; empty: none */
	/*
	 * A digest of the settings for client certificates. A session that began under different
	 * settings is not resumed.
	 */
	unsigned char session_context[32];
	bool reject;
	bool own_records;
	unsigned kept_facts; /* a bit for each enum ssl_fact that a variable needs */
};

/* Whether handshakes have a certificate to show. */
bool ssl_has_certificate(const struct ssl_conf *conf);

/*
 * Reads the files and sets conf->settings. Call it when all directives of the block were read. 0,
 * or -EINVAL after conf_error(). Without ssl_certificate and ssl_reject_handshake, conf->settings
 * stays NULL.
 */
int ssl_settings_create(struct conf_call *call, struct ssl_conf *conf);

/*
 * Returns the text of the first error in OpenSSL's queue, in static memory, and empties the queue.
 */
const char *ssl_error_text(void);

#endif
