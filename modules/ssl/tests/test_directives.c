/* SPDX-License-Identifier: BSD-2-Clause */
/* The directives and variables of TLS, one after the other: what each changes for a client. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tls_client.h"

static struct identity own;
static struct server *server;
static const char *dir;

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	dir = scratch_create();
	own = identity_create("localhost", "EC", NULL);
	identity_put(&own, dir, "a");
}

static void teardown(void)
{
	server_stop(server);
	identity_destroy(&own);
	scratch_remove(dir);
}

/* %s in the text is the folder of the certificates. */
static void start_with(const char *main_directives, const char *format)
{
	char *text = memory_alloc(4096);
	const char *at;

	*text = '\0';
	while ((at = strstr(format, "%s"))) {
		strncat(text, format, (size_t)(at - format));
		strcat(text, dir);
		format = at + 2;
	}
	strcat(text, format);
	server = server_start(memory_printf("%s http { server { listen 127.0.0.1:%%PORT%% ssl;"
					    "ssl_certificate %s/a.pem; ssl_certificate_key "
					    "%s/a.key; %s } }",
					    main_directives, dir, dir, text));
}

static void start(const char *format)
{
	start_with("", format);
}

static void restart(const char *format)
{
	server_stop(server);
	start(format);
}

static const char *body_of(struct tls *tls)
{
	ck_assert_msg(!tls->failed, "%s", file_text(server, "/error.log"));

	const char *body = tls_get(tls, "/").body;

	tls_close(tls);
	return body;
}

static void put_bytes_of(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(memory_printf("%s/%s", dir, name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

/* --- the handshake --- */

START_TEST(ciphers_and_their_order)
{
#define TWO "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305;"
	start(TWO "return 200 $ssl_cipher;");
	/* OpenSSL's client prefers it to AES128. */
	ck_assert_str_eq(body_of(tls_connect(server, .version = TLS1_2_VERSION)),
			 "ECDHE-ECDSA-CHACHA20-POLY1305");
	restart(TWO "ssl_prefer_server_ciphers on; return 200 $ssl_cipher;");
	ck_assert_str_eq(body_of(tls_connect(server, .version = TLS1_2_VERSION)),
			 "ECDHE-ECDSA-AES128-GCM-SHA256");
	restart("ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;"
		"return 200 $ssl_cipher;");
	ck_assert_str_eq(body_of(tls_connect(server)), "TLS_CHACHA20_POLY1305_SHA256");
	ck_assert(tls_connect(server, .suite = "TLS_AES_128_GCM_SHA256")->failed);
}
END_TEST

START_TEST(versions)
{
	start("ssl_protocols TLSv1.3; return 200 $ssl_protocol;");
	ck_assert_str_eq(body_of(tls_connect(server)), "TLSv1.3");
	ck_assert(tls_connect(server, .version = TLS1_2_VERSION)->failed);
	restart("ssl_protocols TLSv1.2; return 200 $ssl_protocol;");
	ck_assert_str_eq(body_of(tls_connect(server)), "TLSv1.2");
	ck_assert(tls_connect(server, .version = TLS1_3_VERSION)->failed);
	/* A file that is included may have the directive, too. */
	restart("ssl_protocols TLSv1.2; ssl_protocols TLSv1.3; return 200 $ssl_protocol;");
	ck_assert_str_eq(body_of(tls_connect(server, .version = TLS1_2_VERSION)), "TLSv1.2");
	ck_assert_str_eq(body_of(tls_connect(server, .version = TLS1_3_VERSION)), "TLSv1.3");
}
END_TEST

START_TEST(groups)
{
	start("ssl_ecdh_curve secp384r1:prime256v1; return 200 $ssl_curve;");
	ck_assert_str_eq(body_of(tls_connect(server, .groups = "P-256")), "prime256v1");
	ck_assert_str_eq(body_of(tls_connect(server, .groups = "P-384")), "secp384r1");
	ck_assert(tls_connect(server, .groups = "X25519")->failed);
}
END_TEST

START_TEST(a_rejected_handshake)
{
	start("server_name localhost; return 200 known; } server { listen 127.0.0.1:%PORT%"
	      " default_server ssl; ssl_reject_handshake on;");
	ck_assert_str_eq(body_of(tls_connect(server, .name = "localhost")), "known");
	for (int i = 0; i < 2; i++) {
		ERR_clear_error();
		ck_assert(tls_connect(server, .name = i ? "unknown" : NULL)->failed);
		ck_assert_int_eq(ERR_GET_REASON(ERR_peek_error()), SSL_R_TLSV1_UNRECOGNIZED_NAME);
	}
}
END_TEST

static int ocsp_length_of(bool wants)
{
	struct tls *tls = tls_connect(server, .wants_staple = wants);
	const unsigned char *bytes;

	ck_assert_str_eq(tls_get(tls, "/").body, "x");
	return (int)SSL_get_tlsext_status_ocsp_resp(tls->ssl, &bytes);
}

static void append_certificate(const X509 *certificate)
{
	FILE *file = fopen(memory_printf("%s/a.pem", dir), "a");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(PEM_write_X509(file, certificate), 1);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_stapled_response)
{
	OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL);
	unsigned char *bytes = NULL;
	int len = i2d_OCSP_RESPONSE(response, &bytes);

	put_bytes_of("ocsp", bytes, (size_t)len);
	start("ssl_stapling_file %s/ocsp; return 200 x;");
	ck_assert_int_eq(ocsp_length_of(true), len);
	ck_assert_int_eq(ocsp_length_of(false), -1);
	/* Compressed forms have no response. The same certificate twice makes them shorter. */
	append_certificate(own.certificate);
	restart("ssl_stapling_file %s/ocsp; ssl_certificate_compression on; return 200 x;");
	ck_assert_int_eq(ocsp_length_of(false), -1);
	ck_assert_int_eq(ocsp_length_of(true), len);
	OPENSSL_free(bytes);
	OCSP_RESPONSE_free(response);
}
END_TEST

START_TEST(accepted_without_effect)
{
	start_with("ssl_object_cache_inheritable on;",
		   "ssl_session_cache shared:SSL:10m; ssl_dhparam %s/a.pem; ssl_early_data on;"
		   "ssl_stapling on; ssl_stapling_verify on; ssl_stapling_responder http://a/;"
		   "ssl_ocsp on; ssl_ocsp_cache shared:o:1m; ssl_ocsp_responder http://a/;"
		   "return 200 '[$ssl_early_data$ssl_session_id$ssl_ech_status"
		   "$ssl_ech_outer_server_name]';");
	ck_assert_str_eq(body_of(tls_connect(server)), "[]");
}
END_TEST

/* Bytes of the records of a response. */
static uint64_t bytes_of_response(const char *directives)
{
	if (server)
		server_stop(server);
	start(directives);

	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);

	ck_assert_str_eq(tls_get(tls, "/").body, "x"); /* and a ticket before it */

	uint64_t before = BIO_number_read(SSL_get_rbio(tls->ssl));

	ck_assert_str_eq(tls_get(tls, "/").body, "x");

	uint64_t bytes = BIO_number_read(SSL_get_rbio(tls->ssl)) - before;

	tls_close(tls);
	return bytes;
}

START_TEST(commands_of_openssl)
{
	/* Padding is for OpenSSL's records. */
	ck_assert_uint_lt(bytes_of_response("return 200 x;"), 1000);
	ck_assert_uint_gt(bytes_of_response("ssl_conf_command RecordPadding 4096; return 200 x;"),
			  4096);
	/* A relative path starts at the directory of the configuration file. */
	server_stop(server);

	const char *const files[] = { "/conf/ca.pem", pem_of(own.certificate), NULL };

	server = server_start_with(&(const struct server_setup){
		.conf = memory_printf("http { server { listen 127.0.0.1:%%PORT%% ssl;"
				      "ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;"
				      "ssl_conf_command VerifyCAFile ca.pem; return 200 x; } }",
				      dir, dir),
		.files = files,
	});
	ck_assert_str_eq(body_of(tls_connect(server)), "x");
}
END_TEST

/* Bytes that the server has sent in a handshake with all of its certificates. */
static uint64_t handshake_bytes(const char *directives)
{
	uint64_t bytes;

	if (server)
		server_stop(server);
	start(directives);
	/* The second one uses what was compressed for the first. */
	for (int i = 0; i < 2; i++) {
		struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);

		bytes = BIO_number_read(SSL_get_rbio(tls->ssl));
		ck_assert_int_eq(sk_X509_num(SSL_get_peer_cert_chain(tls->ssl)), 3);
		ck_assert_str_eq(body_of(tls), "x");
	}
	return bytes;
}

START_TEST(compressed_certificates)
{
	struct identity authority = authority_create("authority", NULL);
	struct identity issuer = authority_create("issuer", &authority);

	append_certificate(issuer.certificate);
	append_certificate(authority.certificate);

	uint64_t plain = handshake_bytes("return 200 x;");
	uint64_t compressed = handshake_bytes("ssl_certificate_compression on; return 200 x;");

	identity_destroy(&issuer);
	identity_destroy(&authority);
#if defined(SSL_OP_NO_TX_CERTIFICATE_COMPRESSION) && !defined(OPENSSL_NO_COMP_ALG)
	ck_assert_uint_lt(compressed + 100, plain);
#else
	ck_assert_uint_lt(compressed, plain + 10); /* the lengths of signatures differ */
	teardown();
	test_skip("this version of OpenSSL cannot compress certificates");
#endif
}
END_TEST

/* --- sessions --- */

static SSL_SESSION *new_session(int version)
{
	struct tls *tls = tls_connect(server, .version = version);

	ck_assert_str_eq(tls_get(tls, "/").body, ".");

	SSL_SESSION *session = SSL_get1_session(tls->ssl);

	tls_close(tls);
	return session;
}

static bool resumes(SSL_SESSION *session)
{
	return strcmp(body_of(tls_connect(server, .session = session,
					  .version = SSL_SESSION_get_protocol_version(session))),
		      "r") == 0;
}

static void ck_resumption(const char *before, const char *after, bool expected)
{
	start(before);

	SSL_SESSION *sessions[] = { new_session(TLS1_2_VERSION), new_session(TLS1_3_VERSION) };

	restart(after);
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(resumes(sessions[i]) == expected, "%s, then %s", before, after);
		SSL_SESSION_free(sessions[i]);
	}
}

/* The server is another one afterwards, as another machine would be. */
START_TEST(keys_of_tickets)
{
	char bytes[80];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('a' + i % 25);
	put_bytes_of("80", bytes, 80);
	put_bytes_of("48", bytes + 10, 48);
	ck_resumption("return 200 $ssl_session_reused;", "return 200 $ssl_session_reused;", false);
	server_stop(server);
	ck_resumption("ssl_session_ticket_key %s/80; return 200 $ssl_session_reused;",
		      "ssl_session_ticket_key %s/80; return 200 $ssl_session_reused;", true);
	server_stop(server);
	ck_resumption("ssl_session_ticket_key %s/80; return 200 $ssl_session_reused;",
		      "ssl_session_ticket_key %s/48; ssl_session_ticket_key %s/80;"
		      "return 200 $ssl_session_reused;",
		      true);
	server_stop(server);
	ck_resumption("ssl_session_ticket_key %s/80; return 200 $ssl_session_reused;",
		      "ssl_session_ticket_key %s/48; return 200 $ssl_session_reused;", false);
	server_stop(server);
	ck_resumption("ssl_session_ticket_secret %s/48; return 200 $ssl_session_reused;",
		      "ssl_session_ticket_secret %s/48; return 200 $ssl_session_reused;", true);
}
END_TEST

START_TEST(the_life_of_a_session)
{
	start("ssl_session_timeout 1234s; return 200 $ssl_session_reused;");
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		SSL_SESSION *session = new_session(version);

		ck_assert_uint_eq(SSL_SESSION_get_ticket_lifetime_hint(session), 1234);
		SSL_SESSION_free(session);
	}
	restart("ssl_session_tickets off; return 200 $ssl_session_reused;");

	SSL_SESSION *session = new_session(TLS1_3_VERSION);

	ck_assert(!SSL_SESSION_has_ticket(session));
	SSL_SESSION_free(session);
	ck_assert_uint_eq(file_count(server, "/output.log", "no session is resumed"), 1);
}
END_TEST

/* --- records --- */

enum { BURST = 16 * 1024 }; /* what is sent in short records */

/* SSL_read() returns the content of one record at most. */
static void ck_records(struct tls *tls, int in_burst, int later)
{
	static char bytes[32 * 1024];
	int longest[2] = { 0, 0 }, sum = 0;

	tls_send(tls, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int n; sum < 60000 && (n = SSL_read(tls->ssl, bytes, sizeof(bytes))) > 0; sum += n) {
		int *of = &longest[sum + n > BURST + 4096];

		*of = n > *of ? n : *of;
	}
	ck_assert_int_ge(sum, 60000);
	ck_assert_int_eq(longest[0], in_burst);
	ck_assert_int_eq(longest[1], later);
}

START_TEST(the_size_of_records)
{
	static char big[64 * 1024];
	struct tls *tls;

	memset(big, 'x', sizeof(big));
	start("ssl_buffer_size 1k;");
	put_bytes(server, "big", big, sizeof(big));
	tls = tls_connect(server, .version = TLS1_3_VERSION);
	ck_records(tls, 1024, 1024);
	tls_close(tls);
	/* The first ones are short. */
	restart("");
	put_bytes(server, "big", big, sizeof(big));
	tls = tls_connect(server, .version = TLS1_3_VERSION);
	ck_records(tls, 4096, 16 * 1024);
	tls_close(tls);
}
END_TEST

/* nginx starts with such values, too. */
START_TEST(values_without_effect)
{
	static char big[64 * 1024];

	memset(big, 'x', sizeof(big));
	start("ssl_buffer_size 1m; ssl_client_certificate %s/missing.pem;");
	put_bytes(server, "big", big, sizeof(big));
	ck_records(tls_connect(server, .version = TLS1_3_VERSION), 16 * 1024, 16 * 1024);
	restart("ssl_buffer_size 1; return 200 hello;");
	ck_assert_str_eq(body_of(tls_connect(server)), "hello");
}
END_TEST

/* --- certificates of clients --- */

static void put_authority(const struct identity *authority)
{
	identity_put(authority, dir, "ca");
}

static int names_sent(const struct identity *client)
{
	struct tls *tls = tls_connect(server, .identity = client);

	ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS");

	int names = sk_X509_NAME_num(SSL_get_client_CA_list(tls->ssl));

	tls_close(tls);
	return names > 0 ? names : 0;
}

START_TEST(authorities)
{
	struct identity authority = identity_create("authority", "EC", NULL);
	struct identity client = identity_create("client", "EC", &authority);
	struct identity stranger = identity_create("stranger", "EC", NULL);

	put_authority(&authority);
	start("ssl_verify_client on; ssl_client_certificate %s/ca.pem; return 200 "
	      "$ssl_client_verify;");
	ck_assert_int_eq(names_sent(&client), 1);
	restart("ssl_verify_client on; ssl_trusted_certificate %s/ca.pem; return 200 "
		"$ssl_client_verify;");
	ck_assert_int_eq(names_sent(&client), 0);
	restart("ssl_verify_client optional; ssl_client_certificate %s/ca.pem; return 200 "
		"$ssl_client_verify;");
	ck_assert_str_eq(body_of(tls_connect(server)), "NONE");
	ck_assert_int_eq(tls_get(tls_connect(server, .identity = &stranger), "/").status, 400);
	restart("ssl_verify_client optional_no_ca; ssl_client_certificate %s/ca.pem; return 200 "
		"$ssl_client_verify;");
	ck_assert_ptr_nonnull(
		strstr(body_of(tls_connect(server, .identity = &stranger)), "FAILED:self"));
	identity_destroy(&authority);
	identity_destroy(&client);
	identity_destroy(&stranger);
}
END_TEST

/* Whether the server accepts a client that shows these issuers behind its certificate. */
static bool is_verified(const char *depth, const struct identity *client,
			const struct identity *issuer, const struct identity *next)
{
	restart(memory_printf("ssl_verify_client on; ssl_client_certificate %%s/ca.pem; %s"
			      "error_page 495 =200 /why;"
			      "location = /why { return 200 'refused $ssl_client_verify'; }"
			      "location / { return 200 $ssl_client_verify; }",
			      depth));

	struct tls *tls = tls_connect(server, .identity = client, .issuers = { issuer, next });
	const char *body = body_of(tls);

	ck_assert_msg(strcmp(body, "SUCCESS") == 0 || strncmp(body, "refused FAILED:", 15) == 0,
		      "%s", body);
	return *body == 'S';
}

/* As in nginx 1.22: certificates between the client's and that of the authority count. */
START_TEST(the_depth_of_verification)
{
	struct identity root = authority_create("root", NULL);
	struct identity first = authority_create("first", &root);
	struct identity second = authority_create("second", &first);
	struct identity at_root = identity_create("at root", "EC", &root);
	struct identity at_first = identity_create("at first", "EC", &first);
	struct identity at_second = identity_create("at second", "EC", &second);

	put_authority(&root);
	start("return 200 x;");
	/* The default is 1. */
	ck_assert(is_verified("", &at_first, &first, NULL));
	ck_assert(!is_verified("", &at_second, &second, &first));
	ck_assert(is_verified("ssl_verify_depth 0;", &at_root, NULL, NULL));
	ck_assert(!is_verified("ssl_verify_depth 0;", &at_first, &first, NULL));
	ck_assert(is_verified("ssl_verify_depth 1;", &at_first, &first, NULL));
	ck_assert(!is_verified("ssl_verify_depth 1;", &at_second, &second, &first));
	ck_assert(is_verified("ssl_verify_depth 2;", &at_second, &second, &first));
	/* The client must show what stands between. */
	ck_assert(!is_verified("ssl_verify_depth 2;", &at_second, &second, NULL));
	identity_destroy(&root);
	identity_destroy(&first);
	identity_destroy(&second);
	identity_destroy(&at_root);
	identity_destroy(&at_first);
	identity_destroy(&at_second);
}
END_TEST

static void put_crl(const struct identity *authority, const X509 *revoked)
{
	X509_CRL *list = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *later = X509_gmtime_adj(NULL, 3600);
	FILE *file = fopen(memory_printf("%s/crl.pem", dir), "w");

	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate));
	X509_CRL_set1_lastUpdate(list, now);
	X509_CRL_set1_nextUpdate(list, later);
	X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)X509_get0_serialNumber(revoked));
	X509_REVOKED_set_revocationDate(entry, now);
	X509_CRL_add0_revoked(list, entry);
	X509_CRL_sort(list);
	ck_assert_int_gt(X509_CRL_sign(list, authority->key, EVP_sha256()), 0);
	PEM_write_X509_CRL(file, list);
	fclose(file);
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
	X509_CRL_free(list);
}

START_TEST(revoked_certificates)
{
	struct identity authority = identity_create("authority", "EC", NULL);
	struct identity good = identity_create("good", "EC", &authority);
	struct identity bad = identity_create("bad", "EC", &authority);

	put_authority(&authority);
	put_crl(&authority, bad.certificate);
	start("ssl_verify_client on; ssl_client_certificate %s/ca.pem; ssl_crl %s/crl.pem;"
	      "error_page 495 =200 /why; location = /why { return 200 $ssl_client_verify; }"
	      "location / { return 200 $ssl_client_verify; }");
	ck_assert_str_eq(body_of(tls_connect(server, .identity = &good)), "SUCCESS");
	ck_assert_str_eq(body_of(tls_connect(server, .identity = &bad)),
			 "FAILED:certificate revoked");
	identity_destroy(&authority);
	identity_destroy(&good);
	identity_destroy(&bad);
}
END_TEST

static const char *fingerprint_of(const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *text = memory_alloc(2 * EVP_MAX_MD_SIZE + 1);
	unsigned len;

	X509_digest(certificate, EVP_sha1(), digest, &len);
	for (unsigned i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return text;
}

static const char *time_text(const ASN1_TIME *time)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;

	ASN1_TIME_print(bio, time);

	long len = BIO_get_mem_data(bio, &bytes);
	const char *text = memory_printf("%.*s", (int)len, bytes);

	BIO_free(bio);
	return text;
}

/* In the forms that nginx 1.22 gives them. */
START_TEST(variables_of_a_certificate)
{
	struct identity authority = identity_create("authority", "EC", NULL);
	struct identity client = identity_create("client", "EC", &authority);
	X509 *certificate = client.certificate;
	long serial = ASN1_INTEGER_get(X509_get0_serialNumber(certificate));

	put_authority(&authority);
	start("ssl_verify_client on; ssl_client_certificate %s/ca.pem;"
	      "return 200 '$ssl_client_s_dn|$ssl_client_i_dn|$ssl_client_s_dn_legacy|"
	      "$ssl_client_i_dn_legacy|$ssl_client_serial|$ssl_client_fingerprint|"
	      "$ssl_client_v_start|$ssl_client_v_end|$ssl_alpn_protocol|"
	      "$ssl_client_raw_cert|$ssl_client_cert|$ssl_client_escaped_cert|"
	      "$ssl_client_v_remain';");

	const char *body =
		body_of(tls_connect(server, .identity = &client, .protocols = "\x08http/1.1"));
	const char *expected = memory_printf(
		"CN=client|CN=authority|/CN=client|/CN=authority|%02lX|%s|%s|%s|http/1.1|%s|",
		serial, fingerprint_of(certificate), time_text(X509_get0_notBefore(certificate)),
		time_text(X509_get0_notAfter(certificate)), pem_of(certificate));
	size_t len = strlen(expected);

	ck_assert_msg(strncmp(body, expected, len) == 0, "%s\n--- expected\n%s", body, expected);
	body += len;
	ck_assert_int_eq(strncmp(body, "-----BEGIN CERTIFICATE-----\n\tMII", 32), 0);
	ck_assert_ptr_nonnull(strstr(body, "\n\t-----END CERTIFICATE-----|"
					   "-----BEGIN%20CERTIFICATE-----%0AMII"));
	body = strstr(body, "-----END%20CERTIFICATE-----%0A|");
	ck_assert_ptr_nonnull(body);
	body = strrchr(body, '|');
	ck_assert(strcmp(body, "|0") == 0 || strcmp(body, "|1") == 0); /* days */
	identity_destroy(&authority);
	identity_destroy(&client);
}
END_TEST

/* What Prometheus is told: handshakes, and when each file expires. */
START_TEST(metrics_of_tls)
{
	struct tm end;

	start("location = /metrics { metrics; }");

	struct tls *tls = tls_connect(server, .name = "localhost");
	const char *text = tls_get(tls, "/metrics").body;

	ck_assert_int_eq(ASN1_TIME_to_tm(X509_get0_notAfter(own.certificate), &end), 1);
	ck_assert_ptr_nonnull(strstr(
		text, memory_printf("\nskua_ssl_certificate_expiry_time_seconds{file=\"%s/a.pem\"} "
				    "%lld\n",
				    dir, (long long)timegm(&end))));
	ck_assert_ptr_nonnull(strstr(text, "\nskua_ssl_handshakes_total 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nskua_ssl_handshakes_resumed_total 0\n"));
	tls_close(tls);
}
END_TEST

TESTS_IN((&(struct test_suite){
		 .name = "directives of TLS", .setup = setup, .teardown = teardown }),
	 ciphers_and_their_order, versions, groups, a_rejected_handshake, commands_of_openssl,
	 a_stapled_response, accepted_without_effect, compressed_certificates, keys_of_tickets,
	 the_life_of_a_session, the_size_of_records, values_without_effect, authorities,
	 the_depth_of_verification, revoked_certificates, variables_of_a_certificate,
	 metrics_of_tls)
