/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ps(1) shows: "skua: worker 2, generation 5, draining 3".
 */
#ifndef SKUA_PROCESS_OS_PROCTITLE_H
#define SKUA_PROCESS_OS_PROCTITLE_H

/*
 * Moves argv and the environment away from the memory that the kernel shows as the command
 * line, so that a title can be written there. Call it once, first thing in main().
 */
void proctitle_start(int argc, char **argv);

/* Shows "skua: " and this text, cut to the size of argv and the environment at the start. */
void proctitle_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command line as it was given, for the master's title. */
const char *proctitle_command_line(void);

#endif
