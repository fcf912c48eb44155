/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of the control socket: asks the master that runs.
 */
#ifndef SKUA_PROCESS_ASK_H
#define SKUA_PROCESS_ASK_H

#include <stdbool.h>

struct options;
struct startup;

struct answer {
	bool ok;
	char *text; /* the caller frees it */
};

/*
 * Sends a command (control.h) and waits for the answer, at most `seconds` (0: as
 * long as it takes). 0, or -errno: -ENOENT or -ECONNREFUSED nobody listens
 * there, -EPROTO it hung up without an answer, -ETIMEDOUT.
 */
int ask_master(const char *path, const char *command, int seconds, struct answer *answer);

/* Says on standard error what an error of ask_master() means; returns exit status 1. */
int ask_complain(const char *path, int error);

/* `skua status`: prints what the master says. Returns the exit status. */
int ask_status(const struct startup *startup, bool json);

#endif
