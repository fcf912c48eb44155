/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buffers for received bytes. Requests point into a buffer, so it lives until the connection and
 * the last request whose head lies in it have released it. Buffers of the usual size are kept
 * for reuse.
 */
#ifndef SKUA_NET_BUFFER_H
#define SKUA_NET_BUFFER_H

#include <stddef.h>

enum { BUFFER_USUAL = 4096 };

struct buffer {
	size_t references;
	size_t capacity; /* in bytes */
	size_t begin, end; /* the bytes that were received and not consumed yet */
	struct buffer *next; /* for a list of the owner's; of a spare buffer: the next spare one */
	char bytes[];
};

/* Returns a buffer with one reference, the caller's; NULL if there is no memory. */
struct buffer *buffer_create(size_t capacity);

struct buffer *buffer_ref(struct buffer *buffer);
void buffer_unref(struct buffer *buffer); /* NULL is fine */

/*
 * Makes room for `room` more bytes behind the unconsumed ones: in this buffer if nothing else
 * refers to it, otherwise in a new one. The caller's reference to the old buffer becomes one to
 * the buffer that is returned. NULL if there is no memory: then the caller keeps the old one.
 */
struct buffer *buffer_make_room(struct buffer *buffer, size_t room);

#endif
