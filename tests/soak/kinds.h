/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of hostile clients, and the limits of the servers that they are made
 * for: two on one address, so that a connection can meet the limits of both.
 */
#ifndef SOAK_KINDS_H
#define SOAK_KINDS_H

#include "soak/script.h"

/* As in the directives client_header_buffer_size, large_client_header_buffers, max_headers. */
struct head_limits {
	const char *host;
	size_t buffer;
	int count;
	size_t size;
	int fields;
};

enum { HEAD_LIMITS = 2 };

/* The first one is the default server's. */
extern const struct head_limits head_limits[HEAD_LIMITS];

/* The longest head that these allow. */
size_t head_limits_sum(const struct head_limits *limits);

enum {
	BODY_LIMIT = 65536, /* client_max_body_size */
	SMALL_FILE = 6000, /* the length of /small.txt */
	LARGE_FILE = 4000000, /* and of /large.bin */
	FILE_TIME = 1700000000, /* when both were changed last */
};

/*
 * The script of the client with this number in the run of this seed. Every second
 * one is a head of a length near one of the limits: numbers in a row go through all
 * lengths, limits and orders. `stays`: it does not leave by itself.
 */
struct script *kinds_make(uint64_t seed, unsigned number, bool stays);

#endif
