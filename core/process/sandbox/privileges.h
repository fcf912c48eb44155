/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user whose rights a process has, its capabilities and limits.
 */
#ifndef SKUA_PROCESS_SANDBOX_PRIVILEGES_H
#define SKUA_PROCESS_SANDBOX_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct identity {
	const char *user; /* its further groups are taken, too; NULL: none */
	uid_t uid;
	gid_t gid;
};

/*
 * Becomes that user for good, if this process runs as root and has not done so before;
 * otherwise it does nothing. A worker of uid 0 stays root without a capability, and cannot
 * win one by execve(2). A process that may not change its groups (CAP_SETGID) and has the
 * identity already keeps them. 0, or -errno after a message: the process must not go on.
 */
int privileges_drop(const struct identity *identity);

/*
 * Whether a process with this identity could enter each path that is a directory, or read
 * each other one: errors[i] is 0 or -errno for paths[i]. The identity of this process
 * does not change: root forks a child that tries. 0 or -errno, if nothing could be tried.
 */
int privileges_try(const struct identity *identity, const char *const *paths, size_t count,
		   int *errors);

/* The name of the user whose rights this process has, or "". Valid until the next call. */
const char *privileges_user(void);

/* In bytes, with the NUL at the end. */
#define PRIVILEGES_NAME_SIZE 64

/* Writes the name of a user, or "user 1234" for one that the system has no name for. */
void privileges_name_of(uid_t uid, char name[PRIVILEGES_NAME_SIZE]);

/* Notes that the program which this process ran before has dropped them. */
void privileges_were_dropped(void);

/*
 * Gives up all capabilities, also those that were inherited without being
 * root, and all ways to win some. 0 or -errno.
 */
int privileges_give_up(void);

/* Whether this process may listen on ports below 1024 (CAP_NET_BIND_SERVICE). */
bool privileges_for_ports(void);

/* Sets RLIMIT_NOFILE; 0 leaves it as it is. A refusal is logged and no failure. */
void privileges_limit_files(long limit);

/* The limit as it is now. */
uint32_t privileges_file_limit(void);

/* How many more descriptors this process may open. */
uint32_t privileges_files_left(void);

#endif
