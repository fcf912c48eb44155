/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new program is tried before it takes over: it is started beside, with the
 * same arguments, reads the configuration, and answers one request.
 *
 *     master ──fork, exec──> the program, SKUA_TRIAL=descriptor
 *        │ <──── hello ─────────┤  the configuration is good, it can serve
 *        │ ───── GET / ────────>┤
 *        │ <─── HTTP/1.1 … ─────┤
 *        └ <─── exit 0 ─────────┘
 *
 * It binds nothing, opens no log file, writes nothing. What it says on standard
 * output and error goes to the log of the master when it fails.
 */
#ifndef SKUA_PROCESS_UPGRADE_PREFLIGHT_H
#define SKUA_PROCESS_UPGRADE_PREFLIGHT_H

#include <stdbool.h>
#include <sys/types.h>

struct generation;
struct startup;

/*
 * Starts the program that lies at program_path(). over() is called once, from
 * the loop, after the reason of a failure has been logged. 0 or -errno; then it
 * is not called.
 */
int trial_start(void (*over)(bool passed));

/* A child has ended: true when it was the one on trial. */
bool trial_reap(pid_t pid, int status);

/* In the program: whether this is a trial. */
bool trial_is_this(void);

/* Answers the request with a configuration that was read. Returns the exit status. */
int trial_answer(const struct startup *startup, struct generation *generation);

#endif
