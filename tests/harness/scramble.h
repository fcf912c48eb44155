/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clients' side of tests/modules/scramble. A program of tests that begins with
 *
 *     #include "harness/scramble.h"
 *     SCRAMBLED
 *
 * speaks scrambled with all servers at 127.0.0.1: "listen 127.0.0.1:…" gets the parameter
 * `scrambled`, and clients of the harness scramble what they send. So the cases of another
 * program run over this transport if its source is included behind these lines.
 */
#ifndef HARNESS_SCRAMBLE_H
#define HARNESS_SCRAMBLE_H

#include <stdbool.h>
#include <stddef.h>

extern bool scrambled;

#define SCRAMBLED                                                   \
	__attribute__((constructor)) static void be_scrambled(void) \
	{                                                           \
		scrambled = true;                                   \
	}

/* The text of a configuration, with the parameter where it is due; lives until the test ends. */
const char *scramble_listen(const char *text);

/* A connection as its client sees it. Where NULL is given, bytes stay as they are. */
struct scramble;

/* NULL unless `scrambled`. */
struct scramble *scramble_create(void);
void scramble_destroy(struct scramble *scramble);

/* Seals these bytes: they are behind those that scramble_unsent() gives. */
void scramble_seal(struct scramble *scramble, const void *bytes, size_t len);
void scramble_seal_end(struct scramble *scramble); /* the client's orderly end */

/* What has to be sent: its length. scramble_sent() says how much of it was sent. */
size_t scramble_unsent(const struct scramble *scramble, const char **bytes);
void scramble_sent(struct scramble *scramble, size_t len);

/*
 * Opens what the server has sent: returns how many bytes *out are, until the next call. Fails
 * the test when these are no records, or are out of order. Then more may be unsent.
 */
size_t scramble_open(struct scramble *scramble, const void *bytes, size_t len, const char **out);

/* The server has sent its orderly end. */
bool scramble_has_ended(const struct scramble *scramble);

#endif
