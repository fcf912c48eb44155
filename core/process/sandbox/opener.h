/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The opener: a helper (<helper.h>) that opens files for the workers which their sandbox keeps
 * them from, because a link below a root leads there, or the root's own name leads elsewhere
 * than when they started. It has the rights of the workers' user, and may read all that this
 * user may.
 *
 *     worker ── location 7, "/css/a.css" ──> opener     open_question.h
 *            <── descriptor, or an errno ──
 *
 * A worker that an attacker controls gains what a client could ask for: a location is taken
 * from the opener's own configuration, and with it root or alias and whether links are
 * followed; the path below it has no name "..". Only regular files are given back.
 *
 * What the kernel has in memory is opened at once. For the rest there are threads, of which the
 * files of one disk take OPENER_DISK_SHARE at most: a disk that does not answer, as one of a
 * network whose server has gone, stops nothing but the requests for its own files.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPENER_H
#define SKUA_PROCESS_SANDBOX_OPENER_H

#include <helper.h>

enum {
	OPENER_THREADS = 32,
	OPENER_DISK_SHARE = 4,
	/* It waits so long for a disk. Then files there are refused until the disk answers. */
	OPENER_STUCK_MS = 10000,
};

extern const struct helper opener;

#endif
