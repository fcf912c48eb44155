/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collects the messages of a reload, reopen or upgrade for the command that waits for its
 * outcome. They lie in a memfd that the new processes inherit, so that their messages get
 * there like the master's.
 */
#ifndef SKUA_PROCESS_SERVER_REPORT_H
#define SKUA_PROCESS_SERVER_REPORT_H

#include <stddef.h>

#include <str.h>

struct generation;

/* Begins an empty report. Without memory there is none, and all functions below do nothing. */
void report_begin(void);

/* The descriptor that messages are written to; -1: there is no report now. */
int report_fd(void);

/* Appends a text. */
void report_put(struct str text);

/* The same, up to 1023 bytes. */
void report_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes how the new generation differs from the old one: workers, addresses. */
void report_changes(const struct generation *old, const struct generation *new);

/* Ends the report. Returns its text, which the caller frees; NULL: it is empty. */
char *report_end(void);

/* Closes it without reading: in a child that has started, whose later messages are not for it. */
void report_leave(void);

#endif
