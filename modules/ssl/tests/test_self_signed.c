/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stays as long as the server runs: certificates of ssl_self_signed, and the keys of session
 * tickets.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <string.h>

#include "tls_client.h"

static X509 *certificate_of(struct server *server, const char *name)
{
	struct tls *tls = tls_connect(server, .name = name, .port = 1);
	X509 *certificate = SSL_get1_peer_certificate(tls->ssl);

	ck_assert_ptr_nonnull(certificate);
	tls_close(tls);
	return certificate;
}

static struct server *start(struct server *(*how)(const char *))
{
	struct server *server = how("");

	put_file(server, "/http.conf",
		 server_text(server,
			     "server { listen 127.0.0.1:%PORT2% ssl; server_name one;"
			     " ssl_self_signed one; return 200 \"$pid $ssl_session_reused\"; }"
			     "server { listen 127.0.0.1:%PORT2% ssl; server_name two;"
			     " ssl_self_signed two 127.0.0.1; }"));
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	return server;
}

static SSL_SESSION *session_of(struct server *server, int version)
{
	struct tls *tls = tls_connect(server, .name = "one", .port = 1, .version = version);

	ck_assert_ptr_nonnull(strstr(tls_get(tls, "/").body, " ."));

	SSL_SESSION *session = SSL_get1_session(tls->ssl);

	tls_close(tls);
	return session;
}

static void ck_resumes(struct server *server, SSL_SESSION *session, const char *command)
{
	struct tls *tls = tls_connect(server, .name = "one", .port = 1, .session = session,
				      .version = SSL_SESSION_get_protocol_version(session));
	const char *body = tls_get(tls, "/").body;

	ck_assert_msg(strstr(body, " r") != NULL, "%s: %s", command, body);
	tls_close(tls);
	SSL_SESSION_free(session);
}

static void ck_stays(struct server *server, const char *command)
{
	X509 *one = certificate_of(server, "one"), *two = certificate_of(server, "two");
	SSL_SESSION *sessions[] = { session_of(server, TLS1_2_VERSION),
				    session_of(server, TLS1_3_VERSION) };
	struct upgrade_outcome outcome = upgrade_command(server, command);

	ck_assert_msg(outcome.status == 0, "%s: %s", command, outcome.text);

	X509 *one_now = certificate_of(server, "one"), *two_now = certificate_of(server, "two");

	ck_assert_int_ne(X509_cmp(one, two), 0);
	ck_assert_msg(X509_cmp(one, one_now) == 0, "the first one has changed: %s", command);
	ck_assert_msg(X509_cmp(two, two_now) == 0, "the second one has changed: %s", command);
	for (int i = 0; i < 2; i++)
		ck_resumes(server, sessions[i], command);
	X509_free(one);
	X509_free(two);
	X509_free(one_now);
	X509_free(two_now);
}

START_TEST(at_a_reload_and_in_place)
{
	struct server *server = start(upgrade_start);

	ck_stays(server, "-s reload");
	ck_stays(server, "-s upgrade");
	ck_stays(server, "-s upgrade");
	ck_stays(server, "-s reload");
	upgrade_stop(server);
}
END_TEST

START_TEST(beside)
{
	struct server *server = start(upgrade_start_in_background);

	ck_stays(server, "-s upgrade");
	upgrade_settle(server);
	upgrade_stop(server);
}
END_TEST

TESTS("certificates and keys that stay", at_a_reload_and_in_place, beside)
