/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --password of `skua serve`: the file that auth_basic reads, in a folder of its own in $TMPDIR
 * or /tmp. Nobody but the user of the workers may read it, and it holds a salted digest.
 */
#ifndef SKUA_CLI_SERVE_PASSWORD_H
#define SKUA_CLI_SERVE_PASSWORD_H

#include <pool.h>
#include <sys/types.h>

/*
 * Writes the file for "USER:PASS", or for "USER" and a password that is asked for on the
 * terminal, or is a line of standard input if that is none. uid and gid are those of the
 * workers. Returns 0 and *path, in the pool; or -errno after a message.
 */
int serve_password_write(struct pool *pool, const char *given, uid_t uid, gid_t gid,
			 const char **path);

/* Removes the file and its folder. NULL is fine. */
void serve_password_remove(const char *path);

#endif
