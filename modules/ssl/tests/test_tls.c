/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS as a client sees it: versions, suites, names, certificates, and what is refused. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_client.h"

static struct identity server_identity, other_identity;
static struct server *server;

/* A file of the test's process with certificates, for %CERTS%. */
static const char *certificates;

static void make_certificates(void)
{
	const char *dir = certificates = scratch_create();

	signal(SIGPIPE, SIG_IGN);
	server_identity = identity_create("localhost", "EC", NULL);
	other_identity = identity_create("other.example", "RSA", NULL);
	identity_put(&server_identity, dir, "a");
	identity_put(&other_identity, dir, "b");
}

static struct server *start(const char *rest)
{
	return server_start(memory_printf(
		"http { ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name localhost; %s }"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name other.example;"
		"ssl_certificate %s/b.pem; ssl_certificate_key %s/b.key; return 200 other; } }",
		certificates, certificates, rest, certificates, certificates));
}

static char big[1 << 20];

static void setup(void)
{
	make_certificates();
	server = start("location /facts { return 200 '$ssl_protocol $ssl_cipher $ssl_server_name "
		       "$ssl_session_reused $ssl_client_verify $scheme'; }"
		       "location /who { return 200 '$connection $pid'; }");
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 2654435761u >> 13);
	put_file(server, "a.txt", "hello");
	put_bytes(server, "big", big, sizeof(big));
}

static void teardown(void)
{
	server_stop(server);
	scratch_remove(certificates);
}

static void ck_serves(struct tls *tls)
{
	ck_assert(!tls->failed);
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(tls_get(tls, "/a.txt").body, "hello");

		struct reply reply = tls_get(tls, "/big");

		ck_assert(reply.is_whole);
		ck_assert_uint_eq(reply.body_len, sizeof(big));
		ck_assert_mem_eq(reply.body, big, sizeof(big));
	}
}

START_TEST(versions_and_suites)
{
	static const struct {
		const char *suite;
		int version;
		const char *facts;
	} cases[] = {
		{ "TLS_AES_128_GCM_SHA256", 0,
		  "TLSv1.3 TLS_AES_128_GCM_SHA256 localhost . NONE https" },
		{ "TLS_AES_256_GCM_SHA384", 0,
		  "TLSv1.3 TLS_AES_256_GCM_SHA384 localhost . NONE https" },
		{ "TLS_CHACHA20_POLY1305_SHA256", 0,
		  "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 localhost . NONE https" },
		{ NULL, TLS1_2_VERSION,
		  "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 localhost . NONE https" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls *tls = tls_connect(server, .name = "localhost", .suite = cases[i].suite,
					      .version = cases[i].version);

		ck_serves(tls);
		ck_assert_str_eq(tls_get(tls, "/facts").body, cases[i].facts);
		tls_close(tls);
	}
	ck_assert(tls_connect(server, .version = TLS1_1_VERSION)->failed);
}
END_TEST

START_TEST(names_choose_certificates)
{
	static const struct {
		const char *name;
		const struct identity *identity;
	} cases[] = {
		{ "localhost", &server_identity },    { "other.example", &other_identity },
		{ "OTHER.example", &other_identity }, { "unknown.example", &server_identity },
		{ NULL, &server_identity },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls *tls = tls_connect(server, .name = cases[i].name);

		ck_assert(!tls->failed);
		ck_assert_int_eq(X509_cmp(SSL_get0_peer_certificate(tls->ssl),
					  cases[i].identity->certificate),
				 0);
		tls_close(tls);
	}
}
END_TEST

static bool knows_group(const char *name)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	bool known = SSL_CTX_set1_groups_list(context, name) == 1;

	SSL_CTX_free(context);
	ERR_clear_error();
	return known;
}

START_TEST(groups_of_the_key_exchange)
{
	static const char *const groups[] = { "X25519", "P-256", "P-384", "X25519MLKEM768" };
	static const char *const names[] = { "X25519", "prime256v1", "secp384r1",
					     "X25519MLKEM768" };

	server_stop(server);
	server = start("return 200 $ssl_curve;");
	for (int i = 0; i < 4; i++) {
		if (!knows_group(groups[i])) {
			teardown();
			test_skip("this OpenSSL does not know X25519MLKEM768");
		}

		struct tls *tls = tls_connect(server, .name = "localhost", .groups = groups[i]);

		ck_assert(!tls->failed);
		ck_assert_str_eq(tls_get(tls, "/").body, names[i]);
		tls_close(tls);
	}

	/* Without a word in the configuration both sides prefer it. */
	struct tls *tls = tls_connect(server, .name = "localhost");

	ck_assert_str_eq(tls_get(tls, "/").body, "X25519MLKEM768");
	tls_close(tls);
}
END_TEST

START_TEST(plain_http_gets_400)
{
	struct reply reply = raw(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");

	ck_assert_int_eq(reply.status, 400);
	server_stop(server);
	server = start("error_page 497 /plain; location /plain { return 200 '$scheme [$https]'; }");
	ck_assert_str_eq(raw(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").body, "http []");
	server_stop(server);
	server = start("error_page 497 https://localhost$request_uri;");
	reply = raw(server, "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(reply.status, 302);
	ck_assert_str_eq(reply_header(&reply, "Location"), "https://localhost/a?b");
}
END_TEST

START_TEST(what_the_client_offers)
{
	server_stop(server);
	server = start(
		"location /ciphers { return 200 $ssl_ciphers; }"
		"location /rest { return 200 '$ssl_curves $ssl_sigalg [$ssl_client_sigalg]'; }");
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls *tls = tls_connect(server, .version = version, .name = "localhost");
		const char *ciphers = tls_get(tls, "/ciphers").body;
		const char *rest = tls_get(tls, "/rest").body;

		ck_assert_msg(strstr(ciphers, SSL_get_cipher(tls->ssl)) != NULL, "%s", ciphers);
		ck_assert_msg(strstr(rest, "X25519:prime256v1:") != NULL, "%s", rest);
		ck_assert_msg(strstr(rest, " ecdsa_secp256r1_sha256 []") != NULL, "%s", rest);
		tls_close(tls);
	}
}
END_TEST

/* The old form: it may stand before or after listen, and holds for each of them. */
START_TEST(ssl_on)
{
	static const char *const orders[] = {
		"ssl on; listen 127.0.0.1:%%PORT%%; listen 127.0.0.1:%%PORT2%%;",
		"listen 127.0.0.1:%%PORT%%; listen 127.0.0.1:%%PORT2%%; ssl on;",
	};

	for (int i = 0; i < 2; i++) {
		server_stop(server);
		server = server_start(memory_printf(
			memory_printf(
				"http { ssl_certificate %%s/a.pem; ssl_certificate_key "
				"%%s/a.key; server { %s return 200 $scheme; }"
				"server { listen 127.0.0.1:%%%%PORT3%%%%; return 200 plain; } }",
				orders[i]),
			certificates, certificates));
		ck_assert_uint_eq(file_count(server, "/output.log", "TLS of every listen"), 1);
		for (int port = 0; port < 2; port++) {
			struct tls *tls = tls_connect(server, .port = port);

			ck_assert_str_eq(tls_get(tls, "/").body, "https");
			tls_close(tls);
		}
		ck_assert_str_eq(ask(server, "/", .port = 2).body, "plain");
	}
}
END_TEST

static X509 *certificate_of_server(void)
{
	struct tls *tls = tls_connect(server);
	X509 *certificate = SSL_get1_peer_certificate(tls->ssl);

	ck_assert_ptr_nonnull(certificate);
	tls_close(tls);
	return certificate;
}

START_TEST(a_self_signed_certificate_stays_at_a_reload)
{
	server_stop(server);
	server = server_start("http { server { listen 127.0.0.1:%PORT% ssl;"
			      "ssl_self_signed localhost 127.0.0.1; } }");

	X509 *first = certificate_of_server();

	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");

	X509 *second = certificate_of_server();

	ck_assert_int_eq(X509_cmp(first, second), 0);
	X509_free(first);
	X509_free(second);
}
END_TEST

/* A link takes the place of a file of the server, as programs that renew certificates do it. */
static void put_link(const char *target, const char *name)
{
	const char *link = memory_printf("%s/link", certificates);

	ck_assert_int_eq(symlink(target, link), 0);
	ck_assert_int_eq(rename(link, memory_printf("%s/%s", certificates, name)), 0);
}

/* Both files are looked at after ten seconds. */
START_TEST(files_that_change_are_used_without_a_reload)
{
	struct identity next = identity_create("localhost", "EC", NULL);
	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION, .name = "localhost");
	struct deadline wait = { 0 };
	long number, number_now, pid, pid_now;

	sscanf(tls_get(tls, "/who").body, "%ld %ld", &number, &pid);
	identity_put(&next, certificates, "next");
	put_link("next.pem", "a.pem");
	put_link("next.key", "a.key");
	ck_assert_int_eq(truncate(memory_printf("%s/b.key", certificates), 20), 0);
	log_wait(server, "b.key\" has changed, and the old certificate stays in use: this is not a "
			 "private key");
	log_wait(server, "a.pem\" has changed and is used from now on");
	log_wait(server, "files have changed: new workers are started");
	do {
		sscanf(tls_get(tls, "/who").body, "%ld %ld", &number_now, &pid_now);
		ck_assert_int_eq(number_now, number);
	} while (pid_now == pid && deadline_wait(&wait, "the connection has moved"));
	tls_close(tls);

	X509 *certificate = certificate_of_server();

	ck_assert_int_eq(X509_cmp(certificate, next.certificate), 0);
	X509_free(certificate);
	tls = tls_connect(server, .name = "other.example");
	ck_assert_int_eq(X509_cmp(SSL_get0_peer_certificate(tls->ssl), other_identity.certificate),
			 0);
	tls_close(tls);
	ck_assert_uint_eq(file_count(server, "/error.log", "stays in use"), 1);
	identity_destroy(&next);
}
END_TEST

START_TEST(what_is_neither_is_closed)
{
	struct client *client = client_open(server);

	client_send(client, "\x80\x01\x02 SSLv2 is no more");
	ck_assert_uint_le(client_drain(client), 7); /* an alert */
	ck_serves(tls_connect(server, .name = "localhost"));
}
END_TEST

START_TEST(ends_with_close_notify)
{
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls *tls = tls_connect(server, .version = version);

		tls_send(tls, "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
		ck_assert_str_eq(tls_reply(tls).body, "hello");
		ck_assert(tls_ends_orderly(tls));
		tls_close(tls);
	}
}
END_TEST

START_TEST(keys_are_updated)
{
	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(SSL_key_update(tls->ssl, i % 2 ? SSL_KEY_UPDATE_REQUESTED :
								  SSL_KEY_UPDATE_NOT_REQUESTED),
				 1);
		ck_serves(tls);
	}
	tls_close(tls);
}
END_TEST

START_TEST(a_connection_goes_on_after_a_reload)
{
	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION);
	char first[64], again[64];
	long number, pid, number_now, pid_now;

	snprintf(first, sizeof(first), "%s", tls_get(tls, "/who").body);
	for (int i = 0; i < 3; i++) {
		kill(server->pid, SIGHUP);
		log_wait(server, memory_printf("generation %d of the configuration serves", i + 2));
		SSL_key_update(tls->ssl, SSL_KEY_UPDATE_REQUESTED);
		snprintf(again, sizeof(again), "%s", tls_get(tls, "/who").body);
		sscanf(first, "%ld %ld", &number, &pid);
		sscanf(again, "%ld %ld", &number_now, &pid_now);
		ck_assert_int_eq(number_now, number);
		ck_assert_int_ne(pid_now, pid);
		snprintf(first, sizeof(first), "%s", again);
		ck_serves(tls);
	}
	tls_close(tls);
}
END_TEST

/* Reloads with these directives of the server that includes them. */
static void change(const char *directives, const char *expected)
{
	put_file(server, "/more.conf", directives);
	kill(server->pid, SIGHUP);
	log_wait(server, expected);
}

/*
 * A connection goes on with the version, the suite and the certificate of its handshake, and new
 * ones have those of the configuration.
 */
START_TEST(a_reload_changes_what_new_connections_get)
{
	server_stop(server);
	server = start("include %DIR%/more.con[f];"
		       "location = /facts { return 200 '$ssl_protocol $ssl_cipher'; }"
		       "location /who { return 200 '$connection $pid'; }");

	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION,
				      .suite = "TLS_CHACHA20_POLY1305_SHA256");
	const char *who = tls_get(tls, "/who").body;

	/* A pair that does not fit together changes nothing. */
	change(memory_printf("ssl_certificate %s/a.pem; ssl_certificate_key %s/b.key;",
			     certificates, certificates),
	       "nothing was changed");
	ck_assert_str_eq(tls_get(tls, "/who").body, who);
	change(memory_printf("ssl_certificate %s/b.pem; ssl_certificate_key %s/b.key;",
			     certificates, certificates),
	       "generation 2 of the configuration serves");
	ck_assert_str_ne(tls_get(tls, "/who").body, who);

	X509 *shown = certificate_of_server();

	ck_assert_int_eq(X509_cmp(shown, other_identity.certificate), 0);
	X509_free(shown);
	change("ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;",
	       "generation 3 of the configuration serves");
	ck_assert_str_eq(tls_get(tls, "/facts").body, "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256");
	ck_assert(tls_connect(server, .suite = "TLS_CHACHA20_POLY1305_SHA256")->failed);
	change("ssl_protocols TLSv1.2;", "generation 4 of the configuration serves");
	ck_assert_str_eq(tls_get(tls, "/facts").body, "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256");
	ck_assert(tls_connect(server, .version = TLS1_3_VERSION)->failed);
	tls_close(tls);
	server_forgive(server);
}
END_TEST

START_TEST(a_connection_with_tls_1_2_ends_at_a_reload)
{
	struct tls *tls = tls_connect(server, .version = TLS1_2_VERSION);

	ck_serves(tls);
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert(tls_ends_orderly(tls));
	tls_close(tls);
	tls = tls_connect(server, .version = TLS1_2_VERSION);
	ck_serves(tls);
	tls_close(tls);
}
END_TEST

static int reload_midway(X509_STORE_CTX *unused, void *data)
{
	(void)unused;
	kill(((struct server *)data)->pid, SIGHUP);
	log_wait(data, "generation 2 of the configuration serves");
	return 1;
}

START_TEST(a_reload_during_a_handshake)
{
	struct tls *tls = tls_connect(server, .version = TLS1_2_VERSION, .midway = reload_midway);

	ck_assert(!tls->failed);
	ck_assert_str_eq(tls_get(tls, "/a.txt").body, "hello");
	ck_assert(tls_ends_orderly(tls));
	tls_close(tls);
}
END_TEST

/* The old worker, which makes the handshake, gives the connection away before a request comes. */
START_TEST(a_connection_goes_on_after_a_reload_during_its_handshake)
{
	struct tls *before = tls_connect(server, .version = TLS1_3_VERSION);
	long number, pid, pid_now;

	sscanf(tls_get(before, "/who").body, "%ld %ld", &number, &pid);
	tls_close(before);

	struct tls *tls = tls_connect(server, .version = TLS1_3_VERSION, .midway = reload_midway);

	ck_assert(!tls->failed);
	for (int i = 0; i < 100 * test_seconds() && kill((pid_t)pid, 0) == 0; i++)
		usleep(10 * 1000);
	ck_assert_int_eq(kill((pid_t)pid, 0), -1);
	sscanf(tls_get(tls, "/who").body, "%ld %ld", &number, &pid_now);
	ck_assert_int_ne(pid_now, pid);
	ck_serves(tls);
	tls_close(tls);
}
END_TEST

static int quit_midway(X509_STORE_CTX *unused, void *data)
{
	(void)unused;
	kill(((struct server *)data)->pid, SIGQUIT);
	log_wait(data, "signal QUIT received");
	usleep(50 * 1000); /* the worker has got the message */
	return 1;
}

/* No process takes the connection, so it goes on to its first response. */
START_TEST(the_end_during_a_handshake)
{
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls *tls = tls_connect(server, .version = version, .midway = quit_midway);

		ck_assert(!tls->failed);
		ck_assert_str_eq(tls_get(tls, "/a.txt").body, "hello");
		ck_assert(tls_ends_orderly(tls));
		tls_close(tls);
		server_stop(server);
		server = start("");
		put_file(server, "a.txt", "hello");
	}
}
END_TEST

static SSL_SESSION *session_of(struct tls *tls)
{
	SSL_SESSION *session;

	ck_assert_int_ne(tls_get(tls, "/a.txt").status, 0); /* a ticket comes before it */
	session = SSL_get1_session(tls->ssl);
	tls_close(tls);
	return session;
}

START_TEST(a_resumed_session_gets_another_ticket)
{
	SSL_SESSION *first = session_of(tls_connect(server, .version = TLS1_3_VERSION));
	SSL_SESSION *second =
		session_of(tls_connect(server, .version = TLS1_3_VERSION, .session = first));
	const unsigned char *ticket, *other;
	size_t len, other_len;

	SSL_SESSION_get0_ticket(first, &ticket, &len);
	SSL_SESSION_get0_ticket(second, &other, &other_len);
	ck_assert_uint_gt(len, 0);
	ck_assert(len != other_len || memcmp(ticket, other, len) != 0);
	SSL_SESSION_free(first);
	SSL_SESSION_free(second);
}
END_TEST

static void ck_resumed(struct tls *tls)
{
	const char *facts = tls_get(tls, "/facts").body;

	ck_assert_msg(strstr(facts, "localhost r NONE") != NULL, "%s", facts);
	tls_close(tls);
}

START_TEST(sessions_are_resumed_after_a_reload)
{
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		SSL_SESSION *session =
			session_of(tls_connect(server, .version = version, .name = "localhost"));
		struct tls *tls = tls_connect(server, .version = version, .session = session,
					      .name = "localhost");

		ck_resumed(tls);
		kill(server->pid, SIGHUP);
		log_wait(server, memory_printf("generation %d of the configuration serves",
					       version - TLS1_2_VERSION + 2));
		tls = tls_connect(server, .version = version, .session = session,
				  .name = "localhost");
		ck_resumed(tls);
		SSL_SESSION_free(session);
	}
}
END_TEST

START_TEST(certificates_of_clients)
{
	struct identity authority = identity_create("authority", "EC", NULL);
	struct identity known = identity_create("known", "EC", &authority);
	struct identity unknown = identity_create("unknown", "EC", NULL);

	identity_put(&authority, certificates, "ca");
	server_stop(server);
	server = start(memory_printf("ssl_verify_client on; ssl_client_certificate %s/ca.pem;"
				     "location / { return 200 '$ssl_client_verify "
				     "$ssl_client_s_dn'; }",
				     certificates));
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls *tls = tls_connect(server, .version = version, .identity = &known);

		ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS CN=known");

		/* The session belongs to a server that has checked it. */
		SSL_SESSION *session = session_of(tls);
		struct tls *other = tls_connect(server, .version = version, .name = "other.example",
						.session = session);
		SSL_SESSION_free(session);
		ck_assert(other->failed || !SSL_session_reused(other->ssl));
		tls_close(other);

		tls = tls_connect(server, .version = version, .identity = &unknown);
		ck_assert_int_eq(tls_get(tls, "/").status, 400);
		tls_close(tls);
		tls = tls_connect(server, .version = version);
		ck_assert_int_eq(tls_get(tls, "/").status, 400);
		tls_close(tls);
	}
	server_stop(server);
	server = start(memory_printf("ssl_verify_client on; ssl_client_certificate %s/ca.pem;"
				     "error_page 495 496 =403 /why; location /why { internal;"
				     "return 200 'no: $ssl_client_verify'; }"
				     "location / { return 200 secret; }",
				     certificates));
	ck_assert_str_eq(tls_get(tls_connect(server), "/").body, "no: NONE");
	ck_assert_int_eq(tls_get(tls_connect(server), "/why").status, 403);
	server_stop(server);

	/* The error page may need subrequests. */
	server = start(memory_printf("ssl_verify_client on; ssl_client_certificate %s/ca.pem;"
				     "error_page 496 =403 /why.txt; location /why.txt { internal;"
				     "auth_request /check; } location /check { return 204; }",
				     certificates));
	put_file(server, "why.txt", "because");
	ck_assert_str_eq(tls_get(tls_connect(server), "/").body, "because");
	identity_destroy(&authority);
	identity_destroy(&known);
	identity_destroy(&unknown);
	unlink(memory_printf("%s/ca.pem", certificates));
	unlink(memory_printf("%s/ca.key", certificates));
}
END_TEST

/* A session must not extend the life of the certificate that was shown for it. */
START_TEST(a_certificate_of_a_client_expires)
{
	struct identity authority = identity_create("authority", "EC", NULL);
	struct identity known = identity_create("known", "EC", &authority);

	X509_gmtime_adj(X509_getm_notAfter(known.certificate), 5);
	ck_assert(X509_sign(known.certificate, authority.key, EVP_sha256()) > 0);
	identity_put(&authority, certificates, "ca");
	server_stop(server);
	server = start(memory_printf("ssl_verify_client on; ssl_client_certificate %s/ca.pem;"
				     "location / { return 200 '$ssl_client_verify'; }",
				     certificates));

	struct tls *tls = tls_connect(server, .identity = &known);
	SSL_SESSION *session = session_of(tls_connect(server, .identity = &known));

	ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS");
	sleep(7);
	ck_assert_int_eq(tls_get(tls, "/").status, 400);
	tls_close(tls);
	tls = tls_connect(server, .identity = &known, .session = session);
	ck_assert_int_eq(tls_get(tls, "/").status, 400);
	tls_close(tls);
	SSL_SESSION_free(session);
	identity_destroy(&authority);
	identity_destroy(&known);
	unlink(memory_printf("%s/ca.pem", certificates));
	unlink(memory_printf("%s/ca.key", certificates));
}
END_TEST

START_TEST(a_host_with_other_rules_is_421)
{
	server_stop(server);
	server = start("ssl_session_tickets off;");

	struct tls *tls = tls_connect(server, .name = "localhost");

	tls_send(tls, "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n");
	ck_assert_int_eq(tls_reply(tls).status, 421);
	ck_assert_int_eq(tls_get(tls, "/").status, 403);
	tls_close(tls);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "TLS", .setup = setup, .teardown = teardown }),
	 versions_and_suites, names_choose_certificates, groups_of_the_key_exchange,
	 what_the_client_offers, ssl_on, a_self_signed_certificate_stays_at_a_reload,
	 files_that_change_are_used_without_a_reload, plain_http_gets_400,
	 what_is_neither_is_closed, ends_with_close_notify, keys_are_updated,
	 a_connection_goes_on_after_a_reload, a_reload_changes_what_new_connections_get,
	 a_connection_with_tls_1_2_ends_at_a_reload,
	 a_reload_during_a_handshake, a_connection_goes_on_after_a_reload_during_its_handshake,
	 the_end_during_a_handshake,
	 sessions_are_resumed_after_a_reload, a_resumed_session_gets_another_ticket,
	 certificates_of_clients, a_certificate_of_a_client_expires,
	 a_host_with_other_rules_is_421)
