/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other programs as clients of HTTP/2, without TLS and with it: curl, nghttp, h2load, Python's
 * library h2, and Chromium with SOAK=1. A test is skipped where its program is not installed.
 */
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tls_client.h"

#include <config.h>

#ifdef HAVE_NGHTTP2
enum { HAS_HTTP2 = true };
#else
enum { HAS_HTTP2 = false };
#endif

enum { LARGE = 1000000, ASSETS = 200, STYLES = ASSETS / 10 };

static struct server *server;
static const char *dir;

static bool has_command(const char *command)
{
	return system(memory_printf("( %s ) >/dev/null 2>&1", command)) == 0;
}

static const char *bytes_of(size_t len, const char *begin, const char *end)
{
	char *text = memory_alloc(len + 1);

	memset(text, ' ', len);
	memcpy(text, begin, strlen(begin));
	memcpy(text + len - strlen(end), end, strlen(end));
	text[len] = '\0';
	return text;
}

/* Skips the test where the command does not succeed. */
static void start(const char *test, const char *command)
{
	static const char conf[] =
		"http { ssl_certificate %s/a.pem; ssl_certificate_key %s/a.key; http2 on;"
		"log_format order '$server_protocol $status $request_uri';"
		"access_log %%DIR%%/access.log order; error_page 404 /missing; server {"
		"listen 127.0.0.1:%%PORT%%; listen 127.0.0.1:%%PORT2%% ssl; server_name localhost;"
		"root %%DIR%%/html; location = /missing { internal; return 404 'not here'; }"
		"location = /unread { client_max_body_size 0; return 200 ok; } }"
		"server { listen 127.0.0.1:%%PORT2%% ssl; server_name alike; return 200 alike; }"
		"server { listen 127.0.0.1:%%PORT2%% ssl; server_name other; ssl_protocols TLSv1.2;"
		"return 200 other; } }";

	if (!HAS_HTTP2)
		test_skip_in(test, "the program is built without HTTP/2");
	if (!has_command(command))
		test_skip_in(test, "it is not installed");
	if (!has_command("curl --version | grep -q HTTP2") && strcmp(test, "curl") == 0)
		test_skip_in(test, "this one has no HTTP/2");

	char *made = memory_printf("/tmp/skua-certificates-XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(made));
	dir = made;

	struct identity identity = identity_create("localhost", "EC", NULL);

	identity_put(&identity, dir, "a");
	identity_destroy(&identity);
	server = server_start(memory_printf(conf, dir, dir));
	put_file(server, "small", "hello");
	put_file(server, "large", bytes_of(LARGE, "large", "end"));
}

static void finish(void)
{
	server_stop(server);
	unlink(memory_printf("%s/a.pem", dir));
	unlink(memory_printf("%s/a.key", dir));
	rmdir(dir);
}

/* Of both URLs, which stand in place of %s. */
static void prints(const char *command, const char *expected)
{
	static const char *const urls[] = { "http://localhost:%PORT%",
					    "https://localhost:%PORT2%" };

	for (int i = 0; i < 2; i++) {
		const char *text = output_of(server, memory_printf(command, urls[i]));

		ck_assert_msg(strstr(text, expected) != NULL, "%s: no \"%s\" in:\n%s",
			      memory_printf(command, urls[i]), expected, text);
	}
}

#define CURL                                                                               \
	"timeout 60 curl -sk --max-time 20 --http2-prior-knowledge -w ' %%{http_version} " \
	"%%{http_code}' "

START_TEST(curl)
{
	start("curl", "command -v curl");
	prints(CURL "%s/small", "hello 2 200");
	prints(CURL "%s/none", "not here 2 404");
	prints(CURL "-r 1-3 %s/small", "ell 2 206");
	prints(CURL "-I %s/small", "content-length: 5");
	prints(CURL "-z %%DIR%%/html/small %s/small", " 2 304");
	prints(CURL "-o %%DIR%%/got %s/large && cmp %%DIR%%/got %%DIR%%/html/large && echo same",
	       "same");
	prints(CURL "-X FROB %s/small", " 2 405");
	/* Larger than all windows, to a location that does not read it. */
	prints(CURL "-T %%DIR%%/html/large %s/unread", "ok 2 200");
	prints(CURL "-T %%DIR%%/html/large -H 'Expect: 100-continue' %s/unread", "ok 2 200");
	/* Another server's host on this connection: only if its TLS settings are the same. */
	ck_assert_str_eq(
		output_of(server,
			  memory_printf(CURL "-H 'Host: alike' https://localhost:%%PORT2%%/")),
		"alike 2 200");
	ck_assert_ptr_nonnull(strstr(
		output_of(server,
			  memory_printf(CURL "-H 'Host: other' https://localhost:%%PORT2%%/")),
		" 2 421"));
	/* ALPN; without TLS the client asks for an upgrade, which is not made. */
	ck_assert_ptr_nonnull(
		strstr(output_of(server, "curl -sk --max-time 20 --http2 -w ' %{http_version}'"
					 " https://localhost:%PORT2%/small"),
		       "hello 2"));
	ck_assert_ptr_nonnull(
		strstr(output_of(server, "curl -sk --max-time 20 --http2 -w ' %{http_version}'"
					 " http://localhost:%PORT%/small"),
		       "hello 1.1"));
	finish();
}
END_TEST

START_TEST(nghttp)
{
	start("nghttp", "command -v nghttp");
	prints("timeout 60 nghttp --no-verify-peer %s/small", "hello");
	/* Ten at a time, with priorities of the old kind, padding, small windows. */
	prints("timeout 60 nghttp --no-verify-peer -ns -m 10 -p 256 -b 100 -w 14 -W 15 %s/large",
	       "id ");
	prints("timeout 60 nghttp --no-verify-peer -v -d %%DIR%%/html/large --trailer 'x-sum: 0' "
	       "%s/unread",
	       ":status: 200");
	finish();
}
END_TEST

START_TEST(h2load)
{
	start("h2load", "command -v h2load");
	prints("timeout 60 h2load -n 400 -c 8 -m 20 %s/small",
	       "400 total, 400 started, 400 done, 400 succeeded, 0 failed, 0 errored, 0 timeout");
	prints("timeout 60 h2load -n 40 -c 4 -m 10 -w 14 -W 15 %s/large",
	       "40 succeeded, 0 failed, 0 errored, 0 timeout");
	finish();
}
END_TEST

/* The python3 of the path may be one that the packages of the distribution are not for. */
START_TEST(python_h2)
{
	static const char *const pythons[] = { "python3", "/usr/bin/python3" };
	const char *python = NULL;

	for (int i = 0; i < 2; i++)
		if (!python && has_command(memory_printf("%s -c 'import h2'", pythons[i])))
			python = pythons[i];
	start("python_h2", python ? "true" : "false");

	const char *command = memory_printf("timeout 60 %s modules/ssl/tests/h2_client.py", python);

	ck_assert_str_eq(output_of(server, memory_printf("%s %%PORT%% plain", command)), "fine\n");
	ck_assert_str_eq(output_of(server, memory_printf("%s %%PORT2%% tls", command)), "fine\n");
	finish();
}
END_TEST

/* A page of many images and some style sheets. */
static void put_page(void)
{
	const char *page = "<!doctype html><title>assets</title>";

	for (int i = 0; i < ASSETS; i++) {
		const char *name = memory_printf(i % 10 ? "a%d.svg" : "a%d.css", i);

		page = memory_printf(i % 10 ? "%s<img src=%s>\n" :
					      "%s<link rel=stylesheet href=%s>\n",
				     page, name);
		put_file(server, name,
			 i % 10 ? bytes_of(100000, "<svg xmlns='http://www.w3.org/2000/svg'>",
					   "</svg>") :
				  bytes_of(20000, "body {", "}"));
	}
	put_file(server, "index.html", page);
}

/*
 * How many images have been sent before the last style sheet. Images are less urgent, but those
 * that were there first may have left before the others were asked for.
 */
static int images_in_front(const char *log)
{
	int styles = 0, images = 0;

	while (styles < STYLES) {
		const char *asset = strstr(log, " 200 /a");

		ck_assert_ptr_nonnull(asset);
		log = asset + strlen(" 200 /a");
		if (strncmp(log + strspn(log, "0123456789"), ".css", 4) == 0)
			styles++;
		else
			images++;
	}
	return images;
}

static const char *const chromiums[] = { "chromium", "chromium-headless-shell",
					 "google-chrome-stable" };

START_TEST(chromium)
{
	struct deadline wait = { 0 };
	const char *program = NULL;

	if (!getenv("SOAK"))
		test_skip("a browser takes its time: only with SOAK=1");
	for (size_t i = 0; i < sizeof(chromiums) / sizeof(chromiums[0]) && !program; i++)
		if (has_command(memory_printf("command -v %s", chromiums[i])))
			program = chromiums[i];
	start("chromium", program ? "true" : "false");
	put_page();

	const char *printed = output_of(
		server,
		memory_printf(
			"timeout 90 %s --headless --no-sandbox --disable-gpu "
			"--ignore-certificate-errors "
			"--user-data-dir=%%DIR%%/profile --dump-dom https://localhost:%%PORT2%%/",
			program));

	while (file_count(server, "/access.log", "HTTP/2.0 200 /a") < ASSETS)
		deadline_wait(&wait, memory_printf("all assets in the log: %.500s", printed));

	int images = images_in_front(file_text(server, "/access.log"));

	ck_assert_msg(images < ASSETS / 4, "%d images came before the last style sheet", images);
	finish();
}
END_TEST

TESTS("clients of HTTP/2", curl, nghttp, h2load, python_h2, chromium)
