/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of users with one user on each line: "name:password", or "name:password:comment" as in
 * nginx. Lines that begin with "#" are comments.
 */
#ifndef SKUA_AUTH_BASIC_USERS_H
#define SKUA_AUTH_BASIC_USERS_H

#include <stdbool.h>
#include <sys/stat.h>

#include <str.h>

#include "password.h"

/* The bytes of a file, and its status when they were read. */
struct users {
	char *bytes;
	size_t len;
	struct stat status;
};

/*
 * Reads the file. 0: the caller frees it with users_free(). Otherwise the -errno of open(2) or
 * read(2), -EINVAL if it is not a regular file, or -EFBIG if it has more than 16 MiB. May block on
 * the disk.
 */
int users_read(const char *path, struct users *out);
void users_free(struct users *users);

/*
 * Compares the password with that of the first line with this name; *is_known says whether there is
 * one. If there is none, or if its password is stored in an unknown form (PASSWORD_UNKNOWN), the
 * password is compared with that of another user, so that the time does not tell which names the
 * file has. May take long: call it on a thread.
 */
enum password_result users_check(const struct users *users, struct str name, struct str password,
				 bool *is_known);

/* Whether both are the status of the same file in the same state. */
bool users_same(const struct stat *a, const struct stat *b);

#endif
