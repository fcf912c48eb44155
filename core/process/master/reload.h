/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes the generation that serves. The same code starts the server, with nothing to replace,
 * and replaces the workers without a change of the configuration:
 *
 *     read, check, open ─> STARTING ── all processes are ready ──> CLOSING ─> over
 *       │ errors              │ one cannot start                    old processes end, the
 *       └─ nothing changed    └─> FAILED ── all have ended ─> over  addresses that no longer
 *                                 nothing changed                   serve are closed
 */
#ifndef SKUA_PROCESS_MASTER_RELOAD_H
#define SKUA_PROCESS_MASTER_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

struct generation;
struct startup;

/* What the master knows and does. Members may not be NULL. */
struct reload_hooks {
	/* The server was told to end: processes that end are not replaced. */
	bool (*is_ending)(void);
	/* Nothing is under way that changes the processes, and the server goes on. */
	bool (*may_change)(void);
	/* Takes the pid file and the control socket that this generation names. */
	void (*claim)(const struct generation *generation);
	/* The first generation could not start, and no other one serves. */
	void (*cannot_start)(void);
	/* A reload, or the last process of a generation, has ended: others may have waited. */
	void (*over)(void);
};

/* In the master, once; the loop has been started. Starts the supervisor. 0 or -errno. */
int reload_start(const struct startup *startup, const struct reload_hooks *hooks);

/* The processes of another program, if any, serve until a generation of this one does. */
void reload_restore(void);

/*
 * Starts the processes of a generation that has been opened, such as the first. 0, or -errno
 * after a message; then the generation stays the caller's.
 */
int reload_start_generation(struct generation *generation);

/* Reads the configuration again. No reload may be under way, and a generation serves. */
void reload_begin(void);

/* Replaces all processes by new ones with the same configuration; `why` is for the log. */
void reload_respawn(const char *why);

/*
 * The same if listening sockets are not served by any worker: they were opened for workers
 * that did not come to serve, or that were another program's. Once per generation.
 */
void reload_respawn_for_sockets(void);

bool reload_is_under_way(void);

/* The number of reloads that have begun. */
unsigned reload_round(void);

/* The number of the last generation. */
unsigned reload_last_number(void);

/* The generation that serves, and the one that is being started; NULL: there is none. */
struct generation *reload_active(void);
struct generation *reload_next(void);

/* The processes of both generations end, after the responses under way. */
void reload_retire_all(void);

void reload_finish(void);

/* --- the decisions, which tests call ---------------------------------------------- */

enum reload_step {
	RELOAD_NONE,
	RELOAD_STARTING, /* the processes of the new generation start */
	RELOAD_FAILED, /* those that have started end again */
	RELOAD_CLOSING, /* it serves; the processes before close the addresses dropped */
};

enum reload_event {
	RELOAD_BEGUN, /* the new generation is open, and its processes were forked */
	RELOAD_SERVES, /* all its processes are ready */
	RELOAD_UNABLE, /* one of them cannot start */
	RELOAD_ENDED, /* the last of its processes has ended */
	RELOAD_CLOSED, /* the addresses dropped are closed */
};

enum reload_action {
	RELOAD_DO_NOTHING,
	RELOAD_DO_REPLACE, /* the new generation is the active one, that before it retires */
	RELOAD_DO_REPORT_SUCCESS,
	RELOAD_DO_ROLL_BACK, /* what was opened is closed, the failure reported */
	RELOAD_DO_GIVE_UP, /* the server has nothing that serves */
	RELOAD_DO_FORGET, /* the generation that did not come to serve */
};

struct reload_progress {
	enum reload_step step;
	bool replaces; /* there is a generation that serves meanwhile */
};

/* Takes an event in and returns what is to be done for it. */
enum reload_action reload_advance(struct reload_progress *progress, enum reload_event event);

#endif
