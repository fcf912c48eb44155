/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <module.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "authorities.h"
#include "certificates.h"
#include "handshake.h"
#include "key_schedule.h"
#include "memory.h"
#include "named.h"
#include "tickets.h"
#include "variables.h"

const char *ssl_error_text(void)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason ? reason : "OpenSSL does not say why";
}

/* --- SSL_CTX --- */

/* The SSL_CTXs of one configuration. The key contains all settings that an SSL_CTX depends on. */
struct context {
	struct str key;
	SSL_CTX *context;
	unsigned char rules[32]; /* a digest of the rules for certificates of clients */
	struct context *next;
};

static void free_context(void *data)
{
	SSL_CTX_free(data);
}

static struct str key_of(struct pool *pool, const struct ssl_conf *conf)
{
	struct text text = { .pool = pool };

	text_printf(&text, "%u %d %d %d %d %d %lld %lld|", conf->protocols,
		    conf->prefer_server_ciphers, conf->compresses_certificates, conf->records,
		    conf->tickets, conf->verify, (long long)conf->verify_depth,
		    (long long)conf->session_timeout.ms);
	const struct str words[] = { conf->ciphers, conf->curves, conf->client_certificate,
				     conf->trusted_certificate, conf->crl };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		text_add(&text, words[i]);
		text_add(&text, STR("|"));
	}
	const struct ssl_words *lists[] = { &conf->commands, &conf->ticket_files,
					    &conf->ticket_secret };

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		text_printf(&text, "%zu|", lists[l]->count);
		for (size_t i = 0; i < lists[l]->count; i++) {
			text_add(&text, lists[l]->items[i].text);
			text_add(&text, STR("|"));
		}
	}
	return text_str(&text);
}

static int set_protocols(struct conf_call *call, const struct ssl_conf *conf, SSL_CTX *context)
{
	int lowest = 0, highest = 0;

	for (int version = TLS1_VERSION; version <= TLS1_3_VERSION; version++)
		if (conf->protocols & 1u << (version - TLS1_VERSION)) {
			lowest = lowest ? lowest : version;
			highest = version;
		}
	if (!lowest)
		return conf_error(call, NULL, "ssl_protocols names no version of TLS");
	SSL_CTX_set_min_proto_version(context, lowest);
	SSL_CTX_set_max_proto_version(context, highest);

	static const uint64_t without[] = { SSL_OP_NO_TLSv1, SSL_OP_NO_TLSv1_1, SSL_OP_NO_TLSv1_2,
					    SSL_OP_NO_TLSv1_3 };

	for (int i = 0; i < 4; i++)
		if (!(conf->protocols & 1u << i))
			SSL_CTX_set_options(context, without[i]);
	return 0;
}

/* The intermediate profile of Mozilla's recommendations, without DHE. */
#define INTERMEDIATE_CIPHERS                                         \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

static int set_ciphers(struct conf_call *call, const struct ssl_conf *conf, SSL_CTX *context)
{
	const char *ciphers = conf->ciphers.data ? conf->ciphers.data : INTERMEDIATE_CIPHERS;

	if (SSL_CTX_set_cipher_list(context, ciphers) != 1)
		return conf_error(call, NULL, "ssl_ciphers: OpenSSL knows no cipher of \"%s\": %s",
				  ciphers, ssl_error_text());
	if (conf->curves.len && !str_eq(conf->curves, STR("auto")) &&
	    SSL_CTX_set1_groups_list(context, conf->curves.data) != 1)
		return conf_error(call, NULL,
				  "ssl_ecdh_curve: OpenSSL does not know each group of \"%s\": %s",
				  conf->curves.data, ssl_error_text());
	return 0;
}

/* As nginx takes it: the paths of files start at the directory of the configuration file. */
static int apply_command(struct conf_call *call, SSL_CONF_CTX *commands,
			 const struct conf_word *name, const struct conf_word *value)
{
	int type = SSL_CONF_cmd_value_type(commands, name->text.data);
	struct str text = value->text;

	if (str_eq_nocase(name->text, STR("VerifyCAStore")))
		return conf_error(call, name,
				  "a reload does not see that the content of a store has changed\n"
				  "name a file or a directory: VerifyCAFile, VerifyCAPath");
	if (str_eq_nocase(name->text, STR("VerifyCAPath")) ||
	    str_eq_nocase(name->text, STR("ChainCAPath")))
		text = authorities_use_directories(call, text);
	else if (type == SSL_CONF_TYPE_FILE || type == SSL_CONF_TYPE_DIR)
		text = conf_relative_to_file(call->conf, text);
	if (SSL_CONF_cmd(commands, name->text.data, text.data) > 0)
		return 0;
	return conf_error(call, name, "OpenSSL refuses this command: %s", ssl_error_text());
}

static int apply_commands(struct conf_call *call, const struct ssl_conf *conf, SSL_CTX *context)
{
	if (conf->commands.count == 0)
		return 0;

	SSL_CONF_CTX *commands = SSL_CONF_CTX_new();
	int result = 0;

	SSL_CONF_CTX_set_flags(commands, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER |
						 SSL_CONF_FLAG_CERTIFICATE |
						 SSL_CONF_FLAG_SHOW_ERRORS);
	SSL_CONF_CTX_set_ssl_ctx(commands, context);
	for (size_t i = 0; i < conf->commands.count && result == 0; i += 2)
		result = apply_command(call, commands, &conf->commands.items[i],
				       &conf->commands.items[i + 1]);
	if (result == 0 && SSL_CONF_CTX_finish(commands) != 1)
		result = conf_error(call, NULL, "ssl_conf_command: %s", ssl_error_text());
	SSL_CONF_CTX_free(commands);
	return result;
}

static int verify_later(int ok, X509_STORE_CTX *store)
{
	(void)store;
	/*
	 * A signature that does not match leaves an error. SSL_get_error(3) would take it for one
	 * of the handshake when the next message has not come yet.
	 */
	if (!ok)
		ERR_clear_error();
	return 1; /* requests check the result: 495, $ssl_client_verify */
}

static int load_authorities(struct conf_call *call, const char *directive, struct str path,
			    SSL_CTX *context, bool sends_names)
{
	if (path.len == 0)
		return 0;
	if (SSL_CTX_load_verify_file(context, path.data) != 1)
		return conf_error(call, NULL, "%s: \"%s\" cannot be used: %s", directive, path.data,
				  ssl_error_text());
	if (!sends_names)
		return 0;

	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path.data);

	if (!names)
		return conf_error(call, NULL, "%s: \"%s\" holds no certificate: %s", directive,
				  path.data, ssl_error_text());
	SSL_CTX_set_client_CA_list(context, names);
	return 0;
}

static int load_crl(struct conf_call *call, const struct ssl_conf *conf, SSL_CTX *context)
{
	struct str path = conf->crl;

	if (path.len == 0)
		return 0;
	/* Authorities of a command are in another store, in which OpenSSL looks alone. */
	for (size_t i = 0; i < conf->commands.count; i += 2)
		if (str_eq_nocase(conf->commands.items[i].text, STR("VerifyCAFile")) ||
		    str_eq_nocase(conf->commands.items[i].text, STR("VerifyCAPath")))
			return conf_error(call, &conf->commands.items[i],
					  "ssl_crl would have no effect: revoked certificates "
					  "would be accepted\n"
					  "name the authorities with ssl_client_certificate");

	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

	if (!lookup || X509_load_crl_file(lookup, path.data, X509_FILETYPE_PEM) <= 0)
		return conf_error(call, NULL, "ssl_crl: \"%s\" cannot be used: %s", path.data,
				  ssl_error_text());
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return 0;
}

static int set_verification(struct conf_call *call, const struct ssl_conf *conf, SSL_CTX *context)
{
	if (conf->verify != VERIFY_OFF) {
		if (conf->verify != VERIFY_OPTIONAL_NO_CA && conf->client_certificate.len == 0 &&
		    conf->trusted_certificate.len == 0)
			return conf_error(call, NULL,
					  "ssl_verify_client needs the authorities that clients' "
					  "certificates are checked with\n"
					  "name them with ssl_client_certificate");
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, verify_later);
	}
	SSL_CTX_set_verify_depth(context, (int)conf->verify_depth);
	/* As in nginx, the file need not be there if nobody's certificate is checked. */
	if ((conf->verify != VERIFY_OFF &&
	     load_authorities(call, "ssl_client_certificate", conf->client_certificate, context,
			      true) < 0) ||
	    load_authorities(call, "ssl_trusted_certificate", conf->trusted_certificate, context,
			     false) < 0)
		return -EINVAL;
	return load_crl(call, conf, context);
}

static int use_tickets(struct conf_call *call, const struct ssl_conf *conf, SSL_CTX *context)
{
	if (!conf->tickets) {
		SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(context, 0);
		return 0;
	}

	struct ticket_keys *keys = ticket_keys_create(call, conf);

	if (!keys)
		return -EINVAL;
	ticket_keys_use(keys, context);
	SSL_CTX_set_num_tickets(context, 1);
	return 0;
}

#ifdef SSL_OP_NO_TX_CERTIFICATE_COMPRESSION
static void set_compression(SSL_CTX *context, bool compresses)
{
	SSL_CTX_set_options(context,
			    SSL_OP_NO_RX_CERTIFICATE_COMPRESSION |
				    (compresses ? 0 : SSL_OP_NO_TX_CERTIFICATE_COMPRESSION));
}
#else
static void set_compression(SSL_CTX *context, bool compresses)
{
	(void)context;
	(void)compresses;
}
#endif

static int make_context(struct conf_call *call, const struct ssl_conf *conf, SSL_CTX *context)
{
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_SINGLE_ECDH_USE | SSL_OP_SINGLE_DH_USE);
	if (conf->prefer_server_ciphers)
		SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_early_data(context, 0);
	SSL_CTX_set_timeout(context, (long)(conf->session_timeout.ms / 1000));
	set_compression(context, conf->compresses_certificates);
	handshake_prepare(context);
	if (set_protocols(call, conf, context) < 0 || set_ciphers(call, conf, context) < 0 ||
	    set_verification(call, conf, context) < 0 || use_tickets(call, conf, context) < 0)
		return -EINVAL;
	return apply_commands(call, conf, context);
}

static void report_missing_algorithms(struct conf_call *call)
{
	const char *why = ssl_error_text();

	if (EVP_default_properties_is_fips_enabled(NULL))
		conf_error(call, NULL,
			   "OpenSSL cannot be used: %s\n"
			   "its configuration demands fips=yes: activate a provider with this "
			   "property there, see fips_module(7)",
			   why);
	else
		conf_error(call, NULL, "OpenSSL cannot be used: %s", why);
}

static void digest_rules(struct conf_call *call, const struct ssl_conf *conf,
			 unsigned char rules[32])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
	EVP_DigestUpdate(digest, &conf->verify, sizeof(conf->verify));
	EVP_DigestUpdate(digest, &conf->verify_depth, sizeof(conf->verify_depth));
	authorities_digest(call, conf, digest);
	EVP_DigestFinal_ex(digest, rules, NULL);
	EVP_MD_CTX_free(digest);
}

/* NULL after an error was reported. */
static const struct context *find_context(struct conf_call *call, const struct ssl_conf *conf)
{
	static const char key_of_list;
	struct context **list = conf_shared(call->conf, &key_of_list, sizeof(*list));
	struct str key = key_of(call->pool, conf);

	for (struct context *context = *list; context; context = context->next)
		if (str_eq(context->key, key))
			return context;

	SSL_CTX *made = SSL_CTX_new_ex(NULL, key_schedule_query(), TLS_server_method());

	if (!made) {
		report_missing_algorithms(call);
		return NULL;
	}
	pool_cleanup(call->pool, free_context, made);

	struct context *context = pool_new(call->pool, struct context);

	*context = (struct context){ .key = key, .context = made, .next = *list };
	/*
	 * First the digest, then OpenSSL reads the files: if one of them changes in between, the
	 * next reload has another digest, and no session outlives the old file.
	 */
	digest_rules(call, conf, context->rules);
	if (make_context(call, conf, made) < 0)
		return NULL;
	*list = context;
	return context;
}

/* --- settings --- */

static int read_staple(struct conf_call *call, const struct ssl_words *file,
		       struct ssl_settings *settings)
{
	enum { STAPLE_MAX = 64 * 1024 };

	if (file->count == 0)
		return 0;

	BIO *bio = BIO_new_file(file->items[0].text.data, "rb");
	char *bytes = pool_alloc(call->pool, STAPLE_MAX);
	int len = bio ? BIO_read(bio, bytes, STAPLE_MAX) : 0;
	const unsigned char *at = (unsigned char *)bytes;
	OCSP_RESPONSE *response = len > 0 ? d2i_OCSP_RESPONSE(NULL, &at, len) : NULL;

	BIO_free(bio);
	if (!response)
		return conf_error(call, &file->items[0], "this is not an OCSP response in DER: %s",
				  ssl_error_text());
	OCSP_RESPONSE_free(response);
	settings->staple = (struct str){ bytes, (size_t)len };
	return 0;
}

/* Servers with the same rules for the certificates of clients may resume each other's sessions. */
static void make_session_context(const struct ssl_conf *conf, const struct context *context,
				 struct ssl_settings *settings)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	int mode = SSL_CTX_get_verify_mode(context->context);
	int level = SSL_CTX_get_security_level(context->context);

	EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
	EVP_DigestUpdate(digest, context->rules, sizeof(context->rules));
	/*
	 * Whether certificates are checked, and what keys they may have: commands, ssl_ciphers
	 * (@SECLEVEL) and OpenSSL's own configuration file can say that, too. Authorities in that
	 * file need no digest, since OpenSSL ignores them there.
	 */
	EVP_DigestUpdate(digest, &mode, sizeof(mode));
	if (mode != SSL_VERIFY_NONE)
		EVP_DigestUpdate(digest, &level, sizeof(level));
	/* Only servers with the same certificates may resume the session then. */
	for (size_t i = 0; mode != SSL_VERIFY_NONE && i < conf->certificates.count; i++)
		EVP_DigestUpdate(digest, conf->certificates.items[i].word.text.data,
				 conf->certificates.items[i].word.text.len + 1);
	EVP_DigestFinal_ex(digest, settings->session_context, NULL);
	EVP_MD_CTX_free(digest);
}

/* Once for each configuration: nginx would resume sessions of ssl_session_cache. */
static void warn_of_sessions(struct conf_call *call, const struct ssl_conf *conf)
{
	static const char key_of_flag;
	bool *was_said = conf_shared(call->conf, &key_of_flag, sizeof(*was_said));

	if (conf->tickets || *was_said)
		return;
	*was_said = true;
	conf_warn(call, NULL,
		  "with \"ssl_session_tickets off\" no session is resumed\n"
		  "tickets carry all sessions, and ssl_session_cache has no effect");
}

/* Once for each configuration. */
static void warn_of_memory(struct conf_call *call)
{
	static const char key_of_flag;
	bool *was_said = conf_shared(call->conf, &key_of_flag, sizeof(*was_said));

	if (ssl_memory_is_ours() || *was_said)
		return;
	*was_said = true;
	conf_warn(call, NULL,
		  "OpenSSL has got memory before Skua began: the secrets of connections will not "
		  "be overwritten when OpenSSL frees them\n"
		  "a library that is loaded in front of the program may be why (LD_PRELOAD)");
}

/*
 * Own records have no padding. Of several commands the last counts, as for OpenSSL; blocks of 0 or
 * 1 bytes are no padding, see SSL_CTX_set_block_padding(3). OpenSSL 3.4 and later take a second
 * number for handshakes, where the records are OpenSSL's anyway.
 */
static bool wants_padding(const struct ssl_conf *conf)
{
	int block = 0;

	for (size_t i = 0; i < conf->commands.count; i += 2)
		if (str_eq_nocase(conf->commands.items[i].text, STR("RecordPadding")))
			block = atoi(conf->commands.items[i + 1].text.data);
	return block > 1;
}

bool ssl_has_certificate(const struct ssl_conf *conf)
{
	return conf->certificates.count || conf->self_signed.count;
}

int ssl_settings_create(struct conf_call *call, struct ssl_conf *conf)
{
	conf->pairs = named_pairs_of(call->conf);
	if (conf->on)
		conf_warn(call, NULL,
			  "\"ssl on\" makes TLS of every listen of the server\n"
			  "write `listen … ssl` in place of it");
	if (conf->certificates.count && conf->self_signed.count)
		return conf_error(call, &conf->self_signed.items[0],
				  "there is an ssl_certificate, too\n"
				  "ssl_self_signed is for servers without one");
	if (!ssl_has_certificate(conf) && !conf->reject_handshake)
		return 0;
	if (conf->certificates.count != conf->keys.count)
		return conf_error(call, NULL,
				  "there are %zu ssl_certificate and %zu ssl_certificate_key\n"
				  "each certificate needs its key",
				  conf->certificates.count, conf->keys.count);

	struct ssl_settings *settings = pool_new(call->pool, struct ssl_settings);

	warn_of_sessions(call, conf);
	warn_of_memory(call);
	settings->reject = conf->reject_handshake;
	settings->own_records = conf->records == RECORDS_OWN && !wants_padding(conf);
	settings->kept_facts = ssl_variables_facts(call);
	settings->cache = conf->cache ? conf->cache : named_cache_default(call);

	const struct context *context = find_context(call, conf);
	int result = context ? 0 : -EINVAL;

	/* Each of these functions reports its own error, so that all errors are shown. */
	if (certificates_read(call, conf, settings) < 0)
		result = -EINVAL;
	if (read_staple(call, &conf->stapling_file, settings) < 0)
		result = -EINVAL;
	if (result < 0)
		return result;
	settings->context = context->context;
	make_session_context(conf, context, settings);
	conf->settings = settings;
	return 0;
}
