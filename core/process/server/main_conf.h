/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directives of the main level and of the block events, which concern processes.
 */
#ifndef SKUA_PROCESS_SERVER_MAIN_CONF_H
#define SKUA_PROCESS_SERVER_MAIN_CONF_H

#include <conf.h>
#include <sys/types.h>

#include "process/server/worker_conf.h"

struct module;

enum accept_mode {
	ACCEPT_SHARED, /* all workers wait for the same sockets */
	ACCEPT_REUSEPORT, /* each worker has sockets of its own */
	ACCEPT_HANDOFF, /* one process accepts and deals connections out */
};

struct events_conf {
	int64_t worker_connections;
	bool multi_accept;
	bool balance;
	int accept_mode; /* enum accept_mode */
};

struct main_conf {
	struct str user; /* whose rights the workers take when root starts the server */
	uid_t uid;
	gid_t gid;
	int64_t worker_processes;
	int64_t worker_rlimit_nofile; /* 0: as it is */
	struct duration worker_shutdown_timeout; /* 0: none */
	struct duration drain_delay; /* from the signal QUIT until the listening sockets close */
	int term_quits; /* 1: the signal TERM means the same as QUIT */
	struct str pid; /* empty: the path that configure was given; "off" */
	struct str control; /* empty: the pid file's path with ".sock"; "off" */
	bool daemon;
	bool master_process;
	struct worker_conf worker;
	const struct events_conf *events; /* NULL: there is no such block */
};

/* The table of processes has room for this many workers of two generations (table.h). */
#define WORKERS_MAX 512

extern const struct module main_module;
extern const struct module events_module;

const struct main_conf *main_conf_of(struct conf *conf);
const struct events_conf *events_conf_of(struct conf *conf);

/* Full path of the pid file; in the configuration's pool. Empty: there is none. */
struct str main_conf_pid_path(struct conf *conf);

/* Full path of the control socket; in the configuration's pool. Empty: there is none. */
struct str main_conf_control_path(struct conf *conf);

#endif
