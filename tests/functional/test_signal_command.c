/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How skua -s finds the server, whatever its pid file is, and that nobody else is
 * signalled, believed or printed.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/server.h"
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHER = 65534 }; /* a user who is neither root nor this one */

static const char *dir; /* the prefix */
static int port;

static const char *path(const char *name)
{
	return memory_printf("%s/%s", dir, name);
}

static bool is_there(const char *name)
{
	struct stat status;

	return lstat(path(name), &status) == 0;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* The configuration: directives of main, around a server. */
static void put_conf(const char *main)
{
	put("s.conf", memory_printf("error_log logs/e.log info; %s events { } "
				    "http { access_log off; server {"
				    " listen 127.0.0.1:%d; return 200 ok; } }",
				    main, port));
}

static void setup(void)
{
	dir = scratch_create();
	port = port_reserve();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ck_assert_int_eq(mkdir(path("logs"), 0755), 0);
}

static void teardown(void)
{
	scratch_remove(dir);
}

/* Runs a skua with these arguments; its output, both streams, in *output. */
static int run_program(const char *program, const char *args, const char **output)
{
	char *text = memory_alloc(8192);
	FILE *pipe = popen(memory_printf("timeout 20 %s %s -p %s -c s.conf -e logs/e.log 2>&1 "
					 "</dev/null",
					 program, args, dir),
			   "r");

	ck_assert_ptr_nonnull(pipe);
	text[fread(text, 1, 8191, pipe)] = '\0';
	*output = text;
	int status = pclose(pipe);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Returns the output. */
static const char *check(const char *args, int status, const char *text)
{
	const char *output;
	int got = run_program("$SKUA", args, &output);

	ck_assert_msg(got == status, "skua %s: exit status %d, not %d: %s", args, got, status,
		      output);
	ck_assert_msg(strstr(output, text), "skua %s: not \"%s\" but: %s", args, text, output);
	return output;
}

/* The daemon was adopted by this process. */
static void wait_for_end(void)
{
	struct deadline wait = { 0 };
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) == 0)
		deadline_wait(&wait, "the daemon has ended");
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(status, 0);
}

static void check_end(const char *signal)
{
	check(signal, 0, "");
	wait_for_end();
}

/* --- pid files ------------------------------------------------------------------- */

START_TEST(without_a_pid_file)
{
	static const char *const none[] = { "pid off;", "pid /dev/null;" };

	for (int i = 0; i < 2; i++) {
		put_conf(none[i]);
		check("", 0, "");
		ck_assert(!is_there("logs/skua.pid"));
		ck_assert(is_there("logs/skua.pid.sock"));
		check("-s reload", 0, "generation 2 serves");
		check_end("-s quit");
		ck_assert(!is_there("logs/skua.pid.sock"));
		check("-s quit", 3, "has no pid file");
	}
	ck_assert_int_eq(access("/dev/null.sock", F_OK), -1);
}
END_TEST

START_TEST(a_special_file_as_pid_file)
{
	struct stat before, after;

	if (mknod(path("node"), S_IFCHR | 0666, (1 << 8) | 3) < 0)
		ck_assert_int_eq(mkfifo(path("node"), 0666), 0);
	ck_assert_int_eq(stat(path("node"), &before), 0);
	put_conf(memory_printf("pid %s;", path("node")));
	check("", 0, "is no regular file: it is left alone, and there is no pid file");
	check("-s reload", 0, "generation 2 serves");
	check_end("-s stop");
	ck_assert_int_eq(stat(path("node"), &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_uint_eq(before.st_mode, after.st_mode);
	check("-s stop", 1, "holds no number");
}
END_TEST

/* The command reads the new configuration, the server still has the old one. */
START_TEST(the_pid_file_is_changed)
{
	put_conf("pid logs/one;");
	check("", 0, "");
	put_conf("pid logs/two; control logs/control;");
	check("-s reload", 0, "generation 2 serves");
	ck_assert(!is_there("logs/one") && !is_there("logs/one.sock"));
	ck_assert(is_there("logs/two") && is_there("logs/control"));
	put_conf("pid off;");
	check("status", 0, "generation     2");
	check_end("-s stop");
	ck_assert(!is_there("logs/two") && !is_there("logs/control"));
}
END_TEST

/* The server is found without its configuration. What needs the configuration is refused. */
START_TEST(the_configuration_has_an_error)
{
	static const char *const signals[] = { "-s reopen", "-s quit", "-s stop" };

	put("s.conf", "rubbish;");
	check("-s quit", 1, "no server of this file was found without it");
	check("status", 1, "no server of this file was found without it");
	for (int i = 0; i < 3; i++) {
		put_conf("");
		check("", 0, "");
		put("s.conf", "rubbish;");
		check("status", 0, "generation     1,");
		check("-s reload", 1, "unknown directive \"rubbish\"");
		check("-s upgrade", 1, "unknown directive \"rubbish\"");
		check(signals[i], 0, "unknown directive \"rubbish\"");
		if (i == 0)
			check("-s stop", 0, "");
		wait_for_end();
	}
}
END_TEST

/* The program that runs is asked, not the one that was there before. */
START_TEST(the_pid_file_is_changed_after_an_upgrade)
{
	put_conf("pid logs/one;");
	check("", 0, "");
	check("-s upgrade", 0, "skua serves as process");
	wait_for_end();
	put_conf("pid logs/two;");
	check("-s reload", 0, " serves, with 1 worker");
	put_conf("pid logs/three;");
	check_end("-s stop");
}
END_TEST

/* Both read the same file, but are not the same server. */
START_TEST(another_server_of_the_file_is_not_meant)
{
	put_conf("");
	check("-g 'pid logs/one;'", 0, "");
	check("-s stop", 3, "there is no pid file");
	check("-s stop -g 'pid logs/two;'", 3, "there is no pid file");
	check_end("-s stop -g 'pid logs/one;'");
}
END_TEST

/* --- who is signalled ------------------------------------------------------------- */

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("sleep", "sleep", "100", NULL);
		_exit(1);
	}
	struct deadline wait = { 0 };
	char name[64];
	do {
		ssize_t len = readlink(memory_printf("/proc/%d/exe", pid), name, sizeof(name) - 1);
		name[len > 0 ? len : 0] = '\0';
	} while (!strstr(name, "sleep") && !strstr(name, "box") &&
		 deadline_wait(&wait, "it sleeps"));
	return pid;
}

START_TEST(a_stale_pid_file_names_another_process)
{
	static const char *const signals[] = { "stop", "quit", "reload", "reopen", "upgrade" };

	if (access("/proc/self/exe", F_OK) < 0)
		test_skip("there is no /proc");
	pid_t pid = start_sleeper();
	put_conf("pid logs/pid;");
	put("logs/pid", memory_printf("%d\n", pid));
	for (int i = 0; i < 5; i++) {
		const char *args = memory_printf("-s %s", signals[i]);
		check(args, 3, memory_printf("process %d", pid));
		check(args, 3, "is not Skua");
	}
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check("-s stop", 3, "has ended");
}
END_TEST

/* A server whose program was replaced, by a package manager for example. */
START_TEST(the_program_was_replaced)
{
	const char *program = path("skua"), *output;

	ck_assert_int_eq(system(memory_printf("cp $SKUA %s && cp $SKUA %s.new", program, program)),
			 0);
	put_conf("pid logs/pid; control off;");
	ck_assert_int_eq(run_program(program, "", &output), 0);
	ck_assert_int_eq(rename(memory_printf("%s.new", program), program), 0);
	ck_assert_int_eq(run_program(program, "-s reload", &output), 0);
	ck_assert_ptr_nonnull(strstr(output, "the signal HUP was sent"));
	ck_assert_int_eq(run_program(program, "-s quit", &output), 0);
	wait_for_end();
}
END_TEST

/* --- who is believed -------------------------------------------------------------- */

/* A process, of another user if that is not 0, that answers one client with this. */
static pid_t start_answering(const char *name, uid_t user, const char *answer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[64];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path(name));
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(chmod(path(name), 0777), 0);
	int ready[2];
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (user && setresuid(user, user, user) < 0)
			_exit(1);
		if (listen(listening, 5) < 0 || write(ready[1], "", 1) < 0)
			_exit(1);
		int fd = accept(listening, NULL, NULL);
		if (recv(fd, request, sizeof(request), 0) > 0)
			send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		close(fd);
		pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], request, 1), 1);
	close(ready[0]);
	close(listening);
	return pid;
}

static void end(pid_t pid)
{
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

START_TEST(nothing_that_moves_the_cursor_is_printed)
{
	pid_t pid = start_answering("logs/control", 0,
				    "ok\n\033[31mred\a\r\tab \303\244 \302\233 \377\n");

	put_conf("control logs/control;");
	const char *output = check("status", 0, "red");
	end(pid);
	ck_assert_str_eq(output, "\\x1B[31mred\\x07\\x0D\tab \303\244 \\xC2\\x9B \\xFF\n");
}
END_TEST

START_TEST(a_socket_of_somebody_else)
{
	static const char *const args[] = { "-s reload", "-s stop", "status" };

	if (geteuid() != 0)
		test_skip("only root has processes of other users");
	for (int i = 0; i < 3; i++) {
		pid_t pid = start_answering("logs/control", OTHER, "ok\nlies\n");

		put_conf("control logs/control;");
		const char *output = check(args[i], 1, "is not known to be Skua");
		ck_assert_ptr_null(strstr(output, "lies"));
		end(pid);
		unlink(path("logs/control"));
	}
}
END_TEST

/* The server is asked at its second address, which the configuration does not change. */
START_TEST(a_socket_of_somebody_else_hides_no_server)
{
	if (geteuid() != 0)
		test_skip("only root has processes of other users");
	put_conf("pid logs/pid; control logs/one;");
	check("", 0, "");
	pid_t pid = start_answering("logs/control", OTHER, "ok\nlies\n");
	put_conf("pid logs/pid; control logs/control;");
	ck_assert_ptr_null(strstr(check("status", 0, "generation     1"), "lies"));
	check_end("-s stop");
	end(pid);
}
END_TEST

/* Runs a copy of the program as somebody else, who may read all of its files. */
static void check_as_other(const char *args, const char *text)
{
	const char *output;
	int status;

	ck_assert_int_eq(
		system(memory_printf("cp $SKUA %s && chmod -R a+rX %s", path("skua"), dir)), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (setresgid(OTHER, OTHER, OTHER) < 0 || setresuid(OTHER, OTHER, OTHER) < 0)
			_exit(2);
		int got = run_program(path("skua"), args, &output);
		if (got == 1 && strstr(output, text))
			_exit(0);
		fprintf(stderr, "skua %s: status %d, not \"%s\" but: %s\n", args, got, text,
			output);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(somebody_elses_server)
{
	if (geteuid() != 0)
		test_skip("only root can be another user");
	put_conf("pid logs/pid;");
	check("", 0, "");
	check_as_other("status", "belongs to root: give the command as this user or as root");
	check_as_other("-s reload", "belongs to root: give the command as this user or as root");
	check_as_other("-s stop", "belongs to root: give the command as this user or as root");
	check_end("-s stop");
}
END_TEST

static const struct test_suite suite = {
	.name = "skua -s",
	.setup = setup,
	.teardown = teardown,
};

TESTS_IN(&suite, without_a_pid_file, a_special_file_as_pid_file, the_pid_file_is_changed,
	 the_configuration_has_an_error, the_pid_file_is_changed_after_an_upgrade,
	 another_server_of_the_file_is_not_meant, a_stale_pid_file_names_another_process,
	 the_program_was_replaced, nothing_that_moves_the_cursor_is_printed,
	 a_socket_of_somebody_else, a_socket_of_somebody_else_hides_no_server,
	 somebody_elses_server)
