/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf/examples/https.conf starts unchanged, but for ports and certificates, and does what its
 * comments say.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <signal.h>

#include "tls_client.h"

#include <config.h>

#ifdef HAVE_NGHTTP2
enum { HAS_HTTP2 = true };
#else
enum { HAS_HTTP2 = false };
#endif

static struct identity site, members, authority, member, stranger;

static const char *const files[] = {
	"/site/index.html",
	"home",
	"/members/index.html",
	"members",
	"/members/certificate.html",
	"a certificate is wanted",
	"/acme/.well-known/acme-challenge/token",
	"proof",
	"/conf/mime.types",
	"types { text/html html; }",
	NULL,
};

static struct server *start(const char *certificates)
{
	const char *conf = memory_read("conf/examples/https.conf");

	conf = memory_replace(conf, "127.0.0.1:8080", "127.0.0.1:%PORT%");
	conf = memory_replace(conf, "127.0.0.1:8443", "127.0.0.1:%PORT2%");
	conf = memory_replace(conf, "../../certificates", certificates);
	return server_start_with(&(struct server_setup){ .conf = conf,
							 .conf_path = "conf/examples/https.conf",
							 .globals = "daemon off;",
							 .files = files,
							 .bare = true });
}

static void make_certificates(const char *dir)
{
	site = identity_create("example.org", "EC", NULL);
	members = identity_create("members.example.org", "EC", NULL);
	authority = identity_create("authority", "EC", NULL);
	member = identity_create("ann", "EC", &authority);
	stranger = identity_create("bob", "EC", NULL);
	identity_put(&site, dir, "example.org");
	identity_put(&members, dir, "members.example.org");
	identity_put(&authority, dir, "members-ca");
}

static struct reply get_with_tls(struct server *server, const char *name,
				 const struct identity *identity)
{
	struct tls *tls = tls_connect(server, .name = name, .identity = identity, .port = 1);

	tls_send(tls, memory_printf("GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name));

	struct reply reply = tls_reply(tls);

	tls_close(tls);
	return reply;
}

static void ck_plain(struct server *server)
{
	struct reply reply = ask(server, "/a?b", .host = "members.example.org");

	ck_assert_int_eq(reply.status, 301);
	ck_assert_str_eq(reply_header(&reply, "Location"), "https://members.example.org/a?b");
	reply = ask(server, "/.well-known/acme-challenge/token", .host = "example.org");
	ck_assert_str_eq(reply.body, "proof");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/plain");
}

/* HTTP/2 is offered, and who does not know it gets HTTP/1. */
static void ck_protocols(struct server *server)
{
	static const struct {
		const char *offered, *chosen;
	} cases[] = { { "\2h2\10http/1.1", "h2" }, { "\10http/1.1", "http/1.1" } };

	for (int i = 0; i < 2; i++) {
		struct tls *tls = tls_connect(server, .name = "example.org", .port = 1,
					      .protocols = cases[i].offered);
		const unsigned char *chosen;
		unsigned len;

		SSL_get0_alpn_selected(tls->ssl, &chosen, &len);
		ck_assert_str_eq(memory_printf("%.*s", (int)len, (const char *)chosen),
				 cases[i].chosen);
		tls_close(tls);
	}
}

static void ck_tls(struct server *server)
{
	struct reply reply = get_with_tls(server, "example.org", NULL);

	ck_assert_str_eq(reply.body, "home");
	ck_assert_str_eq(reply_header(&reply, "Strict-Transport-Security"), "max-age=86400");
	reply = get_with_tls(server, "members.example.org", &member);
	ck_assert_str_eq(reply.body, "members");
	ck_assert_str_eq(reply_header(&reply, "X-Member"), "CN=ann");
	reply = get_with_tls(server, "members.example.org", NULL);
	ck_assert_int_eq(reply.status, 403);
	ck_assert_str_eq(reply.body, "a certificate is wanted");
	reply = get_with_tls(server, "members.example.org", &stranger);
	ck_assert_int_eq(reply.status, 403);
	ck_assert_str_eq(reply.body, "a certificate is wanted");
}

START_TEST(the_example_of_https)
{
	const char *dir = scratch_create();

	signal(SIGPIPE, SIG_IGN);
	make_certificates(dir);

	struct server *server = start(dir);

	ck_plain(server);
	ck_tls(server);
	if (HAS_HTTP2)
		ck_protocols(server);
	server_stop(server);
	scratch_remove(dir);
}
END_TEST

TESTS("the example of HTTPS", the_example_of_https)
