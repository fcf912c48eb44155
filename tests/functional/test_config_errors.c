/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mistakes that people make in a configuration, each given to `skua -t`: it must
 * fail, name the place and say what to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/server.h"
#include "harness/test.h"

struct mistake {
	const char *conf;
	const char *at; /* "line:column: what is wrong" */
	const char *remedy;
	size_t errors; /* how many there are; 0: one */
};

/* What `skua -t` prints about the text; its status goes to *status. */
static char *test_conf(const char *conf, const char *options, int *status)
{
	const char *dir = scratch_create(), *program = getenv("SKUA");
	char *path = memory_printf("%s/bad.conf", dir), *output = memory_alloc(65536);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(conf, file);
	fclose(file);
	ck_assert_int_eq(mkdir(memory_printf("%s/logs", dir), 0755), 0);
	ck_assert_int_eq(mkdir(memory_printf("%s/x", dir), 0755), 0);

	char *full = realpath(program ? program : "build/skua", NULL);
	char *command = memory_printf("cd %s && exec %s -p %s %s -c bad.conf 2>&1", dir, full, dir,
				      options);
	FILE *pipe = popen(command, "r");

	ck_assert_ptr_nonnull(pipe);
	output[fread(output, 1, 65535, pipe)] = '\0';
	int ended = pclose(pipe);

	free(full);
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
	scratch_remove(dir);
	return output;
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

static void check(const struct mistake *mistake)
{
	int status;
	const char *output = test_conf(mistake->conf, "-t", &status);
	const char *at = memory_printf("bad.conf:%s", mistake->at);

	ck_assert_msg(status == 1, "status %d for:\n%s\n%s", status, mistake->conf, output);
	ck_assert_msg(strstr(output, at), "no \"%s\" for:\n%s\n%s", at, mistake->conf, output);
	ck_assert_msg(strstr(output, mistake->remedy), "no \"%s\" for:\n%s\n%s", mistake->remedy,
		      mistake->conf, output);
	ck_assert_msg(count(output, "error: ") == (mistake->errors ? mistake->errors : 1),
		      "%zu errors for:\n%s\n%s", count(output, "error: "), mistake->conf, output);
}

#define CHECK_ALL(mistakes)                                                    \
	for (size_t i_ = 0; i_ < sizeof(mistakes) / sizeof(*(mistakes)); i_++) \
	check(&(mistakes)[i_])

#define SERVER(text) "http {\nserver {\nlisten 127.0.0.1:8080;\n" text "\n}\n}\n"

START_TEST(names)
{
	static const struct mistake mistakes[] = {
		{ "wroker_processes 2;", "1:1: unknown directive \"wroker_processes\"",
		  "^~~~~~~~~~~~~~~~ did you mean \"worker_processes\"?" },
		{ "http {\n    servr {\n    }\n}", "2:5: unknown directive \"servr\"",
		  "did you mean \"server\"?" },
		{ SERVER("\tlocaton / { root x; }"), "4:2: unknown directive \"locaton\"",
		  "did you mean \"location\"?" },
		{ SERVER("servername a;"), "4:1: unknown directive \"servername\"",
		  "did you mean \"server_name\"?" },
		{ SERVER("listen:8081;"), "4:1: unknown directive \"listen:8081\"",
		  "did you mean \"listen\"?" },
		{ SERVER("Root /srv;"), "4:1: unknown directive \"Root\"",
		  "did you mean \"root\"?" },
		{ "flux_capacitor on;", "1:1: unknown directive \"flux_capacitor\"", "^~~~" },
	};

	CHECK_ALL(mistakes);
}
END_TEST

START_TEST(places)
{
	static const struct mistake mistakes[] = {
		{ "server {\n}\n", "1:1: \"server\" is not allowed here", "it belongs into http" },
		{ "listen 80;\n", "1:1: \"listen\" is not allowed here", "it belongs into server" },
		{ "http {\n  worker_connections 5;\n}\n",
		  "2:3: \"worker_connections\" is not allowed here", "it belongs into events" },
		{ "http {\n location / { }\n}", "2:2: \"location\" is not allowed here",
		  "it belongs into server or location" },
		{ SERVER("location / { server_name a; }"),
		  "4:14: \"server_name\" is not allowed here", "it belongs into server" },
		{ SERVER("daemon off;"), "4:1: \"daemon\" is not allowed here",
		  "it belongs into main" },
		{ SERVER("internal;"), "4:1: \"internal\" is not allowed here",
		  "it belongs into location" },
	};

	CHECK_ALL(mistakes);
}
END_TEST

START_TEST(punctuation)
{
	static const struct mistake mistakes[] = {
		{ SERVER("root html\nindex a.html;"), "4:10: missing \";\" after \"html\"",
		  "\"index\" on line 5 seems to begin a new directive" },
		{ SERVER("location / {\nroot html\n}"), "5:10: missing \";\" before \"}\"", "^" },
		{ "worker_processes 1", "1:19: missing \";\" before the end of the file", "^" },
		{ SERVER("server_tokens off\nlocation / { }"), "4:18: missing \";\" after \"off\"",
		  "\"location\" on line 5" },
		{ "http {\n  server {\n    location / {\n      root x;\n  }\n}\n",
		  "3:5: the block of \"location\" is not closed", "a \"}\" is missing" },
		{ "events {\n", "1:1: the block of \"events\" is not closed",
		  "a \"}\" is missing" },
		{ SERVER("}\nserver { listen 127.0.0.1:8081; }"), "7:1: unexpected \"}\"",
		  "no block is open here" },
		{ "http {\n  server\n    root x;\n  }\n}\n", "2:9: \"server\" needs a block",
		  "expected \"{\"" },
		{ SERVER("root x {}"), "4:1: \"root\" takes no block", "syntax: root path;" },
		{ SERVER("root x;;"), "4:8: unexpected \";\"", "no directive stands before it" },
		{ SERVER("root \"/srv/www;\nindex index.html;"), "4:6: this quote is not closed",
		  "a second \" is missing" },
		{ SERVER("return 200 'it's fine';"),
		  "4:16: unexpected character after the closing quote", "of quotes is \\'", 2 },
		{ SERVER("location ~ ^/[a-f]{2}/ { root x; }"), "4:19: \"{\" begins a block",
		  "an expression with \"{\" in it must stand in quotes" },
	};

	CHECK_ALL(mistakes);
}
END_TEST

START_TEST(words)
{
	static const struct mistake mistakes[] = {
		{ SERVER("root;"), "4:1: \"root\" takes 1 argument, not 0", "syntax: root path;" },
		{ SERVER("root /srv/my site;"), "4:14: \"root\" takes 1 argument, not 2",
		  "syntax: root path;" },
		{ SERVER("location { root x; }"), "4:1: \"location\" takes 1 to 2 arguments, not 0",
		  "syntax: location" },
		{ SERVER("sendfile yes;"), "4:10: invalid value \"yes\"", "expected on or off" },
		{ SERVER("keepalive_timeout 5q;"), "4:19: invalid time \"5q\"",
		  "expected a time: 30" },
		{ SERVER("client_max_body_size 10MB;"), "4:22: invalid size \"10MB\"",
		  "expected a size: 512 (bytes), 8k, 1m, 2g" },
		{ SERVER("keepalive_requests many;"), "4:20: invalid number \"many\"",
		  "expected decimal digits" },
		{ "worker_processes 0;", "1:18: 0 is out of range", "expected 1 to" },
		{ "events { accept_mode hndoff; }", "1:22: invalid value \"hndoff\"",
		  "did you mean \"handoff\"?" },
		{ "daemon on;\ndaemon off;", "2:1: \"daemon\" directive is duplicate",
		  "the first one is at bad.conf:1:1" },
		{ "include none.conf;", "1:9: cannot read", "(2: No such file or directory)" },
		{ "include bad.conf;", "1:9: \"bad.conf\" includes itself", "^~~~~~~~" },
		{ "error_log logs/e.log noisy;", "1:22: ", "^~~~~" },
		{ "user nobody-of-this-name;", "1:6: ", "^~~~" },
	};

	CHECK_ALL(mistakes);
}
END_TEST

START_TEST(of_http)
{
	static const struct mistake mistakes[] = {
		{ SERVER("listen 127.0.0.1:80800;"), "4:8: ", "^~~~" },
		{ SERVER("listen 127.0.0.1:8081 defualt_server;"), "4:23: invalid parameter",
		  "default_server" },
		{ SERVER("listen 127.0.0.1:8080;"), "4:8: ", "127.0.0.1:8080" },
		{ SERVER("location ~ a(b { }"), "4:12: the regular expression \"a(b\" is wrong",
		  "^~~" },
		{ SERVER("location / { }\nlocation / { }"), "5:10: duplicate location \"/\"",
		  "the first is at bad.conf:4" },
		{ SERVER("location =~ / { }"), "4:10: invalid location modifier \"=~\"",
		  "expected =, ^~, ~ or ~*" },
		{ SERVER("location /a { location /b { } }"), "4:24: location \"/b\" is outside",
		  "its name must begin with \"/a\"" },
		{ SERVER("location / { root a; alias b; }"), "4:22: ", "keep one of them" },
		{ SERVER("error_page 4o4 /404.html;"), "4:12: ", "^~~" },
		{ SERVER("error_page 200 /200.html;"), "4:12: ", "expected 300 to 599" },
		{ SERVER("return 200 $hots;"), "4:12: unknown variable \"$hots\"",
		  "did you mean \"$host\"?" },
		{ SERVER("return 200 \"5$\";"), "4:14: a \"$\" without the name of a variable",
		  "letters, digits and \"_\" may follow it" },
		{ SERVER("return 200 ${host;"), "4:12: ", "\"}\" of this variable is missing" },
		{ SERVER("return 1000;"), "4:8: ", "^~~~" },
		{ "http {\nlog_format a '${status' '}';\n}\n",
		  "2:15: the \"}\" of this variable is missing", "^" },
		{ SERVER("allow 10.0.0.0/33;"), "4:7: ", "expected 0 to 32" },
		{ SERVER("deny everybody;"), "4:6: ", "is not an address" },
		{ SERVER("access_log logs/a.log nice;"), "4:23: ", "^~~~" },
		{ SERVER("access_log syslog:tag=a;"), "4:12: the server of syslog is missing",
		  "syslog:server=unix:PATH" },
		{ SERVER("server_name a..b; } server { listen 127.0.0.1:8080;"),
		  "4:13: invalid server name \"a..b\"", "\"*.a.example\"" },
		{ SERVER("types { text/html; } nonsense;"),
		  "4:9: no extension has the type \"text/html\"", "^~~" },
		{ SERVER("expires tomorrow;"), "4:9: invalid time \"tomorrow\"",
		  "expected a time" },
	};

	CHECK_ALL(mistakes);
}
END_TEST

START_TEST(all_at_once)
{
	int status;
	const char *output =
		test_conf("wroker_processes 2;\nhttp {\n server {\n  root a\n  index b;\n"
			  "  sendfile perhaps;\n  return 200 $zz_top;\n }\n}\n",
			  "-t", &status);

	ck_assert_int_eq(status, 1);
	ck_assert_uint_eq(count(output, "error: bad.conf:"), 4);
	ck_assert_ptr_nonnull(strstr(output, "test failed"));
}
END_TEST

START_TEST(a_good_one)
{
	const char *good = memory_printf("http { server { listen 127.0.0.1:%d; root x; } }",
					 port_reserve());
	int status;
	const char *output = test_conf(good, "-t", &status);

	ck_assert_int_eq(status, 0);
	ck_assert_ptr_nonnull(strstr(output, "bad.conf syntax is ok\n"));
	ck_assert_ptr_nonnull(strstr(output, "bad.conf test is successful\n"));
	ck_assert_str_eq(test_conf(good, "-t -q", &status), "");
	output = test_conf(good, "-T", &status);
	ck_assert_ptr_nonnull(strstr(output, "# configuration file /"));
	ck_assert_ptr_nonnull(strstr(output, memory_printf("bad.conf:\n%s", good)));
}
END_TEST

START_TEST(on_the_command_line)
{
	int status;
	const char *output = test_conf("", "-g 'rot x;' -t", &status);

	ck_assert_int_eq(status, 1);
	ck_assert_ptr_nonnull(strstr(output, "-g:1:1: unknown directive \"rot\""));
}
END_TEST

TESTS("mistakes in a configuration", names, places, punctuation, words, of_http, all_at_once,
      a_good_one, on_the_command_line)
