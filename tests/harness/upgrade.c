/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program is copied to a folder of its own, so that it can be replaced there.
 * In the background its master is adopted by the test (PR_SET_CHILD_SUBREAPER), so
 * that its end can be waited for.
 */
#include "harness/upgrade.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/client.h"
#include "harness/inject.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

const char *program;

/* --- the program --------------------------------------------------------------- */

static const char *original(void)
{
	return getenv("SKUA") ? getenv("SKUA") : "build/skua";
}

static char *read_program(size_t *size)
{
	FILE *file = fopen(original(), "r");
	struct stat status;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &status), 0);
	char *bytes = memory_alloc((size_t)status.st_size);
	*size = (size_t)status.st_size;
	ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
	fclose(file);
	return bytes;
}

/* As a package manager does it: the new file takes the name of the old one. */
static void put(const char *path, const void *bytes, size_t size, mode_t mode)
{
	const char *temporary = memory_printf("%s.new", path);
	FILE *file = fopen(temporary, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(temporary, mode), 0);
	ck_assert_int_eq(rename(temporary, path), 0);
}

void put_program(void)
{
	size_t size;
	const char *bytes = read_program(&size);

	put(program, bytes, size, 0755);
}

void put_script(const char *text)
{
	put(program, text, strlen(text), 0755);
}

/* A program that doesn't know a directive, beside the real one. */
const char *put_ignorant(const char *directive)
{
	const char *path = memory_printf("%s.ignorant", program);
	size_t size, len = strlen(directive), found = 0;
	char *bytes = read_program(&size);

	for (char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), directive, len));) {
		*at = 'x';
		found++;
	}
	ck_assert_uint_gt(found, 0);
	put(path, bytes, size, 0755);
	return path;
}

ino_t inode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_ino;
}

/* --- the server ---------------------------------------------------------------- */

static const char *conf(const char *main)
{
	return memory_printf("%s worker_shutdown_timeout 30s; include %%DIR%%/more.conf;\n"
			     "http { access_log off; keepalive_requests 1000000;"
			     " keepalive_timeout 1h;\n"
			     "include %%DIR%%/http.con[f];\n"
			     "server { listen 127.0.0.1:%%PORT%%; listen unix:%%DIR%%/s.sock;\n"
			     "add_header X-Pid $pid; return 200 ok; } }",
			     main);
}

void upgrade_install(void)
{
	if (getenv("WRAPPER"))
		test_skip("the program would be replaced inside of the wrapper");
	program = memory_printf("%s/skua", scratch_create());
	put_program();
}

struct server *upgrade_start(const char *main)
{
	static const char *const files[] = { "/more.conf", "", NULL };

	upgrade_install();
	return server_start_with(&(const struct server_setup){
		.conf = conf(main),
		.program = program,
		.files = files,
	});
}

/* Ends what a test that fails has left in the background. */
static pid_t guard;

static void kill_by_file(const char *path)
{
	FILE *file = fopen(path, "r");
	int pid;

	if (file && fscanf(file, "%d", &pid) == 1)
		kill(pid, SIGTERM);
	if (file)
		fclose(file);
}

static void start_guard(const struct server *server)
{
	pid_t parent = getpid();

	guard = fork();
	if (guard != 0)
		return;
	/* The group of a test that fails is killed. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigset_t set;
	int number;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (getppid() == parent)
		sigwait(&set, &number);
	/* The old master first: when the new one ends it renames its file. */
	kill_by_file(file_path(server, "/server.pid.oldbin"));
	kill_by_file(file_path(server, "/server.pid"));
	_exit(0);
}

static void end_guard(void)
{
	kill(guard, SIGKILL);
	waitpid(guard, NULL, 0);
	guard = 0;
}

static void clean_up(void)
{
	if (guard)
		end_guard();
	scratch_remove(memory_printf("%.*s", (int)(strrchr(program, '/') - program), program));
}

void upgrade_stop(struct server *server)
{
	server_stop(server);
	clean_up();
}

void upgrade_abandon(struct server *server)
{
	clients_close();
	scratch_remove(server->dir);
	clean_up();
}

void upgrade_forgive(struct server *server)
{
	server_forgive(server);
	put_file(server, "/error.log", "");
}

/* What the original says, whatever lies at the server's path by now. */
struct upgrade_outcome upgrade_command(const struct server *server, const char *arguments)
{
	FILE *from =
		popen(memory_printf("timeout 60 %s %s -p %s -c %s/conf/server.conf 2>&1",
				    original(), arguments, server->dir, server->dir),
		      "r");
	char *text = memory_alloc(65536);

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, 65535, from)] = '\0';
	int status = pclose(from);
	ck_assert(WIFEXITED(status));
	return (struct upgrade_outcome){ WEXITSTATUS(status), text };
}

void upgrade_check(const struct server *server, int status, const char *text)
{
	struct upgrade_outcome outcome = upgrade_command(server, "-s upgrade");

	ck_assert_msg(outcome.status == status && strstr(outcome.text, text),
		      "-s upgrade: status %d, \"%s\"", outcome.status, outcome.text);
}

uint64_t upgrade_total(const struct server *server, const char *name)
{
	const char *text = upgrade_command(server, "status --json").text;
	const char *totals = strstr(text, "\"totals\":");
	const char *number = totals ? strstr(totals, memory_printf("\"%s\":", name)) : NULL;

	ck_assert_msg(number != NULL, "no total of \"%s\" in %s", name, text);
	return strtoull(strchr(number, ':') + 1, NULL, 10);
}

pid_t upgrade_worker(const struct server *server)
{
	static const char words[] = "start worker process 0 ";
	const char *text = file_text(server, "/error.log"), *last = NULL;

	while ((text = strstr(text, words)))
		last = text += strlen(words);
	ck_assert_ptr_nonnull(last);
	return atoi(last);
}

void wait_for_processes(struct server *server, int count)
{
	pid_t pids[UPGRADE_WORKERS];
	struct deadline wait = { 0 };

	while (server_workers(server, pids, UPGRADE_WORKERS) != count)
		deadline_wait(&wait, "the right number of processes");
}

/* The first of the processes before has gone. */
void wait_for_new(struct server *server, const pid_t before[UPGRADE_WORKERS])
{
	pid_t now[UPGRADE_WORKERS];
	struct deadline wait = { 0 };

	while (server_workers(server, now, UPGRADE_WORKERS) == 0 || now[0] == before[0])
		deadline_wait(&wait, "the old processes have gone");
}

void open_clients(struct server *server, struct client *clients[UPGRADE_CLIENTS])
{
	for (int i = 0; i < UPGRADE_CLIENTS; i++)
		clients[i] = client_open(server);
	/* Some have not asked for anything yet. */
	for (int i = 0; i < UPGRADE_CLIENTS / 2; i++)
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
}

void check_clients(struct client *clients[UPGRADE_CLIENTS])
{
	for (int i = 0; i < UPGRADE_CLIENTS; i++)
		ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
}

/* As system(3). */
static int run(const char *command)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		inject_enter();
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	inject_attend(pid);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* Its master is adopted by this process, and so is that of a new program in time. */
struct server *upgrade_start_in_background(const char *main)
{
	struct server *server = upgrade_start(main);
	const char *text = file_text(server, "/conf/server.conf");

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
	put_file(server, "/conf/server.conf",
		 memory_printf("daemon on; %s", text + strlen("daemon off;")));
	put_file(server, "/error.log", "");
	start_guard(server);
	ck_assert_int_eq(run(memory_printf("%s -p %s -c %s/conf/server.conf -e %s/error.log",
					   program, server->dir, server->dir, server->dir)),
			 0);
	server->pid = atoi(file_text(server, "/server.pid"));
	return server;
}

bool file_exists(const struct server *server, const char *name)
{
	return access(file_path(server, name), F_OK) == 0;
}

void wait_for_end(pid_t pid)
{
	struct deadline wait = { 0 };

	while (waitpid(pid, NULL, WNOHANG) == 0)
		deadline_wait(&wait, "the other master has ended");
}

/* What -s upgrade leaves: the new master alone. */
void upgrade_settle(struct server *server)
{
	pid_t old = server->pid;

	server->pid = atoi(file_text(server, "/server.pid"));
	ck_assert_int_ne(server->pid, old);
	wait_for_end(old);
	ck_assert(!file_exists(server, "/server.pid.oldbin"));
	ck_assert(!file_exists(server, "/server.pid.sock.oldbin"));
	ck_assert(file_exists(server, "/server.pid.sock"));
	ck_assert(file_exists(server, "/s.sock"));
}

pid_t upgrade_start_beside(struct server *server)
{
	struct deadline wait = { 0 };
	size_t before = file_count(server, "/error.log", " serves\n");

	kill(server->pid, SIGUSR2);
	while (file_count(server, "/error.log", " serves\n") == before)
		deadline_wait(&wait, "the new master serves");
	ck_assert_int_eq(atoi(file_text(server, "/server.pid.oldbin")), server->pid);
	pid_t new = atoi(file_text(server, "/server.pid"));
	ck_assert_int_ne(new, server->pid);
	return new;
}
