/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The opener: a helper that opens files for the workers of its generation which their sandbox
 * keeps them from, because a link below a root leads there, or the root's own name leads
 * elsewhere than when they started. It has the rights of the workers' user, and may read all
 * that this user may.
 *
 *     worker ── location 7, "/css/a.css" ──> opener     open_message.h
 *            <── descriptor, or an errno ──
 *
 * A worker that an attacker controls gains what a client could ask for: a location is taken
 * from the opener's own configuration, and with it root or alias and whether links are
 * followed; the path below it has no name "..". Only regular files are given back. A worker
 * that asks too much at once, or does not read the answers, loses its channel.
 */
#ifndef SKUA_PROCESS_WORKER_OPENER_H
#define SKUA_PROCESS_WORKER_OPENER_H

#include "process/worker/child_ops.h"

extern const struct child_ops opener_ops;

#endif
