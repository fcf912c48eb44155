/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of members are for programs: they may come, but not change their meaning.
 */
#include "process/master/status.h"

#include <config.h>
#include <inttypes.h>
#include <str.h>
#include <unistd.h>

#include "base/stats.h"
#include "net/listener.h"
#include "process/server/generation.h"
#include "process/server/table.h"

/* Bytes beyond ASCII become the characters of the same number: always valid. */
static void put_string(FILE *to, struct str text)
{
	fputc('"', to);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(to, "\\u%04x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

static void put_number(FILE *to, const char *name, uint64_t number)
{
	fprintf(to, "\"%s\":%" PRIu64, name, number);
}

static void put_connections(FILE *to, const struct stats_sum *counts)
{
	fprintf(to,
		"\"connections\":{\"accepted\":%" PRIu64 ",\"handed_off\":%" PRIu64
		",\"active\":%" PRIu64 ",\"reading\":%" PRIu64 ",\"writing\":%" PRIu64
		",\"idle\":%" PRIu64 "}",
		counts->accepted, counts->handed_off, counts->active, status_reading(counts),
		counts->writing, counts->idle);
}

static void put_counts(FILE *to, const struct stats_sum *counts)
{
	put_connections(to, counts);
	fputc(',', to);
	put_number(to, "requests", counts->requests);
	fputs(",\"responses\":{", to);
	for (int i = 1; i < STATS_CLASSES; i++)
		fprintf(to, "\"%dxx\":%" PRIu64 ",", i, counts->responses[i]);
	put_number(to, "none", counts->responses[0]);
	fputs("},", to);
	put_number(to, "bytes_sent", counts->bytes);
}

static void put_process(FILE *to, const struct process *process)
{
	const struct stats_sum counts = status_counts(process);

	fprintf(to,
		"{\"kind\":\"%s\",\"slot\":%u,\"pid\":%d,\"generation\":%u,\"state\":\"%s\","
		"\"age_seconds\":%" PRId64 ",",
		process_kind_name(process), process->index, process->pid,
		process->generation->number, status_state(process), status_age(process));
	if (process->state == PROCESS_RETIRING)
		fprintf(to,
			"\"waits_for\":{\"answers\":%" PRIu64 ",\"requests\":%" PRIu64
			",\"idle_connections\":%" PRIu64 "},",
			counts.writing, status_reading(&counts), counts.idle);
	put_counts(to, &counts);
	fputc('}', to);
}

static void put_processes(FILE *to)
{
	const char *comma = "";

	fputs("\"processes\":[", to);
	for (struct process *process = table_next(NULL); process; process = table_next(process)) {
		fputs(comma, to);
		put_process(to, process);
		comma = ",";
	}
	fputc(']', to);
}

static void put_generation(FILE *to, const struct generation *active)
{
	const struct listeners *listeners = active->listeners;
	char time[32];

	fprintf(to, "\"generation\":%u,\"since\":\"%s\",\"accept_mode\":\"%s\",\"listeners\":[",
		active->number, status_time(time, active->since_ms), status_accept_mode(active));
	for (size_t i = 0; i < listeners->count; i++) {
		fputs(i ? "," : "", to);
		put_string(to, listeners->items[i].text);
	}
	fputs("],", to);
}

void status_print_json(FILE *to, const struct server_status *status)
{
	struct stats_sum sum;
	char time[32];

	table_sum(&sum);
	fprintf(to, "{\"version\":\"%s\",\"pid\":%d,\"started\":\"%s\",\"configuration\":",
		SKUA_VERSION, getpid(), status_time(time, status->started_ms));
	put_string(to, status->startup->conf_path);
	fprintf(to, ",\"reloading\":%s,\"ending\":%s,", status->reloading ? "true" : "false",
		status->ending ? "true" : "false");
	if (status->active)
		put_generation(to, status->active);
	put_processes(to);
	fputs(",\"totals\":{", to);
	put_counts(to, &sum);
	fputs("}}\n", to);
}
