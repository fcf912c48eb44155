/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before an upgrade the new program is examined: the master starts it beside itself, with
 * the same arguments. It reads the configuration and responds to one request.
 *
 *     master ──fork, exec──> the new program, SKUA_TRIAL=descriptor
 *        │ <──── hello ─────────┤  the configuration is good, it can serve
 *        │ ───── GET / ────────>┤
 *        │ <─── HTTP/1.1 … ─────┤
 *        └ <─── exit 0 ─────────┘
 *
 * The new program binds nothing, opens no log file and writes nothing. If it fails, its
 * standard output and error go to the log of the master.
 */
#ifndef SKUA_PROCESS_UPGRADE_PREFLIGHT_H
#define SKUA_PROCESS_UPGRADE_PREFLIGHT_H

#include <stdbool.h>
#include <sys/types.h>

struct generation;
struct startup;

/*
 * In the master: starts the program that lies at program_path(). over() is called once, from
 * the loop; if the program has not passed, the reason has been logged. 0 or -errno; then
 * over() is not called.
 */
int preflight_start(void (*over)(bool passed));

/* In the master: a child has ended. Returns whether it was the program of the preflight. */
bool preflight_reap(pid_t pid, int status);

/* In the new program: whether it was started for a preflight. */
bool preflight_is_this(void);

/*
 * In the new program: says hello and serves the request with this configuration, which
 * stays the caller's. Returns the exit status.
 */
int preflight_serve(const struct startup *startup, struct generation *generation);

#endif
