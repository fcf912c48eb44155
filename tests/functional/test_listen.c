/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets over reloads, upgrades and the end: an address that is not
 * configured any more is refused, and can be used again.
 */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const modes[] = { "shared", "reuseport", "handoff" };

enum { HANDOFF = 2, MODES = sizeof(modes) / sizeof(modes[0]), PROCESSES = 32 };

static const char *conf(int mode, int workers, const char *listen)
{
	return memory_printf("worker_processes %d; events { accept_mode %s; }\n"
			     "http { access_log off; server { %s root %%DIR%%/html;\n"
			     "location / { return 200 ok; } location /large { } } }",
			     workers, modes[mode], listen);
}

#define FIRST  "listen 127.0.0.1:%PORT%;"
#define SECOND "listen 127.0.0.1:%PORT2%;"
#define ALL    "listen 0.0.0.0:%PORT%;"
#define UNIX   "listen unix:%DIR%/s;"

static void put_conf(struct server *server, const char *text)
{
	put_file(server, "/conf/server.conf",
		 server_text(server, memory_printf("daemon off; pid %%DIR%%/server.pid;"
						   "error_log %%DIR%%/error.log info;\n%s",
						   text)));
}

/* By -s reload, which returns when the new configuration is in force. */
static int reload(struct server *server)
{
	const char *skua = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	int status = system(memory_printf("timeout 60 %s -s reload -p %s -c %s >%s 2>&1", skua,
					  server->dir, file_path(server, "/conf/server.conf"),
					  file_path(server, "/reload.log")));

	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void change(struct server *server, const char *text)
{
	put_conf(server, text);
	int status = reload(server);
	ck_assert_msg(status == 0, "%s", file_text(server, "/reload.log"));
}

/* 0, or the error of connect(2). */
static int try_connect(const struct server *server, int index)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)server->ports[index]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	int error = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
	close(fd);
	return error;
}

static const char *body(struct server *server, int index)
{
	return ask(server, "/", .port = index).body;
}

/* An old worker goes on with an answer for as long as nobody reads it. */
static struct client *keep_busy(struct server *server, int index)
{
	struct client *client = client_open_port(server, index);

	client_send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /large HTTP/1.1\r\n");
	ck_assert_str_eq(client_reply(client).body, "ok");
	client_send(client, "Host: a\r\nConnection: close\r\n\r\n");
	char first[100];
	ck_assert_uint_gt(client_read(client, first, sizeof(first)), 0);
	return client;
}

/* --- reloads --------------------------------------------------------------------- */

START_TEST(a_dropped_address_is_refused)
{
	for (int mode = 0; mode < MODES; mode++) {
		struct server *server = server_start(conf(mode, 2, FIRST));

		put_large(server);
		keep_busy(server, 0);
		change(server, conf(mode, 2, SECOND));
		ck_assert_int_eq(try_connect(server, 0), ECONNREFUSED);
		ck_assert_str_eq(body(server, 1), "ok");
		keep_busy(server, 1);
		change(server, conf(mode, 3, FIRST));
		ck_assert_int_eq(try_connect(server, 1), ECONNREFUSED);
		ck_assert_str_eq(body(server, 0), "ok");
		server_stop(server);
	}
}
END_TEST

/* With SO_REUSEPORT the kernel lets both listen, and prefers the narrower one. */
START_TEST(an_address_listens_beside_all_with_reuseport)
{
	struct server *server = server_start(
		"worker_processes 2; events { } http { access_log off;\n"
		"server { listen 0.0.0.0:%PORT% reuseport; return 200 all; }\n"
		"server { listen 127.0.0.1:%PORT% reuseport; return 200 one; } }");

	ck_assert_str_eq(body(server, 0), "one");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2");
	ck_assert_str_eq(body(server, 0), "one");
	server_stop(server);
}
END_TEST

/* Whoever has one open keeps its line in there. */
static bool some_have_open(const struct server *server)
{
	FILE *file = fopen("/proc/net/unix", "r");
	const char *path = file_path(server, "/s");
	char line[512];
	bool found = false;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		size_t len = strcspn(line, "\n");

		found |= len > strlen(path) &&
			 strncmp(line + len - strlen(path), path, strlen(path)) == 0;
	}
	fclose(file);
	return found;
}

START_TEST(a_dropped_unix_socket_is_closed)
{
	for (int mode = 0; mode < MODES; mode++) {
		struct server *server = server_start(conf(mode, 2, FIRST UNIX));

		ck_assert(some_have_open(server));
		for (int i = 0; i < 2; i++) {
			change(server, conf(mode, 2, FIRST));
			ck_assert(!some_have_open(server));
			ck_assert_int_lt(access(file_path(server, "/s"), F_OK), 0);
			change(server, conf(mode, 2, FIRST UNIX));
			ck_assert(some_have_open(server));
		}
		server_stop(server);
	}
}
END_TEST

START_TEST(a_stopped_process_keeps_no_address)
{
	for (int mode = 0; mode < MODES; mode++) {
		struct server *server = server_start(conf(mode, 2, FIRST));
		pid_t pids[PROCESSES];
		int count = server_workers(server, pids, PROCESSES);

		for (int i = 0; i < count; i++)
			kill(pids[i], SIGSTOP);
		change(server, conf(mode, 2, SECOND));
		ck_assert_int_eq(try_connect(server, 0), ECONNREFUSED);
		log_once(server, "a process that was told to end does not report");
		change(server, conf(mode, 2, FIRST));
		ck_assert_int_eq(try_connect(server, 1), ECONNREFUSED);
		ck_assert_str_eq(body(server, 0), "ok");
		for (int i = 0; i < count; i++)
			kill(pids[i], SIGCONT);
		log_once(server, "a process that was told to end does not report");
		server_stop(server);
	}
}
END_TEST

/* --- the same port of another address ---------------------------------------------- */

/* Also connections that are open go on when more addresses are served than before. */
START_TEST(an_address_grows_and_shrinks)
{
	for (int mode = 0; mode < MODES; mode++) {
		struct server *server = server_start(conf(mode, 2, FIRST));
		struct load *load = load_start(&(const struct load_plan){
			.port = server->ports[0], .body = "ok", .fresh = 8,
		});

		for (int i = 0; i < 4; i++) {
			struct client *client = client_open(server);

			ck_assert_str_eq(client_get(client, "/").body, "ok");
			change(server, conf(mode, 2, ALL));
			ck_assert_str_eq(client_get(client, "/").body, "ok");
			ck_assert_str_eq(client_get(client, "/").body, "ok");
			client_close(client);
			change(server, conf((mode + i) % MODES, 2 + i, ALL));
			change(server, conf(mode, 2, FIRST));
		}
		struct load_result result = load_stop(load);
		load_check(&result);
		server_stop(server);
	}
}
END_TEST

/* What was opened for a rejected configuration gets connections of the address before. */
START_TEST(a_failed_reload_loses_no_part_of_an_address)
{
	struct server *server = server_start(conf(0, 2, ALL));
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0], .body = "ok", .fresh = 8,
	});
	struct deadline wait = { 0 };

	put_conf(server, conf(0, 2, FIRST "listen unix:%DIR%/no/such/folder;"));
	ck_assert_int_eq(reload(server), 1);
	while (file_count(server, "/error.log", " serves, with ") < 2)
		deadline_wait(&wait, "what is open is served");
	ck_assert_int_eq(reload(server), 1);
	struct load_result result = load_stop(load);
	load_check(&result);
	change(server, conf(0, 2, SECOND));
	ck_assert_int_eq(try_connect(server, 0), ECONNREFUSED);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* --- which process has which socket -------------------------------------------------- */

/* The inodes of the sockets that listen at a port. */
static int find_listening(int port, unsigned long inodes[PROCESSES])
{
	FILE *file = fopen("/proc/net/tcp", "r");
	char line[512];
	int count = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		unsigned at, state;
		unsigned long inode;

		if (sscanf(line, "%*d: %*8x:%4x %*8x:%*4x %2x %*x:%*x %*x:%*x %*x %*d %*d %lu", &at,
			   &state, &inode) == 3 &&
		    at == (unsigned)port && state == 0x0a && count < PROCESSES)
			inodes[count++] = inode;
	}
	fclose(file);
	return count;
}

static int count_listening(pid_t pid, const struct server *server)
{
	unsigned long inodes[PROCESSES];
	int known = find_listening(server->ports[0], inodes), count = 0;
	DIR *dir = opendir(memory_printf("/proc/%d/fd", pid));
	struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		char target[64] = "";

		if (readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) < 0)
			continue;
		for (int i = 0; i < known; i++)
			count += !strcmp(target, memory_printf("socket:[%lu]", inodes[i]));
	}
	closedir(dir);
	return count;
}

START_TEST(each_process_has_the_sockets_it_accepts_from)
{
	for (int mode = 0; mode < MODES; mode++) {
		struct server *server = server_start(conf(mode, 3, FIRST));
		pid_t pids[PROCESSES];
		int count = server_workers(server, pids, PROCESSES), all = 0;

		for (int i = 0; i < count; i++) {
			int has = count_listening(pids[i], server);

			if (has < 0) {
				server_abandon(server);
				test_skip("the descriptors of a worker are not to be seen");
			}
			ck_assert_int_le(has, 1);
			all += has;
		}
		ck_assert_int_eq(all, mode == HANDOFF ? 1 : 3);
		server_stop(server);
	}
}
END_TEST

/* --- the end, and upgrades ----------------------------------------------------------- */

START_TEST(a_server_that_ends_leaves_its_address)
{
	for (int mode = 0; mode < MODES; mode++) {
		struct server *server = server_start(conf(mode, 2, FIRST UNIX));
		struct deadline wait = { 0 };

		put_large(server);
		struct client *client = keep_busy(server, 0);
		kill(server->pid, SIGQUIT);
		while (try_connect(server, 0) != ECONNREFUSED)
			deadline_wait(&wait, "the address is free");
		while (some_have_open(server))
			deadline_wait(&wait, "the unix socket is closed");
		close(occupy_port(server, 0));
		ck_assert_uint_ge(client_drain(client), 16 << 20);
		server_stop(server);
	}
}
END_TEST

static const char *upgrade_conf(int mode, const char *daemon, const char *listen)
{
	return memory_printf("daemon %s; pid %%DIR%%/server.pid;"
			     "error_log %%DIR%%/error.log info;\n%s",
			     daemon, conf(mode, 2, listen));
}

static void put_upgrade_conf(struct server *server, int mode, const char *daemon,
			     const char *listen)
{
	put_file(server, "/conf/server.conf",
		 server_text(server, upgrade_conf(mode, daemon,
						  memory_printf("listen unix:%%DIR%%/s.sock;%s",
								listen))));
}

START_TEST(an_upgrade_in_place_drops_addresses)
{
	struct server *server = upgrade_start("worker_processes 2;");

	for (int mode = 0; mode < MODES; mode++) {
		put_program();
		put_upgrade_conf(server, mode, "off", SECOND);
		upgrade_check(server, 0, "serves in place");
		ck_assert_int_eq(try_connect(server, 0), ECONNREFUSED);
		ck_assert_str_eq(body(server, 1), "ok");
		put_upgrade_conf(server, mode, "off", FIRST);
		ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
		ck_assert_int_eq(try_connect(server, 1), ECONNREFUSED);
		put_upgrade_conf(server, mode, "off", ALL);
		upgrade_check(server, 0, "serves in place");
		ck_assert_str_eq(body(server, 0), "ok");
		put_upgrade_conf(server, mode, "off", FIRST);
		upgrade_check(server, 0, "serves in place");
		ck_assert_str_eq(body(server, 0), "ok");
	}
	upgrade_stop(server);
}
END_TEST

/* The old workers are kept busy, so that the old master is there for as long. */
START_TEST(an_upgrade_beside_drops_addresses)
{
	struct server *server = upgrade_start_in_background("worker_processes 2;");

	for (int mode = 0; mode < MODES; mode++) {
		put_large(server);
		put_upgrade_conf(server, mode, "on", FIRST UNIX);
		ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
		struct client *client = keep_busy(server, 0);
		put_program();
		put_upgrade_conf(server, mode, "on", SECOND);
		upgrade_check(server, 0, "hands its connections over and ends");
		ck_assert_int_eq(try_connect(server, 0), ECONNREFUSED);
		ck_assert(!some_have_open(server));
		ck_assert(!file_exists(server, "/s"));
		ck_assert_str_eq(body(server, 1), "ok");
		put_upgrade_conf(server, mode, "on", FIRST);
		ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
		ck_assert_int_eq(try_connect(server, 1), ECONNREFUSED);
		ck_assert_str_eq(body(server, 0), "ok");
		client_close(client);
		upgrade_settle(server);
	}
	upgrade_stop(server);
}
END_TEST

TESTS("listen", an_address_listens_beside_all_with_reuseport, a_dropped_address_is_refused,
      a_dropped_unix_socket_is_closed,
      a_stopped_process_keeps_no_address, an_address_grows_and_shrinks,
      a_failed_reload_loses_no_part_of_an_address, each_process_has_the_sockets_it_accepts_from,
      a_server_that_ends_leaves_its_address, an_upgrade_in_place_drops_addresses,
      an_upgrade_beside_drops_addresses)
