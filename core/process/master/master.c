/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a signal or a command of the control socket means for the server as a whole, and the
 * order in which changes follow each other. Calls go down, results come back by hooks:
 *
 *     a signal, a command of the control socket
 *        v
 *     master.c        on_reload(), on_quit() …: reload_begin(), upgrade_begin(), end()
 *        v ^          struct reload_hooks: claim(), over() …
 *     reload.c        the generation that serves and the one that is being started
 *        v ^          struct supervisor_hooks: serving(), failed(), ended() …
 *     supervisor.c    the processes; policy.c decides what is done with each
 *        ^
 *     a child has ended, or sends a message
 *
 * When a reload or an upgrade is over, catch_up() begins what was asked for meanwhile.
 */
#include "process/master/master.h"

#include <limits.h>
#include <log.h>
#include <pool.h>
#include <signal.h>
#include <stdlib.h>
#include <text.h>
#include <time.h>
#include <unistd.h>

#include "base/log_ring.h"
#include "config/logs/logs.h"
#include "event/loop.h"
#include "process/handoff/handoff.h"
#include "process/handoff/orphans.h"
#include "process/handoff/peer_master.h"
#include "process/master/control.h"
#include "process/master/drop.h"
#include "process/master/helpers.h"
#include "process/master/refresh.h"
#include "process/master/reload.h"
#include "process/master/repair.h"
#include "process/master/supervisor.h"
#include "process/os/daemon.h"
#include "process/os/notify.h"
#include "process/os/pidfile.h"
#include "process/os/proctitle.h"
#include "process/os/signals.h"
#include "process/server/control_address.h"
#include "process/server/drain.h"
#include "process/server/generation.h"
#include "process/server/logfiles.h"
#include "process/server/main_conf.h"
#include "process/server/report.h"
#include "process/server/table.h"
#include "process/status/status.h"
#include "process/upgrade/takeover.h"
#include "process/upgrade/upgrade.h"

/* How long processes may take to end at the signal TERM. */
enum { KILL_AFTER_MS = 1000 };

static struct {
	const struct startup *startup;
	int64_t started_ms; /* wall clock */
	enum { GO_ON, END_SOON, END_NOW } ending;
	struct timer kill_timer; /* kills processes that do not end */
	int status; /* the exit status */
	unsigned
		claimed; /* the number of the generation that claim() was called for at the start */
	bool reload_later; /* asked for while something else was under way */
	bool upgrade_later; /* the same */
	bool upgrade_whole; /* this program ends when the new one serves beside it */
	char *upgrade_text; /* the outcome of the upgrade, for the clients that wait for it */
} master;

static void end_if_empty(void)
{
	bool waits = master.ending == END_SOON && orphans_are_left();

	if (master.ending != GO_ON && table_count(NULL) == 0 && !waits)
		loop_stop();
}

static bool is_ending(void)
{
	return master.ending != GO_ON;
}

/* False while processes are being replaced: whatever would replace them again waits. */
static bool may_change(void)
{
	return !reload_is_under_way() && !upgrade_is_busy() && !is_ending() &&
	       !drain_is_under_way();
}

static void upgrade(void)
{
	master.upgrade_later = false;
	report_begin();
	generation_use_log(reload_active(), true);
	upgrade_begin(reload_last_number(), daemon_is_background());
}

/* Begins what was asked for while something else was under way. */
static void catch_up(void)
{
	if (!may_change())
		return;
	if (master.upgrade_later) {
		upgrade();
	} else if (master.reload_later) {
		master.reload_later = false;
		reload_begin();
	} else {
		reload_respawn_for_sockets();
	}
}

/* --- the end ---------------------------------------------------------------------- */

static void on_closed(void)
{
}

/* closed() is called when nobody can connect to this program any more. */
static void end(bool now, void (*closed)(void))
{
	drain_cancel();
	drop_hurry();
	master.ending = now ? END_NOW : END_SOON;
	upgrade_cancel();
	notify_stopping();
	control_reply_held(closed == on_closed ? UINT_MAX : CONTROL_UPGRADED - 1, false,
			   STR("the server was told to end\n"));
	if (now) {
		supervisor_stop_all();
		timer_start(&master.kill_timer, KILL_AFTER_MS);
	} else {
		peer_master_say_leaving();
		reload_retire_all();
		drop_begin(NULL, closed);
	}
	end_if_empty();
}

static void on_kill_timer(void *data)
{
	(void)data;
	log_alertx("some processes have not ended, killed");
	supervisor_kill_all();
}

/* --- hooks ------------------------------------------------------------------------ */

static struct generation *active_unless_ending(void)
{
	return is_ending() ? NULL : reload_active();
}

static void on_cannot_start(void)
{
	master.status = 1;
	master.ending = END_SOON;
}

static void on_reload_over(void)
{
	end_if_empty();
	catch_up();
}

static void on_broken(const char *why)
{
	if (may_change())
		reload_respawn(why);
}

static void reply_upgraded(bool serves)
{
	control_reply_upgraded(serves, str_from(master.upgrade_text));
	free(master.upgrade_text);
	master.upgrade_text = NULL;
}

static void on_passed(struct str name, int fd)
{
	struct generation *generation = active_unless_ending();

	if (generation)
		supervisor_take_passed(generation, name, fd);
	else
		close(fd);
}

static void on_closed_for_upgrade(void)
{
	reply_upgraded(true);
}

static bool offer_kept(void *unused, struct str name, int fd)
{
	(void)unused;
	peer_master_pass(name, fd);
	close(fd);
	return true;
}

static void on_upgraded(bool serves)
{
	bool ends = serves && master.upgrade_whole && !is_ending();

	if (serves)
		report_printf("skua serves as process %d, process %d hands its connections over "
			      "and ends\n",
			      upgrade_child(), getpid());
	master.upgrade_text = report_end();
	generation_use_log(reload_active(), false);
	if (serves) {
		peer_master_offer(reload_active());
		helpers_for_each_kept(offer_kept, NULL);
	}
	if (ends)
		end(false, on_closed_for_upgrade);
	else
		reply_upgraded(serves);
	master.upgrade_whole = false;
	catch_up();
}

/* Modules have new data, which workers get when they are forked. */
static bool on_refreshed(void)
{
	const struct generation *active = reload_active();

	if (is_ending() || !may_change() || !active || !active->conf || active->retiring)
		return false;
	reload_respawn("files have changed");
	return true;
}

/* --- signals ---------------------------------------------------------------------- */

static void on_reload(int number)
{
	const struct generation *active = reload_active();

	(void)number;
	/* `skua serve` has no file to read again: HUP says that its terminal was closed. */
	if (master.startup->serve) {
		if (signals_hangup_is_ignored())
			return;
		log_notice("the terminal was closed (signal HUP), ending now");
		end(true, on_closed);
		return;
	}
	if (is_ending() || drain_is_under_way())
		return;
	if (!may_change()) {
		master.reload_later = true;
	} else if (active->retiring && upgrade_has_peer()) {
		/* WINCH has ended the workers. The configuration file may already be meant for the
		   new program, so it is not read. */
		reload_respawn("the old program starts its workers again");
	} else {
		master.reload_later = false;
		reload_begin();
	}
}

static void on_upgrade(int number)
{
	(void)number;
	if (drain_is_under_way())
		return;
	log_notice("signal USR2 received, upgrading the program");
	master.upgrade_later = true;
	catch_up();
}

static void on_stop(int number)
{
	log_notice("signal %s received, ending now", signal_name(number));
	end(true, on_closed);
}

static void end_softly(void)
{
	end(false, on_closed);
}

/* If another program serves beside this one, its workers still accept from the same sockets. */
static void on_quit(int number)
{
	const struct generation *active = reload_active();

	log_notice("signal %s received, ending after the responses under way", signal_name(number));
	if (is_ending())
		return;
	if (upgrade_has_peer() || !active || !active->conf) {
		end_softly();
		return;
	}
	/* Another program that starts in place of this one would forget the command. */
	master.upgrade_later = master.reload_later = false;
	upgrade_cancel();
	drain_begin(table_server(), active->main->drain_delay.ms, end_softly);
}

static void on_term(int number)
{
	const struct generation *active = reload_active();

	if (active && active->conf && active->main->term_quits)
		on_quit(number);
	else
		on_stop(number);
}

static void reopen_logs(void)
{
	struct generation *generations[] = { reload_active(), reload_next() };

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
	struct generation *active = reload_active();

	(void)number;
	if (is_ending() || !active || !active->main->daemon)
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

/* --- commands --------------------------------------------------------------------- */

static void reopen_for(struct control_client *client)
{
	bool busy = report_fd() >= 0;

	if (!reload_active()) {
		control_reply(client, false, STR("the server is still starting\n"));
		return;
	}
	if (!busy)
		report_begin();
	generation_use_log(reload_active(), true);
	reopen_logs();
	if (busy) {
		control_reply(client, true,
			      STR("a reload is under way, the error log says more\n"));
		return;
	}
	char *text = report_end();
	generation_use_log(reload_active(), false);
	control_reply(client, !text, str_from(text));
	free(text);
}

static struct server_status status_now(void)
{
	return (struct server_status){
		.startup = master.startup,
		.active = reload_active(),
		.started_ms = master.started_ms,
		.reloading = reload_is_under_way(),
		.ending = is_ending() || drain_is_under_way(),
	};
}

/* While a new program serves beside this one, only the new one tells workers what it knows. */
static void on_turn(void *unused)
{
	struct server_status now = status_now();

	(void)unused;
	if (!upgrade_child())
		status_publish(table_server(), &now);
}

static void status_for(struct control_client *client,
		       void (*print)(struct text *to, const struct server_status *status))
{
	const struct server_status now = status_now();
	struct text text = { .pool = pool_create(0) };

	print(&text, &now);
	control_reply(client, true, text_str(&text));
	pool_destroy(text.pool);
}

static size_t count_rings(const struct logs *logs)
{
	size_t count = 0;

	for (const struct log_entry *entry = logs->files; entry; entry = entry->next)
		count += entry->ring != NULL;
	return count;
}

static void put_log_line(void *data, struct str line)
{
	text_add(data, line);
	text_add_char(data, '\n');
}

/* If the configuration has several logs in memory, a line with its name stands before each. */
static void log_for(struct control_client *client)
{
	const struct generation *active = reload_active();

	if (!active || !active->conf) {
		control_reply(client, false, STR("the server is still starting\n"));
		return;
	}

	const struct logs *logs = logs_of(active->conf);
	size_t count = count_rings(logs);

	if (count == 0) {
		control_reply(client, false,
			      STR("the configuration keeps no log in memory; \"error_log "
				  "memory:1m debug;\" in it would\n"));
		return;
	}

	struct text text = { .pool = pool_create(0) };

	for (const struct log_entry *entry = logs->files; entry; entry = entry->next) {
		if (!entry->ring)
			continue;
		if (count > 1)
			text_printf(&text, "error_log %.*s:\n", STR_ARG(entry->file.path));
		log_ring_read(entry->ring, put_log_line, &text);
	}
	control_reply(client, true, text_str(&text));
	pool_destroy(text.pool);
}

static void on_command(struct control_client *client, enum control_command command)
{
	bool is_question = command == CONTROL_STATUS || command == CONTROL_STATUS_JSON ||
			   command == CONTROL_STATUS_OPENMETRICS || command == CONTROL_LOG;

	if ((is_ending() || drain_is_under_way()) && !is_question) {
		control_reply(client, false, STR("the server was told to end\n"));
		return;
	}
	switch (command) {
	case CONTROL_RELOAD:
		/* While a reload is under way it waits for the next one. */
		control_hold(client, reload_round() + 1);
		on_reload(SIGHUP);
		return;
	case CONTROL_REOPEN:
		reopen_for(client);
		return;
	case CONTROL_UPGRADE:
		/* After the signal USR2 both programs serve until one is told to end. After this
		   command the old program ends by itself. */
		control_hold(client, CONTROL_UPGRADED);
		master.upgrade_whole = true;
		if (upgrade_is_busy())
			return;
		master.upgrade_later = true;
		catch_up();
		return;
	case CONTROL_STATUS:
		status_for(client, status_print);
		return;
	case CONTROL_STATUS_JSON:
		status_for(client, status_print_json);
		return;
	case CONTROL_STATUS_OPENMETRICS:
		status_for(client, status_print_openmetrics);
		return;
	case CONTROL_LOG:
		log_for(client);
		return;
	}
}

/* --- the start -------------------------------------------------------------------- */

/* Takes the control socket and the pid file that the configuration names. 0 or -errno. */
static int claim(const struct generation *generation, bool is_retry)
{
	char address[CONTROL_ADDRESS_SIZE];

	if (master.startup->serve)
		return 0;
	control_address(master.startup, address);
	control_listen(main_conf_control_path(generation->conf).data, address, is_retry,
		       on_command);
	return pidfile_claim(main_conf_pid_path(generation->conf).data);
}

static void on_serving(const struct generation *generation)
{
	claim(generation, generation->number == master.claimed);
}

static int start_parts(void)
{
	static const struct signal_action actions[] = {
		{ SIGHUP, on_reload }, { SIGUSR1, on_reopen },	{ SIGTERM, on_term },
		{ SIGINT, on_stop },   { SIGQUIT, on_quit },	{ SIGWINCH, on_retire },
		{ SIGCHLD, on_child }, { SIGUSR2, on_upgrade }, { 0, NULL },
	};
	static const struct reload_hooks reload_hooks = {
		.is_ending = is_ending,
		.may_change = may_change,
		.claim = on_serving,
		.cannot_start = on_cannot_start,
		.over = on_reload_over,
	};
	static const struct handoff_hooks handoff_hooks = {
		.active = active_unless_ending,
		.is_taking_over = takeover_is_instead,
		.orphans_gone = end_if_empty,
		.peer_left = catch_up,
		.passed = on_passed,
	};
	static const struct upgrade_hooks upgrade_hooks = {
		.set_aside = control_set_aside,
		.take_back = control_take_back,
		.for_each_client = control_for_each_upgraded,
		.leaving = supervisor_leave_helpers,
		.for_each_kept = helpers_for_each_kept,
		.over = on_upgraded,
	};

	static struct hook turn = { .run = on_turn };
	int error = loop_start();

	if (error == 0)
		error = signals_watch(actions);
	if (error == 0)
		error = reload_start(master.startup, &reload_hooks);
	if (error < 0)
		return error;
	loop_on_finish(&turn);
	notify_start();
	repair_start(active_unless_ending, on_broken);
	refresh_start(on_refreshed);
	handoff_start(&handoff_hooks);
	upgrade_start(&upgrade_hooks);
	return 0;
}

/*
 * Owns the first generation; without one the processes of another program go on. 0, or
 * -errno after a message: nothing serves.
 */
static int start(struct generation *first)
{
	int error = start_parts();

	if (error < 0) {
		log_emergc(error, "cannot start the master process");
		generation_destroy(first);
		return error;
	}
	master.started_ms = clock_wall_ms();
	reload_restore();
	if (!first)
		return 0;
	error = claim(first, false);
	if (error == 0)
		error = reload_start_generation(first);
	if (error == 0) {
		master.claimed = first->number;
		return 0;
	}
	takeover_go_back();
	generation_destroy(first);
	return reload_active() ? 0 : error;
}

/*
 * Called when there is no memory. The master waits until there is, and does not end, because its
 * workers can still serve. False: a signal that ends the server has arrived.
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

int master_run(const struct startup *startup, struct generation *first)
{
	master.startup = startup;
	master.kill_timer = (struct timer){ .expired = on_kill_timer };
	heap_on_shortage(wait_for_memory);
	proctitle_set("master process %s", proctitle_command_line());
	if (start(first) == 0)
		loop_run();
	else
		master.status = 1;
	control_finish();
	pidfile_release();
	reload_finish();
	signals_finish();
	loop_finish();
	return master.status;
}
