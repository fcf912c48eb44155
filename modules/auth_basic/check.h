/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks passwords on threads, since a check is slow on purpose. Two checks run at a time, so that
 * the other threads stay free for files; a few dozen checks wait. Requests that send the same name
 * and password at the same time share one check.
 *
 *     requests ── check_start() ──> queue ──> thread: reads the file, compares ──> wakes them
 */
#ifndef SKUA_AUTH_BASIC_CHECK_H
#define SKUA_AUTH_BASIC_CHECK_H

#include <request.h>

#include "verified.h"

enum check_outcome {
	CHECK_ABANDONED, /* the worker stops, and the password was not checked */
	CHECK_RIGHT,
	CHECK_WRONG,
	CHECK_NO_USER,
	CHECK_UNKNOWN, /* the stored password is in an unknown form */
	CHECK_NO_FILE, /* check_error() says why */
};

struct credentials {
	struct str path; /* of the file; a NUL follows it */
	struct str user, password;
	struct pair_key key;
	struct stat status; /* of the file, as it was when `key` was made */
};

struct check;

/*
 * Begins a check, or joins one that is in progress. The handler of the request must return WAIT;
 * when it is called again, the check is done. The check lives as long as the request. NULL: too
 * many checks wait, and the handler must not return WAIT.
 */
struct check *check_start(struct request *req, const struct credentials *what);

enum check_outcome check_outcome(const struct check *check);

/* With CHECK_NO_FILE, the -errno of reading the file. */
int check_error(const struct check *check);

/* Whether the file, when it was read, was in the state for which the key was made. */
bool check_is_current(const struct check *check);

/*
 * Called when the worker starts, and when it stops. After checks_finish() no waiting check begins.
 */
void checks_init(void);
void checks_finish(void);

#endif
