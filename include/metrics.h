/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metrics: the numbers of the server in the text formats that Prometheus and OpenMetrics define.
 * The counters of modules (counter.h) are among them without further ado, as
 * skua_MODULE_COUNTER_total, or skua_MODULE_GAUGE. A module whose numbers have labels, or are
 * not counted by workers, has a function for them:
 *
 *     static void metrics(struct metrics *to)
 *     {
 *             metrics_family(to, "skua_lamp_seconds", GAUGE, "How long each lamp has been on.");
 *             metrics_sample(to, "lamp", lamp->name, lamp->seconds);
 *     }
 *
 *     .metrics = metrics,
 *
 * Names follow the rules of Prometheus: base units (seconds, bytes) at the end, lower case.
 */
#ifndef SKUA_METRICS_H
#define SKUA_METRICS_H

#include <counter.h>
#include <str.h>
#include <text.h>

struct metrics;
struct request;

/*
 * Begins a family, whose samples follow. `name` is without the _total of counters, which is added.
 * `doc` is a sentence. What a module writes must be the same in each process, since any worker may
 * be asked, or the master.
 */
void metrics_family(struct metrics *to, const char *name, enum counter_kind kind, const char *doc);

/*
 * A sample of the family, with one label, whose value may be any text; label NULL: with none.
 * The number of different values must not depend on clients.
 */
void metrics_sample(struct metrics *to, const char *label, struct str value, uint64_t number);

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/*
 * Writes all metrics of the server, with the counts of all workers. It takes some milliseconds for
 * many servers, so the result should be kept for a moment. The request says which configuration's
 * servers are named.
 */
void metrics_write(struct text *to, struct request *req, enum metrics_format format);

/* The media type of a format. */
struct str metrics_type(enum metrics_format format);

#endif
