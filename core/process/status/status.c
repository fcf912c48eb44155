/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/status/status.h"

#include <config.h>
#include <inttypes.h>
#include <stdio.h>
#include <str.h>
#include <text.h>
#include <time.h>
#include <timer.h>
#include <unistd.h>

#include "config/modules.h"
#include "net/listener.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "stats/stats.h"

const char *status_state(const struct process *process)
{
	static const char *const names[] = {
		[PROCESS_FREE] = "gone",	 [PROCESS_WAITING] = "waiting",
		[PROCESS_STARTING] = "starting", [PROCESS_RUNNING] = "running",
		[PROCESS_RETIRING] = "draining",
	};

	return names[process->state];
}

const char *status_accept_mode(const struct generation *generation)
{
	static const char *const names[] = {
		[ACCEPT_SHARED] = "shared",
		[ACCEPT_REUSEPORT] = "reuseport",
		[ACCEPT_HANDOFF] = "handoff",
	};

	return names[generation->events->accept_mode];
}

int64_t status_age(const struct process *process)
{
	return process->pid ? (clock_ms() - process->started_ms) / 1000 : 0;
}

struct stats_sum status_counts(const struct process *process)
{
	struct stats_sum sum = { 0 };

	stats_add_to(&sum, process->stats);
	return sum;
}

/* The three numbers are not read at the same moment. */
uint64_t status_reading(const struct stats_sum *counts)
{
	uint64_t others = counts->idle + counts->writing;

	return counts->active > others ? counts->active - others : 0;
}

const char *status_time(char *to, int64_t wall_ms)
{
	time_t second = wall_ms / 1000;
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(to, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return to;
}

/* --- for people ------------------------------------------------------------------ */

static const char *put_age(char *to, size_t size, int64_t seconds)
{
	if (seconds < 120)
		snprintf(to, size, "%" PRId64 " s", seconds);
	else if (seconds < 120 * 60)
		snprintf(to, size, "%" PRId64 " min", seconds / 60);
	else if (seconds < 48 * 3600)
		snprintf(to, size, "%" PRId64 " h", seconds / 3600);
	else
		snprintf(to, size, "%" PRId64 " d", seconds / 86400);
	return to;
}

static void print_head(struct text *to, const struct server_status *status)
{
	const struct generation *active = status->active;
	char time[32];

	text_printf(to, "skua %s, master process %d, since %s\n", SKUA_VERSION, getpid(),
		    status_time(time, status->started_ms));
	text_printf(to, "configuration  %.*s\n", STR_ARG(status->startup->conf_path));
	if (!active) {
		text_add(to, status->ending ? STR("The server ends.\n") :
					      STR("The server is still starting.\n"));
		return;
	}
	text_printf(to, "generation     %u, since %s%s%s\n", active->number,
		    status_time(time, active->since_ms),
		    status->reloading ? "; a reload is under way" : "",
		    status->ending ? "; the server ends after the responses under way" : "");
	text_printf(to, "accept_mode    %s\nlistens on     ", status_accept_mode(active));
	for (size_t i = 0; i < active->listeners->count; i++)
		text_printf(to, "%s%.*s", i ? ", " : "", STR_ARG(active->listeners->items[i].text));
	text_add(to, STR("\n"));
}

static void print_wait(struct text *to, uint64_t count, const char *what, bool *some)
{
	if (count == 0)
		return;
	text_printf(to, "%s%" PRIu64 " %s%s", *some ? ", " : "  waits for ", count, what,
		    count == 1 ? "" : "s");
	*some = true;
}

#define COLUMNS_HEAD "%-8s %4s %7s %10s %-8s %7s %6s %6s %7s %7s %9s %10s"
#define COLUMNS                                                                                    \
	"%-8s %4u %7d %10u %-8s %7s %6" PRIu64 " %6" PRIu64 " %7" PRIu64 " %7" PRIu64 " %9" PRIu64 \
	" %10" PRIu64

static void print_process(struct text *to, const struct process *process)
{
	const struct stats_sum counts = status_counts(process);
	bool some = false; /* of what it waits for is printed */
	char age[32];

	text_printf(to, COLUMNS, process_kind_name(process), process->index, process->pid,
		    process->generation->number, status_state(process),
		    put_age(age, sizeof(age), status_age(process)), counts.active, counts.idle,
		    status_reading(&counts), counts.writing, counts.handed_off, counts.requests);
	if (process->state == PROCESS_RETIRING) {
		print_wait(to, counts.writing, "response", &some);
		print_wait(to, status_reading(&counts), "request", &some);
		print_wait(to, counts.idle, "idle connection", &some);
	}
	text_add(to, STR("\n"));
}

static void print_sums(struct text *to)
{
	struct stats_sum sum;

	table_sum(&sum);
	text_printf(to,
		    "connections  %" PRIu64 " accepted, %" PRIu64 " open: %" PRIu64
		    " reading, %" PRIu64 " writing, %" PRIu64 " idle\n",
		    sum.accepted, sum.active, status_reading(&sum), sum.writing, sum.idle);
	text_printf(to, "requests     %" PRIu64 ", answered with", sum.requests);
	for (int i = 1; i < STATS_CLASSES; i++)
		text_printf(to, " %dxx: %" PRIu64 "%s", i, sum.responses[i],
			    i < STATS_CLASSES - 1 ? "," : "\n");
	text_printf(to, "bytes sent   %" PRIu64 "\n", sum.bytes);
}

static void print_modules(struct text *to)
{
	uint64_t sums[STATS_MODULES_MAX], *sum = sums;

	table_sum_modules(sums);
	for (size_t i = 0; i < module_count(); i++)
		for (size_t j = 0; j < counters_of(module_at(i)); j++) {
			const struct counter *counter = &module_at(i)->counters[j];

			text_printf(to, "%s %s  %" PRIu64 "  %s\n", module_at(i)->name,
				    counter->name, *sum++, counter->doc);
		}
}

void status_print(struct text *to, const struct server_status *status)
{
	print_head(to, status);
	text_printf(to, "\n" COLUMNS_HEAD "\n", "PROCESS", "SLOT", "PID", "GENERATION", "STATE",
		    "AGE", "OPEN", "IDLE", "READING", "WRITING", "HANDED", "REQUESTS");
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		print_process(to, process);
	text_add(to, STR("\n"));
	print_sums(to);
	print_modules(to);
}

/* --- for workers ----------------------------------------------------------------- */

void status_publish(struct stats_server *to, const struct server_status *status)
{
	uint64_t counts[STATS_PROCESS_KINDS][STATS_STATES] = { { 0 } };

	for (const struct process *p = table_next(NULL); p; p = table_next(p)) {
		size_t kind = p->kind == PROCESS_HELPER ? PROCESS_HELPER + p->index : p->kind;

		if (kind < STATS_PROCESS_KINDS)
			counts[kind][p->state]++;
	}
	for (size_t i = 0; i < STATS_PROCESS_KINDS; i++)
		for (size_t j = 0; j < STATS_STATES; j++)
			stats_set(&to->processes[i][j], counts[i][j]);
	stats_set(&to->started_ms, (uint64_t)status->started_ms);
	if (!status->active)
		return;
	stats_set(&to->generation, status->active->number);
	stats_set(&to->generation_since_ms, (uint64_t)status->active->since_ms);
}
