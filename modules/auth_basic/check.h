/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks passwords on threads, since that takes long on purpose. Two run at a time, so that the
 * other threads are left to files; a few dozen wait. Requests that bring the same password at the
 * same time share one check.
 *
 *     requests ── check_start() ──> queue ──> thread: reads the file, compares ──> wakes them
 */
#ifndef SKUA_AUTH_BASIC_CHECK_H
#define SKUA_AUTH_BASIC_CHECK_H

#include <request.h>

#include "verified.h"

enum check_outcome {
	CHECK_ABANDONED, /* the worker stops: nobody has looked at the password */
	CHECK_RIGHT,
	CHECK_WRONG,
	CHECK_NO_USER,
	CHECK_UNKNOWN, /* what is stored is in no known form */
	CHECK_NO_FILE, /* `error` says why */
};

struct credentials {
	struct str path; /* of the file; NUL follows */
	struct str user, password;
	struct pair_key key;
	struct stat status; /* of the file, for which the key was made */
};

struct check;

/*
 * Begins a check, or joins one that is under way: the request waits, and its handler returns WAIT.
 * When the handler is called again the check is done. It lives as long as the request. NULL: too
 * many passwords wait for their check.
 */
struct check *check_start(struct request *req, const struct credentials *what);

enum check_outcome check_outcome(const struct check *check);

/* -errno of CHECK_NO_FILE. */
int check_error(const struct check *check);

/* Whether the file was in the state for which the key was made. */
bool check_is_current(const struct check *check);

/* The worker starts; it stops, when no request is left, and what waits is not checked any more. */
void checks_init(void);
void checks_finish(void);

#endif
