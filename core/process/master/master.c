/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reload, which is also how the server starts (with nothing to replace):
 *
 *     HUP ─> read, check, open ─> start new processes ─> all READY ─> the new
 *              │ errors               │ one dies                      one rules,
 *              └─ nothing changed ────┴─ rolled back                  old ones quit
 */
#include "process/master/master.h"

#include <limits.h>
#include <log.h>
#include <pool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <time.h>
#include <unistd.h>

#include "config/logs.h"
#include "event/loop.h"
#include "process/master/changes.h"
#include "process/master/control.h"
#include "process/server/control_address.h"
#include "process/os/daemon.h"
#include "process/master/drop.h"
#include "process/handoff/handoff.h"
#include "process/handoff/orphans.h"
#include "process/server/generation.h"
#include "process/server/listen.h"
#include "process/server/logfiles.h"
#include "process/server/main_conf.h"
#include "process/os/notify.h"
#include "process/handoff/peer_master.h"
#include "process/os/pidfile.h"
#include "process/master/repair.h"
#include "process/server/report.h"
#include "process/os/signals.h"
#include "process/master/status.h"
#include "process/master/supervisor.h"
#include "process/server/table.h"
#include "process/upgrade/takeover.h"
#include "process/os/proctitle.h"
#include "process/upgrade/upgrade.h"

enum {
	KILL_AFTER_MS = 1000,
	MOVES_APART_MS = 1000, /* new workers because of roots that have moved */
	MOVES_APART_MAX_MS = 64 * 1000, /* the same, while they cannot start */
};

static const struct startup *startup;
static struct generation *active; /* the one that rules; NULL: not yet */
static struct generation *next; /* is being started */
static unsigned last_number;
static bool replaces; /* the active one has replaced another one */
static bool reload_again; /* HUP came while one was under way */
static bool renewed; /* for the sockets that nobody serves, since a generation came to serve */
static bool upgrade_later; /* USR2 came meanwhile */
static bool upgrade_whole; /* this program ends when the other one serves */
static char *upgrade_text; /* how an upgrade went, for those who have asked for it */
static int64_t started_ms; /* wall clock */
static unsigned reloads; /* that have begun */
static int64_t moves_apart_ms = MOVES_APART_MS; /* doubled by each failure */
static enum { GO_ON, END_SOON, END_NOW } ending;
static struct timer last_resort;
static int status;

static int write_pid(const struct generation *generation)
{
	return startup->serve ? 0 : pidfile_claim(main_conf_pid_path(generation->conf).data);
}

static void end_if_empty(void)
{
	bool waits = ending == END_SOON && orphans_are_left();

	if (ending != GO_ON && table_count(NULL) == 0 && !waits)
		loop_stop();
}

static void reload(void);
static void upgrade(void);
static void renew(const char *why);
static void renew_for_sockets(void);
static void on_command(struct control_client *client, enum control_command command);

static void listen_for_commands(const struct generation *generation)
{
	char address[CONTROL_ADDRESS_SIZE];

	if (startup->serve)
		return;
	control_address(startup, address);
	control_listen(main_conf_control_path(generation->conf).data, address, on_command);
}

static void notify_active(void)
{
	notify_ready("generation %u serves, with %u worker%s", active->number, active->workers,
		     active->workers == 1 ? "" : "s");
}

/* Tells those who wait for the reload. */
static void conclude(bool ok)
{
	if (ok)
		moves_apart_ms = MOVES_APART_MS;
	else if (moves_apart_ms < MOVES_APART_MAX_MS)
		moves_apart_ms *= 2;
	if (!ok)
		report_printf("nothing was changed, generation %u serves on\n", active->number);
	char *text = report_end();
	generation_use_log(active, false);
	control_reply_held(reloads, ok, str_from(text));
	free(text);
	notify_active();
}

static void stand(void)
{
	notify_active();
	if (startup->serving)
		startup->serving(startup);
	daemon_ready();
}

/* Processes are being replaced: whatever would replace them again waits. */
static bool is_changing(void)
{
	return next || drop_is_under_way() || upgrade_is_busy();
}

/* What was asked for while something else was under way. */
static void catch_up(void)
{
	if (is_changing() || ending != GO_ON)
		return;
	if (upgrade_later)
		upgrade();
	else if (reload_again)
		reload();
	else if (!renewed && active && active->serving && active->conf && !active->retiring &&
		 listen_is_unserved(!peer_master_leaves_all()))
		renew_for_sockets();
}

/* Nothing is left of what was before, but for old connections. */
static void on_settled(void)
{
	log_notice("generation %u of the configuration serves, with %u worker%s", active->number,
		   active->workers, active->workers == 1 ? "" : "s");
	takeover_answer();
	if (replaces)
		conclude(true);
	else
		stand();
	catch_up();
}

/* Also the first generation comes here. */
static void on_serving(struct generation *generation)
{
	struct generation *old = active;

	generation->since_ms = clock_wall_ms();
	active = generation;
	next = NULL;
	generation_use_log(generation, false);
	write_pid(generation);
	listen_for_commands(generation);
	listen_serving();
	renewed = false;
	peer_master_offer(generation);
	takeover_settle();
	replaces = old;
	if (old) {
		changes_report(old, generation);
		supervisor_retire(old);
	}
	drop_begin(generation->listeners, on_settled);
}

static void on_closed(void)
{
}

/* closed() is called when nobody can connect to this program any more. */
static void end(bool now, void (*closed)(void))
{
	drop_hurry();
	ending = now ? END_NOW : END_SOON;
	upgrade_cancel();
	notify_stopping();
	control_reply_held(closed == on_closed ? UINT_MAX : CONTROL_UPGRADED - 1, false,
			   STR("the server was told to end\n"));
	if (now) {
		supervisor_stop_all();
		timer_start(&last_resort, KILL_AFTER_MS);
	} else {
		peer_master_say_leaving();
		if (next)
			supervisor_retire(next);
		if (active)
			supervisor_retire(active);
		drop_begin(NULL, closed);
	}
	end_if_empty();
}

static void on_failed(struct generation *generation)
{
	if (!active) {
		log_emergx("a process could not start: the server ends");
		status = 1;
		ending = END_SOON;
		return;
	}
	log_emergx("a process could not start with the new configuration: the old one stays");
	if (!active->conf && !takeover_is_instead())
		generation_pass(generation, active);
	listen_undo();
	conclude(false);
}

static void on_gone(struct generation *generation)
{
	if (generation == next) {
		next = NULL;
		if (ending == GO_ON)
			takeover_go_back();
	}
	/* After WINCH the ruling generation has no processes, until the next reload. */
	if (generation == active && ending == GO_ON)
		return;
	if (generation == active)
		active = NULL;
	generation_destroy(generation);
	end_if_empty();
	catch_up();
}

/*
 * Workers that start now get rules for where everything lies now. The configuration is
 * the one that is there: a worker's word must not make this process read files.
 */
static void on_moved(struct generation *generation)
{
	static int64_t renewed_ms;

	if (generation == active && !is_changing() && ending == GO_ON &&
	    clock_is_due(&renewed_ms, moves_apart_ms))
		renew("a root lies outside of what the sandbox allows");
}

static struct generation *heir(void)
{
	return ending == GO_ON ? active : NULL;
}

static int begin(struct generation *generation)
{
	generation->number = last_number + 1;
	listen_starting();
	peer_master_share_sockets();
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
	reloads++;
	notify_reloading();
	log_notice("reload: reading %s", startup->conf_path.data);
	report_begin();
	struct generation *generation;
	int error = generation_read_again(startup, &generation);
	generation_use_log(active, true);
	if (error == 0 && generation_open(generation) == 0 && begin(generation) == 0)
		return;
	generation_destroy(generation);
	generation_use_log(active, false);
	log_emergx("reload: nothing was changed");
	conclude(false);
	catch_up();
}

/* New workers with the configuration that is there. */
static void begin_again(void)
{
	struct generation *again = calloc(1, sizeof(*again));

	if (!again)
		return;
	reloads++;
	report_begin();
	generation_pass(active, again);
	if (begin(again) == 0)
		return;
	generation_pass(again, active);
	free(again);
	conclude(false);
}

static void renew(const char *why)
{
	log_notice("%s: new workers are started, with the same configuration", why);
	begin_again();
}

/*
 * After WINCH, while the new program serves: not what the files say, since they
 * may be for the new program already.
 */
static void revive(void)
{
	log_notice("the old program starts its workers again");
	begin_again();
}

/*
 * Sockets were opened for workers that did not come to serve, or that were another
 * program's. What is in them would be lost if they were closed.
 */
static void renew_for_sockets(void)
{
	renewed = true;
	renew("some listening sockets are not served by the workers");
}

static void on_broken(const char *why)
{
	if (!is_changing() && ending == GO_ON)
		renew(why);
}

/* Without a configuration file there is nothing to read again: the terminal was closed. */
static void on_hangup(void)
{
	if (signals_hangup_is_ignored())
		return;
	log_notice("the terminal was closed (signal HUP), ending now");
	end(true, on_closed);
}

static void on_reload(int number)
{
	(void)number;
	if (startup->serve) {
		on_hangup();
		return;
	}
	if (ending != GO_ON)
		return;
	if (is_changing())
		reload_again = true;
	else if (active->retiring && upgrade_has_peer())
		revive();
	else
		reload();
}

static void reply_upgraded(bool serves)
{
	control_reply_upgraded(serves, str_from(upgrade_text));
	free(upgrade_text);
	upgrade_text = NULL;
}

static void on_closed_for_upgrade(void)
{
	reply_upgraded(true);
}

static void on_upgraded(bool serves)
{
	bool ends = serves && upgrade_whole && ending == GO_ON;

	if (serves)
		report_printf("skua serves as process %d, process %d hands its connections over "
			      "and ends\n",
			      upgrade_child(), getpid());
	upgrade_text = report_end();
	generation_use_log(active, false);
	if (serves)
		peer_master_offer(active);
	if (ends)
		end(false, on_closed_for_upgrade);
	else
		reply_upgraded(serves);
	upgrade_whole = false;
	catch_up();
}

static void upgrade(void)
{
	upgrade_later = false;
	report_begin();
	generation_use_log(active, true);
	upgrade_begin(last_number, daemon_is_background());
}

static void on_upgrade(int number)
{
	(void)number;
	log_notice("signal USR2 received, upgrading the program");
	upgrade_later = true;
	catch_up();
}

static void on_stop(int number)
{
	log_notice("signal %s received, ending now", signal_name(number));
	end(true, on_closed);
}

static void on_quit(int number)
{
	(void)number;
	log_notice("signal QUIT received, ending after the answers under way");
	if (ending == GO_ON)
		end(false, on_closed);
}

static void reopen_logs(void)
{
	struct generation *generations[] = { active, next };

	for (size_t i = 0; i < 2; i++) {
		if (!generations[i] || !generations[i]->conf)
			continue;
		logfiles_reopen(logs_of(generations[i]->conf));
		supervisor_send_logs(generations[i]);
	}
}

static void on_reopen(int number)
{
	(void)number;
	log_notice("signal USR1 received, opening the log files again");
	reopen_logs();
}

/* In the foreground it only means that somebody has resized the window. */
static void on_retire(int number)
{
	(void)number;
	if (ending != GO_ON || !active || !active->main->daemon)
		return;
	log_notice("signal WINCH received, the workers end; HUP starts new ones");
	peer_master_say_leaving();
	supervisor_retire(active);
}

static void on_child(int number)
{
	(void)number;
	supervisor_reap();
	end_if_empty();
}

/* By the signal both programs serve until somebody ends one; here the old one ends. */
static void upgrade_for(struct control_client *client)
{
	control_hold(client, CONTROL_UPGRADED);
	upgrade_whole = true;
	if (!upgrade_is_busy()) {
		upgrade_later = true;
		catch_up();
	}
}

/* Those who ask while a reload is under way wait for the next one. */
static void reload_for(struct control_client *client)
{
	control_hold(client, reloads + 1);
	on_reload(SIGHUP);
}

static void reopen_for(struct control_client *client)
{
	bool busy = report_fd() >= 0;

	if (!active) {
		control_reply(client, false, STR("the server is still starting\n"));
		return;
	}
	if (!busy)
		report_begin();
	generation_use_log(active, true);
	reopen_logs();
	if (busy) {
		control_reply(client, true,
			      STR("a reload is under way, the error log says more\n"));
		return;
	}
	char *text = report_end();
	generation_use_log(active, false);
	control_reply(client, !text, str_from(text));
	free(text);
}

static void status_for(struct control_client *client,
		       void (*print)(struct text *to, const struct server_status *status))
{
	const struct server_status now = {
		.startup = startup,
		.active = active,
		.started_ms = started_ms,
		.reloading = next || drop_is_under_way(),
		.ending = ending != GO_ON,
	};
	struct text text = { .pool = pool_create(0) };

	print(&text, &now);
	control_reply(client, true, text_str(&text));
	pool_destroy(text.pool);
}

static void on_command(struct control_client *client, enum control_command command)
{
	bool asks = command == CONTROL_STATUS || command == CONTROL_STATUS_JSON;

	if (ending != GO_ON && !asks) {
		control_reply(client, false, STR("the server was told to end\n"));
		return;
	}
	switch (command) {
	case CONTROL_RELOAD:
		reload_for(client);
		return;
	case CONTROL_REOPEN:
		reopen_for(client);
		return;
	case CONTROL_UPGRADE:
		upgrade_for(client);
		return;
	case CONTROL_STATUS:
		status_for(client, status_print);
		return;
	case CONTROL_STATUS_JSON:
		status_for(client, status_print_json);
		return;
	}
}

static const struct signal_action actions[] = {
	{ SIGHUP, on_reload },	 { SIGUSR1, on_reopen }, { SIGTERM, on_stop },
	{ SIGINT, on_stop },	 { SIGQUIT, on_quit },	 { SIGWINCH, on_retire },
	{ SIGCHLD, on_child },	 { SIGUSR2, on_upgrade }, { 0, NULL },
};

static void on_last_resort(void *data)
{
	(void)data;
	log_alertx("some processes have not ended, killed");
	supervisor_kill_all();
}

/* Owns the first generation; without one the processes of another program go on. */
static int start(struct generation *first)
{
	static const struct supervisor_hooks hooks = {
		.serving = on_serving, .failed = on_failed, .gone = on_gone,
		.moved = on_moved, .closed = drop_look, .stranger = upgrade_reap,
	};
	static const struct upgrade_hooks upgrade_hooks = {
		.set_aside = control_set_aside,
		.take_back = control_take_back,
		.for_each_client = control_for_each_upgraded,
		.over = on_upgraded,
	};
	static const struct handoff_hooks handoff = {
		.active = heir,
		.is_taking_over = takeover_is_instead,
		.orphans_gone = end_if_empty,
		.peer_left = catch_up,
	};

	int error = loop_start();
	if (error == 0)
		error = signals_watch(actions);
	if (error == 0)
		error = supervisor_start(&hooks);
	if (error < 0) {
		log_emergc(error, "cannot start the master process");
		generation_destroy(first);
		return -1;
	}
	notify_start();
	repair_start(heir, on_broken);
	handoff_start(&handoff);
	upgrade_start(&upgrade_hooks);
	started_ms = clock_wall_ms();
	active = takeover_processes(&last_number);
	supervisor_watch_restored();
	if (!first)
		return 0;
	listen_for_commands(first);
	if (write_pid(first) == 0 && begin(first) == 0)
		return 0;
	takeover_go_back();
	generation_destroy(first);
	return active ? 0 : -1;
}

/*
 * Whatever ends for lack of memory, the master is not among it: its workers serve
 * on while it waits. Only who wants it to end is not kept waiting.
 */
static bool wait_for_memory(void)
{
	static int64_t said_ms;
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	sigset_t pending;

	clock_update();
	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_alertx("no memory: the master process waits until there is some, the workers "
			   "serve on");
	nanosleep(&pause, NULL);
	sigpending(&pending);
	return !sigismember(&pending, SIGTERM) && !sigismember(&pending, SIGINT) &&
	       !sigismember(&pending, SIGQUIT);
}

int master_run(const struct startup *given, struct generation *first)
{
	startup = given;
	last_resort = (struct timer){ .expired = on_last_resort };
	heap_on_shortage(wait_for_memory);
	proctitle_set("master process %s", proctitle_command_line());
	if (start(first) == 0)
		loop_run();
	else
		status = 1;
	control_finish();
	pidfile_release();
	generation_destroy(active);
	signals_finish();
	loop_finish();
	return status;
}
