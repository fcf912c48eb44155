/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passes what a helper keeps (helper->pass_on) to the process that takes its place after a reload
 * or an upgrade:
 *
 *     master ── PASS_ON ──> older process ── ITEM ──> newer process <── TAKE_OVER ── master
 *
 * Both go on to serve their workers meanwhile.
 */
#ifndef SKUA_PROCESS_WORKER_HELPER_PASSING_H
#define SKUA_PROCESS_WORKER_HELPER_PASSING_H

#include <stdbool.h>

struct helper;

/*
 * Sends all items through this channel, which it owns. done() is called when all were sent, or the
 * other process has ended. If items are being sent to another process, that ends.
 */
void helper_passing_start(const struct helper *helper, int fd, void (*done)(void));

/* Whether items are being sent. */
bool helper_passing_is_busy(void);

/* Receives items through this channel, which it owns. */
void helper_taking_start(const struct helper *helper, int fd);

/* Ends both, at the end of the process. */
void helper_passing_finish(void);

#endif
