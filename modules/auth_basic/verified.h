/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remembers pairs of a name and a password that were right a short time ago, so that not each
 * request needs a slow check. Names and passwords are not stored. Each pair is stored as a digest,
 * made with a random key of this process, of the name, the password, the path of the file and the
 * state of the file. So a pair is no longer found after its file has changed. Call these functions
 * on the event loop's thread only.
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

/* The pool is used for temporary memory; pass the pool of a request. */
struct pair_key pair_key_of(struct pool *pool, struct str path, const struct stat *status,
			    struct str user, struct str password);

bool verified_has(const struct pair_key *key);

/*
 * Remembers a pair for a minute. A pair is not remembered if its file was changed less than two
 * seconds ago, because the file could change again without a difference in its times.
 */
void verified_add(const struct pair_key *key, const struct stat *status);

#endif
