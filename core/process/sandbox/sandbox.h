/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox of workers, acceptor and helpers. A process that enters it gives up permanently:
 *
 *     capabilities     all, also those that execve(2) could give (no_new_privs)
 *     files            all but those that the configuration names, for reading (Landlock)
 *     system calls     all but those of a table (seccomp)
 *     inspection       by other processes of the same user: no ptrace, no core dumps
 *
 * If the kernel lacks one of these, that part is left out and logged. Instrumented programs need
 * more rights and get them (sandbox_instrument()).
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
 * The instrumentation of this program: "a sanitizer", "coverage" or "valgrind"; NULL: none. A
 * sanitizer opens /proc and traces its own threads, a coverage build writes its counters at the
 * end, and valgrind makes system calls of its own. None of them works in the sandbox, so
 * sandbox_enter() does not restrict files and system calls then.
 */
const char *sandbox_instrument(void);

/* Logs what the workers of this configuration may do, and which parts the kernel lacks. */
void sandbox_announce(struct conf *conf);

enum sandbox_files {
	SANDBOX_NO_FILES,
	SANDBOX_ROOTS, /* the files that the configuration names, for reading */
	SANDBOX_ALL_FILES, /* all files that its user may read */
	SANDBOX_WRITTEN, /* files below the directories of conf_writes(), for writing */
};

/* The additional needs of a process. */
struct sandbox_needs {
	enum sandbox_files files;
	const int *calls; /* system calls besides those of the table, ended by -1; NULL: none */
	bool forks; /* it may start copies of itself and wait for them */
};

/*
 * Enters the sandbox, with the settings `own`. To be called after the privileges were dropped and
 * before the first thread is started. 0, or -errno after a message: then the process must end.
 */
int sandbox_enter(struct conf *conf, const struct sandbox_conf *own,
		  const struct sandbox_needs *needs);

/* Whether SANDBOX_ROOTS with these settings hides files that the process's user may read. */
bool sandbox_hides_files(const struct sandbox_conf *own);

/* The configuration whose sandbox this process has entered; NULL: it has entered none. */
struct conf *sandbox_entered(void);

/* Prints the rules and the system calls for `skua help sandbox -c FILE`. */
void sandbox_print(struct conf *conf, FILE *to);

#endif
