/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of `skua serve`: what a folder is served like with each of them. That it starts,
 * ends and complains as it should is in test_command.c.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <arpa/inet.h>
#include <config.h>
#include <limits.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct server folder; /* its html/ is served */
static FILE *output; /* of the server */
static const char *greeting; /* its first lines */

static void setup(void)
{
	folder.dir = scratch_create();
	mkdir(file_path(&folder, "/tmp"), 0755);
	put_file(&folder, "index.html", "<p>shell");
	put_file(&folder, "app.js", "script");
	put_file(&folder, "sub/a.txt", "text");
	put_file(&folder, "oops/404.html", "<p>not here");
}

static void teardown(void)
{
	scratch_remove(folder.dir);
}

/* Starts "skua serve html ARGS", with more variables of the environment in front. */
static void serve_in(const char *environment, const char *args)
{
	char line[512] = "", *text = memory_alloc(8192);
	const char *url;

	output = popen(memory_printf("cd %s && echo $$ && TMPDIR=%s/tmp %s exec $SKUA serve html "
				     "-w 1 %s 2>&1 </dev/null",
				     folder.dir, folder.dir, environment, args),
		       "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), output));
	folder.pid = atoi(line);
	*text = '\0';
	while (!strstr(line, "Ctrl-C")) {
		ck_assert_msg(fgets(line, sizeof(line), output) != NULL, "it ended: %s", text);
		strcat(text, line);
	}
	greeting = text;
	url = strstr(text, "http://127.0.0.1:");
	ck_assert_ptr_nonnull(url);
	folder.ports[0] = atoi(url + strlen("http://127.0.0.1:"));
}

static void serve(const char *args)
{
	serve_in("", memory_printf("-p 0 %s", args));
}

/* Ends it as Ctrl-C does; what it has printed since the greeting. */
static const char *end(void)
{
	char *text = memory_alloc(8192);

	clients_close();
	kill(folder.pid, SIGINT);
	text[fread(text, 1, 8191, output)] = '\0';
	ck_assert_int_eq(pclose(output), 0);
	return text;
}

/* Runs "skua serve ARGS", which is to end with this status; what it prints. */
static const char *run(const char *args, int status)
{
	char *text = memory_alloc(8192);
	FILE *pipe = popen(memory_printf("cd %s && $SKUA serve %s 2>&1 </dev/null", folder.dir,
					 args),
			   "r");

	text[fread(text, 1, 8191, pipe)] = '\0';
	ck_assert_msg(WEXITSTATUS(pclose(pipe)) == status, "%s: %s", args, text);
	return text;
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in:\n%s", part, text);
}

START_TEST(lists_and_hides_by_itself)
{
	put_file(&folder, "list/.env", "secret");
	put_file(&folder, "list/a.txt", "text");
	serve("");
	has(get(&folder, "/list/").body, "<a href=\"./a.txt\">");
	ck_assert_str_eq(get(&folder, "/list/?format=text").body, "a.txt\n");
	ck_assert_int_eq(get(&folder, "/list/.env").status, 403);
	ck_assert_str_eq(get(&folder, "/").body, "<p>shell");
	has(end(), "GET /list/?format=text");
}
END_TEST

#define HTML	 "Accept: text/html,*/*;q=0.8\r\n"
#define NAVIGATE "Sec-Fetch-Mode: navigate\r\n"

START_TEST(a_single_page_app)
{
	serve("--spa");

	const struct {
		const char *target, *fields, *body;
		int status;
	} cases[] = {
		{ "/", "", "<p>shell", 200 },
		{ "/app.js", HTML, "script", 200 },
		{ "/user/5", HTML, "<p>shell", 200 },
		{ "/user/5?q=a.b", NAVIGATE, "<p>shell", 200 },
		{ "/v1.2/user", NAVIGATE, "<p>shell", 200 },
		{ "/user/", HTML NAVIGATE, "<p>shell", 200 },
		{ "/user/5", "", NULL, 404 },
		{ "/user/5", "Accept: */*\r\n", NULL, 404 },
		{ "/user/5", "Sec-Fetch-Mode: cors\r\n" HTML, NULL, 404 },
		{ "/missing.js", NAVIGATE HTML, NULL, 404 },
		{ "/sub/missing.css", HTML, NULL, 404 },
		{ "/sub/", NAVIGATE, NULL, 403 },
		{ "/.env", NAVIGATE, NULL, 404 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply reply = ask(&folder, cases[i].target, .fields = cases[i].fields);

		ck_assert_msg(reply.status == cases[i].status, "%s %s: %d", cases[i].target,
			      cases[i].fields, reply.status);
		if (cases[i].body)
			ck_assert_str_eq(reply.body, cases[i].body);
		else
			ck_assert_ptr_null(strstr(reply.body, "shell"));
	}
	end();
}
END_TEST

START_TEST(a_page_for_what_is_missing)
{
	serve("--404 ./oops/404.html");

	struct reply reply = get(&folder, "/none");

	ck_assert_int_eq(reply.status, 404);
	ck_assert_str_eq(reply.body, "<p>not here");
	end();
	has(run("html --404 none.html", 1), "--404 \"none.html\" is no file in the folder");
	has(run("html --404 /", 1), "--404 \"/\" is no file in the folder");
	has(run("html --404 sub", 1), "--404 \"sub\" is no file in the folder");
}
END_TEST

START_TEST(fields_of_responses)
{
	serve("--cors --cache 1h30m --header 'X-A: \"q\" \\ $host; }' --header X-B:b");

	struct reply reply = get(&folder, "/app.js");

	ck_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Origin"), "*");
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "max-age=5400");
	ck_assert_str_eq(reply_header(&reply, "X-A"), "\"q\" \\ $host; }");
	ck_assert_str_eq(reply_header(&reply, "X-B"), "b");
	reply = get(&folder, "/");
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "no-cache");
	reply = get(&folder, "/none");
	ck_assert_ptr_null(reply_header(&reply, "Cache-Control"));
	ck_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Origin"), "*");
	ck_assert_str_eq(reply_header(&reply, "X-B"), "b");
	reply = ask(&folder, "/app.js", .method = "OPTIONS");
	ck_assert_int_eq(reply.status, 204);
	ck_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Methods"), "GET, HEAD");
	ck_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Headers"), "*");
	end();
	has(run("html --header nothing", 1), "\"nothing\" is no field");
	has(run("html --header 'date: now'", 1), "the server itself writes the field date");
	has(run("html --header 'Server: none' --print-config", 0), " set_header Server \"none\"");
	has(run("html --header 'a b: c'", 1), "\"a b: c\" is no field");
	has(run("html --header 'a: b\nc: d'", 1), "is no field");
	has(run("html --cache 1y --print-config", 0), "max-age=31536000;");
	has(run("html --cache 1x", 1), "\"1x\" is no time");
	has(run("html --cache ''", 1), "is no time");
	has(run("html --cache 99999999999999999999", 1), "is no time");
	has(run("html --cors=yes", 1), "option \"--cors=yes\" has no value");
	has(run("html --header", 1), "option \"--header\" requires a value");
}
END_TEST

/* The status for "NAME:PASSWORD" in Base64. */
static int status_with(const char *pair)
{
	return ask(&folder, "/app.js",
		   .fields = memory_printf("Authorization: Basic %s\r\n", pair))
		.status;
}

START_TEST(a_password)
{
	serve("--password 'me:a:b c' --cors");
	ck_assert_int_eq(get(&folder, "/app.js").status, 401);
	ck_assert_int_eq(status_with("bWU6YTpiIGM="), 200); /* me:a:b c */
	ck_assert_int_eq(status_with("bWU6YTpiIGN4"), 401); /* me:a:b cx */
	ck_assert_int_eq(status_with("eW91OmE6YiBj"), 401); /* you:a:b c */
	/* Browsers ask without a password whether they may ask with one. */
	ck_assert_int_eq(ask(&folder, "/app.js", .method = "OPTIONS").status, 204);
	ck_assert_int_eq(system(memory_printf("ls -l %s/tmp/skua-serve-*/users | grep -q "
					      "'^-rw-------'", folder.dir)), 0);
	end();
	ck_assert_int_eq(rmdir(file_path(&folder, "/tmp")), 0); /* nothing is left in it */
	mkdir(file_path(&folder, "/tmp"), 0755);
	serve_in("", "-p 0 --password me <<'END'\nsecret\nEND\n");
	ck_assert_int_eq(status_with("bWU6c2VjcmV0"), 200); /* me:secret */
	ck_assert_int_eq(status_with("bWU6"), 401); /* me: */
	end();
	has(run("html --password :pass", 1), "names no user");
	has(run("html --password '#me:pass'", 1), "names no user");
	has(run("html --password me", 1), "write it behind the name: --password me:PASS");
	has(run("html --password me:", 1), "the password is empty");
}
END_TEST

static bool shows_what_is_typed(int terminal)
{
	struct termios settings;

	ck_assert_int_eq(tcgetattr(terminal, &settings), 0);
	return settings.c_lflag & ECHO;
}

/* Starts a server in a terminal of its own, and waits until it asks for the password. */
static pid_t ask_in_terminal(int *terminal, bool hangup_is_ignored)
{
	const char *program = getenv("SKUA");
	struct deadline wait = { 0 };
	pid_t pid = forkpty(terminal, NULL, NULL, NULL);

	if (pid == 0) {
		if (hangup_is_ignored)
			signal(SIGHUP, SIG_IGN);
		execl(program, program, "serve", "-p", "0", "--password", "me", folder.dir, NULL);
		_exit(127);
	}
	ck_assert_int_gt(pid, 0);
	while (shows_what_is_typed(*terminal))
		deadline_wait(&wait, "the password is asked for");
	return pid;
}

START_TEST(a_password_that_is_not_given)
{
	int terminal, status;
	pid_t pid = ask_in_terminal(&terminal, false);

	ck_assert_int_eq(write(terminal, "\3", 1), 1); /* Ctrl-C */
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	ck_assert(shows_what_is_typed(terminal));
	close(terminal);
}
END_TEST

/* nohup leaves SIGHUP ignored. Ctrl-Z would come back with the echo on. */
START_TEST(a_password_is_asked_for_undisturbed)
{
	int terminal, status;
	pid_t pid = ask_in_terminal(&terminal, true);

	kill(pid, SIGHUP);
	ck_assert_int_eq(write(terminal, "\032", 1), 1); /* Ctrl-Z */
	usleep(100 * 1000);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG | WUNTRACED), 0);
	ck_assert(!shows_what_is_typed(terminal));
	ck_assert_int_eq(write(terminal, "\3", 1), 1); /* Ctrl-C */
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(terminal);
}
END_TEST

START_TEST(quiet)
{
	serve("--quiet");
	ck_assert_int_eq(get(&folder, "/app.js").status, 200);
	ck_assert_str_eq(end(), "");
}
END_TEST

START_TEST(opens_a_browser)
{
	struct deadline deadline = { 0 };

	put_file(&folder, "/bin/xdg-open",
		 "#!/bin/sh\necho \"$1\" >\"$0.tmp\"\nmv \"$0.tmp\" \"$0.url\"\n");
	chmod(file_path(&folder, "/bin/xdg-open"), 0755);
	serve_in(memory_printf("PATH=%s/bin:$PATH", folder.dir), "-p 0 --open -a all");
	while (!*file_text(&folder, "/bin/xdg-open.url"))
		deadline_wait(&deadline, "the browser is opened");
	ck_assert_str_eq(file_text(&folder, "/bin/xdg-open.url"),
			 memory_printf("http://127.0.0.1:%d/\n", folder.ports[0]));
	end();
	serve_in("PATH=/none", "-p 0 --open");
	has(end(), "--open needs the program xdg-open");
}
END_TEST

/* Port 8080 is taken by this test, unless somebody else has it already. */
START_TEST(the_next_port_that_is_free)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					     .sin_port = htons(8080) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		listen(fd, 5);
	serve_in("", "");
	has(greeting, "port 8080 is taken, so it is port ");
	ck_assert_int_gt(folder.ports[0], 8080);
	ck_assert_str_eq(get(&folder, "/app.js").body, "script");
	end();
	close(fd);
}
END_TEST

/* Serves at the address in a terminal; what is shown there until it says how it ends. */
static const char *shown_in_terminal(const char *address)
{
	const char *program = getenv("SKUA");
	char *text = memory_alloc(1 << 16);
	size_t len = 0;
	int terminal;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

	if (pid == 0) {
		execl(program, program, "serve", "-p", "0", "-a", address, folder.dir, NULL);
		_exit(127);
	}
	for (text[0] = '\0'; !strstr(text, "Ctrl-C"); text[len] = '\0') {
		ssize_t n = read(terminal, text + len, (1 << 16) - 1 - len);

		ck_assert_msg(n > 0, "it has ended: %s", text);
		len += (size_t)n;
	}
	kill(pid, SIGINT);
	waitpid(pid, NULL, 0);
	close(terminal);
	return text;
}

static bool names_other_address(const char *text)
{
	while ((text = strstr(text, "http://")) != NULL)
		if (strncmp(text += strlen("http://"), "127.", 4) != 0)
			return true;
	return false;
}

/* The code of an address that a telephone reaches; a file or a pipe gets none. */
START_TEST(shows_a_code_for_telephones)
{
	const char *const white = "\033[30;107m";
	const char *all = shown_in_terminal("all");

	ck_assert_ptr_null(strstr(shown_in_terminal("127.0.0.1"), white));
	serve("-a all");
	ck_assert_ptr_null(strstr(greeting, white));
	end();
#ifdef HAVE_QRENCODE
	if (!names_other_address(all))
		test_skip("this machine has no other address than 127.0.0.1");
	has(all, white);
#else
	(void)names_other_address;
	ck_assert_ptr_null(strstr(all, white));
#endif
}
END_TEST

/* In KiB, what a process shares with no other. */
static unsigned long own_memory(pid_t pid)
{
	FILE *file = fopen(memory_printf("/proc/%d/smaps_rollup", (int)pid), "r");
	unsigned long sum = 0, number;
	char line[256];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_%*[a-zA-Z_]: %lu", &number) == 1)
			sum += number;
	fclose(file);
	return sum;
}

/*
 * The limits are 35 ms and 1.5 MB. The time is that of the processor, the best of three, since
 * others may be busy.
 */
START_TEST(begins_quickly_in_little_memory)
{
	unsigned long memory = 0;
	long best = LONG_MAX;

	if (server_is_sanitized)
		test_skip("a sanitizer takes time and memory");
	for (int i = 0; i < 3; i++) {
		struct rusage before, after;
		int child;

		getrusage(RUSAGE_CHILDREN, &before);
		serve("-q");
		FILE *children = fopen(memory_printf("/proc/%d/task/%d/children", folder.pid,
						     folder.pid), "r");
		for (memory = own_memory(folder.pid); fscanf(children, "%d", &child) == 1;)
			memory += own_memory(child);
		fclose(children);
		end();
		getrusage(RUSAGE_CHILDREN, &after);

		long us = 1000000 * (after.ru_utime.tv_sec + after.ru_stime.tv_sec -
				     before.ru_utime.tv_sec - before.ru_stime.tv_sec) +
			  after.ru_utime.tv_usec + after.ru_stime.tv_usec -
			  before.ru_utime.tv_usec - before.ru_stime.tv_usec;
		best = us < best ? us : best;
	}
	ck_assert_int_lt(best, 35000);
	ck_assert_uint_lt(memory, 1500);
}
END_TEST

START_TEST(prints_its_configuration)
{
	const char *text = run("html --print-config --spa --cors --cache 1d -p 9000 -a ::1 "
			       "--header 'X-A: $a' --404 oops/404.html", 0);

	has(text, "listen [::1]:9000;");
	has(text, memory_printf("root \"%s/html\";", folder.dir));
	put_file(&folder, "/printed.conf", text);
	ck_assert_int_eq(system(memory_printf("$SKUA -t -q -p %s -c printed.conf",
					      folder.dir)), 0);
	has(run("html --print-config", 0), "listen 127.0.0.1:8080;");
	has(run("html --print-config --password me", 0), "auth_basic_user_file \"users.txt\";");
}
END_TEST

TESTS_IN((&(struct test_suite){ "serve", .setup = setup, .teardown = teardown }),
	 lists_and_hides_by_itself, a_single_page_app, a_page_for_what_is_missing,
	 fields_of_responses, a_password, a_password_that_is_not_given,
	 a_password_is_asked_for_undisturbed, quiet, opens_a_browser,
	 the_next_port_that_is_free, shows_a_code_for_telephones,
	 begins_quickly_in_little_memory, prints_its_configuration)
