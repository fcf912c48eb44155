/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens while the server reloads, for whoever waits for the outcome. It
 * lies in a memfd that the new processes inherit, so that their messages come
 * to it like the master's.
 */
#ifndef SKUA_PROCESS_SERVER_REPORT_H
#define SKUA_PROCESS_SERVER_REPORT_H

#include <stddef.h>

#include <str.h>

struct generation;

/* Begins an empty one. Without memory there is none, and all below do nothing. */
void report_begin(void);

/* The descriptor that messages are written to; -1: there is no report now. */
int report_fd(void);

void report_put(struct str text);
void report_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes how the new generation differs from the old one: workers, addresses. */
void report_changes(const struct generation *old, const struct generation *new);

/* Ends it. The text, which the caller frees; NULL: it is empty. */
char *report_end(void);

/* In a child that has started: it has no more to say. */
void report_leave(void);

#endif
