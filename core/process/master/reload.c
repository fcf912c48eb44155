/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload_advance() decides what follows an event of a reload; the functions below it carry
 * that out, most of them as hooks of the supervisor.
 */
#include "process/master/reload.h"

#include <limits.h>
#include <log.h>
#include <stdlib.h>
#include <timer.h>

#include "config/logs/logs.h"
#include "process/handoff/peer_master.h"
#include "process/listen/listen.h"
#include "process/master/control.h"
#include "process/master/drop.h"
#include "process/master/supervisor.h"
#include "process/os/daemon.h"
#include "process/os/notify.h"
#include "process/server/generation.h"
#include "process/server/logfiles.h"
#include "process/server/report.h"
#include "process/server/table.h"
#include "process/upgrade/takeover.h"
#include "process/upgrade/upgrade.h"
#include "stats/stats.h"

static struct {
	const struct startup *startup;
	struct reload_hooks hooks;
	struct reload_progress progress;
	struct generation *active; /* the one that serves; NULL: not yet */
	struct generation *next; /* is being started, or has failed and ends */
	unsigned last_number;
	unsigned round; /* how many reloads have begun */
	bool has_served_sockets; /* respawned for sockets since a generation came to serve */
} reload;

enum reload_action reload_advance(struct reload_progress *progress, enum reload_event event)
{
	static const struct {
		enum reload_step before, after;
		enum reload_action action;
	} table[] = {
		[RELOAD_BEGUN] = { RELOAD_NONE, RELOAD_STARTING, RELOAD_DO_NOTHING },
		[RELOAD_SERVES] = { RELOAD_STARTING, RELOAD_CLOSING, RELOAD_DO_REPLACE },
		[RELOAD_UNABLE] = { RELOAD_STARTING, RELOAD_FAILED, RELOAD_DO_ROLL_BACK },
		[RELOAD_CLOSED] = { RELOAD_CLOSING, RELOAD_NONE, RELOAD_DO_REPORT_SUCCESS },
		[RELOAD_ENDED] = { RELOAD_FAILED, RELOAD_NONE, RELOAD_DO_FORGET },
	};
	/* A generation that is still starting ends when the server is told to end. */
	bool ends_early = event == RELOAD_ENDED && progress->step == RELOAD_STARTING;

	if (progress->step != table[event].before && !ends_early)
		return RELOAD_DO_NOTHING;
	progress->step = table[event].after;
	if (event == RELOAD_UNABLE && !progress->replaces)
		return RELOAD_DO_GIVE_UP;
	return table[event].action;
}

/* --- the end of a reload ---------------------------------------------------------- */

static void notify_active(void)
{
	notify_ready("generation %u serves, with %u worker%s", reload.active->number,
		     reload.active->workers, reload.active->workers == 1 ? "" : "s");
}

/* Tells those who wait for the reload how it has ended. */
static void tell_end(bool ok)
{
	if (!ok)
		report_printf("nothing was changed, generation %u serves on\n",
			      reload.active->number);
	stats_add(ok ? &table_server()->reloads : &table_server()->reloads_failed, 1);

	char *text = report_end();

	generation_use_log(reload.active, false);
	control_reply_held(reload.round, ok, str_from(text));
	free(text);
	notify_active();
}

/* The addresses of the old generation are closed; only its connections are left. */
static void on_closed(void)
{
	if (reload_advance(&reload.progress, RELOAD_CLOSED) == RELOAD_DO_NOTHING)
		return;
	log_notice("generation %u of the configuration serves, with %u worker%s",
		   reload.active->number, reload.active->workers,
		   reload.active->workers == 1 ? "" : "s");
	takeover_announce();
	if (reload.progress.replaces) {
		tell_end(true);
	} else {
		notify_active();
		if (reload.startup->serving)
			reload.startup->serving(reload.startup);
		daemon_ready();
	}
	reload.hooks.over();
}

/* --- what the supervisor tells ---------------------------------------------------- */

/* What the helpers of the old program keep. */
static void take_kept(struct generation *generation)
{
	struct str name;
	int fd;

	while (takeover_next_kept(&name, &fd))
		supervisor_take_passed(generation, name, fd);
}

static void on_serving(struct generation *generation)
{
	struct generation *old = reload.active;

	if (reload_advance(&reload.progress, RELOAD_SERVES) == RELOAD_DO_NOTHING)
		return;
	generation->since_ms = clock_wall_ms();
	reload.active = generation;
	reload.next = NULL;
	generation_use_log(generation, false);
	reload.hooks.claim(generation);
	listen_serving();
	reload.has_served_sockets = false;
	peer_master_offer(generation);
	take_kept(generation);
	takeover_settle();
	if (old) {
		report_changes(old, generation);
		supervisor_retire(old);
	}
	drop_begin(generation->listeners, on_closed);
}

static void on_failed(struct generation *generation)
{
	switch (reload_advance(&reload.progress, RELOAD_UNABLE)) {
	case RELOAD_DO_GIVE_UP:
		log_emergx("a process could not start: the server ends");
		reload.hooks.cannot_start();
		return;
	case RELOAD_DO_ROLL_BACK:
		log_emergx("a process could not start with the new configuration: the old one "
			   "stays");
		if (!reload.active->conf && !takeover_is_instead())
			generation_pass(generation, reload.active);
		listen_undo();
		tell_end(false);
		return;
	default:
		return;
	}
}

static void on_ended(struct generation *generation)
{
	if (generation == reload.next) {
		reload_advance(&reload.progress, RELOAD_ENDED);
		reload.next = NULL;
		if (!reload.hooks.is_ending())
			takeover_go_back();
	}
	/* After WINCH the active generation has no processes, until the next reload. */
	if (generation == reload.active && !reload.hooks.is_ending())
		return;
	if (generation == reload.active)
		reload.active = NULL;
	generation_destroy(generation);
	reload.hooks.over();
}

int reload_start(const struct startup *startup, const struct reload_hooks *hooks)
{
	static const struct supervisor_hooks supervisor = {
		.serving = on_serving,
		.failed = on_failed,
		.ended = on_ended,
		.closed = drop_look,
		.unknown_child = upgrade_reap,
	};

	reload.startup = startup;
	reload.hooks = *hooks;
	return supervisor_start(&supervisor);
}

void reload_restore(void)
{
	reload.active = takeover_processes(&reload.last_number);
	supervisor_watch_restored();
}

/* --- the beginning of a reload ---------------------------------------------------- */

int reload_start_generation(struct generation *generation)
{
	generation->number = reload.last_number + 1;
	logfiles_watch(logs_of(generation->conf));
	listen_starting();
	peer_master_share_sockets();
	reload.progress.replaces = reload.active;
	reload_advance(&reload.progress, RELOAD_BEGUN);
	int error = supervisor_begin(generation);
	if (error < 0) {
		reload_advance(&reload.progress, RELOAD_ENDED);
		listen_undo();
		return error;
	}
	reload.last_number++;
	reload.next = generation;
	return 0;
}

void reload_begin(void)
{
	struct generation *generation;

	reload.round++;
	notify_reloading();
	log_notice("reload: reading %s", reload.startup->conf_path.data);
	report_begin();
	int error = generation_read_again(reload.startup, &generation);
	generation_use_log(reload.active, true);
	if (error == 0 && generation_open(generation) == 0 &&
	    reload_start_generation(generation) == 0)
		return;
	generation_destroy(generation);
	generation_use_log(reload.active, false);
	log_emergx("reload: nothing was changed");
	tell_end(false);
	reload.hooks.over();
}

void reload_respawn(const char *why)
{
	struct generation *again = calloc(1, sizeof(*again));

	log_notice("%s: new workers are started, with the same configuration", why);
	if (!again) {
		log_alertx("no memory: the workers stay");
		return;
	}
	reload.round++;
	report_begin();
	generation_pass(reload.active, again);
	if (reload_start_generation(again) == 0)
		return;
	generation_pass(again, reload.active);
	generation_destroy(again);
	tell_end(false);
}

void reload_respawn_for_sockets(void)
{
	const struct generation *active = reload.active;

	if (reload.has_served_sockets || !active || !active->serving || !active->conf ||
	    active->retiring || !listen_is_unserved(!peer_master_leaves_all()))
		return;
	reload.has_served_sockets = true;
	reload_respawn("some listening sockets are not served by the workers");
}

/* --- what others ask -------------------------------------------------------------- */

bool reload_is_under_way(void)
{
	return reload.next || reload.progress.step == RELOAD_CLOSING;
}

unsigned reload_round(void)
{
	return reload.round;
}

unsigned reload_last_number(void)
{
	return reload.last_number;
}

struct generation *reload_active(void)
{
	return reload.active;
}

struct generation *reload_next(void)
{
	return reload.next;
}

void reload_retire_all(void)
{
	struct generation *generations[] = { reload.next, reload.active };

	for (size_t i = 0; i < 2; i++)
		if (generations[i])
			supervisor_retire(generations[i]);
}

void reload_finish(void)
{
	generation_destroy(reload.active);
	reload.active = NULL;
}
