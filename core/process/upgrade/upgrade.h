/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master becomes another program, or starts one beside itself (signal USR2):
 *
 *     USR2 ─> preflight of the new program ─ fails ─> nothing has changed
 *                │ passes
 *                ├─ in the background: the pid file is renamed, fork, execve; both serve
 *                │  until one of them is told to end (WINCH, QUIT; HUP goes back)
 *                └─ daemon off, pid 1, a service manager: execve in this process,
 *                   with its children and sockets (takeover.h)
 */
#ifndef SKUA_PROCESS_UPGRADE_UPGRADE_H
#define SKUA_PROCESS_UPGRADE_UPGRADE_H

#include <stdbool.h>
#include <str.h>
#include <sys/types.h>

/* What the master does for an upgrade. Members may not be NULL. */
struct upgrade_hooks {
	/*
	 * The control socket of this program makes way for that of the new one, and takes its
	 * place again.
	 */
	void (*set_aside)(void);
	void (*take_back)(void);
	/*
	 * Calls act() with the descriptor of each client that waits for the end of the upgrade,
	 * until it returns false. False: it did.
	 */
	bool (*for_each_client)(bool (*act)(void *data, int fd), void *data);
	/*
	 * Makes channels through which helpers pass on what they keep, and calls act() with the
	 * name of each helper and the end of its channel, which act() owns, until it returns false.
	 * False: it did.
	 */
	bool (*for_each_kept)(bool (*act)(void *data, struct str name, int fd), void *data);
	/* This process is about to become the new program, with its children. */
	void (*leaving)(void);
	/*
	 * The upgrade has ended and this program still runs. `serves`: the new program serves
	 * beside it; otherwise the upgrade has failed, with messages, and nothing has changed.
	 */
	void (*over)(bool serves);
};

/* In the master, once, before any other function here. */
void upgrade_start(const struct upgrade_hooks *hooks);

/*
 * Begins an upgrade; none may be under way. It ends by the hook over(), unless this process
 * becomes the new program. `generation` is the number of the last one.
 */
void upgrade_begin(unsigned generation, bool in_background);

/*
 * This program is to end: a new program in its preflight does not take over, and over() is
 * not called. One that was started beside already goes its own way.
 */
void upgrade_cancel(void);

/* From the preflight to over(): nothing else may change the processes. */
bool upgrade_is_busy(void);

/* Another program serves beside this one, or was started for that. */
bool upgrade_has_peer(void);

/* The process of the program that this one has started beside itself; 0: there is none. */
pid_t upgrade_child(void);

/* In the master: a child that is not in the table of processes has ended. */
void upgrade_reap(pid_t pid, int status);

/* --- the decisions, which tests call ---------------------------------------------- */

enum upgrade_step {
	UPGRADE_NONE, /* no upgrade is under way */
	UPGRADE_PREFLIGHT, /* the new program has to show that it can serve */
	UPGRADE_STARTING, /* it was started beside this one, and does not serve yet */
};

enum upgrade_event {
	UPGRADE_PASSED, /* the preflight */
	UPGRADE_FAILED, /* the preflight or the start; or the new master has ended */
	UPGRADE_SERVES, /* the new master says so */
	UPGRADE_LATE, /* it did not say so in time */
	UPGRADE_CANCELLED, /* this program is to end */
};

enum upgrade_action {
	UPGRADE_DO_NOTHING,
	UPGRADE_DO_EXEC, /* this process becomes the new program; UPGRADE_FAILED if not */
	UPGRADE_DO_START_BESIDE, /* fork the new program; UPGRADE_FAILED if that fails */
	UPGRADE_DO_KILL, /* the new master; UPGRADE_FAILED when it has ended */
	UPGRADE_DO_REPORT_SUCCESS, /* call over() */
	UPGRADE_DO_REPORT_FAILURE,
};

struct upgrade_progress {
	enum upgrade_step step;
	bool is_beside; /* the new program is started beside this one, not in this process */
};

/* Takes an event in and returns what is to be done for it. */
enum upgrade_action upgrade_advance(struct upgrade_progress *progress, enum upgrade_event event);

#endif
