/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reload, which is also how the server starts (with nothing to replace):
 *
 *     HUP ─> read, check, open ─> start new processes ─> all READY ─> the new
 *              │ errors               │ one dies                      one rules,
 *              └─ nothing changed ────┴─ rolled back                  old ones quit
 */
#include "process/master.h"

#include <errno.h>
#include <log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/logs.h"
#include "event/loop.h"
#include "process/daemon.h"
#include "process/generation.h"
#include "process/listen.h"
#include "process/logfiles.h"
#include "process/main_conf.h"
#include "process/pidfile.h"
#include "process/signals.h"
#include "process/supervisor.h"
#include "process/table.h"
#include "process/title.h"

enum { KILL_AFTER_MS = 1000 };

static const struct startup *startup;
static struct generation *active; /* the one that rules; NULL: not yet */
static struct generation *next; /* is being started */
static unsigned last_number;
static bool reload_again; /* HUP came while one was under way */
static enum { GO_ON, END_SOON, END_NOW } ending;
static struct timer last_resort;
static int status;

static int write_pid(const struct generation *generation)
{
	return startup->serve ? 0 : pidfile_claim(main_conf_pid_path(generation->conf).data);
}

static void end_if_empty(void)
{
	if (ending != GO_ON && table_count(NULL) == 0)
		loop_stop();
}

static void reload(void);

static void stand(void)
{
	if (startup->serving)
		startup->serving(startup);
	daemon_ready();
}

/* Also the first generation comes here. */
static void on_serving(struct generation *generation)
{
	struct generation *old = active;

	active = generation;
	next = NULL;
	generation_use_log(generation, false);
	write_pid(generation);
	listen_close_others(generation->listeners);
	if (old)
		supervisor_retire(old);
	else
		stand();
	log_notice("generation %u of the configuration serves, with %u workers",
		   generation->number, generation->workers);
	if (reload_again)
		reload();
}

static void end(int now)
{
	ending = now ? END_NOW : END_SOON;
	if (now) {
		supervisor_stop_all();
		timer_start(&last_resort, KILL_AFTER_MS);
	} else {
		if (next)
			supervisor_retire(next);
		if (active)
			supervisor_retire(active);
	}
	end_if_empty();
}

static void on_failed(struct generation *generation)
{
	(void)generation;
	if (!active) {
		log_emergx("a process could not start: the server ends");
		status = 1;
		ending = END_SOON;
		return;
	}
	log_emergx("a process could not start with the new configuration: the old one stays");
	generation_use_log(active, false);
	listen_undo();
}

static void on_gone(struct generation *generation)
{
	if (generation == next)
		next = NULL;
	/* After WINCH the ruling generation has no processes, until the next reload. */
	if (generation == active && ending == GO_ON)
		return;
	if (generation == active)
		active = NULL;
	generation_destroy(generation);
	end_if_empty();
	if (!next && reload_again && ending == GO_ON)
		reload();
}

static struct generation *heir(void)
{
	return ending == GO_ON ? active : NULL;
}

/* Errors of a configuration that is read while the server runs go to its log. */
static void log_lines(char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_emergx("%s", line);
}

static struct generation *read_again(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *messages = open_memstream(&text, &size);

	if (!messages)
		return NULL;
	struct generation *generation = generation_read(startup, messages);
	fclose(messages);
	log_lines(text);
	free(text);
	return generation;
}

static int begin(struct generation *generation)
{
	generation->number = last_number + 1;
	if (supervisor_begin(generation) < 0) {
		listen_undo();
		return -1;
	}
	last_number++;
	next = generation;
	return 0;
}

static void reload(void)
{
	reload_again = false;
	log_notice("reload: reading %s", startup->conf_path.data);
	struct generation *generation = read_again();
	if (generation && generation_open(generation) == 0 && begin(generation) == 0)
		return;
	log_emergx("reload: nothing was changed");
	generation_destroy(generation);
}

static void on_reload(int number)
{
	(void)number;
	if (ending != GO_ON)
		return;
	if (next)
		reload_again = true;
	else
		reload();
}

static void on_stop(int number)
{
	log_notice("signal %d received, ending now", number);
	end(true);
}

static void on_quit(int number)
{
	(void)number;
	log_notice("signal QUIT received, ending after the answers under way");
	if (ending == GO_ON)
		end(false);
}

static void on_reopen(int number)
{
	struct generation *generations[] = { active, next };

	(void)number;
	log_notice("signal USR1 received, opening the log files again");
	for (size_t i = 0; i < 2; i++) {
		if (!generations[i])
			continue;
		logfiles_reopen(logs_of(generations[i]->conf));
		supervisor_send_logs(generations[i]);
	}
}

/* In the foreground it only means that somebody has resized the window. */
static void on_retire(int number)
{
	(void)number;
	if (ending != GO_ON || !active || !active->main->daemon)
		return;
	log_notice("signal WINCH received, the workers end; HUP starts new ones");
	supervisor_retire(active);
}

static void on_child(int number)
{
	(void)number;
	supervisor_reap();
	end_if_empty();
}

static const struct signal_action actions[] = {
	{ SIGHUP, on_reload },	 { SIGUSR1, on_reopen }, { SIGTERM, on_stop },
	{ SIGINT, on_stop },	 { SIGQUIT, on_quit },	 { SIGWINCH, on_retire },
	{ SIGCHLD, on_child },	 { 0, NULL },
};

static void on_last_resort(void *data)
{
	(void)data;
	log_alertx("some processes have not ended, killed");
	supervisor_kill_all();
}

static int start(struct generation *first)
{
	static const struct supervisor_hooks hooks = {
		.serving = on_serving, .failed = on_failed, .gone = on_gone, .heir = heir,
	};

	int error = loop_start();
	if (error == 0)
		error = signals_watch(actions);
	if (error == 0)
		error = supervisor_start(&hooks);
	if (error < 0) {
		errno = -error;
		log_emerg("cannot start the master process");
		return -1;
	}
	return write_pid(first) < 0 ? -1 : begin(first);
}

int master_run(const struct startup *given, struct generation *first)
{
	startup = given;
	last_resort = (struct timer){ .expired = on_last_resort };
	title_set("master process %s", title_command_line());
	if (start(first) == 0) {
		loop_run();
	} else {
		generation_destroy(first);
		status = 1;
	}
	pidfile_release();
	generation_destroy(active);
	signals_finish();
	loop_finish();
	return status;
}
