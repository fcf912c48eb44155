/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS: `listen 443 ssl;` and the directives ssl_….
 *
 *     server {
 *         listen 443 ssl;
 *         server_name example.org;
 *         ssl_certificate     example.org.pem;
 *         ssl_certificate_key example.org.key;
 *     }
 */
#include <module.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <transport.h>

#include "certificates.h"
#include "connection.h"
#include "facts.h"
#include "named.h"
#include "self_signed.h"
#include "settings.h"
#include "variables.h"

extern const struct module ssl_module;

/* --- configuration --- */

static struct conf_word full_path(struct conf_call *call, struct conf_word word)
{
	if (!str_starts(word.text, STR("data:")))
		word.text = conf_relative_to_file(call->conf, word.text);
	return word;
}

static void add_word(struct conf_call *call, struct ssl_words *words, struct conf_word word)
{
	words->items = pool_grow(call->pool, words->items, words->count, &words->capacity,
				 sizeof(word));
	words->items[words->count++] = word;
}

/* Each line of the file is a password. */
static int set_passwords(struct conf_call *call)
{
	struct ssl_conf *conf = call->data;
	const struct conf_word *word = &call->node->args[0];
	struct str path = conf_relative_to_file(call->conf, word->text);
	FILE *file = fopen(path.data, "re");
	char line[1024];

	if (!file)
		return conf_error(call, word, "cannot be read: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		struct str password = str_trim(str_from(line), "\r\n");

		conf->passwords.items = pool_grow(call->pool, conf->passwords.items,
						  conf->passwords.count, &conf->passwords_room,
						  sizeof(password));
		conf->passwords.items[conf->passwords.count++] = pool_strdup(call->pool, password);
	}
	fclose(file);
	explicit_bzero(line, sizeof(line));
	return 0;
}

/* For a directive with the path of one file. */
static int set_file(struct conf_call *call)
{
	void *field = (char *)call->data + call->directive->offset;
	struct ssl_words *words = field;

	add_word(call, words, full_path(call, call->node->args[0]));
	return 0;
}

/* For ssl_certificate and ssl_certificate_key. */
static int set_certificate(struct conf_call *call)
{
	void *field = (char *)call->data + call->directive->offset;
	struct ssl_files *files = field;
	const struct conf_word *word = &call->node->args[0];
	struct ssl_file file = { .word = full_path(call, *word) };

	if (named_has_variable(word->text) && named_path_parse(call, word, &file.path) < 0)
		return -EINVAL;
	files->items = pool_grow(call->pool, files->items, files->count, &files->capacity,
				 sizeof(file));
	files->items[files->count++] = file;
	return 0;
}

static int set_command(struct conf_call *call)
{
	struct ssl_conf *conf = call->data;

	add_word(call, &conf->commands, call->node->args[0]);
	add_word(call, &conf->commands, call->node->args[1]);
	return 0;
}

/*
 * For a directive whose field is a path. A relative path starts at the directory of the
 * configuration file.
 */
static int set_path(struct conf_call *call)
{
	struct str *path = (struct str *)((char *)call->data + call->directive->offset);

	*path = conf_relative_to_file(call->conf, *path);
	return 0;
}

static bool is_host_letter(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._:*", c));
}

/* Names that fit into a certificate: letters, digits, and what addresses and wildcards need. */
static int set_self_signed(struct conf_call *call)
{
	struct ssl_conf *conf = call->data;

	for (size_t i = 0; i < call->node->nargs; i++) {
		const struct conf_word *word = &call->node->args[i];

		for (size_t j = 0; j < word->text.len; j++) {
			char c = word->text.data[j];

			if (!is_host_letter(c))
				return conf_error(call, word,
						  "expected the name of a host or an IP address");
		}
		add_word(call, &conf->self_signed, *word);
	}
	return 0;
}

static struct str serve_note(struct pool *pool)
{
	struct str fingerprint = self_signed_fingerprint(pool);

	if (!fingerprint.data)
		return fingerprint;
	return pool_printf(pool,
			   "Its certificate was made on the spot, so browsers warn. Compare its "
			   "SHA-256 fingerprint:\n    %.*s\n",
			   STR_ARG(fingerprint));
}

static int check(struct conf_call *call, void *data)
{
	return ssl_settings_create(call, data);
}

static const struct keyword protocol_keywords[] = {
	{ "SSLv2", 0 },	   { "SSLv3", 0 },   { "TLSv1", 1 }, { "TLSv1.1", 2 },
	{ "TLSv1.2", 4 },  { "TLSv1.3", 8 }, { NULL, 0 },
};

static const struct keyword verify_keywords[] = {
	{ "off", VERIFY_OFF },
	{ "on", VERIFY_ON },
	{ "optional", VERIFY_OPTIONAL },
	{ "optional_no_ca", VERIFY_OPTIONAL_NO_CA },
	{ NULL, 0 },
};

static const struct keyword records_keywords[] = {
	{ "own", RECORDS_OWN },
	{ "openssl", RECORDS_OPENSSL },
	{ NULL, 0 },
};

/* --- requests --- */

static const struct ssl_conf *conf_of_name(const struct request *req, struct str name)
{
	return transport_conf(request_transport(req, &ssl_transport), name, &ssl_module);
}

static bool is_unknown_authority(int result)
{
	switch (result) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return true;
	default:
		return false;
	}
}

/*
 * Whether the handshake used the current rules of the server for client certificates. A connection
 * that has outlived a reload may have used other rules: another authority, or a list of revoked
 * certificates that did not yet contain the client's.
 */
static bool follows_rules(const struct ssl_conf *conf, const struct ssl_facts *facts)
{
	return conf->verify == VERIFY_OFF ||
	       memcmp(facts->rules, conf->settings->session_context, sizeof(facts->rules)) == 0;
}

/* Returns PASS if the server accepts the client's certificate, otherwise 495 or 496. */
static verdict check_client(struct request *req, const struct ssl_conf *conf,
			    const struct ssl_facts *facts)
{
	if (conf->verify == VERIFY_OFF)
		return PASS;
	if (!facts->has_verified)
		return conf->verify == VERIFY_ON ? 496 : PASS;

	int result = ssl_facts_verify_result(facts);

	if (result == X509_V_OK ||
	    (conf->verify == VERIFY_OPTIONAL_NO_CA && is_unknown_authority(result)))
		return PASS;
	request_log(req, LEVEL_INFO, 0, "the client's certificate is refused: %s",
		    X509_verify_cert_error_string(result));
	return 495;
}

/* Kept over redirects. */
struct context {
	bool is_refused; /* error_page may show another page of this server */
};

static verdict refuse(struct request *req, verdict status)
{
	struct context *context = request_context(req, &ssl_module);

	context->is_refused = true;
	return status;
}

static bool is_refused(struct request *req)
{
	const struct context *context =
		req->is_internal ? request_context(req, &ssl_module) : NULL;

	return context && context->is_refused;
}

/*
 * Runs when the server of the request is known. A connection whose handshake was for a server with
 * different TLS settings cannot be used for this server: 421 (RFC 9110 section 15.5.20).
 */
static verdict ssl_server_rewrite(struct request *req, const void *data)
{
	const struct ssl_conf *conf = data;
	const struct ssl_facts *facts;

	if (!request_transport(req, &ssl_transport))
		return PASS;
	/* A subrequest is of a request that was checked here, or of the error page for it. */
	if (req->parent || is_refused(req))
		return PASS;
	if (ssl_is_plain_http(req))
		return refuse(req, 497);
	facts = ssl_facts_of(req);
	if (!facts)
		return PASS;

	struct str name = ssl_fact(facts, FACT_NAME);
	const struct ssl_settings *made_for = conf_of_name(req, name)->settings;

	if (conf->settings != made_for &&
	    (!conf->settings || !made_for || conf->settings->context != made_for->context ||
	     memcmp(conf->settings->session_context, made_for->session_context,
		    sizeof(made_for->session_context)) != 0))
		return refuse(req, 421);
	if (conf->settings && !follows_rules(conf, facts))
		return refuse(req, 421);

	verdict result = check_client(req, conf, facts);

	return result == PASS ? PASS : refuse(req, result);
}

static void ssl_stop(const void *conf, enum stop_reason reason)
{
	(void)conf;
	(void)reason;
	named_finish();
}

static const char *openssl_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

const struct module ssl_module = {
	.name = "ssl",
	.summary = "provides TLS, for HTTPS",
	.conf_size = sizeof(struct ssl_conf),
	.context_size = sizeof(struct context),
	.context_is_kept = true,
	.library = openssl_version,
	.listen_parameters = (const struct listen_parameter[]) {
		{ "ssl", .transport = &ssl_transport,
		  .doc = "connections use TLS; the server needs an ssl_certificate" },
		{ 0 }
	},
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("ssl_certificate", IN_HTTP | IN_SERVER, set_certificate, "file",
			      "The server's certificate for HTTPS, in PEM, followed by the "
			      "certificates of "
			      "its issuers, without the root. A server may have several, for "
			      "example one with an RSA key and one with an ECDSA key; each needs "
			      "its ssl_certificate_key, in the same order. `data:` followed by "
			      "the certificate itself may stand in place of a file.\n\n"
			      "    ssl_certificate     /etc/ssl/example.org.pem;\n"
			      "    ssl_certificate_key /etc/ssl/example.org.key;\n\n"
			      "The path may have variables behind its directory. Then the file is "
			      "read in each handshake, by a process with the rights of the "
			      "workers' user, so this user must be able to read the key; "
			      "ssl_certificate_cache says how long a worker keeps both. A value "
			      "that is empty or has a slash, a control character or \"..\" is "
			      "refused. If a file cannot be read, the handshake fails, and the "
			      "error log says why. Only variables of the connection have a value, "
			      "and what a map makes of them.\n\n"
			      "    ssl_certificate     /etc/tls/$ssl_server_name.pem;\n"
			      "    ssl_certificate_key /etc/tls/$ssl_server_name.key;",
			      .flags = LIST, .min_args = 1,
			      FIELD_AT(struct ssl_conf, certificates)),
		DIRECTIVE_SET("ssl_certificate_key", IN_HTTP | IN_SERVER, set_certificate, "file",
			      "The private key of the certificate, in PEM. It is read by the "
			      "master, so it may be readable for root only. The files are looked "
			      "at every 10 seconds: a pair that has changed is used without a "
			      "reload. If this path or that of the certificate has variables, "
			      "both files are read with the rights of the workers' user, see "
			      "ssl_certificate.\n\n"
			      "    ssl_certificate_key /etc/ssl/example.org.key;",
			      .flags = LIST, .min_args = 1, FIELD_AT(struct ssl_conf, keys)),
		DIRECTIVE_SET("ssl_certificate_cache", IN_HTTP | IN_SERVER, named_cache_set,
			      "off | max=N [inactive=time] [valid=time]",
			      "How many certificates whose paths have variables a worker keeps, "
			      "with their keys. The one that was used longest ago makes room for "
			      "another; one that was not used for the time of inactive (10s "
			      "unless it is given) is dropped, and one that is older than valid "
			      "(60s) is read again. With off, the files are read in each "
			      "handshake. Other certificates are always in memory.\n\n"
			      "    ssl_certificate_cache max=1000 inactive=1m valid=5m;",
			      .min_args = 1, .max_args = 3,
			      .initial = "max=100 inactive=10s valid=10s"),
		DIRECTIVE_SET("ssl_password_file", IN_HTTP | IN_SERVER, set_passwords, "file",
			      "A file with passwords of private keys, one on each line. They are "
			      "tried in this order.\n\n"
			      "    ssl_password_file /etc/ssl/passwords;",
			      .flags = LIST, .min_args = 1,
			      FIELD_AT(struct ssl_conf, passwords)),
		DIRECTIVE("ssl", IN_HTTP | IN_SERVER, struct ssl_conf, on, "on | off",
			  "With on, every listen of the server has the parameter ssl. This is an "
			  "old form, and a warning says so; write `listen 443 ssl` in place of "
			  "it.\n\n"
			  "    ssl on;",
			  .initial = "off"),
		DIRECTIVE_SET("ssl_self_signed", IN_HTTP | IN_SERVER, set_self_signed, "name ...",
			      "The server makes a certificate for these names and addresses when "
			      "it starts, with an ECDSA key. Browsers do not know who has signed "
			      "it and warn, so it is for trying things out; `skua serve --tls` "
			      "uses it. The certificate stays the same at a reload and at an "
			      "upgrade of the program.\n\n"
			      "    ssl_self_signed localhost 127.0.0.1;",
			      .flags = LIST, .min_args = 1, .max_args = MANY_ARGS,
			      FIELD_AT(struct ssl_conf, self_signed)),
		DIRECTIVE("ssl_certificate_compression", IN_HTTP | IN_SERVER, struct ssl_conf,
			  compresses_certificates, "on | off",
			  "With on, certificates are sent compressed to clients that support it "
			  "(RFC 8879). It needs OpenSSL 3.2 or later, and has no effect with "
			  "older versions.\n\n"
			  "    ssl_certificate_compression on;",
			  .initial = "off"),
		DIRECTIVE("ssl_protocols", IN_HTTP | IN_SERVER, struct ssl_conf, protocols,
			  "[SSLv2] [SSLv3] [TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3]",
			  "The versions of TLS that clients may use. The words SSLv2 and SSLv3 "
			  "are accepted and have no effect, because OpenSSL no longer supports "
			  "these versions. Further directives in the same block add versions."
			  "\n\n    ssl_protocols TLSv1.3;",
			  .initial = "TLSv1.2 TLSv1.3", .flags = LIST,
			  .keywords = protocol_keywords),
		DIRECTIVE("ssl_ciphers", IN_HTTP | IN_SERVER, struct ssl_conf, ciphers, "ciphers",
			  "The ciphers for TLS 1.2 and below, as openssl-ciphers(1) writes them. "
			  "The default is the intermediate profile of Mozilla, without DHE: "
			  "AES-GCM and ChaCha20-Poly1305 with ECDHE.\n\n"
			  "    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;"),
		DIRECTIVE("ssl_prefer_server_ciphers", IN_HTTP | IN_SERVER, struct ssl_conf,
			  prefer_server_ciphers, "on | off",
			  "With on, the server's order of ciphers is used instead of the "
			  "client's.\n\n"
			  "    ssl_prefer_server_ciphers on;",
			  .initial = "off"),
		DIRECTIVE("ssl_ecdh_curve", IN_HTTP | IN_SERVER, struct ssl_conf, curves, "groups",
			  "The groups for the key exchange, separated by colons. auto stands for "
			  "OpenSSL's default groups.\n\n"
			  "    ssl_ecdh_curve X25519:prime256v1;",
			  .initial = "auto"),
		DIRECTIVE("ssl_reject_handshake", IN_HTTP | IN_SERVER, struct ssl_conf,
			  reject_handshake, "on | off",
			  "With on, handshakes for the names of this server are refused. Use it "
			  "in a default server to refuse unknown names.\n\n"
			  "    server {\n"
			  "        listen 443 ssl default_server;\n"
			  "        ssl_reject_handshake on;\n"
			  "    }",
			  .initial = "off"),
		DIRECTIVE("ssl_records", IN_HTTP | IN_SERVER, struct ssl_conf, records,
			  "own | openssl",
			  "Which code encrypts and decrypts the records of TLS 1.3 after the "
			  "handshake: that of Skua (own) or that of OpenSSL. With own, a "
			  "connection needs less memory and CPU time, and survives reloads and "
			  "upgrades of the program. Connections with TLS 1.2 use OpenSSL's "
			  "records in both cases, as do all connections if the configuration of "
			  "OpenSSL demands fips=yes, or if ssl_conf_command sets RecordPadding "
			  "to more than 1. RecordPadding in the configuration file of OpenSSL "
			  "has no effect on own records.\n\n"
			  "    ssl_records openssl;",
			  .initial = "own", .keywords = records_keywords),
		DIRECTIVE("ssl_session_tickets", IN_HTTP | IN_SERVER, struct ssl_conf, tickets,
			  "on | off",
			  "With on, clients get tickets with which they can resume a session.\n\n"
			  "    ssl_session_tickets off;",
			  .initial = "on"),
		DIRECTIVE_SET("ssl_session_ticket_key", IN_HTTP | IN_SERVER, set_file, "file",
			      "A file of 48 or 80 random bytes, which is the key that encrypts "
			      "tickets. If there are several files, the first one encrypts "
			      "tickets, and the others only decrypt them. Without this directive "
			      "and ssl_session_ticket_secret, the server makes and replaces the "
			      "keys itself. All workers can resume a session, also after a "
			      "reload or an upgrade.\n\n"
			      "    ssl_session_ticket_key /etc/ssl/ticket.key;",
			      .flags = LIST, .min_args = 1,
			      FIELD_AT(struct ssl_conf, ticket_files)),
		DIRECTIVE_SET("ssl_session_ticket_secret", IN_HTTP | IN_SERVER, set_file, "file",
			      "A file with a secret of 32 bytes or more. The keys of tickets are "
			      "derived from the secret and the time. They change every hour, or "
			      "less often if ssl_session_timeout is longer. Machines with the "
			      "same file can resume each other's sessions.\n\n"
			      "    ssl_session_ticket_secret /etc/ssl/ticket.secret;",
			      .flags = LIST, .min_args = 1,
			      FIELD_AT(struct ssl_conf, ticket_secret)),
		DIRECTIVE("ssl_session_timeout", IN_HTTP | IN_SERVER, struct ssl_conf,
			  session_timeout, "time",
			  "How long a session can be resumed.\n\n"
			  "    ssl_session_timeout 1d;", .initial = "5m"),
		DIRECTIVE("ssl_verify_client", IN_HTTP | IN_SERVER, struct ssl_conf, verify,
			  "on | off | optional | optional_no_ca",
			  "Whether clients must present a certificate. The result is in "
			  "$ssl_client_verify. on: a client without a certificate gets status "
			  "496, and a client whose certificate is not accepted gets 495; both "
			  "are sent as 400. optional: a certificate is requested, and checked if "
			  "the client presents one. optional_no_ca: as optional, but the "
			  "certificate need not come from a known authority.\n\n"
			  "    ssl_client_certificate /etc/ssl/clients.pem;\n"
			  "    ssl_verify_client      on;",
			  .initial = "off", .keywords = verify_keywords),
		DIRECTIVE("ssl_verify_depth", IN_HTTP | IN_SERVER, struct ssl_conf, verify_depth,
			  "number",
			  "How many certificates there may be between the certificate of a "
			  "client and that of a known authority.\n\n"
			  "    ssl_verify_depth 2;",
			  .initial = "1", .max = 100),
		DIRECTIVE("ssl_client_certificate", IN_HTTP | IN_SERVER, struct ssl_conf,
			  client_certificate, "file",
			  "A file with the certificates of authorities, in PEM, with which "
			  "client certificates are checked. The names of the authorities are "
			  "sent to clients.\n\n"
			  "    ssl_client_certificate /etc/ssl/clients.pem;",
			  .set = set_path),
		DIRECTIVE("ssl_trusted_certificate", IN_HTTP | IN_SERVER, struct ssl_conf,
			  trusted_certificate, "file",
			  "As ssl_client_certificate, but the names of the authorities are not "
			  "sent to clients.\n\n"
			  "    ssl_trusted_certificate /etc/ssl/chain.pem;",
			  .set = set_path),
		DIRECTIVE("ssl_crl", IN_HTTP | IN_SERVER, struct ssl_conf, crl, "file",
			  "A file with lists of revoked client certificates (CRL), in PEM.\n\n"
			  "    ssl_crl /etc/ssl/revoked.pem;",
			  .set = set_path),
		DIRECTIVE_SET("ssl_conf_command", IN_HTTP | IN_SERVER, set_command, "name value",
			      "A configuration command of OpenSSL, see SSL_CONF_cmd(3), for "
			      "example `ssl_conf_command Ciphersuites "
			      "TLS_CHACHA20_POLY1305_SHA256`. The relative path of a file starts "
			      "at the directory of the configuration file. VerifyCAFile and "
			      "VerifyCAPath take the place of the authorities of "
			      "ssl_client_certificate and ssl_trusted_certificate. Workers look "
			      "for authorities in a directory while they run; a symbolic link "
			      "there that leads to another directory is followed from the next "
			      "reload on. Beside ssl_crl, which has no effect on them, the two "
			      "are refused. VerifyCAStore is always refused.\n\n"
			      "    ssl_conf_command Options PrioritizeChaCha;",
			      .flags = LIST, .min_args = 2, FIELD_AT(struct ssl_conf, commands)),
		DIRECTIVE_SET("ssl_stapling_file", IN_HTTP | IN_SERVER, set_file, "file",
			      "A file with an OCSP response for the certificate, in DER. It is "
			      "sent to clients that request one.\n\n"
			      "    ssl_stapling_file /var/lib/ocsp/example.org.der;",
			      .flags = LIST, .min_args = 1,
			      FIELD_AT(struct ssl_conf, stapling_file)),
		DIRECTIVE("ssl_buffer_size", IN_HTTP | IN_SERVER, struct ssl_conf, buffer_size,
			  "size",
			  "The size of the records in which responses are sent; more than 16k "
			  "means 16k. Without this directive, the first records after a pause "
			  "have 4k, so that a client can use their content early, and later "
			  "records have 16k.\n\n"
			  "    ssl_buffer_size 4k;",
			  .min = 1),
		DIRECTIVE("ssl_handshake_timeout", IN_HTTP | IN_SERVER, struct ssl_conf,
			  handshake_timeout, "time",
			  "The time within which a client must complete its handshake.\n\n"
			  "    ssl_handshake_timeout 10s;",
			  .initial = "10s"),
		DIRECTIVE_OBSOLETE("ssl_session_cache", IN_HTTP | IN_SERVER,
				   "off | none | [builtin[:size]] [shared:name:size]",
				   "Sessions are resumed with tickets, which need no memory in the "
				   "server. With ssl_session_tickets off no session is resumed."),
		DIRECTIVE_OBSOLETE("ssl_dhparam", IN_HTTP | IN_SERVER, "file",
				   "The key exchange uses elliptic curves, which all current "
				   "clients support."),
		DIRECTIVE_OBSOLETE("ssl_early_data", IN_HTTP | IN_SERVER, "on | off",
				   "An attacker can replay data that is sent with the first "
				   "message of a handshake (0-RTT), so such data is not accepted."),
		DIRECTIVE_OBSOLETE("ssl_stapling", IN_HTTP | IN_SERVER, "on | off",
				   "The server does not request OCSP responses, and authorities "
				   "are ending this service. ssl_stapling_file sends a response "
				   "that another program has fetched."),
		DIRECTIVE_OBSOLETE("ssl_stapling_verify", IN_HTTP | IN_SERVER, "on | off",
				   "See ssl_stapling."),
		DIRECTIVE_OBSOLETE("ssl_stapling_responder", IN_HTTP | IN_SERVER, "url",
				   "See ssl_stapling."),
		DIRECTIVE_OBSOLETE("ssl_ocsp", IN_HTTP | IN_SERVER, "on | off | leaf",
				   "The server does not request OCSP responses. Use ssl_crl to "
				   "refuse revoked client certificates."),
		DIRECTIVE_OBSOLETE("ssl_ocsp_cache", IN_HTTP | IN_SERVER,
				   "off | [shared:name:size]",
				   "See ssl_ocsp."),
		DIRECTIVE_OBSOLETE("ssl_ocsp_responder", IN_HTTP | IN_SERVER, "url",
				   "See ssl_ocsp."),
		DIRECTIVE_OBSOLETE("ssl_object_cache_inheritable", IN_MAIN, "on | off",
				   "A reload reads all certificates again."),
		{ 0 }
	},
	.variables = ssl_variables,
	.check = check,
	.refresh = certificates_refresh,
	.metrics = certificates_metrics,
	.counters = (const struct counter[]) {
		[SSL_DONE] = { "handshakes", COUNTER, "TLS handshakes that were completed." },
		[SSL_RESUMED] = { "handshakes_resumed", COUNTER,
				  "Those of them that have resumed a session." },
		[SSL_FAILED] = { "handshakes_failed", COUNTER, "TLS handshakes that have failed." },
		[SSL_REFUSED] = { "handshakes_refused", COUNTER,
				  "Clients that were refused because too many waited for a "
				  "handshake." },
		{ 0 }
	},
	.helper = &named_helper,
	.stop = ssl_stop,
	.serve_note = serve_note,
	.pass_on = self_signed_pass_on,
	.take_over = self_signed_take_over,
	.on[PHASE_SERVER_REWRITE] = ssl_server_rewrite,
	.if_listened = true,
};
