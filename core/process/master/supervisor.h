/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the processes of generations running: starts them, replaces those that end, and watches
 * those that were told to end. policy.h makes the decisions, and reload.c handles the change of
 * the generation as a whole.
 */
#ifndef SKUA_PROCESS_MASTER_SUPERVISOR_H
#define SKUA_PROCESS_MASTER_SUPERVISOR_H

#include <stdbool.h>
#include <str.h>
#include <stdint.h>
#include <sys/types.h>

struct generation;
struct process;

struct supervisor_hooks {
	/* All processes of the generation serve, for the first time. */
	void (*serving)(struct generation *generation);
	/* A process could not start before the generation has served: it is being retired. */
	void (*failed)(struct generation *generation);
	/* The last process of the generation has ended. It may be destroyed. */
	void (*ended)(struct generation *generation);
	/* A process has closed its listening sockets, or has ended. */
	void (*closed)(void);
	/* A child has ended that is not in the table of processes. */
	void (*unknown_child)(pid_t pid, int status);
};

/* In the master, once. Members of the hooks may not be NULL. 0 or -errno. */
int supervisor_start(const struct supervisor_hooks *hooks);

/*
 * Watches the processes that table_restore() has put into the table: another program has
 * started them. A process whose generation has no configuration is not replaced when it
 * ends: the connections in its inbox wait for the next generation.
 */
void supervisor_watch_restored(void);

/* Starts all processes of a generation. 0, or -errno after a message; then none is left. */
int supervisor_begin(struct generation *generation);

/* Lets its processes end after the responses in progress, the acceptor before the workers. */
void supervisor_retire(struct generation *generation);

/*
 * Whether a process that was told to end still has listening sockets open.
 * supervisor_forget_accepting() makes this false without waiting for those processes.
 */
bool supervisor_accepts(void);
void supervisor_forget_accepting(void);

/* All processes there are end now. */
void supervisor_stop_all(void);
void supervisor_kill_all(void);

/* What a helper of another program keeps goes to the helper of this generation (helpers_take()). */
void supervisor_take_passed(struct generation *generation, struct str name, int fd);

/*
 * Another program is about to replace this one in the same process: the workers get the
 * helpers that they may come to need (helpers.h).
 */
void supervisor_leave_helpers(void);

/* Gives all processes of the generation its log files again. */
void supervisor_send_logs(struct generation *generation);

/* At SIGCHLD: handles all children that have ended. */
void supervisor_reap(void);

#endif
