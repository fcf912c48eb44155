/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server whose program is replaced while it runs. Its answers are "ok", with the pid of the
 * worker in the field X-Pid; what a test writes to more.conf belongs to its main level, what it
 * writes to http.conf to its http block.
 */
#ifndef HARNESS_UPGRADE_H
#define HARNESS_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/client.h"
#include "harness/server.h"

enum { UPGRADE_WORKERS = 32, UPGRADE_CLIENTS = 40 };

/* The path at which the server finds itself. */
extern const char *program;

/* Copies the program; the start of a server does. Skips the test inside a wrapper. */
void upgrade_install(void);

/* A new file takes its place: the program again, or a script. */
void put_program(void);
void put_script(const char *text);

/* A program that doesn't know a directive, beside the real one; its path. */
const char *put_ignorant(const char *directive);

ino_t inode_of(const char *path);
bool file_exists(const struct server *server, const char *name);

/* `main` is text for the main level. The server is in the foreground, or in the background. */
struct server *upgrade_start(const char *main);
struct server *upgrade_start_in_background(const char *main);
void upgrade_stop(struct server *server);

/* The same for a server all of whose processes have ended. */
void upgrade_abandon(struct server *server);

/* For tests that make the server complain. What it has said until now is forgotten. */
void upgrade_forgive(struct server *server);

/* What a command has printed, and its exit status. */
struct upgrade_outcome {
	int status;
	const char *text;
};

/* What the original program says, whatever lies at the server's path by now. */
struct upgrade_outcome upgrade_command(const struct server *server, const char *arguments);

/* -s upgrade; fails the test unless the status is this and the text among what is printed. */
void upgrade_check(const struct server *server, int status, const char *text);

/* A number of the totals of `skua status`: "requests". */
uint64_t upgrade_total(const struct server *server, const char *name);

/* USR2 to a master in the background; the pid of the new one, once it serves. */
pid_t upgrade_start_beside(struct server *server);

/* What -s upgrade leaves in the background: the new master alone, which is server->pid then. */
void upgrade_settle(struct server *server);

/* The first worker of those that were started last. */
pid_t upgrade_worker(const struct server *server);

/* Until the master has so many children; until the first of those before has gone. */
void wait_for_processes(struct server *server, int count);
void wait_for_new(struct server *server, const pid_t before[UPGRADE_WORKERS]);
void wait_for_end(pid_t pid);

/* Idle connections, half of which have not been used; all of them ask. */
void open_clients(struct server *server, struct client *clients[UPGRADE_CLIENTS]);
void check_clients(struct client *clients[UPGRADE_CLIENTS]);

#endif
