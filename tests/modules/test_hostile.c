/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker can do to others after a client has taken it over: each case tries it
 * from inside (tests/modules/hostile), and looks whether the others feel it.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct server *start_in(const char *sandbox, const char *events)
{
	return server_start(memory_printf(
		"sandbox %s; worker_processes 2; events { %s }\n"
		"http { server { listen 127.0.0.1:%%PORT%%; listen unix:%%DIR%%/socket;\n"
		"location = / { return 200 ok; }\n"
		"location / { hostile %%PORT2%%; } } }",
		sandbox, events));
}

/* Refusals are answered; `sandbox strict` would end the worker at the first one. */
static struct server *start(const char *events)
{
	struct server *server = start_in("on", events);

	log_wait(server, "generation 1 of the configuration serves");
	if (!log_has(server, "sandbox: instrumented") && !log_has(server, "sandbox: this kernel"))
		return server;
	server_stop(server);
	test_skip("this kernel or this build has no whole sandbox");
}

/* All others still do their work. */
static void serves(struct server *server)
{
	for (int i = 0; i < 10; i++)
		ck_assert_str_eq(get(server, "/").body, "ok");
}

/* The log names what was refused. */
static void stop(struct server *server)
{
	server_forgive(server);
	server_stop(server);
}

/* Nothing of it may be done, in any way to accept. */
static void is_refused(const char *name)
{
	static const char *const modes[] = { "shared", "reuseport", "handoff" };

	for (int i = 0; i < 3; i++) {
		struct server *server = start(memory_printf("accept_mode %s;", modes[i]));

		ck_assert_str_eq(get(server, name).body, "");
		serves(server);
		stop(server);
	}
}

START_TEST(it_connects_to_nobody)
{
	struct server *server = start("");
	struct pollfd other = { .fd = occupy_port(server, 1), .events = POLLIN };

	ck_assert_str_eq(get(server, "/connect").body, "");
	serves(server);
	ck_assert_int_eq(poll(&other, 1, 100), 0);
	close(other.fd);
	stop(server);
}
END_TEST

START_TEST(it_shuts_no_socket_for_others)
{
	is_refused("/shutdown");
}
END_TEST

START_TEST(it_sets_no_options_of_others)
{
	is_refused("/options");
}
END_TEST

START_TEST(it_changes_no_open_file_of_others)
{
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/flags").body, "");
	size_t before = strlen(file_text(server, "/error.log"));
	ck_assert_str_eq(get(server, "/logs").body, "");
	ck_assert_uint_ge(strlen(file_text(server, "/error.log")), before);
	ck_assert(log_has(server, "generation 1 of the configuration serves"));
	serves(server);
	stop(server);
}
END_TEST

START_TEST(it_touches_no_other_process)
{
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/processes").body, "");
	serves(server);
	stop(server);
}
END_TEST

START_TEST(it_writes_no_counters_of_others)
{
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/counters").body, "");
	serves(server);
	stop(server);
}
END_TEST

START_TEST(it_sees_no_list_of_descriptors)
{
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/proc").body, "");
	stop(server);
}
END_TEST

/*
 * Two workers do it, one after the other, and each is ended for it. The log says so once
 * a minute.
 */
static void ends_it(const char *mode, const char *name)
{
	static const char says[] = ", so it has a defect or was taken over";
	struct server *server = start(memory_printf("accept_mode %s;", mode));
	struct deadline wait = { 0 };

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(get(server, name).status, 0);
		while (file_count(server, "/error.log", "exited on signal 9") <= i)
			deadline_wait(&wait, "the worker has ended");
		serves(server);
	}
	ck_assert_uint_eq(file_count(server, "/error.log", says), 1);
	ck_assert_uint_lt(strlen(file_text(server, "/error.log")), 16 * 1024);
	stop(server);
}

START_TEST(it_does_not_fill_the_log_by_messages)
{
	ends_it("shared", "/flood");
	ends_it("shared", "/junk");
	ends_it("handoff", "/flood");
}
END_TEST

START_TEST(it_gives_others_no_connections)
{
	ends_it("shared", "/connections");
	ends_it("handoff", "/connections");
}
END_TEST

START_TEST(it_keeps_nobody_from_passing_descriptors)
{
	ends_it("handoff", "/descriptors");
}
END_TEST

/* The message by which older workers made the master start new ones. */
START_TEST(it_makes_nobody_start_workers)
{
	struct server *server = start("");
	struct deadline wait = { 0 };

	get(server, "/moved");
	while (!log_has(server, "exited on signal 9"))
		deadline_wait(&wait, "the worker has ended");
	serves(server);
	ck_assert(!log_has(server, "generation 2"));
	stop(server);
}
END_TEST

static struct server *start_with_links(void)
{
	const char *const files[] = { "/secret/a",
				      "secret",
				      "/html-beside/a",
				      "beside",
				      "/media/a",
				      "media",
				      "/away/a",
				      "away",
				      "/away/away-name",
				      "",
				      "/secret/secret-name",
				      "",
				      "/html-beside/beside-name",
				      "",
				      "/conf/moved.txt",
				      "/moved /to\n",
				      "/html/x",
				      "",
				      NULL };
	const struct server_setup setup = {
		.conf = "worker_processes 1; sandbox_allow %DIR%/media;"
			"http { server { listen 127.0.0.1:%PORT%; redirects moved.txt;"
			"location / { hostile %PORT2%; } location = / { return 200 ok; }"
			"location = /link { } location /alias { alias %DIR%/media; }"
			"location /any/ { root $arg_root; } location /slash/ { root %DIR%/html/; }"
			"location /site/ { root %DIR%/media/$arg_a; } } }",
		.files = files,
	};
	struct server *server = server_start_with(&setup);

	log_wait(server, "generation 1 of the configuration serves");
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel")) {
		server_stop(server);
		test_skip("this kernel or this build has no whole sandbox");
	}
	ck_assert_int_eq(symlink("../away/a", file_path(server, "/html/link")), 0);
	ck_assert_int_eq(symlink("../away", file_path(server, "/html/folder")), 0);
	get(server, "/before");
	ck_assert_str_eq(get(server, "/link").body, "away");
	return server;
}

START_TEST(it_reads_nothing_beside_a_root)
{
	struct server *server = start_with_links();
	const char *above = memory_printf("/read?%s/secret/a", server->dir);
	const char *target = memory_printf("/read?%s/media/../html-beside/a", server->dir);

	ck_assert_str_eq(get(server, above).body, "");
	ck_assert_str_eq(get(server, target).body, "");
	ck_assert_str_eq(get(server, memory_printf("/read?%s/html/x", server->dir)).body,
			 "open: done\n");
	stop(server);
}
END_TEST

/*
 * A pipe, a socket and, if the test may make one, a device. Returns a process that waits until
 * somebody opens the pipe.
 */
static pid_t make_odd_files(struct server *server)
{
	const char *pipe = file_path(server, "/html/pipe");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(mkfifo(pipe, 0666), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 file_path(server, "/html/socket"));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	/* The number of /dev/null. */
	if (mknod(file_path(server, "/html/device"), S_IFCHR | 0666, makedev(1, 3)) < 0)
		ck_assert_int_eq(errno, EPERM);
	pid_t pid = fork();
	if (pid == 0)
		_exit(open(pipe, O_WRONLY) < 0);
	return pid;
}

START_TEST(the_opener_gives_it_only_what_links_in_roots_give)
{
	struct server *server = start_with_links();
	pid_t writer = make_odd_files(server);
	const char *got = get(server, "/opener").body;

	ck_assert_ptr_nonnull(strstr(got, " /link: away\n"));
	ck_assert_ptr_nonnull(strstr(got, "listed: away-name\n"));
	ck_assert_msg(!strstr(got, "secret") && !strstr(got, "beside") && !strstr(got, "opened") &&
			      !strstr(got, "pipe") && !strstr(got, "socket") &&
			      !strstr(got, "device") && !strstr(got, "cannot be read") &&
			      !strstr(got, "no channel"),
		      "the opener gave: %s", got);
	ck_assert_int_eq(waitpid(writer, NULL, WNOHANG), 0);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	serves(server);
	ck_assert_str_eq(get(server, "/link").body, "away");
	stop(server);
}
END_TEST

START_TEST(the_opener_bears_a_flood)
{
	struct server *server = start_with_links();

	get(server, "/opener-flood");
	log_wait(server, "it gets no more answers from the opener");
	ck_assert_int_eq(unlink(file_path(server, "/html/link")), 0);
	put_file(server, "/away/b", "b");
	ck_assert_int_eq(symlink("../away/b", file_path(server, "/html/link")), 0);
	ck_assert_str_eq(get(server, "/link").body, "b");
	stop(server);
}
END_TEST

/* A worker with a channel to the compressor, whose "a" is old enough to have a best form. */
static struct server *start_with_compressor(void)
{
	struct server *server = server_start(
		"worker_processes 1; sandbox on; http { default_type text/html; types { } gzip on;"
		"server { listen 127.0.0.1:%PORT%; location / { hostile %PORT2%; }"
		"location /html/ { alias %DIR%/html/; } location = / { return 200 ok; } } }");
	struct deadline wait = { 0 };
	const char *gzip = "Accept-Encoding: gzip\r\n";

	log_wait(server, "generation 1 of the configuration serves");
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel")) {
		server_stop(server);
		test_skip("this kernel or this build has no whole sandbox");
	}
	put_file(server, "a", memory_printf("%s%01000d%0999d", "a long text, a long text", 1, 2));
	usleep(2200000);
	get(server, "/before");
	for (;;) {
		struct reply reply = ask(server, "/html/a", .fields = gzip);

		if (strstr(reply_header(&reply, "ETag"), "-gz9."))
			return server;
		deadline_wait(&wait, "there is a form");
	}
}

START_TEST(the_compressor_makes_no_form_of_what_it_holds)
{
	struct server *server = start_with_compressor();

	ck_assert_str_eq(get(server, "/compressor").body, "");
	serves(server);
	stop(server);
}
END_TEST

START_TEST(it_changes_no_form_of_others)
{
	struct server *server = start_with_compressor();

	ck_assert_str_eq(get(server, memory_printf("/form?%s", file_path(server, "a"))).body,
			 "form got\n");
	serves(server);
	stop(server);
}
END_TEST

START_TEST(the_compressor_bears_a_flood)
{
	struct server *server = start_with_compressor();
	struct reply before = ask(server, "/html/a", .fields = "Accept-Encoding: gzip\r\n");

	get(server, memory_printf("/compressor-flood?%s", file_path(server, "a")));
	log_wait(server, "it gets no more answers from the compressor");
	struct reply after = ask(server, "/html/a", .fields = "Accept-Encoding: gzip\r\n");
	ck_assert_uint_eq(after.body_len, before.body_len);
	ck_assert_mem_eq(after.body, before.body, before.body_len);
	ck_assert_uint_eq(file_count(server, "/error.log", "start compressor process"), 1);
	stop(server);
}
END_TEST

/* What a worker has asked by one channel counts after it has got another one. */
START_TEST(the_compressor_has_room_for_others)
{
	enum { LONG = 2000000 };
	struct server *server = start_with_compressor();
	char *text = memory_alloc(LONG);
	uint32_t seed = 1;

	for (int i = 0; i < LONG; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)('a' + (seed >> 16) % 16);
	}
	put_bytes(server, "long", text, LONG);
	usleep(2200000);
	const char *got =
		get(server, memory_printf("/channels?%s", file_path(server, "long"))).body;
	ck_assert_int_ge(atoi(got), 1);
	ck_assert_int_le(atoi(got), 4);
	serves(server);
	stop(server);
}
END_TEST

/* A worker with a channel to the helper that opens logs, for the path sites/$arg_site.log. */
static struct server *start_with_logs(void)
{
	const char *const files[] = { "/secret/a.log",
				      "secret\n",
				      "/secret/hard.log",
				      "hard\n",
				      "/sites/folder.log/x",
				      "",
				      "/html/x",
				      "",
				      NULL };
	const struct server_setup setup = {
		.conf = "worker_processes 1; sandbox on; http { access_log off;"
			"log_format site \"for $arg_site\";"
			"server { listen 127.0.0.1:%PORT%; root html;"
			"location / { hostile %PORT2%; } location = / { return 200 ok; }"
			"location = /logged { access_log %DIR%/sites/$arg_site.log site;"
			"return 200 ok; } } }",
		.files = files,
	};
	struct server *server = server_start_with(&setup);

	ck_assert_int_eq(chmod(file_path(server, "/sites"), 0777), 0);
	log_wait(server, "generation 1 of the configuration serves");
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel")) {
		server_stop(server);
		test_skip("this kernel or this build has no whole sandbox");
	}
	get(server, "/before");
	get(server, "/logged?site=first");
	file_becomes(server, "/sites/first.log", "for first\n");
	return server;
}

/* All that lies in the directory of the logs. */
static int count_logs(const struct server *server)
{
	DIR *directory = opendir(file_path(server, "/sites"));
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	for (struct dirent *entry; (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

START_TEST(the_log_opener_opens_nothing_outside_of_its_directory)
{
	struct server *server = start_with_logs();

	ck_assert_int_eq(symlink("../secret/a.log", file_path(server, "/sites/link.log")), 0);
	ck_assert_int_eq(symlink("../secret", file_path(server, "/sites/way.log")), 0);
	ck_assert_int_eq(link(file_path(server, "/secret/hard.log"),
			      file_path(server, "/sites/hard.log")),
			 0);
	ck_assert_int_eq(mkfifo(file_path(server, "/sites/pipe.log"), 0666), 0);

	/* Nothing but the helper itself keeps them from being written. */
	ck_assert_int_eq(chmod(file_path(server, "/secret/a.log"), 0666), 0);
	ck_assert_int_eq(chmod(file_path(server, "/secret/hard.log"), 0666), 0);

	int before = count_logs(server);

	ck_assert_str_eq(get(server, memory_printf("/log-opener?%s/html", server->dir)).body,
			 "good.log\n..log\n...log\ngood.log\n");
	ck_assert_str_eq(file_text(server, "/sites/good.log"), "hostile\nhostile\n");
	ck_assert_str_eq(file_text(server, "/sites/first.log"), "for first\n");
	ck_assert_str_eq(file_text(server, "/secret/a.log"), "secret\n");
	ck_assert_str_eq(file_text(server, "/secret/hard.log"), "hard\n");
	/* "..log" and "...log" are names like others. */
	ck_assert_int_eq(count_logs(server), before + 1);
	ck_assert_uint_eq(file_count(server, "/error.log",
				     "has asked for a log that the configuration cannot name"), 1);
	get(server, "/logged?site=first");
	file_becomes(server, "/sites/first.log", "for first\nfor first\n");
	stop(server);
}
END_TEST

START_TEST(the_log_opener_bears_a_flood)
{
	struct server *server = start_with_logs();

	get(server, "/log-opener-flood");
	log_wait(server, "it gets no more answers from the log_opener");
	ck_assert_int_lt(count_logs(server), 2000);
	get(server, "/logged?site=second");
	file_becomes(server, "/sites/second.log", "for second\n");
	serves(server);
	stop(server);
}
END_TEST

/* In clock ticks, of all workers. */
static long cpu_time(const struct server *server)
{
	pid_t pids[8];
	int count = server_workers(server, pids, 8);
	long sum = 0;

	for (int i = 0; i < count; i++) {
		FILE *file = fopen(memory_printf("/proc/%d/stat", pids[i]), "r");
		long user = 0, system = 0;

		if (!file)
			continue;
		ck_assert_int_eq(fscanf(file,
					"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u "
					"%*u %*u %ld %ld",
					&user, &system),
				 2);
		fclose(file);
		sum += user + system;
	}
	return sum;
}

/* Whether anybody does, at an address that may be dead. */
static bool answers(const struct server *server)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons((uint16_t)server->ports[0]),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval limit = { .tv_sec = 1 };
	char answer[512] = "";
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
	    send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL) == 18)
		recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL);
	close(fd);
	return strstr(answer, " 200 ");
}

/* Without a sandbox it can shut them down, and nobody shall spin for that. */
static void is_made_anew(const char *mode)
{
	struct server *server = start_in("off", memory_printf("accept_mode %s;", mode));
	struct deadline wait = { 0 };

	ask(server, "/shutdown");
	long before = cpu_time(server);
	usleep(500000);
	ck_assert_int_lt(cpu_time(server) - before, sysconf(_SC_CLK_TCK) / 4);
	for (int i = 0; i < 20; i += answers(server))
		deadline_wait(&wait, "the address is served again");
	ck_assert_uint_lt(strlen(file_text(server, "/error.log")), 16 * 1024);
	stop(server);
}

START_TEST(what_was_shut_down_is_made_anew)
{
	is_made_anew("shared");
	is_made_anew("reuseport");
	is_made_anew("handoff");
}
END_TEST

START_TEST(options_that_connections_inherit_are_undone)
{
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/linger").body, "");
	log_wait(server, "has set SO_LINGER for the listening socket");
	serves(server);
	stop(server);
}
END_TEST

START_TEST(it_holds_nothing_of_who_started_the_server)
{
	int stray = dup2(STDERR_FILENO, 200);
	struct server *server = start("");

	ck_assert_int_eq(stray, 200);
	ck_assert_str_eq(get(server, "/inherited").body, "");
	close(stray);
	stop(server);
}
END_TEST

START_TEST(it_cannot_withdraw_from_the_master)
{
	struct server *server = start("");

	get(server, "/silence");
	log_wait(server, "exited on signal 9");
	serves(server);
	stop(server);
}
END_TEST

/* Nor go on after its time: it is stopped here, as if it did not listen. */
START_TEST(it_cannot_stay_for_ever)
{
	struct server *server = server_start("worker_shutdown_timeout 100ms;"
					     "http { server { listen 127.0.0.1:%PORT%;"
					     "location = / { return 200 ok; } } }");
	pid_t worker;

	ck_assert_str_eq(get(server, "/").body, "ok");
	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	kill(worker, SIGSTOP);
	kill(server->pid, SIGHUP);
	log_wait(server, "long after worker_shutdown_timeout: killed");
	log_wait(server, "exited on signal 9");
	serves(server);
	stop(server);
}
END_TEST

TESTS("hostile", it_connects_to_nobody, it_shuts_no_socket_for_others, it_sets_no_options_of_others,
      it_changes_no_open_file_of_others, it_touches_no_other_process,
      it_writes_no_counters_of_others, it_sees_no_list_of_descriptors,
      it_does_not_fill_the_log_by_messages, it_gives_others_no_connections,
      it_keeps_nobody_from_passing_descriptors, it_makes_nobody_start_workers,
      it_reads_nothing_beside_a_root, the_opener_gives_it_only_what_links_in_roots_give,
      the_opener_bears_a_flood, the_compressor_makes_no_form_of_what_it_holds,
      it_changes_no_form_of_others, the_compressor_bears_a_flood,
      the_compressor_has_room_for_others, the_log_opener_opens_nothing_outside_of_its_directory,
      the_log_opener_bears_a_flood, what_was_shut_down_is_made_anew,
      options_that_connections_inherit_are_undone, it_holds_nothing_of_who_started_the_server,
      it_cannot_withdraw_from_the_master, it_cannot_stay_for_ever)
