/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that received bytes lie in. Requests point into it, so a buffer lives until the
 * connection and the last request whose head it holds have released it. Buffers of the usual
 * size are kept for reuse.
 */
#ifndef SKUA_NET_BUFFER_H
#define SKUA_NET_BUFFER_H

#include <stddef.h>

enum { BUFFER_USUAL = 4096 };

struct buffer {
	size_t references;
	size_t capacity; /* of bytes */
	size_t begin, end; /* what was received and not consumed yet */
	struct buffer *next; /* while it is spare */
	char bytes[];
};

/* One reference; NULL when there is no memory. */
struct buffer *buffer_create(size_t capacity);

struct buffer *buffer_ref(struct buffer *buffer);
void buffer_unref(struct buffer *buffer); /* NULL is fine */

/*
 * Makes room for `room` more bytes behind the unconsumed ones, in this buffer if
 * nobody else needs what lies before them, otherwise in a new one. The
 * reference given is replaced by one to the buffer that is returned; NULL (and
 * the old one is kept) when there is no memory.
 */
struct buffer *buffer_make_room(struct buffer *buffer, size_t room);

#endif
