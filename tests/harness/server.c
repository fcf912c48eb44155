/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/server.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/client.h"
#include "harness/inject.h"
#include "harness/memory.h"
#include "harness/wire.h"
#include "harness/scratch.h"
#include "harness/test.h"

#ifdef __SANITIZE_ADDRESS__
const bool server_is_sanitized = true;
#elif defined(__has_feature)
const bool server_is_sanitized = __has_feature(address_sanitizer);
#else
const bool server_is_sanitized = false;
#endif

/* How often a start is tried when somebody else was quicker to take a port. */
enum { TRIES = 5 };

int occupy_port(const struct server *server, int index)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)server->ports[index]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int test_seconds(void)
{
	const char *slow = getenv("CK_TIMEOUT_MULTIPLIER");

	return 30 * (slow ? atoi(slow) : 1);
}

bool deadline_wait(struct deadline *deadline, const char *what)
{
	long now = now_ms();

	if (deadline->until_ms == 0)
		deadline->until_ms = now + test_seconds() * 1000L;
	else
		usleep(2000);
	ck_assert_msg(now < deadline->until_ms, "waited for this in vain: %s", what);
	return true;
}

/* --- files ------------------------------------------------------------------- */

const char *file_path(const struct server *server, const char *name)
{
	return memory_printf("%s/%s%s", server->dir, name[0] == '/' ? "" : "html/",
			     name + (name[0] == '/'));
}

static void make_folders(const char *path)
{
	char *copy = memory_printf("%s", path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			ck_abort_msg("mkdir %s: %s", copy, strerror(errno));
		*slash = '/';
	}
}

void put_bytes(struct server *server, const char *name, const void *bytes, size_t len)
{
	const char *path = file_path(server, name);

	make_folders(path);
	FILE *file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

void put_file(struct server *server, const char *name, const char *text)
{
	put_bytes(server, name, text, strlen(text));
}

void put_large(struct server *server)
{
	static const char bytes[16 << 20];

	put_bytes(server, "large", bytes, sizeof(bytes));
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return memory_printf("%s", "");
	size_t len = 0, room = 4096;
	char *text = memory_alloc(room + 1);
	for (size_t n; (n = fread(text + len, 1, room - len, file)) > 0;) {
		len += n;
		if (len == room) {
			char *more = memory_alloc(2 * room + 1);
			memcpy(more, text, len);
			text = more;
			room *= 2;
		}
	}
	fclose(file);
	text[len] = '\0';
	return text;
}

const char *file_text(const struct server *server, const char *name)
{
	return read_all(file_path(server, name));
}

void file_becomes(const struct server *server, const char *name, const char *text)
{
	struct deadline wait = { 0 };

	while (strcmp(file_text(server, name), text) != 0)
		deadline_wait(&wait, memory_printf("\"%s\" in %s, which holds \"%s\"", text, name,
						   file_text(server, name)));
}

size_t file_count(const struct server *server, const char *name, const char *text)
{
	const char *all = file_text(server, name);
	size_t count = 0;

	for (const char *at = strstr(all, text); at; at = strstr(at + 1, text))
		count++;
	return count;
}

bool log_has(struct server *server, const char *text)
{
	return strstr(file_text(server, "/error.log"), text) != NULL;
}

void log_wait(struct server *server, const char *text)
{
	struct deadline p = { 0 };

	while (!log_has(server, text))
		deadline_wait(&p, memory_printf("\"%s\" in the error log", text));
}

void log_once(struct server *server, const char *text)
{
	log_wait(server, text);
	ck_assert_uint_eq(file_count(server, "/error.log", text), 1);
}

/* --- the configuration --------------------------------------------------------- */

/*
 * Binds a port of the loopback, 0 for one that the kernel chooses, and leaves the socket
 * open: while it is bound, the kernel gives this port to nobody else, and a server, which
 * sets SO_REUSEADDR, can still bind it. The option is set after bind(2), so that a port
 * which another test has reserved counts as taken. Returns the socket, -1 if the port is
 * taken.
 */
static int reserve(int port, int *got)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	ck_assert_int_ge(fd, 0);
	if (bind(fd, (struct sockaddr *)&address, len) < 0) {
		close(fd);
		return -1;
	}
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*got = ntohs(address.sin_port);
	return fd;
}

int port_reserve(void)
{
	int port;

	ck_assert_int_ge(reserve(0, &port), 0);
	return port;
}

/*
 * The first port is drawn from all that need no privilege, not asked from the kernel:
 * where many connections have just been closed, each of the kernel's own choices has
 * ports in TIME_WAIT near it.
 */
int ports_reserve(int count)
{
	for (int tries = 0; tries < 1000; tries++) {
		int fds[64], got = 0, first, port;
		uint16_t drawn;

		ck_assert_int_le(count, 64);
		ck_assert_int_eq(getrandom(&drawn, sizeof(drawn), 0), sizeof(drawn));
		first = 1024 + drawn % (65536 - 1024 - count);
		while (got < count && (fds[got] = reserve(first + got, &port)) >= 0)
			got++;
		if (got == count)
			return first;
		while (got)
			close(fds[--got]);
	}
	ck_abort_msg("no %d ports in a row are free", count);
}

/* What the placeholder at the beginning of the text stands for; NULL: it is none. */
static const char *placeholder(const struct server *server, const char *text, size_t *len)
{
	if (strncmp(text, "%DIR%", 5) == 0) {
		*len = 5;
		return server->dir;
	}
	if (strncmp(text, "%SCHEME%", 8) == 0) {
		*len = 8;
		return wire_scheme();
	}
	for (int i = 0; i < SERVER_PORTS; i++) {
		char name[16];

		snprintf(name, sizeof(name), i ? "%%PORT%d%%" : "%%PORT%%", i + 1);
		*len = strlen(name);
		if (strncmp(text, name, *len) == 0)
			return memory_printf("%d", server->ports[i]);
	}
	return NULL;
}

const char *server_text(const struct server *server, const char *text)
{
	char *out;
	size_t size, len;
	FILE *file = open_memstream(&out, &size);

	while (*text) {
		const char *value = *text == '%' ? placeholder(server, text, &len) : NULL;
		if (value)
			fputs(value, file);
		else
			fputc(*text, file);
		text += value ? len : 1;
	}
	fclose(file);
	const char *copy = wire_conf(memory_printf("%s", out));
	free(out);
	return copy;
}

static const char *frame(const struct server_setup *setup)
{
	if (setup->bare)
		return setup->conf;
	return memory_printf(
		"daemon off; pid %%DIR%%/server.pid; error_log %%DIR%%/error.log info;\n"
		"%s %s\n%s\n",
		setup->program || strstr(setup->conf, "sandbox ") ? "" : "sandbox strict;",
		strstr(setup->conf, "events") ? "" : "events { }", setup->conf);
}

const char *server_conf(const struct server *server, const struct server_setup *setup)
{
	return server_text(server, frame(setup));
}

static const char *conf_path(const struct server *server, const struct server_setup *setup)
{
	return memory_printf("%s/%s", server->dir,
			     setup->conf_path ? setup->conf_path : "conf/server.conf");
}

static void write_conf(struct server *server, const struct server_setup *setup)
{
	for (int i = 0; i < SERVER_PORTS; i++)
		server->ports[i] = port_reserve();
	const char *name = memory_printf("/%s", conf_path(server, setup) + strlen(server->dir) + 1);
	put_file(server, name, server_conf(server, setup));
}

/* --- the process ------------------------------------------------------------- */

enum { ARGUMENTS = 32 };

/* WRAPPER's words, the program, its arguments. */
static void arguments(struct server *server, const struct server_setup *setup,
		      const char *argv[ARGUMENTS])
{
	const char *own = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	const char *wrapper = setup->program ? NULL : getenv("WRAPPER");
	char *words = memory_printf("%s", wrapper ? wrapper : "");
	int count = 0;

	for (char *word = strtok(words, " "); word && count < ARGUMENTS - 8;
	     word = strtok(NULL, " "))
		argv[count++] = word;
	argv[count++] = setup->program ? setup->program : own;
	argv[count++] = "-p";
	argv[count++] = server->dir;
	argv[count++] = "-c";
	argv[count++] = conf_path(server, setup);
	argv[count++] = "-e";
	argv[count++] = memory_printf("%s/error.log", server->dir);
	if (setup->globals) {
		argv[count++] = "-g";
		argv[count++] = setup->globals;
	}
	argv[count] = NULL;
}

static void run(struct server *server, const struct server_setup *setup)
{
	const char *argv[ARGUMENTS];
	const char *output = memory_printf("%s/output.log", server->dir);
	pid_t parent = getpid();

	arguments(server, setup, argv);
	server->pid = fork();
	ck_assert_int_ge(server->pid, 0);
	if (server->pid > 0) {
		inject_attend(server->pid);
		return;
	}
	/* A test that fails ends at once, and the server has to end with it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	if (getppid() != parent || fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(127);
	close(fd);
	inject_enter();
	execvp(argv[0], (char **)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static bool has_ended(struct server *server, int *status)
{
	pid_t pid = waitpid(server->pid, status, WNOHANG);

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		server->pid = 0;
	return pid > 0;
}

const char *server_output(const struct server *server)
{
	return memory_printf("%s%s%s", file_text(server, "/output.log"),
			     file_text(server, "/error.log"), file_text(server, "/logs/error.log"));
}

/* A master writes its pid before it has workers, and then a line into its log. */
static bool is_ready(struct server *server, const struct server_setup *setup)
{
	const char *pid_file = setup->bare ? "/logs/server.pid" : "/server.pid";

	if (atoi(file_text(server, pid_file)) != server->pid)
		return false;
	return setup->bare || strstr(setup->conf, "master_process off") ||
	       log_has(server, " serves, with ");
}

/* True: it serves. False: a port was taken in the meantime. */
static bool wait_until_ready(struct server *server, const struct server_setup *setup)
{
	struct deadline p = { 0 };
	int status;

	while (deadline_wait(&p, "the server serves")) {
		if (has_ended(server, &status)) {
			bool taken = strstr(server_output(server), "in use") != NULL;
			ck_assert_msg(taken, "the server did not start");
			return false;
		}
		if (is_ready(server, setup))
			return true;
	}
	return false;
}

struct server *server_create(const struct server_setup *setup)
{
	struct server *server = memory_alloc(sizeof(*server));
	const char *name = setup->program ? setup->program : "skua";

	*server = (struct server){ .dir = scratch_create() };
	server->name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	make_folders(file_path(server, "x"));
	make_folders(file_path(server, "/logs/x"));
	for (const char *const *file = setup->files; file && *file; file += 2)
		put_file(server, file[0], file[1]);
	return server;
}

struct server *server_start_with(const struct server_setup *setup)
{
	struct server *server = server_create(setup);

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < TRIES; i++) {
		write_conf(server, setup);
		run(server, setup);
		if (wait_until_ready(server, setup))
			return server;
	}
	ck_abort_msg("no port is free");
}

struct server *server_start(const char *conf)
{
	return server_start_with(&(struct server_setup){ .conf = conf });
}

struct server *server_with(const char *directives)
{
	return server_start(memory_printf("http { access_log off;\n"
					  "server { listen 127.0.0.1:%%PORT%%;\n%s\n} }",
					  directives));
}

struct server *server_serving(const char *main, const char *http)
{
	struct server *server = server_start(memory_printf(
		"%s http { %s server { listen 127.0.0.1:%%PORT%%; root %%DIR%%/html;\n"
		"location /pid { return 200 $pid; } } }",
		main, http));

	log_wait(server, " serves, with ");
	return server;
}

int server_fails(const char *conf, const char **output)
{
	const struct server_setup setup = { .conf = conf };
	struct server *server = server_create(&setup);
	struct deadline p = { 0 };
	int status = 0;

	write_conf(server, &setup);
	run(server, &setup);
	while (!has_ended(server, &status))
		deadline_wait(&p, "the server refuses to start");
	*output = server_output(server);
	scratch_remove(server->dir);
	ck_assert_msg(WIFEXITED(status), "it was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* --- its end ----------------------------------------------------------------- */

void server_check_output(const struct server *server)
{
	static const char *const defects[] = {
		"AddressSanitizer", "LeakSanitizer", "runtime error:", "==ERROR",
		"[alert]",	    "[emerg]",
	};
	size_t count = sizeof(defects) / sizeof(defects[0]) - (server->forgiven ? 2 : 0);
	const char *output = server_output(server);

	for (size_t i = 0; i < count; i++)
		ck_assert_msg(!strstr(output, defects[i]), "the server says %s, see its log",
			      defects[i]);
}

/* Its status as waitpid() gives it. */
static int end_by(struct server *server, int number)
{
	struct deadline p = { 0 };
	int status = 0;

	clients_close();
	ck_assert_int_eq(kill(server->pid, number), 0);
	while (!has_ended(server, &status))
		deadline_wait(&p, "the server ends");
	return status;
}

void server_forgive(struct server *server)
{
	server->forgiven = true;
}

void server_abandon(struct server *server)
{
	end_by(server, SIGTERM);
	scratch_remove(server->dir);
}

void server_stop_by(struct server *server, int number)
{
	int status = end_by(server, number);

	ck_assert_msg(!WIFSIGNALED(status), "the server was ended by signal %d", WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	server_check_output(server);
	scratch_remove(server->dir);
}

void server_stop(struct server *server)
{
	if (!server->kind) {
		server_stop_by(server, SIGQUIT);
		return;
	}
	server->kind->stop(server);
	server_check_output(server);
	scratch_remove(server->dir);
}

/* --- its processes ------------------------------------------------------------ */

/* By its title, which it has set before it does anything else. */
static bool is_helper(pid_t pid, const char *name)
{
	char title[256] = "";
	FILE *file = fopen(memory_printf("/proc/%d/cmdline", pid), "re");

	if (!file)
		return false;
	title[fread(title, 1, sizeof(title) - 1, file)] = '\0';
	fclose(file);
	return strstr(title, memory_printf("%s ", name)) != NULL;
}

static int children(const struct server *server, pid_t *pids, int max)
{
	char *list = read_all(memory_printf("/proc/%d/task/%d/children", server->pid, server->pid));
	int count = 0;

	for (char *word = strtok(list, " "); word && count < max; word = strtok(NULL, " "))
		pids[count++] = atoi(word);
	return count;
}

int server_workers(const struct server *server, pid_t *pids, int max)
{
	pid_t all[256];
	int total = children(server, all, 256), count = 0;

	for (int i = 0; i < total; i++)
		if (!is_helper(all[i], "opener") && !is_helper(all[i], "compressor") &&
		    count++ < max)
			pids[count - 1] = all[i];
	return count;
}

pid_t server_helper(const struct server *server, const char *name)
{
	pid_t all[256];
	int total = children(server, all, 256);

	for (int i = 0; i < total; i++)
		if (is_helper(all[i], name))
			return all[i];
	return 0;
}

/* The number with this name in a part of what `skua status --json` says: "totals". */
static long number_in_status(const struct server *server, const char *part, const char *name)
{
	const char *program = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	FILE *from = popen(memory_printf("timeout 20 %s status --json -p %s -c %s", program,
					 server->dir, file_path(server, "/conf/server.conf")),
			   "r");
	char *text = memory_alloc(65536);

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, 65535, from)] = '\0';
	ck_assert_int_eq(pclose(from), 0);
	const char *at = strstr(text, memory_printf("\"%s\":{", part));
	const char *key = memory_printf("\"%s\":", name);
	at = at ? strstr(at, key) : NULL;
	ck_assert_msg(at != NULL, "no %s of %s in the status: %s", name, part, text);
	return atol(at + strlen(key));
}

int server_handed_off(const struct server *server)
{
	return (int)number_in_status(server, "totals", "handed_off");
}

long server_counter(const struct server *server, const char *module, const char *name)
{
	return number_in_status(server, module, name);
}

int server_descriptors(const struct server *server)
{
	DIR *dir = opendir(memory_printf("/proc/%d/fd", server->pid));
	int count = -2; /* "." and ".." */

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static long memory_of(pid_t pid)
{
	const char *line = strstr(read_all(memory_printf("/proc/%d/status", pid)), "RssAnon:");

	return line ? atol(line + 8) : 0;
}

long server_memory_in(const struct server *server, const char *test)
{
	pid_t pids[64];

	if (server_is_sanitized || getenv("WRAPPER")) {
		server_abandon((struct server *)server);
		test_skip_in(test,
			     "this build needs memory of its own, or runs in another program");
	}
	int count = server_workers(server, pids, 64);
	long sum = memory_of(server->pid);

	for (int i = 0; i < count && i < 64; i++)
		sum += memory_of(pids[i]);
	return sum;
}
