/* SPDX-License-Identifier: BSD-2-Clause */
/* `skua serve` with --tls, --cert and --key. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls_client.h"

static struct server folder;
static FILE *output;

static void setup(void)
{
	folder.dir = scratch_create();
	put_file(&folder, "index.html", "shell");
}

static void teardown(void)
{
	scratch_remove(folder.dir);
}

/* Starts "skua serve html ARGS"; its greeting. */
static const char *serve(const char *args)
{
	char line[512] = "", *text = memory_alloc(8192);
	const char *url;

	output = popen(memory_printf("cd %s && echo $$ && exec $SKUA serve html -w 1 -p 0 -q %s "
				     "2>&1 </dev/null",
				     folder.dir, args),
		       "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), output));
	folder.pid = atoi(line);
	*text = '\0';
	while (!strstr(line, "Ctrl-C")) {
		ck_assert_msg(fgets(line, sizeof(line), output) != NULL, "it ended: %s", text);
		strcat(text, line);
	}
	url = strstr(text, "https://127.0.0.1:");
	ck_assert_ptr_nonnull(url);
	folder.ports[0] = atoi(url + strlen("https://127.0.0.1:"));
	return text;
}

static void end(void)
{
	kill(folder.pid, SIGINT);
	while (fgetc(output) != EOF)
		;
	ck_assert_int_eq(pclose(output), 0);
}

static const char *fingerprint_of(const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *text = memory_alloc(3 * EVP_MAX_MD_SIZE);
	unsigned len;

	X509_digest(certificate, EVP_sha256(), digest, &len);
	for (unsigned i = 0; i < len; i++)
		sprintf(text + 3 * i, "%02X:", digest[i]);
	text[3 * len - 1] = '\0';
	return text;
}

START_TEST(a_certificate_made_on_the_spot)
{
	const char *greeting = serve("--tls");
	struct tls *tls = tls_connect(&folder, .name = "localhost");
	X509 *certificate = SSL_get1_peer_certificate(tls->ssl);
	const char *fingerprint = fingerprint_of(certificate);

	ck_assert_str_eq(tls_get(tls, "/").body, "shell");
	ck_assert_msg(strstr(greeting, fingerprint) != NULL, "%s: %s", fingerprint, greeting);
	ck_assert_int_eq(X509_check_host(certificate, "localhost", 0, 0, NULL), 1);
	ck_assert_int_eq(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
	ck_assert_int_eq(X509_check_ip_asc(certificate, "::1", 0), 1);
	ck_assert_int_eq(X509_check_host(certificate, "example.org", 0, 0, NULL), 0);
	ck_assert_int_eq(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)), 256);
	tls_close(tls);

	struct reply reply = raw(&folder, "GET /a?b HTTP/1.1\r\nHost: localhost:1\r\n\r\n");

	ck_assert_int_eq(reply.status, 302);
	ck_assert_str_eq(reply_header(&reply, "Location"), "https://localhost:1/a?b");
	X509_free(certificate);
	end();
}
END_TEST

START_TEST(a_certificate_that_is_given)
{
	struct identity identity = identity_create("given.example", "EC", NULL);
	struct tls *tls;

	identity_put(&identity, folder.dir, "a b");
	ck_assert_ptr_null(strstr(serve("--cert 'a b.pem' --key='a b.key'"), "fingerprint"));
	tls = tls_connect(&folder);
	ck_assert_str_eq(tls_get(tls, "/").body, "shell");
	ck_assert_int_eq(X509_cmp(SSL_get0_peer_certificate(tls->ssl), identity.certificate), 0);
	tls_close(tls);
	end();
	/* One file may hold both. */
	put_file(&folder, "/both",
		 memory_printf("%s%s", file_text(&folder, "/a b.pem"),
			       file_text(&folder, "/a b.key")));
	serve("--cert both");
	tls = tls_connect(&folder);
	ck_assert_str_eq(tls_get(tls, "/").body, "shell");
	tls_close(tls);
	end();
	identity_destroy(&identity);
}
END_TEST

static void ck_refused(const char *args, const char *why)
{
	char text[4096];
	FILE *pipe = popen(memory_printf("cd %s && $SKUA serve html -p 0 %s 2>&1 </dev/null",
					 folder.dir, args),
			   "r");

	text[fread(text, 1, sizeof(text) - 1, pipe)] = '\0';
	ck_assert_int_eq(WEXITSTATUS(pclose(pipe)), 1);
	ck_assert_msg(strstr(text, why) != NULL, "%s", text);
}

START_TEST(wrong_options)
{
	struct identity a = identity_create("a", "EC", NULL), b = identity_create("b", "EC", NULL);

	identity_put(&a, folder.dir, "a");
	identity_put(&b, folder.dir, "b");
	ck_refused("--cert nothing", "--cert \"nothing\" cannot be read");
	ck_refused("--cert a.pem --key nothing", "--key \"nothing\" cannot be read");
	ck_refused("--key a.key", "--key belongs to a certificate");
	ck_refused("--cert a.pem --key b.key", "not the key of the certificate");
	ck_refused("--cert a.pem", "not a private key");
	ck_refused("--cert a.key", "~ expected PEM: the server's certificate");
	identity_destroy(&a);
	identity_destroy(&b);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "serve with TLS", .setup = setup, .teardown = teardown }),
	 a_certificate_made_on_the_spot, a_certificate_that_is_given, wrong_options)
