/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a reload has changed, in words for the report.
 */
#ifndef SKUA_PROCESS_MASTER_CHANGES_H
#define SKUA_PROCESS_MASTER_CHANGES_H

struct generation;

/* Puts into the report (report.h) how the new generation differs from the old one. */
void changes_report(const struct generation *old, const struct generation *new);

#endif
