/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: what it prints, its exit status, what it leaves on disk.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/server.h"
#include "harness/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/frames/hpack.h"

static const char *dir; /* the prefix, with conf/ in it */
static int port;
static int listening = -1; /* somebody else's socket on that port */

static struct sockaddr_in address_of_port(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				     .sin_port = htons((uint16_t)port) };
}

/* Somebody listens there until free_port(). */
static void take_port(void)
{
	int on = 1;

	port = port_reserve();
	const struct sockaddr_in address = address_of_port();
	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(listening, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listening, 5), 0);
}

static void free_port(void)
{
	close(listening);
}

static const char *path(const char *name)
{
	return memory_printf("%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static const char *text_of(const char *name)
{
	char *text = memory_alloc(4096);
	FILE *file = fopen(path(name), "r");

	text[file ? fread(text, 1, 4095, file) : 0] = '\0';
	if (file)
		fclose(file);
	return text;
}

static void setup(void)
{
	dir = scratch_create();
	take_port();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ck_assert_int_eq(system(memory_printf("mkdir -p %s/conf %s/logs %s/html", dir, dir, dir)),
			 0);
	put("html/index.html", "hello");
	put("conf/skua.conf", memory_printf("pid logs/pid; events { worker_connections 64; } http {"
					    "server { listen 127.0.0.1:%d; return 200 ok; } }",
					    port));
}

static void teardown(void)
{
	scratch_remove(dir);
}

/* Runs "skua ARGS" in the prefix; its output, both streams, in *output. */
static int run(const char *args, const char **output)
{
	char *text = memory_alloc(8192);
	FILE *pipe = popen(memory_printf("cd %s && timeout 20 $SKUA %s 2>&1 </dev/null", dir, args),
			   "r");

	ck_assert_ptr_nonnull(pipe);
	text[fread(text, 1, 8191, pipe)] = '\0';
	*output = text;
	int status = pclose(pipe);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void check(const char *args, int status, const char *text)
{
	const char *output;
	int got = run(args, &output);

	ck_assert_msg(got == status, "skua %s: exit status %d, not %d: %s", args, got, status,
		      output);
	ck_assert_msg(strstr(output, text), "skua %s: not \"%s\" but: %s", args, text, output);
}

static const char *in_dir(const char *args)
{
	return memory_printf("-p %s -c conf/skua.conf -e logs/e.log %s", dir, args);
}

START_TEST(prints_what_it_is)
{
	check("-v", 0, "skua version: skua/");
	check("-V", 0, "configure arguments:");
	check("-V", 0, hpack_is_there() ? " (HTTP/2)" : "without HTTP/2");
	check("-h", 0, "-s signal");
	check("-?", 0, "-s signal");
}
END_TEST

START_TEST(refuses_what_it_does_not_know)
{
	check("-x", 1, "invalid option: \"x\"");
	check("--reload", 1, "invalid option: \"--reload\"");
	check("reload", 1, "invalid option: \"reload\"; write \"-s reload\"");
	check("-p . status", 1, "it has to be the first word: \"skua status\"");
	check("start", 1, "invalid option: \"start\"; \"skua -h\"");
	check("-s restart", 1, "stop, quit, reload, reopen");
	check("-c", 1, "requires");
	check("frobnicate", 1, "skua -h");
	check("-tx", 1, "invalid option: \"x\"");
	check("-t --help=x", 1, "option \"--help=x\" has no value");
	check("status now", 1, "status: invalid option: \"now\"");
	check("status -t", 1, "status: invalid option: \"t\"");
	check("serve -qz", 1, "skua serve: invalid option: \"z\"; \"skua serve -h\" lists");
	check("serve --por 1", 1, "\"--por\" (did you mean \"--port\"?); \"skua serve -h\"");
	check("serv a", 1, "invalid option: \"serv\" (did you mean \"skua serve\"?)");
	check("/", 1, "invalid option: \"/\"; \"skua serve /\" serves a folder");
	check("serve --", 1, "serve: invalid option: \"--\"");
	check("help -c a b", 1, "only \"help sandbox\"");
}
END_TEST

START_TEST(a_test_touches_nothing)
{
	const char *before, *after;

	run(memory_printf("-v; ls -lR --time-style=full-iso %s", dir), &before);
	check(in_dir("-t"), 0, "test is successful");
	run(memory_printf("-v; ls -lR --time-style=full-iso %s", dir), &after);
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(a_test_says_what_is_wrong)
{
	put("conf/skua.conf", "htpp { }\n");
	check(in_dir("-t"), 1, "skua.conf:1:1: unknown directive \"htpp\"");
	check(in_dir("-t"), 1, "test failed");
	check("-t -c /no/such/file", 1, "/no/such/file");
}
END_TEST

/* What is not supported has a status of its own, unless something is wrong as well. */
START_TEST(a_test_tells_wrong_from_not_supported)
{
	const char *output;

	put("conf/skua.conf",
	    "events { } http { server { location /a/ { proxy_pass http://b; } } }\n");
	check(in_dir("-t"), 2, "forwards requests, which Skua does not do");
	ck_assert_int_eq(run(in_dir("-t --json"), &output), 2);
	ck_assert_ptr_nonnull(strstr(output, "{\"messages\":[\n{\"kind\":\"not supported\","));
	ck_assert_ptr_nonnull(strstr(output, "\"block\":\"location /a/\",\"file\":\""));
	ck_assert_ptr_nonnull(strstr(output, ",\"pass\":\"proxy_pass http://b\",\"more\":0}]}],"
					     "\"result\":\"not supported\"}\n"));
	put("conf/skua.conf", "events { } http { rot \"a\tb\"; mp4; server { } }\n");
	check(in_dir("-t"), 1, "unknown directive \"rot\"");
	ck_assert_int_eq(run(in_dir("-t --json"), &output), 1);
	ck_assert_ptr_nonnull(strstr(output, "\"line\":1,\"column\":19,\"length\":3,\"text\":\""
					     "unknown directive \\\"rot\\\"\""));
	ck_assert_ptr_nonnull(strstr(output, "],\"result\":\"wrong\"}\n"));
	check(in_dir("-v --json"), 1, "belongs to status and -t");
}
END_TEST

START_TEST(a_name_of_nginx_has_help)
{
	check("help mp4", 0, "Not supported: a file with it is refused.");
	check("help proxy_read_timeout", 0, "Accepted, and without effect.");
	check("help '$upstream_addr'", 0, "Without a value");
	check("help proxy_raed_timeout", 1, "no directive, module, variable or command");
	check("help autoidnex", 1, "did you mean \"autoindex\"?");
	check("help cache control", 0, "    expires ");
	check("help '$requset_uri'", 1, "did you mean \"$request_uri\"?");
	check("help --json autoidnex", 1, "\"found\": \"nothing\"");
	check("help --json autoindex | jq -r '.entries[].kind' && $SKUA -v", 0,
	      "directive\nmodule\n");
	check("help --json | jq -r '.found' && $SKUA -v", 0, "all\n");
}
END_TEST

START_TEST(a_quiet_test_is_silent)
{
	const char *output;

	ck_assert_int_eq(run(in_dir("-tq"), &output), 0);
	ck_assert_str_eq(output, "");
}
END_TEST

START_TEST(a_dump_shows_the_files)
{
	check(in_dir("-T"), 0, "return 200 ok;");
}
END_TEST

START_TEST(paths_are_written_without_dots)
{
	const char *output;

	put("conf/skua.conf", "pid ./no/./pid; error_log ./logs/e.log; http { server { "
			      "listen 127.0.0.1:1; } }");
	run("-p . -c ./conf/skua.conf -e ./logs/e.log -s reload", &output);
	ck_assert_ptr_nonnull(strstr(output, memory_printf("\"%s/no/pid\"", dir)));
	run("-p . -c ./none.conf -t", &output);
	ck_assert_ptr_null(strstr(output, "/./"));
}
END_TEST

START_TEST(signals_need_a_server)
{
	check(in_dir("-s reload"), 3, "there is no pid file");
	put("logs/pid", "");
	check(in_dir("-s stop"), 1, "holds no number");
	put("logs/pid", "999999999\n");
	check(in_dir("-s quit"), 3, "the server does not run");
	check(memory_printf("status %s", in_dir("")), 3, "no server answers");
	check(memory_printf("status %s", in_dir("-g 'control off;'")), 1, "has no control socket");
	check(memory_printf("status %s", in_dir("-g 'rot;'")), 1, "unknown directive");
}
END_TEST

static bool listens(void)
{
	const struct sockaddr_in address = address_of_port();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = connect(fd, (const struct sockaddr *)&address, sizeof(address));

	close(fd);
	return result == 0;
}

/* The daemon, which setup() lets this process adopt, is stopped and ends well. */
static void stop_daemon(void)
{
	pid_t pid = atoi(text_of("logs/pid"));
	struct deadline wait = { 0 };
	int status;

	check(in_dir("-s stop"), 0, "");
	while (waitpid(pid, &status, WNOHANG) == 0)
		deadline_wait(&wait, "the daemon has ended");
	ck_assert_int_eq(status, 0);
	ck_assert_int_lt(access(path("logs/pid"), F_OK), 0);
}

START_TEST(one_worker_is_one)
{
	free_port();
	check(in_dir("-g 'worker_processes 1; error_log logs/e.log notice;'"), 0, "");
	ck_assert_ptr_nonnull(strstr(text_of("logs/e.log"), "serves, with 1 worker\n"));
	stop_daemon();
}
END_TEST

START_TEST(a_daemon_serves_when_the_command_returns)
{
	const char *output;

	free_port();
	put("logs/pid", "999999999\n");
	ck_assert_int_eq(run(in_dir(""), &output), 0);
	/* Nothing is said, but that the sandbox is left out in part, in an instrumented build. */
	ck_assert_msg(!*output || strstr(output, "sandbox: instrumented with"), "%s", output);
	ck_assert_int_gt(atoi(text_of("logs/pid")), 0);
	ck_assert_int_eq(access(path("logs/e.log"), F_OK), 0);
	ck_assert(listens());
	stop_daemon();
}
END_TEST

START_TEST(a_daemon_that_fails_says_so)
{
	check(in_dir(""), 1, "another process listens there");
	ck_assert_int_lt(access(path("logs/pid"), F_OK), 0);
	/* Both the caller and the log are told. */
	ck_assert_ptr_nonnull(strstr(text_of("logs/e.log"), "another process listens there"));
}
END_TEST

START_TEST(a_second_one_is_refused)
{
	free_port();
	put("conf/skua.conf",
	    memory_printf("pid logs/pid; events { accept_mode reuseport; } http {"
			  "server { listen 127.0.0.1:%d reuseport; return 200 ok; } }",
			  port));
	check(in_dir(""), 0, "");
	const char *pid = text_of("logs/pid");
	check(in_dir(""), 1, "another process listens there");
	ck_assert_str_eq(text_of("logs/pid"), pid);
	stop_daemon();
}
END_TEST

START_TEST(a_pid_file_that_cannot_be_written)
{
	free_port();
	put("conf/skua.conf", memory_printf("pid no/such/pid; events { } http {"
					    "server { listen 127.0.0.1:%d; return 200 ok; } }",
					    port));
	check(in_dir(""), 1, "cannot write the pid file");
}
END_TEST

/* Starts "PREFIX skua serve html ARGS" and reads up to the last line of its greeting. */
static FILE *serve_begin(const char *prefix, const char *args, pid_t *pid, const char **greeting)
{
	FILE *pipe = popen(memory_printf("cd %s && %s echo $$ && exec $SKUA serve html %s 2>&1",
					 dir, prefix, args),
			   "r");
	char line[512] = "", *text = memory_alloc(8192);

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), pipe));
	*pid = atoi(line);
	*text = '\0';
	while (fgets(line, sizeof(line), pipe) && strlen(text) < 7000) {
		strcat(text, line);
		if (strstr(line, "Ctrl-C"))
			break;
	}
	*greeting = text;
	return pipe;
}

static int serve_end(FILE *pipe)
{
	char line[512];

	while (fgets(line, sizeof(line), pipe))
		continue;
	return pclose(pipe);
}

/* Starts serve and ends it as Ctrl-C does; the last URL that it prints. */
static int serve(const char *args, char *url, size_t size)
{
	const char *greeting, *at = "";
	pid_t pid;
	FILE *pipe = serve_begin("", args, &pid, &greeting);

	while ((greeting = strstr(greeting, "http://")))
		at = greeting++;
	snprintf(url, size, "%s", at);
	kill(pid, SIGINT);
	return serve_end(pipe);
}

START_TEST(serve_names_the_port_that_was_chosen)
{
	char url[256];

	ck_assert_int_eq(serve("-p 0 -w 2", url, sizeof(url)), 0);
	ck_assert_msg(strncmp(url, "http://127.0.0.1:", 17) == 0, "url: %s", url);
	ck_assert_int_gt(atoi(url + 17), 1);
}
END_TEST

START_TEST(serve_on_a_port_that_is_taken)
{
	check(memory_printf("serve html -p %d", port), 1, "--port");
	check(memory_printf("serve html -p %d", port), 1, "is taken");
}
END_TEST

START_TEST(serve_what_is_not_there)
{
	check("serve nothing", 1, "the folder \"nothing\" cannot be served");
	check("serve html/index.html", 1, "is not a folder");
}
END_TEST

START_TEST(serve_at_an_address)
{
	char url[256];

	ck_assert_int_eq(serve("-p 0 -w 1 -a all", url, sizeof(url)), 0);
	ck_assert_msg(strncmp(url, "http://", 7) == 0, "url: %s", url);
	/* Nobody is asked for this name, so that it takes no time. */
	check("serve html -a no..where", 1, "all for all networks");
	check("serve html -a [::]:9000", 1, "skua serve --address :: --port 9000");
	check("serve html -a 127.0.0.1:9000", 1, "--address 127.0.0.1 --port 9000");
	check("serve html -a 9000", 1, "a port is given with --port 9000");
	check("serve html -a [::1", 1, "\"]\" is missing");
}
END_TEST

/* "HTTP/1.1 200", or "" if nobody answers. */
static const char *status_of(const char *url)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char *text = memory_alloc(13);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	port = atoi(strrchr(url, ':') + 1);
	const struct sockaddr_in address = address_of_port();
	bool asked = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		     send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0;
	ssize_t len = asked ? recv(fd, text, 12, MSG_WAITALL) : 0;
	text[len > 0 ? len : 0] = '\0';
	close(fd);
	return text;
}

START_TEST(serve_ends_with_its_terminal)
{
	const char *greeting;
	pid_t pid;
	FILE *pipe = serve_begin("", "-p 0 -w 1", &pid, &greeting);

	kill(pid, SIGHUP);
	ck_assert_int_eq(serve_end(pipe), 0);
	/* Unless somebody wants it to stay: nohup(1). */
	pipe = serve_begin("trap '' HUP;", "-p 0 -w 1", &pid, &greeting);
	kill(pid, SIGHUP);
	for (int i = 0; i < 20; i++) {
		ck_assert_str_eq(status_of(strstr(greeting, "http://")), "HTTP/1.1 200");
		usleep(10000);
	}
	kill(pid, SIGINT);
	ck_assert_int_eq(serve_end(pipe), 0);
}
END_TEST

START_TEST(serve_says_with_whose_rights)
{
	const char *greeting;
	pid_t pid;
	FILE *pipe = serve_begin("", "-p 0 -w 1", &pid, &greeting);

	kill(pid, SIGINT);
	ck_assert_int_eq(serve_end(pipe), 0);
	if (geteuid() == 0)
		ck_assert_ptr_nonnull(strstr(greeting, "with the rights of root"));
	else
		ck_assert_ptr_null(strstr(greeting, "with the rights of"));
}
END_TEST

START_TEST(serve_a_folder_that_cannot_be_read)
{
	ck_assert_int_eq(chmod(path("html"), 0), 0);
	check("serve html -p 0", 1, "cannot be served: Permission denied");
	ck_assert_int_eq(chmod(path("html"), 0444), 0);
	check("serve html -p 0", 1, "cannot be served: Permission denied");
	ck_assert_int_eq(chmod(path("html"), 0755), 0);
}
END_TEST

static const struct test_suite suite = {
	.name = "command line",
	.setup = setup,
	.teardown = teardown,
};

TESTS_IN(&suite, prints_what_it_is, refuses_what_it_does_not_know, a_test_touches_nothing,
	 a_test_says_what_is_wrong, a_test_tells_wrong_from_not_supported, a_name_of_nginx_has_help,
	 a_quiet_test_is_silent, a_dump_shows_the_files, paths_are_written_without_dots,
	 one_worker_is_one, signals_need_a_server, a_daemon_serves_when_the_command_returns,
	 a_daemon_that_fails_says_so, a_second_one_is_refused, a_pid_file_that_cannot_be_written,
	 serve_names_the_port_that_was_chosen, serve_on_a_port_that_is_taken,
	 serve_what_is_not_there, serve_at_an_address, serve_ends_with_its_terminal,
	 serve_says_with_whose_rights, serve_a_folder_that_cannot_be_read)
