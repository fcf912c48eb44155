/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Under load nothing is lost: not by reloads, not by changes of the number of
 * workers or of the way they accept, in none of the ways. SOAK=1: the long form.
 */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const modes[] = { "shared", "reuseport", "handoff" };

enum { MODES = sizeof(modes) / sizeof(modes[0]), WORKERS = 32 };

static int long_form(int short_form, int long_form)
{
	return getenv("SOAK") ? long_form : short_form;
}

static const char *conf(const char *mode, int workers)
{
	return memory_printf("worker_processes %d; events { accept_mode %s; }\n"
			     "http { access_log off; server { listen 127.0.0.1:%%PORT%%;\n"
			     "add_header X-Pid $pid; return 200 ok; } }",
			     workers, mode);
}

static struct load *begin(struct server *server)
{
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0], .body = "ok", .busy = 8, .pausing = 16, .split = 8,
		.pipelined = 4, .fresh = 4,
	});
	struct deadline wait = { 0 };

	while (load_answers(load) < 200)
		deadline_wait(&wait, "the clients are at work");
	return load;
}

static void end(struct load *load)
{
	struct load_result result = load_stop(load);

	load_check(&result);
}

static void reload(struct server *server)
{
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
}

static void wait_for_processes(struct server *server, int count)
{
	pid_t pids[WORKERS];
	struct deadline wait = { 0 };

	while (server_workers(server, pids, WORKERS) != count)
		deadline_wait(&wait, "the old processes have gone");
}

static void put_conf(struct server *server, const char *text)
{
	put_file(server, "/conf/server.conf",
		 server_text(server, memory_printf("daemon off; pid %%DIR%%/server.pid;"
						   "error_log %%DIR%%/error.log info;\n%s",
						   text)));
}

static void change(struct server *server, const char *mode, int workers)
{
	put_conf(server, conf(mode, workers));
	reload(server);
}

static void reload_under_load(const char *mode)
{
	struct server *server = server_start(conf(mode, 2));
	struct load *load = begin(server);

	for (int i = 0; i < long_form(10, 100); i++)
		reload(server);
	wait_for_processes(server, 2 + (strcmp(mode, "handoff") == 0));
	end(load);
	server_stop(server);
}

START_TEST(reloads_shared)
{
	reload_under_load("shared");
}
END_TEST

START_TEST(reloads_reuseport)
{
	reload_under_load("reuseport");
}
END_TEST

START_TEST(reloads_handoff)
{
	reload_under_load("handoff");
}
END_TEST

/* The next reload comes while the last one is still under way. */
START_TEST(reloads_without_waiting)
{
	struct server *server = server_start(conf("shared", 2));
	struct load *load = begin(server);

	for (int i = 0; i < long_form(20, 500); i++) {
		kill(server->pid, SIGHUP);
		usleep(20000);
	}
	end(load);
	server_stop(server);
}
END_TEST

START_TEST(the_number_of_workers_changes)
{
	static const int numbers[] = { 8, 2, 1 };
	struct server *server = server_start(conf(modes[0], 1));
	struct load *load = begin(server);

	for (int round = 0; round < long_form(1, 10); round++)
		for (int mode = 0; mode < MODES; mode++)
			for (int i = 0; i < 3; i++)
				change(server, modes[mode], numbers[i]);
	wait_for_processes(server, 2);
	end(load);
	server_stop(server);
}
END_TEST

/* Each has opened more sockets when it finds that it cannot have all it wants. */
START_TEST(reloads_that_are_rejected)
{
	struct server *server = server_start(conf("reuseport", 2));
	struct load *load = begin(server);
	int fd = occupy_port(server, 1);
	struct deadline wait = { 0 };

	for (int i = 1; i <= long_form(2, 5); i++) {
		const char *text = conf("reuseport", 2 + 3 * i);
		uint64_t answers = load_answers(load);

		put_conf(server, memory_printf("%.*s server { listen 127.0.0.1:%%PORT2%%; } }",
					       (int)(strlen(text) - 1), text));
		kill(server->pid, SIGHUP);
		while (file_count(server, "/error.log", "nothing was changed") < (size_t)i)
			deadline_wait(&wait, "the reload is rejected");
		while (load_answers(load) < answers + 500)
			deadline_wait(&wait, "the clients get answers");
	}
	end(load);
	close(fd);
	server_forgive(server);
	server_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "no loss", .timeout = 900 };

TESTS_IN(&suite, reloads_shared, reloads_reuseport, reloads_handoff, reloads_without_waiting,
	 the_number_of_workers_changes, reloads_that_are_rejected)
