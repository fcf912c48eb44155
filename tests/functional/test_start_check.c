/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `skua -t` says about the machine, beside the configuration; and what a start
 * says that fails for the same reason.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *dir; /* the prefix; logs/ is in it */

static const char *path(const char *name)
{
	return memory_printf("%s/%s", dir, name);
}

static void setup(void)
{
	dir = scratch_create();
	ck_assert_int_eq(mkdir(path("conf"), 0755), 0);
	ck_assert_int_eq(mkdir(path("logs"), 0755), 0);
}

static void teardown(void)
{
	scratch_remove(dir);
}

/* Writes the configuration and runs "skua -p PREFIX ARGS"; what it prints. */
static const char *run(const char *conf, const char *args, int status)
{
	FILE *file = fopen(path("conf/skua.conf"), "w");
	char *output = memory_alloc(8192);

	fputs(conf, file);
	fclose(file);
	FILE *pipe =
		popen(memory_printf("timeout 20 $SKUA -p %s %s 2>&1 </dev/null", dir, args), "r");
	output[fread(output, 1, 8191, pipe)] = '\0';
	int got = WEXITSTATUS(pclose(pipe));
	ck_assert_msg(got == status, "%s: status %d, not %d: %s", conf, got, status, output);
	return output;
}

static int count(const char *text, const char *part)
{
	int found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

static void says(const char *output, const char *text)
{
	ck_assert_msg(strstr(output, text), "no \"%s\" in: %s", text, output);
}

/* In the text %s is more of the server. */
static const char *server(const char *more)
{
	return memory_printf("http { server { listen 127.0.0.1:%d; return 200 ok; %s } }",
			     port_reserve(), more);
}

START_TEST(a_log_folder_that_is_missing)
{
	const char *remedy = memory_printf("mkdir -p %s/logs\n", dir);
	const char *output;

	ck_assert_int_eq(rmdir(path("logs")), 0);
	/* Error log, access log and pid file lie there: once is enough. */
	output = run(server(""), "-t", 1);
	ck_assert_int_eq(count(output, remedy), 1);
	ck_assert_int_eq(count(output, "error: "), 1);
	says(output, "syntax is ok");
	says(output, "test failed");
	output = run(server(""), "", 1);
	says(output, remedy);
	ck_assert_int_eq(count(output, "\n"), 1);
	ck_assert_int_lt(access(path("logs"), F_OK), 0);
}
END_TEST

START_TEST(a_log_folder_that_somebody_has_written)
{
	const char *conf = server("access_log no/such/a.log; error_log no/e.log;");
	const char *output = run(conf, "-t", 1);

	ck_assert_int_eq(count(output, "error: "), 2);
	says(output, memory_printf("^~~~~~~~~~~~~ mkdir -p %s/no/such\n", dir));
	says(output, memory_printf("^~~~~~~~ mkdir -p %s/no\n", dir));
	/* In the order of the file, in the test and at a start. */
	ck_assert(strstr(output, "no/such\n") < strstr(output, "/no\n"));
	output = run(conf, "", 1);
	says(output, memory_printf("mkdir -p %s/no/such\n", dir));
	ck_assert(strstr(output, "no/such\n") < strstr(output, "/no\n"));
}
END_TEST

START_TEST(what_cannot_be_a_log)
{
	says(run(server("access_log logs;"), "-t", 1), "cannot be written (21: Is a directory)");
	says(run(memory_printf("pid run/a.pid; %s", server("")), "-t", 1),
	     "the folder of the pid file");
	says(run(server("listen unix:/no/such/socket;"), "-t", 1), "mkdir -p /no/such");
}
END_TEST

/* What lies at a path is not what is needed there: said before the start, which fails. */
START_TEST(what_lies_in_the_way)
{
	const char *conf, *output;

	ck_assert_int_eq(mkdir(path("logs/dir"), 0755), 0);
	ck_assert_int_eq(symlink("/no/such/file", path("logs/dangling")), 0);
	ck_assert_int_eq(mkfifo(path("logs/fifo"), 0600), 0);
	ck_assert_int_eq(mknod(path("logs/socket"), S_IFSOCK | 0600, 0), 0);
	const struct {
		const char *conf, *says;
	} cases[] = {
		{ "access_log logs/socket;", "cannot be written (6: " },
		{ "access_log logs/dangling;", "leads to a folder that is not there" },
		{ memory_printf("listen unix:%s;", path("conf/skua.conf")), "it is no socket" },
		{ memory_printf("listen unix:%s;", path("logs/dir")), "it is no socket" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		says(run(server(cases[i].conf), "-t", 1), cases[i].says);
	run(server(memory_printf("listen unix:%s;", path("logs/socket"))), "-tq", 0);

	static const char *const pids[] = { "logs/dir", "logs/", "logs/dangling",
					    "conf/skua.conf/a.pid" };
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		conf = memory_printf("pid %s; %s", pids[i], server(""));
		output = run(conf, "-t", 1);
		says(output, "the pid file");
		ck_assert_int_eq(count(output, "error: "), 1);
		says(run(conf, "", 1), "cannot write the pid file");
	}
	output = run(memory_printf("pid logs/fifo; %s", server("")), "-t", 0);
	says(output, "is no regular file");
	ck_assert_str_eq(run(memory_printf("pid off; %s", server("")), "-tq", 0), "");
}
END_TEST

START_TEST(an_unused_default_is_not_needed)
{
	const char *own = "pid skua.pid; error_log e.log;";
	int port = port_reserve();

	ck_assert_int_eq(rmdir(path("logs")), 0);
	ck_assert_str_eq(run(memory_printf("%s http { access_log a.log; "
					   "server { listen 127.0.0.1:%d; } }",
					   own, port),
			     "-tq", 0),
			 "");
	ck_assert_str_eq(run(memory_printf("%s http { server { listen 127.0.0.1:%d; "
					   "access_log a.log; location / { } } }",
					   own, port),
			     "-tq", 0),
			 "");
	ck_assert_str_eq(run(own, "-tq", 0), "");
	run(memory_printf("%s http { server { listen 127.0.0.1:%d; location /a { access_log a.log; "
			  "} } }",
			  own, port),
	    "-tq", 1);
}
END_TEST

START_TEST(a_root_that_is_not_there)
{
	const char *output = run(server("root www; location /a/ { alias none/b/; }"
					"location /c { root /no-such-folder/$host; }"
					"location /d { root conf/skua.conf; }"
					"location /e { root conf; }"),
				 "-t", 0);

	ck_assert_int_eq(count(output, "warning: "), 4);
	says(output, "/www/\" cannot be served (2: No such file");
	says(output, "^~~ until it is there, requests for what is in it get 404");
	says(output, "/none/b/\" cannot be served (2: No such file");
	says(output, "\"/no-such-folder/\" cannot be served");
	says(output, "/conf/skua.conf/\" cannot be served (20: Not a directory)");
	says(output, "test is successful");
}
END_TEST

/* Started by root, the workers are somebody else. */
START_TEST(a_root_that_the_workers_cannot_read)
{
	const char *closed = path("closed");

	ck_assert_int_eq(mkdir(closed, geteuid() == 0 ? 0700 : 0), 0);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	const char *output = run(server("root closed;"), "-t", 0);
	says(output, "/closed/\" cannot be served (13: Permission denied)");
	says(output, "the workers have the rights of");
	says(output, "test is successful");
	ck_assert_int_eq(chmod(closed, 0755), 0);
	ck_assert_str_eq(run(server("root closed;"), "-tq", 0), "");
}
END_TEST

START_TEST(an_address_of_another_machine)
{
	says(run("http { server { listen 198.51.100.77:8080; } }", "-t", 1),
	     "^~~~~~~~~~~~~~~~~~ this machine does not have the address");
}
END_TEST

/* The kernel refuses such an address beside the one for all, and no other process is to blame. */
START_TEST(an_address_of_its_own_beside_all)
{
	static const char *const listens[] = {
		"listen 0.0.0.0:%d; listen 127.0.0.1:%d bind;",
		"listen 127.0.0.1:%d bind; listen %d;",
		"listen [::]:%d ipv6only=off; listen 127.0.0.1:%d;",
		"listen %d reuseport; listen 127.0.0.1:%d bind;",
	};

	for (size_t i = 0; i < sizeof(listens) / sizeof(listens[0]); i++) {
		int port = port_reserve();
		const char *conf = memory_printf("http { server { %s } }", listens[i]);
		conf = memory_printf(conf, port, port);
		const char *output = run(conf, "-t", 1);
		says(output, "cannot both have sockets");
		says(output, "test failed");
		output = run(conf, "", 1);
		says(output, "cannot both have sockets");
		ck_assert_ptr_null(strstr(output, "another process"));
	}
	int port = port_reserve();
	run(memory_printf("http { server { listen %d; listen 127.0.0.1:%d; } }", port, port), "-tq",
	    0);
	run(memory_printf("http { server { listen [::]:%d; listen %d; } }", port, port), "-tq", 0);
}
END_TEST

START_TEST(a_configuration_that_lies_here)
{
	run(server(""), "-t", 0);
	ck_assert_int_eq(chdir(path("conf")), 0);
	const char *output = run(server(""), "-p /no/prefix -c skua.conf", 1);
	says(output, "\"skua.conf\" is in this folder, but the path begins at the prefix "
		     "\"/no/prefix/\": write -p .");
	says(output, "-c \"$PWD/skua.conf\"");
	output = run("http { include mime.types; }", "-t", 1);
	says(output, "remove this line: its types are built in");
}
END_TEST

static const struct test_suite suite = {
	.name = "start check",
	.setup = setup,
	.teardown = teardown,
};

TESTS_IN(&suite, a_log_folder_that_is_missing, a_log_folder_that_somebody_has_written,
	 what_cannot_be_a_log, what_lies_in_the_way, an_unused_default_is_not_needed,
	 a_root_that_is_not_there, a_root_that_the_workers_cannot_read,
	 an_address_of_another_machine, an_address_of_its_own_beside_all,
	 a_configuration_that_lies_here)
