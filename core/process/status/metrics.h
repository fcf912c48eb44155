/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the metrics of <metrics.h>. Workers read what the others have counted and what the master
 * tells (stats.h), so that any of them gives the same answer as the master.
 */
#ifndef SKUA_PROCESS_STATUS_METRICS_H
#define SKUA_PROCESS_STATUS_METRICS_H

#include <metrics.h>

struct conf;

/* The servers of `conf` are named; NULL: none, since the configuration is another program's. */
void metrics_write_all(struct text *to, struct conf *conf, enum metrics_format format);

#endif
