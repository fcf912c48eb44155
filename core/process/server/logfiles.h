/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens the log files that a configuration has noted (config/logs.h).
 */
#ifndef SKUA_PROCESS_SERVER_LOGFILES_H
#define SKUA_PROCESS_SERVER_LOGFILES_H

#include <stdbool.h>
#include <stddef.h>

struct logs;

/* Whether the path stands for a descriptor that this process was started with. */
bool logfile_is_inherited(const char *path);

/*
 * A file for appending, made if need be; the inherited descriptor for
 * /dev/stdout and /dev/stderr, duplicated. Links are followed by the rule of place.h.
 * Waits for nobody, also where nobody reads a named pipe. The descriptor or -errno;
 * then `why` says what was wrong, if errno does not.
 */
int logfile_open(const char *path, char *why, size_t why_size);

/* 0, or -1 after a message for each file that can't be opened; then all are closed. */
int logfiles_open(struct logs *logs);

/*
 * Puts the files that the paths mean now behind the same descriptors. One that
 * can't be opened stays as it was, with a message.
 */
void logfiles_reopen(struct logs *logs);

void logfiles_close(struct logs *logs);

/*
 * In a child: while the master has a named pipe open for its logs, it is a reader that
 * reads nothing, so that lines wait there for somebody else; children are none.
 */
void logfiles_forget_readers(void);

#endif
