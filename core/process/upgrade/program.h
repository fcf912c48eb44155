/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that runs here, and how it was started: what an upgrade starts
 * again, and what it goes back to.
 */
#ifndef SKUA_PROCESS_UPGRADE_PROGRAM_H
#define SKUA_PROCESS_UPGRADE_PROGRAM_H

/*
 * Remembers the path, seen from the folder where the command was given, and the
 * arguments; argv stays the caller's and must live. Links in the path are kept:
 * a link that is changed later leads to another program. Once, in main().
 */
void program_note(char **argv);

/* The full path; the file that lies there may be another one by now. */
const char *program_path(void);

/*
 * A descriptor of the file that runs in this process, close-on-exec, whatever
 * lies at the path by now; opened once. -errno.
 */
int program_fd(void);

/* execve(2) of what lies at the path, with the same arguments and `environ`. -errno. */
int program_exec(void);

/* The same with the file behind a descriptor. Safe in a handler of a signal. */
int program_exec_fd(int fd);

#endif
