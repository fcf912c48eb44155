/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the authorities come from that certificates of clients are checked with, and what happens
 * when they change: neither connections nor sessions that an old authority has vouched for go on.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls_client.h"

static struct identity own, authority, client;
static struct server *server;
static const char *dir;

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	dir = scratch_create();
	own = identity_create("localhost", "EC", NULL);
	identity_put(&own, dir, "a");
	authority = identity_create("authority", "EC", NULL);
	client = identity_create("client", "EC", &authority);
}

static void teardown(void)
{
	if (server)
		server_stop(server);
	identity_destroy(&own);
	identity_destroy(&authority);
	identity_destroy(&client);
	scratch_remove(dir);
}

/* The name that OpenSSL looks for in a directory of authorities. */
static const char *hashed_name(const char *format, const struct identity *identity)
{
	return memory_printf(format, X509_subject_name_hash(identity->certificate));
}

static const char *conf_of(const char *directives)
{
	return memory_printf("http { ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;"
			     "server { listen 127.0.0.1:%%PORT%% ssl; ssl_verify_client on;"
			     "ssl_client_certificate known.pem; %s return 200 $ssl_client_verify;"
			     "} }",
			     dir, dir, directives);
}

/* The files are named relative to the configuration file. */
static const struct {
	const char *directives;
	const char *file; /* a format for the name's hash; this file changes */
} kinds[] = {
	{ "", "/conf/known.pem" },
	{ "ssl_conf_command VerifyCAFile ca.pem;", "/conf/ca.pem" },
	{ "ssl_conf_command verifycafile ca.pem;", "/conf/ca.pem" },
	{ "ssl_conf_command VerifyCAPath hashed;", "/conf/hashed/%08lx.0" },
	{ "ssl_conf_command VerifyCAPath none:hashed;", "/conf/hashed/%08lx.0" },
};

/* Of a client with this certificate, for which $ssl_client_verify is as given. */
static SSL_SESSION *session_of(int version, const struct identity *identity, const char *verified)
{
	struct tls *tls = tls_connect(server, .identity = identity, .version = version);

	ck_assert_str_eq(tls_get(tls, "/").body, verified);

	SSL_SESSION *session = SSL_get1_session(tls->ssl);

	tls_close(tls);
	return session;
}

static void ck_not_resumed(SSL_SESSION *session)
{
	struct tls *tls = tls_connect(server, .identity = &client, .session = session,
				      .version = SSL_SESSION_get_protocol_version(session));

	ck_assert(!SSL_session_reused(tls->ssl));
	ck_assert_int_eq(tls_get(tls, "/").status, 400);
	tls_close(tls);
	SSL_SESSION_free(session);
}

/* Another authority of the same name takes the place of the first one. */
static void ck_change(const char *directives, const char *name)
{
	const char *known = pem_of(authority.certificate);
	const char *const files[] = { "/conf/known.pem", known, name, known, NULL };
	struct identity next = identity_create("authority", "EC", NULL);

	server = server_start_with(&(const struct server_setup){ .conf = conf_of(directives),
								 .files = files });

	struct tls *tls =
		tls_connect(server, .identity = &client, .version = TLS1_3_VERSION);

	ck_assert_msg(!tls->failed, "%s", directives);
	ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS");

	SSL_SESSION *sessions[] = { session_of(TLS1_2_VERSION, &client, "SUCCESS"),
				    session_of(TLS1_3_VERSION, &client, "SUCCESS") };

	put_file(server, name, pem_of(next.certificate));
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert_int_eq(tls_get(tls, "/").status, 421);
	tls_close(tls);
	ck_not_resumed(sessions[0]);
	ck_not_resumed(sessions[1]);
	identity_destroy(&next);
	server_stop(server);
	server = NULL;
}

START_TEST(they_change_at_a_reload)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		ck_change(kinds[i].directives, hashed_name(kinds[i].file, &authority));
}
END_TEST

/* Workers open nothing else than what they were told to. */
START_TEST(a_link_leads_out_of_the_directory)
{
	const char *links = memory_printf("%s/links", dir);

	identity_put(&authority, dir, "ca");
	ck_assert_int_eq(mkdir(links, 0755), 0);
	ck_assert_int_eq(symlink("../ca.pem", memory_printf("%s/%s", links,
							    hashed_name("%08lx.0", &authority))),
			 0);
	server = server_start_with(&(const struct server_setup){
		.conf = conf_of(memory_printf("ssl_conf_command VerifyCAPath %s;", links)),
		.files = (const char *const[]){ "/conf/known.pem", pem_of(own.certificate),
						NULL } });

	struct tls *tls = tls_connect(server, .identity = &client);

	ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS");
	tls_close(tls);
}
END_TEST

/* It would be the directory of the configuration file, which may have keys. */
START_TEST(an_empty_name_opens_nothing)
{
	const char *name = hashed_name("/conf/hashed/%08lx.0", &authority);
	const char *known = pem_of(authority.certificate);
	const char *const files[] = { "/conf/known.pem", known, name, known, NULL };

	server = server_start_with(&(const struct server_setup){
		.conf = conf_of("ssl_conf_command VerifyCAPath :none::hashed:;"), .files = files });
	ck_assert(!log_has(server, "/conf/\n"));

	struct tls *tls = tls_connect(server, .identity = &client);

	ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS");
	tls_close(tls);
}
END_TEST

/* What concerns nobody's certificate does not end sessions. */
START_TEST(they_stay_at_a_reload)
{
	const char *name = hashed_name("/conf/hashed/%08lx.0", &authority);
	const char *known = pem_of(authority.certificate);
	const char *const files[] = { "/conf/known.pem", known, name, known, NULL };

	server = server_start_with(&(const struct server_setup){
		.conf = conf_of("ssl_conf_command VerifyCAPath hashed;"), .files = files });

	struct tls *tls = tls_connect(server, .identity = &client, .version = TLS1_3_VERSION);

	ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS");
	put_file(server, "/conf/hashed/README", "These are authorities.");
	put_file(server, name, known);
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert_str_eq(tls_get(tls, "/").body, "SUCCESS");

	/* An authority that is added or taken away does. */
	put_file(server, hashed_name("/conf/hashed/%08lx.0", &own), pem_of(own.certificate));
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 3 of the configuration serves");
	ck_assert_int_eq(tls_get(tls, "/").status, 421);
	tls_close(tls);
}
END_TEST

/* How often the file in a directory was opened since the last call. */
static int times_opened(int watch)
{
	char bytes[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
	int times = 0;
	ssize_t len = read(watch, bytes, sizeof(bytes));

	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const void *)(bytes + at);

		times += event->len > 0 && event->mask & IN_OPEN;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return times;
}

/* A certificate of their own is what makes such servers have settings of their own. */
START_TEST(servers_with_the_same_settings_read_them_once)
{
	const char *hashed = memory_printf("%s/hashed", dir);
	const char *certificate = memory_printf(
		"ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;", dir, dir);
	const char *second =
		memory_printf("server { listen 127.0.0.1:%%PORT2%% ssl; %s }", certificate);
	/* Equal events that follow each other become one, so the ends stand between them. */
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), opened[2];

	ck_assert_int_eq(mkdir(hashed, 0755), 0);
	identity_put(&authority, dir, "known");
	identity_put(&authority, hashed, "ca");
	ck_assert_int_eq(rename(memory_printf("%s/ca.pem", hashed),
				memory_printf("%s/%s", hashed, hashed_name("%08lx.0", &authority))),
			 0);
	ck_assert_int_ge(inotify_add_watch(watch, hashed, IN_OPEN | IN_CLOSE), 0);
	for (int servers = 1; servers <= 2; servers++) {
		server = server_start(memory_printf(
			"http { ssl_verify_client on; ssl_client_certificate %s/known.pem;"
			"ssl_conf_command VerifyCAPath %s;"
			"server { listen 127.0.0.1:%%PORT%% ssl; %s } %s }",
			dir, hashed, certificate, servers == 1 ? "" : second));
		opened[servers - 1] = times_opened(watch);
		server_stop(server);
		server = NULL;
	}
	close(watch);
	ck_assert_int_gt(opened[0], 0);
	ck_assert_int_eq(opened[1], opened[0]);
}
END_TEST

static void ck_refused(const char *directives, const char *message)
{
	const char *output;

	ck_assert_int_ne(server_fails(memory_printf("http { ssl_certificate %s/a.pem;"
						    "ssl_certificate_key %s/a.key; server {"
						    "listen 127.0.0.1:%%PORT%% ssl; %s } }",
						    dir, dir, directives),
				      &output),
			 0);
	ck_assert_msg(strstr(output, message) != NULL, "%s", output);
}

START_TEST(a_store_is_refused)
{
	ck_refused(memory_printf("ssl_conf_command VerifyCAStore %s/a.pem;", dir), "VerifyCAFile");
}
END_TEST

/* OpenSSL would not look at the list, and neither does nginx. */
START_TEST(a_list_of_revoked_certificates_has_its_effect)
{
	static const char *const names[] = { "VerifyCAFile", "verifycafile", "VerifyCAPath" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_refused(memory_printf("ssl_crl %s/list.pem; ssl_conf_command %s %s/a.pem;", dir,
					 names[i], dir),
			   "ssl_crl would have no effect");
}
END_TEST

/* --- OpenSSL's own configuration --- */

static const char *known; /* the authority that directives name */

/*
 * A server whose OpenSSL has these default settings. Each such server can resume the sessions of
 * the others.
 */
static void start_with_defaults(const char *defaults, const char *directives)
{
	const char *conf = memory_printf(
		"http { ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;"
		"ssl_session_ticket_secret secret; server { listen 127.0.0.1:%%PORT%% ssl;"
		"%s return 200 $ssl_client_verify; } }",
		dir, dir, directives);
	const char *path = memory_printf("%s/openssl.cnf", dir);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file,
		"openssl_conf = all\n[all]\nssl_conf = parts\n[parts]\nsystem_default = defaults\n"
		"[defaults]\n%s\n",
		defaults);
	ck_assert_int_eq(fclose(file), 0);
	/* The clients, which are in this process, have read theirs already. */
	ck_assert_int_eq(setenv("OPENSSL_CONF", path, 1), 0);
	server = server_start_with(&(const struct server_setup){
		.conf = conf,
		.files = (const char *const[]){ "/conf/known.pem", known, "/conf/secret",
						"a secret of 32 bytes or even more", NULL } });
	unsetenv("OPENSSL_CONF");
}

/* OpenSSL ignores them there, so no digest of them is needed. */
START_TEST(its_file_names_no_authorities)
{
	struct identity other = identity_create("other", "EC", NULL);
	struct identity stranger = identity_create("stranger", "EC", &other);

	identity_put(&other, dir, "other");
	known = pem_of(authority.certificate);
	start_with_defaults(memory_printf("VerifyCAFile = %s/other.pem", dir),
			    "ssl_verify_client on; ssl_client_certificate known.pem;");

	struct tls *tls[] = { tls_connect(server, .identity = &client),
			      tls_connect(server, .identity = &stranger) };

	ck_assert_str_eq(tls_get(tls[0], "/").body, "SUCCESS");
	ck_assert_int_eq(tls_get(tls[1], "/").status, 400);
	tls_close(tls[0]);
	tls_close(tls[1]);
	identity_destroy(&stranger);
	identity_destroy(&other);
}
END_TEST

#define CHECKED "ssl_verify_client on; ssl_client_certificate known.pem;"

/* What says how strictly certificates of clients are checked: before, and more strictly. */
static const struct {
	const char *defaults[2], *directives[2];
	const char *verified; /* before */
} checks[] = {
	{ { "", "VerifyMode = Require" },
	  { "ssl_trusted_certificate known.pem;", "ssl_trusted_certificate known.pem;" },
	  "NONE" },
	{ { "CipherString = DEFAULT:@SECLEVEL=1", "CipherString = DEFAULT:@SECLEVEL=2" },
	  { CHECKED, CHECKED },
	  "SUCCESS" },
	{ { "", "" },
	  { CHECKED "ssl_ciphers ECDHE:@SECLEVEL=1;", CHECKED "ssl_ciphers ECDHE:@SECLEVEL=2;" },
	  "SUCCESS" },
};

static bool resumes(SSL_SESSION *session, const struct identity *identity)
{
	struct tls *tls = tls_connect(server, .identity = identity, .session = session,
				      .version = SSL_SESSION_get_protocol_version(session));
	bool is_resumed = SSL_session_reused(tls->ssl);

	tls_close(tls);
	return is_resumed;
}

static void ck_stricter(size_t i, int version, const struct identity *weak)
{
	SSL_SESSION *session;

	start_with_defaults(checks[i].defaults[0], checks[i].directives[0]);
	session = session_of(version, weak, checks[i].verified);
	for (int is_strict = 0; is_strict < 2; is_strict++) {
		server_stop(server);
		start_with_defaults(checks[i].defaults[is_strict], checks[i].directives[is_strict]);
		ck_assert_msg(resumes(session, weak) == !is_strict, "%zu: %s", i,
			      checks[i].defaults[is_strict]);
	}
	server_stop(server);
	server = NULL;
	SSL_SESSION_free(session);
}

/* A security level says how short the key of an authority may be. */
START_TEST(sessions_end_when_checks_become_stricter)
{
	struct identity issuer = identity_create("issuer", "RSA-1024", NULL);
	struct identity weak = identity_create("weak", "EC", &issuer);

	known = pem_of(issuer.certificate);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		ck_stricter(i, TLS1_2_VERSION, &weak);
		ck_stricter(i, TLS1_3_VERSION, &weak);
	}
	identity_destroy(&weak);
	identity_destroy(&issuer);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "authorities", .setup = setup, .teardown = teardown }),
	 they_change_at_a_reload, a_link_leads_out_of_the_directory, an_empty_name_opens_nothing,
	 they_stay_at_a_reload, servers_with_the_same_settings_read_them_once, a_store_is_refused,
	 a_list_of_revoked_certificates_has_its_effect, its_file_names_no_authorities,
	 sessions_end_when_checks_become_stricter)
