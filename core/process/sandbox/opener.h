/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The opener: a helper (<helper.h>) that opens files and directories for workers which these must
 * not open themselves:
 *  - what their sandbox forbids: the target of a link that leads out of a root, or a file below a
 *    root whose name leads elsewhere than when the worker started;
 *  - what lies on a file system that may keep a process waiting (file/mounts.h). Of such a file the
 *    worker gets the bytes in memory.
 *
 * The opener may read all files that the workers' user may read.
 *
 *     worker ── location 7, "/css/a.css" ──> opener     open_question.h
 *            <── descriptor, or an errno ──
 *
 * A worker that an attacker controls gets only files that a client could ask for. The opener takes
 * the location from its own configuration, with its root or alias and its policy for links, and
 * refuses paths with a name "..". It opens only regular files, and directories when the worker
 * wants to list one. With the descriptor of a directory a worker can list it; opening files below
 * it stays forbidden.
 *
 * A path that the kernel has in memory is opened at once. Other paths are opened on threads, of
 * which one disk uses OPENER_DISK_SHARE at most. So a disk that does not answer, such as a network
 * file system whose server is down, delays only the requests for its own files.
 */
#ifndef SKUA_PROCESS_SANDBOX_OPENER_H
#define SKUA_PROCESS_SANDBOX_OPENER_H

#include <helper.h>

enum {
	OPENER_THREADS = 32,
	OPENER_DISK_SHARE = 4,
	/* How long it waits for a disk. After that it refuses its files until the disk answers. */
	OPENER_STUCK_MS = 10000,
};

extern const struct helper opener;

#endif
