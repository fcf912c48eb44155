/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other programs as clients: curl, GnuTLS, OpenSSL's s_client, and with SOAK=1 a browser and
 * testssl.sh. A test is skipped where its program is not installed.
 */
#include "harness/memory.h"
#include "harness/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tls_client.h"

static struct identity identity;
static struct server *server;
static const char *dir;

/* Skips the test where there is no such program. */
static void start(const char *program)
{
	if (system(memory_printf("command -v %s >/dev/null 2>&1", program)) != 0)
		test_skip_in(program, "it is not installed");

	char *made = memory_printf("/tmp/skua-certificates-XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(made));
	dir = made;
	identity = identity_create("localhost", "EC", NULL);
	identity_put(&identity, dir, "a");
	server = server_start(memory_printf(
		"http { ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key;"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name localhost;"
		"add_header Strict-Transport-Security max-age=63072000 always;"
		"add_header X-Content-Type-Options nosniff always;"
		"add_header X-Frame-Options DENY always;"
		"add_header Content-Security-Policy \"default-src 'self'\" always;"
		"location /facts { return 200 '$ssl_protocol $ssl_cipher $ssl_curve\\n'; } }"
		"server { listen 127.0.0.1:%%PORT2%% ssl; ssl_records openssl;"
		"location /facts { return 200 '$ssl_protocol $ssl_cipher $ssl_curve\\n'; } } }",
		dir, dir));
}

static void finish(void)
{
	server_stop(server);
	unlink(memory_printf("%s/a.pem", dir));
	unlink(memory_printf("%s/a.key", dir));
	rmdir(dir);
}

static const char *const ports[] = { "%PORT%", "%PORT2%" };

/* Both record layers, at two ports, give this. */
static void ck_says(const char *command, const char *expected)
{
	for (int i = 0; i < 2; i++) {
		const char *text = output_of(server, memory_printf(command, ports[i]));

		ck_assert_msg(strstr(text, expected) != NULL, "%s at %s: no \"%s\" in:\n%s",
			      command, ports[i], expected, text);
	}
}

START_TEST(curl)
{
	start("curl");
	ck_says("curl -sk --max-time 20 --tls-max 1.2 https://localhost:%s/facts", "TLSv1.2 ECDHE");
	ck_says("curl -sk --max-time 20 --tlsv1.3 https://localhost:%s/facts", "TLSv1.3 TLS_");
	ck_says("curl -sk --max-time 20 --tls-max 1.1 https://localhost:%s/facts || echo refused",
		"refused");
	finish();
}
END_TEST

/* --- programs that are talked to --- */

static struct {
	pid_t pid;
	int in, out;
	char said[1 << 18]; /* since the last tool_until() */
	size_t len;
} tool;

static void tool_start(const char *command)
{
	int in[2], out[2];
	const char *line = server_text(server, memory_printf("exec %s", command));

	ck_assert(pipe(in) == 0 && pipe(out) == 0);
	tool.pid = fork();
	ck_assert_int_ge(tool.pid, 0);
	if (tool.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(in[1]);
		close(out[0]);
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	tool.in = in[1];
	tool.out = out[0];
	tool.len = 0;
}

static void tool_say(const char *text)
{
	ck_assert_int_eq(write(tool.in, text, strlen(text)), (ssize_t)strlen(text));
}

/* Waits until it has printed this text, behind what was waited for before. */
static void tool_until(const char *text)
{
	for (;;) {
		struct pollfd ready = { .fd = tool.out, .events = POLLIN };
		char *at = memmem(tool.said, tool.len, text, strlen(text));

		if (at) {
			at += strlen(text);
			tool.len -= (size_t)(at - tool.said);
			memmove(tool.said, at, tool.len);
			return;
		}
		ck_assert_uint_lt(tool.len, sizeof(tool.said));

		size_t room = sizeof(tool.said) - tool.len;
		bool is_late = poll(&ready, 1, test_seconds() * 1000) <= 0;
		ssize_t n = is_late ? 0 : read(tool.out, tool.said + tool.len, room);

		ck_assert_msg(n > 0, "no \"%s\" in:\n%.*s", text, (int)tool.len, tool.said);
		tool.len += (size_t)n;
	}
}

static void tool_end(void)
{
	close(tool.in);
	kill(tool.pid, SIGTERM);
	waitpid(tool.pid, NULL, 0);
	close(tool.out);
}

#define REQUEST "GET /facts HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* With both record layers a request by this program gets this. The command ends with a port. */
static void ck_gets(const char *command, const char *expected)
{
	for (int i = 0; i < 2; i++) {
		tool_start(memory_printf("%s%s", command, ports[i]));
		tool_say(REQUEST);
		tool_until(expected);
		tool_end();
	}
}

static const char *const suites[][2] = {
	{ "TLS_AES_128_GCM_SHA256", "AES-128-GCM" },
	{ "TLS_AES_256_GCM_SHA384", "AES-256-GCM" },
	{ "TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305" },
};

enum { SUITES = sizeof(suites) / sizeof(suites[0]) };

#define GNUTLS "gnutls-cli --insecure --priority 'NORMAL:"

START_TEST(gnutls)
{
	static const char *const groups[] = { "X25519", "SECP256R1", "SECP384R1" };

	start("gnutls-cli");
	for (int version = 2; version <= 3; version++)
		for (int i = 0; i < SUITES; i++)
			ck_gets(memory_printf(GNUTLS "-VERS-ALL:+VERS-TLS1.%d:-CIPHER-ALL:+%s' "
						     "localhost -p ",
					      version, suites[i][1]),
				memory_printf("\nTLSv1.%d %s", version,
					      version == 3 ? suites[i][0] : "ECDHE-ECDSA-"));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		ck_gets(memory_printf(GNUTLS "-GROUP-ALL:+GROUP-%s' localhost -p ", groups[i]),
			"\nTLSv1.3 TLS_");
	finish();
}
END_TEST

#define S_CLIENT "openssl s_client -servername localhost "

START_TEST(s_client)
{
	static const char *const groups[] = { "X25519", "P-256", "P-384", "X448" };

	start("openssl");
	for (int i = 0; i < SUITES; i++)
		ck_gets(memory_printf(S_CLIENT "-tls1_3 -ciphersuites %s -connect localhost:",
				      suites[i][0]),
			memory_printf("\nTLSv1.3 %s", suites[i][0]));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		ck_gets(memory_printf(S_CLIENT "-groups %s -connect localhost:", groups[i]),
			"\nTLSv1.3 TLS_");
	ck_gets(S_CLIENT "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256 -connect localhost:",
		"\nTLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256");
	finish();
}
END_TEST

/* K asks for an update in return, k does not. */
START_TEST(s_client_updates_keys)
{
	static const char keys[] = "kKkKKk";

	start("openssl");
	for (int i = 0; i < 2; i++) {
		tool_start(memory_printf(S_CLIENT "-tls1_3 -connect localhost:%s", ports[i]));
		for (const char *key = keys; *key; key++) {
			tool_say(REQUEST);
			tool_until("\nTLSv1.3 TLS_");
			tool_say(memory_printf("%c\n", *key));
			tool_until("KEYUPDATE");
		}
		tool_say(REQUEST);
		tool_until("\nTLSv1.3 TLS_");
		tool_end();
	}
	finish();
}
END_TEST

static const char *const chromiums[] = { "chromium", "chromium-headless-shell",
					 "google-chrome-stable" };

/* A browser, without HTTP/2: that is in test_http2_clients.c. */
START_TEST(chromium)
{
	const char *program = "chromium";

	if (!getenv("SOAK"))
		test_skip("a browser takes its time: only with SOAK=1");
	for (size_t i = 0; i < sizeof(chromiums) / sizeof(chromiums[0]); i++)
		if (system(memory_printf("command -v %s >/dev/null 2>&1", chromiums[i])) == 0)
			program = chromiums[i];
	start(program);
	ck_says(memory_printf("timeout 90 %s --headless --no-sandbox --disable-gpu "
			      "--ignore-certificate-errors --user-data-dir=%%%%DIR%%%%/profile "
			      "--dump-dom https://localhost:%%s/facts",
			      program),
		"TLSv1.3 TLS_");
	finish();
}
END_TEST

/* What testssl.sh rates above LOW, but for what the certificate or the client decides. */
START_TEST(testssl)
{
	static const char filter[] =
		"grep -E '\"(MEDIUM|HIGH|CRITICAL)\"' %1$s/r.csv | grep -vE "
		"'^\"(cert_|DNS_CAArecord|OCSP|BREACH|cipher_order|cipherorder|cipher-tls|"
		"scanTime|engine_problem|overall_grade|grade_cap|final_score)'";

	if (!getenv("SOAK"))
		test_skip("it is part of the long form");
	start("testssl");
	output_of(server,
		  memory_printf("cd %s && timeout 900 testssl --quiet --warnings off --color 0 "
				"--csvfile r.csv localhost:%%PORT%%",
				server->dir));
	ck_assert_msg(*output_of(server, memory_printf("grep -c . %s/r.csv", server->dir)) != '0',
		      "no findings were written");

	const char *found = output_of(server, memory_printf(filter, server->dir));

	ck_assert_msg(!*found, "%s", found);
	finish();
}
END_TEST

static const struct test_suite suite = { .name = "interoperation of TLS", .timeout = 1000 };

TESTS_IN(&suite, curl, gnutls, s_client, s_client_updates_keys, chromium, testssl)
