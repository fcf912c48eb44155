/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose rights a process has.
 */
#ifndef SKUA_PROCESS_PRIVILEGES_H
#define SKUA_PROCESS_PRIVILEGES_H

#include <stdint.h>
#include <sys/types.h>

struct identity {
	const char *user; /* its further groups are taken, too; NULL: none */
	uid_t uid;
	gid_t gid;
};

/*
 * Becomes that user for good, if root is running this; otherwise nothing
 * happens, nor where it has been done before. uid 0 stays root without a
 * capability, and can't win one by an exec. 0, or -1 after a message: the
 * process must not go on.
 */
int privileges_drop(const struct identity *identity);

/* It was done by the program that this process ran before. */
void privileges_were_dropped(void);

/*
 * Gives up all capabilities, also those that were inherited without being
 * root, and all ways to win some. 0 or -errno.
 */
int privileges_give_up(void);

/* RLIMIT_NOFILE; 0 leaves it as it is. A refusal is logged and no failure. */
void privileges_limit_files(long limit);

/* What that is now, and how many of them this process has not opened yet. */
uint32_t privileges_file_limit(void);
uint32_t privileges_files_left(void);

#endif
