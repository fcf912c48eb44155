/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user of a process, its capabilities and its limits.
 */
#ifndef SKUA_PROCESS_SANDBOX_PRIVILEGES_H
#define SKUA_PROCESS_SANDBOX_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct identity {
	const char *user; /* name, for its supplementary groups; NULL: none */
	uid_t uid;
	gid_t gid;
};

/*
 * Changes to this user permanently, if this process runs as root and has not changed before;
 * otherwise does nothing. A worker with uid 0 stays root without capabilities, and gets none by
 * execve(2). A process that has this identity already and may not change its groups (CAP_SETGID)
 * keeps its groups. 0, or -errno after a message: then the process must end.
 */
int privileges_drop(const struct identity *identity);

/*
 * Checks whether a process with this identity could search each path that is a directory, and read
 * each other path: errors[i] becomes 0 or -errno for paths[i]. The identity of this process does
 * not change: root forks a child that tries. 0, or -errno if the check was not possible.
 */
int privileges_try(const struct identity *identity, const char *const *paths, size_t count,
		   int *errors);

/* The name of the user whose rights this process has, or "". Valid until the next call. */
const char *privileges_user(void);

/* In bytes, including the NUL. */
#define PRIVILEGES_NAME_SIZE 64

/* Writes the name of a user, or "user 1234" if the system has no name for it. */
void privileges_name_of(uid_t uid, char name[PRIVILEGES_NAME_SIZE]);

/* Records that the program which this process ran before has dropped its privileges. */
void privileges_were_dropped(void);

/*
 * Gives up all capabilities, even those that a process without root has inherited, and all ways
 * to gain some. 0 or -errno.
 */
int privileges_give_up(void);

/* Whether this process may listen on ports below 1024 (CAP_NET_BIND_SERVICE). */
bool privileges_for_ports(void);

/* Sets RLIMIT_NOFILE, unless it is 0. If that fails, only a message is logged. */
void privileges_limit_files(long limit);

/* The current RLIMIT_NOFILE. */
uint32_t privileges_file_limit(void);

/* How many more descriptors this process may open. */
uint32_t privileges_files_left(void);

#endif
