/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `skua status` shows: processes, counters, the configuration. Written by
 * the master from the table of processes and the counters they share with it.
 */
#ifndef SKUA_PROCESS_STATUS_STATUS_H
#define SKUA_PROCESS_STATUS_STATUS_H

#include <stdbool.h>
#include <stdint.h>

struct generation;
struct process;
struct startup;
struct stats_sum;
struct text;

/* What the master alone knows. */
struct server_status {
	const struct startup *startup;
	const struct generation *active; /* NULL: the server is still starting */
	int64_t started_ms; /* wall clock */
	bool reloading;
	bool ending; /* after the responses under way */
};

/* For people: some lines, a table, the sums. */
void status_print(struct text *to, const struct server_status *status);

/* The same and more as one JSON object (RFC 8259) on one line. */
void status_print_json(struct text *to, const struct server_status *status);

/* In the format of OpenMetrics 1.0. */
void status_print_openmetrics(struct text *to, const struct server_status *status);

/*
 * Tells workers, by `to`, what the master knows: processes, generations. At the end of each turn of
 * its loop.
 */
struct stats_server;
void status_publish(struct stats_server *to, const struct server_status *status);

/* --- for both --- */

/* "starting", "running", "draining", "waiting" (for its next start) */
const char *status_state(const struct process *process);

/* "shared", "reuseport", "handoff" */
const char *status_accept_mode(const struct generation *generation);

/* Seconds that the process has been running; 0 when it isn't. */
int64_t status_age(const struct process *process);

/* What this one has counted. */
struct stats_sum status_counts(const struct process *process);

/* Connections that are open, but neither idle nor being sent a response. */
uint64_t status_reading(const struct stats_sum *counts);

/* "2026-11-22T19:47:10Z", in 32 bytes at `to`, which is returned. */
const char *status_time(char *to, int64_t wall_ms);

#endif
