/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that look at themselves: a sanitizer opens /proc and traces its own
 * threads, a coverage build writes its counters at the end, valgrind makes the
 * system calls of two programs. None of them can do so in the sandbox.
 */
#ifndef SKUA_PROCESS_SANDBOX_RELAX_H
#define SKUA_PROCESS_SANDBOX_RELAX_H

/* "a sanitizer", "coverage" or "valgrind"; NULL: this is the program alone. */
const char *relax_reason(void);

#endif
