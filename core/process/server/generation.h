/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generation: a configuration with the settings that the processes look up in it. Each
 * reload makes a new generation; the processes of the old one keep theirs until they have
 * ended.
 */
#ifndef SKUA_PROCESS_SERVER_GENERATION_H
#define SKUA_PROCESS_SERVER_GENERATION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <str.h>
#include <sys/types.h>

struct conf;
struct events_conf;
struct listeners;
struct main_conf;
struct shared_conf;

/* What the command line has fixed for the life of the server. */
struct startup {
	struct str prefix; /* absolute, with a slash at the end */
	struct str conf_path; /* absolute */
	struct str globals; /* of -g */
	struct str
		error_log; /* absolute: for errors where no error_log is configured */
	struct str text; /* the configuration itself, by `skua serve`; data NULL: the file's */
	bool json; /* messages about the configuration are objects of JSON: -t --json */
	bool serve; /* no pid file, no file of -e, rights of the folder's owner */
	uid_t uid; /* of the folder's owner */
	gid_t gid;
	void (*serving)(const struct startup *startup); /* called once the server serves; or NULL */
};

struct generation {
	unsigned number; /* from 1; a rejected one does not count */
	struct conf *conf; /* NULL: passed on, or of another program; its processes can only end */
	struct shared_conf *shared; /* holds what the next three point to; NULL: none was read */
	const struct main_conf *main;
	const struct events_conf *events;
	struct listeners *listeners;
	unsigned workers; /* how many */
	bool socket_each; /* each worker has listening sockets of its own: accept_mode reuseport */
	int64_t since_ms; /* wall clock: since when it serves */
	bool serving; /* all its processes have been ready once */
	bool retiring; /* its processes are ending and are not replaced */
};

/*
 * Reads and checks a configuration, opens nothing. 0 and *out, which generation_destroy()
 * ends; or -errno and *out NULL, after all errors were printed: those of conf_load() (config.h)
 * for the configuration.
 */
int generation_read(const struct startup *startup, FILE *messages, struct generation **out);

/* The same for a server that runs: the errors go to the report (report.h) and to the log. */
int generation_read_again(const struct startup *startup, struct generation **out);

/*
 * Opens its log files and listening sockets, as master. 0, or -errno after messages;
 * then nothing is left open.
 */
int generation_open(struct generation *generation);

/*
 * From now on this process logs to the error_log of the configuration's main level. With
 * `starts`, while it starts, it also logs for whoever waits for the start: to the report of a
 * reload (report.h) or, without one, to standard error.
 */
void generation_use_log(const struct generation *generation, bool starts);

/*
 * Moves the configuration from one generation to another. From then on new processes are
 * started for `to`; those of `from` can only end. Both may read its settings until they are
 * destroyed, in any order.
 */
void generation_pass(struct generation *from, struct generation *to);

/*
 * Frees it. The last generation of a configuration closes its log files and frees it as well; its
 * sockets belong to listen.c. NULL is fine.
 */
void generation_destroy(struct generation *generation);

#endif
