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
 * Opens a file for appending, and makes it if need be; /dev/stdout and /dev/stderr are the
 * inherited descriptors, duplicated. Links are followed by the rule of place.h. Does not
 * wait, also if nobody reads a named pipe. The descriptor or -errno; then `why` says what was
 * wrong, or is "" if the error tells enough.
 */
int logfile_open(const char *path, char *why, size_t why_size);

/*
 * Opens all log files of a configuration. 0, or the -errno of one of them after a message for
 * each file that cannot be opened; then all are closed.
 */
int logfiles_open(struct logs *logs);

/*
 * Opens the files again that the paths lead to now, behind the same descriptors. If one
 * cannot be opened, its descriptor stays as it was, and a message says so.
 */
void logfiles_reopen(struct logs *logs);

/*
 * Begins to send on what is written for syslog; to be called when the loop of this process, which
 * has opened the logs, has started.
 */
void logfiles_watch(struct logs *logs);

/* Closes all log files of a configuration. */
void logfiles_close(struct logs *logs);

#endif
