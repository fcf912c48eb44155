/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs read the names of the members: new names may be added, but a name must not change
 * its meaning.
 */
#include "process/status/status.h"

#include <config.h>
#include <inttypes.h>
#include <json.h>
#include <str.h>
#include <text.h>
#include <unistd.h>

#include "config/modules.h"
#include "net/listener.h"
#include "process/server/generation.h"
#include "process/server/table.h"
#include "stats/stats.h"

static void put_string(struct text *to, struct str text)
{
	text_add_char(to, '"');
	text_add_json(to, text);
	text_add_char(to, '"');
}

static void put_number(struct text *to, const char *name, uint64_t number)
{
	text_printf(to, "\"%s\":%" PRIu64, name, number);
}

static void put_counts(struct text *to, const struct stats_sum *counts)
{
	text_printf(to,
		    "\"connections\":{\"accepted\":%" PRIu64 ",\"handed_off\":%" PRIu64
		    ",\"active\":%" PRIu64 ",\"reading\":%" PRIu64 ",\"writing\":%" PRIu64
		    ",\"idle\":%" PRIu64 "},",
		    counts->accepted, counts->handed_off, counts->active, status_reading(counts),
		    counts->writing, counts->idle);
	put_number(to, "requests", counts->requests);
	text_add(to, STR(",\"responses\":{"));
	for (int i = 1; i < STATS_CLASSES; i++)
		text_printf(to, "\"%dxx\":%" PRIu64 ",", i, counts->responses[i]);
	put_number(to, "none", counts->responses[0]);
	text_add(to, STR("},"));
	put_number(to, "bytes_sent", counts->bytes);
}

static void put_process(struct text *to, const struct process *process)
{
	const struct stats_sum counts = status_counts(process);

	text_printf(to,
		    "{\"kind\":\"%s\",\"slot\":%u,\"pid\":%d,\"generation\":%u,\"state\":\"%s\","
		    "\"age_seconds\":%" PRId64 ",",
		    process_kind_name(process), process->index, process->pid,
		    process->generation->number, status_state(process), status_age(process));
	if (process->state == PROCESS_RETIRING)
		text_printf(to,
			    "\"waits_for\":{\"answers\":%" PRIu64 ",\"requests\":%" PRIu64
			    ",\"idle_connections\":%" PRIu64 "},",
			    counts.writing, status_reading(&counts), counts.idle);
	put_counts(to, &counts);
	text_add_char(to, '}');
}

static void put_processes(struct text *to)
{
	struct str comma = STR("");

	text_add(to, STR("\"processes\":["));
	for (struct process *process = table_next(NULL); process; process = table_next(process)) {
		text_add(to, comma);
		put_process(to, process);
		comma = STR(",");
	}
	text_add_char(to, ']');
}

static void put_generation(struct text *to, const struct generation *active)
{
	const struct listeners *listeners = active->listeners;
	char time[32];

	text_printf(to, "\"generation\":%u,\"since\":\"%s\",\"accept_mode\":\"%s\",\"listeners\":[",
		    active->number, status_time(time, active->since_ms),
		    status_accept_mode(active));
	for (size_t i = 0; i < listeners->count; i++) {
		text_add(to, i ? STR(",") : STR(""));
		put_string(to, listeners->items[i].text);
	}
	text_add(to, STR("],"));
}

/* Writes the counters of the modules that have any. */
static void put_modules(struct text *to)
{
	uint64_t sums[STATS_MODULES_MAX], *sum = sums;
	struct str comma = STR("");

	table_sum_modules(sums);
	text_add(to, STR("\"modules\":{"));
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		size_t count = counters_of(module);

		for (size_t j = 0; j < count; j++, sum++) {
			text_add(to, comma);
			if (j == 0)
				text_printf(to, "\"%s\":{", module->name);
			put_number(to, module->counters[j].name, *sum);
			comma = STR(",");
		}
		text_add(to, count > 0 ? STR("}") : STR(""));
	}
	text_add_char(to, '}');
}

void status_print_json(struct text *to, const struct server_status *status)
{
	struct stats_sum sum;
	char time[32];

	table_sum(&sum);
	text_printf(to, "{\"version\":\"%s\",\"pid\":%d,\"started\":\"%s\",\"configuration\":",
		    SKUA_VERSION, getpid(), status_time(time, status->started_ms));
	put_string(to, status->startup->conf_path);
	text_printf(to, ",\"reloading\":%s,\"ending\":%s,", status->reloading ? "true" : "false",
		    status->ending ? "true" : "false");
	if (status->active)
		put_generation(to, status->active);
	put_processes(to);
	text_add(to, STR(",\"totals\":{"));
	put_counts(to, &sum);
	text_add(to, STR("},"));
	put_modules(to);
	text_add(to, STR("}\n"));
}
