/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a request and all of its subrequests have in common, as in nginx: the variables that `set`
 * and `include set=` have given a value, the blocks for stubs, what the last expression has
 * captured, and the number of includes. It belongs to the request that the client has made.
 *
 * The texts are on the heap, because a document may replace a value as often as it likes. All of
 * them together are limited to KEPT_MAX bytes.
 */
#ifndef SSI_SHARED_H
#define SSI_SHARED_H

#include <module.h>

enum {
	KEPT_MAX = 1 << 20, /* bytes of variables, blocks and captures */
	INCLUDES_MAX = 10000, /* in one request */
	GROUPS = 10,
};

/* A text with a name: a variable or a block. */
struct named {
	struct str name, text; /* on the heap */
	struct named *next;
};

struct shared {
	struct request *req; /* it belongs to; NULL: not used yet */
	struct named *variables, *blocks;
	struct str subject; /* on the heap, of the last expression that matched */
	struct str groups[GROUPS]; /* $0 …, in the subject; data NULL: took no part */
	size_t groups_count;
	size_t kept; /* bytes on the heap */
	size_t includes;
};

/* The context of each request in this module. */
struct ssi_context {
	struct shared shared; /* only in that of the client's request */
	struct str timefmt; /* data NULL: the default */
};

struct shared *shared_of(struct request *req);

/* Each returns false if KEPT_MAX would be exceeded: then nothing has changed. */
bool shared_set(struct shared *shared, struct str name, struct str value);
bool shared_add_to_block(struct shared *shared, struct named *block, struct str text);
bool shared_capture(struct shared *shared, struct str subject, const struct text_match *match);

/* A new, empty block; or NULL. */
struct named *shared_add_block(struct shared *shared, struct str name);

/* The value of a variable of SSI or of a group, "0" to "9", of the last expression. */
bool shared_variable(const struct shared *shared, struct str name, struct str *out);

/* The first block of that name, or NULL. Its text moves when something is added to it. */
const struct named *shared_block(const struct shared *shared, struct str name);

#endif
