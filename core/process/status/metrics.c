/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the metrics of <metrics.h>. Workers read what the others have counted and what the master
 * tells (stats.h), so that any of them gives the same answer as the master.
 *
 * The formats: https://prometheus.io/docs/specs/om/open_metrics_spec/ (1.0) and
 * https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4). The names of the HTTP
 * metrics and of their labels are those of OpenTelemetry's semantic conventions.
 */
#include <metrics.h>

#include <config.h>
#include <inttypes.h>
#include <module.h>
#include <string.h>
#include <time.h>

#include "config/modules.h"
#include "http/conf/http.h"
#include "process/server/generation.h"
#include "process/status/status.h"
#include "stats/series.h"
#include "stats/stats.h"

struct metrics {
	struct text *to;
	enum metrics_format format;
	const char *name, *suffix; /* of the family; "_total" */
};

/* What all processes have counted. */
struct counts {
	struct stats_sum sum;
	uint64_t modules[STATS_MODULES_MAX];
	struct series_sums series;
};

/* --- the formats --------------------------------------------------------------------- */

/* Backslashes, quotes and line feeds are escaped. What is no text in UTF-8 becomes "?". */
static void put_label_value(struct text *to, struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];

		if (c == '\\' || c == '"')
			text_add_char(to, '\\');
		if (c == '\n')
			text_add(to, STR("\\n"));
		else
			text_add_char(to, c < 0x20 || c >= 0x7f ? '?' : (char)c);
	}
}

static void begin_family(struct metrics *to, const char *name, const char *type, const char *suffix,
			 const char *doc)
{
	/* In the older format the name of the family is that of its samples. */
	const char *end = to->format == METRICS_PROMETHEUS ? suffix : "";
	size_t len = strlen(name);

	to->name = name;
	to->suffix = suffix;
	text_printf(to->to, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, end, doc, name, end, type);
	if (to->format != METRICS_OPENMETRICS)
		return;
	for (const char *const *unit = (const char *const[]){ "seconds", "bytes", NULL }; *unit;
	     unit++)
		if (len > strlen(*unit) && strcmp(name + len - strlen(*unit), *unit) == 0)
			text_printf(to->to, "# UNIT %s %s\n", name, *unit);
}

void metrics_family(struct metrics *to, const char *name, enum counter_kind kind, const char *doc)
{
	if (kind == COUNTER)
		begin_family(to, name, "counter", "_total", doc);
	else
		begin_family(to, name, "gauge", "", doc);
}

void metrics_sample(struct metrics *to, const char *label, struct str value, uint64_t number)
{
	text_printf(to->to, "%s%s", to->name, to->suffix);
	if (label) {
		text_printf(to->to, "{%s=\"", label);
		put_label_value(to->to, value);
		text_add(to->to, STR("\"}"));
	}
	text_printf(to->to, " %" PRIu64 "\n", number);
}

static void put_one(struct metrics *to, const char *name, enum counter_kind kind, const char *doc,
		    uint64_t number)
{
	metrics_family(to, name, kind, doc);
	metrics_sample(to, NULL, STR(""), number);
}

struct str metrics_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS ?
		       STR("application/openmetrics-text; version=1.0.0; charset=utf-8") :
		       STR("text/plain; version=0.0.4; charset=utf-8");
}

/* --- what was counted ----------------------------------------------------------------- */

static void add_slot(void *data, struct stats *slot)
{
	struct counts *counts = data;

	stats_add_to(&counts->sum, slot);
	stats_add_modules_to(counts->modules, slot);
	series_add_to(&counts->series, stats_series_of(slot));
}

enum {
	ATTEMPTS = 20,
	APART_NS = 100 * 1000, /* the master, which moves them, may have lost its processor */
};

/*
 * Counts that are moved from one slot to another meanwhile would be missing or be there twice, and
 * a counter that is lower the next time looks like one that has begun anew. So this is done again.
 */
static void read_counts(struct counts *counts)
{
	uint64_t begun, ended;

	for (int i = 0; i < ATTEMPTS; i++) {
		counts->sum = (struct stats_sum){ 0 };
		memset(counts->modules, 0, sizeof(counts->modules));
		counts->series.count = 0;
		ended = atomic_load(&stats_server->folds_ended);
		stats_visit(add_slot, counts);
		begun = atomic_load(&stats_server->folds_begun);
		if (begun == ended)
			return;
		nanosleep(&(const struct timespec){ .tv_nsec = APART_NS }, NULL);
	}
}

/* --- requests ---------------------------------------------------------------------------- */

static void put_second(struct text *to, uint64_t us)
{
	char digits[8];
	int len = 6;

	snprintf(digits, sizeof(digits), "%06u", (unsigned)(us % 1000000));
	while (len > 1 && digits[len - 1] == '0')
		len--;
	text_printf(to, "%" PRIu64 ".%.*s", us / 1000000, len, digits);
}

static void put_bound(struct text *to, enum series_kind kind, uint64_t bound)
{
	if (bound == UINT64_MAX)
		text_add(to, STR("+Inf"));
	else if (kind == SERIES_DURATION)
		put_second(to, bound);
	else
		text_printf(to, "%" PRIu64 ".0", bound);
}

static void put_histogram(struct metrics *to, const struct series_sum *sum, struct str labels)
{
	enum series_kind kind = sum->labels.kind;
	const uint64_t *bound = series_bounds[kind];
	uint64_t count = 0;

	for (size_t i = 0;; i++) {
		count += sum->buckets[i];
		text_printf(to->to, "%s_bucket{%.*s,le=\"", to->name, STR_ARG(labels));
		put_bound(to->to, kind, bound[i]);
		text_printf(to->to, "\"} %" PRIu64 "\n", count);
		if (bound[i] == UINT64_MAX)
			break;
	}
	text_printf(to->to, "%s_sum{%.*s} ", to->name, STR_ARG(labels));
	if (kind == SERIES_DURATION)
		put_second(to->to, sum->sum);
	else
		text_printf(to->to, "%" PRIu64, sum->sum);
	text_printf(to->to, "\n%s_count{%.*s} %" PRIu64 "\n", to->name, STR_ARG(labels), count);
}

/* The name of a server by its hash; NULL: the configuration has no such server. */
static const struct str *name_of(struct conf *conf, uint64_t hash)
{
	static const struct str rest = STR_INIT("_OTHER"), none = STR_INIT("_");
	const struct http *http = conf ? http_of(conf) : NULL;

	if (hash == 0)
		return &rest;
	for (size_t i = 0; http && i < http->servers_count; i++)
		if (http->servers[i]->name_hash == hash)
			return str_empty(http->servers[i]->name) ? &none : &http->servers[i]->name;
	return NULL;
}

static const char *method_name(unsigned method)
{
	static const char *const names[] = {
		[METHOD_OTHER] = "_OTHER",    [METHOD_GET] = "GET",	[METHOD_HEAD] = "HEAD",
		[METHOD_POST] = "POST",	      [METHOD_PUT] = "PUT",	[METHOD_DELETE] = "DELETE",
		[METHOD_OPTIONS] = "OPTIONS", [METHOD_PATCH] = "PATCH", [METHOD_TRACE] = "TRACE",
		[METHOD_CONNECT] = "CONNECT",
	};

	return method < sizeof(names) / sizeof(names[0]) ? names[method] : names[METHOD_OTHER];
}

static const char *version_name(unsigned version)
{
	return version == HTTP_2_0 ? "2" : version == HTTP_1_1 ? "1.1" : "1.0";
}

static void put_labels(struct text *to, struct str server, const struct series_labels *labels)
{
	text_add(to, STR("server_address=\""));
	put_label_value(to, server);
	text_add_char(to, '"');
	if (labels->kind != SERIES_DURATION)
		return;
	if (!labels->server)
		text_printf(to,
			    ",http_request_method=\"_OTHER\",http_response_status_code=\"%u%s\","
			    "network_protocol_version=\"_OTHER\"",
			    labels->status / 100, labels->status ? "xx" : "");
	else
		text_printf(to,
			    ",http_request_method=\"%s\",http_response_status_code=\"%u\","
			    "network_protocol_version=\"%s\"",
			    method_name(labels->method), labels->status,
			    version_name(labels->version));
}

/* Requests of servers that the configuration does not have any more are not shown. */
static void put_series(struct metrics *to, const struct counts *counts, struct conf *conf,
		       enum series_kind kind, const char *name, const char *doc)
{
	struct text labels = { .pool = to->to->pool };

	begin_family(to, name, "histogram", "", doc);
	for (size_t i = 0; i < counts->series.count; i++) {
		const struct series_sum *sum = &counts->series.items[i];
		const struct str *server = name_of(conf, sum->labels.server);

		if (sum->labels.kind != kind || !server ||
		    (!sum->labels.server && !sum->sum && !sum->buckets[0]))
			continue;
		labels.len = 0;
		put_labels(&labels, *server, &sum->labels);
		put_histogram(to, sum, text_str(&labels));
	}
}

static void put_requests(struct metrics *to, const struct counts *counts, struct conf *conf)
{
	static const char *const classes[STATS_CLASSES] = { "none", "1xx", "2xx",
							    "3xx",  "4xx", "5xx" };

	put_series(to, counts, conf, SERIES_DURATION, "http_server_request_duration_seconds",
		   "Time from the first byte of a request until the last byte of its response was "
		   "sent.");
	put_series(
		to, counts, conf, SERIES_REQUEST_BODY, "http_server_request_body_size_bytes",
		"Bytes of the bodies of requests that have one, as announced or as received.");
	put_series(to, counts, conf, SERIES_RESPONSE_BODY, "http_server_response_body_size_bytes",
		   "Bytes of the bodies of responses, as they were sent.");
	put_one(to, "skua_requests", COUNTER, "Requests.", counts->sum.requests);
	metrics_family(to, "skua_responses", COUNTER, "Responses by the class of their status.");
	for (int i = 0; i < STATS_CLASSES; i++)
		metrics_sample(to, "class", str_from(classes[i]), counts->sum.responses[i]);
	put_one(to, "skua_sent_bytes", COUNTER, "Bytes of responses, heads included.",
		counts->sum.bytes);
}

static void put_connections(struct metrics *to, const struct stats_sum *sum)
{
	struct server_counts now;

	server_count(&now);
	put_one(to, "http_server_active_requests", GAUGE, "Requests under way.", now.writing);
	metrics_family(to, "skua_connections", GAUGE, "Open connections by their state.");
	metrics_sample(to, "state", STR("reading"), now.reading);
	metrics_sample(to, "state", STR("writing"), now.writing);
	metrics_sample(to, "state", STR("waiting"), now.waiting);
	put_one(to, "skua_connections_accepted", COUNTER, "Accepted connections.", now.accepted);
	put_one(to, "skua_connections_handed_over", COUNTER,
		"Connections that a process has given to another one.", sum->handed_off);
}

/* --- processes ---------------------------------------------------------------------------- */

static void put_kind(struct metrics *to, const struct stats_server *server, size_t kind,
		     const char *name)
{
	static const char *const states[STATS_STATES] = { NULL, "waiting", "starting", "running",
							  "draining" };

	for (size_t i = 1; i < STATS_STATES; i++)
		text_printf(to->to, "%s{kind=\"%s\",state=\"%s\"} %" PRIu64 "\n", to->name, name,
			    states[i], stats_get(&server->processes[kind][i]));
}

static void put_server(struct metrics *to)
{
	const struct stats_server *server = stats_server;

	metrics_family(to, "skua_build_info", GAUGE, "The version of the program.");
	metrics_sample(to, "version", STR(SKUA_VERSION), 1);
	put_one(to, "skua_start_time_seconds", GAUGE, "When the server was started.",
		stats_get(&server->started_ms) / 1000);
	put_one(to, "skua_draining", GAUGE, "1 from the command to quit on.",
		stats_get(&server->is_draining));
	put_one(to, "skua_config_generation", GAUGE,
		"The number of the configuration that serves: it grows with each reload.",
		stats_get(&server->generation));
	put_one(to, "skua_config_generation_time_seconds", GAUGE,
		"Since when this configuration serves.",
		stats_get(&server->generation_since_ms) / 1000);
	metrics_family(to, "skua_config_reloads", COUNTER, "Reloads by their result.");
	metrics_sample(to, "result", STR("success"), stats_get(&server->reloads));
	metrics_sample(to, "result", STR("failure"), stats_get(&server->reloads_failed));
	put_one(to, "skua_process_starts", COUNTER,
		"Processes that were started: workers, acceptors and helpers.",
		stats_get(&server->starts));
	metrics_family(to, "skua_processes", GAUGE, "Processes by kind and state.");
	put_kind(to, server, 0, "worker");
	put_kind(to, server, 1, "acceptor");
	for (uint32_t i = 0; i < helper_count(); i++)
		put_kind(to, server, 2 + i, helper_module(i)->helper->name);
}

/* --- modules ------------------------------------------------------------------------------- */

static void put_modules(struct metrics *to, const uint64_t *sums)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);

		for (size_t j = 0; j < counters_of(module); j++, sums++) {
			const struct counter *counter = &module->counters[j];
			struct str name = pool_printf(to->to->pool, "skua_%s_%s", module->name,
						      counter->name);
			/* A worker that was taken over may let a gauge fall below zero. */
			bool is_sound = counter->kind == COUNTER || *sums <= INT64_MAX;

			put_one(to, name.data, counter->kind, counter->doc, is_sound ? *sums : 0);
		}
		if (module->metrics)
			module->metrics(to);
	}
}

/* The servers of `conf` are named; NULL: none, since the configuration is another program's. */
static void write_all(struct text *text, struct conf *conf, enum metrics_format format)
{
	struct metrics to = { .to = text, .format = format };
	struct counts *counts = pool_alloc(text->pool, sizeof(*counts));

	read_counts(counts);
	put_requests(&to, counts, conf);
	put_connections(&to, &counts->sum);
	put_server(&to);
	put_modules(&to, counts->modules);
	if (format == METRICS_OPENMETRICS)
		text_add(text, STR("# EOF\n"));
}

void metrics_write(struct text *to, struct request *req, enum metrics_format format)
{
	write_all(to, req->server->common->conf, format);
}

void status_print_openmetrics(struct text *to, const struct server_status *status)
{
	write_all(to, status->active ? status->active->conf : NULL, METRICS_OPENMETRICS);
}
