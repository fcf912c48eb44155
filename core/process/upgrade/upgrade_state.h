/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a master gives to another program that goes on in its place, or beside
 * it: numbers of descriptors and what they are. It travels as text in a file
 * that has no name (memfd_create(2)), whose descriptor the variable SKUA_STATE
 * gives: "STATE;PROGRAM", PROGRAM being the file of the program before, if there
 * is a way back to it. A line is a word and its values; words that a reader
 * doesn't know are ignored, so that an old and a new program understand each other:
 *
 *     skua-state 1
 *     how instead
 *     generation 12
 *     listener 3 9 02001f907f000001…      id, descriptor, address in hex, its lender
 *     process 0 worker 2 running 4711 10 11 12 5000 0
 *     left 14 32                          what a process that has ended has left, limit
 *     zone 13 4096 48 hits-1 visitors     descriptor, size, lock, layout, name
 *     kept 15 compressor                  a channel with what this helper keeps (helper_passing.h)
 *     module 16 ssl                       a file with what this module passes on (module.h)
 */
#ifndef SKUA_PROCESS_UPGRADE_UPGRADE_STATE_H
#define SKUA_PROCESS_UPGRADE_UPGRADE_STATE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <str.h>
#include <sys/types.h>

#include "net/listener.h"
#include "process/server/table.h"

#define STATE_CLIENTS 16
#define STATE_NAME    256 /* longer than a name of sd_listen_fds_with_names(3) */
#define STATE_LAYOUT  64

enum upgrade_how {
	UPGRADE_INSTEAD, /* the reader is the same process */
	UPGRADE_BESIDE, /* the reader is a child; both serve */
};

struct state_socket {
	uint32_t id; /* struct listener */
	int fd;
	union address address;
	socklen_t address_len;
	char lender[STATE_NAME]; /* the name a service manager gave it; "": none */
};

struct state_process {
	unsigned slot; /* its place in the table */
	enum process_kind kind;
	unsigned index;
	enum process_state state;
	pid_t pid; /* 0: not running */
	int channel; /* the master's end; -1 */
	int inbox[2]; /* -1: none */
	int64_t started_ms; /* monotonic */
	int64_t granted; /* struct process; -1: struct process, is_old */
};

/* The inbox or the channel of a process that has ended, for orphans_take(). */
struct state_orphan {
	int fd;
	uint32_t limit; /* UINT32_MAX, too, if an old program did not write it */
};

struct state_zone {
	int fd;
	size_t size, head; /* struct zone_file */
	char layout[STATE_LAYOUT];
	char name[STATE_NAME];
};

struct state_kept {
	int fd;
	char name[STATE_NAME];
};

struct state_module {
	int fd;
	char name[STATE_NAME];
};

struct upgrade_state {
	enum upgrade_how how;
	unsigned generation; /* the number of the last one */
	int peer; /* channel to the other master; -1 */
	int stats; /* the memory of the counters; -1 */
	size_t stats_size; /* of one slot */
	unsigned stats_layout; /* of it; 0: not known */
	int clients[STATE_CLIENTS]; /* of the control socket, that wait for the upgrade */
	size_t clients_count;
	char pid_path[PATH_MAX]; /* "": there is no pid file */
	struct state_socket *sockets;
	size_t sockets_count;
	struct state_process *processes;
	size_t processes_count;
	struct state_orphan *orphans;
	size_t orphans_count;
	struct state_zone *zones;
	size_t zones_count;
	struct state_kept *kept;
	size_t kept_count;
	struct state_module *modules;
	size_t modules_count;
};

/* Makes an empty state. */
void state_init(struct upgrade_state *state);
void state_finish(struct upgrade_state *state);

/* False: no memory. */
bool state_add_socket(struct upgrade_state *state, const struct state_socket *socket);
bool state_add_process(struct upgrade_state *state, const struct state_process *process);
bool state_add_orphan(struct upgrade_state *state, const struct state_orphan *orphan);
bool state_add_zone(struct upgrade_state *state, const struct state_zone *zone);
bool state_add_kept(struct upgrade_state *state, const struct state_kept *kept);
bool state_add_module(struct upgrade_state *state, const struct state_module *module);

/* False: there are too many. */
bool state_add_client(struct upgrade_state *state, int fd);

/* Writes the state into a new file. Its descriptor, close-on-exec, or -errno. */
int state_write(const struct upgrade_state *state);

/* Adds a socket to such a file. 0 or -errno. */
int state_append_socket(int fd, const struct state_socket *socket);

/* Reads the file from its beginning; closes nothing. 0, -errno, -EBADMSG: it is not understood. */
int state_read(struct upgrade_state *state, int fd);

/* Reads the state from its text. 0 or -EBADMSG. */
int state_parse(struct upgrade_state *state, struct str text);

/*
 * Sets close-on-exec on all its descriptors, or takes it away. Safe in a handler
 * of a signal.
 */
void state_keep_from_exec(const struct upgrade_state *state, bool keep);

#endif
