/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ps(1) shows: "skua: worker 2, generation 5, draining 3".
 */
#ifndef SKUA_PROCESS_OS_PROCTITLE_H
#define SKUA_PROCESS_OS_PROCTITLE_H

/*
 * Makes room: the kernel shows the memory where argv and the environment lie,
 * so the environment moves away. Once, first thing in main().
 */
void proctitle_start(int argc, char **argv);

/* Shows "skua: " and this text, cut to the room there is. */
void proctitle_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command line as it was given, for the master's title. */
const char *proctitle_command_line(void);

#endif
