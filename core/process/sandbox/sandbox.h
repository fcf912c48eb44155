/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox around workers and acceptor. A process cannot get back what it has given up
 * here:
 *
 *     capabilities     all, also those that an exec could bring (no_new_privs)
 *     files            but what the configuration names, for reading (Landlock)
 *     system calls     but those of a table (seccomp)
 *     being looked at  by others of the same user: no ptrace, no core dumps
 *
 * What the kernel does not have is left out, with a line in the log. Instrumented programs
 * need more rights for themselves and get them (sandbox_instrument()).
 */
#ifndef SKUA_PROCESS_SANDBOX_SANDBOX_H
#define SKUA_PROCESS_SANDBOX_SANDBOX_H

#include <conf.h>
#include <stdbool.h>
#include <stdio.h>

struct conf;
struct module;

enum sandbox_mode { SANDBOX_OFF, SANDBOX_ON, SANDBOX_STRICT };

struct sandbox_conf {
	int mode; /* enum sandbox_mode */
	struct size core; /* worker_rlimit_core; 0: no core dumps */
};

extern const struct module sandbox_module;

/* The settings of a configuration. */
const struct sandbox_conf *sandbox_conf_of(struct conf *conf);

/*
 * What observes this program from within: "a sanitizer", "coverage" or "valgrind"; NULL:
 * nothing. A sanitizer opens /proc and traces its own threads, a coverage build writes its
 * counters at the end, valgrind makes the system calls of two programs. None of them works
 * in the sandbox, so sandbox_enter() leaves out files and system calls then.
 */
const char *sandbox_instrument(void);

/* Says in the log what the workers of this configuration may do, and what is missing. */
void sandbox_announce(struct conf *conf);

enum sandbox_files {
	SANDBOX_NO_FILES,
	SANDBOX_ROOTS, /* what the configuration names, for reading */
	SANDBOX_ALL_FILES, /* what its user may read */
};

/* What a process needs that others do without. */
struct sandbox_needs {
	enum sandbox_files files;
	const int *calls; /* system calls besides those of the table, ended by -1; NULL: none */
};

/*
 * Enters it, with the settings `own`: after the privileges were dropped and before there is a
 * thread. 0, or -errno after a message: the process must not go on.
 */
int sandbox_enter(struct conf *conf, const struct sandbox_conf *own,
		  const struct sandbox_needs *needs);

/* Whether SANDBOX_ROOTS keeps a process with these settings from files its user may read. */
bool sandbox_hides_files(const struct sandbox_conf *own);

/* The configuration whose sandbox this process has entered; NULL: it has entered none. */
struct conf *sandbox_entered(void);

/* `skua help sandbox -c FILE`: the rules and the system calls. */
void sandbox_print(struct conf *conf, FILE *to);

#endif
