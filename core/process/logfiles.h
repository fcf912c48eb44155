/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens the log files that a configuration has noted (config/logs.h).
 */
#ifndef SKUA_PROCESS_LOGFILES_H
#define SKUA_PROCESS_LOGFILES_H

struct logs;

/*
 * A file for appending, made if need be; the inherited descriptor for
 * /dev/stdout and /dev/stderr, duplicated. The descriptor or -errno.
 */
int logfile_open(const char *path);

/* 0, or -1 after a message for each file that can't be opened; then all are closed. */
int logfiles_open(struct logs *logs);

/*
 * Puts the files that the paths mean now behind the same descriptors. One that
 * can't be opened stays as it was, with a message.
 */
void logfiles_reopen(struct logs *logs);

void logfiles_close(struct logs *logs);

#endif
