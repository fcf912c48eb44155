/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of modules. A module lists them in its table; each worker counts in memory of its
 * own, without locks, and `skua status` shows the sums:
 *
 *     .counters = (const struct counter[]) {
 *             { "delayed", COUNTER, "Requests that had to wait." },
 *             { "waiting", GAUGE, "Requests that wait now." },
 *             { 0 }
 *     },
 *
 *     counter_add(&limit_module, DELAYED, 1);
 */
#ifndef SKUA_COUNTER_H
#define SKUA_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

enum counter_kind {
	COUNTER, /* only grows; when a worker ends, what it has counted stays in the sum */
	GAUGE, /* goes up and down; when a worker ends, its part leaves the sum */
};

struct counter {
	const char *name; /* lower case, with underscores */
	enum counter_kind kind;
	const char *doc; /* what is counted, as a sentence */
};

/* Adds to the module's counter of this index in its table. In workers only. */
void counter_add(const struct module *module, size_t index, uint64_t n);

/* The same for a gauge, which may also be lowered. */
void gauge_add(const struct module *module, size_t index, int64_t n);

/*
 * What all processes of the server together have counted. Numbers of other processes are those
 * of the end of their last turn of the loop. In a handler the request's own connection is among
 * those that write.
 */
struct server_counts {
	uint64_t accepted, handled; /* connections so far */
	uint64_t requests; /* so far */
	uint64_t active; /* connections now: the sum of the next three */
	uint64_t reading, writing, waiting; /* a head, a response, for a request */
};
void server_count(struct server_counts *out);

/*
 * Whether the server was told to quit, also while it still accepts connections (drain_delay). A
 * reload and an upgrade of the program are not meant: new workers serve then.
 */
bool server_is_draining(void);

#endif
