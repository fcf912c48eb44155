/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * master_process off: one process that opens the sockets, accepts and serves. It is meant
 * for debugging, and cannot reload its configuration.
 */
#include "process/worker/worker.h"

#include <log.h>
#include <log_writer.h>
#include <signal.h>

#include "config/logs/logs.h"
#include "event/loop.h"
#include "file/permission.h"
#include "process/os/daemon.h"
#include "process/os/notify.h"
#include "process/os/pidfile.h"
#include "process/os/signals.h"
#include "process/sandbox/privileges.h"
#include "process/server/drain.h"
#include "process/server/generation.h"
#include "process/server/logfiles.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "stats/stats.h"

static struct generation *current;

static void end_softly(void)
{
	notify_stopping();
	worker_quit();
}

static void quit(int number)
{
	static bool is_quitting;

	log_notice("signal %s received, ending after the responses under way", signal_name(number));
	if (!is_quitting || drain_is_under_way())
		drain_begin(stats_use_server(NULL), current->main->drain_delay.ms, end_softly);
	is_quitting = true;
}

static void stop(int number)
{
	log_notice("signal %s received, ending now", signal_name(number));
	notify_stopping();
	worker_stop();
}

static void term(int number)
{
	if (current->main->term_quits)
		quit(number);
	else
		stop(number);
}

static void reopen(int number)
{
	(void)number;
	log_writer_reopen();
	logfiles_reopen(logs_of(current->conf));
}

static void refuse(int number)
{
	log_warnx(
		"signal %s has no effect with \"master_process off\"; stop the server and start it "
		"again instead",
		signal_name(number));
}

/* Publishes what a master, which does not exist here, would tell its workers (status/status.h). */
static void publish(void)
{
	struct stats_server *server = stats_use_server(NULL);
	uint64_t now_ms = (uint64_t)clock_wall_ms();

	stats_set(&server->started_ms, now_ms);
	stats_set(&server->generation, 1);
	stats_set(&server->generation_since_ms, now_ms);
	stats_set(&server->processes[PROCESS_WORKER][PROCESS_RUNNING], 1);
}

int single_run(struct generation *generation)
{
	static const struct signal_action actions[] = {
		{ SIGQUIT, quit },  { SIGTERM, term },	  { SIGINT, stop },    { SIGUSR1, reopen },
		{ SIGHUP, refuse }, { SIGWINCH, refuse }, { SIGUSR2, refuse }, { 0, NULL },
	};
	const struct worker_place place = {
		.generation = generation,
		.inbox = -1,
		.accepts = true,
	};

	current = generation;
	stats_use_alone();
	int error = loop_start();
	if (error == 0)
		error = signals_watch(actions);
	if (error < 0) {
		log_emergc(error, "cannot start the loop");
		return 1;
	}
	logfiles_watch(logs_of(generation->conf));
	if (pidfile_claim(main_conf_pid_path(generation->conf).data) < 0)
		return 1;
	permission_set_user(privileges_user());
	if (worker_start(&place) < 0) {
		pidfile_release();
		return 1;
	}
	generation_use_log(generation, false);
	publish();
	notify_start();
	notify_ready("one process serves");
	daemon_ready();
	loop_run();
	worker_finish();
	pidfile_release();
	signals_finish();
	loop_finish();
	return 0;
}
