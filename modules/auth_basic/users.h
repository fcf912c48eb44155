/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of users, one a line: "name:password", or "name:password:comment" as nginx has it. Lines
 * that begin with "#" are comments.
 */
#ifndef SKUA_AUTH_BASIC_USERS_H
#define SKUA_AUTH_BASIC_USERS_H

#include <stdbool.h>
#include <sys/stat.h>

#include <str.h>

/* The bytes of a file, and what was known of it when they were read. */
struct users {
	char *bytes;
	size_t len;
	struct stat status;
};

/*
 * Reads the file. 0: users_free() it afterwards. -errno of open(2) and read(2); -EINVAL: it is no
 * regular file; -EFBIG: it has more than 16 MiB. May wait for a disk.
 */
int users_read(const char *path, struct users *out);
void users_free(struct users *users);

/* What is stored as the password of this user, by the first line of that name. False: no line. */
bool users_find(const struct users *users, struct str name, struct str *stored);

/* What is stored of the first user in the file, empty if there is none. */
struct str users_first(const struct users *users);

/* Whether the two are the same file in the same state. */
bool users_same(const struct stat *a, const struct stat *b);

#endif
