/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairs of a name and a password that were found right a short time ago, so that not each request
 * costs what their file wants. Neither is stored: only a digest, with a key that this process has
 * made, of the pair, of the path of the file and of its state. So a pair is forgotten when its
 * file changes. On the loop's thread.
 */
#ifndef SKUA_AUTH_BASIC_VERIFIED_H
#define SKUA_AUTH_BASIC_VERIFIED_H

#include <stdbool.h>
#include <sys/stat.h>

#include <digest.h>
#include <pool.h>
#include <str.h>

struct pair_key {
	unsigned char digest[SHA1_SIZE];
};

/* The pool is for what it needs while it runs, and shall be that of a request. */
struct pair_key pair_key_of(struct pool *pool, struct str path, const struct stat *status,
			    struct str user, struct str password);

bool verified_has(const struct pair_key *key);

/*
 * Remembers a pair for a minute. A file that was changed less than two seconds ago may change
 * again without a difference in its times: its pairs are not remembered.
 */
void verified_add(const struct pair_key *key, const struct stat *status);

#endif
